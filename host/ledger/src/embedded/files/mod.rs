//! The database's files, looked at without the database and without writing: are they what was written? The formats are
//! fjall's and lsm-tree's (major version 3); a test with damage of every kind says when they change.

mod closing;
mod journal;
mod manifest;

use std::fs;
use std::path::Path;

pub(in crate::embedded) use closing::Closing;
pub(in crate::embedded) use journal::{Journal, number_of as journal_number};
pub(in crate::embedded) use manifest::Table;

use super::disk::disk_error;
use crate::{LedgerError, Result};

/// The directory of tables, one directory each.
pub(in crate::embedded) const TABLES: &str = "keyspaces";

/// What is known of a directory's files without reading the tables whole.
pub(in crate::embedded) struct Files {
    pub(in crate::embedded) journals: Vec<Journal>,
    pub(in crate::embedded) tables: Vec<Table>,
    /// What is not as it was written, a sentence each.
    pub(in crate::embedded) damage: Vec<String>,
}

impl Files {
    /// Looks at the directory. None when there is no ledger in it yet.
    pub(in crate::embedded) fn look(path: &Path) -> Result<Option<Self>> {
        let made = |name: &str| path.join(name).exists();
        let journals = journal::read_all(path)?;
        if !made("version") && journals.is_empty() && !made(TABLES) {
            return Ok(None);
        }
        let mut damage = Vec::new();
        let version = fs::read(path.join("version")).unwrap_or_default();
        if version != b"FJL\x03" {
            damage.push("the file \"version\" is missing or not what was written".to_owned());
        }
        if journals.is_empty() {
            damage.push("the journal is missing".to_owned());
        }
        for pair in journals.windows(2) {
            if pair[1].number != pair[0].number + 1 {
                damage.push(format!(
                    "a journal between {} and {} is missing",
                    pair[0].name(),
                    pair[1].name()
                ));
            }
        }
        damage.extend(journals.iter().filter_map(|journal| journal.damage.clone()));
        if let Some((_, sealed)) = journals.split_last() {
            let torn = sealed.iter().filter(|journal| journal.torn && journal.damage.is_none());
            damage.extend(torn.map(|journal| format!("journal {} ends in the middle of a batch", journal.name())));
        }
        damage.extend(closing::missing(path, &journals)?);
        let tables = manifest::read_all(path, &mut damage)?;
        Ok(Some(Self {
            journals,
            tables,
            damage,
        }))
    }

    /// Cuts off a last write that was torn: nobody was told that it was made. Everything else must be as it was written.
    pub(in crate::embedded) fn heal(&self) -> Result<()> {
        match self.journals.last() {
            Some(last) if last.torn => last.cut(),
            _ => Ok(()),
        }
    }
}

/// An error of a directory whose files are not as they were written.
pub(in crate::embedded) fn damaged(path: &Path, damage: &[String]) -> LedgerError {
    let more = match damage.len() {
        0 | 1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    LedgerError::Damaged {
        path: path.display().to_string(),
        what: format!(
            "{}{more}",
            damage.first().map_or("its files do not fit together", String::as_str)
        ),
    }
}

fn looking(path: &Path) -> impl Fn(std::io::Error) -> LedgerError {
    move |error| disk_error(&format!("reading {}", path.display()), error)
}
