//! The clocks of a WASI guest: both show the time of the event and stand still during a call.

use super::{Ready, Wasi};
use wasmtime::component::Resource;
use wasmtime_wasi::p2::{
    DynPollable,
    bindings::clocks::{
        monotonic_clock,
        wall_clock::{self, Datetime},
    },
    subscribe,
};

const NS_PER_MS: u64 = 1_000_000;

impl wall_clock::Host for Wasi {
    fn now(&mut self) -> wasmtime::Result<Datetime> {
        Ok(datetime(self.now_ms))
    }

    fn resolution(&mut self) -> wasmtime::Result<Datetime> {
        Ok(datetime(1))
    }
}

fn datetime(ms: u64) -> Datetime {
    Datetime {
        seconds: ms / 1000,
        nanoseconds: (ms % 1000) as u32 * 1_000_000,
    }
}

impl monotonic_clock::Host for Wasi {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.now_ms.saturating_mul(NS_PER_MS))
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(NS_PER_MS)
    }

    fn subscribe_instant(&mut self, _when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let ready = self.table.push(Ready)?;
        subscribe(&mut self.table, ready)
    }

    fn subscribe_duration(&mut self, _duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let ready = self.table.push(Ready)?;
        subscribe(&mut self.table, ready)
    }
}
