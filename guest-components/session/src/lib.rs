//! What one bind does: between a peer's PDUs and the host that stores, delivers and keeps the time. Events in, actions out;
//! it never sees a clock, a socket or a password.
//!
//! [`Machine`] is the whole of it and plain Rust; `component` wraps it for the contract in `wit/session`.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::allow_attributes, reason = "a test that panics has failed")
)]

pub mod bindings;
pub mod matrix;

mod alert;
mod answers;
mod bind;
mod carrier;
#[cfg(target_arch = "wasm32")]
mod component;
mod deliveries;
mod endpoint;
mod fields;
mod id;
mod incoming;
mod limits;
mod machine;
mod output;
mod peer;
mod phase;
mod question;
mod reading;
mod receipt;
mod requests;
mod settings;
mod submission;
mod text;
mod timers;
mod undeliverable;
mod user_data;

pub use bindings::edgebind::{message::types as message, session::types as session};
pub use machine::Machine;
pub use settings::{check, known_settings};
