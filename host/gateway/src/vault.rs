//! Keeps the credentials of pass-through binds sealed at rest, and derives from the same key what must not be guessed. Lies
//! between admission and the disk; nothing that it writes shows a system_id or a password. Its calls block on the disk.

use crate::config::{BIND_CREDENTIALS, Secret};
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    constant_time, digest,
    error::Unspecified,
    hmac, rand,
};
use serde::{Deserialize, Serialize};
use std::{
    fmt::{self, Write as _},
    fs::{self, DirBuilder, File},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// The key, beside what it seals.
const KEY_FILE: &str = "credentials.key";

/// One file for each account that has something sealed.
const SEALED_DIR: &str = "credentials";

/// Octets of the key.
const KEY_OCTETS: usize = 32;

/// First octet of a sealed file: how the rest of it is made.
const VERSION: u8 = 1;

/// Octets of a webhook token: 128 bits, which nobody guesses.
const TOKEN_OCTETS: usize = 16;

/// Sealed credentials under one directory.
pub struct Vault {
    sealed: PathBuf,
    /// Seals; its associated data is the file's name, so that one account's file does not open as another's.
    seal: RandomizedNonceKey,
    names: hmac::Key,
    tokens: hmac::Key,
}

/// What a bind brought that the upstream accepted.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The upstream's user name.
    pub user: Secret,
    /// The upstream's password.
    pub password: Secret,
}

impl Credentials {
    /// By the names that translators mention.
    pub fn named(&self) -> [(&str, &Secret); 2] {
        let [user, password] = BIND_CREDENTIALS;
        [(user, &self.user), (password, &self.password)]
    }
}

/// Whose credentials are sealed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sealed {
    /// The tenant's name.
    pub tenant: String,
    /// The account's name.
    pub account: String,
}

/// Why credentials cannot be kept or had.
#[derive(Debug)]
pub enum VaultError {
    /// The disk failed us.
    Io(PathBuf, io::Error),
    /// Others than we may read the key.
    KeyIsOpen(PathBuf, u32),
    /// The key file is not one of ours.
    KeyIsDamaged(PathBuf, usize),
    /// Credentials are sealed and the key is gone.
    KeyIsMissing(PathBuf),
    /// A sealed file was changed, or sealed with another key.
    Damaged(PathBuf),
    /// The cryptographic library failed us.
    Crypto,
}

/// What a sealed file holds.
#[derive(Serialize, Deserialize)]
struct Content<'a> {
    tenant: &'a str,
    account: &'a str,
    user: &'a [u8],
    password: &'a [u8],
}

