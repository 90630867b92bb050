//! Waiting for something that grows: a log, an inbox. Woken by the change itself, never by polling.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// What was waited for did not come in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimedOut {
    /// How long it was waited for.
    pub waited: Duration,
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing of the kind within {} ms", self.waited.as_millis())
    }
}

impl std::error::Error for TimedOut {}

/// A value behind a lock that wakes its watchers at every change.
pub(crate) struct Watched<T> {
    value: Mutex<T>,
    changes: watch::Sender<u64>,
}

impl<T> Watched<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            value: Mutex::new(value),
            changes: watch::Sender::new(0),
        }
    }

    pub(crate) fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&lock(&self.value))
    }

    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let result = change(&mut lock(&self.value));
        self.changes.send_modify(|count| *count += 1);
        result
    }

    /// A change that wakes nobody: the caller takes what it was woken for, or only looks.
    pub(crate) fn take<R>(&self, take: impl FnOnce(&mut T) -> R) -> R {
        take(&mut lock(&self.value))
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Waits until `look` sees what it is looking for.
    pub(crate) async fn wait_for<R>(&self, timeout: Duration, mut look: impl FnMut(&mut T) -> Option<R>) -> Result<R, TimedOut> {
        let mut changes = self.changes.subscribe();
        let seen = async {
            loop {
                if let Some(found) = self.take(&mut look) {
                    return found;
                }
                // Cannot fail: `self` holds the sender.
                let _ = changes.changed().await;
            }
        };
        tokio::time::timeout(timeout, seen)
            .await
            .map_err(|_| TimedOut { waited: timeout })
    }
}

/// A panic elsewhere must not hide behind a second one here.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
