//! The JSON that a phone sends: an envelope that names the event and the phone, and a payload, or several.
//!
//! Reading is lenient: fields may be missing (the app leaves out what is null) and keys come in any order.

use serde::Deserialize;
use serde_json::Value;

use crate::time;

/// smsgate: every event's envelope.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope {
    pub(crate) event: String,
    #[serde(default)]
    pub(crate) device_id: String,
    #[serde(default)]
    payload: Value,
}

/// What an event is for us.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A text message came in.
    Text,
    /// A data message came in.
    Data,
    /// A multimedia message came in and was fetched.
    Multimedia,
    /// The network took a message of ours.
    Sent,
    Delivered,
    Failed,
    Cancelled,
    /// One that we know and have no use for.
    Other,
    Unknown,
}

impl Envelope {
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    pub(crate) fn kind(&self) -> Kind {
        match self.event.as_str() {
            "sms:received" | "sms:batch:received" => Kind::Text,
            "sms:data-received" | "sms:batch:data-received" => Kind::Data,
            "mms:downloaded" | "mms:batch:downloaded" => Kind::Multimedia,
            "sms:sent" => Kind::Sent,
            "sms:delivered" => Kind::Delivered,
            "sms:failed" => Kind::Failed,
            "sms:cancelled" => Kind::Cancelled,
            "system:ping" | "app:started" | "mms:received" | "mms:batch:received" => Kind::Other,
            _ => Kind::Unknown,
        }
    }

    /// One payload, or each of a batch.
    pub(crate) fn payloads(&self) -> Vec<Payload<'_>> {
        match self.payload.get("messages") {
            Some(Value::Array(list)) => list.iter().map(Payload).collect(),
            _ => vec![Payload(&self.payload)],
        }
    }
}

/// One message of an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Payload<'a>(&'a Value);

impl<'a> Payload<'a> {
    /// A field that is text.
    pub(crate) fn content(self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.as_str()
    }

    /// A field that is text and not empty.
    pub(crate) fn text(self, name: &str) -> Option<&'a str> {
        self.content(name).filter(|text| !text.is_empty())
    }

    pub(crate) fn time(self, name: &str) -> Option<u64> {
        time::from_rfc3339(self.text(name)?)
    }

    /// From 1.
    pub(crate) fn sim(self) -> Option<u8> {
        self.0.get("simNumber")?.as_u64()?.try_into().ok()
    }

    pub(crate) fn count(self, name: &str) -> usize {
        self.0.get(name).and_then(Value::as_array).map_or(0, Vec::len)
    }
}
