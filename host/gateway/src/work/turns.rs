//! Turns at what is known of a message. The upstream's answer, its reports and the clock come at once, and each reads what is known
//! before it writes: one at a time, or one of them would be forgotten.

use crate::limits::TURNS;
use edgebind_ledger::EntryId;
use tokio::sync::{Mutex, MutexGuard};

/// Whose turn it is. Several entries share a turn; nobody holds two.
#[derive(Debug)]
pub struct Turns(Box<[Mutex<()>]>);

impl Default for Turns {
    fn default() -> Self {
        Self((0..TURNS).map(|_| Mutex::default()).collect())
    }
}

impl Turns {
    /// Waits for a turn at this entry, which lasts until the guard is dropped.
    pub async fn at(&self, entry: EntryId) -> MutexGuard<'_, ()> {
        let place = entry.as_u64() % self.0.len() as u64;
        self.0[usize::try_from(place).unwrap_or_default()].lock().await
    }
}
