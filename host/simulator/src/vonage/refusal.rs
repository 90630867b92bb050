//! Why something is not taken: a `status`, and words that people read (vonage: POST /sms/json).

use serde_json::{Value, json};

/// Every `status` that refuses.
pub const STATUSES: [u16; 25] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 22, 23, 29, 32, 33, 34,
];

/// A `status` and its `error-text`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, text: impl Into<String>) -> Self {
        Self {
            status,
            text: text.into(),
        }
    }

    /// With the usual words.
    pub(crate) fn of(status: u16) -> Self {
        Self::new(status, words(status))
    }

    /// As it stands in an answer.
    pub(crate) fn item(&self) -> Value {
        json!({ "status": self.status.to_string(), "error-text": self.text })
    }
}

fn words(status: u16) -> &'static str {
    match status {
        1 => "Throughput Rate Exceeded - please wait and retry",
        2 => "Missing from param",
        3 => "Invalid value for parameter: to",
        4 => "Bad Credentials",
        5 => "Server Error",
        6 => "Unroutable message - rejected",
        7 => "Number barred",
        8 => "Partner account barred",
        9 => "Quota Exceeded - rejected",
        10 => "Too many existing binds",
        11 => "Account not enabled for HTTP",
        12 => "Message too long",
        14 => "Invalid Signature",
        15 => "Illegal Sender Address - rejected",
        17 => "Blocked by provider",
        22 => "Invalid Network Code",
        23 => "Invalid Callback Url",
        29 => "Non White-listed Destination - rejected",
        32 => "Signature And API Secret Disallowed",
        33 => "Number De-activated",
        _ => "Rejected",
    }
}
