//! The targets, a file each.

pub(crate) mod frames;

mod golden;
mod tape;
