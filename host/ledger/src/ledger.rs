//! The two traits of an engine: one for the work, one for those who ask about it.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::{Appended, Claim, EntryId, Instant, NewEntry, Record, Result, Settlement};

/// A future in a box: the traits are used as objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Durable work. All verbs may be called from any task at once.
pub trait Ledger: Send + Sync {
    /// Takes a batch, all or nothing, and returns when every entry of it is on disk. Appends that wait together share
    /// one sync. The answers stand in the batch's order. A batch may repeat a key: the first of them is the entry.
    ///
    /// Dropping the future after its first poll leaves open whether the batch was taken.
    fn append(&self, batch: Vec<NewEntry>) -> BoxFuture<'_, Result<Vec<Appended>>>;

    /// Waits until an entry of the lane can be claimed, then leases up to `max` of those that can, the earliest due
    /// first and among these the lowest id. An entry can be claimed when it is due and neither held nor leased; a lease
    /// that has run out is none. Dropping the future claims nothing. `max` of 0 returns at once with nothing.
    fn claim<'a>(&'a self, lane: &'a str, max: usize, lease: Duration) -> BoxFuture<'a, Result<Vec<Claim>>>;

    /// Leases this one entry if nobody has it: it waits, be it due or not. None when it is claimed, held, settled or
    /// unknown. The claim is like any other. May read the disk in the caller's thread, for a few microseconds.
    /// In a cluster: leases that workers and this verb both take, as keys that only one can create.
    ///
    /// # Errors
    /// When the disk cannot be read; the entry is then left as it was.
    fn claim_entry(&self, id: EntryId, lease: Duration) -> Result<Option<Claim>>;

    /// Ends holds and leases, and leaves the entries as they were: the try is not counted and the due time stands.
    /// Ids that are neither held nor leased are passed over.
    fn release(&self, ids: &[EntryId]);

    /// Ends claims. A crash may undo the latest settlements, whatever their kind, and then the work is done again; but
    /// once an append or a [`Ledger::sync`] made after them has returned, they are as durable as it is. A lease that has run out still settles if nobody else has
    /// claimed the entry since.
    ///
    /// # Errors
    /// [`crate::LedgerError::LeaseLost`] names the entries that somebody else has had since; the others are settled.
    /// After any other error none is, and each stays claimed until it is released or its lease runs out.
    fn settle(&self, settlements: Vec<(Claim, Settlement)>) -> BoxFuture<'_, Result<()>>;

    /// Puts this note in place of the entry's, and adds these aliases for [`Records::find`], wherever the entry stands;
    /// false when it is unknown. Where it stands, and when it was settled, stay as they are. An alias that another entry
    /// had is this one's now. As durable as a settlement made at the same time. In a cluster: a put into the bucket of
    /// what is known of entries.
    ///
    /// # Errors
    /// [`crate::LedgerError::TooLong`] also when the entry would have more than `ALIASES_MAX` aliases in all.
    fn annotate(&self, id: EntryId, note: Bytes, aliases: Vec<Vec<u8>>) -> BoxFuture<'_, Result<bool>>;

    /// Makes dead entries wait in their lanes again: due now, at their first try, with their ids, keys, times of appending,
    /// notes and aliases. Ids that are not dead are passed over; returns those that were. As durable as a settlement made
    /// at the same time. Dropping the future leaves open whether it was done. In a cluster: a put under the same name, back
    /// into the stream.
    ///
    /// # Errors
    /// [`crate::LedgerError::Full`] as in an append, and then none of them waits.
    fn revive(&self, ids: Vec<EntryId>) -> BoxFuture<'_, Result<Vec<EntryId>>>;

    /// Forgets dead entries now, with their keys and aliases, whatever their age. Ids that are not dead are passed over;
    /// returns those that were. As durable as a settlement made at the same time. Dropping the future leaves open whether it
    /// was done.
    ///
    /// # Errors
    /// When the disk cannot be read or written.
    fn purge(&self, ids: Vec<EntryId>) -> BoxFuture<'_, Result<Vec<EntryId>>>;

    /// Returns when every settlement and annotation that has returned before is on disk. For those who promise something
    /// on the strength of one, such as that a message was cancelled or replaced. Those who wait together share one
    /// sync, with appends too; with nothing to write there is none. In a cluster: nothing, where settling waits for its
    /// double ack.
    ///
    /// # Errors
    /// When the disk cannot be written: what was settled may be undone.
    fn sync(&self) -> BoxFuture<'_, Result<()>>;
}

/// Listing and searching. May read the disk in the caller's thread, for a few microseconds a record.
pub trait Records: Send + Sync {
    /// The entry of this name, settled or not, unless it was swept.
    ///
    /// # Errors
    /// When the disk cannot be read.
    fn get(&self, id: EntryId) -> Result<Option<Record>>;

    /// The entry that was given this alias, by its settlement or by an annotation.
    ///
    /// # Errors
    /// When the disk cannot be read.
    fn find(&self, alias: &[u8]) -> Result<Option<EntryId>>;

    /// The entry that was appended with this key.
    ///
    /// # Errors
    /// When the disk cannot be read.
    fn keyed(&self, key: &[u8]) -> Result<Option<EntryId>>;

    /// Every lane whose name starts with `prefix` and that has entries not settled, with their number, by name. From memory.
    fn lanes(&self, prefix: &str) -> Vec<(Arc<str>, usize)>;

    /// How many entries of the lane are not settled. From memory.
    fn pending(&self, lane: &str) -> usize;

    /// Entries of the lane that are not settled, in the order of their ids, above `after`, at most `limit`. For scans in
    /// pages of some hundreds: the lane is not held between pages, nor while bodies are read, so what is appended or
    /// settled meanwhile may be missed or shown.
    ///
    /// # Errors
    /// When the disk cannot be read.
    fn list(&self, lane: &str, after: Option<EntryId>, limit: usize) -> Result<Vec<Record>>;

    /// Entries settled as dead and not forgotten yet, of every lane whose name starts with `prefix`, in the order of their
    /// ids, above `after`, at most `limit`. For scans in pages, as [`Records::list`].
    ///
    /// # Errors
    /// When the disk cannot be read.
    fn dead(&self, prefix: &str, after: Option<EntryId>, limit: usize) -> Result<Vec<Record>>;

    /// Every lane whose name starts with `prefix` and that has dead entries, with their number, by name. From memory.
    fn dead_lanes(&self, prefix: &str) -> Vec<(Arc<str>, usize)>;

    /// Forgets entries done before one time and entries dead before another, with their keys and aliases: first those that
    /// are done, then the dead, each by the lowest ids, and at most `limit` of all; returns how many. How long to retain
    /// is the caller's to say.
    ///
    /// # Errors
    /// When the disk cannot be read or written.
    fn sweep(&self, done_before: Instant, dead_before: Instant, limit: usize) -> Result<usize>;
}
