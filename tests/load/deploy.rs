//! How long a developer waits: from the first octet of a deploy to the first message that the upstream gets from the new release.

use std::process;
use std::time::{Duration, Instant};

use clap::Args;
use edgebind_simulator::esme::{BindKind, Esme, Submit};
use edgebind_simulator::smsgate::{self, Account, Device, Smsgate};
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID, UPSTREAM};
use edgebind_tests::edgebind::{Edgebind, Home};
use edgebind_tests::guests::{component, noted};
use tokio::runtime::Runtime;

use crate::suite::median;

/// How often.
#[derive(Debug, Args)]
pub(crate) struct Deploy {
    #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u32).range(1..=999))]
    rounds: u32,
}

impl Deploy {
    pub(crate) fn run(self) {
        Runtime::new().expect("a runtime can be started").block_on(self.measure());
    }

    async fn measure(self) {
        // Two builds that the upstream can tell apart, each under a new digest every time: nothing is found compiled.
        let builds = [
            component("edgebind-smsgate", &[], &[("EDGEBIND_BUILD", "second")]),
            component("edgebind-smsgate", &[], &[]),
        ];
        let account = Account::new(UPSTREAM.0, UPSTREAM.1).device(Device::new("phone-1").number("+447700900999"));
        let smsgate = Smsgate::start(smsgate::Config {
            accounts: vec![account],
            ..smsgate::Config::default()
        });
        let smsgate = smsgate.await.expect("the simulated SMSGate can listen");
        let home = Home::new();
        let toml = Config::default().toml(&home, smsgate.base_url());
        let edgebind = Edgebind::with_config(&home, &toml).await;
        let admin = edgebind.admin();
        let esme = Esme::bound(edgebind.smpp_listener(), BindKind::Transmitter, SYSTEM_ID, PASSWORD)
            .await
            .expect("the bind is taken");
        let agent = || {
            smsgate
                .calls()
                .iter()
                .rev()
                .find_map(|call| call.submission.as_ref().and(call.user_agent.clone()))
        };
        let submit = Submit::text("EDGEBIND", "+447700900123", "Is this the new one?");
        esme.submit(&submit).await.expect("the message is accepted");
        let (mut switched, mut live, mut cached) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..self.rounds {
            while agent().is_none() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let (before, build) = (agent(), &builds[round as usize % 2]);
            let build = noted(build, &format!("round {round} of {}", process::id()));
            let began = Instant::now();
            admin.deploy("acme", &build).await;
            switched.push(ms(began));
            esme.submit(&submit).await.expect("the message is accepted");
            while agent() == before {
                tokio::time::sleep(Duration::from_micros(200)).await;
            }
            live.push(ms(began));
            let began = Instant::now();
            admin.deploy("acme", &build).await;
            cached.push(ms(began));
        }
        println!(
            "the built-in smsgate component, {} deploys under new digests, medians: switched after {:.0} ms, first message on it at the",
            self.rounds,
            median(switched.iter().copied())
        );
        println!(
            "upstream after {:.0} ms (slowest {:.0} ms); deployed again, found compiled: {:.0} ms",
            median(live.iter().copied()),
            live.iter().copied().fold(0.0, f64::max),
            median(cached.iter().copied())
        );
        drop(edgebind);
    }
}

fn ms(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e3
}
