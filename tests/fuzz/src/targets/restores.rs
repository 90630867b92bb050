//! A saved session that is none: it is refused, or what comes of it keeps to its bounds whatever follows.

use edgebind_session::{
    Machine,
    session::{Action, Bind, Config, Event},
};

use super::golden;
use crate::{memory, target::Target};

/// What was saved.
pub(crate) const TARGET: Target = Target {
    name: "restores",
    run,
    seeds,
    octets_max: 2048,
};

/// When the restored session goes on: 2026-01-02 15:04:05 UTC.
const START: u64 = 1_767_366_245_000;

/// Octets of memory that reading may ask for. The library that reads lists believes a length up to a megabyte.
const MEMORY_OCTETS_MAX: usize = 8 << 20;

fn run(input: &[u8]) {
    let config = config();
    let (restored, asked) = memory::of(|| Machine::restore(&config, input));
    assert!(
        asked.octets <= MEMORY_OCTETS_MAX,
        "{} octets of memory for {}",
        asked.octets,
        input.len()
    );
    let mut machine = match restored {
        Ok(machine) => machine,
        Err(error) => return assert!(!error.is_empty()),
    };
    let saved = machine.save();
    let again = Machine::restore(&config, &saved).map(|machine| machine.save());
    assert_eq!(again, Ok(saved), "what was restored is saved and restored");
    let mut call = |now, events| {
        for action in machine.on_events(now, events) {
            if let Action::Send(octets) = action {
                whole(&octets);
            }
        }
    };
    call(START, vec![Event::Tick]);
    for frame in golden::frames() {
        call(START, vec![Event::Frame(frame.clone())]);
    }
    for later in [0, 1_000, 40_000, 100_000, 200_000] {
        call(START + later, vec![Event::Tick]);
    }
    call(u64::MAX, vec![Event::Tick, Event::Drain]);
    call(u64::MAX, vec![Event::Ended, Event::Tick]);
}

/// PDUs, one behind the other.
fn whole(octets: &[u8]) {
    let mut rest = octets;
    while !rest.is_empty() {
        match edgebind_smpp::frame::split(rest, rest.len()) {
            Ok(Some(length)) => rest = &rest[length..],
            other => panic!("a send is whole PDUs: {other:?}"),
        }
    }
}

fn config() -> Config {
    Config {
        tenant: "tenant".to_owned(),
        account: "account".to_owned(),
        settings: Vec::new(),
    }
}

/// A machine at every step of a life in which nothing is ever answered.
fn seeds() -> Vec<Vec<u8>> {
    let mut machine = Machine::new(&config());
    let mut seeds = vec![machine.save()];
    let frames = golden::frames();
    machine.on_events(
        START,
        vec![Event::Bound(Bind {
            frame: frames[0].clone(),
        })],
    );
    seeds.push(machine.save());
    for (token, delivery) in super::sessions::deliveries().into_iter().enumerate() {
        machine.on_events(START, vec![Event::Deliver((token as u64, delivery))]);
        seeds.push(machine.save());
    }
    for frame in frames {
        machine.on_events(START, vec![Event::Frame(frame.clone())]);
        seeds.push(machine.save());
    }
    seeds.dedup();
    seeds
}
