//! Upstreams that do not answer. Each origin of a tenant has a breaker: what waits for a dead one is left waiting, instead of being
//! tried message by message.

use crate::{breaker::Breaker, config::Origin};
use edgebind_runtime::translator::{Failure, FailureKind, Response};
use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// The origins of one tenant that failed lately.
#[derive(Default)]
pub struct Outages {
    /// One did: what everybody looks at first.
    is_any: AtomicBool,
    origins: Mutex<HashMap<Origin, Breaker>>,
}

/// What an exchange says of its origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing new.
    None,
    /// From now on it is left alone for so many milliseconds.
    Out(u64),
    /// It answers again.
    Back,
}

impl Outages {
    /// Whether any origin failed lately.
    pub fn are_any(&self) -> bool {
        self.is_any.load(Ordering::Acquire)
    }

    /// Whether a request may go to this URL; else for how many milliseconds none does.
    pub fn enter(&self, url: &str, now: u64) -> Result<(), u64> {
        if !self.are_any() {
            return Ok(());
        }
        let mut origins = self.origins();
        let breaker = origin(url).and_then(|origin| origins.get_mut(&origin));
        breaker.map_or(Ok(()), |breaker| breaker.enter(now))
    }

    /// What came of a request to this URL.
    pub fn heard(&self, url: &str, got: &Result<Response, Failure>, now: u64) -> Change {
        let is_out = is_out(got);
        if !is_out && !self.are_any() {
            return Change::None;
        }
        let Some(origin) = origin(url) else {
            return Change::None;
        };
        let mut origins = self.origins();
        if is_out {
            self.is_any.store(true, Ordering::Release);
            let opened = origins.entry(origin).or_default().faulted(now);
            return opened.map_or(Change::None, Change::Out);
        }
        // One answer, and all that went wrong before is forgotten: who answers most of the time is not out.
        let breaker = origins.remove(&origin);
        self.is_any.store(!origins.is_empty(), Ordering::Release);
        match breaker {
            Some(breaker) if breaker.is_shut() => Change::Back,
            _ => Change::None,
        }
    }

    fn origins(&self) -> MutexGuard<'_, HashMap<Origin, Breaker>> {
        self.origins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn origin(url: &str) -> Option<Origin> {
    Origin::of(&url.parse().ok()?)
}

/// Whether the upstream itself is to blame, or what stands before it, and not the one request. A request that was refused here never
/// reached it.
fn is_out(got: &Result<Response, Failure>) -> bool {
    match got {
        Ok(response) => matches!(response.status, 502..=504),
        Err(failure) => matches!(failure.kind, FailureKind::Unreachable | FailureKind::Unanswered),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{BREAKER_FAULTS, BREAKER_PAUSE_MS};

    const DEAD: &str = "http://192.0.2.1/3rdparty/v1/messages";
    const ALIVE: &str = "https://192.0.2.1/3rdparty/v1/messages";

    fn answered(status: u16) -> Result<Response, Failure> {
        Ok(Response {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        })
    }

    fn failed(kind: FailureKind) -> Result<Response, Failure> {
        Err(Failure {
            kind,
            why: String::new(),
        })
    }

    /// One origin is out since 0.
    fn out() -> Outages {
        let outages = Outages::default();
        for _ in 1..BREAKER_FAULTS.0 {
            assert_eq!(outages.heard(DEAD, &failed(FailureKind::Unreachable), 0), Change::None);
        }
        assert_eq!(outages.heard(DEAD, &answered(503), 0), Change::Out(BREAKER_PAUSE_MS.0));
        outages
    }

    #[test]
    fn an_origin_that_is_out_is_left_alone_and_no_other_is() {
        let outages = out();
        assert_eq!(outages.enter(DEAD, 1), Err(999));
        assert_eq!(outages.enter(ALIVE, 1), Ok(()));
        assert_eq!(outages.enter("no URL", 1), Ok(()));
    }

    #[test]
    fn one_request_finds_out_whether_it_is_back() {
        let outages = out();
        assert_eq!(outages.enter(DEAD, 1_000), Ok(()));
        assert_eq!(outages.enter(DEAD, 1_001), Err(999));
        assert_eq!(outages.heard(DEAD, &answered(201), 1_002), Change::Back);
        assert_eq!(outages.enter(DEAD, 1_003), Ok(()));
        assert!(!outages.are_any(), "nothing is remembered for ever");
    }

    #[test]
    fn an_answer_between_failures_shows_that_it_is_there() {
        let outages = Outages::default();
        for _ in 0..10 * BREAKER_FAULTS.0 {
            assert_eq!(outages.heard(DEAD, &failed(FailureKind::Unanswered), 0), Change::None);
            assert_eq!(outages.heard(DEAD, &answered(500), 0), Change::None);
        }
    }

    #[test]
    fn what_was_never_sent_says_nothing_of_the_origin() {
        let outages = Outages::default();
        for _ in 0..10 * BREAKER_FAULTS.0 {
            assert_eq!(outages.heard(DEAD, &failed(FailureKind::Refused), 0), Change::None);
        }
        assert_eq!(outages.enter(DEAD, 0), Ok(()));
    }
}
