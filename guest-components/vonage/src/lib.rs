//! The translator for the Vonage SMS API: between a message and `POST /sms/json`, between Vonage's webhooks and what an ESME is told. It
//! sees nothing but its arguments and opens no connection.
//!
//! Vonage has no way to ask what became of a message, none to have one back, and does not know a message that it is sent twice: the
//! reports say the first, the second is refused, and an attempt whose answer was lost may cost a second SMS.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::allow_attributes, reason = "a test that panics has failed")
)]

mod access;
mod address;
mod answer;
pub mod bindings;
#[cfg(target_arch = "wasm32")]
mod component;
mod content;
mod error_code;
mod form;
mod hex;
mod incoming;
mod pause;
mod report;
mod request;
mod settings;
mod signature;
mod status;
mod submit;
mod time;
mod webhook;

use bindings::edgebind::{
    message::types::{MessageState, Setting},
    translator::types::{Conclusion, Context, Dead, Failure, Hearing, Operation, Outcome, Response, Retry, Step, WebhookRequest},
};
use edgebind_smpp::CommandStatus;
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
        Operation::Query(_) => done(unable("the SMS API cannot say what became of a message; its reports do")),
        Operation::Cancel(_) => done(unable("the SMS API gives no message back")),
        Operation::Authenticate => access::begin(&settings),
        // Where receipts go stands in each message.
        Operation::Attach => Step::Done(Conclusion {
            outcome: Outcome::Taken(Vec::new()),
            memo: None,
            said: vec!["incoming messages come when the account's webhook URL is set in Vonage's dashboard".into()],
        }),
        Operation::Detach => done(Outcome::Taken(Vec::new())),
    }
}

/// The step that follows an exchange.
pub fn resume(ctx: &Context, op: &Operation, got: &Result<Response, Failure>) -> Step {
    match op {
        Operation::Submit(_) => submit::resume(ctx, got),
        Operation::Authenticate => access::resume(ctx, got),
        // None of the others asks for an exchange.
        Operation::Query(_) | Operation::Cancel(_) | Operation::Attach | Operation::Detach => begin(ctx, op),
    }
}

/// What a webhook says.
pub fn webhook(ctx: &Context, request: &WebhookRequest) -> Hearing {
    match Settings::read(&ctx.settings) {
        Ok(settings) => webhook::hear(ctx, &settings, request),
        Err(mistakes) => webhook::deaf(500, mistakes.join("; ")),
    }
}

/// Settings that `check` refuses never come here from a host that keeps the contract. From one that does not, the work waits for a
/// release that can do it.
fn unusable(mistakes: &[String]) -> Step {
    done(Outcome::Retry(Retry {
        after_ms: Some(answer::CONFIGURATION_MS),
        why: format!("unusable settings: {}", mistakes.join("; ")),
    }))
}

/// The end of a question that is no end of the message.
fn unable(why: &str) -> Outcome {
    Outcome::Dead(Dead {
        state: MessageState::Unknown,
        command_status: CommandStatus::RSYSERR.0,
        error: 0,
        why: why.into(),
    })
}

/// The end of an operation, with nothing to remember.
fn done(outcome: Outcome) -> Step {
    Step::Done(Conclusion {
        outcome,
        memo: None,
        said: Vec::new(),
    })
}
