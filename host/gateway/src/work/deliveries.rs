//! Deliveries between the ledger and a bind: read what was claimed, settle what the session said of it.

use super::entry::{self, Note, Outgoing, Unreadable};
use crate::{gateway::Gateway, limits::DELIVER_PAUSE_MAX};
use edgebind_ledger::{Claim, Settlement as Settled};
use edgebind_runtime::{message::Delivery, session::Settlement};
use std::{sync::Arc, time::Duration};

/// The delivery in a claim.
pub fn read(claim: &Claim) -> Result<Delivery, Unreadable> {
    entry::decode::<Outgoing>(&claim.body).map(|outgoing| outgoing.delivery)
}

/// What the ledger is told of what the session said; nothing where the ESME has seen nothing of it: then it is given back, and this
/// was no try.
pub fn settlement(tenant: &Arc<str>, claim: &Claim, settlement: Settlement) -> Option<Settled> {
    let (outcome, settled) = match settlement {
        Settlement::Done => (
            "done",
            Some(Settled::Done {
                note: entry::encode(&Note::Delivered),
                aliases: Vec::new(),
            }),
        ),
        Settlement::Retry(0) => ("returned", None),
        Settlement::Retry(after_ms) => ("retry", Some(again(pause(claim.attempt, after_ms, rand::random())))),
        Settlement::Dead(status) => {
            let why = format!("refused by the ESME with command_status {status:#010x}");
            tracing::warn!(entry = %claim.id, "a delivery is dead: {why}");
            ("dead", Some(given_up(why)))
        }
    };
    count(tenant, outcome);
    settled
}

/// Counts what a delivery came to.
pub fn count(tenant: &Arc<str>, outcome: &'static str) {
    metrics::counter!("edgebind_deliveries_total", "tenant" => tenant.clone(), "outcome" => outcome).increment(1);
}

/// The pause after try number `attempt` (from 1): what the session asked for, and with each further try twice as long up to
/// [`DELIVER_PAUSE_MAX`]; up to half as much again by `draw` (0.0 to 1.0), so that what was refused together does not come back together.
fn pause(attempt: u32, after_ms: u64, draw: f64) -> Duration {
    let asked = Duration::from_millis(after_ms);
    let doubled = asked.saturating_mul(1 << attempt.saturating_sub(1).min(16));
    doubled
        .min(DELIVER_PAUSE_MAX.max(asked))
        .mul_f64(1.0 + draw.clamp(0.0, 1.0) / 2.0)
}

/// What the ledger is told of a delivery that nobody can take now.
pub fn again(after: Duration) -> Settled {
    Settled::Retry { after, note: None }
}

/// What the ledger is told of a delivery that nobody will get.
pub fn given_up(why: String) -> Settled {
    Settled::Dead {
        note: entry::encode(&Note::Dead(why)),
    }
}

/// Settles without waiting: until it is written, the claim keeps others away.
pub fn settle(gateway: &Arc<Gateway>, settlements: Vec<(Claim, Settled)>) {
    if settlements.is_empty() {
        return;
    }
    let ledger = gateway.ledger.clone();
    gateway.tasks.spawn(async move {
        let deliveries = settlements.len();
        if let Err(error) = ledger.settle(settlements).await {
            tracing::error!(deliveries, %error, "failed to settle; what was delivered will be delivered again");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_try_waits_twice_as_long_up_to_a_minute() {
        let seconds = |attempt| pause(attempt, 5_000, 0.0).as_secs();
        assert_eq!([1, 2, 3, 4, 5, 40].map(seconds), [5, 10, 20, 40, 60, 60]);
        assert_eq!(pause(u32::MAX, 1, 1.0), Duration::from_secs(90));
    }

    #[test]
    fn what_the_session_asks_for_is_the_least() {
        for draw in [-1.0, 0.0, 0.5, 7.0] {
            let pause = pause(1, 100, draw).as_millis();
            assert!((100..=150).contains(&pause), "{pause} ms");
        }
        assert_eq!(pause(3, 600_000, 0.0), Duration::from_secs(600));
    }
}
