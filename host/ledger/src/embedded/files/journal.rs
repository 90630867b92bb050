//! One journal: batches one after another, each with a checksum, then zeros. What a crash kept from being written is told from
//! octets that have changed: a whole batch was one if a later one knew it to be on disk, or if it is the last and ended.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;
use xxhash_rust::xxh3::xxh3_64;

use super::looking;
use crate::Result;
use crate::embedded::disk::BATCH;

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
const CLEAR: u8 = 4;
const START_LENGTH: usize = 13;
const ITEM_LENGTH: usize = 21;
const END_LENGTH: usize = 13;
const CLEAR_LENGTH: usize = 9;
/// The last octets of a batch.
const TRAILER: &[u8] = b"FJL\x03";
/// What a disk writes whole or not at all.
const SECTOR: usize = 512;
const ZEROS: [u8; 4096] = [0; 4096];

/// What a journal holds.
#[derive(Debug)]
pub(in crate::embedded) struct Journal {
    path: PathBuf,
    pub(in crate::embedded) number: u64,
    /// Where whole batches are; one range unless there is damage between them.
    whole: Vec<Range<usize>>,
    pub(in crate::embedded) batches: usize,
    /// What follows the last whole batch was not written to its end.
    pub(in crate::embedded) torn: bool,
    pub(in crate::embedded) damage: Option<String>,
}

/// The number of the journal that a file is, if it is one.
pub(in crate::embedded) fn number_of(file: &Path) -> Option<u64> {
    file.file_name()?.to_str()?.strip_suffix(".jnl")?.parse().ok()
}

/// The journals of a directory, oldest first.
pub(super) fn read_all(path: &Path) -> Result<Vec<Journal>> {
    let mut journals = Vec::new();
    let Ok(files) = fs::read_dir(path) else { return Ok(journals) };
    for file in files {
        let file = file.map_err(looking(path))?.path();
        if let Some(number) = number_of(&file) {
            let octets = read_written(&file).map_err(looking(&file))?;
            journals.push(Journal::read(file, number, &octets));
        }
    }
    journals.sort_by_key(|journal| journal.number);
    Ok(journals)
}

impl Journal {
    pub(in crate::embedded) fn name(&self) -> String {
        format!("{}.jnl", self.number)
    }

    /// Where the last whole batch ends.
    pub(super) fn end(&self) -> usize {
        self.whole.last().map_or(0, |last| last.end)
    }

    fn read(path: PathBuf, number: u64, octets: &[u8]) -> Self {
        let mut journal = Self {
            path,
            number,
            whole: Vec::new(),
            batches: 0,
            torn: false,
            damage: None,
        };
        let (mut at, mut last, mut count) = (0, None, 0);
        loop {
            let began = at;
            while let Some(batch) = Batch::read(&octets[at..]).filter(|batch| last.is_none_or(|last| batch.number > last)) {
                (at, last) = (at + batch.length, Some(batch.number));
                count = batch.counted.map_or(count, |(count, _)| count);
                journal.batches += 1;
            }
            if at > began {
                journal.whole.push(began..at);
            }
            let written = written(&octets[at..]);
            if written == 0 {
                break;
            }
            match next_batch(octets, at + 1, last) {
                Some(next) if is_known_to_be_synced(octets, next, count) => {
                    journal.damaged_at(at);
                    at = next;
                }
                Some(_) => {
                    journal.torn = true;
                    break;
                }
                None => {
                    if is_complete(octets, at, at + written) {
                        journal.damaged_at(at);
                    }
                    journal.torn = true;
                    break;
                }
            }
        }
        if let Some(damage) = &mut journal.damage {
            damage.push_str(&format!("; {} of its batches can be read", journal.batches));
        }
        journal
    }

    fn damaged_at(&mut self, at: usize) {
        let name = self.name();
        self.damage
            .get_or_insert_with(|| format!("journal {name} is not what was written from octet {at} on"));
    }

    /// Takes everything away: it is all in tables.
    pub(in crate::embedded) fn empty(&mut self) -> Result<()> {
        self.whole.clear();
        self.cut()
    }

    /// Cuts off what follows the last whole batch.
    pub(super) fn cut(&self) -> Result<()> {
        let cut = || {
            let file = OpenOptions::new().write(true).open(&self.path)?;
            file.set_len(self.end() as u64)?;
            file.sync_all()
        };
        cut().map_err(looking(&self.path))
    }

    /// Copies the whole batches to another file.
    pub(in crate::embedded) fn copy(&self, to: &Path) -> Result<()> {
        let copy = || {
            let octets = read_written(&self.path)?;
            let mut to = File::create(to)?;
            self.whole.iter().try_for_each(|range| to.write_all(&octets[range.clone()]))
        };
        copy().map_err(looking(&self.path))
    }
}

