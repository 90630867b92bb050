//! Edgebind, the program: everything that acts. It joins the runtime (guests), the ledger (durable work) and the sockets;
//! what it does with them is decided by guests.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test that cannot go on should stop"))]
#![expect(unreachable_pub, reason = "a program has no outside: pub is for its other rooms")]

mod account;
mod admin;
mod allowance;
mod attach;
mod audit;
mod bind;
mod binds;
mod breaker;
mod cli;
mod clock;
mod components;
mod config;
mod descriptors;
mod directory;
mod document;
mod gateway;
mod http;
mod limits;
mod lull;
mod memos;
mod observe;
mod outages;
mod rate;
mod receivers;
mod recordings;
mod register;
mod releases;
mod signature;
mod smpp;
mod start;
mod tenant;
mod tls;
mod upstream;
mod vault;
mod work;

/// A submit_sm over the full path is allocated for a few hundred times, on one thread and freed on another: what libc does there
/// was a tenth of the processor time (`load suite`). Without huge pages: whoever is first on one waits until all of it is zero, and
/// answers were late by that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::run()
}
