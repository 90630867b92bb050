//! Each table's manifest: which files it is made of, with their checksums.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::{TABLES, looking};
use crate::Result;

/// A table of the database: a directory.
#[derive(Debug)]
pub(in crate::embedded) struct Table {
    number: u64,
    pub(in crate::embedded) path: PathBuf,
    files: Vec<(u64, u128)>,
    /// Its manifest can be read.
    pub(in crate::embedded) readable: bool,
}

/// The tables of a directory, by their numbers.
pub(super) fn read_all(path: &Path, damage: &mut Vec<String>) -> Result<Vec<Table>> {
    let mut tables = Vec::new();
    let all = path.join(TABLES);
    let Ok(directories) = fs::read_dir(&all) else {
        damage.push(format!("the directory {TABLES:?} is missing"));
        return Ok(tables);
    };
    for directory in directories {
        let path = directory.map_err(looking(&all))?.path();
        let number = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.parse::<u64>().ok());
        let Some(number) = number else {
            damage.push(format!("{} is not the ledger's", path.display()));
            continue;
        };
        // One that was being made when its process was killed has no files, and is made again.
        if !path.join("current").exists() && fs::read_dir(path.join("tables")).is_ok_and(|mut files| files.next().is_none()) {
            continue;
        }
        let files = files_of(&path);
        if let Err(what) = &files {
            damage.push(format!("table {number}: {what}"));
        }
        tables.push(Table {
            number,
            path,
            readable: files.is_ok(),
            files: files.unwrap_or_default(),
        });
    }
    tables.sort_by_key(|table| table.number);
    if tables.first().is_none_or(|table| table.number != 0) {
        damage.push("table 0, the list of tables, is missing".to_owned());
    }
    Ok(tables)
}

impl Table {
    /// What is not as it was written, a sentence a file. Reads all of it.
    pub(in crate::embedded) fn damage(&self) -> Vec<String> {
        let files = self.files.iter();
        files
            .filter_map(|(number, checksum)| {
                let file = self.path.join("tables").join(number.to_string());
                let what = match checksum_of(&file) {
                    Ok(found) if found == *checksum => return None,
                    Ok(_) => "is not what was written".to_owned(),
                    Err(error) => format!("cannot be read: {error}"),
                };
                Some(format!("{} {what}", file.display()))
            })
            .collect()
    }
}

fn checksum_of(file: &Path) -> std::io::Result<u128> {
    let mut file = fs::File::open(file)?;
    let mut hasher = Xxh3::new();
    std::io::copy(&mut file, &mut hasher)?;
    Ok(hasher.digest128())
}

/// The files that the newest manifest names.
fn files_of(table: &Path) -> std::result::Result<Vec<(u64, u128)>, String> {
    let current = fs::read(table.join("current")).map_err(|error| format!("the file \"current\" cannot be read: {error}"))?;
    let mut fields = Fields(&current);
    let (Some(version), Some(checksum), Some([0])) = (fields.u64(), fields.u128(), fields.array()) else {
        return Err("the file \"current\" is not what was written".to_owned());
    };
    let name = format!("v{version}");
    let manifest = fs::read(table.join(&name)).map_err(|error| format!("its manifest {name} cannot be read: {error}"))?;
    if xxh3_128(&manifest) != checksum {
        return Err(format!("its manifest {name} is not what was written"));
    }
    files_in(&manifest).ok_or_else(|| format!("its manifest {name} is of another format"))
}

fn files_in(manifest: &[u8]) -> Option<Vec<(u64, u128)>> {
    let archive = sfa::Reader::from_reader(&mut Cursor::new(manifest)).ok()?;
    let section = archive.toc().section(b"tables")?;
    let from = usize::try_from(section.pos()).ok()?;
    let mut fields = Fields(manifest.get(from..from + usize::try_from(section.len()).ok()?)?);
    let mut files = Vec::new();
    for _ in 0..fields.u8()? {
        for _ in 0..fields.u8()? {
            for _ in 0..fields.u32()? {
                let (number, [0]) = (fields.u64()?, fields.array()?) else {
                    return None;
                };
                files.push((number, fields.u128()?));
                fields.u64()?;
            }
        }
    }
    Some(files)
}

/// What is left to read of a file; numbers are little-endian.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn u128(&mut self) -> Option<u128> {
        self.array().map(u128::from_le_bytes)
    }
}
