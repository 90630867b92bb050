//! Looks at the files of listeners now and then, and has them read again when they have changed.

use super::Tls;
use crate::limits::TLS_POLL;
use std::{fs, os::unix::fs::MetadataExt as _, path::Path, sync::Arc, time::SystemTime};
use tokio::{sync::Notify, time::sleep};

/// What files look like from outside: each one's time of modification, length and inode; none for one that cannot be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp(Vec<Option<(SystemTime, u64, u64)>>);

impl Stamp {
    pub(super) fn of<'a>(paths: impl Iterator<Item = &'a Path>) -> Self {
        let of = |path: &Path| {
            let metadata = fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len(), metadata.ino()))
        };
        Self(paths.map(of).collect())
    }
}

/// The files of one listener, as they were.
struct Watched {
    name: &'static str,
    tls: Arc<Tls>,
    read: Stamp,
    seen: Stamp,
}

impl Watched {
    /// Whether the files have changed and come to rest: certificate and key are written one behind the other, and half a pair is
    /// no pair.
    fn has_changed(&mut self, now: Stamp) -> bool {
        let is_settled = now == self.seen;
        self.seen = now;
        is_settled && self.seen != self.read
    }

    fn reload(&mut self) {
        self.read = self.seen.clone();
        match self.tls.reload() {
            Ok(()) => tracing::info!(listener = self.name, "certificate read again, for new connections"),
            Err(error) => tracing::error!(
                listener = self.name,
                %error,
                "the new certificate cannot be used and the old one stays: put the files right, they are then read again"
            ),
        }
    }
}

/// Watches until it is dropped; at `again` everything is read without waiting.
pub async fn watch(listeners: Vec<(&'static str, Arc<Tls>)>, again: Arc<Notify>) {
    let watched = |(name, tls): (_, Arc<Tls>)| Watched {
        name,
        read: tls.opened.clone(),
        seen: tls.opened.clone(),
        tls,
    };
    let mut listeners: Vec<Watched> = listeners.into_iter().map(watched).collect();
    loop {
        let is_told = tokio::select! {
            () = sleep(TLS_POLL) => false,
            () = again.notified() => true,
        };
        for watched in &mut listeners {
            let now = watched.tls.stamp();
            if watched.has_changed(now) || is_told {
                watched.reload();
            }
        }
    }
}
