//! One batch on its way to disk: takes commands in their order, commits once, and then tells the index.

use std::collections::BTreeSet;
use std::collections::hash_map::{Entry, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use fjall::OwnedWriteBatch;

use super::Shared;
use super::disk::{Disk, name_key};
use super::index::Slot;
use super::pen::Pen;
use super::row::{EntryRow, PendingRow, SettledRow, id_key, write_aliases};
use crate::clock::millis;
use crate::entry::within;
use crate::limits::ALIASES_MAX;
use crate::{Appended, Claim, EntryId, Instant, LedgerError, NewEntry, Result, Settlement};

/// One batch on its way to disk, and what follows in memory once it is there.
pub(super) struct Group<'a> {
    shared: &'a Shared,
    pen: &'a mut Pen,
    batch: OwnedWriteBatch,
    appended: Vec<New>,
    /// Keys of this batch, which the disk does not know yet.
    keys: HashMap<Vec<u8>, EntryId>,
    changes: HashMap<EntryId, Change>,
    /// Entries not settled, those of this batch included.
    pending: usize,
    sync_asked: bool,
}

struct New {
    id: EntryId,
    slot: Slot,
    held: bool,
    body: Bytes,
}

/// What becomes of an entry that was there before: the last word of all commands of this batch.
struct Change {
    fate: Fate,
    /// A claim of it has ended. Without, it was annotated, and whoever has it keeps it.
    ends_claim: bool,
}

enum Fate {
    Pending { slot: Slot, replaced: Option<Replaced> },
    Settled(Settled),
}

/// What a new body needs to take the old one's place on disk.
struct Replaced {
    body: Bytes,
    key: Option<Vec<u8>>,
}

/// A [`SettledRow`] on its way to disk.
struct Settled {
    lane: Arc<str>,
    dead: bool,
    at: Instant,
    due: Instant,
    attempt: u32,
    aliases: Arc<[Vec<u8>]>,
    note: Bytes,
}

