//! The tables on disk, in fjall: one atomic batch at a time, synced or not. Decides nothing.
//!
//! | table   | key   | value                                   |
//! |---------|-------|-----------------------------------------|
//! | entries | id    | lane, appended, key, body               |
//! | pending | id    | lane, appended, due, attempt, note      |
//! | settled | id    | dead, at, due, attempt, aliases, note   |
//! | aliased | id    | aliases                                 |
//! | dead    | id    | lane                                    |
//! | keys    | key   | id                                      |
//! | aliases | alias | id                                      |
//! | meta    | name  | the schema; the highest id ever given; the number of the last batch, and of the last before it that was synced |
//!
//! An entry is in `entries` and in one of `pending` and `settled`; in `aliased` as well while it is pending and was given
//! aliases; in `dead` as well while it is settled as dead.

use std::fmt::Display;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode, Snapshot};

use super::files::{Closing, Files, damaged};
use super::memtables::Memtables;
#[cfg(target_os = "linux")]
use super::pacing::Pacing;
use super::row::{EntryRow, PendingRow, SettledRow, id_key, read_aliases, read_id, read_lane};
use super::schema;
#[cfg(target_os = "linux")]
use crate::limits::BACKGROUND_NICE;
use crate::limits::{BLOCKS_BYTES_MAX, JOURNALS_BYTES_MAX, MEMTABLE_ENTRIES_BYTES, MEMTABLE_SMALL_BYTES};
use crate::{EntryId, LedgerError, Result};

pub(super) struct Disk {
    /// Dropped first, as it has tables of the database.
    memtables: Memtables,
    path: PathBuf,
    database: Database,
    pub(super) entries: Keyspace,
    pub(super) pending: Keyspace,
    pub(super) settled: Keyspace,
    pub(super) aliased: Keyspace,
    pub(super) dead: Keyspace,
    pub(super) keys: Keyspace,
    pub(super) aliases: Keyspace,
    pub(super) meta: Keyspace,
    batches: Batches,
    /// Makes every commit and sync fail, as a disk would.
    #[cfg(test)]
    pub(super) failing: std::sync::atomic::AtomicBool,
    #[cfg(target_os = "linux")]
    _pacing: Option<Pacing>,
    /// Dropped last.
    closing: Closing,
}

/// The name in `meta` of the last batch's number.
pub(super) const BATCH: &str = "batch";

/// Numbers every batch, and says in each which of those before it were on disk when it was written: what is missing from a
/// journal was lost by a disk if a later batch knew it to be there, and was never told to anybody otherwise. Whoever holds the
/// pen counts.
#[derive(Default)]
struct Batches {
    written: AtomicU64,
    synced: AtomicU64,
}

impl Batches {
    /// An opening syncs all that it finds.
    fn after(noted: Option<&[u8]>) -> Self {
        let last = noted
            .and_then(|noted| noted.first_chunk())
            .map_or(0, |last| u64::from_be_bytes(*last));
        Self {
            written: last.into(),
            synced: last.into(),
        }
    }

    fn next(&self) -> [u8; 16] {
        let mut row = [0; 16];
        row[..8].copy_from_slice(&(self.written.load(Relaxed) + 1).to_be_bytes());
        row[8..].copy_from_slice(&self.synced.load(Relaxed).to_be_bytes());
        row
    }

    fn written(&self, sync: bool) {
        self.written.fetch_add(1, Relaxed);
        if sync {
            self.synced();
        }
    }

    fn synced(&self) {
        self.synced.store(self.written.load(Relaxed), Relaxed);
    }
}

/// Every table but `meta`, which is made last.
const TABLES: [&str; 7] = ["entries", "pending", "settled", "aliased", "dead", "keys", "aliases"];

