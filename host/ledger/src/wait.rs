//! Waiting for something to claim: woken by a change to the lane, or by the clock.

use std::time::Duration;

use tokio::sync::futures::OwnedNotified;

use crate::{Clock, Instant, Result};

/// What one look at a lane came to.
#[derive(Debug)]
pub(crate) enum Look<T> {
    /// There was something, and it was taken.
    Taken(T),
    /// Nothing yet. Look again when notified, or at `until`: when the next entry is due or the next lease runs out.
    Nothing { changed: OwnedNotified, until: Option<Instant> },
}

/// Looks until something is taken. Between looks nothing is held, so the future may be dropped.
pub(crate) async fn until_taken<T>(clock: &Clock, mut look: impl FnMut(Instant) -> Result<Look<T>>) -> Result<T> {
    loop {
        let now = clock();
        match look(now)? {
            Look::Taken(taken) => return Ok(taken),
            Look::Nothing { changed, until: None } => changed.await,
            Look::Nothing {
                changed,
                until: Some(until),
            } => {
                // At least a millisecond: a clock that lags behind tokio's must not make this spin.
                let wait = Duration::from_millis(until.saturating_sub(now).clamp(1, WAIT_MAX_MS));
                // Either way the lane is looked at again.
                let _ = tokio::time::timeout(wait, changed).await;
            }
        }
    }
}

/// The longest sleep before looking again, so that a machine's clock set forward is noticed.
const WAIT_MAX_MS: u64 = 60_000;
