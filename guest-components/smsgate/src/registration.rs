//! Where the phones of an account send their webhooks: registered one event after another, each under an id of its own
//! that stays the same, so that a second registration replaces the first and a removal needs no memory.

use edgebind_smpp::CommandStatus;
use serde::Serialize;

use crate::{
    answer, api,
    bindings::edgebind::translator::types::{Context, Failure, Outcome, Response, Step},
    digest, done,
    settings::Settings,
};

/// The events that become deliveries and reports. The last is the youngest: servers from before mid-2026 do not know it.
const EVENTS: [&str; 6] = [
    "sms:received",
    "sms:data-received",
    "sms:sent",
    "sms:delivered",
    "sms:failed",
    "sms:cancelled",
];
const YOUNGEST: usize = EVENTS.len() - 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Registration<'a> {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<&'a str>,
    url: &'a str,
    event: &'a str,
}

pub(crate) fn attach(ctx: &Context, settings: &Settings) -> Step {
    register(ctx, settings, 0)
}

pub(crate) fn attached(ctx: &Context, settings: &Settings, saved: &[u8], got: &Result<Response, Failure>) -> Step {
    let Some(index) = index(saved) else {
        return attach(ctx, settings);
    };
    let response = match got {
        Ok(response) => response,
        Err(failure) => return done(Outcome::Retry(answer::unanswered(failure))),
    };
    match response.status {
        200..=299 => register(ctx, settings, index + 1),
        400 if index == YOUNGEST => register(ctx, settings, index + 1),
        status => not(
            response,
            ctx,
            &format!("upstream answered {status} to the registration of {}", EVENTS[index]),
        ),
    }
}

pub(crate) fn detach(ctx: &Context, settings: &Settings) -> Step {
    remove(ctx, settings, 0)
}

pub(crate) fn detached(ctx: &Context, settings: &Settings, saved: &[u8], got: &Result<Response, Failure>) -> Step {
    let Some(index) = index(saved) else {
        return detach(ctx, settings);
    };
    let response = match got {
        Ok(response) => response,
        Err(failure) => return done(Outcome::Retry(answer::unanswered(failure))),
    };
    match response.status {
        200..=299 | 404 => remove(ctx, settings, index + 1),
        status => not(
            response,
            ctx,
            &format!("upstream answered {status} to the removal of {}", EVENTS[index]),
        ),
    }
}

fn register(ctx: &Context, settings: &Settings, index: usize) -> Step {
    let Some(url) = ctx.webhook_url.as_deref() else {
        let why = "no public URL is configured, so no phone can be told where to send its webhooks";
        return done(answer::rejected(CommandStatus::RSYSERR, why).into());
    };
    let Some(event) = EVENTS.get(index) else {
        return done(Outcome::Taken(Vec::new()));
    };
    let device_id = settings.webhook_device_id.as_deref();
    let registration = Registration {
        id: id(ctx, settings, event),
        device_id,
        url,
        event,
    };
    api::exchange(api::post(ctx, settings, "/webhooks", &registration), saved(index))
}

fn remove(ctx: &Context, settings: &Settings, index: usize) -> Step {
    let Some(event) = EVENTS.get(index) else {
        return done(Outcome::Taken(Vec::new()));
    };
    let path = format!("/webhooks/{}", id(ctx, settings, event));
    api::exchange(api::request(ctx, settings, "DELETE", &path), saved(index))
}

/// The same for the same account, whatever the URL. Two gateways that share an upstream account are told apart by `id_prefix`, as
/// their messages are. 35 of the 36 characters that the API takes.
fn id(ctx: &Context, settings: &Settings, event: &str) -> String {
    let digest = digest::hex([&settings.id_prefix, &ctx.tenant, &ctx.account, event]);
    format!("eb-{}", &digest[..32])
}

fn not(response: &Response, ctx: &Context, why: &str) -> Step {
    done(match answer::not_now(response, ctx.now) {
        Some(retry) => Outcome::Retry(retry),
        None => answer::rejected(CommandStatus::RSYSERR, why).into(),
    })
}

/// Which event the exchange under way is about.
fn saved(index: usize) -> Vec<u8> {
    vec![u8::try_from(index).expect("there are six events")]
}

fn index(saved: &[u8]) -> Option<usize> {
    match saved {
        [index] if usize::from(*index) < EVENTS.len() => Some(usize::from(*index)),
        _ => None,
    }
}