impl Vault {
    /// Opens the vault under this directory; the first time, makes the directory and a key.
    pub fn open(dir: &Path) -> Result<Self, VaultError> {
        let sealed = dir.join(SEALED_DIR);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&sealed)
            .map_err(|error| VaultError::Io(sealed.clone(), error))?;
        remove_unfinished(&sealed).map_err(|error| VaultError::Io(sealed.clone(), error))?;
        let key = read_key(dir, &sealed)?;
        let root = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let derive = |purpose: &str| hmac::sign(&root, purpose.as_bytes());
        Ok(Self {
            seal: RandomizedNonceKey::new(&AES_256_GCM, derive("edgebind credentials seal").as_ref())?,
            names: hmac::Key::new(hmac::HMAC_SHA256, derive("edgebind credentials names").as_ref()),
            tokens: hmac::Key::new(hmac::HMAC_SHA256, derive("edgebind webhook tokens").as_ref()),
            sealed,
        })
    }

    /// Seals credentials; when it returns they survive a crash. The same ones again cost no write.
    pub fn remember(&self, tenant: &str, account: &str, credentials: &Credentials) -> Result<(), VaultError> {
        // A file that cannot be opened is replaced like any other.
        if let Ok(Some(known)) = self.recall(tenant, account)
            && same(known.user.bytes(), credentials.user.bytes())
            && same(known.password.bytes(), credentials.password.bytes())
        {
            return Ok(());
        }
        let (user, password) = (credentials.user.bytes(), credentials.password.bytes());
        let mut octets = postcard::to_allocvec(&Content {
            tenant,
            account,
            user,
            password,
        })
        .map_err(|_| VaultError::Crypto)?;
        let name = self.name(tenant, account);
        let nonce = self.seal.seal_in_place_append_tag(Aad::from(name.as_bytes()), &mut octets)?;
        let path = self.sealed.join(&name);
        write_whole(&self.sealed, &[&[VERSION], nonce.as_ref(), &octets], |file| {
            file.persist(&path).map(drop)
        })
        .map_err(|error| VaultError::Io(path.clone(), error))
    }

    /// The credentials of an account; none if nothing is sealed.
    pub fn recall(&self, tenant: &str, account: &str) -> Result<Option<Credentials>, VaultError> {
        let name = self.name(tenant, account);
        let Some(mut octets) = self.read(&name)? else {
            return Ok(None);
        };
        let content = self.unseal(&name, &mut octets)?;
        Ok(Some(Credentials {
            user: Secret::new(content.user),
            password: Secret::new(content.password),
        }))
    }

    /// Removes what is sealed for an account, if anything is; when it returns it stays removed.
    pub fn forget(&self, tenant: &str, account: &str) -> Result<(), VaultError> {
        let path = self.sealed.join(self.name(tenant, account));
        match fs::remove_file(&path) {
            Ok(()) => sync_dir(&self.sealed).map_err(|error| VaultError::Io(path, error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(VaultError::Io(path, error)),
        }
    }

    /// Whose credentials are sealed, in order. What cannot be opened is left where it is, and said in the log.
    pub fn all(&self) -> Vec<Sealed> {
        let entries = match fs::read_dir(&self.sealed) {
            Ok(entries) => entries,
            Err(error) => {
                tracing::error!(%error, "sealed credentials cannot be listed");
                return Vec::new();
            }
        };
        let names = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.'));
        let mut all: Vec<Sealed> = names
            .filter_map(|name| {
                let opened = self.read(&name).and_then(|octets| {
                    let Some(mut octets) = octets else { return Ok(None) };
                    let content = self.unseal(&name, &mut octets)?;
                    Ok(Some(Sealed {
                        tenant: content.tenant.to_owned(),
                        account: content.account.to_owned(),
                    }))
                });
                opened.unwrap_or_else(|error| {
                    tracing::error!(%error, "sealed credentials cannot be opened");
                    None
                })
            })
            .collect();
        all.sort();
        all
    }

    /// Seals octets under a name: they open under that name only.
    pub fn seal(&self, name: &str, mut octets: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        let nonce = self.seal.seal_in_place_append_tag(Aad::from(name.as_bytes()), &mut octets)?;
        Ok([&[VERSION][..], nonce.as_ref(), &octets].concat())
    }

    /// What was sealed under this name; none if it was changed since, or sealed with another key or name.
    pub fn open_sealed(&self, name: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (&version, rest) = sealed.split_first()?;
        let (nonce, sealed) = rest.split_at_checked(AES_256_GCM.nonce_len())?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok().filter(|_| version == VERSION)?;
        let mut octets = sealed.to_vec();
        let opened = self.seal.open_in_place(nonce, Aad::from(name.as_bytes()), &mut octets).ok()?;
        Some(opened.to_vec())
    }

    /// The part of an account's webhook URL that nobody guesses: 32 hexadecimal digits, the same as long as the key is.
    pub fn webhook_token(&self, tenant: &str, account: &str) -> String {
        let tag = hmac::sign(
            &self.tokens,
            &[b"webhook\0", tenant.as_bytes(), b"\0", account.as_bytes()].concat(),
        );
        hex(&tag.as_ref()[..TOKEN_OCTETS])
    }

    /// Whether this is that token. Takes as long for a wrong one as for a right one.
    pub fn is_webhook_token(&self, tenant: &str, account: &str, token: &str) -> bool {
        same(self.webhook_token(tenant, account).as_bytes(), token.as_bytes())
    }

    fn name(&self, tenant: &str, account: &str) -> String {
        hex(hmac::sign(&self.names, &[tenant.as_bytes(), b"\0", account.as_bytes()].concat()).as_ref())
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, VaultError> {
        let path = self.sealed.join(name);
        match fs::read(&path) {
            Ok(octets) => Ok(Some(octets)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(VaultError::Io(path, error)),
        }
    }

    fn unseal<'a>(&self, name: &str, octets: &'a mut [u8]) -> Result<Content<'a>, VaultError> {
        let damaged = || VaultError::Damaged(self.sealed.join(name));
        let (&mut version, rest) = octets.split_first_mut().ok_or_else(damaged)?;
        let (nonce, sealed) = rest.split_at_mut_checked(AES_256_GCM.nonce_len()).ok_or_else(damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
        if version != VERSION {
            return Err(damaged());
        }
        let opened = self
            .seal
            .open_in_place(nonce, Aad::from(name.as_bytes()), sealed)
            .map_err(|_| damaged())?;
        postcard::from_bytes(opened).map_err(|_| damaged())
    }
}

/// Whether two secrets are the same, in a time that tells nothing of either but perhaps its length.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    let [a, b] = [a, b].map(|octets| digest::digest(&digest::SHA256, octets));
    constant_time::verify_slices_are_equal(a.as_ref(), b.as_ref()).is_ok()
}

/// The key of this directory; made when there is none and nothing was sealed.
fn read_key(dir: &Path, sealed: &Path) -> Result<[u8; KEY_OCTETS], VaultError> {
    let path = dir.join(KEY_FILE);
    let failed = |error| VaultError::Io(path.clone(), error);
    let octets = match fs::read(&path) {
        Ok(octets) => octets,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if fs::read_dir(sealed).map_err(failed)?.next().is_some() {
                return Err(VaultError::KeyIsMissing(path));
            }
            let mut key = [0; KEY_OCTETS];
            rand::fill(&mut key)?;
            // Never in place of one that another process made at the same moment.
            write_whole(dir, &[&key], |file| file.persist_noclobber(&path).map(drop)).map_err(failed)?;
            return Ok(key);
        }
        Err(error) => return Err(failed(error)),
    };
    let mode = fs::metadata(&path).map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(VaultError::KeyIsOpen(path, mode));
    }
    octets
        .try_into()
        .map_err(|octets: Vec<u8>| VaultError::KeyIsDamaged(path.clone(), octets.len()))
}

