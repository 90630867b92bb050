//! A directory of links to a ledger's files, and copies of those that change: opened in its place, so that the ledger is left
//! as it is. What is damaged beyond opening is left out.

use std::fs;
use std::path::{Path, PathBuf};

use super::disk::{Disk, Lock, disk_error};
use super::files::{Files, TABLES, Table};
use crate::{LedgerError, Result};

/// A ledger opened for reading, whatever is damaged.
pub(crate) struct Shadow {
    /// None only while it is dropped.
    disk: Option<Disk>,
    path: PathBuf,
    /// What is not as it was written, a sentence each.
    pub(crate) damage: Vec<String>,
    _lock: Lock,
}

impl Shadow {
    /// Looks at every file of a ledger that is not in use, and opens what can be opened.
    pub(crate) fn open(of: &Path) -> Result<Self> {
        let missing = || LedgerError::Disk {
            why: format!("there is no ledger in {}", of.display()),
        };
        if !of.is_dir() {
            return Err(missing());
        }
        let lock = Lock::take(of)?;
        let Files {
            journals,
            tables,
            mut damage,
        } = Files::look(of)?.ok_or_else(missing)?;
        let files: Vec<Vec<String>> = tables.iter().map(Table::damage).collect();
        damage.extend(files.iter().flatten().cloned());
        let whole: Vec<bool> = files.iter().map(Vec::is_empty).collect();
        let path = of.join("shadow");
        let open = |is_wanted: &dyn Fn(usize) -> bool| -> Result<Disk> {
            let failed = |error: std::io::Error| disk_error(&format!("writing {}", path.display()), error);
            remove(&path).map_err(failed)?;
            fs::create_dir_all(path.join(TABLES)).map_err(failed)?;
            fs::write(path.join("version"), b"FJL\x03").map_err(failed)?;
            fs::write(path.join("lock"), "").map_err(failed)?;
            for journal in &journals {
                journal.copy(&path.join(journal.name()))?;
            }
            for (_, table) in tables
                .iter()
                .enumerate()
                .filter(|(at, table)| table.readable && is_wanted(*at))
            {
                let to = path.join(TABLES).join(table.path.file_name().unwrap_or_default());
                link(&table.path, &to).map_err(failed)?;
            }
            Disk::open_damaged(&path)
        };
        // A file that is damaged in its data can be read around the damage; in its index, not at all.
        let disk = open(&|_| true).or_else(|error| {
            if whole.iter().all(|whole| *whole) {
                Err(error)
            } else {
                open(&|at| whole[at])
            }
        });
        let disk = disk.map_err(|error| {
            drop(remove(&path));
            let first = damage.first().cloned().unwrap_or_else(|| error.to_string());
            LedgerError::Damaged {
                path: of.display().to_string(),
                what: format!("{first}; nothing can be read"),
            }
        })?;
        Ok(Self {
            disk: Some(disk),
            path,
            damage,
            _lock: lock,
        })
    }

    pub(super) fn disk(&self) -> Option<&Disk> {
        self.disk.as_ref()
    }
}

impl Drop for Shadow {
    fn drop(&mut self) {
        self.disk = None;
        if let Err(error) = remove(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "a directory of links is left");
        }
    }
}

fn remove(path: &Path) -> std::io::Result<()> {
    if path.exists() { fs::remove_dir_all(path) } else { Ok(()) }
}

/// Copies a table's manifests, and links the files that they name, which nobody changes.
fn link(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to.join("tables"))?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    for entry in fs::read_dir(from.join("tables"))? {
        let entry = entry?;
        fs::hard_link(entry.path(), to.join("tables").join(entry.file_name()))?;
    }
    Ok(())
}
