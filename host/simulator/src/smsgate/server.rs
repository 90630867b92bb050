//! The HTTP side: each request to its answer.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::authorization::{self, Caller};
use super::calls::Call;
use super::config::Mode;
use super::faults::On;
use super::message::Message;
use super::submission::Submission;
use super::webhook::Webhook;
use super::world::{Found, World};
use crate::clock;
use crate::fault::Fault;
use crate::http::{self, Cut, respond};

/// Fiber's default.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Serves connections until it is dropped, which ends them too.
pub(crate) async fn serve(listener: TcpListener, world: Arc<World>) {
    http::serve(listener, move |request| answer(Arc::clone(&world), request)).await;
}

/// An answer before it is HTTP.
struct Answer {
    status: u16,
    body: Option<Value>,
    headers: Vec<(HeaderName, String)>,
}

impl Answer {
    fn json(status: u16, body: Value) -> Self {
        Self {
            status,
            body: Some(body),
            headers: Vec::new(),
        }
    }

    fn empty(status: u16) -> Self {
        Self {
            status,
            body: None,
            headers: Vec::new(),
        }
    }

    fn error(status: u16, message: &str) -> Self {
        Self::json(status, json!({ "message": message }))
    }
}

async fn answer(world: Arc<World>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Cut> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_BYTES_MAX)
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes);
    let path = head.uri.path().to_owned();
    let path = path.strip_prefix(world.config.prefix.as_str()).unwrap_or(&path);
    let query = head.uri.query().unwrap_or_default();
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let on = endpoint(head.method.as_str(), &segments);
    let submission = match (&body, on) {
        (Ok(body), Some(On::Submit)) => Submission::read(body).ok(),
        _ => None,
    };
    let header = |name: HeaderName| {
        head.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let number = world.calls.change(|calls| {
        calls.arrived(Call {
            at_ms: clock::now_ms(),
            method: head.method.to_string(),
            path: path.to_owned(),
            query: query.to_owned(),
            account: None,
            content_type: header(CONTENT_TYPE),
            user_agent: header(USER_AGENT),
            body: body.as_ref().map(|body| body.to_vec()).unwrap_or_default(),
            submission,
            status: None,
            fault: None,
        })
    });
    let fault = world.faults.draw(on.unwrap_or(On::Everything), &world.random);
    if let Some(fault) = &fault {
        world.calls.change(|calls| calls.spoilt(number, fault));
    }
    match &fault {
        Some(Fault::Cut) => return Err(Cut),
        Some(Fault::Answer {
            status,
            body,
            retry_after,
        }) => {
            world.calls.change(|calls| calls.answered(number, *status));
            let mut response = respond(*status, body.clone().into_bytes());
            if let Some(value) = retry_after.as_ref().and_then(|value| HeaderValue::from_str(value).ok()) {
                response.headers_mut().insert(RETRY_AFTER, value);
            }
            return Ok(response);
        }
        Some(Fault::Delay(time)) => tokio::time::sleep(*time).await,
        Some(Fault::Late(_) | Fault::CutAfter | Fault::Garbled) | None => {}
    }
    let caller = authorized(&world, &head.headers);
    if let Some(caller) = &caller {
        world.calls.change(|calls| calls.known_as(number, &caller.account.login));
    }
    let answer = match body {
        Ok(body) => route(&world, caller.as_ref(), head.method.as_str(), &segments, query, &body),
        Err(_) => Answer::error(413, "Request Entity Too Large"),
    };
    if fault == Some(Fault::CutAfter) {
        return Err(Cut);
    }
    if let Some(Fault::Late(time)) = fault {
        tokio::time::sleep(time).await;
    }
    world.calls.change(|calls| calls.answered(number, answer.status));
    let body = match fault {
        Some(Fault::Garbled) => b"<html><body>It works!".to_vec(),
        _ => answer.body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
    };
    let mut response = respond(answer.status, body);
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

fn authorized<'a>(world: &'a World, headers: &HeaderMap) -> Option<Caller<'a>> {
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
    authorization::caller(&world.config.accounts, header)
}

