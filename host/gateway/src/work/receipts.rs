//! Which receipts follow from what is known of a message. Pure: what to append is returned, nothing is appended here.

use super::{entry::{Outgoing, Submission, encode}, lane::Lane};
use edgebind_ledger::{EntryId, NewEntry};
use edgebind_runtime::message::{Delivery, Message, MessageState, Receipt};

/// optional parameter user_message_reference, SMPP 3.4 §5.3.2.17.
const USER_MESSAGE_REFERENCE: u16 = 0x0204;

/// News of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct News {
    /// What it came to.
    pub state: MessageState,
    /// No better news will follow.
    pub last: bool,
    /// For `err:`; 0 where the network named none.
    pub error: u16,
    /// When.
    pub at: u64,
}

/// The deliveries that tell every submit_sm of a submission that asked for it. Each has a key, so that the same news, or a second
/// last word, appends nothing. `id` and `submitted` are the submission's entry's own.
pub fn receipts(lane: &Lane, id: EntryId, submitted: u64, submission: &Submission, news: News) -> Vec<NewEntry> {
    submission
        .members(id, submitted)
        .into_iter()
        .filter(|(_, _, message)| is_wanted(message, news))
        .map(|(id, submitted, message)| NewEntry {
            lane: lane.name(),
            key: Some(key(&id, news)),
            body: encode(&Outgoing { delivery: Delivery::Receipt(receipt(id, submitted, message, news)) }),
            due: None,
            held: false,
        })
        .collect()
}

/// The key of the last receipt of a message, by which an earlier word that comes late is known to be stale.
pub fn last_key(id: &str) -> Vec<u8> {
    format!("receipt/{id}/last").into_bytes()
}

fn key(id: &str, news: News) -> Vec<u8> {
    if news.last { last_key(id) } else { format!("receipt/{id}/{:?}", news.state).into_bytes() }
}

fn is_wanted(message: &Message, news: News) -> bool {
    let asked = &message.receipts;
    match (news.last, news.state) {
        (false, _) => asked.intermediate,
        (true, MessageState::Delivered | MessageState::Accepted) => asked.success,
        (true, _) => asked.failure,
    }
}

fn receipt(id: String, submitted: u64, message: &Message, news: News) -> Receipt {
    let reference = message.tlvs.iter().find(|tlv| tlv.tag == USER_MESSAGE_REFERENCE);
    Receipt {
        id,
        source: message.destination.clone(),
        destination: message.source.clone(),
        submitted,
        done: news.at.max(submitted),
        state: news.state,
        final_: news.last,
        error: news.error,
        excerpt: message.excerpt.clone(),
        user_message_reference: reference.and_then(|tlv| Some(u16::from_be_bytes(tlv.value.as_slice().try_into().ok()?))),
    }
}