/// What a file holds up to the hole at its end: a new journal is nearly all hole.
fn read_written(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut end = 0;
    loop {
        match seek(&file, SeekFrom::Data(end)) {
            Ok(data) => end = seek(&file, SeekFrom::Hole(data))?,
            Err(Errno::NXIO) => break,
            Err(error) => return Err(error.into()),
        }
    }
    let mut octets = Vec::new();
    file.rewind()?;
    file.take(end).read_to_end(&mut octets)?;
    Ok(octets)
}

/// How many octets there are before nothing but zeros follows.
fn written(octets: &[u8]) -> usize {
    let mut end = octets.len();
    for chunk in octets.rchunks(ZEROS.len()) {
        if chunk != &ZEROS[..chunk.len()] {
            return end - chunk.iter().rev().take_while(|octet| **octet == 0).count();
        }
        end -= chunk.len();
    }
    0
}

/// Where the next whole batch begins.
fn next_batch(octets: &[u8], from: usize, last: Option<u64>) -> Option<usize> {
    let end = from + written(&octets[from..]);
    (from..end).find(|at| {
        octets[*at] == START && Batch::read(&octets[*at..]).is_some_and(|batch| last.is_none_or(|last| batch.number > last))
    })
}

/// Whether a batch from here on was written when the batch after this count was on disk. One that does not say was.
fn is_known_to_be_synced(octets: &[u8], from: usize, count: u64) -> bool {
    let (mut at, mut last) = (from, None);
    loop {
        while let Some(batch) = Batch::read(&octets[at..]) {
            if batch.counted.is_none_or(|(_, synced)| synced > count) {
                return true;
            }
            (at, last) = (at + batch.length, Some(batch.number));
        }
        match next_batch(octets, at + 1, last) {
            Some(next) => at = next,
            None => return false,
        }
    }
}

/// Whether these octets, which are no batch, were a batch once: written to the end, with no sector in between that was not.
fn is_complete(octets: &[u8], from: usize, end: usize) -> bool {
    let is_ended = octets[from..end].ends_with(TRAILER)
        || Batch::items_end(&octets[from..]).is_some_and(|items| from + items + END_LENGTH == end);
    let sectors = from.next_multiple_of(SECTOR)..end;
    let unwritten = octets[sectors.start.min(end)..end]
        .chunks_exact(SECTOR)
        .any(|sector| sector == &ZEROS[..SECTOR]);
    is_ended && !unwritten
}

struct Batch {
    /// The database's number of it.
    number: u64,
    /// The ledger's number of it, and of the last that was on disk before.
    counted: Option<(u64, u64)>,
    length: usize,
}

impl Batch {
    /// The whole batch that these octets begin with.
    fn read(octets: &[u8]) -> Option<Self> {
        let items_end = Self::items_end(octets)?;
        let end = octets.get(items_end..items_end + END_LENGTH)?;
        let checksum = xxh3_64(&octets[START_LENGTH..items_end]);
        (end[0] == END && end[1..9] == checksum.to_le_bytes() && &end[9..] == TRAILER).then_some(Self {
            number: u64::from_le_bytes(octets[5..START_LENGTH].try_into().ok()?),
            counted: counted(&octets[START_LENGTH..items_end]),
            length: items_end + END_LENGTH,
        })
    }

    /// Where the items of the batch that these octets begin with end.
    fn items_end(octets: &[u8]) -> Option<usize> {
        let start = octets.get(..START_LENGTH).filter(|start| start[0] == START)?;
        let count = u32::from_le_bytes(start[1..5].try_into().ok()?);
        let mut at = START_LENGTH;
        for _ in 0..count {
            at += item_lengths(octets.get(at..)?)?.iter().sum::<usize>();
        }
        (count > 0 && at <= octets.len()).then_some(at)
    }
}

/// How long the item that these octets begin with is: what precedes its key, its key, its value.
fn item_lengths(octets: &[u8]) -> Option<[usize; 3]> {
    match *octets.first()? {
        ITEM => {
            let item = octets.get(..ITEM_LENGTH)?;
            let key = u16::from_le_bytes(item[11..13].try_into().ok()?);
            let value = u32::from_le_bytes(item[17..21].try_into().ok()?);
            Some([ITEM_LENGTH, usize::from(key), usize::try_from(value).ok()?])
        }
        CLEAR => Some([CLEAR_LENGTH, 0, 0]),
        _ => None,
    }
}

/// What the ledger counted when it wrote these items, which are whole.
fn counted(mut items: &[u8]) -> Option<(u64, u64)> {
    while let Some([before, key, value]) = item_lengths(items) {
        let (item, rest) = items.split_at_checked(before + key + value)?;
        if &item[before..before + key] == BATCH.as_bytes() {
            let (count, synced) = item[before + key..].split_first_chunk()?;
            return Some((u64::from_be_bytes(*count), u64::from_be_bytes(*synced.first_chunk()?)));
        }
        items = rest;
    }
    None
}
