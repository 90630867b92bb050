//! What is fuzzed.

use std::str::FromStr;

use crate::targets;

/// A function of octets that panics when something does not hold, and where to begin.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it does with an input.
    pub run: fn(&[u8]),
    /// Inputs that people thought of.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Octets of an input; more are cut off.
    pub octets_max: usize,
}

/// Every target.
pub const ALL: [Target; 9] = [
    targets::frames::TARGET,
    targets::pdus::TARGET,
    targets::tlvs::TARGET,
    targets::texts::TARGET,
    targets::headers::TARGET,
    targets::receipts::TARGET,
    targets::times::TARGET,
    targets::sessions::TARGET,
    targets::restores::TARGET,
];

impl FromStr for Target {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let names = || ALL.map(|target| target.name).join(", ");
        let found = ALL.into_iter().find(|target| target.name == name);
        found.ok_or_else(|| format!("it is none of {}", names()))
    }
}
