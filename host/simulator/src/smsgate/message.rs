//! A stored message: the state of its recipients, of itself, and the two of them as JSON (smsgate: GET /messages/{id}).

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Map, Value, json};

use super::submission::Submission;
use crate::clock;

/// Where a message, or one of its recipients, has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Stored, not yet with the radio.
    Pending,
    /// To be cancelled, and the phone has not said so yet.
    Cancelling,
    /// Cancelled before it was sent.
    Cancelled,
    /// Handed to the radio.
    Processed,
    /// The network has it.
    Sent,
    /// The network said that the recipient has it.
    Delivered,
    /// It will not arrive.
    Failed,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Recipient {
    pub(crate) number: String,
    pub(crate) state: State,
    pub(crate) error: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// The login of its account.
    pub(crate) account: String,
    pub(crate) device: String,
    pub(crate) id: String,
    pub(crate) posted_ms: u64,
    pub(crate) recipients: Vec<Recipient>,
    /// When each state was first entered.
    pub(crate) states: BTreeMap<State, u64>,
    pub(crate) submission: Submission,
}

impl Message {
    /// The message's state follows from its recipients' in the app's own order.
    pub(crate) fn state(&self) -> State {
        let any = |state| self.recipients.iter().any(|recipient| recipient.state == state);
        let all = |state| self.recipients.iter().all(|recipient| recipient.state == state);
        match () {
            () if any(State::Pending) => State::Pending,
            () if any(State::Cancelling) => State::Cancelling,
            () if any(State::Cancelled) => State::Cancelled,
            () if any(State::Processed) => State::Processed,
            () if all(State::Failed) => State::Failed,
            () if all(State::Delivered) => State::Delivered,
            () => State::Sent,
        }
    }

    /// Moves one recipient on; false where it has left `from` already.
    pub(crate) fn advance(&mut self, recipient: usize, from: State, to: State, error: Option<&str>, at_ms: u64) -> bool {
        let Some(found) = self.recipients.get_mut(recipient).filter(|found| found.state == from) else {
            return false;
        };
        found.state = to;
        found.error = error.map(str::to_owned);
        let state = self.state();
        self.states.entry(state).or_insert(at_ms);
        true
    }

    /// Asks for its end; false where it is no longer pending.
    pub(crate) fn cancel(&mut self, at_ms: u64) -> bool {
        if self.state() != State::Pending {
            return false;
        }
        for recipient in self
            .recipients
            .iter_mut()
            .filter(|recipient| recipient.state == State::Pending)
        {
            recipient.state = State::Cancelling;
        }
        self.states.entry(State::Cancelling).or_insert(at_ms);
        true
    }

    pub(crate) fn expires_ms(&self) -> Option<u64> {
        self.submission.expires_ms(self.posted_ms)
    }

    /// Whether the server has forgotten number and text: so long after the message has left the phone's queue.
    pub(crate) fn is_hashed(&self, now_ms: u64, after: Duration) -> bool {
        let queued = |state| matches!(state, State::Pending | State::Cancelling);
        let left_ms = self
            .states
            .iter()
            .filter(|(state, _)| !queued(**state))
            .map(|(_, at_ms)| *at_ms)
            .min();
        let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        !self.submission.is_encrypted
            && !queued(self.state())
            && left_ms.is_some_and(|left_ms| now_ms >= left_ms.saturating_add(after_ms))
    }

    pub(crate) fn json(&self, with_content: bool, hashed: bool) -> Value {
        let recipients: Vec<Value> = self
            .recipients
            .iter()
            .map(|recipient| {
                let number = match hashed {
                    true => hash(&recipient.number)[..NUMBER_HASH_DIGITS].to_owned(),
                    false => recipient.number.clone(),
                };
                let mut object = json!({ "phoneNumber": number, "state": recipient.state.to_string() });
                if let Some(error) = &recipient.error {
                    object["error"] = json!(error);
                }
                object
            })
            .collect();
        let states: Map<String, Value> = self
            .states
            .iter()
            .map(|(state, at_ms)| (state.to_string(), json!(clock::utc(*at_ms))))
            .collect();
        let mut object = json!({
            "id": self.id,
            "deviceId": self.device,
            "state": self.state().to_string(),
            "isHashed": hashed,
            "isEncrypted": self.submission.is_encrypted,
            "recipients": recipients,
            "states": states,
        });
        let content = self.submission.text().or(self.submission.data_text());
        if hashed {
            object["hashedMessage"] = json!({ "hash": hash(content.unwrap_or_default()) });
        } else if with_content {
            if let Some(text) = self.submission.text() {
                object["textMessage"] = json!({ "text": text });
            } else if let Some(data) = self.submission.data_text() {
                object["dataMessage"] = json!({ "data": data, "port": self.submission.port() });
            }
        }
        object
    }
}

/// What is left of a number: the beginning of its hash.
const NUMBER_HASH_DIGITS: usize = 16;

/// SHA-256 in hexadecimal digits.
fn hash(text: &str) -> String {
    let mut digits = String::new();
    for octet in digest(&SHA256, text.as_bytes()).as_ref() {
        // A String takes everything.
        let _ = write!(digits, "{octet:02x}");
    }
    digits
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Message, Recipient, State};
    use crate::smsgate::submission::Submission;

    fn message(states: &[State]) -> Message {
        Message {
            account: "SIMGW1".into(),
            device: "phone".into(),
            id: "1".into(),
            posted_ms: 0,
            recipients: states
                .iter()
                .map(|state| Recipient {
                    number: "+447700900123".into(),
                    state: *state,
                    error: None,
                })
                .collect(),
            states: BTreeMap::new(),
            submission: Submission::read(br#"{"message":"Hi","phoneNumbers":["1"]}"#).unwrap(),
        }
    }

    #[test]
    fn a_message_is_as_far_as_its_slowest_recipient_says() {
        use State::{Cancelled, Cancelling, Delivered, Failed, Pending, Processed, Sent};
        let rows = [
            (vec![Pending, Failed], Pending),
            (vec![Cancelling, Delivered], Cancelling),
            (vec![Cancelled, Processed], Cancelled),
            (vec![Processed, Failed], Processed),
            (vec![Failed, Failed], Failed),
            (vec![Delivered, Delivered], Delivered),
            (vec![Delivered, Failed], Sent),
            (vec![Sent, Delivered], Sent),
        ];
        for (recipients, expected) in rows {
            assert_eq!(message(&recipients).state(), expected, "{recipients:?}");
        }
    }

    #[test]
    fn only_what_is_pending_can_be_cancelled() {
        let mut pending = message(&[State::Pending]);
        assert!(pending.cancel(5));
        assert_eq!(pending.state(), State::Cancelling);
        assert!(!pending.advance(0, State::Pending, State::Processed, None, 6));
        assert!(!message(&[State::Sent]).cancel(5));
    }
}
