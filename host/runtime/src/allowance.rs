//! An allowance: what the guests of one tenant may use together, and what they have used. Between the limits that an operator
//! sets and every call that is made for the tenant; never asks who the tenant is.

use crate::{
    clock::nanoseconds,
    fault::{CallLimits, Fault},
    limits::GuestLimits,
    speech::Speech,
};
use arc_swap::{ArcSwap, Guard};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// Where lines go that a guest writes: to the tenant's log, say.
pub type Voice = Arc<dyn Fn(&str) + Send + Sync>;

/// What one tenant's components, sessions and calls have together. One for a tenant, for as long as the tenant is there.
pub struct Allowance {
    limits: ArcSwap<GuestLimits>,
    voice: Voice,
    speech: Speech,
    instances: AtomicUsize,
    calls: AtomicU64,
    cpu_ns: AtomicU64,
    memory_peak_bytes: AtomicUsize,
    share: Share,
}

/// What the guests of one tenant have used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Instances that are open: one for each session, one for each call under way.
    pub instances: usize,
    /// Calls that were made.
    pub calls: u64,
    /// What these calls took: counted in ticks of a millisecond, right for many calls together.
    pub cpu: Duration,
    /// The largest memory that any instance has had.
    pub memory_peak_bytes: usize,
    /// Lines that they wrote and that were too many for the log.
    pub lines_left_out: u64,
}

impl Allowance {
    /// An allowance of which nothing is used yet. What its guests write goes to `voice`, a line at a time.
    pub fn new(limits: GuestLimits, voice: Voice) -> Arc<Self> {
        Arc::new(Self {
            limits: ArcSwap::from_pointee(limits),
            voice,
            speech: Speech::default(),
            instances: AtomicUsize::new(0),
            calls: AtomicU64::new(0),
            cpu_ns: AtomicU64::new(0),
            memory_peak_bytes: AtomicUsize::new(0),
            share: Share::new(),
        })
    }

    /// From the next call on, these limits hold. Instances that are open stay open; what was used too much of a processor is
    /// forgiven when the share is another.
    pub fn change(&self, limits: GuestLimits) {
        let share = limits.cpu_share;
        if self.limits.swap(Arc::new(limits)).cpu_share != share {
            self.share.forgive();
        }
    }

    /// What holds now.
    pub fn limits(&self) -> Guard<Arc<GuestLimits>> {
        self.limits.load()
    }

    /// How long until a call may be made, if the share of a processor is used up; none if one may be made now.
    pub fn wait(&self) -> Option<Duration> {
        self.limits.load().cpu_share?;
        self.share.wait(Instant::now())
    }

    /// What has been used so far.
    pub fn usage(&self) -> Usage {
        Usage {
            instances: self.instances.load(Ordering::Acquire),
            calls: self.calls.load(Ordering::Relaxed),
            cpu: Duration::from_nanos(self.cpu_ns.load(Ordering::Relaxed)),
            memory_peak_bytes: self.memory_peak_bytes.load(Ordering::Relaxed),
            lines_left_out: self.speech.left_out(),
        }
    }

    /// Where lines go that its guests write.
    pub fn voice(&self) -> &Voice {
        &self.voice
    }

    /// Has a guest say a line, if there were not too many in this second.
    pub(crate) fn say(&self, line: impl FnOnce() -> String) {
        self.speech.say(&self.voice, Instant::now(), line);
    }

    /// What bounds a call that is nobody's bind: a translator's, a check of settings.
    pub(crate) fn translation(&self) -> CallLimits {
        let limits = self.limits();
        CallLimits {
            ms: limits.translator_call_ms,
            memory_bytes: limits.memory_bytes,
            bytes_max: limits.translation_bytes_max,
        }
    }

    /// Room for one instance more, until it is dropped.
    pub(crate) fn take(self: &Arc<Self>) -> Result<Seat, Fault> {
        let limit = self.limits().instances_max;
        let one_more = |open| (open < limit).then_some(open + 1);
        match self.instances.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more) {
            Ok(_) => Ok(Seat(self.clone())),
            Err(_) => Err(Fault::Instances { limit }),
        }
    }

    /// Counts a call that has ended, and the ticks that went by in it.
    pub(crate) fn charge(&self, took: Duration) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if took.is_zero() {
            return;
        }
        self.cpu_ns.fetch_add(nanoseconds(took), Ordering::Relaxed);
        if let Some(share) = self.limits.load().cpu_share {
            self.share.charge(nanoseconds(took), share, Instant::now());
        }
    }

    /// Counts an instance that has come to so much memory.
    pub(crate) fn grown_to(&self, bytes: usize) {
        self.memory_peak_bytes.fetch_max(bytes, Ordering::Relaxed);
    }
}

