//! WASI 0.2 as an empty box, for guests whose toolchain imports it: clocks show the time of the event, random numbers follow from
//! the call, what is written goes to the tenant's log, and nothing else is there. No function of it waits or acts.
//!
//! A clock stands still during a call, so a guest that sleeps is woken at once; one that sleeps until its clock has moved on
//! spins, and ends by the deadline of its call. A call without an event - the constructor of a session, a check of settings - is
//! made at the beginning of 1970.

mod clocks;
mod line;
mod random;
mod refused;
mod streams;

use crate::{allowance::Allowance, instance::State, limits::WASI_HANDLES_MAX};
use line::Line;
use random::Random;
use std::sync::Arc;
use wasmtime::component::{Component, HasData, Linker, ResourceTable};
use wasmtime_wasi::{
    WasiCtx, WasiCtxView, WasiView,
    cli::{WasiCli, WasiCliView as _},
    filesystem::{WasiFilesystem, WasiFilesystemView as _},
    p2::bindings::{cli, clocks as clock, filesystem, random as chance, sockets, sync},
    sockets::{WasiSockets, WasiSocketsView as _},
};

/// The box of one instance.
pub(crate) struct Wasi {
    now_ms: u64,
    random: Random,
    stdout: Line,
    stderr: Line,
    table: ResourceTable,
    /// What is behind the interfaces of files and of sockets: nothing, and no way to any.
    nothing: WasiCtx,
}

/// What a guest can wait for, and never needs to.
struct Ready;

impl Wasi {
    pub(crate) fn new(allowance: &Arc<Allowance>) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(WASI_HANDLES_MAX);
        Self {
            now_ms: 0,
            random: Random::default(),
            stdout: Line::new(allowance),
            stderr: Line::new(allowance),
            table,
            nothing: WasiCtx::builder().build(),
        }
    }

    /// From now on it is this time, and random numbers follow from this seed.
    pub(crate) fn turn_to(&mut self, now_ms: u64, seed: &[&[u8]]) {
        self.now_ms = now_ms;
        self.random.seed(seed);
    }

    /// The same, with a seed that follows from the one before.
    pub(crate) fn go_on(&mut self, now_ms: u64) {
        self.now_ms = now_ms;
        self.random.go_on(&now_ms.to_le_bytes());
    }
}

impl Drop for Wasi {
    fn drop(&mut self) {
        self.stdout.end();
        self.stderr.end();
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let Wasi { nothing, table, .. } = self.wasi();
        WasiCtxView { ctx: nothing, table }
    }
}

/// The interfaces that are ours.
struct InBox;

impl HasData for InBox {
    type Data<'a> = &'a mut Wasi;
}

/// Those that wasmtime's own table of handles serves.
struct InTable;

impl HasData for InTable {
    type Data<'a> = &'a mut ResourceTable;
}

/// Links everything that a component may import of WASI 0.2.
pub(crate) fn link(linker: &mut Linker<State>, component: &Component) -> wasmtime::Result<()> {
    let ours = State::wasi;
    clock::wall_clock::add_to_linker::<_, InBox>(linker, ours)?;
    clock::monotonic_clock::add_to_linker::<_, InBox>(linker, ours)?;
    chance::random::add_to_linker::<_, InBox>(linker, ours)?;
    chance::insecure::add_to_linker::<_, InBox>(linker, ours)?;
    chance::insecure_seed::add_to_linker::<_, InBox>(linker, ours)?;
    cli::environment::add_to_linker::<_, InBox>(linker, ours)?;
    cli::exit::add_to_linker::<_, InBox>(linker, ours)?;
    cli::stdin::add_to_linker::<_, InBox>(linker, ours)?;
    cli::stdout::add_to_linker::<_, InBox>(linker, ours)?;
    cli::stderr::add_to_linker::<_, InBox>(linker, ours)?;
    sync::io::poll::add_to_linker::<_, InBox>(linker, ours)?;
    sync::io::streams::add_to_linker::<_, InBox>(linker, ours)?;
    sockets::network::add_to_linker::<_, InBox>(linker, &sockets::network::LinkOptions::default(), ours)?;
    sockets::tcp_create_socket::add_to_linker::<_, InBox>(linker, ours)?;
    sync::sockets::udp_create_socket::add_to_linker::<_, InBox>(linker, ours)?;
    sockets::ip_name_lookup::add_to_linker::<_, InBox>(linker, ours)?;
    wasmtime_wasi_io::bindings::wasi::io::error::add_to_linker::<_, InTable>(linker, |state| &mut state.wasi().table)?;
    link_nothing(linker)?;
    refused::link_http(linker, component)
}

/// Links interfaces that can do nothing with what a guest can have: terminals, files and sockets.
fn link_nothing(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    cli::terminal_input::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    filesystem::preopens::add_to_linker::<_, WasiFilesystem>(linker, State::filesystem)?;
    sync::filesystem::types::add_to_linker::<_, WasiFilesystem>(linker, State::filesystem)?;
    sockets::instance_network::add_to_linker::<_, WasiSockets>(linker, State::sockets)?;
    sync::sockets::tcp::add_to_linker::<_, WasiSockets>(linker, State::sockets)?;
    sync::sockets::udp::add_to_linker::<_, WasiSockets>(linker, State::sockets)
}
