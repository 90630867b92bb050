//! One submission: hand it to the translator, do its exchanges, settle, and say in a receipt what became of it.

use super::{
    backoff, deliveries,
    entry::{self, Note, Submission},
    lane::Lane,
    receipts::{self, News},
};
use crate::{
    clock::millis,
    gateway::Gateway,
    tenant::{Account, Tenant},
    upstream,
};
use edgebind_ledger::{Claim, LedgerError, Settlement};
use edgebind_runtime::{
    message::MessageState,
    translator::{Dead, Operation, Outcome, Retry},
};
use std::{sync::Arc, time::Duration};

/// Does one claimed submission, to its settlement.
pub async fn submit(gateway: &Arc<Gateway>, tenant: &Arc<Tenant>, account: &Arc<Account>, lane: &Lane, claim: Claim) {
    let id = claim.id;
    if let Err(error) = attempt(gateway, tenant, account, lane, claim).await {
        tracing::error!(entry = %id, %error, "failed to settle a submission; it will be attempted again");
    }
    gateway.forget_credentials(tenant, account);
}

async fn attempt(
    gateway: &Arc<Gateway>,
    tenant: &Arc<Tenant>,
    account: &Account,
    lane: &Lane,
    claim: Claim,
) -> Result<(), LedgerError> {
    let submission = match entry::decode::<Submission>(&claim.body) {
        Ok(submission) => submission,
        Err(error) => {
            tracing::error!(entry = %claim.id, %error, "a submission cannot be read");
            return gateway
                .ledger
                .settle(vec![(claim, deliveries::given_up(error.to_string()))])
                .await;
        }
    };
    let expiry = expiry(&submission, &claim, tenant.config.retry_max_age);
    let outcome = if gateway.clock.now() >= expiry {
        Outcome::Dead(expired())
    } else {
        let operation = Operation::Submit(submission.message.clone());
        upstream::run(gateway, tenant, account, &claim.id.to_string(), claim.attempt, operation).await
    };
    let label = match &outcome {
        Outcome::Taken(_) => "taken",
        Outcome::Known(_) | Outcome::Retry(_) => "retry",
        Outcome::Dead(_) => "dead",
    };
    metrics::counter!("edgebind_submits_total", "tenant" => tenant.name.clone(), "outcome" => label).increment(1);
    let settlement = match outcome {
        Outcome::Taken(ids) => {
            tracing::debug!(entry = %claim.id, attempt = claim.attempt, "the upstream took it");
            let aliases = ids.iter().map(|id| tenant.alias(id)).collect();
            Settlement::Done {
                note: entry::encode(&Note::Taken(ids)),
                aliases,
            }
        }
        Outcome::Known(_) => Settlement::Retry {
            after: backoff::pause(claim.attempt, rand::random()),
            note: None,
        },
        Outcome::Retry(Retry { after_ms, why }) => {
            let now = gateway.clock.now();
            let wish = after_ms.map(Duration::from_millis).unwrap_or_default();
            let pause = backoff::pause(claim.attempt, rand::random()).max(wish);
            // The last attempt is when its time is over: that one asks nobody and says so.
            let after = pause.min(Duration::from_millis(expiry.saturating_sub(now)));
            tracing::warn!(entry = %claim.id, attempt = claim.attempt, again_in_ms = millis(after), "upstream: {why}");
            Settlement::Retry { after, note: None }
        }
        Outcome::Dead(dead) => {
            tracing::warn!(entry = %claim.id, attempt = claim.attempt, state = ?dead.state, "given up: {}", dead.why);
            let news = News {
                state: dead.state,
                last: true,
                error: dead.error,
                at: gateway.clock.now(),
            };
            gateway
                .append(receipts::receipts(
                    &lane.deliver(),
                    claim.id,
                    claim.appended,
                    &submission,
                    news,
                ))
                .await?;
            deliveries::given_up(dead.why)
        }
    };
    gateway.ledger.settle(vec![(claim, settlement)]).await
}

/// When a message is worthless: by its validity_period, and by the tenant's patience in any case.
fn expiry(submission: &Submission, claim: &Claim, patience: Duration) -> u64 {
    let message = &submission.message;
    let from = message.schedule.unwrap_or(claim.appended).max(claim.appended);
    let patience = from.saturating_add(millis(patience));
    message.validity.map_or(patience, |validity| validity.min(patience))
}

fn expired() -> Dead {
    Dead {
        state: MessageState::Expired,
        command_status: 0,
        error: 0,
        why: "its time is over".into(),
    }
}
