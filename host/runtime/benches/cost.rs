//! What the boundary costs: instances made and dropped, and one submit_sm through the session component, beside the same
//! code built natively. Both are measured by turns in one run, so that a busy machine is busy for both.
//!
//! `cargo bench -p edgebind-runtime --bench cost`
#![expect(clippy::unwrap_used, reason = "a program that fails where it should")]

mod common;

use common::{bound_session, component, config, natively, through_component};
use edgebind_runtime::{Engine, Limits, Session, SessionComponent};
use std::{
    fs,
    time::{Duration, Instant},
};

/// Rounds of each measurement; the median is printed.
const ROUNDS: usize = 21;

/// Messages in a round.
const MESSAGES: usize = 20_000;

fn main() {
    // What cargo test runs of a bench is that it starts.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let bytes = component();
    let engine = Engine::new(&Limits::default()).unwrap();
    let began = Instant::now();
    let component = SessionComponent::load(&engine, &bytes).unwrap();
    println!(
        "component of {} octets compiled and tried out in {:.0} ms",
        bytes.len(),
        began.elapsed().as_secs_f64() * 1e3
    );
    instances(&component);
    resident(&engine, &component);
    println!("\none submit_sm: frame -> append, appended -> send; microseconds a message, medians of {ROUNDS} rounds");
    println!("{:>8} {:>10} {:>10} {:>6}", "batch", "component", "native", "ratio");
    for batch in [1, 8, 32] {
        let (mut through, mut beside) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            through.push(through_component(&component, batch, MESSAGES));
            beside.push(natively(batch, MESSAGES));
        }
        let (through, beside) = (median(through), median(beside));
        println!(
            "{batch:>8} {:>10.2} {:>10.2} {:>6.2}",
            micros(through),
            micros(beside),
            through.as_secs_f64() / beside.as_secs_f64()
        );
    }
}

/// Stores with an instance made and dropped: alone, and with a bind in them.
fn instances(component: &SessionComponent) {
    const INSTANCES: u32 = 2_000;
    let (mut opened, mut bound) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..INSTANCES {
            drop(component.open(&config()).unwrap());
        }
        opened.push(began.elapsed() / INSTANCES);
        let began = Instant::now();
        for _ in 0..INSTANCES {
            drop(bound_session(component));
        }
        bound.push(began.elapsed() / INSTANCES);
    }
    println!("store + instance + constructor + drop: {:.1} us", micros(median(opened)));
    println!("the same with a bind answered in it: {:.1} us", micros(median(bound)));
}

/// What many sessions at once take.
fn resident(engine: &Engine, component: &SessionComponent) {
    let before = resident_kib();
    let sessions: Vec<Session> = (0..engine.limits().sessions_max).map(|_| bound_session(component)).collect();
    let Some((before, after)) = before.zip(resident_kib()) else {
        return;
    };
    println!(
        "{} sessions bound at once: {:.1} KiB resident each",
        sessions.len(),
        (after - before) / sessions.len() as f64
    );
}

/// Resident memory of this process, where the kernel tells.
fn resident_kib() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .ok()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
