//! Forgetting what was settled long ago: the entry, its key and its aliases in one batch.

use super::Shared;
use super::disk::{name_key, reading};
use super::pen::Pen;
use super::row::{SettledRow, id_key, read_id};
use crate::limits::SWEEP_BATCH_MAX;
use crate::{EntryId, Instant, Result};

/// Forgets up to `limit` entries: those done before one time, then those dead before another. The pen is put down between
/// batches, so appends wait for one at most.
pub(super) fn sweep(shared: &Shared, done_before: Instant, dead_before: Instant, limit: usize) -> Result<usize> {
    let mut forgotten = 0;
    for (dead, before) in [(false, done_before), (true, dead_before)] {
        while forgotten < limit {
            let wanted = SWEEP_BATCH_MAX.min(limit - forgotten);
            let found = sweep_batch(shared, dead, before, wanted)?;
            forgotten += found;
            if found < wanted {
                break;
            }
        }
    }
    shared.index().forget_lanes();
    Ok(forgotten)
}

fn sweep_batch(shared: &Shared, dead: bool, before: Instant, wanted: usize) -> Result<usize> {
    let mut pen = shared.pen();
    pen.check()?;
    let disk = &shared.disk;
    // The dead may be retained for longer, so they are not looked at among all that is settled.
    let (ids, from) = if dead {
        (&disk.dead, pen.dead_from)
    } else {
        (&disk.settled, pen.done_from)
    };
    let mut old = Vec::new();
    let mut kept: Option<EntryId> = None;
    let mut next = from;
    for pair in ids.range(from.to_be_bytes()..) {
        let (id, row) = pair.into_inner().map_err(reading)?;
        let id = read_id(&id)?;
        // Ids go up with time: from here on all were settled after they were made, and so too late.
        if old.len() == wanted || id.made_at() > before {
            break;
        }
        next = id.as_u64() + 1;
        let at = if dead {
            disk.with_settled(id, |row| row.at)?
        } else {
            let row = SettledRow::read(&row)?;
            (!row.dead).then_some(row.at)
        };
        match at {
            Some(at) if at < before => old.push(id),
            Some(_) => kept = kept.or(Some(id)),
            None => {}
        }
    }
    forget(shared, &mut pen, &old)?;
    let from = kept.map_or(next, EntryId::as_u64);
    *(if dead { &mut pen.dead_from } else { &mut pen.done_from }) = from;
    Ok(old.len())
}

/// Forgets these entries, which are settled, in one batch.
pub(super) fn forget(shared: &Shared, pen: &mut Pen, ids: &[EntryId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let disk = &shared.disk;
    let mut batch = disk.batch();
    let mut unburied = Vec::new();
    for id in ids {
        let settled = disk.with_settled(*id, |row| {
            let aliases: Vec<_> = row.aliases.into_iter().map(<[u8]>::to_vec).collect();
            (row.dead, aliases)
        })?;
        let entry = disk.with_entry(*id, |row| (row.lane.to_owned(), row.key.map(name_key)))?;
        let (dead, aliases) = settled.unwrap_or_default();
        let (lane, key) = entry.unwrap_or_default();
        batch.remove(&disk.settled, id_key(*id));
        batch.remove(&disk.entries, id_key(*id));
        if dead {
            batch.remove(&disk.dead, id_key(*id));
            unburied.push(lane);
        }
        if let Some(key) = key {
            batch.remove(&disk.keys, key);
        }
        for alias in aliases {
            // A later entry may have taken the alias over.
            if disk.id_of(&disk.aliases, &alias)? == Some(*id) {
                batch.remove(&disk.aliases, name_key(&alias));
            }
        }
    }
    if let Some(highest) = pen.highest {
        disk.note_highest(&mut batch, highest);
    }
    pen.commit(disk, batch, false)?;
    let mut index = shared.index();
    unburied.iter().for_each(|lane| index.unburied(lane));
    Ok(())
}
