//! Dead letters: listed, made to wait again, forgotten.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

use super::Shared;
use super::disk::Disk;
use super::index::Slot;
use super::row::{PendingRow, id_key, write_aliases};
use super::sweep::forget;
use crate::entry::within;
use crate::limits::BATCH_MAX;
use crate::{EntryId, LedgerError, Record, Result, State};

pub(super) fn list(shared: &Shared, prefix: &str, after: Option<EntryId>, limit: usize) -> Result<Vec<Record>> {
    let mut listed = Vec::new();
    if limit == 0 || shared.index().dead_lanes(prefix).is_empty() {
        return Ok(listed);
    }
    shared.disk.for_each_dead(after, |id, lane| {
        if lane.starts_with(prefix)
            && let Some(record) = shared.record(id)?
            && record.state == State::Dead
        {
            listed.push(record);
        }
        Ok(listed.len() < limit)
    })?;
    Ok(listed)
}

pub(super) fn revive(shared: &Shared, ids: &[EntryId]) -> Result<Vec<EntryId>> {
    within("batch", ids.len(), BATCH_MAX)?;
    let mut pen = shared.pen();
    pen.check()?;
    let disk = &shared.disk;
    pen.space.check(disk)?;
    let now = (shared.clock)();
    let dead = dead_of(disk, ids)?;
    let pending = shared.index().len();
    if pending + dead.len() > shared.pending_max {
        let what = format!("{pending} entries of {} are waiting", shared.pending_max);
        return Err(LedgerError::Full { what });
    }
    let mut batch = disk.batch();
    let mut revived = Vec::new();
    for id in dead {
        let settled = disk.with_settled(id, |row| {
            let aliases: Arc<[Vec<u8>]> = row.aliases.into_iter().map(<[u8]>::to_vec).collect();
            (Bytes::copy_from_slice(row.note), aliases)
        })?;
        let entry = disk.with_entry(id, |row| Slot::new(row.lane.into(), row.appended, now))?;
        let (Some((note, aliases)), Some(mut slot)) = (settled, entry) else {
            continue;
        };
        (slot.note, slot.aliases) = (note, aliases);
        let row = PendingRow {
            lane: &slot.lane,
            appended: slot.appended,
            due: slot.due,
            attempt: slot.attempt,
            note: &slot.note,
        };
        batch.insert(&disk.pending, id_key(id), row.write());
        if !slot.aliases.is_empty() {
            batch.insert(&disk.aliased, id_key(id), write_aliases(&slot.aliases));
        }
        batch.remove(&disk.settled, id_key(id));
        batch.remove(&disk.dead, id_key(id));
        revived.push((id, slot));
    }
    if !revived.is_empty() {
        pen.commit(disk, batch, false)?;
    }
    let mut index = shared.index();
    let revived = revived.into_iter().map(|(id, slot)| {
        index.unburied(&slot.lane);
        index.insert(id, slot, false);
        id
    });
    Ok(revived.collect())
}

pub(super) fn purge(shared: &Shared, ids: &[EntryId]) -> Result<Vec<EntryId>> {
    within("batch", ids.len(), BATCH_MAX)?;
    let mut pen = shared.pen();
    pen.check()?;
    let dead = dead_of(&shared.disk, ids)?;
    forget(shared, &mut pen, &dead)?;
    Ok(dead)
}

/// Those that are dead, each once and in the order of ids.
fn dead_of(disk: &Disk, ids: &[EntryId]) -> Result<Vec<EntryId>> {
    let ids: BTreeSet<EntryId> = ids.iter().copied().collect();
    let mut dead = Vec::new();
    for id in ids {
        if disk.with_settled(id, |row| row.dead)? == Some(true) {
            dead.push(id);
        }
    }
    Ok(dead)
}
