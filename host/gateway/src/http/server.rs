//! The HTTP listener: webhooks, health, metrics.

use super::{listener::TlsListener, webhook};
use crate::{
    gateway::Gateway,
    limits::{HEALTH_WAIT, WEBHOOK_BODY_OCTETS_MAX},
    tls::Tls,
    work::sweep,
};
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;
use std::{io, sync::Arc};
use tokio::{net::TcpListener, time::timeout};

/// Serves until the gateway has drained: webhooks are heard to the end, so that receipts of the last messages still come in.
pub async fn serve(
    gateway: Arc<Gateway>,
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    metrics: Option<PrometheusHandle>,
) -> io::Result<()> {
    let stopped = gateway.stopped.clone();
    let page = {
        let gateway = gateway.clone();
        get(async move || page(&gateway, metrics.as_ref()))
    };
    let router = Router::new()
        .route("/health", get(health))
        .route("/metrics", page)
        .route("/webhook/{tenant}/{account}/{token}", any(webhook::hear))
        .route("/webhook/{tenant}/{account}/{token}/{*path}", any(webhook::hear_below))
        .layer(DefaultBodyLimit::max(WEBHOOK_BODY_OCTETS_MAX))
        .with_state(gateway);
    let stopped = stopped.cancelled_owned();
    match tls {
        None => axum::serve(listener, router).with_graceful_shutdown(stopped).await,
        Some(tls) => {
            axum::serve(TlsListener::new(listener, tls)?, router)
                .with_graceful_shutdown(stopped)
                .await
        }
    }
}

/// 200 while messages are taken; 503, and why not, from the beginning of a drain, and while the ledger takes none.
async fn health(State(gateway): State<Arc<Gateway>>) -> impl IntoResponse {
    let why = match gateway.draining.is_cancelled() {
        true => Some("draining".to_owned()),
        // Nothing to append: what is asked is whether it could.
        false => match timeout(HEALTH_WAIT, gateway.ledger.append(Vec::new())).await {
            Ok(taken) => taken.err().map(|error| error.to_string()),
            Err(_) => Some("the ledger does not answer".to_owned()),
        },
    };
    let (code, status) = match why {
        None => (StatusCode::OK, "pass"),
        Some(_) => (StatusCode::SERVICE_UNAVAILABLE, "fail"),
    };
    let mut said = json!({ "status": status, "version": env!("CARGO_PKG_VERSION") });
    if let Some(why) = why {
        said["output"] = why.into();
    }
    (code, Json(said))
}

fn page(gateway: &Gateway, metrics: Option<&PrometheusHandle>) -> Response {
    let Some(metrics) = metrics else {
        return StatusCode::NOT_FOUND.into_response();
    };
    sweep::measure(gateway);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics.render()).into_response()
}