/// What kind of request it is to those who set faults.
fn endpoint(method: &str, segments: &[&str]) -> Option<On> {
    match (method, segments) {
        ("POST", ["messages" | "message"]) => Some(On::Submit),
        ("GET", ["messages" | "message", _]) => Some(On::Query),
        ("DELETE", ["messages" | "message", _]) => Some(On::Cancel),
        ("GET", ["devices" | "device"]) => Some(On::Devices),
        (_, ["webhooks", ..]) => Some(On::Webhooks),
        _ => None,
    }
}

fn route(world: &Arc<World>, caller: Option<&Caller<'_>>, method: &str, segments: &[&str], query: &str, body: &[u8]) -> Answer {
    let local = world.config.mode == Mode::Local;
    let scope = match (method, segments) {
        ("GET", ["health"]) => {
            return Answer::json(
                200,
                json!({ "status": "pass", "version": "simulated", "releaseId": 1, "checks": {} }),
            );
        }
        ("GET", ["devices"]) if local => "",
        ("POST", ["messages" | "message"]) => "messages:send",
        ("GET", ["messages" | "message"]) if local => "messages:read",
        ("GET", ["messages" | "message"]) => "messages:list",
        ("GET", ["messages" | "message", _]) => "messages:read",
        ("DELETE", ["messages" | "message", _]) => "messages:cancel",
        ("GET", ["devices" | "device"]) => "devices:list",
        ("GET", ["webhooks"]) => "webhooks:list",
        ("POST", ["webhooks"]) => "webhooks:write",
        ("DELETE", ["webhooks", _]) => "webhooks:delete",
        _ => "",
    };
    let caller = match caller {
        Some(caller) => caller,
        None if local => return Answer::empty(401),
        None => return Answer::error(401, "Unauthorized"),
    };
    if !scope.is_empty() && !caller.may(scope) {
        let words = if local {
            "Insufficient permissions".to_owned()
        } else {
            format!("scope required: {scope}")
        };
        return Answer::error(403, &words);
    }
    match (method, segments) {
        _ if scope.is_empty() && local => Answer::empty(404),
        ("POST", ["messages" | "message"]) => submit(world, caller, query, body),
        ("GET", ["messages" | "message"]) => list(world, caller, query),
        ("GET", ["messages" | "message", id]) => match world.state(&caller.account.login, id) {
            Found::One(state) => Answer::json(200, state),
            Found::None if local => Answer::empty(404),
            Found::None => Answer::error(404, "message not found"),
            Found::Many => Answer::error(500, "failed to get message state"),
        },
        ("DELETE", ["messages" | "message", id]) => match world.cancel(&caller.account.login, id) {
            Found::One((true, state)) => Answer::json(200, state),
            Found::One((false, _)) => Answer::error(
                if local { 400 } else { 409 },
                "failed to cancel message: message is not pending",
            ),
            Found::None if local => Answer::empty(404),
            Found::None => Answer::error(404, "failed to cancel message: message not found"),
            Found::Many => Answer::error(400, "failed to cancel message: multiple messages found"),
        },
        ("GET", ["devices" | "device"]) => Answer::json(200, devices(world, caller)),
        ("GET", ["webhooks"]) => Answer::json(200, json!(world.webhooks(&caller.account.login))),
        ("POST", ["webhooks"]) => register(world, caller, body),
        ("DELETE", ["webhooks", id]) => {
            world.deregister(&caller.account.login, id);
            Answer::empty(204)
        }
        _ => Answer::error(404, &format!("Cannot {method} /{}", segments.join("/"))),
    }
}

