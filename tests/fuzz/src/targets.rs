//! The targets, a file each.

pub(crate) mod frames;
pub(crate) mod headers;
pub(crate) mod pdus;
pub(crate) mod receipts;
pub(crate) mod restores;
pub(crate) mod sessions;
pub(crate) mod texts;
pub(crate) mod times;
pub(crate) mod tlvs;

mod golden;
mod tape;
