//! How long to wait before the next attempt.

use crate::limits::BACKOFF;
use std::time::Duration;

/// The pause after attempt number `attempt` (from 1): doubling from the first to the longest, drawn from its upper
/// half by `draw` (0.0 to 1.0), so that what failed together does not come back together.
pub fn pause(attempt: u32, draw: f64) -> Duration {
    let (first, longest) = BACKOFF;
    let doubled = first.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(longest);
    doubled.mul_f64(0.5 + draw.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let seconds = |attempt| pause(attempt, 1.0).as_secs();
        assert_eq!([1, 2, 3, 4].map(seconds), [1, 2, 4, 8]);
        assert_eq!(pause(40, 1.0), BACKOFF.1);
        assert_eq!(pause(u32::MAX, 0.0), BACKOFF.1 / 2);
    }

    #[test]
    fn a_draw_never_leaves_the_upper_half() {
        for draw in [-1.0, 0.0, 0.3, 1.0, 7.0] {
            let pause = pause(3, draw);
            assert!(
                pause >= Duration::from_secs(2) && pause <= Duration::from_secs(4),
                "{pause:?}"
            );
        }
    }
}
