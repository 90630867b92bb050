//! How often, and how soon, webhooks come again.

use std::time::Duration;

/// How webhooks are repeated.
#[derive(Debug, Clone, Copy)]
pub struct Repeats {
    /// Delay before the first repetition; doubled each time. SMSGate's and Vonage's own is 5 s.
    pub first: Duration,
    /// Repetitions before an emission is given up. SMSGate's own is 15; Vonage goes on for a day.
    pub most: u32,
    /// How long an answer may take.
    pub answer_timeout: Duration,
}
