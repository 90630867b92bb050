//! From submit_sm to the answer of the upstream.

use std::time::{Duration, Instant};

use edgebind_simulator::stub::Stub;
use edgebind_tests::config::{PASSWORD, SYSTEM_ID};
use edgebind_tests::edgebind::{Edgebind, Home};
use tokio::runtime::Runtime;

use super::{Suite, Table, cores, median, mib, unbounded};
use crate::client::{Plan, Watch, per, run};
use crate::process::{cpu_time, proportional_octets};

/// How long the messages of one round may take.
const PATIENCE: Duration = Duration::from_secs(300);

pub(super) struct Round {
    rate: f64,
    cpu_us: f64,
    resident_mib: f64,
}

pub(super) fn table(suite: &Suite, runtime: &Runtime) -> String {
    let mut rounds = Vec::new();
    for round in 1..=suite.rounds {
        suite.said(&format!("path: round {round} of {}", suite.rounds));
        rounds.push(full_path(suite.messages, runtime, |_| ()));
    }
    let title = format!(
        "{} messages from the first submit_sm to the last POST that an HTTP stub has answered, 4 binds x 25. Medians of {} rounds, client and stub on the same {} cores.",
        suite.messages,
        suite.rounds,
        cores()
    );
    let mut table = Table::new(&title, &["server", "messages/s", "CPU us/message", "MiB"]);
    let of = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure));
    table.row(&[
        "edgebind, on disk".to_owned(),
        format!("{:.0}", of(|round| round.rate)),
        format!("{:.1}", of(|round| round.cpu_us)),
        format!("{:.0}", of(|round| round.resident_mib)),
    ]);
    table.end()
}

/// Says which process it is when the load begins.
pub(super) fn full_path(messages: u64, runtime: &Runtime, begins: impl FnOnce(u32)) -> Round {
    let home = Home::new();
    let stub = runtime.block_on(Stub::start()).expect("the stub can listen");
    let toml = unbounded("egress_concurrency = 64").toml(&home, &stub.base_url());
    let edgebind = runtime.block_on(Edgebind::with_config(&home, &toml));
    let plan = Plan {
        count: Some(messages),
        ..Plan::closed(edgebind.smpp_listener(), (SYSTEM_ID, PASSWORD), 4, 25)
    };
    begins(edgebind.pid());
    let before = cpu_time(edgebind.pid());
    let started = Instant::now();
    let figures = run(plan, Watch::whole(PATIENCE)).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(figures.accepted, messages, "messages accepted in {PATIENCE:?}");
    let all = stub.wait_for_posts(messages, PATIENCE);
    runtime.block_on(all).expect("all messages reach the stub in time");
    let time = started.elapsed();
    assert_eq!(stub.distinct() as u64, messages, "messages of which each was posted once");
    let cpu = cpu_time(edgebind.pid()).saturating_sub(before);
    let resident_mib = mib(proportional_octets(edgebind.pid()));
    runtime.block_on(edgebind.kill());
    #[expect(clippy::cast_precision_loss, reason = "a count of messages is far below 2^52")]
    Round {
        rate: per(messages, time),
        cpu_us: cpu.as_secs_f64() * 1e6 / messages as f64,
        resident_mib,
    }
}
