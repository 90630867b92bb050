//! Accounts of a tenant: listed, made, changed, suspended, removed.

use super::{
    refusal::Refused,
    words::{self, Problem, Removal},
};
use crate::{
    audit::ADMIN,
    document::{self, Document},
    gateway::Gateway,
    register::{self, Refusal},
};
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::{get, post},
};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Gateway>> {
    Router::new()
        .route("/v1/tenants/{tenant}/accounts", get(list).post(create))
        .route(
            "/v1/tenants/{tenant}/accounts/{account}",
            get(show).patch(change).delete(remove),
        )
        .route("/v1/tenants/{tenant}/accounts/{account}/suspend", post(suspend))
        .route("/v1/tenants/{tenant}/accounts/{account}/resume", post(resume))
        .route("/v1/tenants/{tenant}/accounts/{account}/webhook", get(webhook))
}

/// A tenant's accounts, as configured.
#[utoipa::path(get, path = "/v1/tenants/{tenant}/accounts", tag = "accounts", params(("tenant" = String, Path)),
    responses((status = 200, body = [words::Account]), (status = 404, body = Problem)))]
pub(super) async fn list(
    State(gateway): State<Arc<Gateway>>,
    Path(tenant): Path<String>,
) -> Result<Json<Vec<Document>>, Refused> {
    let document = gateway.register.document(&tenant).await?;
    let accounts = document.get("accounts").and_then(Value::as_array);
    let accounts = accounts.into_iter().flatten().filter_map(Value::as_object);
    Ok(Json(accounts.map(document::shown_account).collect()))
}

