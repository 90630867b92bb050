//! Uploaded components on the disk, by the digest of their octets. Knows nothing of what they are.

use crate::{
    limits::{COMPONENT_UNUSED, COMPONENTS_OCTETS_MAX},
    vault::write_whole,
};
use aws_lc_rs::digest::{SHA256, digest};
use std::{
    collections::HashSet,
    fmt::Write as _,
    fs, io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// A directory of components.
pub struct Shelf {
    dir: PathBuf,
}

/// One file of it.
struct Kept {
    path: PathBuf,
    digest: String,
    octets: u64,
    modified: SystemTime,
}

impl Shelf {
    /// The components in this directory, which is made if it is not there.
    pub fn open(dir: PathBuf) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
        Ok(Self { dir })
    }

    /// Keeps a component, if with it there are not too many octets; returns its digest. What no digest in `named` means makes room.
    pub fn put(&self, octets: &[u8], named: &HashSet<String>) -> io::Result<String> {
        let digest = sha256(octets);
        if self.get(&digest).is_ok() {
            return Ok(digest);
        }
        let more = octets.len() as u64;
        self.make_room(more, named)?;
        write_whole(&self.dir, &[octets], |file| file.persist(self.path(&digest)).map(drop))?;
        Ok(digest)
    }

    /// The component of this digest; an error too if it is damaged.
    pub fn get(&self, digest: &str) -> io::Result<Vec<u8>> {
        if digest.len() != 64 || !digest.bytes().all(|octet| octet.is_ascii_hexdigit()) {
            return Err(io::Error::new(io::ErrorKind::NotFound, "no SHA-256 in hex"));
        }
        let octets = fs::read(self.path(digest))?;
        if sha256(&octets) != digest {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "is damaged: its digest is another",
            ));
        }
        Ok(octets)
    }

    /// Removes what no digest in `named` means and nobody has just uploaded.
    pub fn sweep(&self, named: &HashSet<String>) -> io::Result<()> {
        for kept in self.all()? {
            let age = kept.modified.elapsed().unwrap_or_default();
            if !named.contains(&kept.digest) && age >= COMPONENT_UNUSED {
                fs::remove_file(kept.path)?;
            }
        }
        Ok(())
    }

    fn make_room(&self, more: u64, named: &HashSet<String>) -> io::Result<()> {
        let mut all = self.all()?;
        all.sort_by_key(|kept| kept.modified);
        let mut total: u64 = all.iter().map(|kept| kept.octets).sum();
        for kept in all.iter().filter(|kept| !named.contains(&kept.digest)) {
            if total + more <= COMPONENTS_OCTETS_MAX {
                break;
            }
            fs::remove_file(&kept.path)?;
            total -= kept.octets;
        }
        if total + more <= COMPONENTS_OCTETS_MAX {
            return Ok(());
        }
        let why = format!("{total} octets of components are in use, and there may be {COMPONENTS_OCTETS_MAX}");
        Err(io::Error::new(io::ErrorKind::StorageFull, why))
    }

    fn all(&self) -> io::Result<Vec<Kept>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            let (Some(digest), Some("wasm")) = (stem(&path), path.extension().and_then(|extension| extension.to_str())) else {
                continue;
            };
            let metadata = fs::metadata(&path)?;
            all.push(Kept {
                digest,
                octets: metadata.len(),
                modified: metadata.modified()?,
                path,
            });
        }
        Ok(all)
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.dir.join(digest).with_extension("wasm")
    }
}

fn stem(path: &Path) -> Option<String> {
    Some(path.file_stem()?.to_str()?.to_owned())
}

fn sha256(octets: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    for octet in digest(&SHA256, octets).as_ref() {
        write!(hex, "{octet:02x}").expect("a String takes everything");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn named(digests: &[&str]) -> HashSet<String> {
        digests.iter().map(|digest| (*digest).to_owned()).collect()
    }

    #[test]
    fn what_is_kept_is_found_and_for_nobody_else_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path().join("components")).unwrap();
        let digest = shelf.put(b"code", &named(&[])).unwrap();
        assert_eq!(shelf.get(&digest).unwrap(), b"code");
        assert_eq!(shelf.put(b"code", &named(&[])).unwrap(), digest);
        let mode = fs::metadata(shelf.path(&digest)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_is_damaged_or_no_digest_is_not_given_out() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path().to_owned()).unwrap();
        let digest = shelf.put(b"code", &named(&[])).unwrap();
        fs::write(shelf.path(&digest), b"evil").unwrap();
        assert_eq!(shelf.get(&digest).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(shelf.get("../../etc/passwd").unwrap_err().kind(), io::ErrorKind::NotFound);
        // Uploading it again mends it.
        shelf.put(b"code", &named(&[])).unwrap();
        assert_eq!(shelf.get(&digest).unwrap(), b"code");
    }

    #[test]
    fn one_octet_past_the_bound_what_nobody_needs_goes_and_then_no_more_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path().to_owned()).unwrap();
        let [needed, unneeded] = [b"needed", b"unneed"].map(|octets| shelf.put(octets, &named(&[])).unwrap());
        let names = named(&[&needed]);
        shelf.make_room(COMPONENTS_OCTETS_MAX - 12, &names).unwrap();
        assert!(shelf.get(&unneeded).is_ok());
        shelf.make_room(COMPONENTS_OCTETS_MAX - 11, &names).unwrap();
        assert!(shelf.get(&unneeded).is_err());
        assert!(shelf.get(&needed).is_ok());
        let full = shelf.make_room(COMPONENTS_OCTETS_MAX - 5, &names).unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn a_component_that_was_just_uploaded_is_not_swept() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path().to_owned()).unwrap();
        let [old, new] = [b"old", b"new"].map(|octets| shelf.put(octets, &named(&[])).unwrap());
        let file = fs::File::options().write(true).open(shelf.path(&old)).unwrap();
        file.set_modified(SystemTime::now() - COMPONENT_UNUSED).unwrap();
        shelf.sweep(&named(&[&old])).unwrap();
        assert!(shelf.get(&old).is_ok());
        shelf.sweep(&named(&[])).unwrap();
        assert!(shelf.get(&old).is_err());
        assert!(shelf.get(&new).is_ok());
    }
}
