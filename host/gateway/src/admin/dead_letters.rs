//! Dead letters: messages that no upstream took and deliveries that no ESME did. Listed, tried again or forgotten.

use super::{
    messages::{failed, shown},
    refusal::Refused,
    words::{self, Chosen, DeadLettersDone, Problem, Selection},
};
use crate::{
    audit::{ADMIN, Change},
    gateway::Gateway,
    limits::{LIST_PAGE, MESSAGES_LISTED_MAX},
    register,
    work::{
        entry::{self, Note},
        lane::{Kind, Lane},
    },
};
use axum::{
    Json, Router,
    extract::{Query, State},
    routing::{get, post},
};
use edgebind_ledger::{EntryId, LedgerError, Record, State as LedgerState};
use std::{collections::HashSet, sync::Arc};
use tokio::task::spawn_blocking;

pub(super) fn routes() -> Router<Arc<Gateway>> {
    Router::new()
        .route("/v1/dead-letters", get(list))
        .route("/v1/dead-letters/retry", post(retry))
        .route("/v1/dead-letters/purge", post(purge))
}

/// Dead letters, in the order of their ids.
#[utoipa::path(get, path = "/v1/dead-letters", tag = "dead letters", params(Selection),
    responses((status = 200, body = [words::Message])))]
pub(super) async fn list(
    State(gateway): State<Arc<Gateway>>,
    Query(selection): Query<Selection>,
) -> Result<Json<Vec<words::Message>>, Refused> {
    let after = selection.after.and_then(|after| after.to_string().parse().ok());
    let limit = selection.limit.unwrap_or(MESSAGES_LISTED_MAX).min(MESSAGES_LISTED_MAX);
    let whose = (selection.tenant, selection.account);
    let listed = spawn_blocking(move || page(&gateway, &whose, after, limit)).await;
    let listed = listed.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?;
    Ok(Json(listed.iter().map(shown).collect()))
}

/// Has dead letters tried again, as if they had just been accepted; nobody gets a second final receipt.
#[utoipa::path(post, path = "/v1/dead-letters/retry", tag = "dead letters", request_body = Chosen,
    responses((status = 200, body = DeadLettersDone), (status = 400, body = Problem)))]
pub(super) async fn retry(
    State(gateway): State<Arc<Gateway>>,
    Json(chosen): Json<Chosen>,
) -> Result<Json<DeadLettersDone>, Refused> {
    each_page(&gateway, chosen, Act::Retry).await
}

/// Forgets dead letters.
#[utoipa::path(post, path = "/v1/dead-letters/purge", tag = "dead letters", request_body = Chosen,
    responses((status = 200, body = DeadLettersDone), (status = 400, body = Problem)))]
pub(super) async fn purge(
    State(gateway): State<Arc<Gateway>>,
    Json(chosen): Json<Chosen>,
) -> Result<Json<DeadLettersDone>, Refused> {
    each_page(&gateway, chosen, Act::Purge).await
}

/// What is done with dead letters.
#[derive(Clone, Copy)]
enum Act {
    Retry,
    Purge,
}

impl Act {
    /// Does it with these, and says with how many.
    async fn on(self, gateway: &Arc<Gateway>, records: &[Record]) -> Result<usize, LedgerError> {
        let ids: Vec<EntryId> = records.iter().map(|record| record.id).collect();
        match self {
            Act::Purge => Ok(gateway.ledger.purge(ids).await?.len()),
            Act::Retry => {
                let lanes: HashSet<Lane> = records.iter().filter_map(|record| Lane::parse(&record.lane)).collect();
                let now = gateway.clock.now();
                for record in records.iter().filter(|record| is_submission(record)) {
                    let note = entry::encode(&Note::Revived(now));
                    gateway.ledger.annotate(record.id, note, Vec::new()).await?;
                }
                let revived = gateway.ledger.revive(ids).await?.len();
                for lane in lanes {
                    gateway.workers.ensure(gateway, lane);
                }
                Ok(revived)
            }
        }
    }
}

fn is_submission(record: &Record) -> bool {
    Lane::parse(&record.lane).is_some_and(|lane| lane.kind == Kind::Submit)
}

/// Does something with all that were chosen, some hundred at a time, and counts them.
async fn each_page(gateway: &Arc<Gateway>, chosen: Chosen, act: Act) -> Result<Json<DeadLettersDone>, Refused> {
    let mut count = 0;
    let (tenant, account) = (chosen.tenant.clone(), chosen.account.clone());
    match (chosen.ids, chosen.tenant) {
        (Some(named), None) if chosen.account.is_none() => {
            for named in named.chunks(LIST_PAGE) {
                let records = dead(gateway, named)?;
                count += act.on(gateway, &records).await.map_err(|error| failed(&error))?;
            }
        }
        (None, Some(tenant)) => {
            let whose = (Some(tenant), chosen.account);
            let mut after = None;
            loop {
                let records = page(gateway, &whose, after, LIST_PAGE).map_err(|error| failed(&error))?;
                let Some(last) = records.last() else { break };
                after = Some(last.id);
                count += act.on(gateway, &records).await.map_err(|error| failed(&error))?;
            }
        }
        _ => {
            return Err(Refused::bad_request(
                "say which dead letters: either `ids`, or `tenant` with or without `account`",
            ));
        }
    }
    let done = match act {
        Act::Retry => "retried",
        Act::Purge => "purged",
    };
    let change = Change {
        at: 0,
        by: String::new(),
        action: format!("dead letters {done}: {count}"),
        tenant,
        account,
        what: Vec::new(),
    };
    register::audit(gateway, ADMIN, change).await?;
    gateway.ledger.sync().await.map_err(|error| failed(&error))?;
    Ok(Json(DeadLettersDone { count }))
}

/// Those of these ids that are dead letters.
fn dead(gateway: &Gateway, named: &[String]) -> Result<Vec<Record>, Refused> {
    let mut records = Vec::new();
    for id in named {
        let entry: EntryId = id.parse().map_err(|_| Refused::bad_request(format!("`{id}` is no id")))?;
        let record = gateway.records.get(entry).map_err(|error| failed(&error))?;
        records.extend(record.filter(|record| record.state == LedgerState::Dead));
    }
    Ok(records)
}

/// The dead letters behind this one, of a tenant and an account where they are named.
fn page(
    gateway: &Gateway,
    (tenant, account): &(Option<String>, Option<String>),
    after: Option<EntryId>,
    limit: usize,
) -> Result<Vec<Record>, LedgerError> {
    let is_meant = |lane: &Lane| {
        tenant.as_ref().is_none_or(|tenant| **tenant == *lane.tenant)
            && account.as_ref().is_none_or(|account| **account == *lane.account)
    };
    let mut records = Vec::new();
    for (name, _) in gateway.records.dead_lanes("") {
        if Lane::parse(&name).as_ref().is_some_and(is_meant) {
            let of_lane = gateway.records.dead(&name, after, limit)?;
            // The name of one lane may be the beginning of another's.
            records.extend(of_lane.into_iter().filter(|record| record.lane == name));
        }
    }
    records.sort_by_key(|record| record.id);
    records.truncate(limit);
    Ok(records)
}
