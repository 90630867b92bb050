//! The one thread that writes: takes everything that waits, makes one batch of it, commits once, and only then
//! tells anybody. A batch is synced when it holds an append; settlements alone can wait for the next one that does.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant as Moment;

use bytes::Bytes;
use fjall::OwnedWriteBatch;
use tokio::sync::oneshot;
use tracing::error;

use super::Shared;
use super::disk::{Disk, name_key};
use super::index::Slot;
use super::row::{EntryRow, PendingRow, SettledRow, id_key};
use crate::clock::millis;
use crate::ids::Ids;
use crate::limits::{GROUP_BYTES_MAX, GROUP_MAX, SPACE_AGE_MAX};
use crate::{Appended, Claim, EntryId, Instant, LedgerError, NewEntry, Result, Settlement};

/// What callers ask of the writer. `now` is the caller's: a test's clock may be told to one thread only.
pub(super) enum Command {
    Append {
        now: Instant,
        batch: Vec<NewEntry>,
        reply: oneshot::Sender<Result<Vec<Appended>>>,
    },
    Settle {
        now: Instant,
        settlements: Vec<(Claim, Settlement)>,
        reply: oneshot::Sender<Result<()>>,
    },
}

impl Command {
    /// What it adds to a group: a count, and octets.
    fn weight(&self) -> (usize, usize) {
        match self {
            Self::Append { batch, .. } => (batch.len(), batch.iter().map(|entry| entry.body.len()).sum()),
            Self::Settle { settlements, .. } => (settlements.len(), 0),
        }
    }
}

/// What whoever writes must hold: the writer's thread, and a sweep.
pub(super) struct Pen {
    pub(super) ids: Ids,
    /// The highest id given.
    pub(super) highest: Option<EntryId>,
    /// What failed, once something has: nothing is written any more.
    pub(super) broken: Option<String>,
    /// No entry below this one is settled and still retained.
    pub(super) sweep_from: u64,
    space: Space,
}

struct Space {
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
            sweep_from: 0,
            space,
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        self.broken.clone().map_or(Ok(()), |why| Err(LedgerError::Broken { why }))
    }

    /// Commits, and puts the pen down for good when that fails.
    pub(super) fn commit(&mut self, disk: &Disk, batch: OwnedWriteBatch, sync: bool) -> Result<()> {
        self.check()?;
        disk.commit(batch, sync).inspect_err(|why| {
            error!(%why, "the ledger takes nothing more");
            if let LedgerError::Broken { why } = why {
                self.broken = Some(why.clone());
            }
        })
    }
}

impl Space {
    /// An error when too little is left. Asks the disk now and then only.
    fn check(&mut self, disk: &Disk) -> Result<()> {
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

/// Writes until the queue is closed and empty, then syncs.
pub(super) fn run(shared: &Shared) -> Result<()> {
    let mut commands = Vec::new();
    loop {
        let (mut count, mut octets) = (0, 0);
        let more = |command: &Command| {
            let (entries, bodies) = command.weight();
            count += entries;
            octets += bodies;
            count < GROUP_MAX && octets < GROUP_BYTES_MAX
        };
        if !shared.queue.receive(&mut commands, more) {
            break;
        }
        write_group(shared, commands.drain(..));
    }
    shared.pen().check()?;
    shared.disk.sync()
}

fn write_group(shared: &Shared, commands: impl Iterator<Item = Command>) {
    let mut pen = shared.pen();
    let mut group = Group::new(shared, &mut pen);
    let mut replies = Vec::new();
    for command in commands {
        match command {
            Command::Append { now, batch, reply } => match group.append(batch, now) {
                Ok(appended) => replies.push(Reply::Appended(reply, appended)),
                // Nobody listens any more; nothing was taken.
                Err(error) => drop(reply.send(Err(error))),
            },
            Command::Settle { now, settlements, reply } => {
                let lost = group.settle(settlements, now);
                replies.push(Reply::Settled(reply, lost));
            }
        }
    }
    let committed = group.commit();
    drop(pen);
    for reply in replies {
        reply.send(&committed);
    }
}

/// An answer that waits for the commit. Whoever asked may have gone.
enum Reply {
    Appended(oneshot::Sender<Result<Vec<Appended>>>, Vec<Appended>),
    Settled(oneshot::Sender<Result<()>>, Vec<EntryId>),
}

impl Reply {
    fn send(self, committed: &Result<()>) {
        match self {
            Self::Appended(reply, appended) => drop(reply.send(committed.clone().map(|()| appended))),
            Self::Settled(reply, lost) => {
                let found = if lost.is_empty() {
                    Ok(())
                } else {
                    Err(LedgerError::LeaseLost { ids: lost })
                };
                drop(reply.send(committed.clone().and(found)));
            }
        }
    }
}

/// One batch on its way to disk, and what follows in memory once it is there.
struct Group<'a> {
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
    fn new(shared: &'a Shared, pen: &'a mut Pen) -> Self {
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

    fn append(&mut self, entries: Vec<NewEntry>, now: Instant) -> Result<Vec<Appended>> {
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
    fn settle(&mut self, settlements: Vec<(Claim, Settlement)>, now: Instant) -> Vec<EntryId> {
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

    fn commit(self) -> Result<()> {
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
