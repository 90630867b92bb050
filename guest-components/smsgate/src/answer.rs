//! What an answer of SMSGate's API means for a message: the upstream has it, not now, or never.
//!
//! Who waits decides by whose fault it is. What the message itself is to blame for is `dead`, with the command_status
//! that says so. What the network, the phones, the credentials or our own configuration are to blame for is `retry`: someone will
//! put it right, and the message's validity is the bound.
//!
//! Nothing that an upstream wrote about a message is repeated in a reason: it may quote its number or its text.

use edgebind_smpp::CommandStatus;
use serde::Deserialize;

use crate::{
    api,
    bindings::edgebind::{
        message::types::MessageState,
        translator::types::{Dead, Failure, FailureKind, Outcome, Response, Retry},
    },
    time,
};

/// How long to wait for people: credentials, base URL, a phone that is not there.
pub(crate) const CONFIGURATION_MS: u64 = 60_000;
/// How long to wait for a phone's queue: the server counts it anew every 5 seconds and remembers the count for up to 60.
const QUEUE_MS: u64 = 30_000;
/// A Retry-After beyond this is taken for this.
const PAUSE_MAX_MS: u64 = 3_600_000;

/// What a word in the text of a 400 or 422 says about the message. The first that occurs counts, in lower case.
const COMPLAINTS: [(&str, Complaint); 8] = [
    (
        "phone",
        Complaint::Dead(CommandStatus::RINVDSTADR, "the upstream takes no such phone number"),
    ),
    (
        "ttl",
        Complaint::Dead(CommandStatus::RINVEXPIRY, "the upstream takes no such validity"),
    ),
    ("device", Complaint::NoPhone),
    (
        "simnumber",
        Complaint::Dead(CommandStatus::RINVSRCADR, "the upstream takes no such SIM"),
    ),
    (
        "sim number",
        Complaint::Dead(CommandStatus::RINVSRCADR, "the upstream takes no such SIM"),
    ),
    (
        "priority",
        Complaint::Dead(CommandStatus::RINVPRTFLG, "the upstream takes no such priority"),
    ),
    (
        "textmessage",
        Complaint::Dead(CommandStatus::RINVMSGLEN, "the upstream takes no text of this length"),
    ),
    (
        "datamessage",
        Complaint::Dead(CommandStatus::RINVMSGLEN, "the upstream takes no data of this length"),
    ),
];

