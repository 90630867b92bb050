//! The audit trail, to read.

use super::{refusal::Refused, words::Selection};
use crate::{audit::Change, gateway::Gateway, limits::AUDIT_ENTRIES_MAX};
use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    routing::get,
};
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Changes shown where nothing else is asked for.
const USUAL: usize = 100;

pub(super) fn routes() -> Router<Arc<Gateway>> {
    Router::new().route("/v1/audit", get(list))
}

/// The latest changes, oldest first.
#[utoipa::path(get, path = "/v1/audit", tag = "audit", params(Selection), responses((status = 200, body = [Change])))]
pub(super) async fn list(
    State(gateway): State<Arc<Gateway>>,
    Query(selection): Query<Selection>,
) -> Result<Json<Vec<Change>>, Refused> {
    let read = spawn_blocking(move || {
        let limit = selection.limit.unwrap_or(USUAL).min(AUDIT_ENTRIES_MAX);
        gateway
            .audit
            .read(selection.tenant.as_deref(), selection.after.unwrap_or(0), limit)
    });
    let read = read.await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
    read.map(Json).map_err(|error| {
        tracing::error!(%error, "the audit trail cannot be read");
        Refused::new(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("the audit trail cannot be read: {error}"),
        )
    })
}
