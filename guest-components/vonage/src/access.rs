//! Whether credentials are good: by the account's balance, which costs nothing and which only its owner may see. The SMS API itself
//! answers nothing but messages.

use crate::{
    answer,
    bindings::edgebind::translator::types::{Context, Failure, Outcome, Response, Step},
    done, request,
    settings::{Auth, Settings},
    unable,
};

/// vonage: Account API.
const BALANCE: &str = "/account/get-balance";

pub(crate) fn begin(settings: &Settings) -> Step {
    if settings.auth == Auth::Signature {
        return done(unable(
            "requests are signed, and no signature proves what a bind brings: give the accounts passwords of their own",
        ));
    }
    request::exchange(request::get(settings, BALANCE), Vec::new(), Vec::new())
}

pub(crate) fn resume(ctx: &Context, got: &Result<Response, Failure>) -> Step {
    let response = match got {
        Ok(response) => response,
        Err(failure) => return done(Outcome::Retry(answer::unanswered(failure))),
    };
    done(match response.status {
        200..=299 => Outcome::Taken(Vec::new()),
        401 | 403 => unable("the upstream does not know these credentials"),
        404 | 405 => {
            unable("this API shows no balance, by which credentials are proven: give the accounts passwords of their own")
        }
        _ => answer::not_now(response, ctx.now).map_or_else(|| unable(&answer::for_a_reason(response.status)), Outcome::Retry),
    })
}
