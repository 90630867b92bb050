//! One submission: hand it to the translator, do its exchanges, settle, and say in a receipt what became of it.

use super::{
    awaited, backoff, deliveries,
    entry::{self, Note, Standing, Submission},
    lane::Lane,
    order::Destination,
    pieces,
    receipts::{self, News},
    reports,
};
use crate::{account::Account, clock::millis, gateway::Gateway, tenant::Tenant, upstream};
use edgebind_ledger::{Claim, EntryId, LedgerError, Settlement};
use edgebind_runtime::{
    message::{Message, MessageState},
    translator::{Dead, Operation, Outcome, Piece, Retry},
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
        Outcome::Pieces(pieces) if pieces.iter().any(|piece| matches!(piece, Piece::Refused(_))) => "dead",
        Outcome::Taken(_) | Outcome::Pieces(_) => "taken",
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
            let standing = whole(heard(gateway, claim.id)?, ids, gateway.clock.now());
            taken(gateway, tenant, lane, &claim, &submission, standing).await?
        }
        Outcome::Pieces(answer) => {
            for piece in &answer {
                if let Piece::Refused(dead) = piece {
                    tracing::warn!(entry = %claim.id, attempt = claim.attempt, state = ?dead.state, "a piece of it is refused: {}", dead.why);
                }
            }
            let standing = in_pieces(heard(gateway, claim.id)?, answer, gateway.clock.now());
            taken(gateway, tenant, lane, &claim, &submission, standing).await?
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

/// What reports have said of a message before the answer to it.
fn heard(gateway: &Gateway, entry: EntryId) -> Result<Option<Standing>, LedgerError> {
    let note = gateway.records.get(entry)?.as_ref().and_then(reports::note);
    Ok(note.and_then(|note| match note {
        Note::Standing(standing) => Some(standing),
        _ => None,
    }))
}

/// The upstream has it as one message. What a report said of it before stands, by whichever of its ids.
fn whole(heard: Option<Standing>, ids: Vec<String>, now: u64) -> Standing {
    let Some(heard) = heard else {
        return Standing::taken(ids, now);
    };
    let early = heard.pieces.iter().find(|piece| ids.contains(&piece.id)).cloned();
    let mut standing = Standing {
        upstream_ids: ids,
        pieces: Vec::new(),
        ..heard
    };
    if let Some(early) = early.filter(|_| !standing.last) {
        (standing.state, standing.last) = (early.state, early.last);
        (standing.error, standing.at) = (early.error, early.at);
    }
    standing
}

/// The upstream made several messages of it, or refused some.
fn in_pieces(heard: Option<Standing>, answer: Vec<Piece>, now: u64) -> Standing {
    if let [Piece::Taken(id)] = answer.as_slice() {
        return whole(heard, vec![id.clone()], now);
    }
    let heard = heard.unwrap_or_else(|| Standing::taken(Vec::new(), now));
    let pieces = pieces::answered(answer, &heard.pieces, now);
    let upstream_ids = pieces.iter().map(|piece| piece.id.clone()).filter(|id| !id.is_empty());
    let standing = Standing {
        upstream_ids: upstream_ids.collect(),
        ..heard
    };
    match pieces::last_word(&pieces).filter(|_| !standing.last) {
        None => Standing { pieces, ..standing },
        Some(news) => Standing {
            upstream_ids: standing.upstream_ids,
            replacing_until: standing.replacing_until,
            pieces,
            ..news.standing()
        },
    }
}

/// The upstream has it, or some of it. Where its last word is there already, that is told now. Of what some pieces were refused it is
/// not sent again, unless somebody wants that: others have left.
async fn taken(
    gateway: &Gateway,
    tenant: &Tenant,
    lane: &Lane,
    claim: &Claim,
    submission: &Submission,
    standing: Standing,
) -> Result<Settlement, LedgerError> {
    if standing.last {
        let news = News {
            state: standing.state,
            last: true,
            error: standing.error,
            at: standing.at,
        };
        // With a key: what was told before the answer is not told again.
        let told = receipts::receipts(&lane.deliver(), claim.id, claim.appended, submission, news);
        gateway.append(told).await?;
        awaited::came(gateway, claim.id).await?;
    }
    let is_refused = standing.pieces.iter().any(|piece| piece.id.is_empty());
    let aliases = standing.upstream_ids.iter().map(|id| tenant.alias(id)).collect();
    let note = entry::encode(&Note::Standing(standing));
    Ok(match is_refused {
        true => Settlement::Dead { note },
        false => Settlement::Done { note, aliases },
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
