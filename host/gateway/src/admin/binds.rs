//! Open binds: listed and ended.

use super::{
    refusal::Refused,
    words::{self, Problem, Selection},
};
use crate::{
    audit::{ADMIN, Change},
    binds::OpenBind,
    gateway::Gateway,
    register,
};
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::{delete, get},
};
use edgebind_smpp::CommandId;
use std::sync::{Arc, PoisonError, atomic::Ordering};

pub(super) fn routes() -> Router<Arc<Gateway>> {
    Router::new()
        .route("/v1/binds", get(list))
        .route("/v1/binds/{bind}", delete(end))
}

/// Every open bind, in the order in which they came.
#[utoipa::path(get, path = "/v1/binds", tag = "binds", params(Selection), responses((status = 200, body = [words::Bind])))]
pub(super) async fn list(State(gateway): State<Arc<Gateway>>, Query(selection): Query<Selection>) -> Json<Vec<words::Bind>> {
    let now = gateway.clock.now();
    let is_meant = |bind: &&Arc<OpenBind>| {
        selection.tenant.as_ref().is_none_or(|tenant| **tenant == *bind.tenant.name)
            && selection
                .account
                .as_ref()
                .is_none_or(|account| **account == *bind.account.name)
            && selection.after.is_none_or(|after| bind.id > after)
    };
    let binds = gateway.binds.all();
    let meant = binds.iter().filter(is_meant).take(selection.limit.unwrap_or(usize::MAX));
    Json(meant.map(|bind| shown(bind, now)).collect())
}

/// Tells a bind to unbind, as a drain does.
#[utoipa::path(delete, path = "/v1/binds/{bind}", tag = "binds", params(("bind" = u64, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn end(State(gateway): State<Arc<Gateway>>, Path(id): Path<u64>) -> Result<StatusCode, Refused> {
    let bind = gateway
        .binds
        .get(id)
        .ok_or_else(|| Refused::unknown(format!("there is no bind {id}")))?;
    let change = Change {
        at: 0,
        by: String::new(),
        action: format!("bind {id} ended"),
        tenant: Some(bind.tenant.name.to_string()),
        account: Some(bind.account.name.to_string()),
        what: Vec::new(),
    };
    register::audit(&gateway, ADMIN, change).await?;
    bind.end.cancel();
    Ok(StatusCode::NO_CONTENT)
}

fn shown(bind: &OpenBind, now: u64) -> words::Bind {
    let kind = match bind.kind {
        CommandId::BIND_TRANSMITTER => "transmitter",
        CommandId::BIND_RECEIVER => "receiver",
        _ => "transceiver",
    };
    words::Bind {
        id: bind.id,
        tenant: bind.tenant.name.to_string(),
        account: bind.account.name.to_string(),
        kind: kind.into(),
        address: bind.address.to_string(),
        since: bind.since,
        window: bind.window.load(Ordering::Relaxed),
        delivering: bind.delivering.load(Ordering::Relaxed),
        appending: bind.appending.load(Ordering::Relaxed),
        accepted: bind.accepted.total(),
        delivered: bind.delivered.total(),
        accepted_per_second: bind.accepted.per_second(now),
        delivered_per_second: bind.delivered.per_second(now),
        release: bind.revision.load(Ordering::Relaxed),
        stays: bind.stays.lock().unwrap_or_else(PoisonError::into_inner).clone(),
    }
}
