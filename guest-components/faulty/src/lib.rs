//! Guests that misbehave, one misdeed each, chosen by the setting `misdeed`. Between the runtime and its promise that a guest
//! harms nobody but itself; never deployed.
//!
//! The crate is a session component, or with the feature `translator` a translator. Natively it is the list of misdeeds, so
//! that the tests of the runtime can see to it that they know them all.

pub mod bindings;
mod misdeed;
pub mod session;
pub mod translator;
mod ways;

pub use misdeed::{SessionMisdeed, TranslatorMisdeed};

/// The setting that chooses the misdeed. Without it, the guest behaves.
pub const SETTING: &str = "misdeed";