/// Writes a file that only we may read, whole or not at all: under a name of its own first, then as `persist` says.
pub fn write_whole(
    dir: &Path,
    pieces: &[&[u8]],
    persist: impl FnOnce(NamedTempFile) -> Result<(), tempfile::PersistError>,
) -> io::Result<()> {
    let mut file = NamedTempFile::new_in(dir)?;
    for piece in pieces {
        file.write_all(piece)?;
    }
    file.as_file().sync_all()?;
    persist(file).map_err(|error| error.error)?;
    sync_dir(dir)
}

/// Removes what a crash left half written in a directory.
pub fn remove_unfinished(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Makes the names in a directory durable.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// In hexadecimal digits.
pub fn hex(octets: &[u8]) -> String {
    octets
        .iter()
        .fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
            write!(text, "{octet:02x}").expect("a String takes everything");
            text
        })
}

impl From<Unspecified> for VaultError {
    fn from(Unspecified: Unspecified) -> Self {
        VaultError::Crypto
    }
}

impl fmt::Display for VaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VaultError::Io(path, error) => write!(f, "{}: {error}", path.display()),
            VaultError::KeyIsOpen(path, mode) => {
                write!(
                    f,
                    "{} has mode {mode:04o}, so others may read the key: chmod 600 it, if nobody has",
                    path.display()
                )
            }
            VaultError::KeyIsDamaged(path, length) => {
                write!(f, "{} has {length} octets, and a key has {KEY_OCTETS}", path.display())
            }
            VaultError::KeyIsMissing(path) => {
                write!(
                    f,
                    "{} is missing, and credentials are sealed with it: bring it back, or remove {SEALED_DIR}",
                    path.display()
                )
            }
            VaultError::Damaged(path) => write!(f, "{} was changed, or sealed with another key", path.display()),
            VaultError::Crypto => f.write_str("the cryptographic library failed"),
        }
    }
}

impl std::error::Error for VaultError {}

#[cfg(test)]
mod tests;
