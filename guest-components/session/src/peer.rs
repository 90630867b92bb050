//! Who is bound: which way messages go, and which version it speaks.

use crate::matrix::{Ruling, Sender, State, ruling};
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

/// A version of SMPP as peers name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V3_3,
    V3_4,
    V5_0,
}

impl Version {
    pub(crate) const ALL: [Self; 3] = [Self::V3_3, Self::V3_4, Self::V5_0];

    /// What settings call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::V3_3 => "3.3",
            Self::V3_4 => "3.4",
            Self::V5_0 => "5.0",
        }
    }
}

/// The ESME of this bind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Peer {
    pub(crate) kind: Kind,
    /// interface_version of its bind request; clients in the field write what they like there.
    pub(crate) version: u8,
}

impl Peer {
    /// What its interface_version means: every number is one of three (SMPP 3.4 §5.2.4).
    pub(crate) const fn version(self) -> Version {
        match self.version {
            0..0x34 => Version::V3_3,
            0x34..0x50 => Version::V3_4,
            0x50.. => Version::V5_0,
        }
    }

    /// Whether it may be sent this operation.
    pub(crate) fn is_sent(self, command: CommandId) -> bool {
        ruling(command, Sender::Mc, State::bound(self.kind)) == Ruling::Allowed
    }

    /// Whether it takes deliveries.
    pub(crate) fn receives(self) -> bool {
        self.is_sent(CommandId::DELIVER_SM)
    }

    /// Whether it may be sent optional parameters (SMPP 3.4 §3.2.4.1 and its note on version 3.3).
    pub(crate) fn takes_tlvs(self) -> bool {
        self.version() != Version::V3_3
    }

    /// Whether it means what version 5.0 says where 3.4 has a reserved value.
    pub(crate) fn speaks_5(self) -> bool {
        self.version() == Version::V5_0
    }
}
