//! More offered than can be taken: what is accepted then, what the rest is told, what memory does, and how soon it is over.

use std::time::{Duration, Instant};

use edgebind_tests::config::{PASSWORD, SYSTEM_ID};
use edgebind_tests::edgebind::{Edgebind, Home};
use tokio::runtime::Runtime;
use tokio::time::sleep;

use super::{Suite, Table, mib, unbounded};
use crate::client::{Figures, Load, Pace, Plan, per};
use crate::process::proportional_octets;

/// What is offered, as a multiple of what one closed loop has just reached.
const OFFERED: [f64; 3] = [0.5, 2.0, 10.0];

/// Far more than the gateway holds open, so that what it does not take is seen to wait, or to be refused.
const WINDOW: u32 = 10_000;

const BINDS: usize = 4;

/// An answer as soon as this is one of a gateway that has recovered.
const SOON: Duration = Duration::from_millis(20);

pub(super) fn table(suite: &Suite, runtime: &Runtime) -> String {
    let home = Home::new();
    let toml = unbounded("egress_concurrency = 0").toml(&home, "http://127.0.0.1:9/");
    let edgebind = runtime.block_on(Edgebind::with_config(&home, &toml));
    let plan = |pace, window| Plan {
        pace,
        ..Plan::closed(edgebind.smpp_listener(), (SYSTEM_ID, PASSWORD), BINDS, window)
    };
    let full = runtime.block_on(measured(suite, plan(Pace::Closed, 100))).rate();
    let title = format!(
        "Offered to {BINDS} binds, as a multiple of the {full:.0} submit_sm/s that a closed loop with windows of 100 has just reached; {} s each, one process for all. \
         Recovered: from the last message offered to an answer within {} ms.",
        suite.seconds,
        SOON.as_millis()
    );
    let heads = ["offered", "accepted/s", "refused/s", "p99 of answers", "MiB", "recovered"];
    let mut table = Table::new(&title, &heads);
    for times in OFFERED {
        suite.said(&format!("overload: {times} times"));
        let (figures, memory, recovered) = runtime.block_on(async {
            let figures = measured(suite, plan(Pace::Open(full * times), WINDOW)).await;
            let over = Instant::now();
            let memory = proportional_octets(edgebind.pid());
            loop {
                let one = Plan {
                    count: Some(1),
                    ..plan(Pace::Closed, 1)
                };
                let load = Load::start(one).await.unwrap_or_else(|why| panic!("{why}"));
                while !load.is_done() {
                    sleep(Duration::from_millis(1)).await;
                }
                if load.stop().await.latency.ms(1.0) < SOON.as_secs_f64() * 1e3 {
                    break;
                }
            }
            (figures, memory, over.elapsed())
        });
        table.row(&[
            format!("{times} x"),
            format!("{:.0}", figures.rate()),
            format!("{:.0}", per(figures.refusals(), figures.time)),
            format!("{:.0} ms", figures.latency.ms(0.99)),
            format!("{:.0}", mib(memory)),
            format!("{:.0} ms", recovered.as_secs_f64() * 1e3),
        ]);
    }
    runtime.block_on(edgebind.kill());
    table.end()
}

async fn measured(suite: &Suite, plan: Plan) -> Figures {
    let load = Load::start(plan).await.unwrap_or_else(|why| panic!("{why}"));
    sleep(Duration::from_secs(suite.seconds)).await;
    load.stop().await
}
