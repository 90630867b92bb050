//! What can go wrong in a ledger, and what follows from it.

use std::fmt;

use crate::EntryId;

/// What a ledger's verbs return.
pub type Result<T> = std::result::Result<T, LedgerError>;

/// Why a ledger did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LedgerError {
    /// No room for more: the disk, or the bound on unsettled entries. Nothing of the call was taken. It passes when
    /// space is made or entries are settled; settling still works, except for [`crate::Settlement::Replace`] on a full disk.
    Full {
        /// What is full, with its figures.
        what: String,
    },
    /// The caller gave something longer than `limits.rs` allows. Nothing of the call was taken.
    TooLong {
        /// What was too long.
        what: &'static str,
        /// How long it was: octets, or a count.
        length: usize,
        /// How long it may be.
        max: usize,
    },
    /// Some of the settlements came after their entries had been released, or their leases had run out and others had
    /// claimed them. Those did nothing; the other settlements of the call stand.
    LeaseLost {
        /// The entries that were not settled.
        ids: Vec<EntryId>,
    },
    /// A write or a sync failed, so what the disk holds is no longer known and every later append and settlement is
    /// refused. What was acknowledged before is safe; opening the ledger again reads what is there.
    Broken {
        /// What failed first.
        why: String,
    },
    /// The disk gave an answer that is an error, or not what was written.
    Disk {
        /// What was being done, and what came of it.
        why: String,
    },
    /// The directory's files are not what was written. Nothing was changed. What can be saved is said by
    /// [`crate::maintenance::check`] and given out by [`crate::maintenance::export`].
    Damaged {
        /// The directory.
        path: String,
        /// What was found first, and how much more.
        what: String,
    },
    /// Another process, or another value in this one, has the directory open.
    InUse {
        /// The directory.
        path: String,
    },
    /// The directory was written by a later version of this program.
    LaterSchema {
        /// The version found.
        found: u32,
        /// The latest version that is understood.
        known: u32,
    },
    /// The node number does not fit an entry's id.
    Node {
        /// The number given.
        node: u8,
        /// The highest that fits.
        max: u8,
    },
    /// The ledger has been closed.
    Closed,
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { what } => write!(f, "ledger full: {what}"),
            Self::TooLong { what, length, max } => write!(f, "{what} of {length} exceeds {max}"),
            Self::LeaseLost { ids } => {
                let first = ids.first().map(EntryId::to_string).unwrap_or_default();
                write!(
                    f,
                    "{} settlements came after their lease was lost, the first of entry {first}",
                    ids.len()
                )
            }
            Self::Broken { why } => write!(f, "ledger takes no more since a write failed: {why}"),
            Self::Disk { why } => write!(f, "ledger disk: {why}"),
            Self::Damaged { path, what } => write!(
                f,
                "ledger {path} is damaged: {what}; save what can be read with `edgebind ledger export`, or restore a backup"
            ),
            Self::InUse { path } => write!(f, "{path} is in use by another process"),
            Self::LaterSchema { found, known } => {
                write!(
                    f,
                    "ledger has schema {found}, written by a later version; this one knows up to {known}"
                )
            }
            Self::Node { node, max } => write!(f, "node {node} exceeds {max}"),
            Self::Closed => f.write_str("ledger is closed"),
        }
    }
}

impl std::error::Error for LedgerError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_read_as_fragments_with_their_facts() {
        let too_long = LedgerError::TooLong {
            what: "body",
            length: 9,
            max: 8,
        };
        assert_eq!(too_long.to_string(), "body of 9 exceeds 8");
        let lost = LedgerError::LeaseLost {
            ids: vec!["12".parse().unwrap()],
        };
        assert_eq!(
            lost.to_string(),
            "1 settlements came after their lease was lost, the first of entry 12"
        );
    }
}
