//! What became of a message of ours, and the report that says so.

use crate::{
    bindings::edgebind::{message::types::MessageState, translator::types::Report},
    event::{Kind, Payload},
    settings::{ReceiptOnSent, Settings},
};

/// What follows the service centre's number in the reason of a failure: the TP-Status of its report.
const STATUS_REPORT: &str = "Delivery result from SC";
const SEND_RESULT: &str = "Send result:";
const REASON_CHARACTERS_MAX: usize = 120;
/// A run of so many digits may be a phone number.
const NUMBER_DIGITS_MIN: usize = 5;

/// What Android's SmsManager calls its results, from 1 on.
const SEND_RESULTS: [&str; 24] = [
    "GENERIC_FAILURE",
    "RADIO_OFF",
    "NULL_PDU",
    "NO_SERVICE",
    "LIMIT_EXCEEDED",
    "FDN_CHECK_FAILURE",
    "SHORT_CODE_NOT_ALLOWED",
    "SHORT_CODE_NEVER_ALLOWED",
    "RADIO_NOT_AVAILABLE",
    "NETWORK_REJECT",
    "INVALID_ARGUMENTS",
    "INVALID_STATE",
    "NO_MEMORY",
    "INVALID_SMS_FORMAT",
    "SYSTEM_ERROR",
    "MODEM_ERROR",
    "NETWORK_ERROR",
    "ENCODING_ERROR",
    "INVALID_SMSC_ADDRESS",
    "OPERATION_NOT_ALLOWED",
    "INTERNAL_ERROR",
    "NO_RESOURCES",
    "CANCELLED",
    "REQUEST_NOT_SUPPORTED",
];

/// What became of a message of ours, whoever says it: a phone by a webhook, or the API when it is asked.
#[derive(Debug)]
pub(crate) enum News<'a> {
    /// It has not been sent; the words say where it is.
    Waiting(&'static str),
    /// The network took it.
    Sent,
    Delivered,
    Cancelled,
    /// With the phone's reason.
    Failed(&'a str),
}

impl News<'_> {
    /// The report under the submit's key, so that it is found also when a webhook overtakes the answer to the POST.
    pub(crate) fn report(&self, settings: &Settings, key: &str, at_ms: u64) -> Report {
        let (state, last, error, why) = match self {
            Self::Waiting(place) => (MessageState::Enroute, false, 0, (*place).to_owned()),
            Self::Sent => {
                let (state, last) = match settings.receipt_on_sent {
                    ReceiptOnSent::Intermediate => (MessageState::Enroute, false),
                    ReceiptOnSent::Final => (MessageState::Accepted, true),
                    ReceiptOnSent::Delivered => (MessageState::Delivered, true),
                };
                (state, last, 0, "sent".to_owned())
            }
            Self::Delivered => (MessageState::Delivered, true, 0, "delivered".to_owned()),
            Self::Cancelled => (MessageState::Deleted, true, 0, "cancelled".to_owned()),
            Self::Failed(reason) => {
                let (state, error) = failure(reason);
                (state, true, error, format!("failed: {}", for_log(reason)))
            }
        };
        Report {
            upstream_id: key.to_owned(),
            key: None,
            state,
            final_: last,
            error,
            at: at_ms,
            why,
        }
    }
}

/// The report that a webhook makes, or why there is none.
pub(crate) fn report(now_ms: u64, settings: &Settings, kind: Kind, payload: Payload<'_>) -> Result<Report, &'static str> {
    let id = payload.text("messageId").ok_or("no messageId")?;
    let key = id.strip_prefix(&settings.id_prefix).ok_or("a message of someone else's")?;
    let (news, time) = match kind {
        Kind::Sent => (News::Sent, "sentAt"),
        Kind::Delivered => (News::Delivered, "deliveredAt"),
        Kind::Cancelled => (News::Cancelled, "cancelledAt"),
        _ => (News::Failed(payload.text("reason").unwrap_or_default()), "failedAt"),
    };
    Ok(news.report(settings, key, payload.time(time).unwrap_or(now_ms)))
}

/// State and error number in the free text that a phone gives as a reason.
fn failure(reason: &str) -> (MessageState, u16) {
    if reason.eq_ignore_ascii_case("TTL expired") {
        return (MessageState::Expired, 0);
    }
    if let Some((_, rest)) = reason.split_once(STATUS_REPORT) {
        let status = rest
            .rsplit_once(':')
            .and_then(|(_, status)| leading_number(status))
            .unwrap_or(0);
        return (status_report(status), status);
    }
    let error = reason
        .split_once(SEND_RESULT)
        .map_or(0, |(_, result)| send_result(result.trim_start()));
    (MessageState::Undeliverable, error)
}

/// TP-Status of a final status report (3GPP 23.040 §9.2.3.15).
fn status_report(status: u16) -> MessageState {
    match status {
        0x42 => MessageState::Rejected,
        0x46 => MessageState::Expired,
        0x47 | 0x48 => MessageState::Deleted,
        _ => MessageState::Undeliverable,
    }
}

fn send_result(result: &str) -> u16 {
    let name = result.split([' ', '(']).next().unwrap_or_default();
    let name = name.strip_prefix("RESULT_").unwrap_or(name);
    let name = name.strip_prefix("ERROR_").unwrap_or(name);
    match SEND_RESULTS.iter().position(|known| *known == name) {
        Some(index) => u16::try_from(index + 1).unwrap_or(0),
        None => leading_number(result).unwrap_or(0),
    }
}

fn leading_number(text: &str) -> Option<u16> {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

/// The text without what may be a phone number, on one line, and not too long.
pub(crate) fn for_log(text: &str) -> String {
    let in_number = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')' | '.');
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_digit() || first == '+' {
            let end = rest.find(|c| !in_number(c)).unwrap_or(rest.len());
            let (run, after) = rest.split_at(end);
            let digits = run.chars().filter(char::is_ascii_digit).count();
            out.push_str(if digits >= NUMBER_DIGITS_MIN { "#" } else { run });
            rest = after;
        } else {
            out.push(if first.is_control() { ' ' } else { first });
            rest = &rest[first.len_utf8()..];
        }
    }
    out.chars().take(REASON_CHARACTERS_MAX).collect()
}
