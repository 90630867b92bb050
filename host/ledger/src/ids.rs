//! Entry ids: unique across nodes and restarts without asking anyone, and never going back.
//!
//! An id is, from the top, milliseconds since 2020-01-01, 5 bits of node and 13 bits of sequence. It stays below 10^18
//! until the year 2140, so it is at most 18 decimal digits.

use std::fmt;
use std::str::FromStr;

use crate::{Instant, LedgerError, Result};

/// 2020-01-01T00:00:00Z, in milliseconds since 1970.
const EPOCH_MS: u64 = 1_577_836_800_000;
const SEQUENCE_BITS: u32 = 13;
const NODE_BITS: u32 = 5;
const DIGITS_MAX: usize = 18;
const RAW_MAX: u64 = 999_999_999_999_999_999;

/// The highest number of a node.
pub(crate) const NODE_MAX: u8 = (1 << NODE_BITS) - 1;

/// The name of an entry: a number from 1 to 10^18 - 1, written in decimal without a leading zero. Later entries of one
/// ledger have higher ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId(u64);

impl EntryId {
    /// The id with this number, if it can be one.
    #[must_use]
    pub const fn from_u64(raw: u64) -> Option<Self> {
        if raw >= 1 && raw <= RAW_MAX { Some(Self(raw)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// When the id was made, by the clock of the node that made it; never earlier than the ids before it.
    #[must_use]
    pub const fn made_at(self) -> Instant {
        (self.0 >> (SEQUENCE_BITS + NODE_BITS)) + EPOCH_MS
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is not an entry id: not 1 to 18 decimal digits, or it starts with a zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnEntryId;

impl fmt::Display for NotAnEntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entry id is 1 to 18 decimal digits without a leading zero")
    }
}

impl std::error::Error for NotAnEntryId {}

impl FromStr for EntryId {
    type Err = NotAnEntryId;

    fn from_str(text: &str) -> std::result::Result<Self, NotAnEntryId> {
        let digits = text.as_bytes();
        if digits.len() > DIGITS_MAX || digits.first() == Some(&b'0') || !digits.iter().all(u8::is_ascii_digit) {
            return Err(NotAnEntryId);
        }
        text.parse().map(Self).map_err(|_| NotAnEntryId)
    }
}

/// Makes ids, each above the last, whatever the clock does.
#[derive(Debug)]
pub(crate) struct Ids {
    node: u64,
    /// Time and sequence of the last id, without the node between them.
    last: u64,
}

impl Ids {
    /// Ids of `node`, all above `highest`.
    pub(crate) fn after(node: u8, highest: Option<EntryId>) -> Result<Self> {
        if node > NODE_MAX {
            return Err(LedgerError::Node { node, max: NODE_MAX });
        }
        // The highest may be another node's, so its whole millisecond is taken as used.
        let last = highest.map_or(0, |id| ((id.made_at() - EPOCH_MS + 1) << SEQUENCE_BITS) - 1);
        Ok(Self {
            node: u64::from(node),
            last,
        })
    }

    /// The next id. When a millisecond is used up, or the clock has stepped back, it borrows from the future.
    pub(crate) fn next(&mut self, now: Instant) -> EntryId {
        // At least 1: id 0 is none, and node 0 at the epoch would make it.
        let clock = (now.saturating_sub(EPOCH_MS) << SEQUENCE_BITS).max(1);
        self.last = clock.max(self.last + 1);
        let (time, sequence) = (self.last >> SEQUENCE_BITS, self.last & ((1 << SEQUENCE_BITS) - 1));
        EntryId((time << NODE_BITS | self.node) << SEQUENCE_BITS | sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = 1_790_000_000_000;

    #[test]
    fn an_id_has_at_most_18_digits_until_2140() {
        let year_2140 = 5_364_662_400_000;
        let id = Ids::after(NODE_MAX, None).unwrap().next(year_2140);
        assert!(id.as_u64() <= RAW_MAX, "{id}");
    }

    #[test]
    fn ids_go_up_when_the_clock_stops_or_steps_back_and_when_a_millisecond_is_used_up() {
        let mut ids = Ids::after(3, None).unwrap();
        let mut last = ids.next(NOW);
        for turn in 0..40_000_u64 {
            let id = ids.next(NOW - turn / 100);
            assert!(id > last, "{id} after {last}");
            last = id;
        }
        assert!(ids.next(NOW + 60_000).made_at() == NOW + 60_000);
    }

    #[test]
    fn a_restart_goes_on_above_the_highest_whatever_its_node() {
        let highest = Ids::after(NODE_MAX, None).unwrap().next(NOW);
        let next = Ids::after(0, Some(highest)).unwrap().next(NOW - 5_000);
        assert!(next > highest, "{next} after {highest}");
    }

    #[test]
    fn nodes_never_share_an_id() {
        let (mut one, mut two) = (Ids::after(1, None).unwrap(), Ids::after(2, None).unwrap());
        let ones: std::collections::HashSet<_> = (0..10_000).map(|_| one.next(NOW)).collect();
        assert!((0..10_000).all(|_| !ones.contains(&two.next(NOW))));
    }

    #[test]
    fn a_node_that_does_not_fit_is_refused() {
        assert_eq!(Ids::after(32, None).unwrap_err(), LedgerError::Node { node: 32, max: 31 });
    }

    #[test]
    fn only_the_canonical_text_is_an_id() {
        for bad in ["", "0", "01", "+1", "-1", " 1", "1 ", "12a", "1000000000000000000"] {
            assert_eq!(bad.parse::<EntryId>(), Err(NotAnEntryId), "{bad:?}");
        }
        let id = Ids::after(31, None).unwrap().next(NOW);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(EntryId::from_u64(id.as_u64()), Some(id));
        assert_eq!(EntryId::from_u64(0), None);
        assert_eq!(EntryId::from_u64(1_000_000_000_000_000_000), None);
    }
}
