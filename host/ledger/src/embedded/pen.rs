//! The right to write: what whoever holds it must know, and whether anything may be written at all.

use std::time::Instant as Moment;

use fjall::OwnedWriteBatch;
use tracing::error;

use super::disk::Disk;
use crate::ids::Ids;
use crate::limits::SPACE_AGE_MAX;
use crate::{EntryId, LedgerError, Result};

/// What whoever writes must hold: the writer's thread, and a sweep.
pub(super) struct Pen {
    pub(super) ids: Ids,
    /// The highest id given.
    pub(super) highest: Option<EntryId>,
    /// What failed, once something has: nothing is written any more.
    pub(super) broken: Option<String>,
    /// No entry below this one is done and still retained.
    pub(super) done_from: u64,
    /// No entry below this one is dead and still retained.
    pub(super) dead_from: u64,
    pub(super) space: Space,
    /// Something may have been written that is not on disk yet.
    pub(super) unsynced: bool,
}

pub(super) struct Space {
    seen: Option<(Moment, u64)>,
    min: u64,
}

impl Pen {
    pub(super) fn new(ids: Ids, highest: Option<EntryId>, space_min: u64) -> Self {
        let space = Space {
            seen: None,
            min: space_min,
        };
        Self {
            ids,
            highest,
            broken: None,
            done_from: 0,
            dead_from: 0,
            space,
            // An earlier process may have been killed before its sync.
            unsynced: true,
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        self.broken.clone().map_or(Ok(()), |why| Err(LedgerError::Broken { why }))
    }

    /// Notes where a sweep has to begin from now on.
    pub(super) fn settled(&mut self, id: EntryId, dead: bool) {
        let from = if dead { &mut self.dead_from } else { &mut self.done_from };
        *from = id.as_u64().min(*from);
    }

    /// Commits, and puts the pen down for good when that fails.
    pub(super) fn commit(&mut self, disk: &Disk, batch: OwnedWriteBatch, sync: bool) -> Result<()> {
        self.check()?;
        let committed = disk.commit(batch, sync);
        self.wrote(committed, !sync)
    }

    /// Puts everything committed so far on disk, likewise.
    pub(super) fn sync(&mut self, disk: &Disk) -> Result<()> {
        self.check()?;
        self.wrote(disk.sync(), false)
    }

    fn wrote(&mut self, written: Result<()>, unsynced: bool) -> Result<()> {
        self.unsynced = unsynced;
        written.inspect_err(|why| {
            error!(%why, "the ledger takes nothing more");
            if let LedgerError::Broken { why } = why {
                self.broken = Some(why.clone());
            }
        })
    }
}

impl Space {
    /// An error when too little is left. Asks the disk now and then only.
    pub(super) fn check(&mut self, disk: &Disk) -> Result<()> {
        let free = match self.seen {
            Some((when, free)) if when.elapsed() < SPACE_AGE_MAX => free,
            _ => {
                let free = disk.space()?;
                self.seen = Some((Moment::now(), free));
                free
            }
        };
        if free < self.min {
            return Err(LedgerError::Full {
                what: format!("disk has {free} octets left of the {} kept back", self.min),
            });
        }
        Ok(())
    }
}
