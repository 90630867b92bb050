//! Slows down who guesses passwords. Decides with time as an argument; sees neither a password nor a socket.
//!
//! Failures count against the source that they come from, never against the account that they name: nobody can lock a customer
//! out from elsewhere. And who has bound well from a source is not locked out with it: it is only slowed, by its own failures.

use super::{recent::Recent, source::Source};
use crate::limits::{
    FAILED_BINDS_FORGOTTEN_MS, FAILED_BINDS_MAX, GUARDED_MAX, KNOWN_FOR_MS, LOCK_OUT_MS, SLOWED_BY_MS, SLOWED_WAIT_MAX_MS,
};

/// What it remembers of sources, and of accounts at their sources.
#[derive(Debug)]
pub struct Guard {
    sources: Recent<Source, Failures>,
    known: Recent<(Source, Box<str>), Known>,
}

/// What a source did wrong.
#[derive(Debug, Default)]
struct Failures {
    count: u32,
    last: u64,
    locks: u32,
    locked_until: u64,
}

/// An account that has bound well from a source.
#[derive(Debug)]
struct Known {
    bound_at: u64,
    failures: u32,
    /// When its next attempt is looked at: attempts at the same time wait for one another.
    next_at: u64,
}

/// What becomes of a bind request before anybody looks at its password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is looked at, after so many milliseconds.
    Ask(u64),
    /// It is refused.
    Refuse,
}

/// A source whose bind requests are refused from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockOut {
    /// For so many milliseconds.
    pub for_ms: u64,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            sources: Recent::new(GUARDED_MAX),
            known: Recent::new(GUARDED_MAX),
        }
    }
}

impl Guard {
    /// An account that has bound well from this source within a day, and since when it is slowed.
    fn known(&mut self, source: Source, system_id: &str, now: u64) -> Option<&mut Known> {
        self.known
            .get(&(source, system_id.into()))
            .filter(|known| now < known.bound_at + KNOWN_FOR_MS)
    }

    /// A bind request has come.
    pub fn ask(&mut self, source: Source, system_id: &str, now: u64) -> Verdict {
        if let Some(known) = self.known(source, system_id, now) {
            let wait = known.next_at.saturating_sub(now);
            if wait > SLOWED_WAIT_MAX_MS {
                return Verdict::Refuse;
            }
            known.next_at = now + wait + doubled(SLOWED_BY_MS, known.failures);
            return Verdict::Ask(wait);
        }
        match self.sources.get(&source) {
            Some(failures) if now < failures.locked_until => Verdict::Refuse,
            _ => Verdict::Ask(0),
        }
    }

    /// Its credentials were wrong. One failure too many locks its source out.
    pub fn failed(&mut self, source: Source, system_id: &str, now: u64) -> Option<LockOut> {
        if let Some(known) = self.known(source, system_id, now) {
            known.failures += 1;
            known.next_at = known.next_at.max(now + doubled(SLOWED_BY_MS, known.failures));
            return None;
        }
        if self.sources.get(&source).is_none() {
            self.sources.put(source, Failures::default());
        }
        let failures = self.sources.get(&source)?;
        let quiet = now.saturating_sub(failures.last);
        if quiet >= FAILED_BINDS_FORGOTTEN_MS {
            failures.count = 0;
        }
        if quiet >= KNOWN_FOR_MS {
            failures.locks = 0;
        }
        failures.last = now;
        failures.count += 1;
        // What was under way when the lock came is no second lock.
        if failures.count < FAILED_BINDS_MAX || now < failures.locked_until {
            return None;
        }
        failures.count = 0;
        failures.locks += 1;
        let for_ms = doubled(LOCK_OUT_MS, failures.locks);
        failures.locked_until = now + for_ms;
        Some(LockOut { for_ms })
    }

    /// Its credentials were good; said again when a bind ends, which is known for a day from then on.
    pub fn bound(&mut self, source: Source, system_id: &str, now: u64) {
        let known = Known {
            bound_at: now,
            failures: 0,
            next_at: now,
        };
        self.known.put((source, system_id.into()), known);
    }
}

