//! The time of day, as an argument: an engine is given its clock, so that a test can hold it still.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Instant = u64;

/// Says what time it is. A claim that waits for a due time or a lease sleeps on tokio's clock and then asks this one,
/// so under a paused tokio clock this one should follow it.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// The machine's clock. A machine set before 1970 reads as 1970.
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis))
}

/// A duration in whole milliseconds, no more than fit.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
