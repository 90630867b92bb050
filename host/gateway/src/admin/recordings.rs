//! What was recorded of a tenant's guests: listed, read, removed.

use super::{
    refusal::Refused,
    words::{self, Problem},
};
use crate::{
    gateway::Gateway,
    recordings::{files::Files, witness},
};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use std::{
    io,
    sync::{Arc, Mutex},
};
use tokio::task::spawn_blocking;

pub(super) fn routes() -> Router<Arc<Gateway>> {
    Router::new()
        .route("/v1/tenants/{tenant}/recordings", get(list))
        .route("/v1/tenants/{tenant}/recordings/{recording}", get(show).delete(remove))
}

/// What was recorded of a tenant, the oldest first; its document says whether and how much (`recording`).
#[utoipa::path(get, path = "/v1/tenants/{tenant}/recordings", tag = "recordings", params(("tenant" = String, Path)),
    responses((status = 200, body = [words::Recorded]), (status = 404, body = Problem)))]
pub(super) async fn list(
    State(gateway): State<Arc<Gateway>>,
    Path(tenant): Path<String>,
) -> Result<Json<Vec<words::Recorded>>, Refused> {
    let all = with_files(gateway, &tenant, |files| Ok(files.all())).await?;
    let shown = all.into_iter().map(|kept| words::Recorded {
        id: kept.id,
        kind: kept.kind,
        at: kept.at,
        octets: kept.octets,
    });
    Ok(Json(shown.collect()))
}

/// One of them, as a line of JSON for `edgebind replay`.
#[utoipa::path(get, path = "/v1/tenants/{tenant}/recordings/{recording}", tag = "recordings",
    params(("tenant" = String, Path), ("recording" = String, Path)),
    responses((status = 200, content_type = "application/jsonl", body = String), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(gateway): State<Arc<Gateway>>,
    Path((tenant, recording)): Path<(String, String)>,
) -> Result<impl IntoResponse, Refused> {
    let id = recording.clone();
    let line = with_files(gateway, &tenant, move |files| files.get(&id)).await?;
    let line = line.ok_or_else(|| unknown(&tenant, &recording))?;
    Ok(([(CONTENT_TYPE, "application/jsonl")], line))
}

/// Removes one of them.
#[utoipa::path(delete, path = "/v1/tenants/{tenant}/recordings/{recording}", tag = "recordings",
    params(("tenant" = String, Path), ("recording" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn remove(
    State(gateway): State<Arc<Gateway>>,
    Path((tenant, recording)): Path<(String, String)>,
) -> Result<StatusCode, Refused> {
    let id = recording.clone();
    let was_there = with_files(gateway, &tenant, move |files| files.remove(&id)).await?;
    was_there
        .then_some(StatusCode::NO_CONTENT)
        .ok_or_else(|| unknown(&tenant, &recording))
}

async fn with_files<R: Send + 'static>(
    gateway: Arc<Gateway>,
    tenant: &str,
    work: impl FnOnce(&mut Files) -> io::Result<R> + Send + 'static,
) -> Result<R, Refused> {
    let tenant = gateway
        .directory
        .tenant(tenant)
        .ok_or_else(|| Refused::unknown(format!("there is no tenant {tenant}")))?;
    let done = spawn_blocking(move || {
        let files: Arc<Mutex<Files>> = gateway.witness.files(&tenant.name)?;
        work(&mut witness::lock(&files))
    });
    let done = done.await.unwrap_or_else(|error| Err(io::Error::other(error)));
    done.map_err(|error| {
        Refused::new(
            StatusCode::INSUFFICIENT_STORAGE,
            format!("the recordings cannot be read: {error}"),
        )
    })
}

fn unknown(tenant: &str, recording: &str) -> Refused {
    Refused::unknown(format!("there is no recording {recording} of tenant {tenant}"))
}
