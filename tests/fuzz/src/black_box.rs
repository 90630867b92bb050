//! The input under way, in a file: what remains to be read when a run took its process with it.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::target::Target;

/// The file. Its first four octets say how many follow that matter.
#[derive(Debug)]
pub struct BlackBox {
    file: File,
    octets: Vec<u8>,
}

impl BlackBox {
    /// An empty one, for one target.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn create(folder: &Path, target: Target) -> io::Result<Self> {
        Ok(Self {
            file: File::create(path(folder, target))?,
            octets: Vec::new(),
        })
    }

    /// Remembers `input` instead of the one before.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn note(&mut self, input: &[u8]) -> io::Result<()> {
        let length = u32::try_from(input.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        self.octets.clear();
        self.octets.extend(length.to_be_bytes());
        self.octets.extend(input);
        self.file.write_all_at(&self.octets, 0)
    }

    /// What the last run was given; `None` when there was none.
    #[must_use]
    pub fn read(folder: &Path, target: Target) -> Option<Vec<u8>> {
        let octets = fs::read(path(folder, target)).ok()?;
        let (length, rest) = octets.split_first_chunk()?;
        rest.get(..u32::from_be_bytes(*length) as usize).map(<[u8]>::to_vec)
    }
}

fn path(folder: &Path, target: Target) -> PathBuf {
    folder.join(format!("{}.black-box", target.name))
}
