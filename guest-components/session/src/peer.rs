//! Who is bound: which way messages go, and which version it speaks.

use edgebind_smpp::CommandId;
use serde::{Deserialize, Serialize};

/// What a bind is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    Transmitter,
    Receiver,
    #[default]
    Transceiver,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Transmitter, Self::Receiver, Self::Transceiver];

    pub(crate) const fn of(request: CommandId) -> Option<Self> {
        match request {
            CommandId::BIND_TRANSMITTER => Some(Self::Transmitter),
            CommandId::BIND_RECEIVER => Some(Self::Receiver),
            CommandId::BIND_TRANSCEIVER => Some(Self::Transceiver),
            _ => None,
        }
    }

    /// What settings call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Transmitter => "tx",
            Self::Receiver => "rx",
            Self::Transceiver => "trx",
        }
    }
}

/// The ESME of this bind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Peer {
    pub(crate) kind: Kind,
    /// interface_version of its bind request. Every value is taken: clients in the field write what they like there.
    pub(crate) version: u8,
}

impl Peer {
    /// Whether it may submit.
    pub(crate) fn submits(self) -> bool {
        self.kind != Kind::Receiver
    }

    /// Whether it takes deliveries.
    pub(crate) fn receives(self) -> bool {
        self.kind != Kind::Transmitter
    }

    /// Whether it may be sent optional parameters (SMPP 3.4 §3.2.4.1 and its note on version 3.3).
    pub(crate) fn takes_tlvs(self) -> bool {
        self.version >= 0x34
    }

    /// Whether it means what version 5.0 says where 3.4 has a reserved value.
    pub(crate) fn speaks_5(self) -> bool {
        self.version >= 0x50
    }
}
