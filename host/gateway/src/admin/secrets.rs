//! Secrets of a tenant: set, removed, and named. What they are is never said.

use super::{
    refusal::Refused,
    words::{Problem, SecretValue},
};
use crate::{
    audit::ADMIN,
    document::{self, Document},
    gateway::Gateway,
    register::Refusal,
};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, put},
};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Gateway>> {
    Router::new()
        .route("/v1/tenants/{tenant}/secrets", get(list))
        .route("/v1/tenants/{tenant}/secrets/{name}", put(set).delete(remove))
}

/// The names of a tenant's secrets.
#[utoipa::path(get, path = "/v1/tenants/{tenant}/secrets", tag = "secrets", params(("tenant" = String, Path)),
    responses((status = 200, body = [String]), (status = 404, body = Problem)))]
pub(super) async fn list(State(gateway): State<Arc<Gateway>>, Path(tenant): Path<String>) -> Result<Json<Vec<String>>, Refused> {
    let document = gateway.register.document(&tenant).await?;
    let secrets = document.get("secrets").and_then(Value::as_object);
    Ok(Json(secrets.map(document::secret_names).unwrap_or_default()))
}

/// Sets a secret: requests use it from now on.
#[utoipa::path(put, path = "/v1/tenants/{tenant}/secrets/{name}", tag = "secrets", params(("tenant" = String, Path), ("name" = String, Path)),
    request_body = SecretValue, responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn set(
    State(gateway): State<Arc<Gateway>>,
    Path((tenant, name)): Path<(String, String)>,
    Json(secret): Json<SecretValue>,
) -> Result<StatusCode, Refused> {
    let set = |document: &mut Document| {
        let secrets = flat(document)?;
        secrets.insert(name.clone(), json!(secret.value));
        Ok(())
    };
    let action = format!("secret {name} set");
    gateway
        .register
        .change(&gateway, &tenant, None, (&action, ADMIN), set)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a secret.
#[utoipa::path(delete, path = "/v1/tenants/{tenant}/secrets/{name}", tag = "secrets", params(("tenant" = String, Path), ("name" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn remove(
    State(gateway): State<Arc<Gateway>>,
    Path((tenant, name)): Path<(String, String)>,
) -> Result<StatusCode, Refused> {
    let remove = |document: &mut Document| {
        let removed = flat(document)?.remove(&name);
        removed
            .map(drop)
            .ok_or_else(|| Refusal::Unknown(format!("tenant {tenant} has no secret {name}")))
    };
    let action = format!("secret {name} removed");
    gateway
        .register
        .change(&gateway, &tenant, None, (&action, ADMIN), remove)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The secrets of a document under their whole names, however they were written.
fn flat(document: &mut Document) -> Result<&mut Document, Refusal> {
    let secrets = document.entry("secrets").or_insert_with(|| json!({}));
    let secrets = secrets
        .as_object_mut()
        .ok_or_else(|| Refusal::Conflict("secrets are not a table".into()))?;
    while let Some(name) = secrets
        .iter()
        .find(|(_, value)| value.is_object())
        .map(|(name, _)| name.clone())
    {
        if let Some(Value::Object(inner)) = secrets.remove(&name) {
            secrets.extend(inner.into_iter().map(|(key, value)| (format!("{name}.{key}"), value)));
        }
    }
    Ok(secrets)
}
