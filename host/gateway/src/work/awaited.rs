//! Final receipts that the upstream owes: for each message that asked for one, an entry of a lane of its own that comes due when the
//! message's time is over. The last word settles it; where none comes, the clock says it.
//!
//! The entry is on the disk before the upstream is asked, so that no crash leaves a message behind that nobody waits for. Its key
//! makes it one however often the message is tried; the receipt's own key makes that one whoever says it first.
//!
//! A message that asks for a receipt costs the ledger a quarter more by this: 102 instead of 83 microseconds of processor from its
//! append to its receipt's last settlement, medians of five rounds of 40 000 on two busy cores, where the whole route takes about 300.

use super::{
    entry::{self, Note, Outgoing, Standing, Submission},
    inquiry::Asker,
    lane::Lane,
    receipts::{self, News},
    reports,
};
use crate::{
    clock::millis,
    gateway::Gateway,
    limits::{AWAITED_AGAIN, AWAITED_BATCH, AWAITED_GRACE, AWAITED_MAX, RETENTION},
    tenant::Tenant,
};
use edgebind_ledger::{Claim, EntryId, LedgerError, NewEntry, Record, Settlement, State};
use edgebind_runtime::{
    message::{Delivery, MessageState, Receipt},
    session::{Answer, Query, Question},
};
use futures_util::future::join_all;
use std::{sync::Arc, time::Duration};

/// The lane; the name of none of the accounts' own.
pub const LANE: &str = "awaited";

/// How long one of them may take.
const LEASE: Duration = Duration::from_secs(600);

/// Milliseconds that the upstream may take to answer, so that most need be looked at only once: their time counts from its answer.
const UNTIL_TAKEN: u64 = 1_000;

/// Sees to it that the last word about these is awaited, which are about to be handed to the upstream.
///
/// # Errors
/// It could not be written down: they must not leave.
pub async fn expect(gateway: &Gateway, tenant: &Tenant, claims: &[Claim]) -> Result<(), LedgerError> {
    let now = gateway.clock.now();
    let wait = wait(gateway, tenant);
    // An earlier attempt has done it.
    let first = claims.iter().filter(|claim| claim.attempt == 1);
    let awaited = first.filter_map(|claim| {
        let submission = entry::decode::<Submission>(&claim.body).ok()?;
        is_wanted(&submission).then(|| NewEntry {
            lane: LANE.into(),
            key: Some(key(claim.id)),
            body: entry::encode(&claim.id.as_u64()),
            due: Some(end(now, submission.message.validity, wait).0 + UNTIL_TAKEN),
            held: false,
        })
    });
    gateway.append(awaited.collect()).await
}

/// The last word about a message has come.
pub async fn came(gateway: &Gateway, message: EntryId) -> Result<(), LedgerError> {
    let Some(awaited) = gateway.records.keyed(&key(message))? else {
        return Ok(());
    };
    match gateway.ledger.claim_entry(awaited, LEASE)? {
        Some(claim) => gateway.ledger.settle(vec![(claim, over())]).await,
        None => Ok(()),
    }
}

