//! Words of `edgebind:message` 0.1.0 that are others now, for both worlds. What is not here looks the same in every version.

use crate::contract::message::{self, Address, Body, Setting, Tlv};
use wasmtime::component::{ComponentType, Lift, Lower};

/// An incoming message, before it could be a part of one.
#[derive(ComponentType, Lift, Lower)]
#[component(record)]
pub(crate) struct Incoming {
    source: Address,
    destination: Address,
    body: Body,
    port: Option<u16>,
    received: u64,
    tlvs: Vec<Tlv>,
    metadata: Vec<Setting>,
}

impl From<Incoming> for message::Incoming {
    fn from(incoming: Incoming) -> Self {
        let Incoming {
            source,
            destination,
            body,
            port,
            received,
            tlvs,
            metadata,
        } = incoming;
        Self {
            source,
            destination,
            body,
            port,
            part: None,
            udh: Vec::new(),
            received,
            tlvs,
            metadata,
        }
    }
}

/// A part becomes a message of its own: there were no others.
impl From<message::Incoming> for Incoming {
    fn from(incoming: message::Incoming) -> Self {
        let message::Incoming {
            source,
            destination,
            body,
            port,
            part: _,
            udh: _,
            received,
            tlvs,
            metadata,
        } = incoming;
        Self {
            source,
            destination,
            body,
            port,
            received,
            tlvs,
            metadata,
        }
    }
}
