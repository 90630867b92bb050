//! What the gateway writes into the ledger: one octet that names the version, then postcard.

use bytes::Bytes;
use edgebind_ledger::EntryId;
use edgebind_runtime::message::{Delivery, Message};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

const VERSION: u8 = 1;

/// A message for the upstream. A part has the same form in its own lane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    /// What the session made of the submit_sm; the joined one, where parts were joined.
    pub message: Message,
    /// The parts that it was joined from; empty for a message that came whole.
    pub members: Vec<Member>,
}

/// One submit_sm that got its own message id and may want its own receipts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// The message id.
    pub id: u64,
    /// When it was accepted.
    pub submitted: u64,
    /// What of the part differs from the joined message as far as receipts go.
    pub message: Message,
}

/// Something for the ESME.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outgoing {
    /// What to make the deliver_sm of.
    pub delivery: Delivery,
}

/// How a submission ended, kept with its settled entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Note {
    /// The upstream took it, under these ids.
    Taken(Vec<String>),
    /// Joined into this entry.
    Joined(u64),
    /// The ESME has it.
    Delivered,
    /// Given up, and why.
    Dead(String),
}

impl Submission {
    /// Every submit_sm in it, with its message id and the time it was accepted. `id` and `submitted` are the entry's own.
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

/// The octets of a value for the ledger.
pub fn encode<T: Serialize>(value: &T) -> Bytes {
    postcard::to_allocvec(&(VERSION, value))
        .expect("a growing buffer takes every value")
        .into()
}

/// The value of octets from the ledger.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unreadable> {
    match bytes.split_first() {
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
