//! What the engine's tables hold, between values and octets. Numbers are big-endian; octets carry their length, except
//! the last field of a row.

use fjall::Slice;

use crate::{EntryId, Instant, LedgerError, Result};

/// What never changes of an entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EntryRow<'a> {
    pub(super) lane: &'a str,
    pub(super) appended: Instant,
    /// So that a sweep can forget it.
    pub(super) key: Option<&'a [u8]>,
    pub(super) body: &'a [u8],
}

/// An entry that is not settled: all that the index is rebuilt from.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PendingRow<'a> {
    pub(super) lane: &'a str,
    pub(super) appended: Instant,
    pub(super) due: Instant,
    pub(super) attempt: u32,
    pub(super) note: &'a [u8],
}

/// How an entry was settled.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SettledRow<'a> {
    pub(super) dead: bool,
    pub(super) at: Instant,
    pub(super) due: Instant,
    pub(super) attempt: u32,
    /// So that a sweep can forget them.
    pub(super) aliases: Vec<&'a [u8]>,
    pub(super) note: &'a [u8],
}

impl<'a> EntryRow<'a> {
    pub(super) fn write(&self) -> Slice {
        let mut row = Vec::with_capacity(32 + self.lane.len() + self.key.map_or(0, <[u8]>::len) + self.body.len());
        put(&mut row, self.lane.as_bytes());
        row.extend(self.appended.to_be_bytes());
        row.push(u8::from(self.key.is_some()));
        put(&mut row, self.key.unwrap_or_default());
        row.extend(self.body);
        row.into()
    }

    pub(super) fn read(row: &'a [u8]) -> Result<Self> {
        let mut fields = Fields(row);
        Ok(Self {
            lane: fields.text()?,
            appended: fields.u64()?,
            key: Some((fields.u8()?, fields.octets()?)).and_then(|(some, key)| (some == 1).then_some(key)),
            body: fields.0,
        })
    }
}

impl<'a> PendingRow<'a> {
    pub(super) fn write(&self) -> Slice {
        let mut row = Vec::with_capacity(32 + self.lane.len() + self.note.len());
        put(&mut row, self.lane.as_bytes());
        row.extend(self.appended.to_be_bytes());
        row.extend(self.due.to_be_bytes());
        row.extend(self.attempt.to_be_bytes());
        row.extend(self.note);
        row.into()
    }

    pub(super) fn read(row: &'a [u8]) -> Result<Self> {
        let mut fields = Fields(row);
        Ok(Self {
            lane: fields.text()?,
            appended: fields.u64()?,
            due: fields.u64()?,
            attempt: fields.u32()?,
            note: fields.0,
        })
    }
}

impl<'a> SettledRow<'a> {
    pub(super) fn write(&self) -> Slice {
        let mut row = Vec::with_capacity(64 + self.note.len());
        row.push(u8::from(self.dead));
        row.extend(self.at.to_be_bytes());
        row.extend(self.due.to_be_bytes());
        row.extend(self.attempt.to_be_bytes());
        put_all(&mut row, &self.aliases);
        row.extend(self.note);
        row.into()
    }

    pub(super) fn read(row: &'a [u8]) -> Result<Self> {
        let mut fields = Fields(row);
        Ok(Self {
            dead: fields.u8()? == 1,
            at: fields.u64()?,
            due: fields.u64()?,
            attempt: fields.u32()?,
            aliases: fields.many()?,
            note: fields.0,
        })
    }
}

/// The aliases of an entry that is not settled.
pub(super) fn write_aliases(aliases: &[Vec<u8>]) -> Slice {
    let mut row = Vec::new();
    put_all(&mut row, aliases);
    row.into()
}

pub(super) fn read_aliases(row: &[u8]) -> Result<Vec<&[u8]>> {
    Fields(row).many()
}

/// The lane of a dead entry.
pub(super) fn read_lane(row: &[u8]) -> Result<&str> {
    std::str::from_utf8(row).map_err(|_| torn())
}

/// An id as a key: its order on disk is the order of ids.
pub(super) fn id_key(id: EntryId) -> [u8; 8] {
    id.as_u64().to_be_bytes()
}

pub(super) fn read_id(octets: &[u8]) -> Result<EntryId> {
    let raw = octets.try_into().map(u64::from_be_bytes).map_err(|_| torn())?;
    EntryId::from_u64(raw).ok_or_else(torn)
}

fn put_all(row: &mut Vec<u8>, many: &[impl AsRef<[u8]>]) {
    row.extend(length(many.len()));
    many.iter().for_each(|octets| put(row, octets.as_ref()));
}

fn put(row: &mut Vec<u8>, octets: &[u8]) {
    row.extend(length(octets.len()));
    row.extend(octets);
}

fn length(octets: usize) -> [u8; 4] {
    u32::try_from(octets)
        .expect("limits.rs keeps every field far below 4 GiB")
        .to_be_bytes()
}

/// What is left to read of a row.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(torn)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| torn())
    }

    fn u8(&mut self) -> Result<u8> {
        self.array().map(u8::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn octets(&mut self) -> Result<&'a [u8]> {
        let length = self.u32()?;
        self.take(usize::try_from(length).map_err(|_| torn())?)
    }

    fn many(&mut self) -> Result<Vec<&'a [u8]>> {
        (0..self.u32()?).map(|_| self.octets()).collect()
    }

    fn text(&mut self) -> Result<&'a str> {
        std::str::from_utf8(self.octets()?).map_err(|_| torn())
    }
}

fn torn() -> LedgerError {
    LedgerError::Disk {
        why: "a row is not what was written".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_read_back_as_written() {
        for key in [None, Some(&b""[..]), Some(&b"key"[..])] {
            let row = EntryRow {
                lane: "a/b",
                appended: 7,
                key,
                body: b"body",
            };
            assert_eq!(EntryRow::read(&row.write()).unwrap(), row);
        }
        let row = PendingRow {
            lane: "",
            appended: 1,
            due: u64::MAX,
            attempt: 3,
            note: b"",
        };
        assert_eq!(PendingRow::read(&row.write()).unwrap(), row);
        let row = SettledRow {
            dead: true,
            at: 1,
            due: 2,
            attempt: 3,
            aliases: vec![b"x", b""],
            note: b"why",
        };
        assert_eq!(SettledRow::read(&row.write()).unwrap(), row);
        let aliases = [b"x".to_vec(), Vec::new()];
        assert_eq!(read_aliases(&write_aliases(&aliases)).unwrap(), aliases);
    }

    #[test]
    fn a_row_cut_short_is_an_error() {
        let row = SettledRow {
            dead: true,
            at: 1,
            due: 2,
            attempt: 3,
            aliases: vec![b"x"],
            note: b"",
        }
        .write();
        assert!((0..row.len()).all(|length| SettledRow::read(&row[..length]).is_err()));
        assert!(read_id(&[0; 8]).is_err());
    }
}