impl fmt::Debug for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Allowance")
            .field("limits", &*self.limits())
            .field("usage", &self.usage())
            .finish_non_exhaustive()
    }
}

/// Room for one instance.
pub(crate) struct Seat(Arc<Allowance>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.instances.fetch_sub(1, Ordering::AcqRel);
    }
}

/// How much may be saved up: a second's worth.
const SAVED_NS: u64 = 1_000_000_000;

/// A share of a processor, as the time at which what was used is paid for: each call puts it off by what it took divided by the
/// share, and while it lies ahead there is nothing left.
struct Share {
    zero: Instant,
    /// Nanoseconds after `zero`.
    paid_at_ns: AtomicU64,
}

impl Share {
    fn new() -> Self {
        Self {
            zero: Instant::now(),
            paid_at_ns: AtomicU64::new(0),
        }
    }

    /// Pays for a call that took so long and ended now, with so many thousandths of a processor.
    fn charge(&self, took_ns: u64, share: u32, now: Instant) {
        let price = took_ns.saturating_mul(1_000) / u64::from(share.max(1));
        // Time that went by unused is saved up no further than a second: that is what may lie ahead.
        let earliest = self.at(now);
        let _ = self.paid_at_ns.fetch_update(Ordering::AcqRel, Ordering::Acquire, |paid_at| {
            Some(paid_at.max(earliest).saturating_add(price))
        });
    }

    fn wait(&self, now: Instant) -> Option<Duration> {
        let paid_at = self.paid_at_ns.load(Ordering::Acquire);
        let ahead = paid_at.saturating_sub(self.at(now).saturating_add(SAVED_NS));
        (ahead > 0).then(|| Duration::from_nanos(ahead))
    }

    fn forgive(&self) {
        self.paid_at_ns.store(0, Ordering::Release);
    }

    fn at(&self, now: Instant) -> u64 {
        nanoseconds(now.saturating_duration_since(self.zero))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn a_share_lasts_for_a_seconds_worth_and_comes_back_with_time() {
        let share = Share::new();
        let at = |ms| share.zero + Duration::from_millis(ms);
        // A tenth of a processor: a hundred milliseconds at once, then a tenth of the time that goes by.
        share.charge(100 * MS, 100, at(500));
        assert_eq!(share.wait(at(500)), None);
        share.charge(20 * MS, 100, at(500));
        assert_eq!(share.wait(at(500)), Some(Duration::from_millis(200)));
        assert_eq!(share.wait(at(600)), Some(Duration::from_millis(100)));
        assert_eq!(share.wait(at(700)), None);
        // After an hour there is no more than a second's worth either.
        share.charge(101 * MS, 100, at(3_600_000));
        assert_eq!(share.wait(at(3_600_000)), Some(Duration::from_millis(10)));
    }

    #[test]
    fn another_share_forgives_what_was_used() {
        let share = |cpu_share| GuestLimits {
            cpu_share,
            ..GuestLimits::default()
        };
        let allowance = Allowance::new(share(Some(1)), Arc::new(|_| {}));
        assert_eq!(allowance.wait(), None);
        allowance.share.charge(1_000 * MS, 1, Instant::now());
        assert!(allowance.wait().is_some());
        allowance.change(share(None));
        assert_eq!(allowance.wait(), None, "a share that nobody set is never used up");
        allowance.change(share(Some(1)));
        assert_eq!(allowance.wait(), None);
    }

    #[test]
    fn one_instance_past_its_number_is_not_opened() {
        let limits = |instances_max| GuestLimits {
            instances_max,
            ..GuestLimits::default()
        };
        let allowance = Allowance::new(limits(2), Arc::new(|_| {}));
        let (one, two) = (allowance.take().unwrap(), allowance.take().unwrap());
        assert_eq!(allowance.take().err(), Some(Fault::Instances { limit: 2 }));
        allowance.change(limits(1));
        drop(one);
        assert_eq!(allowance.take().err(), Some(Fault::Instances { limit: 1 }));
        drop(two);
        assert!(allowance.take().is_ok());
        assert_eq!(allowance.usage().instances, 0);
    }
}
