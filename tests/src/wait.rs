//! Patience with a bound: the world outside moves when it wants to.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long a scenario waits for something that should happen at once, on a machine that is busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Asks again and again until there is an answer; panics, naming what was waited for, when `within` is over.
pub async fn until<T>(what: impl Display, within: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {within:?} for {what}");
        sleep(Duration::from_millis(20)).await;
    }
}
