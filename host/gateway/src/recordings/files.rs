//! The recordings of one tenant on the disk: a file of one line each, together no more octets than the tenant wants kept. The
//! oldest make room.

use crate::{limits::RECORDINGS_MAX, vault::write_whole};
use std::{
    collections::VecDeque,
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

const EXTENSION: &str = "jsonl";

/// A directory of recordings.
#[derive(Debug)]
pub struct Files {
    dir: PathBuf,
    /// The oldest first.
    kept: VecDeque<Kept>,
    octets: u64,
    last: u64,
}

/// One recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its name.
    pub id: String,
    /// `operation`, `webhook` or `bind`.
    pub kind: String,
    /// When what was recorded began, in milliseconds of Unix time.
    pub at: u64,
    /// Octets of its line.
    pub octets: u64,
}

impl Files {
    /// The recordings in this directory, which is made if it is not there.
    pub fn open(dir: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let mut kept: Vec<Kept> = Vec::new();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            if let Some(id) = entry.file_name().to_str().and_then(|name| name.strip_suffix(".jsonl"))
                && let Some((_, at, kind)) = parts(id)
            {
                kept.push(Kept {
                    id: id.to_owned(),
                    kind: kind.to_owned(),
                    at,
                    octets: entry.metadata()?.len(),
                });
            }
        }
        kept.sort_by_key(|kept| parts(&kept.id).map_or(0, |(number, ..)| number));
        Ok(Self {
            dir: dir.to_owned(),
            octets: kept.iter().map(|kept| kept.octets).sum(),
            last: kept.last().and_then(|kept| parts(&kept.id)).map_or(0, |(number, ..)| number),
            kept: kept.into(),
        })
    }

    /// Keeps a line, so that there are no more than so many octets; one that is larger by itself is not kept.
    pub fn put(&mut self, kind: &str, at: u64, line: &str, octets_max: u64) -> io::Result<()> {
        let octets = line.len() as u64 + 1;
        if octets > octets_max {
            return Ok(());
        }
        while self.octets.saturating_add(octets) > octets_max || self.kept.len() >= RECORDINGS_MAX {
            let Some(oldest) = self.kept.front().map(|kept| kept.id.clone()) else {
                break;
            };
            self.remove(&oldest)?;
        }
        let number = self.last + 1;
        let id = format!("{number:012}-{at}-{kind}");
        let path = self.path(&id);
        write_whole(&self.dir, &[line.as_bytes(), b"\n"], |file| file.persist(&path).map(drop))?;
        self.last = number;
        self.octets += octets;
        self.kept.push_back(Kept {
            id,
            kind: kind.to_owned(),
            at,
            octets,
        });
        Ok(())
    }

    /// All of them, the oldest first.
    pub fn all(&self) -> Vec<Kept> {
        self.kept.iter().cloned().collect()
    }

    /// The line of one; none if it is not there.
    pub fn get(&self, id: &str) -> io::Result<Option<Vec<u8>>> {
        if !self.kept.iter().any(|kept| kept.id == id) {
            return Ok(None);
        }
        fs::read(self.path(id)).map(Some)
    }

    /// Removes one; whether it was there.
    pub fn remove(&mut self, id: &str) -> io::Result<bool> {
        let Some(at) = self.kept.iter().position(|kept| kept.id == id) else {
            return Ok(false);
        };
        fs::remove_file(self.path(id))?;
        self.octets -= self.kept[at].octets;
        self.kept.remove(at);
        Ok(true)
    }

    fn path(&self, id: &str) -> PathBuf {
        self.dir.join(format!("{id}.{EXTENSION}"))
    }
}

/// Number, time and kind of an id.
fn parts(id: &str) -> Option<(u64, u64, &str)> {
    let mut parts = id.splitn(3, '-');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(files: &Files) -> Vec<String> {
        files
            .all()
            .into_iter()
            .map(|kept| format!("{} {}", kept.kind, kept.at))
            .collect()
    }

    #[test]
    fn what_is_kept_is_found_after_a_restart_in_its_order() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Files::open(folder.path()).unwrap();
        files.put("webhook", 9, "{}", 1_000).unwrap();
        files.put("bind", 7, "{\"a\":1}", 1_000).unwrap();
        let files = Files::open(folder.path()).unwrap();
        assert_eq!(ids(&files), ["webhook 9", "bind 7"]);
        let id = files.all()[1].id.clone();
        assert_eq!(files.get(&id).unwrap().as_deref(), Some(&b"{\"a\":1}\n"[..]));
        assert_eq!(files.get("../../etc/passwd").unwrap(), None);
    }

    #[test]
    fn one_octet_past_the_bound_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Files::open(folder.path()).unwrap();
        for at in 1..=3 {
            files.put("operation", at, "123456789", 30).unwrap();
        }
        assert_eq!(ids(&files), ["operation 1", "operation 2", "operation 3"]);
        files.put("operation", 4, "", 30).unwrap();
        assert_eq!(ids(&files), ["operation 2", "operation 3", "operation 4"]);
        files.put("operation", 5, &"x".repeat(30), 30).unwrap();
        assert_eq!(ids(&files).len(), 3, "one that does not fit at all is not kept");
    }

    #[test]
    fn one_that_is_removed_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Files::open(folder.path()).unwrap();
        files.put("operation", 1, "{}", 30).unwrap();
        let id = files.all()[0].id.clone();
        assert!(files.remove(&id).unwrap());
        assert!(!files.remove(&id).unwrap());
        assert!(Files::open(folder.path()).unwrap().all().is_empty());
    }
}
