//! Loads guest components and runs them inside their limits. Between bytes that somebody deployed and whoever has events to tell;
//! the only crate that names wasmtime. Knows no sockets and no disk but that of its compiler, and never what a message means.
//!
//! Three lifetimes, three types: an [`Engine`] is the process's; a [`SessionComponent`] or [`TranslatorComponent`] is a deployed
//! piece of code, and in a [`Slot`] with its settings a tenant's release, within the tenant's [`Allowance`]; a [`Session`] is one
//! bind's, and the instance of a translator one call's. Calls are synchronous: a guest imports nothing, or WASI as an empty box, so nothing in it can wait. For
//! the same reason a [`recording`] of what guests were told runs again on any other component.
//!
//! # What the boundary costs
//!
//! `cargo bench --workspace --bench cost`, on 2 cores (medians; the ratio holds from run to run, the times vary by a third):
//!
//! | | |
//! |---|---|
//! | store, instance and constructor, made and dropped | 8.8 us |
//! | 10 000 sessions bound at once | 58 KiB resident each |
//!
//! | one submit_sm, frame to append and appended to send | component | native | ratio |
//! |---|---|---|---|
//! | alone | 4.7 us | 0.9 us | 5.5 |
//! | in batches of 8 | 3.6 us | 0.8 us | 4.4 |
//! | in batches of 32 | 2.4 us | 0.5 us | 4.6 |
//!
//! Most of it is a message of many strings crossing twice; a batch pays for the call itself once.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails where it should")
)]

mod allowance;
mod clock;
mod compile;
mod contract;
mod counts;
mod engine;
mod fault;
mod inspect;
mod instance;
mod limits;
mod message_v0_1;
mod program;
pub mod recording;
pub mod session;
mod session_tokens;
mod session_v0_1;
mod session_v0_2;
mod slot;
mod speech;
pub mod translator;
mod translator_v0_1;
mod translator_v0_2;
mod wasi;
mod world;

pub use allowance::{Allowance, Usage, Voice};
pub use compile::{ChildCommand, Compiler, compile_into};
pub use contract::message;
pub use counts::{Counts, End, Tally};
pub use engine::{Engine, EngineError};
pub use fault::{Blame, Fault};
pub use inspect::{Shape, inspect};
pub use limits::{GuestLimits, Limits};
pub use program::{Ended, ProgramError, run_program};
pub use session::{RestoreError, Saved, Session, SessionComponent};
pub use session_tokens::Misuse;
pub use slot::{Component, DeployError, Release, Slot};
pub use translator::TranslatorComponent;
pub use world::{LoadError, World};
