//! Both ends of a machine for tests: frames as an ESME writes them, actions as a person reads them.
#![allow(dead_code, clippy::allow_attributes, reason = "each test program uses its part")]

pub(crate) mod events;
pub(crate) mod frames;
pub(crate) mod requests;
pub(crate) mod show;
pub(crate) mod words;

use edgebind_session::{message::Setting, session::Config};

/// When every test begins, in milliseconds: 2026-01-02 15:04:05 UTC.
pub(crate) const START: u64 = 1_767_366_245_000;

/// A configuration with these settings.
pub(crate) fn config(settings: &[(&str, &str)]) -> Config {
    Config {
        tenant: "tenant".to_owned(),
        account: "account".to_owned(),
        settings: settings.iter().map(|(name, value)| setting(name, value)).collect(),
    }
}

pub(crate) fn setting(name: &str, value: &str) -> Setting {
    (name.to_owned(), value.to_owned())
}
