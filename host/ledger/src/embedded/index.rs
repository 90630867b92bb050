//! What is not settled, in memory: who waits in which lane, who has been leased what. Rebuilt from disk at open;
//! touches no disk itself, and is told the time.
//!
//! An entry is in exactly one place of its lane: `waiting` when free, `leased` under a lease, or in neither when it is
//! held or on its way to disk.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;

use super::bodies::Bodies;
use crate::clock::millis;
use crate::wait::Look;
use crate::{EntryId, Instant, LedgerError, Result, State};

/// The number of the next lease. One for the process, so that a claim never fits a later opening of its ledger.
static LEASES: AtomicU64 = AtomicU64::new(1);

pub(super) struct Index {
    /// A tree: it grows by a node at a time, where a table of millions would have everybody wait while it is moved.
    slots: BTreeMap<EntryId, Slot>,
    lanes: BTreeMap<Arc<str>, Lane>,
    /// How many entries of each lane are dead and not forgotten; never zero.
    dead: BTreeMap<Arc<str>, usize>,
    pub(super) bodies: Bodies,
    pub(super) closed: bool,
    /// What failed, once something has. What cannot be settled is not handed out: it would be done again and again.
    pub(super) broken: Option<String>,
}

/// An entry that is not settled.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) lane: Arc<str>,
    pub(super) appended: Instant,
    pub(super) due: Instant,
    pub(super) attempt: u32,
    pub(super) note: Bytes,
    /// Given by annotations; sorted, each once.
    pub(super) aliases: Arc<[Vec<u8>]>,
    stand: Stand,
    /// The lease that may settle it. It outlives its time, until somebody else has the entry.
    lease: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    Free,
    Held,
    Leased {
        until: Instant,
    },
    /// The writer is settling it.
    Settling,
}

#[derive(Default)]
struct Lane {
    /// Free entries by due time, those of the future included.
    waiting: BTreeSet<(Instant, EntryId)>,
    /// Leased entries by the end of their lease.
    leased: BTreeSet<(Instant, EntryId)>,
    /// All entries of the lane.
    ids: BTreeSet<EntryId>,
    /// Tells claims that wait that something may be there.
    changed: Arc<Notify>,
}

/// What a claim is made of; the body may have to be read.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) id: EntryId,
    pub(super) lane: Arc<str>,
    pub(super) body: Option<Bytes>,
    pub(super) attempt: u32,
    pub(super) appended: Instant,
    pub(super) lease: u64,
}

impl Slot {
    pub(super) fn new(lane: Arc<str>, appended: Instant, due: Instant) -> Self {
        Self {
            lane,
            appended,
            due,
            attempt: 1,
            note: Bytes::new(),
            aliases: Arc::default(),
            stand: Stand::Free,
            lease: None,
        }
    }

    pub(super) fn state(&self, now: Instant) -> State {
        match self.stand {
            Stand::Free => State::Waiting,
            Stand::Leased { until } if until <= now => State::Waiting,
            Stand::Held | Stand::Leased { .. } | Stand::Settling => State::Claimed,
        }
    }
}

impl Index {
    pub(super) fn new(bodies_bytes_max: usize) -> Self {
        Self {
            slots: BTreeMap::new(),
            lanes: BTreeMap::new(),
            dead: BTreeMap::new(),
            bodies: Bodies::new(bodies_bytes_max),
            closed: false,
            broken: None,
        }
    }

    /// Whether entries may be handed out.
    pub(super) fn check(&self) -> Result<()> {
        match &self.broken {
            _ if self.closed => Err(LedgerError::Closed),
            Some(why) => Err(LedgerError::Broken { why: why.clone() }),
            None => Ok(()),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The lane's name, shared with the entries that it has already.
    pub(super) fn lane_name(&self, lane: &str) -> Arc<str> {
        self.lanes
            .get_key_value(lane)
            .map_or_else(|| lane.into(), |(name, _)| name.clone())
    }

    /// Takes in an entry that is now on disk.
    pub(super) fn insert(&mut self, id: EntryId, mut slot: Slot, held: bool) {
        let lane = lane_of(&mut self.lanes, &slot.lane);
        lane.ids.insert(id);
        if held {
            slot.stand = Stand::Held;
        } else {
            lane.waiting.insert((slot.due, id));
            lane.changed.notify_waiters();
        }
        slot.lane = self.lane_name(&slot.lane);
        self.slots.insert(id, slot);
    }

    /// Takes in the aliases of an entry that is on disk already.
    pub(super) fn aliased(&mut self, id: EntryId, aliases: Arc<[Vec<u8>]>) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.aliases = aliases;
        }
    }

