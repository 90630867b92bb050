//! The model: what a ledger does, in the plainest words that can say it. Keeps entries in memory and nowhere else.
//!
//! Engines are compared with it step by step, so it walks through all it has rather than keep a second book that could
//! be wrong. It serves tests well; it is no engine for many thousands of entries.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;

use crate::clock::millis;
use crate::entry::{check_note, within};
use crate::ids::Ids;
use crate::limits::{ALIASES_MAX, BATCH_MAX, PENDING_MAX};
use crate::wait::{Look, until_taken};
use crate::{
    Appended, BoxFuture, Claim, Clock, EntryId, Instant, Ledger, LedgerError, NewEntry, Record, Records, Result, Settlement,
    State,
};

/// A ledger in memory, gone when it is dropped.
pub struct Memory {
    clock: Clock,
    changed: Arc<Notify>,
    model: Mutex<Model>,
}

struct Model {
    ids: Ids,
    rows: BTreeMap<EntryId, Row>,
    keys: HashMap<Vec<u8>, EntryId>,
    aliases: HashMap<Vec<u8>, EntryId>,
    leases: u64,
    pending_max: usize,
}

struct Row {
    entry: NewEntry,
    appended: Instant,
    due: Instant,
    attempt: u32,
    note: Bytes,
    /// All that it was ever given, those that other entries have now included.
    aliases: BTreeSet<Vec<u8>>,
    stand: Stand,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stand {
    Free,
    Held,
    Leased { lease: u64, until: Instant },
    Settled { state: State, at: Instant },
}

impl Memory {
    /// An empty ledger whose ids carry `node`.
    ///
    /// # Errors
    /// When the node is above 31.
    pub fn new(node: u8, clock: Clock) -> Result<Self> {
        Self::with_pending_max(node, clock, PENDING_MAX)
    }

    /// The same with a bound of one's own on entries not settled.
    ///
    /// # Errors
    /// When the node is above 31.
    pub fn with_pending_max(node: u8, clock: Clock, pending_max: usize) -> Result<Self> {
        let model = Model {
            ids: Ids::after(node, None)?,
            rows: BTreeMap::new(),
            keys: HashMap::new(),
            aliases: HashMap::new(),
            leases: 0,
            pending_max,
        };
        Ok(Self {
            clock,
            changed: Arc::default(),
            model: Mutex::new(model),
        })
    }

    /// What a restart does: holds and leases end.
    pub fn restart(&self) {
        for row in self.model().rows.values_mut().filter(|row| row.pending()) {
            row.stand = Stand::Free;
        }
        self.changed.notify_waiters();
    }

    fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

impl Ledger for Memory {
    fn append(&self, batch: Vec<NewEntry>) -> BoxFuture<'_, Result<Vec<Appended>>> {
        Box::pin(async move {
            let appended = self.model().append(batch, (self.clock)())?;
            self.changed.notify_waiters();
            Ok(appended)
        })
    }

    fn claim<'a>(&'a self, lane: &'a str, max: usize, lease: Duration) -> BoxFuture<'a, Result<Vec<Claim>>> {
        Box::pin(until_taken(&self.clock, move |now| {
            let mut model = self.model();
            let claims = model.claim(lane, max, lease, now);
            Ok(if claims.is_empty() && max > 0 {
                Look::Nothing {
                    changed: self.changed.clone().notified_owned(),
                    until: model.next_change(lane, now),
                }
            } else {
                Look::Taken(claims)
            })
        }))
    }

    fn claim_entry(&self, id: EntryId, lease: Duration) -> Result<Option<Claim>> {
        Ok(self.model().claim_entry(id, lease, (self.clock)()))
    }

    fn release(&self, ids: &[EntryId]) {
        self.model().release(ids);
        self.changed.notify_waiters();
    }

