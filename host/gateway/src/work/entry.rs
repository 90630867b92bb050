//! What the gateway writes into the ledger: one octet that names the version, then postcard.

mod v2;

use super::pieces::Piece;
use bytes::Bytes;
use edgebind_ledger::EntryId;
use edgebind_runtime::message::{Delivery, Message, MessageState};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Written, and read besides what the version before it wrote.
const VERSION: u8 = 3;

/// A message for the upstream. A part has the same form in its own lane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    /// What the session made of the submit_sm; the joined one, where parts were joined.
    pub message: Message,
    /// What was answered with other ids than this entry's: the parts that it was joined from, the submit_multi that it is one
    /// destination of, the message that it replaces. Empty for a message that was answered with this entry's own.
    pub members: Vec<Member>,
}

/// One message id that an ESME was given, and the receipts that it may want.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// The message id.
    pub id: u64,
    /// When it was accepted.
    pub submitted: u64,
    /// What of it differs from the message that is sent, as far as receipts go.
    pub message: Message,
}

/// Something for the ESME.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outgoing {
    /// What to make the deliver_sm of.
    pub delivery: Delivery,
}

/// What is kept beside an entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Note {
    /// What is known of a message.
    Standing(Standing),
    /// The message goes on in this entry: joined with others, or replaced.
    Joined(u64),
    /// The message goes on in these, one for each destination.
    Split(Vec<u64>),
    /// The ESME has the delivery.
    Delivered,
    /// Nobody will get the delivery, and why.
    Dead(String),
    /// It was a dead letter until then, and is tried again as if it had just been accepted.
    Revived(u64),
}

/// Where a message stands that left, or that never will.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// What the upstream calls it; empty while it has not taken it.
    pub upstream_ids: Vec<String>,
    /// What was last heard of it.
    pub state: MessageState,
    /// No better news will follow.
    pub last: bool,
    /// As in its receipt.
    pub error: u16,
    /// When it came to that.
    pub at: u64,
    /// Until this time a message that was cancelled is about to be sent with another text, and nobody is told that it was.
    pub replacing_until: u64,
    /// What is known of each, where the upstream made several messages of it; and what was heard of messages that it had not named yet.
    pub pieces: Vec<Piece>,
}

/// What the ledger holds, in every form that it may have there.
pub trait Kept: DeserializeOwned {
    /// Reads what version 2 wrote.
    fn from_v2(octets: &[u8]) -> Result<Self, postcard::Error> {
        postcard::from_bytes(octets)
    }
}

impl Kept for u64 {}

impl Kept for Submission {}

impl Kept for Outgoing {
    fn from_v2(octets: &[u8]) -> Result<Self, postcard::Error> {
        postcard::from_bytes::<v2::OldOutgoing>(octets).map(Into::into)
    }
}

impl Kept for Note {
    fn from_v2(octets: &[u8]) -> Result<Self, postcard::Error> {
        postcard::from_bytes::<v2::OldNote>(octets).map(Into::into)
    }
}

impl Submission {
    /// A message that came as it is to be sent.
    pub fn new(message: Message) -> Self {
        Self {
            message,
            members: Vec::new(),
        }
    }

    /// Every message id in it, with the time it was accepted. `id` and `submitted` are the entry's own.
    pub fn members(&self, id: EntryId, submitted: u64) -> Vec<(String, u64, &Message)> {
        if self.members.is_empty() {
            return vec![(id.to_string(), submitted, &self.message)];
        }
        self.members
            .iter()
            .map(|member| (member.id.to_string(), member.submitted, &member.message))
            .collect()
    }
}

impl Member {
    /// A message as it was answered.
    pub fn new(id: u64, submitted: u64, message: &Message) -> Self {
        Self {
            id,
            submitted,
            message: Message {
                payload: Vec::new(),
                udh: Vec::new(),
                ..message.clone()
            },
        }
    }
}

impl Standing {
    /// With the upstream, under these ids, and nothing heard since.
    pub fn taken(upstream_ids: Vec<String>, at: u64) -> Self {
        Self {
            upstream_ids,
            state: MessageState::Enroute,
            last: false,
            error: 0,
            at,
            replacing_until: 0,
            pieces: Vec::new(),
        }
    }
}

/// The octets of a value for the ledger.
pub fn encode<T: Serialize>(value: &T) -> Bytes {
    postcard::to_allocvec(&(VERSION, value))
        .expect("a growing buffer takes every value")
        .into()
}

/// The value of octets from the ledger.
pub fn decode<T: Kept>(bytes: &[u8]) -> Result<T, Unreadable> {
    match bytes.split_first() {
        Some((2, rest)) => T::from_v2(rest).map_err(|_| Unreadable::Damaged),
        Some((&VERSION, rest)) => postcard::from_bytes(rest).map_err(|_| Unreadable::Damaged),
        Some((&other, _)) => Err(Unreadable::Version(other)),
        None => Err(Unreadable::Damaged),
    }
}

/// Why an entry says nothing to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Written by a later release of the gateway.
    Version(u8),
    /// Not what was written.
    Damaged,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unreadable::Version(version) => write!(f, "entry has version {version}, this gateway reads {VERSION}"),
            Unreadable::Damaged => f.write_str("entry is damaged"),
        }
    }
}
