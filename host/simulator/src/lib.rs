//! The world outside Edgebind: an SMSGate server with its phones, Vonage's SMS API, an ESME, a bare HTTP upstream for load.
//!
//! Used by `edgebind demo`, by tests and by load programs, over real sockets on the loopback. It knows their APIs and SMPP as
//! the documents tell them and never imports the gateway, the runtime or the ledger: what it finds wrong is wrong for others too.
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::allow_attributes, reason = "a test that panics has failed")
)]

pub mod esme;
pub mod smsgate;
pub mod stub;
pub mod vonage;

mod clock;
mod fault;
mod http;
mod repeats;
mod wait;

pub use wait::TimedOut;
