//! From a receipt to news of a message.

use std::collections::BTreeMap;

use crate::{
    bindings::edgebind::{message::types::MessageState, translator::types::Report},
    error_code, time,
};

/// The report that a receipt makes, or why there is none.
pub(crate) fn report(now_ms: u64, parameters: &BTreeMap<String, String>) -> Result<Report, &'static str> {
    let get = |name: &str| {
        parameters
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    };
    let status = get("status").ok_or("a receipt without status")?.to_ascii_lowercase();
    let key = get("client-ref").map(str::to_owned);
    let upstream_id = get("messageId").map(str::to_owned);
    let (state, is_final) = match status.as_str() {
        "accepted" => (MessageState::Accepted, false),
        "buffered" => (MessageState::Enroute, false),
        "delivered" => (MessageState::Delivered, true),
        "expired" => (MessageState::Expired, true),
        "failed" => (MessageState::Undeliverable, true),
        "rejected" => (MessageState::Rejected, true),
        "unknown" => (MessageState::Unknown, false),
        _ => return Err("a receipt with a status not known here"),
    };
    let error = get("err-code").and_then(|code| code.parse().ok()).unwrap_or(0);
    Ok(Report {
        upstream_id: upstream_id.ok_or("a receipt without messageId")?,
        key,
        state,
        final_: is_final,
        error,
        at: get("message-timestamp").and_then(time::from_timestamp).unwrap_or(now_ms),
        why: format!("{status}, err-code {error}, {}", error_code::words(error)),
    })
}
