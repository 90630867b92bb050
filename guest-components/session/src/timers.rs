//! All timers of a session: one enum, one array, and the earliest is the one that the host is asked for.

use crate::message::Instant;
use serde::{Deserialize, Serialize};

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The peer has been quiet: ask whether it is there.
    Enquire,
    /// It was asked, and nothing came since.
    EnquireResp,
    /// No message went either way.
    Inactivity,
    /// The oldest delivery has no answer.
    Delivered,
    /// The present step of ending takes too long.
    Farewell,
}

impl Timer {
    const ALL: [Self; 5] = [
        Self::Enquire,
        Self::EnquireResp,
        Self::Inactivity,
        Self::Delivered,
        Self::Farewell,
    ];
}

/// When each timer goes off, and what the host was asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Timers {
    at: [Option<Instant>; Timer::ALL.len()],
    /// The `tick` that is still to come. A successor does not rely on it and asks anew.
    #[serde(skip)]
    asked: Option<Instant>,
}

impl Timers {
    pub(crate) fn set(&mut self, timer: Timer, at: Instant) {
        self.at[timer as usize] = Some(at);
    }

    pub(crate) fn clear(&mut self, timer: Timer) {
        self.at[timer as usize] = None;
    }

    /// One timer that has gone off, and is off from now on.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<Timer> {
        let timer = Timer::ALL
            .into_iter()
            .find(|&timer| self.at[timer as usize].is_some_and(|at| at <= now))?;
        self.clear(timer);
        Some(timer)
    }

    /// The tick that was asked for has come.
    pub(crate) fn ticked(&mut self) {
        self.asked = None;
    }

    /// What to ask the host for now, if anything. A timer that was moved to a later time is left to the tick already asked
    /// for: that one finds nothing to do and asks again, which is rarer than every frame putting off `Enquire`.
    pub(crate) fn wake_at(&mut self) -> Option<Instant> {
        let next = self.at.into_iter().flatten().min()?;
        if self.asked.is_some_and(|asked| asked <= next) {
            return None;
        }
        self.asked = Some(next);
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_is_asked_for_and_a_later_one_is_not() {
        let mut timers = Timers::default();
        assert_eq!(timers.wake_at(), None);
        timers.set(Timer::Enquire, 50);
        assert_eq!(timers.wake_at(), Some(50));
        timers.set(Timer::Enquire, 60);
        timers.set(Timer::Farewell, 55);
        assert_eq!(timers.wake_at(), None);
        timers.set(Timer::Delivered, 40);
        assert_eq!(timers.wake_at(), Some(40));
    }

    #[test]
    fn an_early_tick_asks_again() {
        let mut timers = Timers::default();
        timers.set(Timer::Enquire, 50);
        assert_eq!(timers.wake_at(), Some(50));
        timers.set(Timer::Enquire, 60);
        timers.ticked();
        assert_eq!(timers.expire(50), None);
        assert_eq!(timers.wake_at(), Some(60));
        timers.ticked();
        assert_eq!(timers.expire(60), Some(Timer::Enquire));
        assert_eq!(timers.expire(60), None);
        assert_eq!(timers.wake_at(), None);
    }
}
