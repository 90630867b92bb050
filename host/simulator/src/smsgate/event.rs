//! The webhooks' content: which events there are and what their payloads hold (smsgate: webhooks, request the phone sends).

use serde_json::{Value, json};

/// News of one recipient of a message that the phone sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outgoing {
    Sent { parts: usize },
    Delivered,
    Failed { reason: String },
    Cancelled,
}

impl Outgoing {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Sent { .. } => "sms:sent",
            Self::Delivered => "sms:delivered",
            Self::Failed { .. } => "sms:failed",
            Self::Cancelled => "sms:cancelled",
        }
    }

    /// `at` is the phone's local time; `own` the number of its SIM, where known.
    pub(crate) fn payload(&self, message_id: &str, recipient: &str, own: Option<&str>, sim: i64, at: &str) -> Value {
        let mut payload = json!({ "messageId": message_id, "recipient": recipient, "simNumber": sim, "phoneNumber": recipient });
        if let Some(own) = own {
            payload["sender"] = json!(own);
        }
        match self {
            Self::Sent { parts } => {
                payload["partsCount"] = json!(parts);
                payload["sentAt"] = json!(at);
            }
            Self::Delivered => payload["deliveredAt"] = json!(at),
            Self::Failed { reason } => {
                payload["failedAt"] = json!(at);
                payload["reason"] = json!(reason);
            }
            Self::Cancelled => payload["cancelledAt"] = json!(at),
        }
        payload
    }
}

/// The payload of something that came in: `content` is the event's own field and its value.
pub(crate) fn incoming(message_id: &str, from: &str, to: Option<&str>, content: (&str, Value), at: &str) -> Value {
    let mut payload = json!({
        "messageId": message_id, "sender": from, "simNumber": 1, "phoneNumber": from, "receivedAt": at,
    });
    if let Some(to) = to {
        payload["recipient"] = json!(to);
    }
    payload[content.0] = content.1;
    payload
}
