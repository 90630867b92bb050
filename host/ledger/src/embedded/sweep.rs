//! Forgetting what was settled long ago: the entry, its key and its aliases in one batch.

use super::Shared;
use super::disk::{name_key, reading};
use super::row::{SettledRow, id_key, read_id};
use crate::limits::SWEEP_BATCH_MAX;
use crate::{EntryId, Instant, Result};

/// Forgets up to `limit` entries settled before this time. The pen is put down between batches, so appends wait for one
/// at most.
pub(super) fn sweep(shared: &Shared, settled_before: Instant, limit: usize) -> Result<usize> {
    let mut forgotten = 0;
    while forgotten < limit {
        let wanted = SWEEP_BATCH_MAX.min(limit - forgotten);
        let found = sweep_batch(shared, settled_before, wanted)?;
        forgotten += found;
        if found < wanted {
            break;
        }
    }
    shared.index().forget_lanes();
    Ok(forgotten)
}

fn sweep_batch(shared: &Shared, settled_before: Instant, wanted: usize) -> Result<usize> {
    let mut pen = shared.pen();
    pen.check()?;
    let disk = &shared.disk;
    let mut batch = disk.batch();
    let mut found = 0;
    let mut kept: Option<EntryId> = None;
    let mut next = pen.sweep_from;
    for pair in disk.settled.range(pen.sweep_from.to_be_bytes()..) {
        let (id, row) = pair.into_inner().map_err(reading)?;
        let (id, row) = (read_id(&id)?, SettledRow::read(&row)?);
        // Ids go up with time: from here on all were settled after they were made, and so too late.
        if found == wanted || id.made_at() > settled_before {
            break;
        }
        next = id.as_u64() + 1;
        if row.at >= settled_before {
            kept = kept.or(Some(id));
            continue;
        }
        batch.remove(&disk.settled, id_key(id));
        batch.remove(&disk.entries, id_key(id));
        if let Some(Some(key)) = disk.with_entry(id, |row| row.key.map(name_key))? {
            batch.remove(&disk.keys, key);
        }
        for alias in row.aliases {
            // A later entry may have taken the alias over.
            if disk.id_of(&disk.aliases, alias)? == Some(id) {
                batch.remove(&disk.aliases, name_key(alias));
            }
        }
        found += 1;
    }
    if found > 0 {
        if let Some(highest) = pen.highest {
            disk.note_highest(&mut batch, highest);
        }
        pen.commit(disk, batch, false)?;
    }
    pen.sweep_from = kept.map_or(next, EntryId::as_u64);
    Ok(found)
}
