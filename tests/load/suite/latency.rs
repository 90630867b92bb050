//! The latency of an answer at half of what one bind with a window of 100 can do, in short rounds and in long ones, beside what the disk
//! alone would make of the same rate.

use std::io::Write as _;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use super::accept::{Server, accept};
use super::{Suite, Table, let_disk_rest, median, ms};
use crate::client::{Latencies, Pace};

/// Rounds of so many times what was asked for: tables are written, and journals taken away, in the long ones only.
const LONGER: [u64; 2] = [1, 4];

/// What the journal takes for a message.
const MESSAGE_BYTES: usize = 350;

struct Round {
    full: f64,
    offered: f64,
    answers: Latencies,
    disk: Latencies,
}

pub(super) fn table(suite: &Suite, runtime: &Runtime) -> String {
    let title = format!(
        "An open loop at half of the rate that one bind with a window of 100 has just reached, on disk; a latency counts from when the message was due. The disk alone: one thread that appends \
         {MESSAGE_BYTES} octets for each message that is due by then, and syncs. Medians of {} rounds, by turns.",
        suite.rounds
    );
    let heads = [
        "rounds",
        "full rate",
        "offered",
        "p50",
        "p99",
        "p99.9",
        "the disk alone: p50",
        "p99",
        "p99.9",
    ];
    let mut table = Table::new(&title, &heads);
    let mut rows = LONGER.map(|longer| {
        let suite = Suite {
            seconds: suite.seconds * longer,
            ..suite.clone()
        };
        (suite, Vec::new())
    });
    for round in 1..=suite.rounds {
        for (suite, rounds) in &mut rows {
            suite.said(&format!("latency: round {round} of {}, {} s", suite.rounds, suite.seconds));
            rounds.push(measured(suite, runtime));
        }
    }
    for (suite, rounds) in &rows {
        let of = |figure: &dyn Fn(&Round) -> f64| median(rounds.iter().map(figure));
        let mut cells = vec![
            format!("{} s", suite.seconds),
            format!("{:.0}/s", of(&|round| round.full)),
            format!("{:.0}/s", of(&|round| round.offered)),
        ];
        for latencies in [(|round| &round.answers) as fn(&Round) -> &Latencies, |round| &round.disk] {
            cells.extend([0.5, 0.99, 0.999].map(|quantile| ms(of(&|round| latencies(round).ms(quantile)))));
        }
        table.row(&cells);
    }
    table.end()
}

fn measured(suite: &Suite, runtime: &Runtime) -> Round {
    let on_disk = |pace, window| accept(suite, runtime, Server::Durable, pace, (1, window), |_| ()).figures;
    let full = on_disk(Pace::Closed, 100).rate();
    let half = on_disk(Pace::Open(full / 2.0), 1_000);
    Round {
        full,
        offered: half.rate(),
        answers: half.latency,
        disk: disk_alone(full / 2.0, Duration::from_secs(suite.seconds)),
    }
}

/// Appends what is due, syncs, and begins again, on the disk where the ledgers of the other rounds are.
fn disk_alone(rate: f64, time: Duration) -> Latencies {
    let_disk_rest();
    let mut file = tempfile::tempfile().expect("a file can be made where the other rounds have theirs");
    let mut latencies = Latencies::default();
    let (began, mut done) = (Instant::now(), 0_u32);
    while began.elapsed() < time {
        let due = due(began.elapsed(), rate);
        if due == done {
            sleep(Duration::from_micros(50));
            continue;
        }
        let octets = vec![0; MESSAGE_BYTES * (due - done) as usize];
        file.write_all(&octets)
            .and_then(|()| file.sync_data())
            .expect("the disk can be written to");
        let now = began.elapsed();
        for message in done..due {
            latencies.record(now.saturating_sub(Duration::from_secs_f64(f64::from(message) / rate)));
        }
        done = due;
    }
    latencies
}

/// Messages due by then.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate and a time are above zero, their product below 2^32"
)]
fn due(by: Duration, rate: f64) -> u32 {
    (by.as_secs_f64() * rate) as u32
}
