//! What a swap costs those who are bound: many binds at a steady rate over the full path, while both worlds of their tenant get
//! release after release.

use std::time::{Duration, Instant};

use clap::Args;
use edgebind_simulator::stub::Stub;
use edgebind_tests::config::{PASSWORD, SYSTEM_ID};
use edgebind_tests::edgebind::{Edgebind, Home};
use edgebind_tests::guests::{component, noted};
use tokio::runtime::Runtime;
use tokio::time::sleep;

use crate::client::{Load, Pace, Plan};
use crate::suite::unbounded;

/// More than a bind has open at its rate, unless the gateway stands still.
const WINDOW: u32 = 1_000;

/// How much, how often.
#[derive(Debug, Args)]
pub(crate) struct Swap {
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    binds: u32,
    /// submit_sm a second, of all binds together
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// Swaps of each of the two worlds
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    swaps: u32,
}

impl Swap {
    pub(crate) fn run(self) {
        Runtime::new().expect("a runtime can be started").block_on(self.measure());
    }

    async fn measure(self) {
        let session = component("edgebind-session", &[], &[]);
        let translator = component("edgebind-smsgate", &[], &[]);
        let (home, stub) = (Home::new(), Stub::start().await.expect("the stub can listen"));
        let mut config = unbounded("egress_concurrency = 64\nbinds_max = 10000");
        config.limits = "connections_per_address_max = 20000".to_owned();
        let edgebind = Edgebind::with_config(&home, &config.toml(&home, &stub.base_url())).await;
        let admin = edgebind.admin();
        let load = Load::start(Plan {
            pace: Pace::Open(f64::from(self.rate)),
            ..Plan::closed(edgebind.smpp_listener(), (SYSTEM_ID, PASSWORD), self.binds as usize, WINDOW)
        })
        .await
        .unwrap_or_else(|why| panic!("{why}"));
        sleep(Duration::from_secs(2)).await;
        let (mut moved, began) = (Vec::new(), Instant::now());
        for number in 0..self.swaps {
            for world in [&session, &translator] {
                let deploying = Instant::now();
                admin.deploy("acme", &noted(world, &format!("swap {number}"))).await;
                moved.push(deploying.elapsed().as_secs_f64() * 1e3);
                sleep(Duration::from_millis(300)).await;
            }
        }
        let time = began.elapsed();
        let pauses = edgebind.metrics().await;
        let binds = admin.get("/v1/binds?tenant=acme").await;
        let binds = binds.as_array().cloned().unwrap_or_default();
        let staying = binds.iter().filter(|bind| bind["stays"].is_string()).count();
        let last = binds
            .iter()
            .filter_map(|bind| bind["release"].as_u64())
            .min()
            .unwrap_or_default();
        let figures = load.stop().await;
        let reached = stub.wait_for_posts(figures.accepted, Duration::from_secs(60)).await;
        moved.sort_by(f64::total_cmp);
        println!(
            "{} binds at {} submit_sm/s, {} swaps of the session and {} of the translator in {:.0} s:",
            self.binds,
            self.rate,
            self.swaps,
            self.swaps,
            time.as_secs_f64()
        );
        println!("  {figures}");
        println!(
            "  {} of {} accepted messages reached the upstream{}, {} more than once",
            stub.distinct(),
            figures.accepted,
            if reached.is_ok() { "" } else { " in time" },
            stub.ids().values().filter(|times| **times > 1).count()
        );
        println!(
            "  binds on an older release at the end: {staying} of {} (lowest revision {last})",
            binds.len()
        );
        println!(
            "  pause of a bind that moves: p50 {} ms, p99 {} ms over {} moves",
            pause(&pauses, "0.5"),
            pause(&pauses, "0.99"),
            value(&pauses, "edgebind_bind_move_seconds_count").unwrap_or_default(),
        );
        println!(
            "  deploy, upload to switched: p50 {:.0} ms, max {:.0} ms",
            moved[moved.len() / 2],
            moved[moved.len() - 1]
        );
        drop(edgebind);
    }
}

fn pause(metrics: &str, quantile: &str) -> String {
    value(metrics, &format!("edgebind_bind_move_seconds{{quantile=\"{quantile}\"}}"))
        .map_or_else(|| "?".to_owned(), |seconds| format!("{:.3}", seconds * 1e3))
}

fn value(metrics: &str, name: &str) -> Option<f64> {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().parse().ok()
}
