//! A machine between a peer and a host that do as they please within the contract: every request, answers that come late, in
//! another order or never, deliveries, alerts, enquiries, drains, unbinds, half-closes, ticks, and a swap at any moment. One seed
//! is one run; the invariants are checked after every call.
#![allow(clippy::unwrap_used, clippy::allow_attributes, reason = "a test that panics has failed")]

#[path = "../common/mod.rs"]
mod common;
mod happenings;
mod invariants;
mod reactions;
mod world;

use edgebind_session::session::CloseReason;
use std::{collections::BTreeMap, env};
use world::World;

const SEEDS: u64 = 400;

/// `SIMULATION_SEED=7` plays one seed again.
#[test]
fn invariants_hold_whatever_peer_and_host_do() {
    let one = env::var("SIMULATION_SEED").ok().map(|seed| seed.parse::<u64>().unwrap());
    let (mut accepted, mut told, mut delivered, mut closed) = (0, 0, 0, BTreeMap::new());
    for seed in one.map_or(0..SEEDS, |seed| seed..seed + 1) {
        println!("seed {seed}");
        let world = World::run(seed);
        accepted += world.accepted;
        told += world.told;
        delivered += world.delivered;
        *closed.entry(world.closed.map_or("open", reason)).or_insert(0) += 1;
    }
    println!("{accepted} accepted, {told} questions answered, {delivered} delivered, binds: {closed:?}");
    // A world in which nothing happens keeps every invariant.
    if one.is_none() {
        assert!(
            accepted > 3_000 && told > 2_000 && delivered > 2_000,
            "{accepted} accepted, {told} questions answered, {delivered} delivered"
        );
        for reason in ["unbound", "ended", "drained", "out-of-step", "silent", "open"] {
            assert!(closed.contains_key(reason), "no bind of {closed:?} came to {reason}");
        }
    }
}

fn reason(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Unbound => "unbound",
        CloseReason::Refused => "refused",
        CloseReason::OutOfStep => "out-of-step",
        CloseReason::Silent => "silent",
        CloseReason::Ended => "ended",
        CloseReason::Drained => "drained",
    }
}
