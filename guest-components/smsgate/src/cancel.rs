//! Having a message back: `DELETE /messages/{id}`. The server says that it tries, and the phone says by a webhook what came of it.
//!
//! What is no longer pending is refused, also when it was an earlier attempt that cancelled it and its answer was lost. So after a
//! refusal the message is looked at, and what it has come to is the answer.

use edgebind_smpp::CommandStatus;
use serde::{Deserialize, Serialize};

use crate::{
    answer, api,
    bindings::edgebind::translator::types::{Context, Failure, Outcome, Response, Step},
    done,
    settings::Settings,
    state::State,
};

/// What the exchange under way was for.
#[derive(Clone, Copy, Deserialize, PartialEq, Serialize)]
enum Stage {
    Cancel,
    /// It was refused: what has the message come to?
    Look,
}

pub(crate) fn begin(ctx: &Context, settings: &Settings, ids: &[String]) -> Step {
    exchange(ctx, settings, ids, "DELETE", Stage::Cancel)
}

pub(crate) fn resume(ctx: &Context, settings: &Settings, ids: &[String], saved: &[u8], got: &Result<Response, Failure>) -> Step {
    let Ok(stage) = serde_json::from_slice(saved) else {
        // Saved by a release that is no longer the one in use.
        return begin(ctx, settings, ids);
    };
    let response = match got {
        Ok(response) => response,
        Err(failure) => return done(Outcome::Retry(answer::unanswered(failure))),
    };
    done(match (response.status, stage) {
        (200..=299, _) => told(ctx, settings, response, stage),
        // The server says 409, a phone's own 400.
        (400 | 409, Stage::Cancel) => return exchange(ctx, settings, ids, "GET", Stage::Look),
        (404, _) => unable("upstream answered 404, no such message"),
        // From before messages could be cancelled.
        (status @ (405 | 501), _) => unable(&format!("upstream answered {status}, it cancels nothing")),
        (status, _) => match answer::not_now(response, ctx.now) {
            Some(retry) => Outcome::Retry(retry),
            None => unable(&answer::for_a_reason(status)),
        },
    })
}

/// What the state of the message says of its cancellation.
fn told(ctx: &Context, settings: &Settings, response: &Response, stage: Stage) -> Outcome {
    match State::read(response) {
        Some(state) if state.is_cancelling() => Outcome::Taken(Vec::new()),
        Some(state) if state.is_pending() && stage == Stage::Cancel => Outcome::Taken(Vec::new()),
        Some(state) if state.is_pending() => unable("upstream would not cancel it, though it is pending"),
        Some(state) => match state.report(ctx, settings) {
            Some(report) => Outcome::Known(vec![report]),
            None => unable("the message is in a state that is not known here"),
        },
        None if response.body.is_empty() && stage == Stage::Cancel => Outcome::Taken(Vec::new()),
        None => Outcome::Retry(answer::stranger(response.status)),
    }
}

fn unable(why: &str) -> Outcome {
    answer::unable(CommandStatus::RCANCELFAIL, why).into()
}

fn exchange(ctx: &Context, settings: &Settings, ids: &[String], method: &str, stage: Stage) -> Step {
    api::exchange(
        api::about(ctx, settings, method, ids),
        serde_json::to_vec(&stage).expect("a name always has a JSON form"),
    )
}
