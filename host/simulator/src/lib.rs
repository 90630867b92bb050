//! The world outside Edgebind: an SMSGate server with its phones, an ESME, a bare HTTP upstream for load.
//!
//! Used by `edgebind demo`, by tests and by load programs, over real sockets on the loopback. It knows SMSGate's API and SMPP as
//! their documents tell them and never imports the gateway, the runtime or the ledger: what it finds wrong is wrong for others too.
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::allow_attributes, reason = "a test that panics has failed")
)]

pub mod esme;
pub mod smsgate;
pub mod stub;

mod clock;
mod wait;

pub use wait::TimedOut;
