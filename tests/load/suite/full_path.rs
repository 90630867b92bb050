//! From submit_sm to the answer of the upstream.

use std::thread;
use std::time::{Duration, Instant};

use edgebind_simulator::stub::Stub;
use edgebind_tests::config::{PASSWORD, SYSTEM_ID};
use edgebind_tests::edgebind::{Edgebind, Home};
use tokio::runtime::Runtime;

use super::{Suite, Table, cores, median, mib, unbounded};
use crate::client::{Plan, Watch, per, run};
use crate::peers::Jasmin;
use crate::process::{cpu_time, proportional_octets};

/// What Jasmin forwards in some seconds.
const JASMINS_MESSAGES: u64 = 5_000;

/// How long the messages of one round may take.
const PATIENCE: Duration = Duration::from_secs(300);

pub(super) struct Round {
    rate: f64,
    cpu_us: f64,
    resident_mib: f64,
}

pub(super) fn table(suite: &Suite, runtime: &Runtime) -> String {
    let (mut rounds, mut others) = (Vec::new(), Vec::new());
    for round in 1..=suite.rounds {
        suite.said(&format!("path: round {round} of {}", suite.rounds));
        rounds.push(full_path(suite.messages, runtime, |_| ()));
        if !suite.alone {
            others.push(forwarded(JASMINS_MESSAGES.min(suite.messages)));
        }
    }
    let title = format!(
        "{} messages ({JASMINS_MESSAGES} for Jasmin) from the first submit_sm until the last has reached what is behind, 4 binds x 25. Medians of {} rounds, everything on the same {} cores.",
        suite.messages,
        suite.rounds,
        cores()
    );
    let mut table = Table::new(&title, &["server", "messages/s", "CPU us/message", "MiB"]);
    for (name, rounds) in [
        ("edgebind, on disk, to an HTTP stub", rounds),
        ("Jasmin, to an SMSC of the smpp34 crate", others),
    ] {
        if rounds.is_empty() {
            continue;
        }
        let of = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure));
        table.row(&[
            name.to_owned(),
            format!("{:.0}", of(|round| round.rate)),
            format!("{:.1}", of(|round| round.cpu_us)),
            format!("{:.0}", of(|round| round.resident_mib)),
        ]);
    }
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

/// The same through Jasmin, which forwards to an SMSC.
fn forwarded(messages: u64) -> Round {
    let mut jasmin = Jasmin::start();
    let pids = jasmin.pids();
    let cpu = || pids.iter().copied().map(cpu_time).sum::<Duration>();
    let (before, started) = (cpu(), Instant::now());
    let plan = Plan {
        count: Some(messages),
        ..Plan::closed(jasmin.address, (SYSTEM_ID, PASSWORD), 4, 25)
    };
    let figures = run(plan, Watch::whole(PATIENCE)).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(figures.accepted, messages, "messages accepted in {PATIENCE:?}");
    while jasmin.smsc.taken() < messages {
        assert!(
            started.elapsed() < PATIENCE,
            "{} of {messages} were forwarded",
            jasmin.smsc.taken()
        );
        thread::sleep(Duration::from_millis(10));
    }
    let time = started.elapsed();
    #[expect(clippy::cast_precision_loss, reason = "a count of messages is far below 2^52")]
    Round {
        rate: per(messages, time),
        cpu_us: cpu().saturating_sub(before).as_secs_f64() * 1e6 / messages as f64,
        resident_mib: pids.iter().copied().map(proportional_octets).map(mib).sum(),
    }
}
