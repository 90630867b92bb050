//! What became of a message, asked of the API: `GET /messages/{id}`.

use edgebind_smpp::CommandStatus;

use crate::{
    answer, api,
    bindings::edgebind::translator::types::{Context, Failure, Outcome, Response, Step},
    done,
    settings::Settings,
    state::State,
};

pub(crate) fn begin(ctx: &Context, settings: &Settings, ids: &[String]) -> Step {
    api::exchange(api::about(ctx, settings, "GET", ids), Vec::new())
}

pub(crate) fn resume(ctx: &Context, settings: &Settings, got: &Result<Response, Failure>) -> Step {
    let response = match got {
        Ok(response) => response,
        Err(failure) => return done(Outcome::Retry(answer::unanswered(failure))),
    };
    done(match response.status {
        200..=299 => match State::read(response) {
            None => Outcome::Retry(answer::stranger(response.status)),
            Some(state) => match state.report(ctx, settings) {
                Some(report) => Outcome::Known(vec![report]),
                None => unable("the message is in a state that is not known here"),
            },
        },
        404 => unable("upstream answered 404, no such message"),
        status => match answer::not_now(response, ctx.now) {
            Some(retry) => Outcome::Retry(retry),
            None => unable(&answer::for_a_reason(status)),
        },
    })
}

fn unable(why: &str) -> Outcome {
    answer::unable(CommandStatus::RQUERYFAIL, why).into()
}
