//! The ledger itself: copied while it works.

use super::{
    messages::failed,
    refusal::Refused,
    words::{Backup, Problem},
};
use crate::{
    audit::{ADMIN, Change},
    gateway::Gateway,
    register,
};
use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt as _, sync::Arc};
use tokio::task::spawn_blocking;

pub(super) fn routes() -> Router<Arc<Gateway>> {
    Router::new().route("/v1/ledger/backups", post(back_up))
}

/// Copies the ledger as it is now into `backups` in the data directory, with everything that was acknowledged before.
#[utoipa::path(post, path = "/v1/ledger/backups", tag = "ledger",
    responses((status = 201, body = Backup), (status = 503, body = Problem)))]
pub(super) async fn back_up(State(gateway): State<Arc<Gateway>>) -> Result<(StatusCode, Json<Backup>), Refused> {
    let copies = gateway.config.data_dir.join("backups");
    let path = copies.join(format!("ledger-{}", gateway.clock.now()));
    let change = Change {
        at: 0,
        by: String::new(),
        action: "ledger copied".into(),
        tenant: None,
        account: None,
        what: Vec::new(),
    };
    register::audit(&gateway, ADMIN, change).await?;
    let copied = spawn_blocking(move || {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&copies);
        made.map_err(|error| format!("{}: {error}", copies.display()))?;
        (gateway.backup)(&path).map_err(|error| error.to_string())?;
        Ok::<_, String>(path.display().to_string())
    });
    let path = copied
        .await
        .unwrap_or_else(|error| Err(error.to_string()))
        .map_err(|error| failed(&error))?;
    Ok((StatusCode::CREATED, Json(Backup { path })))
}
