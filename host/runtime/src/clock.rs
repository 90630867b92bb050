//! The time of guests: the epoch by which their calls are interrupted, and what calls are charged. It stands still while no call
//! runs: a gateway with nothing to do does nothing.

use std::{
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, Thread},
    time::{Duration, Instant},
};

/// The epoch in which calls are measured.
pub(crate) const TICK: Duration = Duration::from_millis(1);

/// Ticks without a call before the time stands still.
const QUIET: u32 = 2;

/// How often a clock that stands still looks whether its engine is still there.
const REST: Duration = Duration::from_secs(1);

/// A call that began, in [`Inner::calls`]: one more that was begun, and one more that runs.
const BEGUN: u64 = (1 << 32) | 1;

/// A call that ended.
const ENDED: u64 = 1;

/// Those that run.
const RUNNING: u64 = u32::MAX as u64;

/// One for an engine. Clones are the same clock.
#[derive(Clone)]
pub(crate) struct Clock(Arc<Inner>);

struct Inner {
    started: Instant,
    /// Since then, in nanoseconds, as of the last tick. Reading it costs next to nothing, where the system's clock would cost a tenth of
    /// a short call; of calls that are shorter than a tick, as many in a thousand see one go by as they have microseconds.
    now: AtomicU64,
    /// Calls that run, and above them those begun so far, which may overflow.
    calls: AtomicU64,
    is_still: AtomicBool,
    ticker: OnceLock<Thread>,
}

/// A call that runs.
pub(crate) struct Call<'a> {
    clock: &'a Clock,
    began: Duration,
}

impl Clock {
    /// Ticks for as long as the engine lives.
    pub(crate) fn start(engine: &wasmtime::Engine) -> io::Result<Self> {
        let clock = Self(Arc::new(Inner {
            started: Instant::now(),
            now: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            is_still: AtomicBool::new(false),
            ticker: OnceLock::new(),
        }));
        let (weak, ticking) = (engine.weak(), clock.clone());
        let ticker = thread::Builder::new().name("guest-time".into()).spawn(move || {
            let (mut quiet, mut seen) = (0, 0);
            while let Some(engine) = weak.upgrade() {
                engine.increment_epoch();
                drop(engine);
                ticking.turn();
                let calls = ticking.0.calls.load(Ordering::SeqCst);
                quiet = if calls == seen && calls & RUNNING == 0 { quiet + 1 } else { 0 };
                seen = calls;
                if quiet < QUIET {
                    thread::sleep(TICK);
                } else {
                    ticking.stand_still(seen);
                }
            }
        })?;
        // It ticks before it stands still for the first time, and a call that comes before this finds it ticking.
        let _ = clock.0.ticker.set(ticker.thread().clone());
        Ok(clock)
    }

    /// A call begins, and ends when this is dropped.
    pub(crate) fn call(&self) -> Call<'_> {
        self.0.calls.fetch_add(BEGUN, Ordering::SeqCst);
        if self.0.is_still.load(Ordering::SeqCst) {
            self.turn();
            if let Some(ticker) = self.0.ticker.get() {
                ticker.unpark();
            }
        }
        Call {
            clock: self,
            began: self.now(),
        }
    }

    /// Until a call comes after those that were `seen`. Either the call sees that the clock stands still and wakes it, or it is seen here.
    fn stand_still(&self, seen: u64) {
        self.0.is_still.store(true, Ordering::SeqCst);
        if self.0.calls.load(Ordering::SeqCst) == seen {
            thread::park_timeout(REST);
        }
        self.0.is_still.store(false, Ordering::SeqCst);
    }

    fn turn(&self) {
        self.0.now.fetch_max(nanoseconds(self.0.started.elapsed()), Ordering::Relaxed);
    }

    fn now(&self) -> Duration {
        Duration::from_nanos(self.0.now.load(Ordering::Relaxed))
    }
}

impl Call<'_> {
    /// How long it has run.
    pub(crate) fn time(&self) -> Duration {
        self.clock.now().saturating_sub(self.began)
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.clock.0.calls.fetch_sub(ENDED, Ordering::SeqCst);
    }
}

pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine() -> wasmtime::Engine {
        wasmtime::Engine::default()
    }

    fn until(what: &str, is: impl Fn() -> bool) {
        let began = Instant::now();
        while !is() {
            assert!(began.elapsed() < Duration::from_secs(20), "waited for {what}");
            thread::yield_now();
        }
    }

    #[test]
    fn it_stands_still_while_no_call_runs_and_goes_on_with_the_next() {
        let engine = engine();
        let clock = Clock::start(&engine).unwrap();
        until("the clock to stand still", || clock.0.is_still.load(Ordering::SeqCst));
        let call = clock.call();
        until("time to pass for the call", || call.time() > TICK * 3);
        assert!(!clock.0.is_still.load(Ordering::SeqCst));
        drop(call);
        until("the clock to stand still again", || clock.0.is_still.load(Ordering::SeqCst));
    }

    #[test]
    fn a_call_is_not_charged_for_the_time_before_it() {
        let engine = engine();
        let clock = Clock::start(&engine).unwrap();
        until("the clock to stand still", || clock.0.is_still.load(Ordering::SeqCst));
        let still = clock.now();
        until("time to pass", || {
            clock.0.started.elapsed() > still + Duration::from_millis(50)
        });
        assert!(clock.call().began >= still + Duration::from_millis(50));
    }
}
