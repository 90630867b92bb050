//! A note of how long each journal is, left when a ledger is closed: a journal that is cut short meanwhile looks like one
//! whose last write was torn, and only the note tells them apart. Taken away at the next opening.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::{Journal, journal, looking};
use crate::Result;

const NOTE: &str = "closed";

/// Leaves the note when it is dropped, which must be after the database was.
pub(in crate::embedded) struct Closing {
    path: PathBuf,
    /// Everything is on disk.
    pub(in crate::embedded) is_whole: AtomicBool,
}

impl Closing {
    /// Takes the note of the last closing away: from now on the journals change.
    pub(in crate::embedded) fn open(path: &Path) -> Result<Self> {
        if path.join(NOTE).exists() {
            let remove = fs::remove_file(path.join(NOTE)).and_then(|()| File::open(path)?.sync_all());
            remove.map_err(looking(path))?;
        }
        Ok(Self {
            path: path.to_owned(),
            is_whole: AtomicBool::new(false),
        })
    }

    /// Leaves the note for a ledger that was changed after it was closed.
    pub(in crate::embedded) fn again(path: &Path) -> Result<()> {
        Self {
            path: path.to_owned(),
            is_whole: AtomicBool::new(false),
        }
        .leave()
    }

    fn leave(&self) -> Result<()> {
        let lengths: String = journal::read_all(&self.path)?
            .iter()
            .map(|journal| format!("{} {}\n", journal.number, journal.end()))
            .collect();
        let write = || {
            let mut file = File::create(self.path.join("closed.new"))?;
            file.write_all(lengths.as_bytes())?;
            file.sync_all()?;
            fs::rename(self.path.join("closed.new"), self.path.join(NOTE))?;
            File::open(&self.path)?.sync_all()
        };
        write().map_err(looking(&self.path))
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        if self.is_whole.load(Relaxed)
            && let Err(error) = self.leave()
        {
            tracing::warn!(%error, "the ledger is closed, and a journal that is cut short will not be noticed");
        }
    }
}

/// Journals that are shorter than they were when the ledger was closed, a sentence each.
pub(super) fn missing(path: &Path, journals: &[Journal]) -> Result<Vec<String>> {
    let note = match fs::read_to_string(path.join(NOTE)) {
        Ok(note) => note,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(looking(path)(error)),
    };
    let mut missing = Vec::new();
    for line in note.lines() {
        let numbers = line
            .split_once(' ')
            .map(|(number, length)| (number.parse::<u64>(), length.parse::<usize>()));
        let Some((Ok(number), Ok(length))) = numbers else {
            return Ok(vec![format!("the file {NOTE:?} is not what was written")]);
        };
        let found = journals.iter().find(|journal| journal.number == number);
        let found_length = found.map_or(0, Journal::end);
        if found_length < length && found.is_none_or(|journal| journal.damage.is_none()) {
            missing.push(format!(
                "journal {number}.jnl is {found_length} octets long and was {length} when the ledger was closed"
            ));
        }
    }
    Ok(missing)
}
