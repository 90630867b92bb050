//! The translator that is described in settings: what is asked of a provider, how its answers read, and how its webhooks do. For the
//! many providers that take one request a message and need no code. It sees nothing but its arguments and opens no connection.
//! `settings.rs` has the table of what there is to set.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::allow_attributes, reason = "a test that panics has failed")
)]

mod answer;
pub mod bindings;
#[cfg(target_arch = "wasm32")]
mod component;
mod document;
mod filler;
mod hearing;
mod request;
mod settings;
mod template;
mod verdict;
mod words;

use bindings::edgebind::{
    message::types::{MessageState, Setting},
    translator::types::{
        Conclusion, Context, Dead, Exchange, Failure, FailureKind, Hearing, Operation, Outcome, Response, Retry, Step,
        WebhookRequest,
    },
};
use settings::Settings;

/// How long to wait for people: settings that nothing can be made of, credentials that are not good.
const CONFIGURATION_MS: u64 = 60_000;

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
        Operation::Submit(message) => match request::submit(ctx, &settings.submit, message) {
            Ok(request) => Step::Exchange(Exchange {
                request,
                saved: Vec::new(),
                said: Vec::new(),
            }),
            Err(dead) => done(Outcome::Dead(dead)),
        },
        // Nobody can be asked: the first message that is refused says that the credentials are not good.
        Operation::Authenticate | Operation::Attach | Operation::Detach => done(Outcome::Taken(Vec::new())),
        Operation::Query(_) => done(unable("asked what became of a message")),
        Operation::Cancel(_) => done(unable("asked to give a message back")),
    }
}

/// The step that follows an exchange.
pub fn resume(ctx: &Context, op: &Operation, _saved: &[u8], got: &Result<Response, Failure>) -> Step {
    let settings = match Settings::read(&ctx.settings) {
        Ok(settings) => settings,
        Err(mistakes) => return unusable(&mistakes),
    };
    match (op, got) {
        (Operation::Submit(_), Ok(response)) => done(answer::submitted(ctx, &settings.submit, response)),
        (Operation::Submit(_), Err(failure)) => done(failed(&settings, failure)),
        _ => done(unable("asked this")),
    }
}

/// What a webhook says.
pub fn webhook(ctx: &Context, request: &WebhookRequest) -> Hearing {
    match Settings::read(&ctx.settings) {
        Ok(settings) => hearing::hear(ctx, &settings, request),
        Err(mistakes) => hearing::deaf(500, mistakes.join("; ")),
    }
}

/// Settings that `check` refuses never come here from a host that keeps the contract. From one that does not, the work
/// waits for a release that can do it.
fn unusable(mistakes: &[String]) -> Step {
    done(Outcome::Retry(Retry {
        after_ms: Some(CONFIGURATION_MS),
        why: format!("unusable settings: {}", mistakes.join("; ")),
    }))
}

/// No answer. One that may have got there is repeated too, unless the provider would send it twice.
fn failed(settings: &Settings, failure: &Failure) -> Outcome {
    if failure.kind == FailureKind::Unanswered && !settings.submit.repeat_unanswered {
        return Outcome::Dead(Dead {
            state: MessageState::Unknown,
            command_status: edgebind_smpp::CommandStatus::RSUBMITFAIL.0,
            error: 0,
            why: "no answer came, and submit.repeat_unanswered is false".to_owned(),
        });
    }
    let after_ms = (failure.kind == FailureKind::Refused).then_some(CONFIGURATION_MS);
    Outcome::Retry(Retry {
        after_ms,
        why: failure.why.clone(),
    })
}

fn unable(what: &str) -> Outcome {
    Outcome::Dead(Dead {
        state: MessageState::Unknown,
        command_status: edgebind_smpp::CommandStatus::RSYSERR.0,
        error: 0,
        why: format!("a provider that is described in settings cannot be {what}"),
    })
}

fn done(outcome: Outcome) -> Step {
    Step::Done(Conclusion {
        outcome,
        memo: None,
        said: Vec::new(),
    })
}
