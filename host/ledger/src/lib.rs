//! Durable work: append, claim, settle.
//!
//! The ledger sits between those who promise that work will be done and those who do it. An entry is a lane, some
//! octets and an optional key; [`Ledger::append`] returns when it will survive a crash, [`Ledger::claim`] leases it to
//! one worker at a time, and [`Ledger::settle`] ends it, puts it off or buries it. Work is done at least once.
//! The ledger knows disks; it never sees a message, only bytes.
//!
//! [`Embedded`] keeps entries in a directory; [`Memory`] is the model that says what an engine must do. One suite
//! (`tests/conformance.rs`) holds every engine to the model.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test that cannot go on should stop"))]

mod clock;
mod embedded;
mod entry;
mod error;
mod ids;
mod ledger;
pub mod limits;
mod memory;
mod wait;

pub use clock::{Clock, Instant, system_clock};
pub use embedded::{Embedded, Options, Stats};
pub use entry::{Appended, Claim, NewEntry, Record, Settlement, State};
pub use error::{LedgerError, Result};
pub use ids::{EntryId, NotAnEntryId};
pub use ledger::{BoxFuture, Ledger, Records};
pub use memory::Memory;
