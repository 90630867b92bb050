//! The gateway's time: milliseconds since 1970, never stepping back, moving with tokio's clock (so that tests can stop it).

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Milliseconds since 1970-01-01T00:00:00Z at one moment, and how far tokio's clock has come since.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    epoch_ms: u64,
    started: Instant,
}

impl Clock {
    /// Reads the system's clock once.
    pub fn start() -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            epoch_ms: millis(since_1970),
            started: Instant::now(),
        }
    }

    /// Milliseconds since 1970.
    pub fn now(&self) -> u64 {
        self.epoch_ms.saturating_add(millis(self.started.elapsed()))
    }

    /// The moment of tokio's clock at which [`Clock::now`] will be `at`; a time already past is now.
    pub fn instant(&self, at: u64) -> Instant {
        // A session may ask for a time that no clock will see; a year from now is as good as never.
        const NEVER: Duration = Duration::from_secs(365 * 24 * 3_600);
        let wait = Duration::from_millis(at.saturating_sub(self.now()));
        Instant::now() + wait.min(NEVER)
    }
}

/// A duration as whole milliseconds.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
