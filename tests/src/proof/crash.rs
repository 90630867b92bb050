//! Killed again and again: at random moments under load, and now and then while it starts, what was accepted comes to its end.

use std::time::Duration;

use super::check::Verdict;
use super::trial::{Plan, Trial};

/// A round is at most so long; most end earlier.
const ROUND_MS_MAX: u64 = 1_500;

/// Of so many rounds one begins with a start that is killed.
const STUMBLES: f64 = 0.2;

/// How far a start that is killed may come.
const STUMBLE_MS_MAX: u64 = 400;

/// Load, kill -9, restart, so many times; then time for everything to come to its end.
pub async fn crash(plan: Plan, rounds: u32, patience: Duration) -> Verdict {
    let mut trial = Trial::start(plan).await;
    for round in 0..rounds {
        let time = Duration::from_millis(10 + trial.draw(ROUND_MS_MAX));
        trial.go_on(time).await;
        trial.kill().await;
        while trial.falls_on(STUMBLES) {
            let after = Duration::from_millis(trial.draw(STUMBLE_MS_MAX));
            trial.stumble(after).await;
        }
        trial.up().await;
        if (round + 1) % 10 == 0 {
            eprintln!("{} of {rounds} rounds", round + 1);
        }
    }
    if trial.torn_octets > 0 {
        eprintln!("power cuts have cost {} octets", trial.torn_octets);
    }
    trial.settle(patience).await
}
