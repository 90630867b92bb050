//! The session machine between a peer and a host that keep the contract of `wit/session` and are otherwise as the input says.

mod host;
mod peer;
mod world;

use edgebind_session::message::Delivery;

use super::tape::Tape;
use crate::target::Target;
use host::Host;
use world::World;

/// The first octets choose the settings and the bind request; each event after that takes a few.
pub(crate) const TARGET: Target = Target {
    name: "sessions",
    run,
    seeds,
    octets_max: 1024,
};

fn run(input: &[u8]) {
    play(input);
}

fn play(input: &[u8]) -> World {
    let mut tape = Tape::new(input);
    let mut world = World::bound(&mut tape);
    while !tape.is_over() {
        world.step(&mut tape);
    }
    world.settle_down();
    world
}

/// Settings, a bind, and then octets that make every kind of event in one order or another.
fn seeds() -> Vec<Vec<u8>> {
    let orders = [[1, 0, 0], [7, 3, 1], [11, 5, 2], [13, 0, 5], [5, 2, 9]];
    let seed = |[by, first, settings]: [u8; 3]| {
        let mut seed = vec![settings; 8];
        seed.extend((0..=250_u8).map(|place| place.wrapping_mul(by).wrapping_add(first)));
        seed
    };
    orders.map(seed).to_vec()
}

/// A few deliveries of every kind.
pub(crate) fn deliveries() -> Vec<Delivery> {
    (0..24_u8)
        .map(|choice| Host::delivery(&mut Tape::new(&[4, 4, choice, choice, 9, 9, 9, choice, 20, choice]), 0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutation::mutate;
    use rand::{SeedableRng, rngs::StdRng};
    use std::collections::BTreeMap;

    /// A world in which nothing happens keeps every invariant.
    #[test]
    fn everything_happens_to_a_session() {
        let mut random = StdRng::seed_from_u64(1);
        let seeds = seeds();
        let mut happened = BTreeMap::<&str, u64>::new();
        for round in 0..2_000 {
            let seed = &seeds[round % seeds.len()];
            let input = mutate(&mut random, seed, &seeds[round / 7 % seeds.len()], TARGET.octets_max);
            for (what, times) in play(&input).happened() {
                *happened.entry(what).or_default() += times;
            }
        }
        println!("{happened:?}");
        for what in [
            "stored",
            "query",
            "cancel",
            "replace",
            "delivered",
            "dead",
            "retried",
            "unbound",
            "refused",
            "ended",
            "drained",
            "silent",
            "out-of-step",
        ] {
            assert!(
                happened.get(what).is_some_and(|&times| times > 0),
                "{what} never happened: {happened:?}"
            );
        }
    }
}
