//! fjall frees a table that it has in memory as soon as nobody has it, and that is under a lock that every write takes: half a million
//! small pieces, 20 ms and more. A thread of ours has each of them too, and so frees it itself, while nobody waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle};

use fjall::{AbstractTree, AnyTree, Keyspace};

use super::disk::give_way;
use crate::limits::MEMTABLE_AGE_MAX;

/// Ends its thread when dropped, which must be before the database is.
pub(super) struct Memtables {
    told: Arc<Told>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Told {
    /// Something was written since it looked last.
    written: AtomicBool,
    ended: AtomicBool,
}

impl Memtables {
    pub(super) fn of<const N: usize>(tables: [&Keyspace; N]) -> std::io::Result<Self> {
        let told = Arc::new(Told::default());
        let trees = tables.map(|table| table.tree.clone());
        let thread = thread::Builder::new().name("ledger-memtables".to_owned()).spawn({
            let told = told.clone();
            move || {
                give_way();
                run(&trees, &told);
            }
        })?;
        Ok(Self {
            told,
            thread: Some(thread),
        })
    }

    /// Something was written.
    pub(super) fn written(&self) {
        if !self.told.written.swap(true, Relaxed)
            && let Some(thread) = &self.thread
        {
            thread.thread().unpark();
        }
    }
}

impl Drop for Memtables {
    fn drop(&mut self) {
        self.told.ended.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

fn run(trees: &[AnyTree], told: &Told) {
    let mut held = Vec::new();
    while !told.ended.load(Relaxed) {
        for memtable in trees.iter().map(AbstractTree::active_memtable) {
            if !held.iter().any(|other| Arc::ptr_eq(other, &memtable)) {
                held.push(memtable);
            }
        }
        // Of those that only we have, there is no other way to get one any more.
        held.retain(|memtable| Arc::strong_count(memtable) > 1);
        if told.written.swap(false, Relaxed) || held.len() > trees.len() {
            // Not oftener than this, and again while there is one that is being written to the disk.
            thread::park_timeout(MEMTABLE_AGE_MAX);
        } else {
            thread::park();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use fjall::{Database, KeyspaceCreateOptions};

    use super::*;

    #[test]
    fn a_memtable_that_was_written_to_disk_is_freed_by_this_thread_and_what_is_in_use_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::builder(folder.path()).open().unwrap();
        let table = database.keyspace("table", KeyspaceCreateOptions::default).unwrap();
        table.insert("name", "value").unwrap();
        let memtables = Memtables::of([&table]).unwrap();
        memtables.written();
        let first = Arc::downgrade(&table.tree.active_memtable());
        // Fjall has it, and the thread.
        soon("it to be held", || first.strong_count() >= 2);
        table.rotate_memtable().unwrap();
        soon("it to be written to disk", || table.sealed_memtable_count() == 0);
        // Versions of before go with the next ones.
        soon("it to be freed", || {
            table.insert("name", "another").unwrap();
            table.rotate_memtable().unwrap();
            memtables.written();
            first.strong_count() == 0
        });
        assert_eq!(table.get("name").unwrap().as_deref(), Some(&b"another"[..]));
    }

    fn soon(what: &str, mut holds: impl FnMut() -> bool) {
        let until = Instant::now() + Duration::from_secs(20);
        while !holds() {
            assert!(Instant::now() < until, "{what}");
            thread::sleep(Duration::from_millis(5));
        }
    }
}
