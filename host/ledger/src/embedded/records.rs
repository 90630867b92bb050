//! Listing and searching: from the index what is in memory, from the disk the rest.

use std::sync::Arc;

use bytes::Bytes;

use super::index::Slot;
use super::{Embedded, Shared, dead, sweep};
use crate::{EntryId, Instant, Record, Records, Result, State};

impl Records for Embedded {
    fn get(&self, id: EntryId) -> Result<Option<Record>> {
        self.shared.record(id)
    }

    fn find(&self, alias: &[u8]) -> Result<Option<EntryId>> {
        self.shared.disk.id_of(&self.shared.disk.aliases, alias)
    }

    fn keyed(&self, key: &[u8]) -> Result<Option<EntryId>> {
        self.shared.disk.id_of(&self.shared.disk.keys, key)
    }

    fn lanes(&self, prefix: &str) -> Vec<(Arc<str>, usize)> {
        self.shared.index().lanes(prefix)
    }

    fn pending(&self, lane: &str) -> usize {
        self.shared.index().pending(lane)
    }

    fn list(&self, lane: &str, after: Option<EntryId>, limit: usize) -> Result<Vec<Record>> {
        let listed = self.shared.index().list(lane, after, limit);
        let now = (self.shared.clock)();
        listed
            .into_iter()
            .filter_map(|(id, slot, body)| self.shared.pending_record(id, slot, body, now).transpose())
            .collect()
    }

    fn dead(&self, prefix: &str, after: Option<EntryId>, limit: usize) -> Result<Vec<Record>> {
        dead::list(&self.shared, prefix, after, limit)
    }

    fn dead_lanes(&self, prefix: &str) -> Vec<(Arc<str>, usize)> {
        self.shared.index().dead_lanes(prefix)
    }

    fn sweep(&self, done_before: Instant, dead_before: Instant, limit: usize) -> Result<usize> {
        sweep::sweep(&self.shared, done_before, dead_before, limit)
    }
}

impl Shared {
    pub(super) fn record(&self, id: EntryId) -> Result<Option<Record>> {
        if let Some(record) = self.record_in_memory(id)? {
            return Ok(Some(record));
        }
        match self.record_on_disk(id)? {
            Some(record) => Ok(Some(record)),
            // It may have been dead when memory was asked, and revived when the disk was.
            None => self.record_in_memory(id),
        }
    }

    fn record_in_memory(&self, id: EntryId) -> Result<Option<Record>> {
        let (slot, body) = {
            let index = self.index();
            (index.slot(id).cloned(), index.bodies.of(id))
        };
        slot.map_or(Ok(None), |slot| self.pending_record(id, slot, body, (self.clock)()))
    }

    fn record_on_disk(&self, id: EntryId) -> Result<Option<Record>> {
        let settled = self.disk.with_settled(id, |row| {
            let state = if row.dead { State::Dead } else { State::Done };
            (state, row.attempt, row.due, Bytes::copy_from_slice(row.note))
        })?;
        let Some((state, attempt, due, note)) = settled else {
            return Ok(None);
        };
        self.disk.with_entry(id, |row| Record {
            id,
            lane: row.lane.into(),
            body: Bytes::copy_from_slice(row.body),
            appended: row.appended,
            state,
            attempt,
            due,
            note,
        })
    }

    /// An entry that was not settled when its slot was looked at. None when it has been settled and swept since.
    fn pending_record(&self, id: EntryId, slot: Slot, body: Option<Bytes>, now: Instant) -> Result<Option<Record>> {
        let body = match body {
            Some(body) => Some(body),
            None => self.body(id)?,
        };
        let state = slot.state(now);
        let Slot {
            lane,
            appended,
            due,
            attempt,
            note,
            ..
        } = slot;
        Ok(body.map(|body| Record {
            id,
            lane,
            body,
            appended,
            state,
            attempt,
            due,
            note,
        }))
    }
}
