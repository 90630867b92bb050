//! From a message to the request that sends it.

use crate::{
    bindings::edgebind::{
        message::types::Message,
        translator::types::{self, Context, Dead, Escape, Request},
    },
    filler::Filler,
    settings::{Authorization, Body, Json, Submit},
    template::Template,
    verdict::rejected,
    words::{BARE, Words},
};
use edgebind_smpp::CommandStatus;
use form_urlencoded::Serializer;
use serde_json::Value;

/// Dead where the settings have no words for what the message carries.
pub(crate) fn submit(ctx: &Context, settings: &Submit, message: &Message) -> Result<Request, Dead> {
    let words = Words::new(ctx, message, settings.numbers)?;
    if !words.are_said_by(settings.body.places().chain(settings.url.places())) {
        return Err(rejected(
            CommandStatus::RSUBMITFAIL,
            "what the message carries, text or binary data, has no place in the provider's request",
        ));
    }
    let mut filler = Filler::new(&words);
    let Some(mut url) = filler.fill(&settings.url, Escape::Percent, |word| segment(&word)) else {
        return Err(rejected(
            CommandStatus::RSUBMITFAIL,
            "the message lacks what the provider's URL needs",
        ));
    };
    let (content_type, body) = match &settings.body {
        Body::Json(json) => (
            "application/json",
            fill(json, &mut filler).unwrap_or_default().to_string().into_bytes(),
        ),
        Body::Form(fields) => {
            let form = form(fields, &mut filler);
            if settings.method == "GET" {
                if !form.is_empty() {
                    url.push(if url.contains('?') { '&' } else { '?' });
                    url.push_str(&form);
                }
                ("", Vec::new())
            } else {
                ("application/x-www-form-urlencoded", form.into_bytes())
            }
        }
    };
    let headers = headers(settings, &mut filler, content_type);
    Ok(Request {
        method: settings.method.clone(),
        url,
        headers,
        authorization: settings.authorization.clone().map(Into::into),
        body,
        blanks: filler.blanks(),
    })
}

fn headers(settings: &Submit, filler: &mut Filler<'_>, content_type: &str) -> Vec<(String, String)> {
    let filled = settings.headers.iter().filter_map(|(name, template)| {
        let value = filler.fill(template, Escape::None, |word| word)?;
        // A header is one line, whatever an ESME calls itself.
        Some((name.clone(), value.replace(char::is_control, " ")))
    });
    let mut headers: Vec<_> = filled.collect();
    let mut usual = |name: &str, value: &str| {
        if !value.is_empty() && !headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            headers.push((name.to_owned(), value.to_owned()));
        }
    };
    usual("Content-Type", content_type);
    usual("Accept", "application/json");
    usual("User-Agent", concat!("edgebind-http-template/", env!("CARGO_PKG_VERSION")));
    headers
}

/// The fields that can be filled.
fn form(fields: &[(String, Template)], filler: &mut Filler<'_>) -> String {
    let mut form = Serializer::new(String::new());
    for (name, template) in fields {
        if let Some(value) = filler.fill(template, Escape::Percent, |word| word) {
            form.append_pair(name, &value);
        }
    }
    form.finish()
}

/// The JSON without what cannot be filled.
fn fill(json: &Json, filler: &mut Filler<'_>) -> Option<Value> {
    match json {
        Json::Template(template) => {
            let text = filler.fill(template, Escape::Json, |word| word)?;
            let is_bare = template.single().is_some_and(|name| BARE.contains(&name));
            Some(match is_bare {
                true => serde_json::from_str(&text).unwrap_or(Value::String(text)),
                false => Value::String(text),
            })
        }
        Json::Plain(value) => Some(value.clone()),
        Json::List(items) => Some(Value::Array(items.iter().filter_map(|item| fill(item, filler)).collect())),
        Json::Object(members) => {
            let filled = members
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), fill(value, filler)?)));
            Some(Value::Object(filled.collect()))
        }
    }
}

/// The text as one segment of a path, or one value of a query (RFC 3986 §3.3).
fn segment(text: &str) -> String {
    text.bytes().fold(String::new(), |mut url, octet| {
        match octet {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => url.push(char::from(octet)),
            _ => url.push_str(&format!("%{octet:02X}")),
        }
        url
    })
}

impl From<Authorization> for types::Authorization {
    fn from(authorization: Authorization) -> Self {
        match authorization {
            Authorization::Basic(user, password) => Self::Basic((user, password)),
            Authorization::Bearer(token) => Self::Bearer(token),
        }
    }
}