    pub(super) fn claim(&mut self, name: &str, max: usize, lease: Duration, now: Instant) -> Look<Vec<Taken>> {
        if max == 0 {
            return Look::Taken(Vec::new());
        }
        let lane = lane_of(&mut self.lanes, name);
        while let Some((_, id)) = pop_until(&mut lane.leased, now) {
            if let Some(slot) = self.slots.get_mut(&id) {
                slot.stand = Stand::Free;
                lane.waiting.insert((slot.due, id));
            }
        }
        let until = now.saturating_add(millis(lease));
        let mut taken = Vec::new();
        while taken.len() < max
            && let Some((_, id)) = pop_until(&mut lane.waiting, now)
        {
            let Some(slot) = self.slots.get_mut(&id) else { continue };
            taken.push(lane.lease(id, slot, until, self.bodies.of(id)));
        }
        if taken.is_empty() {
            let soonest = [lane.waiting.first(), lane.leased.first()]
                .into_iter()
                .flatten()
                .map(|(at, _)| *at)
                .min();
            Look::Nothing {
                changed: lane.changed.clone().notified_owned(),
                until: soonest,
            }
        } else {
            Look::Taken(taken)
        }
    }

    pub(super) fn claim_entry(&mut self, id: EntryId, lease: Duration, now: Instant) -> Option<Taken> {
        let slot = self.slots.get_mut(&id).filter(|slot| slot.state(now) == State::Waiting)?;
        let lane = lane_of(&mut self.lanes, &slot.lane);
        lane.take_out(id, slot);
        Some(lane.lease(id, slot, now.saturating_add(millis(lease)), self.bodies.of(id)))
    }

    pub(super) fn release(&mut self, ids: &[EntryId]) {
        for id in ids {
            if let Some(slot) = self.slots.get_mut(id).filter(|slot| slot.stand != Stand::Settling) {
                slot.lease = None;
                let lane = lane_of(&mut self.lanes, &slot.lane);
                lane.free(*id, slot);
            }
        }
    }

    /// Takes an entry out of its lane's queue if this lease may settle it, and returns it as it stood. Ends with
    /// [`Index::unsettled`], or [`Index::waiting`], or [`Index::settled`].
    pub(super) fn settling(&mut self, id: EntryId, lease: u64) -> Option<Slot> {
        let slot = self.slots.get_mut(&id).filter(|slot| slot.lease == Some(lease))?;
        lane_of(&mut self.lanes, &slot.lane).take_out(id, slot);
        slot.stand = Stand::Settling;
        slot.lease = None;
        Some(slot.clone())
    }

    /// The entry is on disk as one that waits again, as `settled` stands and perhaps with another body.
    pub(super) fn waiting(&mut self, id: EntryId, settled: Slot, body: Option<Bytes>) {
        if let Some(body) = body {
            self.bodies.keep(id, body);
        }
        if let Some(slot) = self.slots.get_mut(&id) {
            *slot = settled;
            lane_of(&mut self.lanes, &slot.lane).free(id, slot);
        }
    }

    /// The entry is on disk with this note and these aliases; nothing else of it has changed.
    pub(super) fn annotated(&mut self, id: EntryId, note: Bytes, aliases: Arc<[Vec<u8>]>) {
        if let Some(slot) = self.slots.get_mut(&id) {
            (slot.note, slot.aliases) = (note, aliases);
        }
    }

    /// The entry is on disk as settled.
    pub(super) fn settled(&mut self, id: EntryId) {
        self.bodies.forget(id);
        if let Some(slot) = self.slots.remove(&id)
            && let Some(lane) = self.lanes.get_mut(&slot.lane)
        {
            lane.ids.remove(&id);
            if lane.forgettable() {
                self.lanes.remove(&slot.lane);
            }
        }
    }

    /// The entry is on disk as dead; counts it.
    pub(super) fn buried(&mut self, lane: &str) {
        match self.dead.get_mut(lane) {
            Some(count) => *count += 1,
            None => drop(self.dead.insert(self.lane_name(lane), 1)),
        }
    }

    /// The entry is dead no more: forgotten, or waiting again.
    pub(super) fn unburied(&mut self, lane: &str) {
        if let Some(count) = self.dead.get_mut(lane) {
            *count -= 1;
            if *count == 0 {
                self.dead.remove(lane);
            }
        }
    }

