//! Which receipts follow from what is known of a message. Pure: what to append is returned, nothing is appended here.

use super::{
    entry::{Outgoing, Standing, Submission, encode},
    lane::Lane,
};
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

impl News {
    /// A message that was cancelled.
    pub fn deleted(at: u64) -> Self {
        Self {
            state: MessageState::Deleted,
            last: true,
            error: 0,
            at,
        }
    }

    /// A message of which nobody will ever know.
    pub fn unknown(at: u64) -> Self {
        Self {
            state: MessageState::Unknown,
            ..Self::deleted(at)
        }
    }

    /// What is known of a message of which nothing but this was heard.
    pub fn standing(self) -> Standing {
        Standing {
            state: self.state,
            last: self.last,
            error: self.error,
            ..Standing::taken(Vec::new(), self.at)
        }
    }
}

/// The deliveries that tell every message id of a submission that asked for it. Each has a key, so that the same news, or a second
/// last word, appends nothing. `entry` and `submitted` are the submission's own.
pub fn receipts(lane: &Lane, entry: EntryId, submitted: u64, submission: &Submission, news: News) -> Vec<NewEntry> {
    submission
        .members(entry, submitted)
        .into_iter()
        .filter(|(_, _, message)| is_wanted(message, news))
        .map(|(id, submitted, message)| NewEntry {
            lane: lane.name(),
            key: Some(key(entry, &id, news)),
            body: encode(&Outgoing {
                delivery: Delivery::Receipt(receipt(id, submitted, message, news)),
            }),
            due: None,
            held: false,
        })
        .collect()
}

/// With the entry in it: the destinations of a submit_multi share one message id, and each has its own receipt.
fn key(entry: EntryId, id: &str, news: News) -> Vec<u8> {
    let what = if news.last {
        "last".to_owned()
    } else {
        format!("{:?}", news.state)
    };
    format!("receipt/{entry}/{id}/{what}").into_bytes()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::{
        entry::{Member, decode},
        lane::Kind,
        samples,
    };
    use edgebind_runtime::message::{Receipts, Tlv};

    const DELIVERED: News = News {
        state: MessageState::Delivered,
        last: true,
        error: 0,
        at: 2_000,
    };
    const FAILED: News = News {
        state: MessageState::Undeliverable,
        last: true,
        error: 64,
        at: 2_000,
    };
    const SENT: News = News {
        state: MessageState::Enroute,
        last: false,
        error: 0,
        at: 1_500,
    };

    fn message(success: bool, failure: bool, intermediate: bool) -> Message {
        Message {
            receipts: Receipts {
                success,
                failure,
                intermediate,
            },
            tlvs: vec![Tlv {
                tag: USER_MESSAGE_REFERENCE,
                value: vec![1, 2],
            }],
            ..samples::message()
        }
    }

    fn told(submission: &Submission, news: News) -> Vec<NewEntry> {
        let lane = Lane::new(Kind::Deliver, &"acme".into(), &"esme".into());
        receipts(&lane, "77".parse().unwrap(), 1_000, submission, news)
    }

    fn single(success: bool, failure: bool, intermediate: bool) -> Submission {
        Submission {
            message: message(success, failure, intermediate),
            members: Vec::new(),
        }
    }

    #[test]
    fn only_what_was_asked_for_is_told() {
        let table = [
            (single(true, true, false), [1, 1, 0]),
            (single(false, true, false), [0, 1, 0]),
            (single(true, false, true), [1, 0, 1]),
            (single(false, false, false), [0, 0, 0]),
        ];
        for (submission, expected) in table {
            assert_eq!(
                [DELIVERED, FAILED, SENT].map(|news| told(&submission, news).len()),
                expected,
                "{:?}",
                submission.message.receipts
            );
        }
    }

    #[test]
    fn a_receipt_turns_the_addresses_around_and_echoes_the_reference() {
        let entries = told(&single(true, true, false), FAILED);
        let Delivery::Receipt(receipt) = decode::<Outgoing>(&entries[0].body).unwrap().delivery else {
            panic!("not a receipt")
        };
        assert_eq!(
            (receipt.source.digits.as_str(), receipt.destination.digits.as_str()),
            ("447700900123", "ACME")
        );
        assert_eq!(
            (receipt.id.as_str(), receipt.submitted, receipt.done, receipt.error),
            ("77", 1_000, 2_000, 64)
        );
        assert_eq!(receipt.user_message_reference, Some(0x0102));
    }

    #[test]
    fn two_last_words_have_one_key() {
        let submission = single(true, true, true);
        assert_eq!(told(&submission, DELIVERED)[0].key, told(&submission, FAILED)[0].key);
        assert_ne!(told(&submission, DELIVERED)[0].key, told(&submission, SENT)[0].key);
    }

    #[test]
    fn destinations_that_share_an_id_have_a_receipt_each() {
        let lane = Lane::new(Kind::Deliver, &"acme".into(), &"esme".into());
        let keys = ["8", "9"].map(|entry| {
            let message = message(true, true, false);
            let members = vec![Member::new(7, 900, &message)];
            let told = receipts(
                &lane,
                entry.parse().unwrap(),
                1_000,
                &Submission { message, members },
                DELIVERED,
            );
            told[0].key.clone()
        });
        assert_ne!(keys[0], keys[1]);
    }

    #[test]
    fn each_part_that_asked_gets_its_own() {
        let part = |id, success| Member {
            id,
            submitted: 900,
            message: message(success, false, false),
        };
        let joined = Submission {
            message: message(true, false, false),
            members: vec![part(1, true), part(2, false), part(3, true)],
        };
        let ids: Vec<String> = told(&joined, DELIVERED)
            .iter()
            .map(|entry| match decode::<Outgoing>(&entry.body).unwrap().delivery {
                Delivery::Receipt(receipt) => receipt.id,
                _ => panic!("not a receipt"),
            })
            .collect();
        assert_eq!(ids, ["1", "3"]);
    }
}
