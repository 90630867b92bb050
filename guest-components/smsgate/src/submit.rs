//! The steps of a submit: find a phone if no setting names one, then POST the message. With the phones remembered it is
//! one exchange.

use serde::{Deserialize, Serialize};

use crate::{
    answer::{self, Posted},
    api,
    bindings::edgebind::{
        message::types::Message,
        translator::types::{Conclusion, Context, Failure, Outcome, Request, Response, Retry, Step},
    },
    done,
    phones::{self, Heard, Listing, Phones},
    post::{self, Post},
    settings::Settings,
};

/// What the exchange under way was for.
#[derive(Deserialize, Serialize)]
enum Stage {
    /// The phones were asked for.
    Listing(Listing),
    /// The message was posted; the phones are news, or were known.
    Post(Option<Phones>),
}

pub(crate) fn begin(ctx: &Context, settings: &Settings, message: &Message) -> Step {
    let post = match Post::new(ctx, settings, message) {
        Ok(post) => post,
        Err(dead) => return done(Outcome::Dead(dead)),
    };
    if let Some(device) = &post.sender.device {
        return exchange(post.request(ctx, settings, Some(device)), &Stage::Post(None));
    }
    match ctx.memo.as_deref().and_then(Phones::remembered) {
        Some(phones) => by(ctx, settings, &post, &phones, &Stage::Post(None)),
        None => exchange(Listing::Devices.request(ctx, settings), &Stage::Listing(Listing::Devices)),
    }
}

pub(crate) fn resume(
    ctx: &Context,
    settings: &Settings,
    message: &Message,
    saved: &[u8],
    got: &Result<Response, Failure>,
) -> Step {
    let Ok(stage) = serde_json::from_slice(saved) else {
        // Saved by a release that is no longer the one in use.
        return begin(ctx, settings, message);
    };
    let response = match got {
        Ok(response) => response,
        Err(failure) => return done(Outcome::Retry(answer::unanswered(failure))),
    };
    match stage {
        Stage::Listing(listing) => listed(ctx, settings, message, listing, response),
        Stage::Post(news) => posted(ctx, settings, response, news),
    }
}

fn listed(ctx: &Context, settings: &Settings, message: &Message, listing: Listing, response: &Response) -> Step {
    match listing.heard(response) {
        Some(Heard::Phones(phones)) => match Post::new(ctx, settings, message) {
            Ok(post) => by(ctx, settings, &post, &phones, &Stage::Post(Some(phones.clone()))),
            Err(dead) => done(Outcome::Dead(dead)),
        },
        Some(Heard::AskDevice) => exchange(Listing::Device.request(ctx, settings), &Stage::Listing(Listing::Device)),
        Some(Heard::Stranger) => done(Outcome::Retry(answer::stranger(response.status))),
        // An answer about the list says nothing about the message: whatever it is, it waits.
        None => done(Outcome::Retry(
            answer::not_now(response, ctx.now).unwrap_or_else(|| answer::stranger(response.status)),
        )),
    }
}

/// Posts by one of these phones.
fn by(ctx: &Context, settings: &Settings, post: &Post, phones: &Phones, stage: &Stage) -> Step {
    match phones {
        Phones::Local => exchange(post.request(ctx, settings, None), stage),
        Phones::Account(list) => match phones::choose(list, &ctx.key, ctx.now, settings.device_active_within_hours) {
            Some(device) => exchange(post.request(ctx, settings, Some(device)), stage),
            None => {
                let why = "the upstream account has no phone".to_owned();
                let outcome = Outcome::Retry(Retry {
                    after_ms: Some(answer::CONFIGURATION_MS),
                    why,
                });
                Step::Done(Conclusion {
                    outcome,
                    memo: Some(Phones::forgotten()),
                    said: vec!["the upstream account has no phone that was seen lately".to_owned()],
                })
            }
        },
    }
}

fn posted(ctx: &Context, settings: &Settings, response: &Response, news: Option<Phones>) -> Step {
    let (outcome, memo) = match answer::posted(response, ctx.now) {
        Posted::Taken(theirs) => (
            Outcome::Taken(ids(post::id(ctx, settings), theirs)),
            news.map(|phones| phones.memo()),
        ),
        Posted::NoPhone(retry) => (Outcome::Retry(retry), Some(Phones::forgotten())),
        Posted::Not(outcome) => (outcome, news.map(|phones| phones.memo())),
    };
    Step::Done(Conclusion {
        outcome,
        memo,
        said: Vec::new(),
    })
}

/// Our id, and the upstream's where it insists on another.
fn ids(ours: String, theirs: Option<String>) -> Vec<String> {
    match theirs {
        Some(theirs) if theirs != ours => vec![ours, theirs],
        _ => vec![ours],
    }
}

fn exchange(request: Request, stage: &Stage) -> Step {
    api::exchange(
        request,
        serde_json::to_vec(stage).expect("names and numbers always have a JSON form"),
    )
}
