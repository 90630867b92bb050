//! The HTTP listener: webhooks, health, metrics.

use super::{listener::TlsListener, webhook};
use crate::{gateway::Gateway, limits::WEBHOOK_BODY_OCTETS_MAX, tls::Tls, work::sweep};
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
use tokio::net::TcpListener;

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

/// 200 while binds are taken, 503 from the beginning of a drain.
async fn health(State(gateway): State<Arc<Gateway>>) -> impl IntoResponse {
    let (code, status) = if gateway.draining.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "fail")
    } else {
        (StatusCode::OK, "pass")
    };
    (code, Json(json!({ "status": status, "version": env!("CARGO_PKG_VERSION") })))
}

fn page(gateway: &Gateway, metrics: Option<&PrometheusHandle>) -> Response {
    let Some(metrics) = metrics else {
        return StatusCode::NOT_FOUND.into_response();
    };
    sweep::measure(gateway);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics.render()).into_response()
}
