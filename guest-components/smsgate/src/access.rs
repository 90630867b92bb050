//! Whether the upstream's credentials are good: whoever may list the phones is let in.

use edgebind_smpp::CommandStatus;

use crate::{
    answer, api,
    bindings::edgebind::translator::types::{Conclusion, Context, Failure, Outcome, Response, Step},
    done,
    phones::{Heard, Listing},
    settings::Settings,
};

pub(crate) fn begin(ctx: &Context, settings: &Settings) -> Step {
    ask(ctx, settings, Listing::Devices)
}

pub(crate) fn resume(ctx: &Context, settings: &Settings, saved: &[u8], got: &Result<Response, Failure>) -> Step {
    let Ok(listing) = serde_json::from_slice::<Listing>(saved) else {
        // Saved by a release that is no longer the one in use.
        return begin(ctx, settings);
    };
    let response = match got {
        Ok(response) => response,
        Err(failure) => return done(Outcome::Retry(answer::unanswered(failure))),
    };
    match (response.status, listing.heard(response)) {
        (_, Some(Heard::Phones(phones))) => Step::Done(Conclusion {
            outcome: Outcome::Taken(Vec::new()),
            memo: Some(phones.memo()),
            said: Vec::new(),
        }),
        (_, Some(Heard::AskDevice)) => ask(ctx, settings, Listing::Device),
        (status @ (401 | 403), _) => {
            let why = format!("upstream answered {status} to these credentials");
            done(answer::rejected(CommandStatus::RINVPASWD, &why).into())
        }
        (status, _) => done(Outcome::Retry(
            answer::not_now(response, ctx.now).unwrap_or_else(|| answer::stranger(status)),
        )),
    }
}

fn ask(ctx: &Context, settings: &Settings, listing: Listing) -> Step {
    let saved = serde_json::to_vec(&listing).expect("a name always has a JSON form");
    api::exchange(listing.request(ctx, settings), saved)
}
