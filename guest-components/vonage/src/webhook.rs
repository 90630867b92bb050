//! From a webhook to what is heard in it. Vonage sends parameters in whichever of three forms its dashboard is set to - a GET with a query,
//! a POST with a form, a POST with JSON - and repeats for a day what is answered 429 or 5xx.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    bindings::edgebind::translator::types::{Context, Heard, Hearing, WebhookRequest},
    incoming, report,
    settings::Settings,
    signature,
};

pub(crate) fn hear(ctx: &Context, settings: &Settings, request: &WebhookRequest) -> Hearing {
    if !request.path.is_empty() {
        return deaf(404, "a path that is none of ours".into());
    }
    let parameters = match (request.method.as_str(), request.body.is_empty()) {
        ("GET", _) | ("POST", true) => of_form(request.query.as_bytes()),
        ("POST", false) => match of_body(&request.body) {
            Some(parameters) => parameters,
            None => return deaf(400, "the body is neither a form nor an object of JSON".into()),
        },
        _ => return deaf(405, "neither a GET nor a POST".into()),
    };
    if parameters.is_empty() {
        // Vonage's dashboard tries a URL before it takes it.
        return deaf(200, "no parameters".into());
    }
    let proof = match signature::proof(ctx, settings, &parameters) {
        Ok(proof) => proof,
        Err(why) => return deaf(401, why.into()),
    };
    // Only a receipt has a status.
    let heard = match parameters.contains_key("status") {
        true => report::report(ctx.now, &parameters).map(Heard::Report),
        false => incoming::incoming(ctx.now, &parameters).map(Heard::Incoming),
    };
    let (heard, ignored) = match heard {
        Ok(heard) => (vec![heard], None),
        Err(why) => (Vec::new(), Some(why.to_owned())),
    };
    Hearing {
        proof,
        heard,
        status: 200,
        body: Vec::new(),
        ignored,
        said: Vec::new(),
    }
}

/// Nothing was heard, by this status.
pub(crate) fn deaf(status: u16, why: String) -> Hearing {
    Hearing {
        proof: None,
        heard: Vec::new(),
        status,
        body: Vec::new(),
        ignored: Some(why),
        said: Vec::new(),
    }
}

/// A form or JSON, whichever it is: no form begins with a brace.
fn of_body(body: &[u8]) -> Option<BTreeMap<String, String>> {
    match body.trim_ascii_start().first() {
        Some(b'{') => of_json(body),
        Some(b'[') | None => None,
        Some(_) => Some(of_form(body)),
    }
}

fn of_form(octets: &[u8]) -> BTreeMap<String, String> {
    form_urlencoded::parse(octets).into_owned().collect()
}

/// As they would stand in a form, which is how they are signed.
fn of_json(body: &[u8]) -> Option<BTreeMap<String, String>> {
    let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
        return None;
    };
    let text = |value: Value| match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is) => Some(is.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    Some(
        object
            .into_iter()
            .filter_map(|(name, value)| Some((name, text(value)?)))
            .collect(),
    )
}
