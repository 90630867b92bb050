//! Messages in the ledger: those that wait are listed, any can be looked at. Never their text.

use super::{
    refusal::Refused,
    words::{self, Problem, Selection},
};
use crate::{
    gateway::Gateway,
    limits::MESSAGES_LISTED_MAX,
    work::{
        entry::{self, Note, Outgoing, Submission},
        lane::{Kind, Lane},
    },
};
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::get,
};
use edgebind_ledger::{EntryId, LedgerError, Record, State as LedgerState};
use edgebind_runtime::message::{Address, Delivery, MessageState};
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Characters of a number that are shown.
const SHOWN: usize = 4;

pub(super) fn routes() -> Router<Arc<Gateway>> {
    Router::new()
        .route("/v1/messages", get(list))
        .route("/v1/messages/{message}", get(show))
}

/// Messages and deliveries that wait or are under way, in the order of their ids.
#[utoipa::path(get, path = "/v1/messages", tag = "messages", params(Selection), responses((status = 200, body = [words::Message])))]
pub(super) async fn list(
    State(gateway): State<Arc<Gateway>>,
    Query(selection): Query<Selection>,
) -> Result<Json<Vec<words::Message>>, Refused> {
    let after = selection.after.and_then(|after| after.to_string().parse().ok());
    let limit = selection.limit.unwrap_or(MESSAGES_LISTED_MAX).min(MESSAGES_LISTED_MAX);
    let listed = spawn_blocking(move || {
        let mut records: Vec<Record> = Vec::new();
        for (name, _) in gateway.records.lanes("") {
            let is_meant = Lane::parse(&name).is_some_and(|lane| {
                selection.tenant.as_ref().is_none_or(|tenant| **tenant == *lane.tenant)
                    && selection.account.as_ref().is_none_or(|account| **account == *lane.account)
            });
            if is_meant {
                records.extend(gateway.records.list(&name, after, limit)?);
            }
        }
        records.sort_by_key(|record| record.id);
        records.truncate(limit);
        Ok::<_, LedgerError>(records.iter().map(shown).collect())
    });
    listed
        .await
        .map_err(|error| failed(&error))?
        .map(Json)
        .map_err(|error| failed(&error))
}

/// One message by its id.
#[utoipa::path(get, path = "/v1/messages/{message}", tag = "messages", params(("message" = String, Path)),
    responses((status = 200, body = words::Message), (status = 404, body = Problem)))]
pub(super) async fn show(State(gateway): State<Arc<Gateway>>, Path(id): Path<String>) -> Result<Json<words::Message>, Refused> {
    let entry: EntryId = id
        .parse()
        .map_err(|_| Refused::bad_request(format!("`{id}` is no message id: at most 18 digits, the first not 0")))?;
    let found = spawn_blocking(move || gateway.records.get(entry)).await;
    let record = found.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?;
    let record = record.ok_or_else(|| Refused::unknown(format!("there is no message {id}, or none any more")))?;
    Ok(Json(shown(&record)))
}

/// The ledger's own error, as an answer.
pub(super) fn failed(error: &dyn std::fmt::Display) -> Refused {
    tracing::error!(%error, "the ledger cannot be read");
    Refused::new(StatusCode::SERVICE_UNAVAILABLE, format!("the ledger cannot be read: {error}"))
}

/// What is said of an entry.
pub(super) fn shown(record: &Record) -> words::Message {
    let lane = Lane::parse(&record.lane);
    let (tenant, account) = lane
        .as_ref()
        .map_or_else(Default::default, |lane| (lane.tenant.to_string(), lane.account.to_string()));
    let kind = lane.as_ref().map(|lane| lane.kind);
    let (source, destination) = kind.and_then(|kind| addresses(kind, &record.body)).unzip();
    let note = entry::decode::<Note>(&record.note).ok();
    let (mut message_state, mut upstream_ids, mut goes_on_in, mut because) = (None, Vec::new(), Vec::new(), None);
    match note {
        Some(Note::Standing(standing)) => {
            message_state = Some(word(standing.state).to_owned());
            upstream_ids = standing.upstream_ids;
        }
        Some(Note::Joined(id)) => goes_on_in.push(id.to_string()),
        Some(Note::Split(ids)) => goes_on_in.extend(ids.iter().map(ToString::to_string)),
        Some(Note::Delivered) => message_state = Some("DELIVERED".into()),
        Some(Note::Dead(why)) => (message_state, because) = (Some("UNDELIVERABLE".into()), Some(why)),
        Some(Note::Revived(_)) | None => {}
    }
    words::Message {
        id: record.id.to_string(),
        tenant,
        account,
        work: kind.map_or("", Kind::name).into(),
        state: match record.state {
            LedgerState::Waiting => "waiting",
            LedgerState::Claimed => "claimed",
            LedgerState::Done => "done",
            LedgerState::Dead => "dead",
        }
        .into(),
        attempt: record.attempt,
        appended: record.appended,
        due: record.due,
        message_state,
        why: because,
        upstream_ids,
        source,
        destination,
        goes_on_in,
    }
}

fn addresses(kind: Kind, body: &[u8]) -> Option<(String, String)> {
    let (source, destination) = if kind == Kind::Deliver {
        match entry::decode::<Outgoing>(body).ok()?.delivery {
            Delivery::Incoming(incoming) => (incoming.source, incoming.destination),
            Delivery::Receipt(receipt) => (receipt.source, receipt.destination),
            Delivery::Alert(alert) => (alert.source, alert.destination),
        }
    } else {
        let message = entry::decode::<Submission>(body).ok()?.message;
        (message.source, message.destination)
    };
    Some((masked(&source), masked(&destination)))
}

/// The beginning of a number, and stars for the rest of it.
fn masked(address: &Address) -> String {
    let digits = address.digits.chars();
    digits
        .enumerate()
        .map(|(at, digit)| if at < SHOWN { digit } else { '*' })
        .collect()
}

fn word(state: MessageState) -> &'static str {
    match state {
        MessageState::Enroute => "ENROUTE",
        MessageState::Delivered => "DELIVERED",
        MessageState::Expired => "EXPIRED",
        MessageState::Deleted => "DELETED",
        MessageState::Undeliverable => "UNDELIVERABLE",
        MessageState::Accepted => "ACCEPTED",
        MessageState::Unknown => "UNKNOWN",
        MessageState::Rejected => "REJECTED",
    }
}
