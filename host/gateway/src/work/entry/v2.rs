//! What version 2 wrote otherwise than the latest: an incoming message had no part and no header, a message no pieces.

use super::{Note, Outgoing, Standing};
use edgebind_runtime::message::{Address, Alert, Body, Delivery, Incoming, MessageState, Receipt, Setting, Tlv};
use serde::Deserialize;

/// [`Outgoing`], as it was.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct OldOutgoing {
    delivery: OldDelivery,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
enum OldDelivery {
    Incoming(OldIncoming),
    Receipt(Receipt),
    Alert(Alert),
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
struct OldIncoming {
    source: Address,
    destination: Address,
    body: Body,
    port: Option<u16>,
    received: u64,
    tlvs: Vec<Tlv>,
    metadata: Vec<Setting>,
}

/// [`Note`], as it was.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) enum OldNote {
    Standing(OldStanding),
    Joined(u64),
    Split(Vec<u64>),
    Delivered,
    Dead(String),
    Revived(u64),
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct OldStanding {
    upstream_ids: Vec<String>,
    state: MessageState,
    last: bool,
    error: u16,
    at: u64,
    replacing_until: u64,
}

impl From<OldOutgoing> for Outgoing {
    fn from(old: OldOutgoing) -> Self {
        let delivery = match old.delivery {
            OldDelivery::Incoming(old) => Delivery::Incoming(Incoming {
                source: old.source,
                destination: old.destination,
                body: old.body,
                port: old.port,
                part: None,
                udh: Vec::new(),
                received: old.received,
                tlvs: old.tlvs,
                metadata: old.metadata,
            }),
            OldDelivery::Receipt(receipt) => Delivery::Receipt(receipt),
            OldDelivery::Alert(alert) => Delivery::Alert(alert),
        };
        Self { delivery }
    }
}

impl From<OldNote> for Note {
    fn from(old: OldNote) -> Self {
        match old {
            OldNote::Standing(old) => Self::Standing(Standing {
                upstream_ids: old.upstream_ids,
                state: old.state,
                last: old.last,
                error: old.error,
                at: old.at,
                replacing_until: old.replacing_until,
                pieces: Vec::new(),
            }),
            OldNote::Joined(id) => Self::Joined(id),
            OldNote::Split(ids) => Self::Split(ids),
            OldNote::Delivered => Self::Delivered,
            OldNote::Dead(why) => Self::Dead(why),
            OldNote::Revived(at) => Self::Revived(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::{
        entry::{Submission, Unreadable, decode, encode},
        samples,
    };

    fn octets(value: &impl serde::Serialize) -> Vec<u8> {
        postcard::to_allocvec(&(2_u8, value)).unwrap()
    }

    #[test]
    fn what_version_2_wrote_is_read() {
        let message = samples::message();
        let old = OldOutgoing {
            delivery: OldDelivery::Incoming(OldIncoming {
                source: message.destination.clone(),
                destination: message.source.clone(),
                body: Body::Text("Hi".into()),
                port: Some(5_555),
                received: 7,
                tlvs: Vec::new(),
                metadata: vec![("sim".into(), "2".into())],
            }),
        };
        let Delivery::Incoming(incoming) = decode::<Outgoing>(&octets(&old)).unwrap().delivery else {
            panic!("it is an incoming message")
        };
        assert_eq!(
            (incoming.port, incoming.part, incoming.received, incoming.metadata.len()),
            (Some(5_555), None, 7, 1)
        );
        let old = OldNote::Standing(OldStanding {
            upstream_ids: vec!["up-1".into()],
            state: MessageState::Delivered,
            last: true,
            error: 3,
            at: 9,
            replacing_until: 0,
        });
        let standing = Standing {
            state: MessageState::Delivered,
            last: true,
            error: 3,
            ..Standing::taken(vec!["up-1".into()], 9)
        };
        assert_eq!(decode(&octets(&old)), Ok(Note::Standing(standing)));
        assert_eq!(decode(&octets(&OldNote::Split(vec![1, 2]))), Ok(Note::Split(vec![1, 2])));
        let submission = Submission::new(message);
        assert_eq!(decode(&octets(&submission)), Ok(submission.clone()));
        let mut later = encode(&submission).to_vec();
        later[0] += 1;
        assert_eq!(decode::<Submission>(&later), Err(Unreadable::Version(later[0])));
    }
}
