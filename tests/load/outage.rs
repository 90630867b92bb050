//! What a tenant notices of another whose upstream is down: its throughput over the full path, alone, beside a tenant whose upstream refuses
//! connections, and beside one whose upstream takes them and says nothing.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use clap::Args;
use edgebind_simulator::stub::Stub;
use edgebind_tests::config::{PASSWORD, SYSTEM_ID};
use edgebind_tests::edgebind::{Edgebind, Home};
use tokio::runtime::Runtime;

use crate::client::{Plan, Watch, per, run};
use crate::suite::{median, unbounded};

/// The neighbour's account.
const NEIGHBOUR: (&str, &str) = ("stuck", "secret09");

/// How long the messages of one round may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// What the neighbour's upstream does.
#[derive(Clone, Copy)]
enum Upstream {
    /// Nothing is sent to it.
    Unused,
    Refuses,
    Silent,
}

const UPSTREAMS: [(Upstream, &str); 3] = [
    (Upstream::Unused, "without messages"),
    (Upstream::Refuses, "whose upstream refuses connections"),
    (Upstream::Silent, "whose upstream says nothing"),
];

/// How much, how often.
#[derive(Debug, Args)]
pub(crate) struct Outage {
    /// Messages of the healthy tenant in a round
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    messages: u64,
    /// Messages of the neighbour that wait for its upstream
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    waiting: u64,
    /// Rounds, of which the median is shown
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=99))]
    rounds: u32,
}

impl Outage {
    pub(crate) fn run(self) {
        let runtime = Runtime::new().expect("a runtime can be started");
        let mut rates: [Vec<f64>; 3] = Default::default();
        for _ in 0..self.rounds {
            for ((upstream, _), rates) in UPSTREAMS.iter().zip(&mut rates) {
                rates.push(self.beside(&runtime, *upstream));
            }
        }
        println!(
            "{} messages of a healthy tenant over the full path, 4 x 25, beside a tenant with {} messages that wait;",
            self.messages, self.waiting
        );
        println!("rounds interleaved, medians of {}.\n", self.rounds);
        println!("| beside a tenant | messages/s | against the first |");
        println!("|---|---:|---:|");
        let alone = median(rates[0].iter().copied());
        for ((_, name), rates) in UPSTREAMS.iter().zip(rates) {
            let rate = median(rates.into_iter());
            println!("| {name} | {rate:.0} | {:.2} |", rate / alone);
        }
    }

    fn beside(&self, runtime: &Runtime, upstream: Upstream) -> f64 {
        let (home, stub) = (Home::new(), runtime.block_on(Stub::start()).expect("the stub can listen"));
        // Nobody accepts: the kernel takes connections until its queue is full, and drops what comes then.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the loopback is free");
        let address = listener.local_addr().expect("it has an address");
        let kept = matches!(upstream, Upstream::Silent).then_some(listener);
        let toml = unbounded("egress_concurrency = 64").toml(&home, &stub.base_url())
            + &format!(
                "[[tenants]]\nname = \"stuck\"\nqueue_max = 1000000\n\
                 accounts = [{{ system_id = \"{}\", password = \"{}\" }}]\n\
                 translator_settings = {{ api_base_url = \"http://{address}\", device_id = \"stub\" }}\n",
                NEIGHBOUR.0, NEIGHBOUR.1,
            );
        let edgebind = runtime.block_on(Edgebind::with_config(&home, &toml));
        let submit = |account, count| {
            let plan = Plan {
                count: Some(count),
                ..Plan::closed(edgebind.smpp_listener(), account, 4, 25)
            };
            let figures = run(plan, Watch::whole(PATIENCE)).unwrap_or_else(|why| panic!("{why}"));
            assert_eq!(figures.accepted, count, "messages accepted in {PATIENCE:?}");
        };
        if !matches!(upstream, Upstream::Unused) {
            submit(NEIGHBOUR, self.waiting);
        }
        let started = Instant::now();
        submit((SYSTEM_ID, PASSWORD), self.messages);
        let all = stub.wait_for_posts(self.messages, PATIENCE);
        runtime.block_on(all).expect("all messages reach the stub in time");
        let rate = per(self.messages, started.elapsed());
        assert_eq!(
            stub.distinct() as u64,
            self.messages,
            "messages of which each was posted once"
        );
        runtime.block_on(edgebind.kill());
        drop(kept);
        rate
    }
}
