//! A disk that fails on request: a shim of C stands between the gateway and its files, fails what it is told to fail, and knows which octets
//! of a journal were never synced, so that a power cut can be played after `kill -9`.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use rand::RngExt;
use rand::rngs::StdRng;
use tempfile::NamedTempFile;

use crate::program;

const SHIM: &str = include_str!("faults.c");

/// As `struct shared` and `struct journal` of the shim have it.
const JOURNALS: usize = 256;
const PATH: usize = 240;
const JOURNAL: usize = PATH + 16;
const SHARED: usize = 8 + JOURNALS * JOURNAL;

/// What the disk does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    Good,
    /// Every write fails with ENOSPC.
    Full,
    /// Every sync fails with EIO.
    SyncFails,
}

/// The shim's side of the test.
pub struct Disk {
    control: NamedTempFile,
}

impl Disk {
    /// A disk that is in good mood.
    pub fn new() -> Self {
        let mut control = NamedTempFile::new().unwrap();
        control.write_all(&[0; SHARED]).unwrap();
        Self { control }
    }

    /// The environment of a process whose files below `directory` are meant.
    pub fn variables(&self, directory: &Path) -> Vec<(String, String)> {
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        vec![
            ("LD_PRELOAD".to_owned(), path(shim())),
            ("FAULTS_FILE".to_owned(), path(self.control.path())),
            ("FAULTS_DIR".to_owned(), path(directory)),
        ]
    }

    /// From now on it does this.
    pub fn be(&self, mood: Mood) {
        let mood: u32 = match mood {
            Mood::Good => 0,
            Mood::Full => 1,
            Mood::SyncFails => 2,
        };
        self.control.as_file().write_all_at(&mood.to_ne_bytes(), 0).unwrap();
    }

    /// After the process is gone: of each journal's octets that were written and never synced, only so many of the first are on the disk as
    /// chance wills; behind them it is as empty as it was allocated. Gives how many octets were lost.
    pub fn cut_power(&self, random: &mut StdRng) -> u64 {
        let mut shared = vec![0; SHARED];
        self.control.as_file().read_exact_at(&mut shared, 0).unwrap();
        let count = u32::from_ne_bytes(shared[4..8].try_into().unwrap());
        let mut lost = 0;
        for journal in shared[8..].chunks(JOURNAL).take(usize::try_from(count).unwrap()) {
            let (name, numbers) = journal.split_at(PATH);
            let name = name.split(|octet| *octet == 0).next().unwrap();
            let number = |at: usize| u64::from_ne_bytes(numbers[at..at + 8].try_into().unwrap());
            let (written, synced) = (number(0), number(8));
            // It may have been removed since.
            let Ok(mut file) = OpenOptions::new().write(true).open(std::str::from_utf8(name).unwrap()) else {
                continue;
            };
            let cut = random.random_range(synced..=written);
            file.seek(SeekFrom::Start(cut)).unwrap();
            file.write_all(&vec![0; usize::try_from(written - cut).unwrap()]).unwrap();
            lost += written - cut;
        }
        // The next process begins its own account.
        self.control.as_file().write_all_at(&vec![0; SHARED], 0).unwrap();
        lost
    }
}

impl Default for Disk {
    fn default() -> Self {
        Self::new()
    }
}

/// The shim, compiled if it was not yet.
fn shim() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let folder = program::folder("faults");
        let (source, library) = (folder.join("faults.c"), folder.join("faults.so"));
        let mut known = String::new();
        let is_known = File::open(&source)
            .and_then(|mut file| file.read_to_string(&mut known))
            .is_ok()
            && known == SHIM;
        if !(is_known && library.exists()) {
            // Others may be doing the same now: whoever comes last puts the same in its place.
            let new = tempfile::tempdir_in(&folder).unwrap();
            let (new_source, new_library) = (new.path().join("faults.c"), new.path().join("faults.so"));
            fs::write(&new_source, SHIM).unwrap();
            let compiled = Command::new("gcc")
                .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
                .args([&new_library, &new_source])
                .status()
                .expect("gcc can be started");
            assert!(compiled.success(), "the shim does not compile");
            fs::rename(new_library, &library).unwrap();
            fs::rename(new_source, &source).unwrap();
        }
        library
    })
}