fn submit(world: &Arc<World>, caller: &Caller<'_>, query: &str, body: &[u8]) -> Answer {
    let skip = match parameter(query, "skipPhoneValidation").as_deref() {
        None | Some("" | "false" | "0") => false,
        Some("true" | "1") => true,
        Some(_) => {
            return Answer::error(
                400,
                "failed to parse query: schema: error converting value for \"skipPhoneValidation\"",
            );
        }
    };
    let Ok(active_hours) = parameter(query, "deviceActiveWithin").map_or(Ok(0), |hours| hours.parse::<u64>()) else {
        return Answer::error(
            400,
            "failed to parse query: schema: error converting value for \"deviceActiveWithin\"",
        );
    };
    let submission = match Submission::read(body) {
        Ok(submission) => submission,
        Err(why) => return Answer::error(400, &why),
    };
    match world.submit(caller.account, submission, skip, active_hours) {
        Ok(state) => {
            let location = format!("{}/message/{}", world.config.prefix, state["id"].as_str().unwrap_or_default());
            Answer {
                status: 202,
                body: Some(state),
                headers: vec![(LOCATION, location)],
            }
        }
        Err((status, words)) => Answer::error(status, &words),
    }
}

fn list(world: &World, caller: &Caller<'_>, query: &str) -> Answer {
    let time = |name| parameter(query, name).and_then(|text| clock::parse(&text));
    let (from_ms, to_ms) = (time("from"), time("to"));
    let (state, device) = (parameter(query, "state"), parameter(query, "deviceId"));
    let keep = |message: &Message| {
        from_ms.is_none_or(|from_ms| message.posted_ms >= from_ms)
            && to_ms.is_none_or(|to_ms| message.posted_ms < to_ms)
            && state.as_ref().is_none_or(|state| message.state().to_string() == *state)
            && device.as_ref().is_none_or(|device| message.device == *device)
    };
    let mut found = world.list(&caller.account.login, keep);
    if parameter(query, "sort").as_deref() == Some("created_at") {
        found.reverse();
    }
    let count = |name, otherwise| {
        parameter(query, name)
            .and_then(|text| text.parse::<usize>().ok())
            .unwrap_or(otherwise)
    };
    let with_content = parameter(query, "includeContent").as_deref() == Some("true");
    let total = found.len().to_string();
    let page: Vec<Value> = found
        .iter()
        .skip(count("offset", 0))
        .take(count("limit", 50).clamp(1, 100))
        .map(|message| world.tell_of(message, with_content))
        .collect();
    let headers = vec![(HeaderName::from_static("x-total-count"), total)];
    Answer {
        status: 200,
        body: Some(json!(page)),
        headers,
    }
}

fn register(world: &World, caller: &Caller<'_>, body: &[u8]) -> Answer {
    let webhook = match Webhook::read(body) {
        Ok(webhook) => Webhook {
            account: caller.account.login.clone(),
            ..webhook
        },
        Err(why) => return Answer::error(400, &why),
    };
    match webhook.mistake(&world.config, caller.account) {
        Some(mistake) => Answer::error(400, &mistake),
        None => Answer::json(201, json!(world.register(webhook))),
    }
}

fn devices(world: &World, caller: &Caller<'_>) -> Value {
    let now_ms = clock::now_ms();
    let local = world.config.mode == Mode::Local;
    let devices: Vec<Value> = caller
        .account
        .devices
        .iter()
        .take(if local { 1 } else { usize::MAX })
        .map(|device| {
            let unseen_ms = u64::try_from(device.unseen.as_millis()).unwrap_or(u64::MAX);
            let mut sim = json!({ "slotIndex": 0, "simNumber": 1, "carrierName": "Simulated" });
            if let Some(number) = &device.number {
                // The server keeps the last four; the phone knows its own.
                let kept = if local { 0 } else { number.len().saturating_sub(4) };
                sim["phoneNumber"] = json!(format!("{}{}", "*".repeat(kept), number.get(kept..).unwrap_or_default()));
            }
            json!({
                "id": device.id,
                "name": device.name,
                "createdAt": "2026-01-02T15:04:05Z",
                "updatedAt": clock::utc(now_ms.saturating_sub(unseen_ms)),
                "lastSeen": clock::utc(now_ms.saturating_sub(unseen_ms)),
                "simCards": [sim],
            })
        })
        .collect();
    json!(devices)
}

fn parameter(query: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}
