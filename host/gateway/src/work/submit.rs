//! One submission: hand it to the translator, do its exchanges, settle, and say in a receipt what became of it.

use super::{
    awaited, backoff, deliveries,
    entry::{self, Note, Standing, Submission},
    lane::Lane,
    order::Destination,
    receipts::{self, News},
    reports,
};
use crate::{account::Account, clock::millis, gateway::Gateway, tenant::Tenant, upstream};
use edgebind_ledger::{Claim, EntryId, LedgerError, Settlement};
use edgebind_runtime::{
    message::{Message, MessageState},
    translator::{Dead, Operation, Outcome, Retry},
};
use edgebind_smpp::{EsmClass, Mode};
use std::{sync::Arc, time::Duration};

/// A message that was claimed, and read.
pub struct Job {
    claim: Claim,
    submission: Submission,
}

impl Job {
    /// Reads what was claimed. What cannot be read is given up, and none is left of it.
    pub async fn read(gateway: &Gateway, claim: Claim) -> Option<Self> {
        let error = match entry::decode::<Submission>(&claim.body) {
            Ok(submission) => return Some(Self { claim, submission }),
            Err(error) => error,
        };
        let id = claim.id;
        tracing::error!(entry = %id, %error, "a submission cannot be read");
        let given_up = vec![(claim, deliveries::given_up(error.to_string()))];
        if let Err(error) = gateway.ledger.settle(given_up).await {
            tracing::error!(entry = %id, %error, "failed to settle what cannot be read");
        }
        None
    }

    /// The entry.
    pub fn id(&self) -> EntryId {
        self.claim.id
    }

    /// Where it goes.
    pub fn destination(&self) -> Destination {
        Destination::of(&self.submission.message.destination)
    }
}

/// Does one submission, to its settlement.
pub async fn submit(gateway: &Arc<Gateway>, tenant: &Arc<Tenant>, account: &Arc<Account>, lane: &Lane, job: Job) {
    let id = job.id();
    if let Err(error) = attempt(gateway, tenant, account, lane, job).await {
        tracing::error!(entry = %id, %error, "failed to settle a submission; it will be attempted again");
    }
    gateway.forget_credentials(tenant, account);
}

async fn attempt(
    gateway: &Arc<Gateway>,
    tenant: &Arc<Tenant>,
    account: &Account,
    lane: &Lane,
    Job { claim, submission }: Job,
) -> Result<(), LedgerError> {
    let patience = tenant.config().retry_max_age;
    let mut expiry = expiry(&submission, &claim, patience);
    if gateway.clock.now() >= expiry
        && let Some(at) = gateway.records.get(claim.id)?.as_ref().and_then(reports::revived)
    {
        // Somebody wants it sent although its own time is over.
        expiry = at.saturating_add(millis(patience));
    }
    let outcome = if gateway.clock.now() >= expiry {
        Outcome::Dead(expired())
    } else {
        let operation = Operation::Submit(submission.message.clone());
        upstream::run(gateway, tenant, account, &claim.id.to_string(), claim.attempt, operation).await
    };
    let outcome = match outcome {
        Outcome::Retry(retry) if is_datagram(&submission.message) => Outcome::Dead(only_once(&retry)),
        Outcome::Retry(_) if account.lull.is_on(gateway.clock.now()) => {
            // Nobody was asked: it is the same attempt when the upstream is there again.
            gateway.ledger.release(&[claim.id]);
            return Ok(());
        }
        outcome => outcome,
    };
    let label = match &outcome {
        Outcome::Taken(_) => "taken",
        Outcome::Known(_) | Outcome::Retry(_) => "retry",
        Outcome::Dead(_) => "dead",
    };
    metrics::counter!("edgebind_submits_total", "tenant" => tenant.name.clone(), "outcome" => label).increment(1);
    let put_off = |wish: Option<u64>, why: &str| {
        let wish = wish.map(Duration::from_millis).unwrap_or_default();
        let pause = backoff::pause(claim.attempt, rand::random()).max(wish);
        // The last attempt is when its time is over: that one asks nobody and says so.
        let after = pause.min(Duration::from_millis(expiry.saturating_sub(gateway.clock.now())));
        tracing::warn!(entry = %claim.id, attempt = claim.attempt, again_in_ms = millis(after), "upstream: {why}");
        Settlement::Retry { after, note: None }
    };
    let _turn = gateway.turns.at(claim.id).await;
    let settlement = match outcome {
        Outcome::Taken(ids) => {
            tracing::debug!(entry = %claim.id, attempt = claim.attempt, "the upstream took it");
            taken(gateway, tenant, &claim, ids)?
        }
        Outcome::Known(_) => put_off(None, "the translator knows what becomes of a message that it was to submit"),
        Outcome::Retry(retry) => put_off(retry.after_ms, &retry.why),
        Outcome::Dead(dead) => {
            tracing::warn!(entry = %claim.id, attempt = claim.attempt, state = ?dead.state, "given up: {}", dead.why);
            let news = News {
                state: dead.state,
                last: true,
                error: dead.error,
                at: gateway.clock.now(),
            };
            let told = receipts::receipts(&lane.deliver(), claim.id, claim.appended, &submission, news);
            gateway.append(told).await?;
            awaited::came(gateway, claim.id).await?;
            Settlement::Dead {
                note: entry::encode(&Note::Standing(news.standing())),
            }
        }
    };
    gateway.ledger.settle(vec![(claim, settlement)]).await
}

/// The upstream has it. A report may have come before this answer: what it said stands.
fn taken(gateway: &Gateway, tenant: &Tenant, claim: &Claim, ids: Vec<String>) -> Result<Settlement, LedgerError> {
    let heard = gateway.records.get(claim.id)?.as_ref().and_then(reports::note);
    let aliases = ids.iter().map(|id| tenant.alias(id)).collect();
    let standing = match heard {
        Some(Note::Standing(standing)) => Standing {
            upstream_ids: ids,
            ..standing
        },
        _ => Standing::taken(ids, gateway.clock.now()),
    };
    Ok(Settlement::Done {
        note: entry::encode(&Note::Standing(standing)),
        aliases,
    })
}

/// When a message is worthless: by its validity_period, and by the tenant's patience in any case.
fn expiry(submission: &Submission, claim: &Claim, patience: Duration) -> u64 {
    let message = &submission.message;
    let from = message.schedule.unwrap_or(claim.appended).max(claim.appended);
    let patience = from.saturating_add(millis(patience));
    message.validity.map_or(patience, |validity| validity.min(patience))
}

/// Datagram mode (SMPP 3.4 §2.10.1): one attempt.
fn is_datagram(message: &Message) -> bool {
    EsmClass::new(message.esm_class).is_some_and(|esm_class| esm_class.mode() == Mode::Datagram)
}

fn only_once(retry: &Retry) -> Dead {
    Dead {
        state: MessageState::Undeliverable,
        command_status: 0,
        error: 0,
        why: format!("not tried again in datagram mode: {}", retry.why),
    }
}

fn expired() -> Dead {
    Dead {
        state: MessageState::Expired,
        command_status: 0,
        error: 0,
        why: "its time is over".into(),
    }
}
