//! A ledger in a directory: the index in memory says who may have what, the disk says what survives, and one thread
//! writes.

mod audit;
mod backup;
mod bodies;
mod dead;
mod disk;
mod files;
mod group;
mod index;
mod memtables;
#[cfg(target_os = "linux")]
mod pacing;
mod pen;
mod queue;
mod records;
mod row;
mod schema;
mod shadow;
mod sweep;
#[cfg(test)]
mod tests;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use tracing::{info, warn};

use crate::entry::{check_note, within};
use crate::ids::Ids;
use crate::limits::{BATCH_MAX, BODIES_BYTES_MAX, COMMANDS_MAX, PENDING_MAX, SPACE_MIN_BYTES};
use crate::wait::until_taken;
use crate::{Appended, BoxFuture, Claim, Clock, EntryId, Ledger, LedgerError, NewEntry, Result, Settlement, system_clock};
use disk::Disk;
use index::{Index, Slot, Taken};
use pen::Pen;
use queue::Queue;
use writer::Command;

pub(crate) use audit::audit;
pub(crate) use disk::compact;
pub(crate) use shadow::Shadow;

/// How an [`Embedded`] ledger is opened.
#[derive(Clone)]
pub struct Options {
    /// Goes into every id; up to 31. Nodes that share upstreams or peers have different ones.
    pub node: u8,
    /// What time it is.
    pub clock: Clock,
    /// Entries not settled above which appends are refused as [`LedgerError::Full`].
    pub pending_max: usize,
    /// Octets of bodies kept in memory to spare a read at claim.
    pub bodies_bytes_max: usize,
    /// Free octets on the disk below which appends are refused as [`LedgerError::Full`].
    pub space_min_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            node: 0,
            clock: system_clock(),
            pending_max: PENDING_MAX,
            bodies_bytes_max: BODIES_BYTES_MAX,
            space_min_bytes: SPACE_MIN_BYTES,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("node", &self.node)
            .field("pending_max", &self.pending_max)
            .finish_non_exhaustive()
    }
}

/// What a ledger has done since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Entries written.
    pub appended: u64,
    /// Settlements written.
    pub settled: u64,
    /// Batches written.
    pub groups: u64,
    /// Batches that waited for the disk. Appends that come together share one.
    pub syncs: u64,
}

/// A durable ledger in a directory of its own. Dropping it closes it.
pub struct Embedded {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<Result<()>>>>,
}

/// What callers and the writer's thread share. Locks are taken in the order pen, index; neither is held over an await.
struct Shared {
    clock: Clock,
    disk: Disk,
    queue: Queue<Command>,
    index: Mutex<Index>,
    pen: Mutex<Pen>,
    counts: Counts,
    pending_max: usize,
}

#[derive(Default)]
struct Counts {
    appended: AtomicU64,
    settled: AtomicU64,
    groups: AtomicU64,
    syncs: AtomicU64,
}

impl Embedded {
    /// Opens the ledger in `path`, which is made if it is missing, and reads what is not settled, in the caller's thread:
    /// seconds for a million entries. Holds and leases of earlier openings are over.
    ///
    /// # Errors
    /// When the directory cannot be read or written, is in use, or was written by a later version.
    pub fn open(path: impl AsRef<Path>, options: Options) -> Result<Self> {
        let path = path.as_ref();
        let disk = Disk::open(path)?;
        let highest = disk.highest()?;
        let ids = Ids::after(options.node, highest)?;
        let mut index = Index::new(options.bodies_bytes_max);
        disk.for_each_pending(|id, row| {
            let mut slot = Slot::new(index.lane_name(row.lane), row.appended, row.due);
            (slot.attempt, slot.note) = (row.attempt, Bytes::copy_from_slice(row.note));
            index.insert(id, slot, false);
        })?;
        disk.for_each_aliased(|id, aliases| {
            index.aliased(id, aliases.into_iter().map(<[u8]>::to_vec).collect());
        })?;
        disk.for_each_dead(None, |_, lane| {
            index.buried(lane);
            Ok(true)
        })?;
        info!(path = %path.display(), pending = index.len(), "ledger opened");
        let shared = Arc::new(Shared {
            clock: options.clock,
            disk,
            queue: Queue::new(COMMANDS_MAX),
            index: Mutex::new(index),
            pen: Mutex::new(Pen::new(ids, highest, options.space_min_bytes)),
            counts: Counts::default(),
            pending_max: options.pending_max,
        });
        let writer = std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn({
                let shared = shared.clone();
                move || {
                    let _end = End(&shared);
                    writer::run(&shared)
                }
            })
            .map_err(|error| LedgerError::Disk {
                why: format!("starting the writer: {error}"),
            })?;
        Ok(Self {
            shared,
            writer: Mutex::new(Some(writer)),
        })
    }

