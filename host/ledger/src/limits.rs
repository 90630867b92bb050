//! Every number that bounds the ledger.

use std::time::Duration;

/// Octets of one body.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// Octets of a lane's name.
pub const LANE_BYTES_MAX: usize = 512;

/// Octets of a key or an alias.
pub const KEY_BYTES_MAX: usize = 1024;

/// Octets of a note.
pub const NOTE_BYTES_MAX: usize = 64 << 10;

/// Aliases that one settlement gives, and that an annotation may bring an entry to in all.
pub const ALIASES_MAX: usize = 1024;

/// Entries in one call of append, and settlements in one call of settle.
pub const BATCH_MAX: usize = 16 << 10;

/// Entries not yet settled, unless an engine's options say otherwise. Each costs about 350 octets of memory.
pub const PENDING_MAX: usize = 5_000_000;

/// Calls that wait for the embedded engine's writer; the next ones wait in their callers.
pub const COMMANDS_MAX: usize = 4096;

/// Appends and settlements that share one batch on disk. One call is never split, so a batch may be longer by one call.
pub const GROUP_MAX: usize = 8192;

/// Octets of bodies that share one batch on disk, likewise.
pub const GROUP_BYTES_MAX: usize = 8 << 20;

/// Octets of unsettled bodies kept in memory to spare a read at claim; older ones are read back from disk.
pub const BODIES_BYTES_MAX: usize = 64 << 20;

/// How long the embedded engine's writer waits at most for those who were just answered, to write for them together.
pub const GATHER_MAX: Duration = Duration::from_millis(1);

/// Settled entries forgotten in one batch on disk.
pub const SWEEP_BATCH_MAX: usize = 1024;

/// Damaged things that one report tells of; the rest is counted.
pub const DAMAGE_MAX: usize = 100;

/// Free space on the ledger's disk below which appends are refused while settling goes on.
pub const SPACE_MIN_BYTES: u64 = 256 << 20;

/// How long the free space last seen is believed.
pub const SPACE_AGE_MAX: Duration = Duration::from_millis(500);

/// Octets that the embedded engine holds of entries not yet written to their place, beside the journal.
pub const MEMTABLE_ENTRIES_BYTES: u64 = 64 << 20;

/// The same for each of its smaller tables.
pub const MEMTABLE_SMALL_BYTES: u64 = 32 << 20;

/// Octets of blocks read from disk that the embedded engine keeps.
pub const BLOCKS_BYTES_MAX: u64 = 32 << 20;

/// Octets of journal on disk before the embedded engine writes tables to be rid of them.
/// Opening reads them again, at some 100 MiB a second.
pub const JOURNALS_BYTES_MAX: u64 = 128 << 20;

/// How often the embedded engine's tables in memory are looked for, so that none of them is freed where it holds up a write.
pub const MEMTABLE_AGE_MAX: Duration = Duration::from_millis(100);

/// How much more often than the threads that write tables whoever answers somebody gets a processor, as `nice` counts.
#[cfg(target_os = "linux")]
pub const BACKGROUND_NICE: i32 = 10;

/// Octets of a table that may be with the operating system before it is told to write them: what its sync has to wait for.
#[cfg(target_os = "linux")]
pub const UNWRITTEN_BYTES_MAX: u64 = 512 << 10;

/// Octets of a journal that are given back to the file system at once.
#[cfg(target_os = "linux")]
pub const CUT_BYTES_MAX: u64 = 4 << 20;

/// And the pause after each, in which syncs get their turn.
#[cfg(target_os = "linux")]
pub const CUT_PAUSE: Duration = Duration::from_millis(3);
