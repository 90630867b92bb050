//! Tenants: listed, made, changed, suspended, removed.

use super::{
    refusal::Refused,
    words::{self, Problem, Removal, Revisions, TenantSummary},
};
use crate::{
    audit::ADMIN,
    document::{self, Document},
    gateway::Gateway,
    register,
};
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::{get, post},
};
use serde_json::json;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Gateway>> {
    Router::new()
        .route("/v1/tenants", get(list).post(create))
        .route("/v1/tenants/{tenant}", get(show).patch(change).delete(remove))
        .route("/v1/tenants/{tenant}/suspend", post(suspend))
        .route("/v1/tenants/{tenant}/resume", post(resume))
}

/// Every tenant, by name.
#[utoipa::path(get, path = "/v1/tenants", tag = "tenants", responses((status = 200, body = [TenantSummary])))]
pub(super) async fn list(State(gateway): State<Arc<Gateway>>) -> Json<Vec<TenantSummary>> {
    let owners = gateway.register.owners().await;
    let binds = gateway.binds.all();
    let summary = |tenant: &Arc<crate::tenant::Tenant>| TenantSummary {
        name: tenant.name.to_string(),
        mode: if tenant.is_pass_through() {
            "pass-through"
        } else {
            "accounts"
        }
        .to_owned(),
        owner: owners.get(&*tenant.name).copied().unwrap_or(register::Owner::File),
        suspended: tenant.config().is_suspended,
        accounts: tenant.accounts().len(),
        binds: binds.iter().filter(|bind| bind.tenant.name == tenant.name).count(),
        waiting: register::waiting(&gateway, &tenant.name, None),
        releases: Revisions {
            session: tenant.session.current().revision,
            translator: tenant.translator.current().revision,
        },
    };
    Json(gateway.directory.tenants().iter().map(summary).collect())
}

/// Makes a tenant, with its accounts if it has any yet.
#[utoipa::path(post, path = "/v1/tenants", tag = "tenants", request_body = words::Tenant,
    responses((status = 201, body = words::Tenant), (status = 422, body = Problem)))]
pub(super) async fn create(
    State(gateway): State<Arc<Gateway>>,
    Json(new): Json<Document>,
) -> Result<(StatusCode, Json<Document>), Refused> {
    let name = gateway.register.create(&gateway, new, ADMIN).await?;
    let made = gateway.register.document(&name).await?;
    Ok((StatusCode::CREATED, Json(document::shown(&made))))
}

/// What a tenant is. Of its secrets only that they are set.
#[utoipa::path(get, path = "/v1/tenants/{tenant}", tag = "tenants", params(("tenant" = String, Path)),
    responses((status = 200, body = words::Tenant), (status = 404, body = Problem)))]
pub(super) async fn show(State(gateway): State<Arc<Gateway>>, Path(tenant): Path<String>) -> Result<Json<Document>, Refused> {
    Ok(Json(document::shown(&gateway.register.document(&tenant).await?)))
}

/// Changes what the patch names, and removes what it nulls (RFC 7396). In effect at once, for what is bound too.
#[utoipa::path(patch, path = "/v1/tenants/{tenant}", tag = "tenants", params(("tenant" = String, Path)), request_body = words::Tenant,
    responses((status = 200, body = words::Tenant), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn change(
    State(gateway): State<Arc<Gateway>>,
    Path(tenant): Path<String>,
    Json(patch): Json<Document>,
) -> Result<Json<Document>, Refused> {
    edit(&gateway, &tenant, "tenant changed", |document| {
        document::merge(document, &patch);
    })
    .await
}

/// Removes a tenant: its binds are told to unbind.
#[utoipa::path(delete, path = "/v1/tenants/{tenant}", tag = "tenants", params(("tenant" = String, Path), Removal),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn remove(
    State(gateway): State<Arc<Gateway>>,
    Path(tenant): Path<String>,
    Query(removal): Query<Removal>,
) -> Result<StatusCode, Refused> {
    gateway.register.remove(&gateway, &tenant, removal.force, ADMIN).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Nobody of it binds and its messages wait, until it is resumed. Open binds are told to unbind; webhooks are heard.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/suspend", tag = "tenants", params(("tenant" = String, Path)),
    responses((status = 200, body = words::Tenant), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn suspend(State(gateway): State<Arc<Gateway>>, Path(tenant): Path<String>) -> Result<Json<Document>, Refused> {
    edit(&gateway, &tenant, "tenant suspended", |document| {
        document.insert("suspended".into(), json!(true));
    })
    .await
}

/// Its accounts may bind again, and what waits is done.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/resume", tag = "tenants", params(("tenant" = String, Path)),
    responses((status = 200, body = words::Tenant), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn resume(State(gateway): State<Arc<Gateway>>, Path(tenant): Path<String>) -> Result<Json<Document>, Refused> {
    edit(&gateway, &tenant, "tenant resumed", |document| {
        document.remove("suspended");
    })
    .await
}

async fn edit(
    gateway: &Arc<Gateway>,
    tenant: &str,
    action: &str,
    edit: impl FnOnce(&mut Document),
) -> Result<Json<Document>, Refused> {
    let edit = |document: &mut Document| {
        edit(document);
        Ok(())
    };
    let edited = gateway.register.change(gateway, tenant, None, (action, ADMIN), edit).await?;
    Ok(Json(document::shown(&edited)))
}
