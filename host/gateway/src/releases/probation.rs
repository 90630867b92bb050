//! The first while of a release in use, in which its faults roll it back. A value that is told the time.

use crate::limits::{PROBATION_FAULTS, PROBATION_MS};
use std::collections::VecDeque;

/// How the release in use has done since it was put to use.
#[derive(Debug, Default)]
pub struct Probation {
    revision: u64,
    until: u64,
    /// When its last faults were, the oldest first; no more than roll it back.
    faults: VecDeque<u64>,
}

impl Probation {
    /// A release that was put to use then.
    pub fn of(revision: u64, since: u64) -> Self {
        Self {
            revision,
            until: since.saturating_add(PROBATION_MS),
            faults: VecDeque::new(),
        }
    }

    /// A call of this release broke, which was the first that ended at all if `is_first`. Why the release is to be rolled back, if
    /// it is.
    pub fn faulted(&mut self, now: u64, revision: u64, is_first: bool) -> Option<String> {
        if revision != self.revision || now >= self.until {
            return None;
        }
        if is_first {
            return Some("its first call failed".into());
        }
        let (faults_max, window_ms) = PROBATION_FAULTS;
        self.faults.push_back(now);
        while self.faults.front().is_some_and(|at| at.saturating_add(window_ms) <= now) {
            self.faults.pop_front();
        }
        (self.faults.len() >= faults_max).then(|| format!("{} faults within {} s", self.faults.len(), window_ms / 1_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAULTS: usize = PROBATION_FAULTS.0;

    #[test]
    fn a_first_call_that_fails_is_enough() {
        let mut probation = Probation::of(7, 0);
        assert_eq!(probation.faulted(1, 7, true).as_deref(), Some("its first call failed"));
    }

    #[test]
    fn later_it_takes_several_within_the_window() {
        let mut probation = Probation::of(7, 0);
        assert!((1..FAULTS).all(|_| probation.faulted(0, 7, false).is_none()));
        assert_eq!(
            probation.faulted(PROBATION_FAULTS.1, 7, false),
            None,
            "the others are too long ago"
        );
        assert!((2..FAULTS).all(|_| probation.faulted(PROBATION_FAULTS.1, 7, false).is_none()));
        let why = probation.faulted(PROBATION_FAULTS.1, 7, false);
        assert_eq!(why.as_deref(), Some("3 faults within 60 s"));
    }

    #[test]
    fn nothing_is_rolled_back_for_another_release_or_when_the_time_is_over() {
        let mut probation = Probation::of(7, 0);
        assert_eq!(probation.faulted(1, 6, true), None);
        assert_eq!(probation.faulted(PROBATION_MS, 7, true), None);
    }
}
