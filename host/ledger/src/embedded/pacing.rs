//! Large files come and go little by little. fjall syncs a table of 64 MiB at once when it is written, and takes away a journal of two
//! hundred at once; a sync of the journal in use waits behind either for tens of milliseconds, and with it everyone who appends. A thread
//! beside fjall hears what it does to its files: of tables it has written out what there is while they grow, and of journals it keeps a
//! handle, so that what fjall takes away is still there to be cut short from the end. It decides nothing, and where it cannot be, all
//! there is is slower.

use std::fs::{self, File};
use std::io;
use std::mem::MaybeUninit;
use std::num::NonZeroU64;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::{collections::HashMap, ffi::OsStr};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::fs::{Advice, fadvise};
use rustix::io::Errno;

use super::files::{TABLES, journal_number};
use crate::limits::{CUT_BYTES_MAX, CUT_PAUSE, UNWRITTEN_BYTES_MAX};

/// Ends its thread when dropped.
pub(super) struct Pacing {
    inotify: Arc<OwnedFd>,
    /// The watch of the ledger's directory: where journals are.
    journals: i32,
    thread: Option<JoinHandle<()>>,
}

impl Pacing {
    /// Watches an open ledger's directory.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let inotify = Arc::new(inotify::init(CreateFlags::CLOEXEC)?);
        let journals = inotify::add_watch(&inotify, path, WatchFlags::CREATE | WatchFlags::DELETE)?;
        let mut tables = HashMap::new();
        for table in fs::read_dir(path.join(TABLES))? {
            let folder = table?.path().join("tables");
            if folder.is_dir() {
                tables.insert(
                    inotify::add_watch(&inotify, &folder, WatchFlags::MODIFY | WatchFlags::CLOSE_WRITE)?,
                    folder,
                );
            }
        }
        let mut paced = Paced {
            folder: path.to_owned(),
            tables,
            written: HashMap::new(),
            journals: Vec::new(),
        };
        for entry in fs::read_dir(path)? {
            paced.keep(&entry?.file_name());
        }
        let thread = thread::Builder::new().name("ledger-pacing".to_owned()).spawn({
            let inotify = inotify.clone();
            move || paced.run(&inotify, journals)
        })?;
        Ok(Self {
            inotify,
            journals,
            thread: Some(thread),
        })
    }
}

impl Drop for Pacing {
    fn drop(&mut self) {
        // The thread is told of that, as of everything.
        if inotify::remove_watch(&self.inotify, self.journals).is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

struct Paced {
    folder: PathBuf,
    /// By their watches.
    tables: HashMap<i32, PathBuf>,
    /// Tables that are being written, and how much of each is on its way to the disk.
    written: HashMap<PathBuf, (File, u64)>,
    journals: Vec<File>,
}

impl Paced {
    fn run(mut self, inotify: &OwnedFd, journals: i32) {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = Reader::new(inotify, &mut buffer);
        loop {
            let event = match events.next() {
                Ok(event) => event,
                Err(Errno::INTR) => continue,
                Err(error) => {
                    tracing::warn!(%error, "the ledger's files are paced no more");
                    return;
                }
            };
            let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()));
            match (self.tables.get(&event.wd()), name) {
                (Some(folder), Some(name)) => {
                    let table = folder.join(name);
                    if event.events().contains(ReadFlags::CLOSE_WRITE) {
                        self.written.remove(&table);
                    } else {
                        // Gone already, or not to be read: then it is written as ever.
                        let _ = self.write(table);
                    }
                }
                (None, _) if event.events().contains(ReadFlags::IGNORED) && event.wd() == journals => return,
                (None, Some(name)) if event.events().contains(ReadFlags::CREATE) => self.keep(name),
                // Also when there was too much to hear all of it.
                _ => self.cut(),
            }
        }
    }

    /// Has what there is of a table written out, when it is enough to be worth it.
    fn write(&mut self, table: PathBuf) -> io::Result<()> {
        let (file, written) = match self.written.entry(table) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                let file = File::open(entry.key())?;
                entry.insert((file, 0))
            }
        };
        let length = file.metadata()?.len();
        let unwritten = length.saturating_sub(*written);
        if unwritten >= UNWRITTEN_BYTES_MAX {
            // Begins to write what is dirty and does not wait for it; what is clean is dropped, and read again when it is asked for.
            fadvise(&*file, *written, NonZeroU64::new(unwritten), Advice::DontNeed)?;
            *written = length;
        }
        Ok(())
    }

    /// Keeps a handle of a journal.
    fn keep(&mut self, name: &OsStr) {
        if journal_number(Path::new(name)).is_some()
            && let Ok(journal) = File::options().write(true).open(self.folder.join(name))
        {
            self.journals.push(journal);
        }
    }

    /// Gives back what nobody but us has any more.
    fn cut(&mut self) {
        let (gone, kept) = self.journals.drain(..).partition(is_gone);
        self.journals = kept;
        for journal in gone {
            if let Err(error) = cut(&journal) {
                tracing::debug!(%error, "a journal is given back at once");
            }
        }
    }
}

/// Has it no name any more, neither fjall's nor a copy's?
fn is_gone(file: &File) -> bool {
    rustix::fs::fstat(file).is_ok_and(|stat| stat.st_nlink == 0)
}

fn cut(file: &File) -> io::Result<()> {
    let mut length = file.metadata()?.len();
    while length > 0 {
        length = length.saturating_sub(CUT_BYTES_MAX);
        file.set_len(length)?;
        thread::sleep(CUT_PAUSE);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn soon(what: &str, mut holds: impl FnMut() -> bool) {
        let until = Instant::now() + Duration::from_secs(20);
        while !holds() {
            assert!(Instant::now() < until, "{what}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn paced() -> (tempfile::TempDir, PathBuf, Pacing) {
        let folder = tempfile::tempdir().unwrap();
        let tables = folder.path().join(TABLES).join("1/tables");
        fs::create_dir_all(&tables).unwrap();
        fs::write(folder.path().join("1.jnl"), vec![1; 3 * CUT_BYTES_MAX as usize + 1]).unwrap();
        let pacing = Pacing::of(folder.path()).unwrap();
        (folder, tables, pacing)
    }

    #[test]
    fn a_journal_that_is_taken_away_is_cut_short_and_one_that_is_not_stays() {
        let (folder, _, _pacing) = paced();
        let [first, second] = ["1.jnl", "2.jnl"].map(|name| folder.path().join(name));
        fs::write(&second, "whole").unwrap();
        // Another name of it is another's copy.
        let copy = folder.path().join("copy");
        fs::hard_link(&second, &copy).unwrap();
        let watched = File::open(&first).unwrap();
        fs::remove_file(&first).unwrap();
        fs::remove_file(&second).unwrap();
        soon("the first to be empty", || watched.metadata().unwrap().len() == 0);
        assert_eq!(fs::read(copy).unwrap(), b"whole");
    }

    #[test]
    fn tables_are_what_was_written() {
        let (_folder, tables, pacing) = paced();
        let octets: Vec<u8> = (0..3 * UNWRITTEN_BYTES_MAX).map(|place| place as u8).collect();
        let table = tables.join("7");
        fs::write(&table, &octets).unwrap();
        drop(pacing);
        assert!(fs::read(table).unwrap() == octets);
    }

    #[test]
    fn dropped_it_ends() {
        let (folder, _, pacing) = paced();
        drop(pacing);
        assert!(folder.path().join("1.jnl").exists());
    }
}
