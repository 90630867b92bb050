//! One instance in a store of its own: the limits that its calls run in, and the end of it when one of them breaks.

use crate::{
    allowance::{Allowance, Seat},
    clock::{Clock, TICK},
    engine::{Engine, Place, Places},
    fault::{CallLimits, Fault},
    wasi::Wasi,
};
use rustix::time::{ClockId, clock_gettime};
use std::{sync::Arc, time::Duration};
use wasmtime::{ResourceLimiter, Store, UpdateDeadline};

/// A store that holds one instance. Its life ends in one of three ways, all of them a drop: its owner is done with it; a call
/// broke, after which no other enters it; the engine had no place for it, so that it never began.
pub(crate) struct Instance {
    store: Store<State>,
    poisoned: bool,
    clock: Clock,
    /// What the place in the pool has.
    memory_bytes: usize,
    /// Given back after the store, whose memory it stands for.
    room: Room,
}

/// What an instance holds for as long as it is there.
pub(crate) struct Room {
    _place: Place,
    /// Of two instances between which a bind moves, only the one that goes on has a seat.
    _seat: Option<Seat>,
}

impl Room {
    /// For the life of a bind.
    pub(crate) fn for_session(engine: &Engine, allowance: &Arc<Allowance>) -> Result<Self, Fault> {
        Self::new(&engine.sessions, Some(allowance))
    }

    /// For one call.
    pub(crate) fn for_call(engine: &Engine, allowance: &Arc<Allowance>) -> Result<Self, Fault> {
        Self::new(&engine.calls, Some(allowance))
    }

    /// For the second instance of a bind that moves.
    pub(crate) fn for_move(engine: &Engine) -> Result<Self, Fault> {
        Self::new(&engine.moves, None)
    }

    fn new(places: &Arc<Places>, allowance: Option<&Arc<Allowance>>) -> Result<Self, Fault> {
        Ok(Self {
            _seat: allowance.map(Allowance::take).transpose()?,
            _place: places.take().map_err(Fault::Host)?,
        })
    }
}

impl Instance {
    /// An empty store in this room, for a component that imports WASI or for one that does not.
    pub(crate) fn new(engine: &Engine, allowance: &Arc<Allowance>, room: Room, wasi: bool) -> Self {
        let state = State {
            allowance: allowance.clone(),
            wasi: wasi.then(|| Box::new(Wasi::new(allowance))),
            memory_bytes_max: 0,
            denied: false,
            time: Time::default(),
        };
        let mut store = Store::new(&engine.inner, state);
        store.limiter(|state| state);
        store.epoch_deadline_callback(|mut store| Ok(store.data_mut().time.half_is_over(processor_time())));
        Self {
            store,
            poisoned: false,
            clock: engine.clock.clone(),
            room,
            memory_bytes: engine.limits.memory_bytes,
        }
    }

    /// Makes one call, or several that count as one, within the limits. After a fault every further call is refused.
    pub(crate) fn call<R>(
        &mut self,
        limits: CallLimits,
        call: impl FnOnce(&mut Store<State>) -> wasmtime::Result<R>,
    ) -> Result<R, Fault> {
        if self.poisoned {
            return Err(Fault::Poisoned);
        }
        let half = Duration::from_millis(limits.ms) / 2;
        let limits = CallLimits {
            memory_bytes: limits.memory_bytes.min(self.memory_bytes),
            ..limits
        };
        let state = self.store.data_mut();
        state.time = Time { half, since: None };
        state.memory_bytes_max = limits.memory_bytes;
        state.denied = false;
        self.store.set_epoch_deadline(ticks(half));
        // Every string and list of the answer counts with the octets of its elements, before memory is taken for it.
        self.store.set_hostcall_fuel(limits.bytes_max);
        let running = self.clock.call();
        let done = call(&mut self.store);
        self.store.data().allowance.charge(running.time());
        drop(running);
        done.map_err(|error| {
            self.poisoned = true;
            Fault::from_wasmtime(&error, self.store.data().denied, limits)
        })
    }

    /// To a guest with clocks it is this time from now on, and its random numbers follow from these words.
    pub(crate) fn turn_to(&mut self, now_ms: u64, seed: &[&[u8]]) {
        if let Some(wasi) = &mut self.store.data_mut().wasi {
            wasi.turn_to(now_ms, seed);
        }
    }

    /// The same, with random numbers that follow from all the times that it has been.
    pub(crate) fn go_on(&mut self, now_ms: u64) {
        if let Some(wasi) = &mut self.store.data_mut().wasi {
            wasi.go_on(now_ms);
        }
    }

    /// Each has the other's room from now on.
    pub(crate) fn swap_room(&mut self, other: &mut Self) {
        std::mem::swap(&mut self.room, &mut other.room);
    }

    /// Ends it: no call enters it again.
    pub(crate) fn poison(&mut self) {
        self.poisoned = true;
    }
}

/// What wasmtime asks about an instance.
pub(crate) struct State {
    allowance: Arc<Allowance>,
    /// Of components that import it; others do not pay for it.
    wasi: Option<Box<Wasi>>,
    /// In this call.
    memory_bytes_max: usize,
    /// It was refused memory in this call.
    denied: bool,
    time: Time,
}

impl State {
    /// What the instance sees of WASI.
    pub(crate) fn wasi(&mut self) -> &mut Wasi {
        self.wasi.get_or_insert_with(|| Box::new(Wasi::new(&self.allowance)))
    }
}

impl ResourceLimiter for State {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let allowed = desired <= self.memory_bytes_max;
        self.denied |= !allowed;
        if allowed {
            self.allowance.grown_to(desired);
        }
        Ok(allowed)
    }

    fn table_growing(&mut self, _current: usize, _desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        // The pool's bound on elements is the only one.
        Ok(true)
    }
}

/// The time that one call may take, in two halves: the first by the clock, which costs nothing to read; the second by what
/// the thread has had of a processor, so that no guest pays for a machine that had no time for it.
#[derive(Clone, Copy, Default)]
struct Time {
    half: Duration,
    /// The thread's processor time when the second half began.
    since: Option<Duration>,
}

impl Time {
    /// Called when half of the time is over by the clock, and again until it is over by what the thread has had.
    fn half_is_over(&mut self, now: Duration) -> UpdateDeadline {
        let since = *self.since.get_or_insert(now);
        match self.half.checked_sub(now.saturating_sub(since)) {
            Some(left) if !left.is_zero() => UpdateDeadline::Continue(ticks(left)),
            _ => UpdateDeadline::Interrupt,
        }
    }
}

fn ticks(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(TICK.as_nanos()))
        .unwrap_or(u64::MAX)
        .max(1)
}

/// What this thread has had of a processor.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_had_no_processor_is_not_interrupted() {
        let ms = Duration::from_millis;
        let mut time = Time {
            half: ms(10),
            since: None,
        };
        // By the clock, ten milliseconds have gone at the first of these and tens more before each of the others.
        assert!(matches!(time.half_is_over(ms(500)), UpdateDeadline::Continue(10)));
        assert!(matches!(time.half_is_over(ms(500)), UpdateDeadline::Continue(10)));
        assert!(matches!(time.half_is_over(ms(503)), UpdateDeadline::Continue(7)));
        assert!(matches!(time.half_is_over(ms(509)), UpdateDeadline::Continue(1)));
        assert!(matches!(time.half_is_over(ms(510)), UpdateDeadline::Interrupt));
    }

    #[test]
    fn the_threads_processor_time_goes_on() {
        let before = processor_time();
        while processor_time() == before {}
        assert!(processor_time() > before);
    }
}
