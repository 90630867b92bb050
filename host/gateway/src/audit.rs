//! The audit trail: a line of JSON for every change that anybody made, on the disk before the change is answered.

use crate::limits::{AUDIT_ENTRIES_MAX, AUDIT_OCTETS_MAX};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead as _, BufReader, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};
use utoipa::ToSchema;

const FILE: &str = "audit.jsonl";

/// Where the lines go that no longer fit; what was there is gone.
const BEFORE: &str = "audit.1.jsonl";

/// The trail of one data directory.
pub struct Audit {
    dir: PathBuf,
    file: Mutex<File>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// When, in milliseconds of Unix time.
    pub at: u64,
    /// Who: `admin` (the API), `file` (the configuration), `rule` (the gateway itself).
    pub by: String,
    /// What was done, such as `tenant created` or `release deployed`.
    pub action: String,
    /// To which tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// To which account of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What differs, never a secret.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub what: Vec<Difference>,
}

/// A value before and after; null where there was or is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// Where, such as `rate.per_second`.
    pub path: String,
    /// Before.
    pub before: Value,
    /// After.
    pub after: Value,
}

/// Who changes things through the API.
pub const ADMIN: &str = "admin";
/// What the configuration changes.
pub const FILE_OWNER: &str = "file";
/// What the gateway decides by a rule.
pub const RULE: &str = "rule";

impl Audit {
    /// The trail in this directory.
    pub fn open(dir: &Path) -> io::Result<Self> {
        Ok(Self {
            dir: dir.to_owned(),
            file: Mutex::new(appending(&dir.join(FILE))?),
        })
    }

    /// Writes a change down; when it returns, that survives a crash. Blocks on the disk.
    pub fn write(&self, change: &Change) -> io::Result<()> {
        let mut line = serde_json::to_vec(change)?;
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.metadata()?.len() + line.len() as u64 > AUDIT_OCTETS_MAX {
            fs::rename(self.dir.join(FILE), self.dir.join(BEFORE))?;
            *file = appending(&self.dir.join(FILE))?;
        }
        file.write_all(&line)?;
        file.sync_data()
    }

    /// The latest changes, oldest first: of one tenant if it is named, after this time, and at most so many.
    pub fn read(&self, tenant: Option<&str>, after: u64, limit: usize) -> io::Result<Vec<Change>> {
        let mut changes = Vec::new();
        for name in [BEFORE, FILE] {
            let file = match File::open(self.dir.join(name)) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            for line in BufReader::new(file).lines() {
                // The last line of a crash may be half a line.
                let Ok(change) = serde_json::from_str::<Change>(&line?) else {
                    continue;
                };
                if change.at > after && tenant.is_none_or(|tenant| change.tenant.as_deref() == Some(tenant)) {
                    changes.push(change);
                }
            }
        }
        let limit = limit.min(AUDIT_ENTRIES_MAX);
        Ok(changes.split_off(changes.len().saturating_sub(limit)))
    }
}

fn appending(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(at: u64, tenant: &str) -> Change {
        Change {
            at,
            by: ADMIN.into(),
            action: "tenant changed".into(),
            tenant: Some(tenant.into()),
            account: None,
            what: Vec::new(),
        }
    }

    #[test]
    fn the_latest_changes_come_back_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let audit = Audit::open(dir.path()).unwrap();
        for at in 1..=4 {
            audit.write(&change(at, if at % 2 == 0 { "even" } else { "odd" })).unwrap();
        }
        drop(audit);
        let audit = Audit::open(dir.path()).unwrap();
        let times = |tenant, after, limit| {
            let changes = audit.read(tenant, after, limit).unwrap();
            changes.iter().map(|change| change.at).collect::<Vec<u64>>()
        };
        assert_eq!(times(None, 0, 9), [1, 2, 3, 4]);
        assert_eq!(times(Some("even"), 0, 9), [2, 4]);
        assert_eq!(times(None, 1, 2), [3, 4]);
    }

    #[test]
    fn a_trail_that_is_full_begins_another_and_keeps_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let audit = Audit::open(dir.path()).unwrap();
        let large = Change {
            account: Some("x".repeat(1 << 20)),
            ..change(1, "acme")
        };
        let fits = usize::try_from(AUDIT_OCTETS_MAX >> 20).unwrap();
        for _ in 0..fits {
            audit.write(&large).unwrap();
        }
        audit.write(&change(2, "acme")).unwrap();
        assert!(fs::metadata(dir.path().join(FILE)).unwrap().len() <= AUDIT_OCTETS_MAX);
        let changes = audit.read(None, 0, AUDIT_ENTRIES_MAX).unwrap();
        assert_eq!(changes.len(), fits + 1);
    }
}
