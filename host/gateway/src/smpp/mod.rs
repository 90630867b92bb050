//! The SMPP side: from an accepted socket to a bind that is driven.

pub mod admission;
pub mod certificate;
pub mod connection;
pub mod driver;
pub mod entrance;
pub mod guard;
pub mod listener;
pub mod outbind;
pub mod pace;
pub mod peer;
pub mod places;
pub mod proxy;
pub mod recent;
pub mod source;
pub mod visit;