#[derive(Clone, Copy)]
enum Complaint {
    Dead(CommandStatus, &'static str),
    /// No phone fits: one that is named is gone, or none was seen lately.
    NoPhone,
}

/// What became of a POST /messages.
#[derive(Debug, PartialEq)]
pub(crate) enum Posted {
    /// The upstream has it; the id is its own word for it, where it gave one.
    Taken(Option<String>),
    /// The phone that it named is none of the account's: ask for the list again.
    NoPhone(Retry),
    Not(Outcome),
}

/// smsgate: POST /messages, every answer.
pub(crate) fn posted(response: &Response, now_ms: u64) -> Posted {
    #[derive(Deserialize)]
    struct State {
        id: String,
    }
    match response.status {
        200..=299 => match api::body::<State>(response) {
            Some(state) => Posted::Taken(Some(state.id)),
            // Some other server's "yes". If it was SMSGate's after all, the next attempt is told 409.
            None => Posted::Not(Outcome::Retry(stranger(response.status))),
        },
        // An earlier attempt got there.
        409 => Posted::Taken(None),
        413 => Posted::Not(rejected(CommandStatus::RINVMSGLEN, "upstream answered 413, message too large").into()),
        status @ (400 | 422) => match complaint(response) {
            Some(Complaint::Dead(command_status, why)) => Posted::Not(rejected(command_status, why).into()),
            Some(Complaint::NoPhone) => {
                let why = format!("upstream answered {status}, no phone to send by");
                Posted::NoPhone(Retry {
                    after_ms: Some(CONFIGURATION_MS),
                    why,
                })
            }
            None => Posted::Not(refused(status).into()),
        },
        status => Posted::Not(not_now(response, now_ms).map_or_else(|| refused(status).into(), Outcome::Retry)),
    }
}

/// The answers that say nothing about what was asked, only that it cannot be done now.
pub(crate) fn not_now(response: &Response, now_ms: u64) -> Option<Retry> {
    let status = response.status;
    let asked_ms = pause(response, now_ms);
    let (after_ms, cause) = match status {
        100..=199 => (asked_ms, "not an answer to a request"),
        300..=399 => (
            Some(CONFIGURATION_MS),
            "a redirect, which is not followed: set api_base_url to where it leads",
        ),
        401 => (Some(CONFIGURATION_MS), "the credentials are not good"),
        403 => (Some(CONFIGURATION_MS), "the credentials do not allow this"),
        404 | 405 => (Some(CONFIGURATION_MS), "nothing of SMSGate is there: is api_base_url right?"),
        408 => (asked_ms, "the request took too long"),
        425 | 429 => (asked_ms, "too many requests"),
        503 if queue_is_full(response) => (asked_ms.or(Some(QUEUE_MS)), "the phone's queue is at its limit"),
        503 => (asked_ms, "not available"),
        501 => (Some(CONFIGURATION_MS), "not implemented there"),
        500..=599 => (asked_ms, "an error of its own"),
        _ => return None,
    };
    Some(Retry {
        after_ms,
        why: format!("upstream answered {status}, {cause}"),
    })
}

/// A 2xx or 404 that SMSGate would not have given.
pub(crate) fn stranger(status: u16) -> Retry {
    let why = format!("upstream answered {status}, but not as SMSGate does: is api_base_url right?");
    Retry {
        after_ms: Some(CONFIGURATION_MS),
        why,
    }
}

/// No answer. A request that may have been sent is made again under the same id, and told 409 if it was.
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

/// The end of a message that is itself to blame. `err:` of its receipt is the command_status in decimal.
pub(crate) fn rejected(command_status: CommandStatus, why: &str) -> Dead {
    dead(MessageState::Rejected, command_status, why)
}

/// The end of a message whose time is over.
pub(crate) fn expired(why: &str) -> Dead {
    dead(MessageState::Expired, CommandStatus::RINVEXPIRY, why)
}

/// The end of a question about a message, or of a cancellation, that is no end of the message.
pub(crate) fn unable(command_status: CommandStatus, why: &str) -> Dead {
    dead(MessageState::Unknown, command_status, why)
}

fn refused(status: u16) -> Dead {
    rejected(CommandStatus::RSUBMITFAIL, &for_a_reason(status))
}

/// What is left to say about an answer that is none of those that are known.
pub(crate) fn for_a_reason(status: u16) -> String {
    format!("upstream answered {status}, for a reason not known here")
}

fn dead(state: MessageState, command_status: CommandStatus, why: &str) -> Dead {
    let error = u16::try_from(command_status.0).unwrap_or(0);
    Dead {
        state,
        command_status: command_status.0,
        error,
        why: why.to_owned(),
    }
}

impl From<Dead> for Outcome {
    fn from(dead: Dead) -> Self {
        Self::Dead(dead)
    }
}

/// `{"message": "..."}`, in lower case; empty where there is none, as from a phone.
fn text(response: &Response) -> String {
    #[derive(Deserialize)]
    struct Error {
        message: String,
    }
    api::body::<Error>(response)
        .map(|error| error.message.to_ascii_lowercase())
        .unwrap_or_default()
}

fn complaint(response: &Response) -> Option<Complaint> {
    let text = text(response);
    COMPLAINTS
        .iter()
        .find(|(word, _)| text.contains(word))
        .map(|(_, complaint)| *complaint)
}

/// smsgate: 503 "queue limits exceeded: too many pending messages", "too old pending message", "too many failed messages".
fn queue_is_full(response: &Response) -> bool {
    let text = text(response);
    ["queue limit", "too many pending", "too old pending", "too many failed"]
        .iter()
        .any(|words| text.contains(words))
}

/// Retry-After, in seconds or as a date (RFC 9110 §10.2.3).
fn pause(response: &Response, now_ms: u64) -> Option<u64> {
    let value = api::header(&response.headers, "Retry-After")?;
    let ms = match value.parse::<u64>() {
        Ok(seconds) => seconds.saturating_mul(1000),
        Err(_) => time::from_http_date(value)?.saturating_sub(now_ms),
    };
    Some(ms.min(PAUSE_MAX_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_787_213_730_000;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Response {
            status,
            headers,
            body: body.into(),
        }
    }

    /// One line for a table.
    fn line(posted: &Posted) -> String {
        let wait = |retry: &Retry| match retry.after_ms {
            Some(ms) => format!("retry after {ms}: {}", retry.why),
            None => format!("retry: {}", retry.why),
        };
        match posted {
            Posted::Taken(id) => format!("taken {}", id.as_deref().unwrap_or("-")),
            Posted::NoPhone(retry) => format!("ask again, {}", wait(retry)),
            Posted::Not(Outcome::Retry(retry)) => wait(retry),
            Posted::Not(Outcome::Dead(dead)) => {
                format!(
                    "dead {:?} {:#04x} err {}: {}",
                    dead.state, dead.command_status, dead.error, dead.why
                )
            }
            Posted::Not(Outcome::Taken(_) | Outcome::Pieces(_) | Outcome::Known(_)) => "impossible".into(),
        }
    }

    #[test]
    fn every_answer_to_a_message() {
        let rows = [
            (202, r#"{"id":"17","state":"Pending"}"#),
            (201, r#"{"id":"17"}"#),
            (200, r#"{"id":"theirs"}"#),
            (200, "<html>Welcome</html>"),
            (204, ""),
            (409, r#"{"message":"message with the same ID already exists"}"#),
            (400, r#"{"message":"invalid phone number +447700900000: not a mobile"}"#),
            (400, r#"{"message":"phone numbers must be unique"}"#),
            (
                400,
                r#"{"message":"Key: 'Message.PhoneNumbers[0]' Error:Field validation for 'PhoneNumbers[0]' failed on the 'max' tag"}"#,
            ),
            (400, r#"{"message":"TTL must be 5 or more"}"#),
            (400, r#"{"message":"failed to select device: record not found"}"#),
            (
                400,
                r#"{"message":"Field validation for 'SimNumber' failed on the 'max' tag"}"#,
            ),
            (400, r#"{"message":"Field validation for 'Priority' failed"}"#),
            (
                400,
                r#"{"message":"Key: 'Message.TextMessage.Text' Error: failed on the 'max' tag"}"#,
            ),
            (
                400,
                r#"{"message":"Key: 'Message.DataMessage.Data' Error: failed on the 'base64' tag"}"#,
            ),
            (400, r#"{"message":"Bad Request"}"#),
            (400, ""),
            (422, r#"{"message":"invalid phone number"}"#),
            (422, ""),
            (401, r#"{"message":"Unauthorized"}"#),
            (402, ""),
            (403, r#"{"message":"scope required: messages:send"}"#),
            (404, ""),
            (405, ""),
            (408, ""),
            (410, ""),
            (413, "Request Entity Too Large"),
            (415, ""),
            (425, ""),
            (429, ""),
            (301, ""),
            (302, ""),
            (500, r#"{"message":"failed to handle request"}"#),
            (501, ""),
            (502, "<html>Bad Gateway</html>"),
            (
                503,
                r#"{"message":"failed to enqueue: queue limits exceeded: too many pending messages: 100 / 100"}"#,
            ),
            (503, r#"{"message":"too old pending message: 2026-08-20T07:55:32Z"}"#),
            (503, r#"{"message":"too many failed messages"}"#),
            (503, ""),
            (504, ""),
            (599, ""),
            (100, ""),
            (999, ""),
        ];
        let table: Vec<String> = rows
            .iter()
            .map(|(status, body)| format!("{status} {body}\n    {}", line(&posted(&answer(*status, &[], body), NOW_MS))))
            .collect();
        insta::assert_snapshot!(table.join("\n"), @r#"
        202 {"id":"17","state":"Pending"}
            taken 17
        201 {"id":"17"}
            taken 17
        200 {"id":"theirs"}
            taken theirs
        200 <html>Welcome</html>
            retry after 60000: upstream answered 200, but not as SMSGate does: is api_base_url right?
        204 
            retry after 60000: upstream answered 204, but not as SMSGate does: is api_base_url right?
        409 {"message":"message with the same ID already exists"}
            taken -
        400 {"message":"invalid phone number +447700900000: not a mobile"}
            dead MessageState::Rejected 0x0b err 11: the upstream takes no such phone number
        400 {"message":"phone numbers must be unique"}
            dead MessageState::Rejected 0x0b err 11: the upstream takes no such phone number
        400 {"message":"Key: 'Message.PhoneNumbers[0]' Error:Field validation for 'PhoneNumbers[0]' failed on the 'max' tag"}
            dead MessageState::Rejected 0x0b err 11: the upstream takes no such phone number
        400 {"message":"TTL must be 5 or more"}
            dead MessageState::Rejected 0x62 err 98: the upstream takes no such validity
        400 {"message":"failed to select device: record not found"}
            ask again, retry after 60000: upstream answered 400, no phone to send by
        400 {"message":"Field validation for 'SimNumber' failed on the 'max' tag"}
            dead MessageState::Rejected 0x0a err 10: the upstream takes no such SIM
        400 {"message":"Field validation for 'Priority' failed"}
            dead MessageState::Rejected 0x06 err 6: the upstream takes no such priority
        400 {"message":"Key: 'Message.TextMessage.Text' Error: failed on the 'max' tag"}
            dead MessageState::Rejected 0x01 err 1: the upstream takes no text of this length
        400 {"message":"Key: 'Message.DataMessage.Data' Error: failed on the 'base64' tag"}
            dead MessageState::Rejected 0x01 err 1: the upstream takes no data of this length
        400 {"message":"Bad Request"}
            dead MessageState::Rejected 0x45 err 69: upstream answered 400, for a reason not known here
        400 
            dead MessageState::Rejected 0x45 err 69: upstream answered 400, for a reason not known here
        422 {"message":"invalid phone number"}
            dead MessageState::Rejected 0x0b err 11: the upstream takes no such phone number
        422 
            dead MessageState::Rejected 0x45 err 69: upstream answered 422, for a reason not known here
        401 {"message":"Unauthorized"}
            retry after 60000: upstream answered 401, the credentials are not good
        402 
            dead MessageState::Rejected 0x45 err 69: upstream answered 402, for a reason not known here
        403 {"message":"scope required: messages:send"}
            retry after 60000: upstream answered 403, the credentials do not allow this
        404 
            retry after 60000: upstream answered 404, nothing of SMSGate is there: is api_base_url right?
        405 
            retry after 60000: upstream answered 405, nothing of SMSGate is there: is api_base_url right?
        408 
            retry: upstream answered 408, the request took too long
        410 
            dead MessageState::Rejected 0x45 err 69: upstream answered 410, for a reason not known here
        413 Request Entity Too Large
            dead MessageState::Rejected 0x01 err 1: upstream answered 413, message too large
        415 
            dead MessageState::Rejected 0x45 err 69: upstream answered 415, for a reason not known here
        425 
            retry: upstream answered 425, too many requests
        429 
            retry: upstream answered 429, too many requests
        301 
            retry after 60000: upstream answered 301, a redirect, which is not followed: set api_base_url to where it leads
        302 
            retry after 60000: upstream answered 302, a redirect, which is not followed: set api_base_url to where it leads
        500 {"message":"failed to handle request"}
            retry: upstream answered 500, an error of its own
        501 
            retry after 60000: upstream answered 501, not implemented there
        502 <html>Bad Gateway</html>
            retry: upstream answered 502, an error of its own
        503 {"message":"failed to enqueue: queue limits exceeded: too many pending messages: 100 / 100"}
            retry after 30000: upstream answered 503, the phone's queue is at its limit
        503 {"message":"too old pending message: 2026-08-20T07:55:32Z"}
            retry after 30000: upstream answered 503, the phone's queue is at its limit
        503 {"message":"too many failed messages"}
            retry after 30000: upstream answered 503, the phone's queue is at its limit
        503 
            retry: upstream answered 503, not available
        504 
            retry: upstream answered 504, an error of its own
        599 
            retry: upstream answered 599, an error of its own
        100 
            retry: upstream answered 100, not an answer to a request
        999 
            dead MessageState::Rejected 0x45 err 69: upstream answered 999, for a reason not known here
        "#);
    }

    #[test]
    fn retry_after_in_seconds_or_as_a_date() {
        let rows = [
            (429, "7", Some(7_000)),
            (503, "Thu, 20 Aug 2026 08:16:00 GMT", Some(30_000)),
            (503, "Thu, 20 Aug 2020 08:16:00 GMT", Some(0)),
            (500, "99999999999999999999", None),
            (500, "1000000", Some(PAUSE_MAX_MS)),
            (429, "later", None),
            (401, "7", Some(CONFIGURATION_MS)),
        ];
        for (status, value, after_ms) in rows {
            let retry = not_now(&answer(status, &[("retry-after", value)], ""), NOW_MS).unwrap();
            assert_eq!(retry.after_ms, after_ms, "{status} {value}");
        }
    }

    #[test]
    fn a_full_queue_waits_as_long_as_the_upstream_says() {
        let full = answer(503, &[("Retry-After", "5")], r#"{"message":"queue limits exceeded"}"#);
        assert_eq!(not_now(&full, NOW_MS).unwrap().after_ms, Some(5_000));
    }

    #[test]
    fn no_answer_is_a_retry_that_says_which() {
        let rows = [
            (FailureKind::Unreachable, None, "upstream unreachable: x"),
            (FailureKind::Unanswered, None, "upstream did not answer: x"),
            (
                FailureKind::Refused,
                Some(CONFIGURATION_MS),
                "the gateway would not send the request: x",
            ),
            (
                FailureKind::TooLarge,
                Some(CONFIGURATION_MS),
                "upstream's answer is larger than allowed: x",
            ),
        ];
        for (kind, after_ms, why) in rows {
            assert_eq!(
                unanswered(&Failure { kind, why: "x".into() }),
                Retry {
                    after_ms,
                    why: why.into()
                }
            );
        }
    }

    #[test]
    fn no_reason_repeats_what_the_upstream_wrote() {
        for status in 100..=600 {
            let told = line(&posted(&answer(status, &[], r#"{"message":"SECRET 447700900000"}"#), NOW_MS));
            assert!(!told.contains("SECRET") && !told.contains("447700900000"), "{told}");
        }
    }
}
