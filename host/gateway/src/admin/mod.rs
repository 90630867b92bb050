//! The admin API: HTTP and JSON behind a bearer token, on a listener of its own. Every change goes through the register or the
//! releases, which make it durable first; nothing here changes anything by itself. The command line is its client.

pub mod words;

mod accounts;
mod binds;
mod components;
mod dead_letters;
mod ledger;
mod messages;
mod openapi;
mod recordings;
mod refusal;
mod releases;
mod secrets;
mod tenants;
mod trail;

use crate::{
    config::Secret,
    gateway::Gateway,
    http::listener::TlsListener,
    limits::{ADMIN_BODY_OCTETS_MAX, WRONG_TOKEN_WAIT},
    tls::Tls,
    vault,
};
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::header::AUTHORIZATION,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use refusal::Refused;
use std::{fs, io, path::Path, sync::Arc};
use tokio::{net::TcpListener, time::sleep};
use utoipa::OpenApi as _;

/// The file in the data directory that has the token, where none was configured.
pub const TOKEN_FILE: &str = "admin-token";

/// Octets of a token that is made: nobody guesses 256 bits.
const TOKEN_OCTETS: usize = 32;

/// Serves until the gateway has drained.
pub async fn serve(gateway: Arc<Gateway>, listener: TcpListener, tls: Option<Arc<Tls>>, token: Secret) -> io::Result<()> {
    let stopped = gateway.stopped.clone().cancelled_owned();
    let router = Router::new()
        .merge(tenants::routes())
        .merge(accounts::routes())
        .merge(secrets::routes())
        .merge(binds::routes())
        .merge(dead_letters::routes())
        .merge(ledger::routes())
        .merge(messages::routes())
        .merge(trail::routes())
        .merge(components::routes())
        .merge(releases::routes())
        .merge(recordings::routes())
        .layer(DefaultBodyLimit::max(ADMIN_BODY_OCTETS_MAX))
        .layer(middleware::from_fn_with_state(token, has_token))
        .route("/v1/openapi.json", get(async || Json(openapi::Api::openapi())))
        .fallback(async || Refused::unknown("there is nothing at this path; GET /v1/openapi.json says what there is"))
        .with_state(gateway);
    match tls {
        None => axum::serve(listener, router).with_graceful_shutdown(stopped).await,
        Some(tls) => {
            axum::serve(TlsListener::new(listener, tls)?, router)
                .with_graceful_shutdown(stopped)
                .await
        }
    }
}

/// The token that opens the API: as configured, else the one in the data directory, made when there is none.
///
/// # Errors
/// A sentence.
pub fn token(configured: Option<&Secret>, data_dir: &Path) -> Result<Secret, String> {
    if let Some(token) = configured {
        return Ok(token.clone());
    }
    let path = data_dir.join(TOKEN_FILE);
    let failed = |error: io::Error| format!("{}: {error}", path.display());
    match fs::read_to_string(&path) {
        Ok(text) if text.trim().is_empty() => Err(format!("{} is empty: remove it, and another is made", path.display())),
        Ok(text) => Ok(Secret::new(text.trim())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut octets = [0; TOKEN_OCTETS];
            aws_lc_rs::rand::fill(&mut octets).map_err(|_| "no random octets for the admin token".to_owned())?;
            let token = vault::hex(&octets);
            vault::write_whole(data_dir, &[token.as_bytes(), b"\n"], |file| {
                file.persist_noclobber(&path).map(drop)
            })
            .map_err(failed)?;
            Ok(Secret::new(token))
        }
        Err(error) => Err(failed(error)),
    }
}

async fn has_token(State(token): State<Secret>, request: Request, next: Next) -> Response {
    let shown = request.headers().get(AUTHORIZATION).map(axum::http::HeaderValue::as_bytes);
    let shown = shown.and_then(|value| value.strip_prefix(b"Bearer "));
    if shown.is_some_and(|shown| vault::same(shown, token.bytes())) {
        return next.run(request).await;
    }
    if shown.is_some() {
        tracing::warn!("a request to the admin API came with a wrong token");
        sleep(WRONG_TOKEN_WAIT).await;
    }
    Refused::stranger().into_response()
}