    /// Writes what was asked before, syncs, and ends. Every verb of the ledger fails from now on, and claims that wait
    /// end as [`LedgerError::Closed`]. Blocks for as long as the disk takes. Again does nothing.
    ///
    /// # Errors
    /// When the last sync fails, or a write has failed before.
    pub fn close(&self) -> Result<()> {
        self.shared.index().close();
        self.shared.queue.close();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        writer.map_or(Ok(()), |writer| {
            writer.join().unwrap_or_else(|_| {
                Err(LedgerError::Broken {
                    why: "the writer panicked".to_owned(),
                })
            })
        })
    }

    /// Copies the ledger to `path`, which must not be there yet, while it goes on working: everything that was acknowledged
    /// before the call, and perhaps some of what comes later, whole. Opens like any ledger's directory. Blocks for as long as
    /// the copying takes; `path` is there when all of it is on disk, and never half.
    ///
    /// # Errors
    /// When `path` is there or cannot be written, or the ledger cannot be read.
    pub fn backup(&self, path: impl AsRef<Path>) -> Result<()> {
        backup::backup(&self.shared.disk, path.as_ref())
    }

    /// What it has done since it was opened.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let counts = &self.shared.counts;
        Stats {
            appended: counts.appended.load(Relaxed),
            settled: counts.settled.load(Relaxed),
            groups: counts.groups.load(Relaxed),
            syncs: counts.syncs.load(Relaxed),
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            warn!(%error, "ledger closed");
        }
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

impl Ledger for Embedded {
    fn append(&self, batch: Vec<NewEntry>) -> BoxFuture<'_, Result<Vec<Appended>>> {
        Box::pin(async move {
            within("batch", batch.len(), BATCH_MAX)?;
            batch.iter().try_for_each(NewEntry::check)?;
            let now = (self.shared.clock)();
            let (reply, answer) = oneshot::channel();
            self.shared.queue.send(Command::Append { now, batch, reply }).await?;
            answer.await.unwrap_or(Err(LedgerError::Closed))
        })
    }

    fn claim<'a>(&'a self, lane: &'a str, max: usize, lease: Duration) -> BoxFuture<'a, Result<Vec<Claim>>> {
        Box::pin(async move {
            let taken = until_taken(&self.shared.clock, |now| {
                let mut index = self.shared.index();
                index.check()?;
                Ok(index.claim(lane, max, lease, now))
            })
            .await?;
            if taken.iter().all(|taken| taken.body.is_some()) {
                return self.shared.read_bodies(taken);
            }
            let unread = Unread {
                shared: self.shared.clone(),
                ids: taken.iter().map(|taken| taken.id).collect(),
            };
            let reading = tokio::task::spawn_blocking({
                let shared = self.shared.clone();
                move || shared.read_bodies(taken)
            });
            let claims = reading
                .await
                .unwrap_or_else(|error| Err(LedgerError::Disk { why: error.to_string() }))?;
            unread.read();
            Ok(claims)
        })
    }

