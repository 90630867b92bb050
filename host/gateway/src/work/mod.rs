//! Durable work between the ledger and everything else: what is stored, who does it, what follows from it.

pub mod awaited;
pub mod backoff;
pub mod deliveries;
pub mod entry;
pub mod holding;
pub mod inquiry;
pub mod lane;
pub mod multi;
pub mod order;
pub mod parts;
pub mod pieces;
pub mod receipts;
pub mod reports;
#[cfg(test)]
pub mod samples;
pub mod submit;
pub mod sweep;
pub mod turns;
pub mod workers;