impl<'a> Group<'a> {
    pub(super) fn new(shared: &'a Shared, pen: &'a mut Pen) -> Self {
        Self {
            batch: shared.disk.batch(),
            appended: Vec::new(),
            keys: HashMap::new(),
            changes: HashMap::new(),
            pending: shared.index().len(),
            sync_asked: false,
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
    pub(super) fn settle(&mut self, settlements: Vec<(Claim, Settlement)>, now: Instant) -> Result<Vec<EntryId>> {
        // All that can fail comes before all that is written, as in `append`.
        let replaced = settlements
            .iter()
            .filter(|(_, settlement)| matches!(settlement, Settlement::Replace { .. }));
        let keys: Vec<_> = replaced.map(|(claim, _)| self.replaceable(claim.id)).collect::<Result<_>>()?;
        let mut keys = keys.into_iter();
        let mut lost = Vec::new();
        let shared = self.shared;
        let mut index = shared.index();
        for (claim, settlement) in settlements {
            let key = matches!(settlement, Settlement::Replace { .. }).then(|| keys.next().flatten());
            match index.settling(claim.id, claim.lease) {
                Some(slot) => self.settle_one(claim.id, slot, settlement, key.flatten(), now),
                None => lost.push(claim.id),
            }
        }
        Ok(lost)
    }

    /// The key of an entry whose body is to be replaced, unless there is no room for another body.
    fn replaceable(&mut self, id: EntryId) -> Result<Option<Vec<u8>>> {
        self.pen.space.check(&self.shared.disk)?;
        let key = self.shared.disk.with_entry(id, |row| row.key.map(<[u8]>::to_vec))?;
        Ok(key.flatten())
    }

    fn settle_one(&mut self, id: EntryId, mut slot: Slot, settlement: Settlement, key: Option<Vec<u8>>, now: Instant) {
        if let Some(Fate::Pending { slot: annotated, .. }) = self.changes.remove(&id).map(|change| change.fate) {
            (slot.note, slot.aliases) = (annotated.note, annotated.aliases);
        }
        let fate = match settlement {
            Settlement::Retry { after, note } => {
                slot.due = now.saturating_add(millis(after));
                slot.attempt = slot.attempt.saturating_add(1);
                slot.note = note.unwrap_or(slot.note);
                Fate::Pending { slot, replaced: None }
            }
            Settlement::Replace { body, due } => {
                slot.due = due.unwrap_or(now);
                slot.attempt = 1;
                let replaced = Some(Replaced { body, key });
                Fate::Pending { slot, replaced }
            }
            Settlement::Done { note, aliases } => self.end(id, &slot, false, note, &aliases, now),
            Settlement::Dead { note } => self.end(id, &slot, true, note, &[], now),
        };
        self.changes.insert(id, Change { fate, ends_claim: true });
    }

    fn end(&mut self, id: EntryId, slot: &Slot, dead: bool, note: Bytes, aliases: &[Vec<u8>], now: Instant) -> Fate {
        let disk = &self.shared.disk;
        self.batch.remove(&disk.pending, id_key(id));
        if !slot.aliases.is_empty() {
            self.batch.remove(&disk.aliased, id_key(id));
        }
        if dead {
            self.batch.insert(&disk.dead, id_key(id), &*slot.lane);
        }
        self.name(id, aliases);
        Fate::Settled(Settled {
            lane: slot.lane.clone(),
            dead,
            at: now,
            due: slot.due,
            attempt: slot.attempt,
            aliases: joined(&slot.aliases, aliases),
            note,
        })
    }

    /// Returns false when the entry is unknown.
    pub(super) fn annotate(&mut self, id: EntryId, note: Bytes, aliases: &[Vec<u8>]) -> Result<bool> {
        self.pen.check()?;
        let change = match self.changes.entry(id) {
            Entry::Occupied(change) => change.into_mut(),
            Entry::Vacant(place) => match standing(self.shared, id)? {
                Some(fate) => place.insert(Change { fate, ends_claim: false }),
                None => return Ok(false),
            },
        };
        let (note_now, aliases_now) = match &mut change.fate {
            Fate::Pending { slot, .. } => (&mut slot.note, &mut slot.aliases),
            Fate::Settled(settled) => (&mut settled.note, &mut settled.aliases),
        };
        let all = joined(aliases_now, aliases);
        within("aliases", all.len(), ALIASES_MAX)?;
        (*note_now, *aliases_now) = (note, all);
        self.name(id, aliases);
        Ok(true)
    }

    fn name(&mut self, id: EntryId, aliases: &[Vec<u8>]) {
        for alias in aliases {
            self.batch.insert(&self.shared.disk.aliases, name_key(alias), id_key(id));
        }
    }

    /// This batch, and all that was written before, is to be on disk when it is committed.
    pub(super) fn sync(&mut self) {
        self.sync_asked = true;
    }

    /// Commits, has everybody answered, and only then tells the index, whose lock nobody gets before it knows: those who were
    /// answered come with the next batch meanwhile. Returns what `answer` does.
    pub(super) fn commit<T>(mut self, answer: impl FnOnce(&Result<()>) -> T) -> T {
        for (id, change) in &self.changes {
            write_fate(&self.shared.disk, &mut self.batch, *id, &change.fate);
        }
        let Self {
            shared,
            pen,
            batch,
            appended,
            changes,
            sync_asked,
            ..
        } = self;
        let sync = !appended.is_empty() || sync_asked && (pen.unsynced || !batch.is_empty());
        let committed = match (batch.is_empty(), sync) {
            (false, _) => pen.commit(&shared.disk, batch, sync),
            (true, true) => pen.sync(&shared.disk),
            (true, false) => pen.check(),
        };
        let mut index = shared.index();
        if committed.is_err() {
            index.broken.clone_from(&pen.broken);
            let claimed = changes.into_iter().filter(|(_, change)| change.ends_claim);
            claimed.for_each(|(id, _)| index.unsettled(id));
            return answer(&committed);
        }
        let settled = changes.values().filter(|change| change.ends_claim).count();
        shared.counts.groups.fetch_add(1, Relaxed);
        shared.counts.syncs.fetch_add(u64::from(sync), Relaxed);
        shared.counts.appended.fetch_add(appended.len() as u64, Relaxed);
        shared.counts.settled.fetch_add(settled as u64, Relaxed);
        let answered = answer(&committed);
        for New { id, slot, held, body } in appended {
            index.bodies.keep(id, body);
            index.insert(id, slot, held);
        }
        for (id, Change { fate, ends_claim }) in changes {
            match (fate, ends_claim) {
                (Fate::Pending { slot, replaced }, true) => index.waiting(id, slot, replaced.map(|replaced| replaced.body)),
                (Fate::Pending { slot, .. }, false) => index.annotated(id, slot.note, slot.aliases),
                (Fate::Settled(settled), true) => {
                    pen.settled(id, settled.dead);
                    index.settled(id);
                    if settled.dead {
                        index.buried(&settled.lane);
                    }
                }
                (Fate::Settled(_), false) => {}
            }
        }
        answered
    }
}

/// Where an entry stands that this batch has not changed yet.
fn standing(shared: &Shared, id: EntryId) -> Result<Option<Fate>> {
    if let Some(slot) = shared.index().slot(id).cloned() {
        return Ok(Some(Fate::Pending { slot, replaced: None }));
    }
    shared.disk.with_settled(id, |row| {
        Fate::Settled(Settled {
            // Known where it matters: when the entry is settled.
            lane: Arc::default(),
            dead: row.dead,
            at: row.at,
            due: row.due,
            attempt: row.attempt,
            aliases: row.aliases.into_iter().map(<[u8]>::to_vec).collect(),
            note: Bytes::copy_from_slice(row.note),
        })
    })
}

fn write_fate(disk: &Disk, batch: &mut OwnedWriteBatch, id: EntryId, fate: &Fate) {
    match fate {
        Fate::Pending { slot, replaced } => {
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
            if let Some(Replaced { body, key }) = replaced {
                let row = EntryRow {
                    lane: &slot.lane,
                    appended: slot.appended,
                    key: key.as_deref(),
                    body,
                };
                batch.insert(&disk.entries, id_key(id), row.write());
            }
        }
        Fate::Settled(settled) => {
            let row = SettledRow {
                dead: settled.dead,
                at: settled.at,
                due: settled.due,
                attempt: settled.attempt,
                aliases: settled.aliases.iter().map(Vec::as_slice).collect(),
                note: &settled.note,
            };
            batch.insert(&disk.settled, id_key(id), row.write());
        }
    }
}

/// The aliases that an entry had and those that it is given; sorted, each once.
fn joined(known: &Arc<[Vec<u8>]>, given: &[Vec<u8>]) -> Arc<[Vec<u8>]> {
    if given.is_empty() {
        return known.clone();
    }
    let all: BTreeSet<&Vec<u8>> = known.iter().chain(given).collect();
    all.into_iter().cloned().collect()
}