    fn claim_entry(&self, id: EntryId, lease: Duration) -> Result<Option<Claim>> {
        let now = (self.shared.clock)();
        let taken = {
            let mut index = self.shared.index();
            index.check()?;
            index.claim_entry(id, lease, now)
        };
        let Some(taken) = taken else { return Ok(None) };
        let unread = Unread {
            shared: self.shared.clone(),
            ids: vec![id],
        };
        let claim = self.shared.read_body(taken)?;
        unread.read();
        Ok(Some(claim))
    }

    fn release(&self, ids: &[EntryId]) {
        self.shared.index().release(ids);
    }

    fn settle(&self, settlements: Vec<(Claim, Settlement)>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            within("batch", settlements.len(), BATCH_MAX)?;
            settlements.iter().try_for_each(|(_, settlement)| settlement.check())?;
            let now = (self.shared.clock)();
            let (reply, answer) = oneshot::channel();
            self.shared.queue.send(Command::Settle { now, settlements, reply }).await?;
            answer.await.unwrap_or(Err(LedgerError::Closed))
        })
    }

    fn annotate(&self, id: EntryId, note: Bytes, aliases: Vec<Vec<u8>>) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move {
            check_note(&note, &aliases)?;
            let (reply, answer) = oneshot::channel();
            let command = Command::Annotate {
                id,
                note,
                aliases,
                reply,
            };
            self.shared.queue.send(command).await?;
            answer.await.unwrap_or(Err(LedgerError::Closed))
        })
    }

    fn revive(&self, ids: Vec<EntryId>) -> BoxFuture<'_, Result<Vec<EntryId>>> {
        Box::pin(self.shared.clone().with_pen(move |shared| dead::revive(shared, &ids)))
    }

    fn purge(&self, ids: Vec<EntryId>) -> BoxFuture<'_, Result<Vec<EntryId>>> {
        Box::pin(self.shared.clone().with_pen(move |shared| dead::purge(shared, &ids)))
    }

    fn sync(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.shared.queue.send(Command::Sync { reply }).await?;
            answer.await.unwrap_or(Err(LedgerError::Closed))
        })
    }
}

/// The end of the writer's thread, a panic included: nobody is left waiting for it.
struct End<'a>(&'a Shared);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.index().close();
        self.0.queue.abandon();
    }
}

/// Claimed entries whose bodies are being read: given back if the claim is dropped or the disk fails.
struct Unread {
    shared: Arc<Shared>,
    ids: Vec<EntryId>,
}

impl Unread {
    fn read(mut self) {
        self.ids.clear();
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        if !self.ids.is_empty() {
            self.shared.index().release(&self.ids);
        }
    }
}

impl Shared {
    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pen(&self) -> MutexGuard<'_, Pen> {
        self.pen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what takes the pen itself, away from the caller's thread: the writer may have it for as long as a sync takes.
    async fn with_pen<T: Send + 'static>(self: Arc<Self>, work: impl FnOnce(&Self) -> Result<T> + Send + 'static) -> Result<T> {
        let working = tokio::task::spawn_blocking(move || {
            if self.index().closed {
                return Err(LedgerError::Closed);
            }
            work(&self)
        });
        working
            .await
            .unwrap_or_else(|error| Err(LedgerError::Disk { why: error.to_string() }))
    }

    /// Makes claims of what was taken, reading the bodies that are not in memory.
    fn read_bodies(&self, taken: Vec<Taken>) -> Result<Vec<Claim>> {
        taken.into_iter().map(|taken| self.read_body(taken)).collect()
    }

    fn read_body(&self, taken: Taken) -> Result<Claim> {
        let Taken {
            id,
            lane,
            body,
            attempt,
            appended,
            lease,
        } = taken;
        let body = match body {
            Some(body) => body,
            None => self.body(id)?.ok_or_else(|| LedgerError::Disk {
                why: format!("entry {id} has no body"),
            })?,
        };
        Ok(Claim {
            id,
            lane,
            body,
            attempt,
            appended,
            lease,
        })
    }

    fn body(&self, id: EntryId) -> Result<Option<Bytes>> {
        self.disk.with_entry(id, |row| Bytes::copy_from_slice(row.body))
    }
}
