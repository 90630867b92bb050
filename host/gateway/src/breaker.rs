//! A breaker: after too many faults of one kind, what caused them is left alone for a while, longer each time. A value that is told
//! the time; what counts as a fault is its owner's to say.

use crate::limits::{BREAKER_CALM_MS, BREAKER_FAULTS, BREAKER_PAUSE_MS};
use std::collections::VecDeque;

/// Whether it may be called, be it a guest or an upstream.
#[derive(Debug, Default)]
pub struct Breaker {
    /// When the last faults were, the oldest first; no more than open it.
    faults: VecDeque<u64>,
    state: State,
    /// The pause of the last time that it opened.
    pause_ms: u64,
    /// When it last closed.
    closed_at: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Everybody may call.
    #[default]
    Closed,
    /// Nobody may, until then.
    Open { until: u64 },
    /// One tries whether it is well; nobody else may until that is known, or until then, when another one tries.
    HalfOpen { until: u64 },
}

impl Breaker {
    /// Lets a caller in; else for how many milliseconds nobody is.
    pub fn enter(&mut self, now: u64) -> Result<(), u64> {
        match self.state {
            State::Closed => Ok(()),
            State::Open { until } | State::HalfOpen { until } if now < until => Err(until - now),
            State::Open { .. } | State::HalfOpen { .. } => {
                self.state = State::HalfOpen {
                    until: now.saturating_add(self.pause_ms),
                };
                Ok(())
            }
        }
    }

    /// A call went well: whoever tried has shown that the guest is well again.
    pub fn succeeded(&mut self, now: u64) {
        if matches!(self.state, State::HalfOpen { .. }) {
            self.state = State::Closed;
            self.closed_at = Some(now);
            self.faults.clear();
        }
    }

    /// A call broke. The pause in milliseconds, if that opens the breaker.
    pub fn faulted(&mut self, now: u64) -> Option<u64> {
        let (faults_max, window_ms) = BREAKER_FAULTS;
        self.faults.push_back(now);
        while self.faults.len() > faults_max || self.faults.front().is_some_and(|at| at.saturating_add(window_ms) <= now) {
            self.faults.pop_front();
        }
        let opens = match self.state {
            State::Open { .. } => false,
            State::HalfOpen { .. } => true,
            // One that was open lately is not given as many faults again.
            State::Closed => self.faults.len() >= faults_max || self.was_open_lately(now),
        };
        if !opens {
            return None;
        }
        let (shortest, longest) = BREAKER_PAUSE_MS;
        let again = matches!(self.state, State::HalfOpen { .. }) || self.was_open_lately(now);
        self.pause_ms = if again {
            (self.pause_ms * 2).clamp(shortest, longest)
        } else {
            shortest
        };
        self.state = State::Open {
            until: now.saturating_add(self.pause_ms),
        };
        self.faults.clear();
        Some(self.pause_ms)
    }

    /// Whether it is left alone now, but for one that finds out.
    pub fn is_shut(&self) -> bool {
        self.state != State::Closed
    }

    /// Whether it is to be watched: the breaker is not closed, or was not a short time ago.
    pub fn was_open_lately(&self, now: u64) -> bool {
        match self.state {
            State::Closed => self.closed_at.is_some_and(|at| now < at.saturating_add(BREAKER_CALM_MS)),
            State::Open { .. } | State::HalfOpen { .. } => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAULTS: usize = BREAKER_FAULTS.0;

    /// A breaker that has just opened, at 0.
    fn open() -> Breaker {
        let mut breaker = Breaker::default();
        assert!((1..FAULTS).all(|_| breaker.faulted(0).is_none()));
        assert_eq!(breaker.faulted(0), Some(BREAKER_PAUSE_MS.0));
        breaker
    }

    #[test]
    fn faults_that_are_far_apart_open_nothing() {
        let mut breaker = Breaker::default();
        let apart = BREAKER_FAULTS.1 / (FAULTS as u64 - 1) + 1;
        for fault in 0..10 * FAULTS as u64 {
            assert_eq!(breaker.faulted(fault * apart), None);
            assert_eq!(breaker.enter(fault * apart), Ok(()));
        }
        assert!(!breaker.was_open_lately(0));
    }

    #[test]
    fn one_is_let_in_after_the_pause_and_all_when_that_went_well() {
        let mut breaker = open();
        assert_eq!(breaker.enter(1), Err(999));
        assert_eq!(breaker.enter(1_000), Ok(()), "one tries");
        assert_eq!(breaker.enter(1_001), Err(999), "the others wait for it");
        breaker.succeeded(1_002);
        assert_eq!(breaker.enter(1_003), Ok(()));
        assert!(breaker.was_open_lately(1_003));
        assert!(!breaker.was_open_lately(1_002 + BREAKER_CALM_MS));
    }

    #[test]
    fn each_failed_try_doubles_the_pause_up_to_the_longest() {
        let mut breaker = open();
        let (mut now, mut pauses) = (1_000, Vec::new());
        for _ in 0..8 {
            assert_eq!(breaker.enter(now), Ok(()));
            let pause = breaker.faulted(now).unwrap();
            pauses.push(pause);
            assert_eq!(breaker.enter(now + pause - 1), Err(1));
            now += pause;
        }
        assert_eq!(pauses, [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    }

    #[test]
    fn a_fault_soon_after_it_has_closed_opens_it_for_longer() {
        let mut breaker = open();
        breaker.enter(1_000).unwrap();
        breaker.succeeded(1_000);
        assert_eq!(breaker.faulted(1_500), Some(2_000));
        breaker.enter(3_500).unwrap();
        breaker.succeeded(3_500);
        // After a calm it is as if nothing had been.
        let calm = 3_500 + BREAKER_CALM_MS;
        assert!((1..FAULTS).all(|_| breaker.faulted(calm).is_none()));
        assert_eq!(breaker.faulted(calm), Some(BREAKER_PAUSE_MS.0));
    }

    #[test]
    fn one_that_tries_and_never_comes_back_keeps_nobody_out_for_ever() {
        let mut breaker = open();
        assert_eq!(breaker.enter(1_000), Ok(()));
        assert_eq!(breaker.enter(2_000), Ok(()), "the next one tries");
        assert_eq!(breaker.enter(2_001), Err(999));
    }
}
