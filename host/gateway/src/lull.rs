//! A time in which work rests, and that may end early.

use crate::clock::Clock;
use std::time::Duration;
use tokio::sync::watch;

/// Until when, in milliseconds since 1970; 0 when there is none.
#[derive(Debug, Default)]
pub struct Lull(watch::Sender<u64>);

impl Lull {
    /// Work rests until then.
    pub fn until(&self, then: u64) {
        self.0.send_if_modified(|until| std::mem::replace(until, then) != then);
    }

    /// Work goes on.
    pub fn end(&self) {
        self.until(0);
    }

    /// Whether work rests at this time.
    pub fn is_on(&self, now: u64) -> bool {
        now < *self.0.borrow()
    }

    /// Returns when there is none, or none any more.
    pub async fn over(&self, clock: &Clock) {
        let mut until = self.0.subscribe();
        loop {
            let left = until.borrow_and_update().saturating_sub(clock.now());
            if left == 0 {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(left)) => {}
                // The sender is this value's own.
                _ = until.changed() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_ends_at_its_time_or_early() {
        let (lull, clock) = (Lull::default(), Clock::start());
        lull.over(&clock).await;
        let now = clock.now();
        lull.until(now + 3_600_000);
        assert!(lull.is_on(now) && !lull.is_on(now + 3_600_000));
        tokio::join!(lull.over(&clock), async { lull.end() });
        assert!(!lull.is_on(now));
        lull.until(clock.now() + 5);
        lull.over(&clock).await;
    }
}
