//! A copy of a ledger in use: its tables as they were at one moment, written as tables of a directory of its own.

use std::fs::{self, File};
use std::path::Path;

use fjall::Readable;

use super::disk::{BATCH, Disk, disk_error, reading};
use crate::{LedgerError, Result};

pub(super) fn backup(disk: &Disk, to: &Path) -> Result<()> {
    let writing = |error: std::io::Error| disk_error(&format!("writing {}", to.display()), error);
    if to.exists() {
        return Err(LedgerError::Disk {
            why: format!("{} is there already", to.display()),
        });
    }
    let snapshot = disk.snapshot();
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = to.with_file_name(format!("{name}.unfinished"));
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(writing)?;
    }
    let copy = Disk::open(&unfinished)?;
    for (from, to) in disk.tables().into_iter().zip(copy.tables()) {
        let mut table = to.start_ingestion().map_err(reading)?;
        for pair in snapshot.iter(from) {
            let (key, value) = pair.into_inner().map_err(reading)?;
            table.write(key, value).map_err(reading)?;
        }
        table.finish().map_err(reading)?;
    }
    let mut batch = copy.batch();
    for pair in snapshot.iter(&disk.meta) {
        let (key, value) = pair.into_inner().map_err(reading)?;
        // The copy counts its own batches.
        if *key != *BATCH.as_bytes() {
            batch.insert(&copy.meta, key, value);
        }
    }
    copy.commit(batch, true)?;
    copy.is_whole();
    drop(copy);
    fs::rename(&unfinished, to).map_err(writing)?;
    let parent = to.canonicalize().map_err(writing)?;
    parent
        .parent()
        .map_or(Ok(()), |parent| File::open(parent)?.sync_all())
        .map_err(writing)
}
