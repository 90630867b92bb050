//! Components: taken in before they are deployed.

use super::{
    refusal::Refused,
    words::{self, Problem},
};
use crate::gateway::Gateway;
use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::State,
    http::StatusCode,
    routing::post,
};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Gateway>> {
    Router::new().route("/v1/components", post(take_in))
}

/// Takes a component in: looked at, compiled, kept under its digest. What is missing from it or too much is said, every mistake.
/// One that no release names is forgotten after a while.
#[utoipa::path(post, path = "/v1/components", tag = "releases",
    request_body(content = Vec<u8>, content_type = "application/wasm"),
    responses((status = 200, body = words::Component), (status = 413, body = Problem), (status = 422, body = Problem),
        (status = 503, body = Problem), (status = 507, body = Problem)))]
pub(super) async fn take_in(State(gateway): State<Arc<Gateway>>, body: Body) -> Result<Json<words::Component>, Refused> {
    let octets_max = gateway.depot.component_bytes_max();
    let octets = to_bytes(body, octets_max).await.map_err(|_| {
        let sentence = format!("the component did not come whole, or has more than {octets_max} octets: make it smaller");
        Refused::new(StatusCode::PAYLOAD_TOO_LARGE, sentence)
    })?;
    let shape = gateway.depot.take_in(octets.into()).await?;
    Ok(Json(words::Component {
        digest: shape.digest,
        world: shape.world.into(),
        contract: shape.contract.to_owned(),
        wasi: shape.wasi,
        octets: shape.octets,
    }))
}
