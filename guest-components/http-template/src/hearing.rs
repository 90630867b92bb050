//! From a webhook to what is heard in it.

use crate::{
    bindings::edgebind::{
        message::types::{Address, Body, Incoming},
        translator::types::{Algorithm, Context, Heard, Hearing, Proof, Report, WebhookRequest},
    },
    document::Document,
    settings::{self, Route, Settings, Signature},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Fewer digits are a short code.
const PHONE_NUMBER_DIGITS_MIN: usize = 7;

pub(crate) fn hear(ctx: &Context, settings: &Settings, request: &WebhookRequest) -> Hearing {
    let path = request.path.trim_matches('/');
    let routes = [
        settings.receipt.as_ref().map(|receipt| &receipt.route),
        settings.incoming.as_ref().map(|incoming| &incoming.route),
    ];
    if !routes.iter().flatten().any(|route| route.path == path) {
        return deaf(404, "a path that no setting names".to_owned());
    }
    let proof = match settings.signature.as_ref().map(|signature| proof(signature, request)) {
        None => None,
        Some(Ok(proof)) => Some(proof),
        Some(Err(why)) => return deaf(401, why.to_owned()),
    };
    let document = Document::read(&request.body, &request.query);
    let (mut heard, mut ignored) = (Vec::new(), None);
    if let Some(receipt) = &settings.receipt {
        for document in of(&receipt.route, path, &document) {
            match report(ctx, receipt, &document) {
                Ok(report) => heard.push(Heard::Report(report)),
                Err(why) => ignored = Some(why.to_owned()),
            }
        }
    }
    if let Some(form) = &settings.incoming {
        for document in of(&form.route, path, &document) {
            match incoming(ctx, form, &document) {
                Ok(incoming) => heard.push(Heard::Incoming(incoming)),
                Err(why) => ignored = Some(why.to_owned()),
            }
        }
    }
    if heard.is_empty() && ignored.is_none() {
        ignored = Some("nothing that the settings look for".to_owned());
    }
    let (status, body) = &settings.answer;
    Hearing {
        proof,
        heard,
        status: *status,
        body: body.clone().into_bytes(),
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

/// What of the webhook goes this way.
fn of(route: &Route, path: &str, document: &Document) -> Vec<Document> {
    if route.path != path {
        return Vec::new();
    }
    let mut all = document.clone().each(route.each.as_ref());
    all.retain(|document| route.when.as_ref().is_none_or(|condition| condition.holds(document)));
    all
}

fn report(ctx: &Context, form: &settings::Receipt, document: &Document) -> Result<Report, &'static str> {
    let upstream_id = document.text(&form.id).ok_or("a receipt without an id")?;
    let said = document.text(&form.state).ok_or("a receipt without a state")?;
    let (name, (state, is_final)) = form.states.get_key_value(&said).ok_or("a state that is not listed")?;
    let error = form.error.as_ref().and_then(|place| document.text(place));
    Ok(Report {
        key: None,
        upstream_id,
        state: *state,
        final_: *is_final,
        error: error
            .and_then(|error| error.trim().parse().ok())
            .filter(|error| *error <= 999)
            .unwrap_or(0),
        at: ctx.now,
        why: format!("the provider said {name}"),
    })
}

fn incoming(ctx: &Context, form: &settings::Incoming, document: &Document) -> Result<(String, Incoming), &'static str> {
    let key = document
        .text(&form.key)
        .ok_or("a message without what tells it from others")?;
    let source = document.text(&form.source).ok_or("a message without a source")?;
    let text = document.text(&form.text).ok_or("a message without a text")?;
    let destination = form.destination.as_ref().and_then(|place| document.text(place));
    let incoming = Incoming {
        part: None,
        udh: Vec::new(),
        source: address(&source),
        destination: address(&destination.unwrap_or_default()),
        body: Body::Text(text),
        port: None,
        received: ctx.now,
        tlvs: Vec::new(),
        metadata: Vec::new(),
    };
    Ok((key, incoming))
}

/// TON and NPI by the form of what is written.
fn address(text: &str) -> Address {
    let text = text.trim();
    let digits = text.strip_prefix('+').unwrap_or(text);
    let (ton, npi) = match () {
        () if text.is_empty() => (0, 0),
        () if !digits.bytes().all(|octet| octet.is_ascii_digit()) => (5, 0),
        () if digits.len() < PHONE_NUMBER_DIGITS_MIN => (0, 1),
        () => (1, 1),
    };
    Address {
        ton,
        npi,
        digits: digits.to_owned(),
    }
}

/// The signature that the header says the body has.
fn proof(signature: &Signature, request: &WebhookRequest) -> Result<Proof, &'static str> {
    let mut headers = request.headers.iter();
    let (_, value) = headers
        .find(|(name, _)| name.eq_ignore_ascii_case(&signature.header))
        .ok_or("the header with the signature is missing")?;
    let digest = value
        .trim()
        .strip_prefix(&signature.prefix)
        .ok_or("the signature lacks its prefix")?;
    let expected = match signature.is_base64 {
        true => STANDARD.decode(digest).ok(),
        false => octets(digest),
    };
    Ok(Proof {
        algorithm: Algorithm::HmacSha256,
        secret: signature.secret.clone(),
        message: request.body.clone(),
        expected: expected.ok_or("the signature is not written as webhook.encoding says")?,
    })
}

fn octets(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = hex
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| digit.try_into().ok()))
        .collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
