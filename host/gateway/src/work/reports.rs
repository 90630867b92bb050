//! What an upstream says of a message, whether a webhook brought it or a query: the receipts that follow, and what is known of
//! the message from then on.

use super::{
    awaited,
    entry::{self, Note, Standing, Submission},
    lane::{Kind, Lane},
    pieces::{self, Piece},
    receipts::{self, News},
};
use crate::{gateway::Gateway, limits::PIECES_MAX, tenant::Tenant};
use edgebind_ledger::{EntryId, LedgerError, NewEntry, Record};
use edgebind_runtime::{message::MessageState, translator::Report};
use std::mem;

/// What follows from a report: first the receipts, then the note.
pub struct Followed {
    /// To append.
    pub receipts: Vec<NewEntry>,
    /// The entry that it is about.
    pub entry: EntryId,
    /// What is known of it now; none while that depends on the other pieces of it.
    pub news: Option<News>,
}

/// What follows from a report that reached this account; nothing where it is about no message that we know, or stale.
pub async fn follow(gateway: &Gateway, tenant: &Tenant, account: &str, report: &Report) -> Result<Option<Followed>, LedgerError> {
    let unmatched = || {
        tracing::debug!(tenant = %tenant.name, "a report of a message that is not ours, or forgotten");
        metrics::counter!("edgebind_reports_unmatched_total", "tenant" => tenant.name.clone()).increment(1);
        Ok(None)
    };
    let by_alias = gateway.records.find(&tenant.alias(&report.upstream_id))?;
    let by_key = || report.key.as_ref()?.parse().ok();
    let Some(id) = by_alias.or_else(|| report.upstream_id.parse().ok()).or_else(by_key) else {
        return unmatched();
    };
    let Some(record) = gateway.records.get(id)? else {
        return unmatched();
    };
    let lane = match Lane::parse(&record.lane) {
        Some(lane)
            if lane.kind == Kind::Submit && lane.tenant == tenant.name && tenant.shares_upstream(&lane.account, account) =>
        {
            lane
        }
        _ => return unmatched(),
    };
    let submission = match entry::decode::<Submission>(&record.body) {
        Ok(submission) => submission,
        Err(error) => {
            tracing::error!(entry = %id, %error, "a submission cannot be read");
            return unmatched();
        }
    };
    tracing::debug!(entry = %id, state = ?report.state, last = report.final_, "report: {}", report.why);
    let before = match note(&record) {
        None => Standing::taken(Vec::new(), record.appended),
        Some(Note::Standing(standing)) if !standing.last => standing,
        // A word that comes after the last one would contradict it, and a message that was replaced is another now.
        Some(_) => {
            tracing::info!(entry = %id, state = ?report.state, last = report.final_, "a report that comes too late, or again");
            metrics::counter!("edgebind_reports_late_total", "tenant" => tenant.name.clone()).increment(1);
            return Ok(None);
        }
    };
    let news = News {
        state: report.state,
        last: report.final_,
        error: report.error,
        // A phone's clock may be ahead of ours; nothing has happened yet that is to come.
        at: report.at.min(gateway.clock.now()),
    };
    let Some(news) = of_whole(gateway, id, &before, report, news).await? else {
        return Ok(Some(Followed {
            receipts: Vec::new(),
            entry: id,
            news: None,
        }));
    };
    let is_replaced = news.state == MessageState::Deleted && before.replacing_until > gateway.clock.now();
    let receipts = if is_replaced {
        Vec::new()
    } else {
        receipts::receipts(&lane.deliver(), id, record.appended, &submission, news)
    };
    Ok(Some(Followed {
        receipts,
        entry: id,
        news: Some(news),
    }))
}