/// Nothing at first, then the first of these, doubled each time up to the second.
fn doubled((first, max): (u64, u64), times: u32) -> u64 {
    match times.checked_sub(1) {
        None => 0,
        Some(doublings) => first
            .saturating_mul(1_u64.checked_shl(doublings).unwrap_or(u64::MAX))
            .min(max),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000;
    const MINUTE: u64 = 60 * SECOND;

    fn source(text: &str) -> Source {
        Source::of(text.parse().unwrap())
    }

    /// A line an event - seconds, `good` or `bad` credentials, address, system_id - and what became of it.
    fn transcript(events: &str) -> String {
        let mut guard = Guard::default();
        let mut shown = String::new();
        for line in events.trim().lines().map(str::trim) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [seconds, credentials, address, system_id] = words[..] else {
                panic!("{line}")
            };
            let (now, source) = (seconds.parse::<u64>().unwrap() * SECOND, source(address));
            let outcome = match guard.ask(source, system_id, now) {
                Verdict::Refuse => "refused".to_owned(),
                Verdict::Ask(wait) => {
                    let asked = if wait == 0 {
                        "asked".into()
                    } else {
                        format!("asked after {wait} ms")
                    };
                    let at = now + wait;
                    if credentials == "good" {
                        guard.bound(source, system_id, at);
                        format!("{asked}, bound")
                    } else {
                        match guard.failed(source, system_id, at) {
                            None => format!("{asked}, failed"),
                            Some(lock_out) => format!("{asked}, failed, locked out for {} s", lock_out.for_ms / SECOND),
                        }
                    }
                }
            };
            shown += &format!("{line}: {outcome}\n");
        }
        shown
    }

    fn guesses(guard: &mut Guard, from: Source, at: u64, count: u32) -> Option<LockOut> {
        (0..count).filter_map(|_| guard.failed(from, "victim", at)).last()
    }

    #[test]
    fn who_guesses_is_locked_out_and_nobody_else_is() {
        let mut events: Vec<String> = (0..10).map(|at| format!("{at} bad 192.0.2.1 victim{at}")).collect();
        events.extend(
            [
                "10 good 192.0.2.1 victim",
                "10 good 192.0.2.2 victim",
                "11 bad 192.0.2.1 other",
                "68 bad 192.0.2.1 other",
                "69 good 192.0.2.1 victim",
            ]
            .map(str::to_owned),
        );
        insta::assert_snapshot!(transcript(&events.join("\n")), @r"
        0 bad 192.0.2.1 victim0: asked, failed
        1 bad 192.0.2.1 victim1: asked, failed
        2 bad 192.0.2.1 victim2: asked, failed
        3 bad 192.0.2.1 victim3: asked, failed
        4 bad 192.0.2.1 victim4: asked, failed
        5 bad 192.0.2.1 victim5: asked, failed
        6 bad 192.0.2.1 victim6: asked, failed
        7 bad 192.0.2.1 victim7: asked, failed
        8 bad 192.0.2.1 victim8: asked, failed
        9 bad 192.0.2.1 victim9: asked, failed, locked out for 60 s
        10 good 192.0.2.1 victim: refused
        10 good 192.0.2.2 victim: asked, bound
        11 bad 192.0.2.1 other: refused
        68 bad 192.0.2.1 other: refused
        69 good 192.0.2.1 victim: asked, bound
        ");
    }

    #[test]
    fn who_has_bound_well_from_a_source_is_not_locked_out_with_it() {
        let mut events = vec!["0 good 192.0.2.1 customer".to_owned()];
        events.extend((1..=11).map(|at| format!("{at} bad 192.0.2.1 guess")));
        events.extend(
            [
                "12 good 192.0.2.1 customer",
                "13 bad 192.0.2.1 customer",
                "13 bad 192.0.2.1 customer",
                "13 bad 192.0.2.1 customer",
                "13 good 192.0.2.1 customer",
                "15 good 192.0.2.1 customer",
                "16 bad 192.0.2.1 guess",
            ]
            .map(str::to_owned),
        );
        insta::assert_snapshot!(transcript(&events.join("\n")), @r"
        0 good 192.0.2.1 customer: asked, bound
        1 bad 192.0.2.1 guess: asked, failed
        2 bad 192.0.2.1 guess: asked, failed
        3 bad 192.0.2.1 guess: asked, failed
        4 bad 192.0.2.1 guess: asked, failed
        5 bad 192.0.2.1 guess: asked, failed
        6 bad 192.0.2.1 guess: asked, failed
        7 bad 192.0.2.1 guess: asked, failed
        8 bad 192.0.2.1 guess: asked, failed
        9 bad 192.0.2.1 guess: asked, failed
        10 bad 192.0.2.1 guess: asked, failed, locked out for 60 s
        11 bad 192.0.2.1 guess: refused
        12 good 192.0.2.1 customer: asked, bound
        13 bad 192.0.2.1 customer: asked, failed
        13 bad 192.0.2.1 customer: asked after 250 ms, failed
        13 bad 192.0.2.1 customer: asked after 750 ms, failed
        13 good 192.0.2.1 customer: asked after 1750 ms, bound
        15 good 192.0.2.1 customer: asked, bound
        16 bad 192.0.2.1 guess: refused
        ");
    }

    #[test]
    fn who_has_bound_well_long_ago_is_a_stranger_again() {
        let mut guard = Guard::default();
        let from = source("192.0.2.1");
        guard.bound(from, "customer", 0);
        guesses(&mut guard, from, KNOWN_FOR_MS - 1, FAILED_BINDS_MAX).unwrap();
        assert_eq!(guard.ask(from, "customer", KNOWN_FOR_MS - 1), Verdict::Ask(0));
        assert_eq!(guard.ask(from, "customer", KNOWN_FOR_MS), Verdict::Refuse);
        guard.bound(from, "customer", KNOWN_FOR_MS);
        assert_eq!(guard.ask(from, "customer", KNOWN_FOR_MS), Verdict::Ask(0));
    }

    #[test]
    fn a_lock_doubles_up_to_its_bound_and_a_day_forgives() {
        let mut guard = Guard::default();
        let from = source("2001:db8::1");
        let mut now = 0;
        let mut minutes = Vec::new();
        for _ in 0..6 {
            let lock_out = guesses(&mut guard, from, now, FAILED_BINDS_MAX).unwrap();
            minutes.push(lock_out.for_ms / MINUTE);
            assert_eq!(
                guard.ask(source("2001:db8::2"), "victim", now),
                Verdict::Refuse,
                "the same /64"
            );
            now += lock_out.for_ms;
            assert_eq!(guard.ask(from, "victim", now), Verdict::Ask(0));
        }
        assert_eq!(minutes, [1, 2, 4, 8, 15, 15]);
        now += KNOWN_FOR_MS;
        assert_eq!(
            guesses(&mut guard, from, now, FAILED_BINDS_MAX).map(|lock_out| lock_out.for_ms),
            Some(MINUTE)
        );
    }

    #[test]
    fn a_slip_now_and_then_locks_nobody_out() {
        let mut guard = Guard::default();
        for slip in 0..100 {
            let now = slip * FAILED_BINDS_FORGOTTEN_MS;
            assert_eq!(guard.failed(source("192.0.2.1"), "esme", now), None);
        }
    }

    #[test]
    fn guesses_at_a_known_account_wait_for_one_another_and_then_are_refused() {
        let mut guard = Guard::default();
        let from = source("192.0.2.1");
        guard.bound(from, "customer", 0);
        for _ in 0..20 {
            assert_eq!(guard.failed(from, "customer", 0), None, "it is slowed, not locked out");
        }
        let waits: Vec<Verdict> = (0..4).map(|_| guard.ask(from, "customer", 0)).collect();
        let max = SLOWED_BY_MS.1;
        assert_eq!(
            waits,
            [Verdict::Ask(max), Verdict::Ask(2 * max), Verdict::Refuse, Verdict::Refuse]
        );
        assert_eq!(guard.ask(from, "customer", 3 * max), Verdict::Ask(0));
        assert_eq!(guard.ask(from, "neighbour", 0), Verdict::Ask(0), "its failures are its own");
    }

    #[test]
    fn guesses_from_everywhere_are_forgotten_before_memory_is_full() {
        let mut guard = Guard::default();
        let customer = source("192.0.2.1");
        guard.bound(customer, "customer", 0);
        for number in 0..(GUARDED_MAX as u64 + 1) {
            let network = std::net::Ipv6Addr::from_bits(u128::from(number) << 64);
            guard.failed(Source::of(network.into()), "customer", 1);
        }
        assert!(
            guard.known(customer, "customer", 1).is_some(),
            "failures push no customer out"
        );
    }
}
