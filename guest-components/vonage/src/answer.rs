//! What an answer to `POST /sms/json` means for a message. HTTP says 200 whatever became of it: what counts is the status of each part.
//!
//! A message whose parts have one fate has that fate. Where some parts were taken and others not, what is left over is not sent again,
//! because the API takes whole messages only, and would charge and show the rest a second time: the message goes in pieces, and
//! those that were not taken are refused, for whatever reason.
//!
//! Nothing that Vonage wrote about a message is repeated in a reason: it may quote its number or its text.

use edgebind_smpp::CommandStatus;
use serde_json::Value;

use crate::{
    bindings::edgebind::{
        message::types::MessageState,
        translator::types::{Dead, Failure, FailureKind, Outcome, Piece, Response, Retry},
    },
    pause,
    status::{self, Meaning},
};

/// How long to wait for people: credentials, credit, base URL.
pub(crate) const CONFIGURATION_MS: u64 = 60_000;

/// err-code "general error", for what no other fits.
const GENERAL_ERROR: u16 = 99;

/// What is said of one part.
#[derive(Debug)]
struct Part {
    status: u16,
    id: Option<String>,
    text: String,
}

/// vonage: POST /sms/json, every answer.
pub(crate) fn posted(response: &Response, key: &str, now_ms: u64) -> Outcome {
    match response.status {
        200..=299 => match parts(&response.body) {
            Some(parts) => in_parts(&parts, key),
            None => Outcome::Retry(stranger(response.status)),
        },
        status => not_now(response, now_ms).map_or_else(
            || Outcome::Dead(rejected(CommandStatus::RSUBMITFAIL, GENERAL_ERROR, &for_a_reason(status))),
            Outcome::Retry,
        ),
    }
}

fn in_parts(parts: &[Part], key: &str) -> Outcome {
    let taken = |part: &Part| part.status == 0;
    match parts {
        [part] if taken(part) => Outcome::Taken(vec![part.id.clone().unwrap_or_else(|| key.to_owned())]),
        // The worst of it: what can be tried again only when everything can.
        parts if !parts.iter().any(taken) => {
            let fates = || parts.iter().map(none_taken);
            fates()
                .find(|fate| matches!(fate, Outcome::Dead(_)))
                .unwrap_or_else(|| longest(fates()))
        }
        parts => Outcome::Pieces(
            parts
                .iter()
                .enumerate()
                .map(|(index, part)| piece((index + 1, parts.len()), part, key))
                .collect(),
        ),
    }
}

/// Of several wishes to wait, the longest.
fn longest(fates: impl Iterator<Item = Outcome>) -> Outcome {
    let after = |fate: &Outcome| match fate {
        Outcome::Retry(retry) => retry.after_ms.unwrap_or(0),
        _ => 0,
    };
    fates.max_by_key(after).unwrap_or_else(|| Outcome::Retry(stranger(200)))
}

fn none_taken(part: &Part) -> Outcome {
    let (meaning, words) = status::meaning(part.status);
    let why = format!("upstream answered status {}, {words}", part.status);
    match status::narrowed(meaning, &part.text) {
        Meaning::Throttled => Outcome::Retry(Retry {
            after_ms: Some(pause::of_text(&part.text)),
            why,
        }),
        Meaning::Taken | Meaning::Later => Outcome::Retry(Retry { after_ms: None, why }),
        Meaning::Configuration => Outcome::Retry(Retry {
            after_ms: Some(CONFIGURATION_MS),
            why,
        }),
        Meaning::Dead(command_status, error) => Outcome::Dead(rejected(command_status, error, &why)),
    }
}

fn piece((number, total): (usize, usize), part: &Part, key: &str) -> Piece {
    if part.status == 0 {
        // Without an id no report can be about it; a name of its own keeps it apart from all others.
        return Piece::Taken(part.id.clone().unwrap_or_else(|| format!("{key}/{number}")));
    }
    let place = format!("part {number} of {total}");
    Piece::Refused(match none_taken(part) {
        Outcome::Dead(dead) => Dead {
            why: format!("{place}: {}", dead.why),
            ..dead
        },
        Outcome::Retry(retry) => Dead {
            state: MessageState::Undeliverable,
            command_status: CommandStatus::RSUBMITFAIL.0,
            error: GENERAL_ERROR,
            why: format!("{place}, when others had left already: {}", retry.why),
        },
        Outcome::Taken(_) | Outcome::Pieces(_) | Outcome::Known(_) => rejected(CommandStatus::RSUBMITFAIL, GENERAL_ERROR, &place),
    })
}

/// The parts of an answer, if it is Vonage's. All values are strings, and numbers are read as well.
fn parts(body: &[u8]) -> Option<Vec<Part>> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let parts: Option<Vec<Part>> = answer.get("messages")?.as_array()?.iter().map(part).collect();
    parts.filter(|parts| !parts.is_empty())
}

fn part(value: &Value) -> Option<Part> {
    let text = |name: &str| match value.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    Some(Part {
        status: text("status")?.trim().parse().ok()?,
        id: text("message-id").filter(|id| !id.is_empty()),
        text: text("error-text").unwrap_or_default(),
    })
}

/// The answers that say nothing about what was asked, only that it cannot be done now.
pub(crate) fn not_now(response: &Response, now_ms: u64) -> Option<Retry> {
    let status = response.status;
    let asked_ms = pause::of_header(response, now_ms);
    let (after_ms, cause) = match status {
        100..=199 => (asked_ms, "not an answer to a request"),
        300..=399 => (
            Some(CONFIGURATION_MS),
            "a redirect, which is not followed: set api_base_url to where it leads",
        ),
        401 => (Some(CONFIGURATION_MS), "the credentials are not good"),
        402 => (Some(CONFIGURATION_MS), "the account has no credit"),
        403 => (Some(CONFIGURATION_MS), "the credentials do not allow this"),
        404 | 405 => (Some(CONFIGURATION_MS), "nothing of Vonage is there: is api_base_url right?"),
        408 => (asked_ms, "the request took too long"),
        425 | 429 => (asked_ms.or(Some(pause::SECOND_MS)), "too many requests"),
        503 => (asked_ms, "not available"),
        500..=599 => (asked_ms, "an error of its own"),
        _ => return None,
    };
    Some(Retry {
        after_ms,
        why: format!("upstream answered {status}, {cause}"),
    })
}

/// No answer. A request that may have been sent is made again all the same, for nobody can say whether it was.
pub(crate) fn unanswered(failure: &Failure) -> Retry {
    let (after_ms, what) = match failure.kind {
        FailureKind::Unreachable => (None, "upstream unreachable"),
        FailureKind::Unanswered => (None, "upstream did not answer"),
        FailureKind::Refused => (Some(CONFIGURATION_MS), "the gateway would not send the request"),
        FailureKind::TooLarge => (Some(CONFIGURATION_MS), "upstream's answer is larger than allowed"),
    };
    Retry {
        after_ms,
        why: format!("{what}: {}", failure.why),
    }
}

/// The end of a message that is itself to blame.
pub(crate) fn rejected(command_status: CommandStatus, error: u16, why: &str) -> Dead {
    Dead {
        state: MessageState::Rejected,
        command_status: command_status.0,
        error,
        why: why.to_owned(),
    }
}

pub(crate) fn for_a_reason(status: u16) -> String {
    format!("upstream answered {status}, for a reason not known here")
}

fn stranger(status: u16) -> Retry {
    Retry {
        after_ms: Some(CONFIGURATION_MS),
        why: format!("upstream answered {status}, but not as Vonage does: is api_base_url right?"),
    }
}
