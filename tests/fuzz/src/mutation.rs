//! An input made from others: a few changes of the kinds that wire formats fall over.

use rand::{Rng, RngExt};

use crate::coverage::{self, Comparison};

/// Changes of one input at a time.
const CHANGES_MAX: u32 = 6;

/// Octets that are often a limit.
const LIMITS: [u8; 16] = [0, 1, 2, 3, 4, 8, 0x0F, 0x10, 0x1B, 0x20, 0x40, 0x7F, 0x80, 0xFC, 0xFE, 0xFF];

/// `input` changed in a few places, with pieces of `other`, at most `octets_max` long.
pub fn mutate(random: &mut impl Rng, input: &[u8], other: &[u8], octets_max: usize) -> Vec<u8> {
    let mut octets = input.to_vec();
    for _ in 0..random.random_range(1..=CHANGES_MAX) {
        change(random, &mut octets, other);
        octets.truncate(octets_max);
    }
    octets
}

fn change(random: &mut impl Rng, octets: &mut Vec<u8>, other: &[u8]) {
    let length = octets.len();
    if length == 0 {
        octets.extend(piece(random, other));
        octets.push(random.random());
        return;
    }
    let at = random.random_range(0..length);
    match random.random_range(0..14) {
        0 => octets[at] ^= 1 << random.random_range(0..8),
        1 => octets[at] = random.random(),
        2 => octets[at] = LIMITS[random.random_range(0..LIMITS.len())],
        3 => octets[at] = octets[at].wrapping_add_signed(random.random_range(-4..=4)),
        4 => octets.insert(at, LIMITS[random.random_range(0..LIMITS.len())]),
        5 => octets.insert(at, random.random()),
        6 => octets.truncate(at),
        7 => drop(octets.drain(range(random, at, length))),
        8 => {
            let again = octets[range(random, at, length)].to_vec();
            octets.splice(at..at, again);
        }
        9 => {
            let piece = piece(random, other);
            octets.splice(at..at, piece.iter().copied());
        }
        10 => {
            let piece = piece(random, other);
            let end = length.min(at + piece.len());
            octets.splice(at..end, piece.iter().copied());
        }
        11 => number(random, octets, at),
        // What the code compared with is put where the other side of the comparison was read from.
        _ => {
            if let Some(comparison) = coverage::comparison(random.random_range(0..usize::MAX)) {
                agree(random, octets, at, comparison);
            }
        }
    }
}

/// A few octets from `at` on; a long way now and then.
fn range(random: &mut impl Rng, at: usize, length: usize) -> std::ops::Range<usize> {
    let longest = if random.random_ratio(1, 8) { length } else { 12 };
    at..length.min(at + random.random_range(1..=longest))
}

fn piece<'a>(random: &mut impl Rng, other: &'a [u8]) -> &'a [u8] {
    if other.is_empty() {
        return other;
    }
    let at = random.random_range(0..other.len());
    &other[range(random, at, other.len())]
}

/// Adds a little to a number of two or four octets, as the wire has them.
fn number(random: &mut impl Rng, octets: &mut [u8], at: usize) {
    let by = random.random_range(-40..=40_i8);
    let rest = &mut octets[at..];
    if let Some(number) = rest.first_chunk_mut::<4>().filter(|_| random.random()) {
        *number = u32::from_be_bytes(*number).wrapping_add_signed(by.into()).to_be_bytes();
    } else if let Some(number) = rest.first_chunk_mut::<2>() {
        *number = u16::from_be_bytes(*number).wrapping_add_signed(by.into()).to_be_bytes();
    }
}

/// Puts one side of a comparison where the other is in `octets`, or at `at` if it is nowhere.
fn agree(random: &mut impl Rng, octets: &mut [u8], at: usize, Comparison { width, sides }: Comparison) {
    let [mut found, mut wanted] = sides.map(u64::to_be_bytes);
    if random.random() {
        (found, wanted) = (wanted, found);
    }
    // Numbers come from the wire in its order, but are compared in the machine's where nothing else is done with them.
    if random.random() {
        found[8 - width..].reverse();
        wanted[8 - width..].reverse();
    }
    let (found, wanted) = (&found[8 - width..], &wanted[8 - width..]);
    let places: Vec<usize> = octets
        .windows(width)
        .enumerate()
        .filter(|(_, window)| *window == found)
        .map(|(place, _)| place)
        .collect();
    let place = if places.is_empty() {
        at
    } else {
        places[random.random_range(0..places.len())]
    };
    for (octet, wanted) in octets[place..].iter_mut().zip(wanted) {
        *octet = *wanted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn a_seed_is_a_run_and_no_input_is_longer_than_allowed() {
        let run = |seed| {
            let mut random = StdRng::seed_from_u64(seed);
            let mut input = b"some octets".to_vec();
            (0..2000)
                .map(|_| {
                    input = mutate(&mut random, &input, b"and others", 64);
                    assert!(input.len() <= 64);
                    input.clone()
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }

    #[test]
    fn a_comparison_makes_its_sides_agree() {
        let mut random = StdRng::seed_from_u64(1);
        let comparison = Comparison {
            width: 4,
            sides: [0x8000_0004, 0x0000_0103],
        };
        let tried = (0..64).any(|_| {
            let mut octets = *b"\xFF\x80\x00\x00\x04\xFF";
            agree(&mut random, &mut octets, 0, comparison);
            octets == *b"\xFF\x00\x00\x01\x03\xFF"
        });
        assert!(tried);
    }
}