    fn settle(&self, settlements: Vec<(Claim, Settlement)>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let settled = self.model().settle(settlements, (self.clock)());
            self.changed.notify_waiters();
            settled
        })
    }

    fn annotate(&self, id: EntryId, note: Bytes, aliases: Vec<Vec<u8>>) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move { self.model().annotate(id, note, aliases) })
    }

    fn revive(&self, ids: Vec<EntryId>) -> BoxFuture<'_, Result<Vec<EntryId>>> {
        Box::pin(async move {
            let revived = self.model().revive(&ids, (self.clock)());
            self.changed.notify_waiters();
            revived
        })
    }

    fn purge(&self, ids: Vec<EntryId>) -> BoxFuture<'_, Result<Vec<EntryId>>> {
        Box::pin(async move { self.model().purge(&ids) })
    }

    fn sync(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

impl Records for Memory {
    fn get(&self, id: EntryId) -> Result<Option<Record>> {
        let now = (self.clock)();
        Ok(self.model().rows.get(&id).map(|row| row.record(id, now)))
    }

    fn find(&self, alias: &[u8]) -> Result<Option<EntryId>> {
        Ok(self.model().aliases.get(alias).copied())
    }

    fn keyed(&self, key: &[u8]) -> Result<Option<EntryId>> {
        Ok(self.model().keys.get(key).copied())
    }

    fn lanes(&self, prefix: &str) -> Vec<(Arc<str>, usize)> {
        self.model().counts(prefix, Row::pending)
    }

    fn pending(&self, lane: &str) -> usize {
        self.model()
            .rows
            .values()
            .filter(|row| row.pending() && *row.entry.lane == *lane)
            .count()
    }

    fn list(&self, lane: &str, after: Option<EntryId>, limit: usize) -> Result<Vec<Record>> {
        let now = (self.clock)();
        let model = self.model();
        let rows = model
            .rows
            .iter()
            .filter(|(id, row)| row.pending() && *row.entry.lane == *lane && after.is_none_or(|after| **id > after));
        Ok(rows.take(limit).map(|(id, row)| row.record(*id, now)).collect())
    }

    fn dead(&self, prefix: &str, after: Option<EntryId>, limit: usize) -> Result<Vec<Record>> {
        let now = (self.clock)();
        let model = self.model();
        let rows = model
            .rows
            .iter()
            .filter(|(id, row)| row.dead() && row.entry.lane.starts_with(prefix) && after.is_none_or(|after| **id > after));
        Ok(rows.take(limit).map(|(id, row)| row.record(*id, now)).collect())
    }

    fn dead_lanes(&self, prefix: &str) -> Vec<(Arc<str>, usize)> {
        self.model().counts(prefix, Row::dead)
    }

    fn sweep(&self, done_before: Instant, dead_before: Instant, limit: usize) -> Result<usize> {
        Ok(self.model().sweep(done_before, dead_before, limit))
    }
}

impl Model {
    fn append(&mut self, batch: Vec<NewEntry>, now: Instant) -> Result<Vec<Appended>> {
        within("batch", batch.len(), BATCH_MAX)?;
        batch.iter().try_for_each(NewEntry::check)?;
        let pending = self.rows.values().filter(|row| row.pending()).count();
        if pending + batch.len() > self.pending_max {
            return Err(LedgerError::Full {
                what: format!("{pending} entries of {} are waiting", self.pending_max),
            });
        }
        Ok(batch.into_iter().map(|entry| self.append_one(entry, now)).collect())
    }

    fn append_one(&mut self, entry: NewEntry, now: Instant) -> Appended {
        if let Some(&id) = entry.key.as_ref().and_then(|key| self.keys.get(key)) {
            return Appended { id, fresh: false };
        }
        let id = self.ids.next(now);
        if let Some(key) = &entry.key {
            self.keys.insert(key.clone(), id);
        }
        let due = entry.due.unwrap_or(now);
        let stand = if entry.held { Stand::Held } else { Stand::Free };
        self.rows.insert(
            id,
            Row {
                entry,
                appended: now,
                due,
                attempt: 1,
                note: Bytes::new(),
                aliases: BTreeSet::new(),
                stand,
            },
        );
        Appended { id, fresh: true }
    }

    fn claim(&mut self, lane: &str, max: usize, lease: Duration, now: Instant) -> Vec<Claim> {
        let mut ready: Vec<_> = (self.rows.iter())
            .filter(|(_, row)| *row.entry.lane == *lane && row.due <= now && row.free(now))
            .collect();
        ready.sort_by_key(|(id, row)| (row.due, **id));
        let ready: Vec<EntryId> = ready.into_iter().take(max).map(|(id, _)| *id).collect();
        ready.into_iter().filter_map(|id| self.claim_entry(id, lease, now)).collect()
    }

    fn claim_entry(&mut self, id: EntryId, lease: Duration, now: Instant) -> Option<Claim> {
        let row = self.rows.get_mut(&id).filter(|row| row.free(now))?;
        self.leases += 1;
        row.stand = Stand::Leased {
            lease: self.leases,
            until: now.saturating_add(millis(lease)),
        };
        Some(Claim {
            id,
            lane: row.entry.lane.clone(),
            body: row.entry.body.clone(),
            attempt: row.attempt,
            appended: row.appended,
            lease: self.leases,
        })
    }

    /// When a lane that has nothing to claim will have something without anybody's doing.
    fn next_change(&self, lane: &str, now: Instant) -> Option<Instant> {
        let rows = self.rows.values().filter(|row| *row.entry.lane == *lane);
        rows.filter_map(|row| match row.stand {
            Stand::Free => Some(row.due),
            Stand::Leased { until, .. } => Some(until.max(row.due)),
            Stand::Held | Stand::Settled { .. } => None,
        })
        .filter(|at| *at > now)
        .min()
    }

    fn release(&mut self, ids: &[EntryId]) {
        for id in ids {
            if let Some(row) = self.rows.get_mut(id).filter(|row| row.pending()) {
                row.stand = Stand::Free;
            }
        }
    }

    fn settle(&mut self, settlements: Vec<(Claim, Settlement)>, now: Instant) -> Result<()> {
        within("batch", settlements.len(), BATCH_MAX)?;
        settlements.iter().try_for_each(|(_, settlement)| settlement.check())?;
        let mut lost = Vec::new();
        for (claim, settlement) in settlements {
            match self.rows.get_mut(&claim.id) {
                Some(row) if matches!(row.stand, Stand::Leased { lease, .. } if lease == claim.lease) => {
                    let aliases = row.settle(settlement, now);
                    self.name(claim.id, aliases);
                }
                _ => lost.push(claim.id),
            }
        }
        if lost.is_empty() {
            Ok(())
        } else {
            Err(LedgerError::LeaseLost { ids: lost })
        }
    }

    fn annotate(&mut self, id: EntryId, note: Bytes, aliases: Vec<Vec<u8>>) -> Result<bool> {
        check_note(&note, &aliases)?;
        let Some(row) = self.rows.get_mut(&id) else {
            return Ok(false);
        };
        let all: BTreeSet<&Vec<u8>> = row.aliases.iter().chain(&aliases).collect();
        within("aliases", all.len(), ALIASES_MAX)?;
        row.note = note;
        self.name(id, aliases);
        Ok(true)
    }

    fn name(&mut self, id: EntryId, aliases: Vec<Vec<u8>>) {
        if let Some(row) = self.rows.get_mut(&id) {
            row.aliases.extend(aliases.iter().cloned());
        }
        self.aliases.extend(aliases.into_iter().map(|alias| (alias, id)));
    }

    fn counts(&self, prefix: &str, of: impl Fn(&Row) -> bool) -> Vec<(Arc<str>, usize)> {
        let mut lanes: BTreeMap<Arc<str>, usize> = BTreeMap::new();
        for row in self.rows.values().filter(|row| of(row) && row.entry.lane.starts_with(prefix)) {
            *lanes.entry(row.entry.lane.clone()).or_default() += 1;
        }
        lanes.into_iter().collect()
    }

    fn revive(&mut self, ids: &[EntryId], now: Instant) -> Result<Vec<EntryId>> {
        let dead = self.dead(ids)?;
        let pending = self.rows.values().filter(|row| row.pending()).count();
        if pending + dead.len() > self.pending_max {
            return Err(LedgerError::Full {
                what: format!("{pending} entries of {} are waiting", self.pending_max),
            });
        }
        for id in &dead {
            if let Some(row) = self.rows.get_mut(id) {
                (row.due, row.attempt, row.stand) = (now, 1, Stand::Free);
            }
        }
        Ok(dead)
    }

    fn purge(&mut self, ids: &[EntryId]) -> Result<Vec<EntryId>> {
        let dead = self.dead(ids)?;
        self.forget(&dead);
        Ok(dead)
    }

    /// Those that are dead, each once and in the order of ids.
    fn dead(&self, ids: &[EntryId]) -> Result<Vec<EntryId>> {
        within("batch", ids.len(), BATCH_MAX)?;
        let ids: BTreeSet<EntryId> = ids.iter().copied().collect();
        let dead = ids.into_iter().filter(|id| self.rows.get(id).is_some_and(Row::dead));
        Ok(dead.collect())
    }

    fn sweep(&mut self, done_before: Instant, dead_before: Instant, limit: usize) -> usize {
        let old = |of: State, before: Instant| {
            let rows = self.rows.iter();
            rows.filter(move |(_, row)| matches!(row.stand, Stand::Settled { state, at } if state == of && at < before))
        };
        let all = old(State::Done, done_before).chain(old(State::Dead, dead_before));
        let ids: Vec<EntryId> = all.map(|(id, _)| *id).take(limit).collect();
        self.forget(&ids);
        ids.len()
    }

    fn forget(&mut self, ids: &[EntryId]) {
        for id in ids {
            self.rows.remove(id);
            self.keys.retain(|_, of| of != id);
            self.aliases.retain(|_, of| of != id);
        }
    }
}

impl Row {
    fn pending(&self) -> bool {
        !matches!(self.stand, Stand::Settled { .. })
    }

    fn dead(&self) -> bool {
        matches!(self.stand, Stand::Settled { state: State::Dead, .. })
    }

    fn free(&self, now: Instant) -> bool {
        match self.stand {
            Stand::Free => true,
            Stand::Leased { until, .. } => until <= now,
            Stand::Held | Stand::Settled { .. } => false,
        }
    }

    /// Returns the entry's new aliases.
    fn settle(&mut self, settlement: Settlement, now: Instant) -> Vec<Vec<u8>> {
        match settlement {
            Settlement::Done { note, aliases } => {
                self.note = note;
                self.stand = Stand::Settled {
                    state: State::Done,
                    at: now,
                };
                aliases
            }
            Settlement::Retry { after, note } => {
                self.note = note.unwrap_or_else(|| self.note.clone());
                self.due = now.saturating_add(millis(after));
                self.attempt = self.attempt.saturating_add(1);
                self.stand = Stand::Free;
                Vec::new()
            }
            Settlement::Replace { body, due } => {
                self.entry.body = body;
                self.due = due.unwrap_or(now);
                self.attempt = 1;
                self.stand = Stand::Free;
                Vec::new()
            }
            Settlement::Dead { note } => {
                self.note = note;
                self.stand = Stand::Settled {
                    state: State::Dead,
                    at: now,
                };
                Vec::new()
            }
        }
    }

    fn record(&self, id: EntryId, now: Instant) -> Record {
        let state = match self.stand {
            Stand::Settled { state, .. } => state,
            _ if self.free(now) => State::Waiting,
            _ => State::Claimed,
        };
        Record {
            id,
            lane: self.entry.lane.clone(),
            body: self.entry.body.clone(),
            appended: self.appended,
            state,
            attempt: self.attempt,
            due: self.due,
            note: self.note.clone(),
        }
    }
}
