//! One batch on its way to disk: takes commands in their order, commits once, and then tells the index.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use fjall::OwnedWriteBatch;

use super::Shared;
use super::disk::name_key;
use super::index::Slot;
use super::pen::Pen;
use super::row::{EntryRow, PendingRow, SettledRow, id_key};
use crate::clock::millis;
use crate::{Appended, Claim, EntryId, Instant, LedgerError, NewEntry, Result, Settlement};

/// One batch on its way to disk, and what follows in memory once it is there.
pub(super) struct Group<'a> {
    shared: &'a Shared,
    pen: &'a mut Pen,
    batch: OwnedWriteBatch,
    appended: Vec<New>,
    /// Keys of this batch, which the disk does not know yet.
    keys: HashMap<Vec<u8>, EntryId>,
    settled: Vec<(EntryId, After)>,
    /// Entries not settled, those of this batch included.
    pending: usize,
}

struct New {
    id: EntryId,
    slot: Slot,
    held: bool,
    body: Bytes,
}

/// What becomes of a settled entry in memory.
enum After {
    Forget,
    Retry { due: Instant, attempt: u32, note: Bytes },
}

impl<'a> Group<'a> {
    pub(super) fn new(shared: &'a Shared, pen: &'a mut Pen) -> Self {
        Self {
            batch: shared.disk.batch(),
            appended: Vec::new(),
            keys: HashMap::new(),
            settled: Vec::new(),
            pending: shared.index().len(),
            shared,
            pen,
        }
    }

    pub(super) fn append(&mut self, entries: Vec<NewEntry>, now: Instant) -> Result<Vec<Appended>> {
        self.pen.check()?;
        self.pen.space.check(&self.shared.disk)?;
        if self.pending + entries.len() > self.shared.pending_max {
            let what = format!("{} entries of {} are waiting", self.pending, self.shared.pending_max);
            return Err(LedgerError::Full { what });
        }
        // All that can fail comes before all that is written: a batch is taken whole.
        let known: Vec<Option<EntryId>> = entries.iter().map(|entry| self.known(entry)).collect::<Result<_>>()?;
        Ok(entries
            .into_iter()
            .zip(known)
            .map(|(entry, known)| self.append_one(entry, known, now))
            .collect())
    }

    /// The entry that has this one's key already.
    fn known(&self, entry: &NewEntry) -> Result<Option<EntryId>> {
        match &entry.key {
            Some(key) => match self.keys.get(key) {
                Some(id) => Ok(Some(*id)),
                None => self.shared.disk.id_of(&self.shared.disk.keys, key),
            },
            None => Ok(None),
        }
    }

    fn append_one(&mut self, entry: NewEntry, known: Option<EntryId>, now: Instant) -> Appended {
        let repeated = || entry.key.as_ref().and_then(|key| self.keys.get(key).copied());
        if let Some(id) = known.or_else(repeated) {
            return Appended { id, fresh: false };
        }
        let NewEntry {
            lane,
            key,
            body,
            due,
            held,
        } = entry;
        let disk = &self.shared.disk;
        let due = due.unwrap_or(now);
        let id = self.pen.ids.next(now);
        let row = EntryRow {
            lane: &lane,
            appended: now,
            key: key.as_deref(),
            body: &body,
        };
        self.batch.insert(&disk.entries, id_key(id), row.write());
        let row = PendingRow {
            lane: &lane,
            appended: now,
            due,
            attempt: 1,
            note: &[],
        };
        self.batch.insert(&disk.pending, id_key(id), row.write());
        if let Some(key) = key {
            self.batch.insert(&disk.keys, name_key(&key), id_key(id));
            self.keys.insert(key, id);
        }
        self.pen.highest = Some(id);
        self.pending += 1;
        self.appended.push(New {
            id,
            slot: Slot::new(lane, now, due),
            held,
            body,
        });
        Appended { id, fresh: true }
    }

    /// Returns the entries whose lease was lost.
    pub(super) fn settle(&mut self, settlements: Vec<(Claim, Settlement)>, now: Instant) -> Vec<EntryId> {
        let mut lost = Vec::new();
        let mut index = self.shared.index();
        for (claim, settlement) in settlements {
            match index.settling(claim.id, claim.lease) {
                Some(slot) => {
                    let after = write_settlement(self.shared, &mut self.batch, claim.id, slot, settlement, now);
                    if matches!(after, After::Forget) {
                        self.pen.sweep_from = self.pen.sweep_from.min(claim.id.as_u64());
                    }
                    self.settled.push((claim.id, after));
                }
                None => lost.push(claim.id),
            }
        }
        lost
    }

    pub(super) fn commit(self) -> Result<()> {
        let Self {
            shared,
            pen,
            batch,
            appended,
            settled,
            ..
        } = self;
        let sync = !appended.is_empty();
        let committed = if batch.is_empty() {
            Ok(())
        } else {
            pen.commit(&shared.disk, batch, sync)
        };
        let mut index = shared.index();
        if committed.is_err() {
            settled.iter().for_each(|(id, _)| index.unsettled(*id));
            return committed;
        }
        shared.counts.groups.fetch_add(1, Relaxed);
        shared.counts.syncs.fetch_add(u64::from(sync), Relaxed);
        shared.counts.appended.fetch_add(appended.len() as u64, Relaxed);
        shared.counts.settled.fetch_add(settled.len() as u64, Relaxed);
        for New { id, slot, held, body } in appended {
            index.bodies.keep(id, body);
            index.insert(id, slot, held);
        }
        for (id, after) in settled {
            match after {
                After::Forget => index.settled(id),
                After::Retry { due, attempt, note } => index.retry(id, due, attempt, note),
            }
        }
        committed
    }
}

fn write_settlement(
    shared: &Shared,
    batch: &mut OwnedWriteBatch,
    id: EntryId,
    slot: Slot,
    settlement: Settlement,
    now: Instant,
) -> After {
    let disk = &shared.disk;
    let (dead, note, aliases) = match settlement {
        Settlement::Retry { after, note } => {
            let (due, attempt) = (now.saturating_add(millis(after)), slot.attempt.saturating_add(1));
            let note = note.unwrap_or(slot.note);
            let row = PendingRow {
                lane: &slot.lane,
                appended: slot.appended,
                due,
                attempt,
                note: &note,
            };
            batch.insert(&disk.pending, id_key(id), row.write());
            return After::Retry { due, attempt, note };
        }
        Settlement::Done { note, aliases } => (false, note, aliases),
        Settlement::Dead { note } => (true, note, Vec::new()),
    };
    let row = SettledRow {
        dead,
        at: now,
        due: slot.due,
        attempt: slot.attempt,
        aliases: aliases.iter().map(Vec::as_slice).collect(),
        note: &note,
    };
    batch.insert(&disk.settled, id_key(id), row.write());
    batch.remove(&disk.pending, id_key(id));
    for alias in &aliases {
        batch.insert(&disk.aliases, name_key(alias), id_key(id));
    }
    After::Forget
}