/// What a report says of the whole message. Where it is about a piece, that is noted first, and what follows from it is read after that:
/// of two last words that come at once the later sees both.
async fn of_whole(
    gateway: &Gateway,
    entry: EntryId,
    before: &Standing,
    report: &Report,
    news: News,
) -> Result<Option<News>, LedgerError> {
    let id = &report.upstream_id;
    let is_named = before.pieces.iter().any(|piece| piece.id == *id);
    // What the upstream calls the message is not known yet: whether this is all of it neither.
    let is_early = before.upstream_ids.is_empty() && report.key.is_some() && *id != entry.to_string();
    if !is_named && !is_early {
        // Of a message that went in pieces, one of an attempt whose answer was lost says nothing about those that we know.
        let is_stray = !before.pieces.is_empty() && *id != entry.to_string();
        return Ok(Some(news).filter(|_| !is_stray));
    }
    amend(gateway, entry, |standing| {
        pieces::hear(&mut standing.pieces, Piece::heard(id.clone(), news), PIECES_MAX);
    })
    .await?;
    let now = gateway.records.get(entry)?.as_ref().and_then(note);
    Ok(match now {
        Some(Note::Standing(standing)) if standing.upstream_ids.is_empty() => None,
        Some(Note::Standing(standing)) if standing.last => None,
        // It was taken meanwhile, as a whole.
        Some(Note::Standing(standing)) if standing.pieces.is_empty() => Some(news),
        Some(Note::Standing(standing)) => pieces::last_word(&standing.pieces).or(Some(news).filter(|news| !news.last)),
        _ => None,
    })
}

/// Takes what an upstream answered for true: receipts, then notes.
pub async fn take(gateway: &Gateway, tenant: &Tenant, account: &str, reports: &[Report]) -> Result<(), LedgerError> {
    for report in reports {
        if let Some(followed) = follow(gateway, tenant, account, report).await? {
            gateway.append(followed.receipts).await?;
            if let Some(news) = followed.news {
                remember(gateway, followed.entry, news).await?;
            }
        }
    }
    Ok(())
}

/// Notes the news of a message, unless it has had its last word. With the last word its receipt is awaited no more, unless it was
/// kept back because the message is about to be sent with another text.
pub async fn remember(gateway: &Gateway, entry: EntryId, news: News) -> Result<(), LedgerError> {
    let mut is_kept_back = false;
    amend(gateway, entry, |standing| {
        is_kept_back = standing.replacing_until > gateway.clock.now();
        *standing = Standing {
            upstream_ids: mem::take(&mut standing.upstream_ids),
            pieces: mem::take(&mut standing.pieces),
            replacing_until: standing.replacing_until,
            ..news.standing()
        };
    })
    .await?;
    if news.last && !is_kept_back {
        awaited::came(gateway, entry).await?;
    }
    Ok(())
}

/// Changes what is known of a message, unless it has had its last word.
pub async fn amend(gateway: &Gateway, entry: EntryId, change: impl FnOnce(&mut Standing)) -> Result<(), LedgerError> {
    let _turn = gateway.turns.at(entry).await;
    let Some(record) = gateway.records.get(entry)? else {
        return Ok(());
    };
    let mut standing = match note(&record) {
        None => Standing::taken(Vec::new(), record.appended),
        Some(Note::Standing(standing)) if !standing.last => standing,
        Some(_) => return Ok(()),
    };
    change(&mut standing);
    let note = entry::encode(&Note::Standing(standing));
    gateway.ledger.annotate(entry, note, Vec::new()).await.map(drop)
}

/// What is kept beside an entry; nothing where nothing is, or where it cannot be read. Of what was revived nothing is known yet.
pub fn note(record: &Record) -> Option<Note> {
    kept(record).filter(|note| !matches!(note, Note::Revived(_)))
}

/// When an entry was revived, if it was.
pub fn revived(record: &Record) -> Option<u64> {
    match kept(record) {
        Some(Note::Revived(at)) => Some(at),
        _ => None,
    }
}

fn kept(record: &Record) -> Option<Note> {
    if record.note.is_empty() {
        return None;
    }
    entry::decode(&record.note)
        .inspect_err(|error| tracing::error!(entry = %record.id, %error, "what is known of a message cannot be read"))
        .ok()
}