    /// The settling failed: the entry is as good as before, and the work will be done again.
    pub(super) fn unsettled(&mut self, id: EntryId) {
        if let Some(slot) = self.slots.get_mut(&id) {
            lane_of(&mut self.lanes, &slot.lane).free(id, slot);
        }
    }

    pub(super) fn slot(&self, id: EntryId) -> Option<&Slot> {
        self.slots.get(&id)
    }

    pub(super) fn lanes(&self, prefix: &str) -> Vec<(Arc<str>, usize)> {
        let from = self.lanes.range::<str, _>((Included(prefix), Unbounded));
        let lanes = from
            .take_while(|(name, _)| name.starts_with(prefix))
            .filter(|(_, lane)| !lane.ids.is_empty());
        lanes.map(|(name, lane)| (name.clone(), lane.ids.len())).collect()
    }

    pub(super) fn dead_lanes(&self, prefix: &str) -> Vec<(Arc<str>, usize)> {
        let from = self.dead.range::<str, _>((Included(prefix), Unbounded));
        from.take_while(|(name, _)| name.starts_with(prefix))
            .map(|(name, count)| (name.clone(), *count))
            .collect()
    }

    pub(super) fn pending(&self, lane: &str) -> usize {
        self.lanes.get(lane).map_or(0, |lane| lane.ids.len())
    }

    /// Entries of the lane above `after`, as they stand, each with its body if that is in memory.
    pub(super) fn list(&self, lane: &str, after: Option<EntryId>, limit: usize) -> Vec<(EntryId, Slot, Option<Bytes>)> {
        let from = after.map_or(Unbounded, Excluded);
        let lane = self.lanes.get(lane).into_iter();
        let ids = lane.flat_map(|lane| lane.ids.range((from, Unbounded)));
        ids.filter_map(|id| Some((*id, self.slots.get(id)?.clone(), self.bodies.of(*id))))
            .take(limit)
            .collect()
    }

    /// Forgets lanes that are empty and that nobody waits at.
    pub(super) fn forget_lanes(&mut self) {
        self.lanes.retain(|_, lane| !lane.forgettable());
    }

    #[cfg(test)]
    pub(super) fn lanes_known(&self) -> Vec<&str> {
        self.lanes.keys().map(|name| &**name).collect()
    }

    /// Ends every claim that waits.
    pub(super) fn close(&mut self) {
        self.closed = true;
        self.lanes.values().for_each(|lane| lane.changed.notify_waiters());
    }
}

impl Lane {
    /// Takes an entry out of the queue that it is in.
    fn take_out(&mut self, id: EntryId, slot: &Slot) {
        match slot.stand {
            Stand::Free => self.waiting.remove(&(slot.due, id)),
            Stand::Leased { until } => self.leased.remove(&(until, id)),
            Stand::Held | Stand::Settling => false,
        };
    }

    /// Leases an entry that is in no queue.
    fn lease(&mut self, id: EntryId, slot: &mut Slot, until: Instant, body: Option<Bytes>) -> Taken {
        let lease = LEASES.fetch_add(1, Relaxed);
        slot.stand = Stand::Leased { until };
        slot.lease = Some(lease);
        self.leased.insert((until, id));
        Taken {
            id,
            lane: slot.lane.clone(),
            body,
            attempt: slot.attempt,
            appended: slot.appended,
            lease,
        }
    }

    fn free(&mut self, id: EntryId, slot: &mut Slot) {
        self.take_out(id, slot);
        slot.stand = Stand::Free;
        self.waiting.insert((slot.due, id));
        self.changed.notify_waiters();
    }

    /// A claim that waits shares the lane's notify.
    fn forgettable(&self) -> bool {
        self.ids.is_empty() && Arc::strong_count(&self.changed) == 1
    }
}

/// The lane of this name, new if there is none.
fn lane_of<'a>(lanes: &'a mut BTreeMap<Arc<str>, Lane>, name: &str) -> &'a mut Lane {
    if !lanes.contains_key(name) {
        lanes.insert(name.into(), Lane::default());
    }
    lanes.get_mut(name).expect("inserted above when it was missing")
}

/// Takes the first of a queue if its time has come.
fn pop_until(queue: &mut BTreeSet<(Instant, EntryId)>, now: Instant) -> Option<(Instant, EntryId)> {
    let first = *queue.first().filter(|(at, _)| *at <= now)?;
    queue.remove(&first);
    Some(first)
}
