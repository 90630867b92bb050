//! The SMPP side: from an accepted socket to a bind that is driven.

pub mod admission;
pub mod connection;
pub mod driver;
pub mod listener;
pub mod tls;
