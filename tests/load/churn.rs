//! What many swaps leave behind: two releases of each world take turns under open binds, and the process is looked at on the way.

use clap::Args;
use edgebind_simulator::esme::{BindKind, Esme, Submit};
use edgebind_simulator::stub::Stub;
use edgebind_tests::config::{PASSWORD, SYSTEM_ID};
use edgebind_tests::edgebind::{Edgebind, Home};
use edgebind_tests::guests::{component, noted};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::process::{descriptors, resident_octets};
use crate::suite::unbounded;

/// How often, and under how many.
#[derive(Debug, Args)]
pub(crate) struct Churn {
    /// Swaps of each world
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    swaps: u32,
    /// Binds that move each time
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    binds: u32,
}

impl Churn {
    pub(crate) fn run(self) {
        Runtime::new().expect("a runtime can be started").block_on(self.measure());
    }

    async fn measure(self) {
        let (home, stub) = (Home::new(), Stub::start().await.expect("the stub can listen"));
        let toml = unbounded("egress_concurrency = 64").toml(&home, &stub.base_url());
        let edgebind = Edgebind::with_config(&home, &toml).await;
        let admin = edgebind.admin();
        let mut esmes = Vec::new();
        for _ in 0..self.binds {
            let esme = Esme::bound(edgebind.smpp_listener(), BindKind::Transmitter, SYSTEM_ID, PASSWORD).await;
            esmes.push(esme.expect("the bind is taken"));
        }
        let mut turns = Vec::new();
        for note in ["one", "two"] {
            for package in ["edgebind-session", "edgebind-smsgate"] {
                turns.push(admin.upload(&noted(&component(package, &[], &[]), note)).await);
            }
        }
        println!("{} binds, two releases of each world in turns:\n", self.binds);
        println!("| swaps of each world | resident KiB | descriptors |");
        println!("|---:|---:|---:|");
        for swap in 1..=self.swaps {
            for turn in &turns[(swap as usize % 2) * 2..][..2] {
                admin.post("/v1/tenants/acme/releases", &json!({ "component": turn })).await;
            }
            if swap % (self.swaps / 10) == 0 {
                for esme in &esmes {
                    let submit = Submit::text("EDGEBIND", "+447700900123", "Still here?");
                    esme.submit(&submit).await.expect("a message is accepted");
                }
                println!(
                    "| {swap} | {} | {} |",
                    resident_octets(edgebind.pid()) / 1024,
                    descriptors(edgebind.pid())
                );
            }
        }
        edgebind.kill().await;
    }
}
