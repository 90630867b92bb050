//! Durable work: append, claim, settle.
//!
//! The ledger sits between those who promise that work will be done and those who do it. An entry is a lane, some
//! octets and an optional key; [`Ledger::append`] returns when it will survive a crash, [`Ledger::claim`] leases it to
//! one worker at a time, and [`Ledger::settle`] ends it, puts it off, replaces it or buries it. Work is done at least once.
//! The ledger knows disks; it never sees a message, only bytes.
//!
//! [`Embedded`] keeps entries in a directory; [`Memory`] is the model that says what an engine must do. One suite
//! (`tests/conformance/`) holds every engine to the model.
//!
//! [`Embedded::backup`] copies a ledger that is in use; [`maintenance`] is for one that is not: checked, made small, and
//! exported even when it is damaged. An opening looks at the journals and manifests, and says which of them is not what was
//! written; a last write that a crash cut short is no damage, for nobody was told that it was made.
//!
//! # Why fjall
//!
//! Measured on 2 cores and a virtual disk (ext4) with `cargo bench -p edgebind-ledger --bench engines`: entries of 300
//! octets, one atomic batch and one sync at a time, medians of five. *Bare* is a file with `write` and `fdatasync`.
//!
//! |                                   | bare      | fjall 3.1 | redb 4.6  | SQLite (rusqlite 0.39) |
//! |-----------------------------------|-----------|-----------|-----------|------------------------|
//! | append, batch 1, on disk          | 5 600/s   | 11 400/s  | 5 400/s   | 4 300/s                |
//! | append, batch 64, on disk         | 343 000/s | 263 000/s | 170 000/s | 208 000/s              |
//! | append, batch 512, on disk        | 1.9 M/s   | 837 000/s | 528 000/s | 504 000/s              |
//! | read in order and remove, by 64   |           | 1.5 M/s   | 814 000/s | 398 000/s              |
//! | open and read 200 000             |           | 390 ms    | 44 ms     | 38 ms                  |
//! | memory of the process at most     |           | 131 MB    | 91 MB     | 7 MB                   |
//! | killed among its appends          |           | none lost | none lost | none lost              |
//! | documents of a commit             |           | journal, then `fdatasync` when asked; refuses writes after a failure | copy-on-write pages, `Immediate` syncs | write-ahead log, `FULL` syncs each commit |
//! | what it brings                    |           | Rust only, a directory, background threads | Rust only, one file | a C library to compile, one file |
//!
//! An append is one sequential write in fjall, and a page or more in the others, which shows most in the small batches
//! of a quiet gateway (with the disk taken away, on tmpfs: 609 000, 29 000 and 88 000 appends a second by one). It pays at
//! opening, where the journal is read again, and in memory; both are bounded in [`limits`]. Figures of a disk
//! that others use at the same time vary tenfold between runs: compare within a run.
//!
//! # What the whole ledger does
//!
//! `cargo bench -p edgebind-ledger --bench append -- rates`, entries of 300 octets, each append a call of its own, against a
//! bare file that writes as many octets and calls `fdatasync`, by turns; medians of five rounds of a second, on the same
//! machine with nothing else on it:
//!
//! | appends in flight     | 1     | 10     | 64      | 256     | 1024      |
//! |-----------------------|-------|--------|---------|---------|-----------|
//! | on disk, 1/s          | 6 666 | 33 094 | 136 154 | 224 021 | 282 557   |
//! | bare file, 1/s        | 6 588 | 42 894 | 244 117 | 923 897 | 2 016 942 |
//! | of bare, round by round | 106 % | 71 % | 56 %    | 26 %    | 14 %      |
//! | appends a sync        | 1     | 10     | 63.6    | 255     | 1006      |
//! | processor, us each    | 83    | 17     | 5.9     | 4.5     | 4.1       |
//!
//! The writer waits a moment for those whom it has just answered, so that nearly all in flight share a sync; without that
//! it was half of them. From 64 in flight on, the processors are the bound and not the disk.
//!
//! A message of 300 octets that cannot be made shorter takes 732 on disk while it waits, the journal included, 853 when it is
//! done and 328 when it is done and compacted; when all are swept and the directory compacted, 112 KiB are left of any
//! number (`-- octets`).
//!
//! A million that wait after a crash are open and the first claim answered in 1.43 s on a quiet machine (`-- opening`), in 6.8
//! to 8.4 s at load 8 to 10 on its 2 processors.
//!
//! Earlier figures, from a version that did not look at its journals when it opened and did not wait before a sync, at load 3
//! to 7:
//!
//! An append costs 5 to 8 microseconds of processor when 64 or more share a sync; appended, claimed and settled by 64, 8 on
//! tmpfs and 12 on disk. A million pending open in 1.8 to 1.9 s and are claimed and settled at 155 000
//! to 188 000 a second with every body read from disk.
//!
//! Single entries, on a machine and a disk busier still (load 11; 300 to 400 syncs a second by the bare file): one entry claimed
//! by name, replaced and synced by one caller, 1 100 a second, and 18 000 on tmpfs; annotated with 300 octets, 64 in flight,
//! 66 000 a second at 9 microseconds of processor. A lane of 100 000 listed in pages of 256 takes 0.11 s with the
//! bodies in memory, 0.3 ms a page, and 0.65 s with every body read from disk.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test that cannot go on should stop"))]

mod clock;
mod embedded;
mod entry;
mod error;
mod ids;
mod ledger;
pub mod limits;
pub mod maintenance;
mod memory;
mod wait;

pub use clock::{Clock, Instant, system_clock};
pub use embedded::{Embedded, Options, Stats};
pub use entry::{Appended, Claim, NewEntry, Record, Settlement, State};
pub use error::{LedgerError, Result};
pub use ids::{EntryId, NotAnEntryId};
pub use ledger::{BoxFuture, Ledger, Records};
pub use memory::Memory;
