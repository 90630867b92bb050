//! What a release has done so far, counted by whoever makes its calls; read by those who compare releases.

use std::sync::atomic::{AtomicU64, Ordering};

/// How often a release was put to work, and what came of it.
#[derive(Debug, Default)]
pub struct Counts {
    calls: AtomicU64,
    faults: AtomicU64,
    taken: AtomicU64,
    retried: AtomicU64,
    dead: AtomicU64,
}

/// The counts at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Operations and webhooks begun with a translator; sessions opened or moved to.
    pub calls: u64,
    /// Of those, how many its own faults ended.
    pub faults: u64,
    /// Operations that the upstream took, webhooks that were understood; binds that were taken.
    pub taken: u64,
    /// Operations to be attempted again.
    pub retried: u64,
    /// Operations that were given up; binds that were refused.
    pub dead: u64,
}

/// What a call came to, where it was no fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// See [`Tally::taken`].
    Taken,
    /// See [`Tally::retried`].
    Retried,
    /// See [`Tally::dead`].
    Dead,
}

impl Counts {
    /// A call begins.
    pub fn called(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// A call ended with a fault of the guest.
    pub fn faulted(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
    }

    /// A call ended.
    pub fn ended(&self, end: End) {
        let count = match end {
            End::Taken => &self.taken,
            End::Retried => &self.retried,
            End::Dead => &self.dead,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// What was counted until now.
    pub fn tally(&self) -> Tally {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Tally {
            calls: read(&self.calls),
            faults: read(&self.faults),
            taken: read(&self.taken),
            retried: read(&self.retried),
            dead: read(&self.dead),
        }
    }
}

impl Tally {
    /// What came on top of an earlier tally of the same counts.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            calls: self.calls.saturating_sub(earlier.calls),
            faults: self.faults.saturating_sub(earlier.faults),
            taken: self.taken.saturating_sub(earlier.taken),
            retried: self.retried.saturating_sub(earlier.retried),
            dead: self.dead.saturating_sub(earlier.dead),
        }
    }
}