/// Makes an account, which may bind at once.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/accounts", tag = "accounts", params(("tenant" = String, Path)), request_body = words::Account,
    responses((status = 201, body = words::Account), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn create(
    State(gateway): State<Arc<Gateway>>,
    Path(tenant): Path<String>,
    Json(new): Json<Document>,
) -> Result<(StatusCode, Json<Document>), Refused> {
    let system_id = new.get("system_id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let shown = document::shown_account(&new);
    let add = |document: &mut Document| {
        let accounts = document.entry("accounts").or_insert_with(|| json!([]));
        match accounts.as_array_mut() {
            Some(accounts) => accounts.push(Value::Object(new)),
            None => return Err(Refusal::Conflict(format!("accounts of tenant {tenant} are not a list"))),
        }
        Ok(())
    };
    let done = ("account created", ADMIN);
    gateway
        .register
        .change(&gateway, &tenant, Some(&system_id), done, add)
        .await?;
    Ok((StatusCode::CREATED, Json(shown)))
}

/// What an account is. Of its password only that it is set.
#[utoipa::path(get, path = "/v1/tenants/{tenant}/accounts/{account}", tag = "accounts", params(("tenant" = String, Path), ("account" = String, Path)),
    responses((status = 200, body = words::Account), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(gateway): State<Arc<Gateway>>,
    Path((tenant, account)): Path<(String, String)>,
) -> Result<Json<Document>, Refused> {
    let mut document = gateway.register.document(&tenant).await?;
    Ok(Json(document::shown_account(find(&mut document, &tenant, &account)?)))
}

/// Changes what the patch names, and removes what it nulls (RFC 7396). In effect at once, for what is bound too.
#[utoipa::path(patch, path = "/v1/tenants/{tenant}/accounts/{account}", tag = "accounts", request_body = words::Account,
    params(("tenant" = String, Path), ("account" = String, Path)),
    responses((status = 200, body = words::Account), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn change(
    State(gateway): State<Arc<Gateway>>,
    Path((tenant, account)): Path<(String, String)>,
    Json(patch): Json<Document>,
) -> Result<Json<Document>, Refused> {
    if patch.get("system_id").is_some_and(|system_id| *system_id != account) {
        let sentence = "a system_id stays what it is: make another account, and remove this one";
        return Err(Refused::from(Refusal::Conflict(sentence.into())));
    }
    edit(&gateway, &tenant, &account, "account changed", |document| {
        document::merge(document, &patch);
    })
    .await
}

/// Removes an account: its binds are told to unbind.
#[utoipa::path(delete, path = "/v1/tenants/{tenant}/accounts/{account}", tag = "accounts", params(("tenant" = String, Path), ("account" = String, Path), Removal),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn remove(
    State(gateway): State<Arc<Gateway>>,
    Path((tenant, account)): Path<(String, String)>,
    Query(removal): Query<Removal>,
) -> Result<StatusCode, Refused> {
    let remove = |document: &mut Document| {
        find(document, &tenant, &account)?;
        let waiting = register::waiting(&gateway, &tenant, Some(&account));
        if waiting > 0 && !removal.force {
            return Err(Refusal::Conflict(format!(
                "{waiting} messages of account {account} wait: suspend it until they are gone, or force, which leaves them until an account \
                 of this name is there again"
            )));
        }
        if let Some(accounts) = document.get_mut("accounts").and_then(Value::as_array_mut) {
            accounts.retain(|other| other["system_id"] != account);
        }
        Ok(())
    };
    let done = ("account removed", ADMIN);
    gateway
        .register
        .change(&gateway, &tenant, Some(&account), done, remove)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// It does not bind and its messages wait, until it is resumed. Open binds are told to unbind; webhooks are heard.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/accounts/{account}/suspend", tag = "accounts", params(("tenant" = String, Path), ("account" = String, Path)),
    responses((status = 200, body = words::Account), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn suspend(
    State(gateway): State<Arc<Gateway>>,
    Path((tenant, account)): Path<(String, String)>,
) -> Result<Json<Document>, Refused> {
    edit(&gateway, &tenant, &account, "account suspended", |document| {
        document.insert("suspended".into(), json!(true));
    })
    .await
}

/// It may bind again, and what waits is done.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/accounts/{account}/resume", tag = "accounts", params(("tenant" = String, Path), ("account" = String, Path)),
    responses((status = 200, body = words::Account), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn resume(
    State(gateway): State<Arc<Gateway>>,
    Path((tenant, account)): Path<(String, String)>,
) -> Result<Json<Document>, Refused> {
    edit(&gateway, &tenant, &account, "account resumed", |document| {
        document.remove("suspended");
    })
    .await
}

/// The URL by which an upstream reaches this account, for those whose webhooks are set up by hand. Who knows it can say things in the
/// upstream's name, unless the upstream signs.
#[utoipa::path(get, path = "/v1/tenants/{tenant}/accounts/{account}/webhook", tag = "accounts", params(("tenant" = String, Path), ("account" = String, Path)),
    responses((status = 200, body = words::WebhookUrl), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn webhook(
    State(gateway): State<Arc<Gateway>>,
    Path((tenant, account)): Path<(String, String)>,
) -> Result<Json<words::WebhookUrl>, Refused> {
    let owner = gateway.directory.tenant(&tenant);
    let owner = owner.and_then(|tenant| tenant.account(&account).map(|account| (tenant, account)));
    let (tenant, account) = owner.ok_or_else(|| Refused::unknown(format!("tenant {tenant} has no account {account}")))?;
    let url = gateway
        .webhook_url(&tenant, &account)
        .ok_or_else(|| Refusal::Conflict("nobody outside reaches this gateway: [http] has no webhook_base_url".into()))?;
    Ok(Json(words::WebhookUrl { url }))
}

async fn edit(
    gateway: &Arc<Gateway>,
    tenant: &str,
    account: &str,
    action: &str,
    edit: impl FnOnce(&mut Document),
) -> Result<Json<Document>, Refused> {
    let edit = |document: &mut Document| {
        edit(find(document, tenant, account)?);
        Ok(())
    };
    let done = (action, ADMIN);
    let mut edited = gateway.register.change(gateway, tenant, Some(account), done, edit).await?;
    Ok(Json(document::shown_account(find(&mut edited, tenant, account)?)))
}

fn find<'a>(document: &'a mut Document, tenant: &str, account: &str) -> Result<&'a mut Document, Refusal> {
    let accounts = document.get_mut("accounts").and_then(Value::as_array_mut);
    let mut accounts = accounts.into_iter().flatten().filter_map(Value::as_object_mut);
    accounts
        .find(|document| document.get("system_id").is_some_and(|system_id| *system_id == account))
        .ok_or_else(|| Refusal::Unknown(format!("tenant {tenant} has no account {account}")))
}