/// Says the last word where the upstream has not, until the gateway drains.
pub async fn say(gateway: Arc<Gateway>) {
    let mut count = tokio::time::interval(AWAITED_AGAIN);
    loop {
        let claims = tokio::select! {
            claims = gateway.ledger.claim(LANE, AWAITED_BATCH, LEASE) => claims,
            _ = count.tick() => too_many(&gateway),
            () = gateway.draining.cancelled() => return,
        };
        let said = match claims {
            Ok(claims) => say_of(&gateway, claims).await,
            Err(error) => Err(error),
        };
        if let Err(error) = said {
            tracing::error!(%error, "failed to say what became of messages; it is tried again in a second");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

/// The oldest of them, as far as there are more than may be.
fn too_many(gateway: &Gateway) -> Result<Vec<Claim>, LedgerError> {
    let awaited = gateway.records.pending(LANE);
    metrics::gauge!("edgebind_receipts_awaited").set(awaited as f64);
    let excess = awaited.saturating_sub(AWAITED_MAX).min(AWAITED_BATCH);
    if excess == 0 {
        return Ok(Vec::new());
    }
    tracing::warn!(
        awaited,
        "more receipts are awaited than may be: the oldest messages are told that nobody knows"
    );
    let oldest = gateway.records.list(LANE, None, excess)?;
    let claims = oldest.iter().map(|record| gateway.ledger.claim_entry(record.id, LEASE));
    claims.filter_map(Result::transpose).collect()
}

async fn say_of(gateway: &Arc<Gateway>, claims: Vec<Claim>) -> Result<(), LedgerError> {
    let ids: Vec<EntryId> = claims.iter().map(|claim| claim.id).collect();
    // Not when there are many: then it is the upstream that is in trouble.
    if claims.len() < AWAITED_BATCH {
        join_all(claims.iter().filter_map(|claim| ask(gateway, claim))).await;
    }
    let said = settle(gateway, claims).await;
    if said.is_err() {
        gateway.ledger.release(&ids);
    }
    said
}

/// Asks the upstream a last time: what it said may have been lost on its way. The answer is noted as its reports are.
fn ask(gateway: &Arc<Gateway>, claim: &Claim) -> Option<impl Future<Output = Answer> + use<>> {
    let message = message(claim)?;
    let record = gateway.records.get(message).ok()??;
    match reports::note(&record)? {
        Note::Standing(standing) if !standing.last && !standing.upstream_ids.is_empty() => {}
        _ => return None,
    }
    let (tenant, account) = gateway.owner(&Lane::parse(&record.lane)?)?;
    let asker = Asker {
        gateway: gateway.clone(),
        tenant,
        account,
    };
    let query = Question::Query(Query {
        id: message.to_string(),
        source: None,
    });
    Some(async move { asker.answer(query).await })
}

async fn settle(gateway: &Gateway, claims: Vec<Claim>) -> Result<(), LedgerError> {
    let is_too_many = gateway.records.pending(LANE) > AWAITED_MAX;
    let (mut settlements, mut told) = (Vec::new(), Vec::new());
    for claim in claims {
        let settlement = match judge(gateway, &claim, is_too_many)? {
            Judged::Over => over(),
            Judged::Later(at) => Settlement::Retry {
                after: Duration::from_millis(at.saturating_sub(gateway.clock.now())),
                note: None,
            },
            Judged::Said(said) => {
                told.push(said);
                over()
            }
        };
        settlements.push((claim, settlement));
    }
    tell(gateway, told).await?;
    gateway.ledger.settle(settlements).await
}

/// What becomes of one.
#[derive(Debug, PartialEq)]
enum Judged {
    /// The last word was said, or there is nobody to tell.
    Over,
    /// It is looked at again at this time.
    Later(u64),
    /// This is the last word.
    Said(Said),
}

/// The last word about a message, and the receipts that bring it.
#[derive(Debug, PartialEq)]
struct Said {
    message: EntryId,
    tenant: Arc<str>,
    news: News,
    receipts: Vec<NewEntry>,
}

fn judge(gateway: &Gateway, claim: &Claim, is_too_many: bool) -> Result<Judged, LedgerError> {
    let now = gateway.clock.now();
    let Some(record) = message(claim)
        .map(|message| gateway.records.get(message))
        .transpose()?
        .flatten()
    else {
        return Ok(Judged::Over);
    };
    let (Some(lane), Ok(submission)) = (Lane::parse(&record.lane), entry::decode::<Submission>(&record.body)) else {
        return Ok(Judged::Over);
    };
    let wait = gateway
        .directory
        .tenant(&lane.tenant)
        .map_or_else(|| retained(gateway), |tenant| wait(gateway, &tenant));
    let news = match last_word(now, &record, submission.message.validity, wait) {
        Ok(news) => news,
        Err(Judged::Later(_)) if is_too_many && reports::note(&record).is_some() => News::unknown(now),
        Err(judged) => return Ok(judged),
    };
    Ok(Judged::Said(Said {
        message: record.id,
        receipts: receipts::receipts(&lane.deliver(), record.id, record.appended, &submission, news),
        tenant: lane.tenant,
        news,
    }))
}

/// What is said of a message at the end of its time, or what becomes of it instead.
fn last_word(now: u64, record: &Record, validity: Option<u64>, wait: Duration) -> Result<News, Judged> {
    let is_settled = matches!(record.state, State::Done | State::Dead);
    let standing = match reports::note(record) {
        Some(Note::Standing(standing)) if is_settled => standing,
        // It goes on elsewhere, and is awaited there.
        Some(Note::Joined(_) | Note::Split(_)) => return Err(Judged::Over),
        // It has not left, and has an end of its own; or it is leaving at this moment.
        _ if !is_settled => return Err(Judged::Later(record.due.max(now) + millis(AWAITED_AGAIN))),
        _ => return Err(Judged::Over),
    };
    if standing.replacing_until > now {
        return Err(Judged::Later(standing.replacing_until));
    }
    // Whoever said it may have been cut off before the receipt.
    if standing.last {
        return Ok(known(&standing));
    }
    // It may have left late, or news of it may have come since.
    let (ends, state) = end(standing.at.min(now), validity, wait);
    if ends > now {
        return Err(Judged::Later(ends));
    }
    Ok(News {
        state,
        last: true,
        error: 0,
        at: now,
    })
}

/// Appends the receipts together, then notes what they say: of a message that has its receipt already, what that one says.
async fn tell(gateway: &Gateway, mut told: Vec<Said>) -> Result<(), LedgerError> {
    let receipts = told.iter_mut().flat_map(|said| {
        std::mem::take(&mut said.receipts)
            .into_iter()
            .map(|entry| (said.message, entry))
    });
    let (messages, receipts): (Vec<EntryId>, Vec<NewEntry>) = receipts.unzip();
    let appended = gateway.ledger.append(receipts).await?;
    for Said {
        message,
        tenant,
        mut news,
        ..
    } in told
    {
        let mut own = messages
            .iter()
            .zip(&appended)
            .filter(|(of, _)| **of == message)
            .map(|(_, appended)| appended);
        let Some(first) = own.next() else { continue };
        if first.fresh {
            tracing::warn!(entry = %message, state = ?news.state, "the upstream never said what became of it: its receipt is by the clock");
            metrics::counter!("edgebind_receipts_by_clock_total", "tenant" => tenant).increment(1);
        } else if let Some(receipt) = receipt(gateway, first.id)? {
            news = News {
                state: receipt.state,
                last: true,
                error: receipt.error,
                at: receipt.done,
            };
        }
        reports::amend(gateway, message, |standing| {
            *standing = Standing {
                upstream_ids: std::mem::take(&mut standing.upstream_ids),
                pieces: std::mem::take(&mut standing.pieces),
                ..news.standing()
            };
        })
        .await?;
    }
    Ok(())
}

fn receipt(gateway: &Gateway, entry: EntryId) -> Result<Option<Receipt>, LedgerError> {
    let record = gateway.records.get(entry)?;
    Ok(
        record.and_then(|record| match entry::decode::<Outgoing>(&record.body).ok()?.delivery {
            Delivery::Receipt(receipt) => Some(receipt),
            _ => None,
        }),
    )
}

/// When the time of a message is over that left at `from`, and what it is then: expired by its own validity_period, else unknown.
fn end(from: u64, validity: Option<u64>, wait: Duration) -> (u64, MessageState) {
    let patience = from.saturating_add(millis(wait));
    let expires = validity.map(|validity| validity.saturating_add(millis(AWAITED_GRACE)));
    match expires {
        Some(expires) if expires <= patience => (expires, MessageState::Expired),
        _ => (patience, MessageState::Unknown),
    }
}

fn known(standing: &Standing) -> News {
    News {
        state: standing.state,
        last: true,
        error: standing.error,
        at: standing.at,
    }
}

/// Whether somebody is told when nothing good comes of a message.
fn is_wanted(submission: &Submission) -> bool {
    let asked = submission.members.iter().map(|member| &member.message);
    submission.message.receipts.failure || asked.into_iter().any(|message| message.receipts.failure)
}

fn wait(gateway: &Gateway, tenant: &Tenant) -> Duration {
    tenant.config().receipt_max_wait.min(retained(gateway))
}

/// Longer than this nothing is awaited: by the end of its retention a message is forgotten.
fn retained(gateway: &Gateway) -> Duration {
    gateway.config.limits.retention.unwrap_or(RETENTION) * 3 / 4
}

/// The message that one of them is about.
fn message(claim: &Claim) -> Option<EntryId> {
    entry::decode::<u64>(&claim.body).ok().and_then(EntryId::from_u64)
}

fn key(message: EntryId) -> Vec<u8> {
    format!("awaited/{message}").into_bytes()
}

fn over() -> Settlement {
    Settlement::Done {
        note: bytes::Bytes::new(),
        aliases: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
