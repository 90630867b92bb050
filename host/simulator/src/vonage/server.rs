//! The HTTP side: each request to its answer.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::access;
use super::calls::Call;
use super::faults::On;
use super::submission::Submission;
use super::world::{self, World};
use crate::clock;
use crate::fault::Fault;
use crate::http::{self, Cut, respond};

const BODY_BYTES_MAX: usize = 1024 * 1024;
const FORM: &str = "application/x-www-form-urlencoded";

/// Serves connections until it is dropped, which ends them too.
pub(crate) async fn serve(listener: TcpListener, world: Arc<World>) {
    http::serve(listener, move |request| answer(Arc::clone(&world), request)).await;
}

/// An answer before it is HTTP.
struct Answer {
    status: u16,
    body: Value,
    account: Option<String>,
}

async fn answer(world: Arc<World>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Cut> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_BYTES_MAX)
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes);
    let is_readable = body.is_ok();
    let header = |name: HeaderName| {
        head.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let body = body.map(|body| body.to_vec()).unwrap_or_default();
    let on = endpoint(head.method.as_str(), head.uri.path());
    let content_type = header(CONTENT_TYPE);
    let is_form = content_type.as_ref().is_some_and(|kind| kind.starts_with(FORM));
    let call = Call {
        at_ms: clock::now_ms(),
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        authorization: header(AUTHORIZATION),
        content_type,
        user_agent: header(USER_AGENT),
        submission: (on == Some(On::Submit) && is_form).then(|| Submission::read(&body)),
        body,
        account: None,
        status: None,
        statuses: Vec::new(),
        fault: None,
    };
    let number = world.calls.change(|calls| calls.arrived(call.clone()));
    let note = |note: &dyn Fn(&mut Call)| world.calls.change(|calls| calls.note(number, note));
    let fault = world.faults.draw(on.unwrap_or(On::Everything), &world.random);
    if fault.is_some() {
        note(&|call| call.fault.clone_from(&fault));
    }
    match &fault {
        Some(Fault::Cut) => return Err(Cut),
        Some(Fault::Answer {
            status,
            body,
            retry_after,
        }) => {
            note(&|call| call.status = Some(*status));
            let mut response = respond(*status, body.clone().into_bytes());
            if let Some(value) = retry_after.as_ref().and_then(|value| HeaderValue::from_str(value).ok()) {
                response.headers_mut().insert(RETRY_AFTER, value);
            }
            return Ok(response);
        }
        Some(Fault::Delay(time)) => tokio::time::sleep(*time).await,
        Some(Fault::Late(_) | Fault::CutAfter | Fault::Garbled) | None => {}
    }
    let answer = match (is_readable, on) {
        (false, _) => failure(413, "Request Entity Too Large"),
        (true, Some(On::Submit)) => submit(&world, &call),
        (true, Some(On::Balance)) => balance(&world, &call),
        (true, _) => failure(404, "Not Found"),
    };
    if fault == Some(Fault::CutAfter) {
        return Err(Cut);
    }
    if let Some(Fault::Late(time)) = fault {
        tokio::time::sleep(time).await;
    }
    let statuses = statuses(&answer.body);
    note(&|call| {
        call.account.clone_from(&answer.account);
        call.status = Some(answer.status);
        call.statuses.clone_from(&statuses);
    });
    let body = match fault {
        Some(Fault::Garbled) => b"<html><body>It works!".to_vec(),
        _ => answer.body.to_string().into_bytes(),
    };
    Ok(respond(answer.status, body))
}

/// What kind of request it is to those who set faults.
fn endpoint(method: &str, path: &str) -> Option<On> {
    match (method, path) {
        ("POST", "/sms/json") => Some(On::Submit),
        ("GET", "/account/get-balance") => Some(On::Balance),
        _ => None,
    }
}

/// HTTP says 200 whatever becomes of a message.
fn submit(world: &Arc<World>, call: &Call) -> Answer {
    // What is no form has no parameters.
    let submission = call.submission.clone().unwrap_or_else(|| Submission::read(&[]));
    let caller = access::caller(&world.config.accounts, call.authorization.as_deref(), &submission.parameters);
    let items = match &caller {
        Ok(account) => match world.submit(account, &submission) {
            world::Answer::Items(items) => items,
            world::Answer::TooManyRequests => return failure(429, "Too many concurrent requests"),
        },
        Err(refusal) => vec![refusal.item()],
    };
    Answer {
        status: 200,
        body: json!({ "message-count": items.len().to_string(), "messages": items }),
        account: caller.ok().map(|account| account.api_key.clone()),
    }
}

fn balance(world: &World, call: &Call) -> Answer {
    let parameters = Submission::read(call.query.as_bytes()).parameters;
    match access::caller(&world.config.accounts, call.authorization.as_deref(), &parameters) {
        Ok(account) => Answer {
            status: 200,
            body: json!({ "value": world.balance(&account.api_key).parse::<f64>().unwrap_or(0.0), "autoReload": false }),
            account: Some(account.api_key.clone()),
        },
        Err(_) => failure(401, "Unauthorized"),
    }
}

fn failure(status: u16, title: &str) -> Answer {
    Answer {
        status,
        body: json!({ "title": title }),
        account: None,
    }
}

fn statuses(body: &Value) -> Vec<u16> {
    let items = body["messages"].as_array().into_iter().flatten();
    items
        .filter_map(|item| item["status"].as_str().and_then(|status| status.parse().ok()))
        .collect()
}
