//! How fast an account may submit: its own rate and its tenant's, and the parts of one long message never throttled apart.

use crate::{config::Rate, limits::PAID_MAX};
use edgebind_runtime::message::{Message, Part};
use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// A rate that several may share.
pub struct Bucket {
    limiter: DefaultDirectRateLimiter,
    burst: NonZeroU32,
}

impl Bucket {
    /// A full one; none where the rate is no rate.
    pub fn new(rate: Rate) -> Option<Self> {
        let (per_second, burst) = (NonZeroU32::new(rate.per_second)?, NonZeroU32::new(rate.burst)?);
        Some(Self {
            limiter: RateLimiter::direct(Quota::per_second(per_second).allow_burst(burst)),
            burst,
        })
    }

    /// Takes one; the error is how long to wait.
    pub fn take_one(&self) -> Result<(), Duration> {
        self.take(NonZeroU32::MIN)
    }

    /// Takes so many at once, or as many as it ever holds; the error is how long to wait.
    fn take(&self, messages: NonZeroU32) -> Result<(), Duration> {
        match self.limiter.check_n(messages.min(self.burst)) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(not_until)) => Err(not_until.wait_time_from(DefaultClock::default().now())),
            Err(_) => unreachable!("no more is asked for than the burst"),
        }
    }
}

/// What bounds one account.
#[derive(Default)]
pub struct Meter {
    own: Option<Bucket>,
    shared: Option<Arc<Bucket>>,
    /// Long messages whose first part paid for all, until when, and how many are to come.
    paid: Mutex<HashMap<Long, (u64, u8)>>,
    paid_for_ms: u64,
}

/// What the parts of a long message have in common.
#[derive(PartialEq, Eq, Hash)]
struct Long {
    source: String,
    destination: String,
    reference: u16,
    total: u8,
}

impl Meter {
    /// A meter of an account. Parts that come later than `paid_for_ms` after the first pay again.
    pub fn new(own: Option<Rate>, shared: Option<Arc<Bucket>>, paid_for_ms: u64) -> Self {
        Self {
            own: own.and_then(Bucket::new),
            shared,
            paid: Mutex::default(),
            paid_for_ms,
        }
    }

    /// Whether both share one rate, or none.
    pub fn shares_with(&self, other: &Self) -> bool {
        self.paid_for_ms == other.paid_for_ms
            && match (&self.shared, &other.shared) {
                (Some(one), Some(other)) => Arc::ptr_eq(one, other),
                (one, other) => one.is_none() && other.is_none(),
            }
    }

    /// Whether this message may pass now; the error is how long to wait. Each destination counts, and so does each part: the first
    /// that comes pays for all, so that no message is let in by halves.
    pub fn take(&self, now: u64, message: &Message) -> Result<(), Duration> {
        if self.own.is_none() && self.shared.is_none() {
            return Ok(());
        }
        let destinations = u32::try_from(message.also_to.len()).unwrap_or(u32::MAX).saturating_add(1);
        let Some(part) = message.part else {
            return self.take_all(destinations);
        };
        let long = Long::of(message, part);
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((until, left)) = paid.get_mut(&long)
            && *until > now
        {
            *left -= 1;
            if *left == 0 {
                paid.remove(&long);
            }
            return Ok(());
        }
        self.take_all(destinations.saturating_mul(part.total.into()))?;
        if paid.len() >= PAID_MAX {
            paid.retain(|_, (until, _)| *until > now);
        }
        if paid.len() < PAID_MAX && part.total > 1 {
            paid.insert(long, (now.saturating_add(self.paid_for_ms), part.total - 1));
        }
        Ok(())
    }

    /// The account's own first: what it may not send anyway takes nothing from the others.
    fn take_all(&self, messages: u32) -> Result<(), Duration> {
        let Some(messages) = NonZeroU32::new(messages) else {
            return Ok(());
        };
        for bucket in [self.own.as_ref(), self.shared.as_deref()].into_iter().flatten() {
            bucket.take(messages)?;
        }
        Ok(())
    }
}

impl Long {
    fn of(message: &Message, part: Part) -> Self {
        Self {
            source: message.source.digits.clone(),
            destination: message.destination.digits.clone(),
            reference: part.reference,
            total: part.total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::samples;
    use edgebind_runtime::message::PartScheme;

    const SLOW: Rate = Rate { per_second: 1, burst: 3 };

    fn part(reference: u16, index: u8, total: u8) -> Message {
        Message {
            part: Some(Part {
                scheme: PartScheme::Udh8,
                reference,
                index,
                total,
            }),
            ..samples::message()
        }
    }

    #[test]
    fn a_burst_passes_and_then_one_a_second() {
        let meter = Meter::new(Some(SLOW), None, 1_000);
        for _ in 0..3 {
            assert_eq!(meter.take(0, &samples::message()), Ok(()));
        }
        let wait = meter.take(0, &samples::message()).unwrap_err();
        assert!(
            wait > Duration::from_millis(900) && wait <= Duration::from_secs(1),
            "{wait:?}"
        );
    }

    #[test]
    fn the_first_part_pays_for_all() {
        let meter = Meter::new(Some(SLOW), None, 1_000);
        for index in 1..=5 {
            assert_eq!(meter.take(0, &part(1, index, 5)), Ok(()), "part {index}");
        }
        assert!(meter.take(0, &part(2, 1, 2)).is_err(), "another long message waits whole");
        assert!(meter.take(0, &part(2, 2, 2)).is_err());
        assert!(
            meter.take(0, &part(1, 1, 5)).is_err(),
            "what all parts of have come is paid for no more"
        );
    }

    #[test]
    fn parts_that_come_late_pay_again() {
        let meter = Meter::new(Some(SLOW), None, 1_000);
        assert_eq!(meter.take(0, &part(1, 1, 3)), Ok(()));
        assert!(meter.take(1_000, &part(1, 2, 3)).is_err());
    }

    #[test]
    fn every_destination_counts() {
        let meter = Meter::new(Some(SLOW), None, 1_000);
        let multi = Message {
            also_to: vec![samples::message().destination],
            ..samples::message()
        };
        assert_eq!(meter.take(0, &multi), Ok(()));
        assert_eq!(meter.take(0, &samples::message()), Ok(()));
        assert!(meter.take(0, &samples::message()).is_err());
    }

    #[test]
    fn accounts_of_a_tenant_share_its_rate_and_keep_their_own() {
        let shared = Bucket::new(SLOW).map(Arc::new);
        let one = Meter::new(Some(Rate { per_second: 1, burst: 2 }), shared.clone(), 1_000);
        let other = Meter::new(None, shared, 1_000);
        let accepted = |meter: &Meter| (0..5).filter(|_| meter.take(0, &samples::message()).is_ok()).count();
        assert_eq!(accepted(&one), 2, "its own rate");
        assert_eq!(accepted(&other), 1, "what is left of the tenant's");
    }
}
