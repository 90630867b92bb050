//! Deliveries between the ledger and a bind: read what was claimed, settle what the session said of it.

use super::entry::{self, Note, Outgoing, Unreadable};
use crate::gateway::Gateway;
use edgebind_ledger::{Claim, Settlement as Settled};
use edgebind_runtime::{message::Delivery, session::Settlement};
use std::{sync::Arc, time::Duration};

/// The delivery in a claim.
pub fn read(claim: &Claim) -> Result<Delivery, Unreadable> {
    entry::decode::<Outgoing>(&claim.body).map(|outgoing| outgoing.delivery)
}

/// What the ledger is told of what the session said.
pub fn settlement(tenant: &Arc<str>, claim: &Claim, settlement: Settlement) -> Settled {
    let (outcome, settled) = match settlement {
        Settlement::Done => (
            "done",
            Settled::Done {
                note: entry::encode(&Note::Delivered),
                aliases: Vec::new(),
            },
        ),
        Settlement::Retry(after_ms) => ("retry", again(Duration::from_millis(after_ms))),
        Settlement::Dead(status) => {
            let why = format!("refused by the ESME with command_status {status:#010x}");
            tracing::warn!(entry = %claim.id, "a delivery is dead: {why}");
            ("dead", given_up(why))
        }
    };
    metrics::counter!("edgebind_deliveries_total", "tenant" => tenant.clone(), "outcome" => outcome).increment(1);
    settled
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
