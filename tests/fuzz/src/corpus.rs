//! The inputs that went somewhere new, kept between runs: a file each, named by what is in it.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

/// A folder of inputs.
#[derive(Debug)]
pub struct Corpus {
    folder: PathBuf,
}

impl Corpus {
    /// The inputs in `folder`, which is made if there is none.
    ///
    /// # Errors
    /// It cannot be read or made.
    pub fn open(folder: &Path) -> io::Result<(Self, Vec<Vec<u8>>)> {
        fs::create_dir_all(folder)?;
        let mut paths = fs::read_dir(folder)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<Vec<_>>>()?;
        // In the same order on every machine.
        paths.sort();
        let inputs = paths.iter().map(fs::read).collect::<io::Result<_>>()?;
        let folder = folder.to_owned();
        Ok((Self { folder }, inputs))
    }

    /// Keeps `input`.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep(&self, input: &[u8]) -> io::Result<()> {
        let mut hasher = DefaultHasher::new();
        input.hash(&mut hasher);
        fs::write(self.folder.join(format!("{:016x}", hasher.finish())), input)
    }
}
