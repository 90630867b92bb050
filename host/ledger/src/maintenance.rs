//! What is done to a ledger that nobody has open: checked, made small, exported as far as it can be read.

use std::fmt;
use std::path::Path;

use crate::embedded::{self, Shadow};
use crate::limits::DAMAGE_MAX;
use crate::{Record, Result};

/// What a ledger holds that can be read, and what of it is damaged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Entries not settled.
    pub waiting: u64,
    /// Entries done.
    pub done: u64,
    /// Entries dead.
    pub dead: u64,
    /// What is not as it was written, a sentence each; the first `DAMAGE_MAX` of them.
    pub damage: Vec<String>,
    /// How many more there are.
    pub more_damage: u64,
}

/// An entry as it is in the directory, for a copy of it elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// What is known of it. Nobody has a claim: it waits, or is settled.
    pub record: Record,
    /// What it was appended with.
    pub key: Option<Vec<u8>>,
    /// What it was given, those that other entries have now included.
    pub aliases: Vec<Vec<u8>>,
    /// Its body, lane and key could not be read, unless the lane is there; the body is empty.
    pub lost_body: bool,
    /// Whether it was settled could not be read; it is said to wait at its first try.
    pub lost_state: bool,
}

/// Reads every file and every row of a ledger that is not in use, compares them, and changes nothing.
///
/// # Errors
/// When there is no ledger, it is in use, or it is damaged so that nothing can be read.
pub fn check(path: impl AsRef<Path>) -> Result<Report> {
    export(path, |_| {})
}

/// Gives every entry of a ledger that is not in use to `each`, mostly in the order of their ids, and changes nothing. What
/// cannot be read is passed over and reported.
///
/// # Errors
/// When there is no ledger, it is in use, or it is damaged so that nothing can be read.
pub fn export(path: impl AsRef<Path>, mut each: impl FnMut(Exported)) -> Result<Report> {
    let shadow = Shadow::open(path.as_ref())?;
    Ok(embedded::audit(&shadow, &mut each))
}

/// Makes the directory of a ledger that is not in use as small as it can be, and brings it up to the newest schema.
///
/// # Errors
/// When it cannot be opened or written; what it holds is then as it was.
pub fn compact(path: impl AsRef<Path>) -> Result<()> {
    embedded::compact(path.as_ref())
}

impl Report {
    /// Everything is as it was written.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.damage.is_empty()
    }

    pub(crate) fn damaged(&mut self, what: String) {
        if self.damage.len() < DAMAGE_MAX {
            self.damage.push(what);
        } else {
            self.more_damage += 1;
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { waiting, done, dead, .. } = self;
        let read = if self.is_whole() { "" } else { " can be read and exported" };
        write!(
            f,
            "{} entries{read}: {waiting} waiting, {done} done, {dead} dead",
            waiting + done + dead
        )?;
        self.damage.iter().try_for_each(|what| write!(f, "\ndamaged: {what}"))?;
        if self.more_damage > 0 {
            write!(f, "\ndamaged: {} more", self.more_damage)?;
        }
        Ok(())
    }
}
