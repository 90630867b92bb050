//! What goes into a ledger and what comes out of it: values only.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::limits::{ALIASES_MAX, BODY_BYTES_MAX, KEY_BYTES_MAX, LANE_BYTES_MAX, NOTE_BYTES_MAX};
use crate::{EntryId, Instant, LedgerError, Result};

/// An entry on its way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// The queue it waits in.
    pub lane: Arc<str>,
    /// The same key twice in one ledger is one entry, for as long as the first is retained.
    pub key: Option<Vec<u8>>,
    /// What the worker will need. The ledger never looks inside.
    pub body: Bytes,
    /// Not to be claimed before this time; without one, at once.
    pub due: Option<Instant>,
    /// The appender has it, and nobody else gets it, until `release` or a restart.
    pub held: bool,
}

impl NewEntry {
    /// An entry for `lane`: no key, due at once, not held.
    pub fn new(lane: impl Into<Arc<str>>, body: impl Into<Bytes>) -> Self {
        Self {
            lane: lane.into(),
            key: None,
            body: body.into(),
            due: None,
            held: false,
        }
    }

    pub(crate) fn check(&self) -> Result<()> {
        within("lane", self.lane.len(), LANE_BYTES_MAX)?;
        within("key", self.key.as_ref().map_or(0, Vec::len), KEY_BYTES_MAX)?;
        within("body", self.body.len(), BODY_BYTES_MAX)
    }
}

/// What became of a [`NewEntry`]: it is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The entry's name; of the earlier entry when the key was known.
    pub id: EntryId,
    /// False when the key was known and nothing was written.
    pub fresh: bool,
}

/// An entry leased to one worker. Settle it, release it, or let the lease run out.
#[derive(Debug, PartialEq, Eq)]
pub struct Claim {
    /// The entry's name.
    pub id: EntryId,
    /// The lane it was claimed from.
    pub lane: Arc<str>,
    /// What was appended, or has replaced it.
    pub body: Bytes,
    /// Which try this is, from 1. Only [`Settlement::Retry`] counts one; a release, a lease run out and a restart do not.
    /// [`Settlement::Replace`] begins again at 1.
    pub attempt: u32,
    /// When it was appended.
    pub appended: Instant,
    /// Tells this claim from earlier and later ones of the same entry.
    pub(crate) lease: u64,
}

/// How a worker ends its claim. None of them waits for the disk: [`crate::Ledger::sync`] does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// The work is done.
    Done {
        /// Kept with the entry, for [`Record::note`].
        note: Bytes,
        /// Other names by which [`crate::Records::find`] knows the entry from now on. An alias that another entry had
        /// is this one's now.
        aliases: Vec<Vec<u8>>,
    },
    /// The work is to be tried again.
    Retry {
        /// From now.
        after: Duration,
        /// Kept with the entry in place of its note; none leaves the note as it is.
        note: Option<Bytes>,
    },
    /// The work has become other work: the entry waits in its lane again, at its first try, with the id, key, time of
    /// appending, note and aliases that it had. In a cluster: publish the new body under the same name, then ack the old.
    Replace {
        /// What the worker will need from now on.
        body: Bytes,
        /// Not to be claimed before this time; without one, at once, behind those that were due before.
        due: Option<Instant>,
    },
    /// The work will never be done.
    Dead {
        /// Kept with the entry, for [`Record::note`].
        note: Bytes,
    },
}

impl Settlement {
    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Self::Done { note, aliases } => check_note(note, aliases),
            Self::Replace { body, .. } => within("body", body.len(), BODY_BYTES_MAX),
            Self::Retry { note, .. } => within("note", note.as_ref().map_or(0, Bytes::len), NOTE_BYTES_MAX),
            Self::Dead { note } => within("note", note.len(), NOTE_BYTES_MAX),
        }
    }
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// For a worker, or for its due time.
    Waiting,
    /// A worker has it, or its appender holds it.
    Claimed,
    /// Settled: done.
    Done,
    /// Settled: never to be done.
    Dead,
}

/// An entry as it stands, for who asks about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The entry's name.
    pub id: EntryId,
    /// The lane it was appended to.
    pub lane: Arc<str>,
    /// What was appended, or has replaced it.
    pub body: Bytes,
    /// When it was appended.
    pub appended: Instant,
    /// Where it stands.
    pub state: State,
    /// The try it is at, waits for or ended with, from 1.
    pub attempt: u32,
    /// When it could or can be claimed.
    pub due: Instant,
    /// What the last settlement that had a note said, or the last annotation; empty before.
    pub note: Bytes,
}

/// An error unless the note and the aliases of one call are within their bounds.
pub(crate) fn check_note(note: &Bytes, aliases: &[Vec<u8>]) -> Result<()> {
    within("aliases", aliases.len(), ALIASES_MAX)?;
    let mut aliases = aliases.iter();
    aliases.try_for_each(|alias| within("alias", alias.len(), KEY_BYTES_MAX))?;
    within("note", note.len(), NOTE_BYTES_MAX)
}

/// An error unless `length` is at most `max`.
pub(crate) fn within(what: &'static str, length: usize, max: usize) -> Result<()> {
    if length > max {
        Err(LedgerError::TooLong { what, length, max })
    } else {
        Ok(())
    }
}
