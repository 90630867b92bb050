//! How one world of one tenant fares: its breaker, the probation of its release in use, and how its guest is called meanwhile.

use super::probation::Probation;
use crate::breaker::Breaker;
use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::Semaphore,
    task::block_in_place,
};

/// Shared by all who call the guest.
pub struct Health {
    /// The breaker is closed, and was not open lately: what everybody looks at first.
    is_calm: AtomicBool,
    state: Mutex<State>,
    /// Held by the one call that a guest under suspicion gets at a time: if it spins, it costs one processor.
    turn: Semaphore,
}

#[derive(Default)]
struct State {
    breaker: Breaker,
    probation: Probation,
}

/// What follows from a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// Nothing yet.
    Counted,
    /// The guest is left alone for so many milliseconds.
    Opened(u64),
    /// The release is to be rolled back, and why.
    RollBack(String),
}

impl Health {
    /// Of a release that was put to use then.
    pub fn of(revision: u64, since: u64) -> Self {
        Self {
            is_calm: AtomicBool::new(true),
            state: Mutex::new(State {
                breaker: Breaker::default(),
                probation: Probation::of(revision, since),
            }),
            turn: Semaphore::new(1),
        }
    }

    /// Another release is in use: it is not to blame for what was before.
    pub fn put_to_use(&self, revision: u64, now: u64) {
        *self.state() = State {
            breaker: Breaker::default(),
            probation: Probation::of(revision, now),
        };
        self.is_calm.store(true, Ordering::Release);
    }

    /// Lets a caller in; else for how many milliseconds nobody is.
    pub fn enter(&self, now: u64) -> Result<(), u64> {
        if self.is_calm.load(Ordering::Acquire) {
            return Ok(());
        }
        let mut state = self.state();
        self.look(&state.breaker, now);
        state.breaker.enter(now)
    }

    /// A call went well.
    pub fn succeeded(&self, now: u64) {
        if !self.is_calm.load(Ordering::Acquire) {
            let mut state = self.state();
            state.breaker.succeeded(now);
            self.look(&state.breaker, now);
        }
    }

    /// A call of the release in use broke, which was the first that ended if `is_first`. Whether it can be rolled back is the
    /// caller's to know.
    pub fn faulted(&self, now: u64, revision: u64, is_first: bool, can_roll_back: bool) -> Consequence {
        let mut state = self.state();
        if can_roll_back && let Some(why) = state.probation.faulted(now, revision, is_first) {
            return Consequence::RollBack(why);
        }
        let opened = state.breaker.faulted(now);
        self.look(&state.breaker, now);
        opened.map_or(Consequence::Counted, Consequence::Opened)
    }

    /// Makes a call. On a thread of its own where it is slow, or where the guest is under suspicion, then one at a time.
    pub async fn call<R>(&self, is_slow: bool, call: impl FnOnce() -> R) -> R {
        if self.is_calm.load(Ordering::Acquire) {
            return where_it_is_slow(is_slow, call);
        }
        let _turn = self.turn.acquire().await;
        on_own_thread(call)
    }

    fn look(&self, breaker: &Breaker, now: u64) {
        self.is_calm.store(!breaker.was_open_lately(now), Ordering::Release);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a call, on a thread of its own if it is slow, as those of interpreted languages are.
pub fn where_it_is_slow<R>(is_slow: bool, call: impl FnOnce() -> R) -> R {
    if is_slow { on_own_thread(call) } else { call() }
}

/// Makes a call that may take its thread for long; other tasks find another one. A runtime of one thread has no other.
fn on_own_thread<R>(call: impl FnOnce() -> R) -> R {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => block_in_place(call),
        _ => call(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{BREAKER_CALM_MS, BREAKER_FAULTS, PROBATION_FAULTS};

    #[test]
    fn on_probation_faults_roll_back_and_else_they_open_the_breaker() {
        let health = Health::of(7, 0);
        assert_eq!(health.faulted(0, 7, false, true), Consequence::Counted);
        for _ in 2..PROBATION_FAULTS.0 {
            assert_eq!(health.faulted(0, 7, false, true), Consequence::Counted);
        }
        assert!(matches!(health.faulted(0, 7, false, true), Consequence::RollBack(_)));

        let health = Health::of(7, 0);
        for _ in 1..BREAKER_FAULTS.0 {
            assert_eq!(
                health.faulted(0, 7, true, false),
                Consequence::Counted,
                "there is nothing before it"
            );
        }
        assert_eq!(health.faulted(0, 7, true, false), Consequence::Opened(1_000));
        assert_eq!(health.enter(1), Err(999));
        assert_eq!(health.enter(1_000), Ok(()));
        health.succeeded(1_001);
        assert_eq!(health.enter(1_002), Ok(()));
        assert!(!health.is_calm.load(Ordering::Acquire));
        assert_eq!(health.enter(1_001 + BREAKER_CALM_MS), Ok(()));
        assert!(health.is_calm.load(Ordering::Acquire));
    }

    #[test]
    fn another_release_begins_with_nothing_against_it() {
        let health = Health::of(7, 0);
        for _ in 0..BREAKER_FAULTS.0 {
            health.faulted(0, 7, false, false);
        }
        assert!(health.enter(1).is_err());
        health.put_to_use(8, 1);
        assert_eq!(health.enter(1), Ok(()));
    }
}
