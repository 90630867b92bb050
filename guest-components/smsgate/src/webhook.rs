//! From a webhook to what is heard in it. Phones send them straight to us and repeat whatever is not answered 2xx for about two
//! days, so that only what a repetition may heal is answered otherwise.

use crate::{
    bindings::edgebind::translator::types::{Context, Heard, Hearing, Proof, WebhookRequest},
    event::{Envelope, Kind, Payload},
    incoming, report,
    settings::Settings,
    signature,
};

pub(crate) fn hear(ctx: &Context, settings: &Settings, request: &WebhookRequest) -> Hearing {
    if request.method != "POST" {
        return deaf(405, format!("{} where webhooks are POSTed", report::for_log(&request.method)));
    }
    if !request.path.is_empty() {
        return deaf(404, "a path that was not registered".into());
    }
    let Some(envelope) = Envelope::read(&request.body) else {
        return deaf(400, "the body is not an event's JSON".into());
    };
    let proof = match signature::proof(ctx, settings, request, &envelope.device_id) {
        Ok(proof) => proof,
        Err(why) => return deaf(401, why),
    };
    let one = |payload| one(ctx, settings, &envelope, payload);
    match envelope.kind() {
        Kind::Other => heard(proof, Vec::new(), Some(format!("{} needs no answer", envelope.event))),
        Kind::Unknown => heard(
            proof,
            Vec::new(),
            Some(format!("unknown event {}", report::for_log(&envelope.event))),
        ),
        _ => {
            let (mut list, mut ignored) = (Vec::new(), None);
            for payload in envelope.payloads() {
                match one(payload) {
                    Ok(heard) => list.push(heard),
                    Err(why) => ignored = Some(format!("{}: {why}", envelope.event)),
                }
            }
            if list.is_empty() && ignored.is_none() {
                ignored = Some(format!("{}: an empty batch", envelope.event));
            }
            heard(proof, list, ignored)
        }
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

fn heard(proof: Option<Proof>, heard: Vec<Heard>, ignored: Option<String>) -> Hearing {
    Hearing {
        proof,
        heard,
        status: 200,
        body: Vec::new(),
        ignored,
        said: Vec::new(),
    }
}

fn one(ctx: &Context, settings: &Settings, envelope: &Envelope, payload: Payload<'_>) -> Result<Heard, &'static str> {
    match envelope.kind() {
        kind @ (Kind::Text | Kind::Data | Kind::Multimedia) => {
            incoming::incoming(ctx.now, settings, kind, &envelope.device_id, payload).map(Heard::Incoming)
        }
        kind => report::report(ctx.now, settings, kind, payload).map(Heard::Report),
    }
}
