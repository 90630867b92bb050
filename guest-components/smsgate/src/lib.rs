//! The translator for SMSGate (Android SMS Gateway): between a message and `POST /messages`, between a phone's webhook
//! and what an ESME is told. It sees nothing but its arguments and opens no connection.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::allow_attributes, reason = "a test that panics has failed")
)]

mod access;
mod address;
mod answer;
mod api;
pub mod bindings;
mod cancel;
#[cfg(target_arch = "wasm32")]
mod component;
mod content;
mod destination;
mod digest;
mod event;
mod incoming;
mod phones;
mod post;
mod query;
mod registration;
mod report;
mod settings;
mod signature;
mod state;
mod submit;
mod time;
mod webhook;

use bindings::edgebind::{
    message::types::Setting,
    translator::types::{Conclusion, Context, Failure, Hearing, Operation, Outcome, Response, Retry, Step, WebhookRequest},
};
use settings::Settings;

/// What is wrong with these settings, a sentence for each mistake.
pub fn check(settings: &[Setting]) -> Vec<String> {
    Settings::read(settings).err().unwrap_or_default()
}

/// The first step of an operation.
pub fn begin(ctx: &Context, op: &Operation) -> Step {
    let settings = match Settings::read(&ctx.settings) {
        Ok(settings) => settings,
        Err(mistakes) => return unusable(&mistakes),
    };
    match op {
        Operation::Submit(message) => submit::begin(ctx, &settings, message),
        Operation::Query(ids) => query::begin(ctx, &settings, ids),
        Operation::Cancel(ids) => cancel::begin(ctx, &settings, ids),
        Operation::Authenticate => access::begin(ctx, &settings),
        Operation::Attach => registration::attach(ctx, &settings),
        Operation::Detach => registration::detach(ctx, &settings),
    }
}

/// The step that follows an exchange.
pub fn resume(ctx: &Context, op: &Operation, saved: &[u8], got: &Result<Response, Failure>) -> Step {
    let settings = match Settings::read(&ctx.settings) {
        Ok(settings) => settings,
        Err(mistakes) => return unusable(&mistakes),
    };
    match op {
        Operation::Submit(message) => submit::resume(ctx, &settings, message, saved, got),
        Operation::Query(_) => query::resume(ctx, &settings, got),
        Operation::Cancel(ids) => cancel::resume(ctx, &settings, ids, saved, got),
        Operation::Authenticate => access::resume(ctx, &settings, saved, got),
        Operation::Attach => registration::attached(ctx, &settings, saved, got),
        Operation::Detach => registration::detached(ctx, &settings, saved, got),
    }
}

/// What a webhook says.
pub fn webhook(ctx: &Context, request: &WebhookRequest) -> Hearing {
    match Settings::read(&ctx.settings) {
        Ok(settings) => webhook::hear(ctx, &settings, request),
        Err(mistakes) => webhook::deaf(500, mistakes.join("; ")),
    }
}

/// Settings that `check` refuses never come here from a host that keeps the contract. From one that does not, the work
/// waits for a release that can do it.
fn unusable(mistakes: &[String]) -> Step {
    let why = format!("unusable settings: {}", mistakes.join("; "));
    done(Outcome::Retry(Retry {
        after_ms: Some(answer::CONFIGURATION_MS),
        why,
    }))
}

/// The end of an operation, with nothing to remember.
fn done(outcome: Outcome) -> Step {
    Step::Done(Conclusion {
        outcome,
        memo: None,
        said: Vec::new(),
    })
}