/// Keeps other processes away from a directory while its files are looked at.
pub(super) struct Lock(#[expect(dead_code, reason = "held")] File);

impl Lock {
    pub(super) fn take(path: &Path) -> Result<Self> {
        let open = |path: &Path| {
            File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(path.join("lock"))
        };
        std::fs::create_dir_all(path).map_err(|error| disk_error(&format!("making {}", path.display()), error))?;
        let file = open(path).map_err(|error| disk_error(&format!("opening {}", path.display()), error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(LedgerError::InUse {
                path: path.display().to_string(),
            }),
            Err(TryLockError::Error(error)) => Err(disk_error("locking", error)),
        }
    }
}

/// Opens the database; one that is damaged may make it panic. The threads that write its tables are begun in one that gives way to
/// others, and so do they: whoever waits for an answer goes first.
fn open_database(path: &Path) -> Result<Database> {
    let open = || {
        Database::builder(path)
            .cache_size(BLOCKS_BYTES_MAX)
            .max_journaling_size(JOURNALS_BYTES_MAX)
            .open()
    };
    let opened = thread::scope(|scope| {
        let opening = thread::Builder::new().name("ledger-open".to_owned()).spawn_scoped(scope, || {
            give_way();
            open()
        });
        opening.map(thread::ScopedJoinHandle::join)
    });
    match opened.map_err(|error| disk_error("starting a thread", error))? {
        Ok(Ok(database)) => Ok(database),
        Ok(Err(fjall::Error::Locked)) => Err(LedgerError::InUse {
            path: path.display().to_string(),
        }),
        Ok(Err(fjall::Error::Io(error))) => Err(disk_error(&format!("opening {}", path.display()), error)),
        Ok(Err(error)) => Err(damaged(path, &[error.to_string()])),
        Err(_) => Err(damaged(path, &["its tables do not fit together".to_owned()])),
    }
}

/// Lets other threads go first. Where this thread cannot, it works on like any other.
pub(super) fn give_way() {
    // Elsewhere it would be the whole process that does.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(BACKGROUND_NICE);
}

fn table(database: &Database, name: &str, memtable: u64) -> Result<Keyspace> {
    let options = || KeyspaceCreateOptions::default().max_memtable_size(memtable);
    database.keyspace(name, options).map_err(|error| disk_error(name, error))
}

/// Makes a directory small: everything to its table, and what was overwritten or forgotten away.
pub(crate) fn compact(path: &Path) -> Result<()> {
    let disk = Disk::open(path)?;
    for table in disk.tables().into_iter().chain([&disk.meta]) {
        let failed = |error| disk_error("compacting", error);
        table.rotate_memtable().map_err(failed)?;
        while table.sealed_memtable_count() > 0 {
            // Fails when the writing of a table has.
            disk.database.persist(PersistMode::Buffer).map_err(failed)?;
            thread::sleep(Duration::from_millis(1));
        }
        table.major_compact().map_err(failed)?;
    }
    drop(disk);
    let _lock = Lock::take(path)?;
    if let Some(Files { mut journals, .. }) = Files::look(path)?
        && let [journal] = &mut journals[..]
    {
        // Nothing was written since the tables were.
        journal.empty()?;
    }
    Closing::again(path)
}

impl Disk {
    pub(super) fn open(path: &Path) -> Result<Self> {
        // Another process must not be writing what is looked at.
        let lock = Lock::take(path)?;
        let files = Files::look(path)?;
        if let Some(files) = &files {
            if !files.damage.is_empty() {
                return Err(damaged(path, &files.damage));
            }
            files.heal()?;
        }
        drop(lock);
        let database = open_database(path)?;
        sync_parent(path)?;
        // Looked at before those that are missing are made.
        if database.keyspace_exists("meta") {
            let meta = table(&database, "meta", MEMTABLE_SMALL_BYTES)?;
            let schema = schema::read(&meta)?.unwrap_or_default();
            let missing = TABLES
                .iter()
                .filter(|name| schema::has(schema, name) && !database.keyspace_exists(name));
            let missing: Vec<String> = missing.map(|name| format!("the table {name:?} is missing")).collect();
            if !missing.is_empty() {
                return Err(damaged(path, &missing));
            }
        }
        let mut disk = Self::with(path, database)?;
        disk.batches = Batches::after(disk.meta.get(BATCH).map_err(reading)?.as_deref());
        schema::bring_up_to_date(&disk, schema::STEPS)?;
        Ok(disk)
    }

    /// Opens what can be opened, whatever is missing, and upgrades nothing.
    pub(super) fn open_damaged(path: &Path) -> Result<Self> {
        Self::with(path, open_database(path)?)
    }

    fn with(path: &Path, database: Database) -> Result<Self> {
        let table = |name: &str, memtable: u64| table(&database, name, memtable);
        let entries = table("entries", MEMTABLE_ENTRIES_BYTES)?;
        let pending = table("pending", MEMTABLE_SMALL_BYTES)?;
        let settled = table("settled", MEMTABLE_SMALL_BYTES)?;
        let aliased = table("aliased", MEMTABLE_SMALL_BYTES)?;
        let dead = table("dead", MEMTABLE_SMALL_BYTES)?;
        let keys = table("keys", MEMTABLE_SMALL_BYTES)?;
        let aliases = table("aliases", MEMTABLE_SMALL_BYTES)?;
        let meta = table("meta", MEMTABLE_SMALL_BYTES)?;
        let memtables = Memtables::of([&entries, &pending, &settled, &aliased, &dead, &keys, &aliases, &meta]);
        Ok(Self {
            memtables: memtables.map_err(|error| disk_error("starting a thread", error))?,
            entries,
            pending,
            settled,
            aliased,
            dead,
            keys,
            aliases,
            meta,
            batches: Batches::default(),
            path: path.to_owned(),
            database,
            #[cfg(test)]
            failing: false.into(),
            #[cfg(target_os = "linux")]
            _pacing: Pacing::of(path)
                .inspect_err(|error| tracing::warn!(%error, "the ledger's files are not paced"))
                .ok(),
            closing: Closing::open(path)?,
        })
    }

    /// Every table but `meta`.
    pub(super) fn tables(&self) -> [&Keyspace; 7] {
        [
            &self.entries,
            &self.pending,
            &self.settled,
            &self.aliased,
            &self.dead,
            &self.keys,
            &self.aliases,
        ]
    }

    /// The tables as they are now, for reading while others write.
    pub(super) fn snapshot(&self) -> Snapshot {
        self.database.snapshot()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// All that was committed is on disk, and nothing more will be.
    pub(super) fn is_whole(&self) {
        self.closing.is_whole.store(true, Relaxed);
    }

    /// The highest id ever given, as far as the disk tells.
    pub(super) fn highest(&self) -> Result<Option<EntryId>> {
        let noted = self
            .meta
            .get("highest")
            .map_err(reading)?
            .map(|id| read_id(&id))
            .transpose()?;
        let last = self
            .entries
            .last_key_value()
            .map(fjall::Guard::key)
            .transpose()
            .map_err(reading)?;
        Ok(noted.max(last.map(|id| read_id(&id)).transpose()?))
    }

    /// Notes the highest id, for when the entry that has it is forgotten.
    pub(super) fn note_highest(&self, batch: &mut OwnedWriteBatch, id: EntryId) {
        batch.insert(&self.meta, "highest", id_key(id));
    }

    /// Calls `each` for every entry that is not settled, in the order of ids.
    pub(super) fn for_each_pending(&self, mut each: impl FnMut(EntryId, PendingRow<'_>)) -> Result<()> {
        for pair in self.pending.iter() {
            let (id, row) = pair.into_inner().map_err(reading)?;
            each(read_id(&id)?, PendingRow::read(&row)?);
        }
        Ok(())
    }

    /// Calls `each` for every entry that is not settled and was given aliases.
    pub(super) fn for_each_aliased(&self, mut each: impl FnMut(EntryId, Vec<&[u8]>)) -> Result<()> {
        for pair in self.aliased.iter() {
            let (id, row) = pair.into_inner().map_err(reading)?;
            each(read_id(&id)?, read_aliases(&row)?);
        }
        Ok(())
    }

    /// Calls `each` for every dead entry above `after` with its lane, in the order of ids, until it says that it has enough.
    pub(super) fn for_each_dead(
        &self,
        after: Option<EntryId>,
        mut each: impl FnMut(EntryId, &str) -> Result<bool>,
    ) -> Result<()> {
        let from = after.map_or(0, |after| after.as_u64() + 1);
        for pair in self.dead.range(from.to_be_bytes()..) {
            let (id, lane) = pair.into_inner().map_err(reading)?;
            if !each(read_id(&id)?, read_lane(&lane)?)? {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn with_entry<T>(&self, id: EntryId, with: impl FnOnce(EntryRow<'_>) -> T) -> Result<Option<T>> {
        let row = self.entries.get(id_key(id)).map_err(reading)?;
        row.map(|row| EntryRow::read(&row).map(with)).transpose()
    }

    pub(super) fn with_settled<T>(&self, id: EntryId, with: impl FnOnce(SettledRow<'_>) -> T) -> Result<Option<T>> {
        let row = self.settled.get(id_key(id)).map_err(reading)?;
        row.map(|row| SettledRow::read(&row).map(with)).transpose()
    }

    /// The id under a name in `keys` or `aliases`.
    pub(super) fn id_of(&self, names: &Keyspace, name: &[u8]) -> Result<Option<EntryId>> {
        names.get(name_key(name)).map_err(reading)?.map(|id| read_id(&id)).transpose()
    }

    pub(super) fn batch(&self) -> OwnedWriteBatch {
        self.database.batch()
    }

    /// Writes a batch whole or not at all. With `sync` it is on disk on return, and so is everything before it; without,
    /// it is with the operating system, which a crash of this process leaves alone.
    pub(super) fn commit(&self, mut batch: OwnedWriteBatch, sync: bool) -> Result<()> {
        #[cfg(test)]
        self.fail_if_told()?;
        batch.insert(&self.meta, BATCH, self.batches.next());
        let mode = if sync { PersistMode::SyncData } else { PersistMode::Buffer };
        batch.durability(Some(mode)).commit().map_err(|error| broken(&error))?;
        self.memtables.written();
        self.batches.written(sync);
        Ok(())
    }

    /// Puts everything committed so far on disk.
    pub(super) fn sync(&self) -> Result<()> {
        #[cfg(test)]
        self.fail_if_told()?;
        self.database.persist(PersistMode::SyncData).map_err(|error| broken(&error))?;
        self.batches.synced();
        Ok(())
    }

    #[cfg(test)]
    fn fail_if_told(&self) -> Result<()> {
        if self.failing.load(Relaxed) {
            return Err(LedgerError::Broken {
                why: "the test said so".to_owned(),
            });
        }
        Ok(())
    }

    /// Octets that can still be written.
    pub(super) fn space(&self) -> Result<u64> {
        let stat = rustix::fs::statvfs(&self.path).map_err(|error| disk_error("asking for free space", error))?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }
}

/// Makes the directory's own name durable: fjall sees to what is in it.
fn sync_parent(path: &Path) -> Result<()> {
    let absolute = path.canonicalize();
    let synced = absolute.and_then(|path| path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all()));
    synced.map_err(|error| disk_error(&format!("syncing the directory of {}", path.display()), error))
}

/// A key or an alias as fjall's key, which may not be empty.
pub(super) fn name_key(name: &[u8]) -> Vec<u8> {
    [b"=", name].concat()
}

/// An error of reading a table.
pub(super) fn reading(error: fjall::Error) -> LedgerError {
    disk_error("reading", error)
}

fn broken(error: &fjall::Error) -> LedgerError {
    LedgerError::Broken { why: error.to_string() }
}

pub(super) fn disk_error(what: &str, error: impl Display) -> LedgerError {
    LedgerError::Disk {
        why: format!("{what}: {error}"),
    }
}
