//! Whether a bind is taken, and what it is answered. Who the peer is the host knows already: here is decided what it may be.

use crate::{
    peer::{Kind, Peer},
    settings::Settings,
    text::from_octets,
};
use edgebind_smpp::{
    Bind, BindResp, CommandId, CommandStatus, Header, Limits, Pdu, Tag, TlvList, bind_refusal, decode_within, encode,
};

/// The version that we speak, for sc_interface_version.
const VERSION: u8 = 0x34;

/// A bind request that is taken.
#[derive(Debug)]
pub(crate) struct Taken {
    header: Header,
    pub(crate) peer: Peer,
    /// Empty where the peer named none.
    pub(crate) address_range: String,
}

/// A bind request that is not.
#[derive(Debug)]
pub(crate) struct Refused {
    header: Header,
    status: CommandStatus,
}

/// Reads a bind request.
pub(crate) fn take(frame: &[u8], settings: &Settings) -> Result<Taken, Refused> {
    let (header, bind) = match decode_within(frame, Limits::LONG_PASSWORDS) {
        Ok((header, Pdu::BindTransmitter(bind) | Pdu::BindReceiver(bind) | Pdu::BindTransceiver(bind))) => (header, bind),
        Ok((header, _)) => {
            return Err(Refused {
                header,
                status: CommandStatus::RINVCMDID,
            });
        }
        Err(error) => {
            return Err(Refused {
                header: error.header,
                status: error.status,
            });
        }
    };
    match peer(header.command_id, &bind, settings) {
        Ok(peer) => Ok(Taken {
            header,
            peer,
            address_range: from_octets(bind.address_range),
        }),
        Err(status) => Err(Refused { header, status }),
    }
}

fn peer(request: CommandId, bind: &Bind<'_>, settings: &Settings) -> Result<Peer, CommandStatus> {
    let kind = Kind::of(request).filter(|kind| settings.bind_types.contains(kind));
    let peer = Peer {
        kind: kind.ok_or(CommandStatus::RBINDFAIL)?,
        version: bind.interface_version,
    };
    if !settings.interface_versions.contains(&peer.version()) {
        return Err(CommandStatus::RBINDFAIL);
    }
    let system_type = &settings.system_type;
    if system_type.is_empty() || system_type.as_bytes() == bind.system_type {
        Ok(peer)
    } else {
        Err(CommandStatus::RINVSYSTYP)
    }
}

impl Taken {
    /// Appends the response.
    pub(crate) fn answer(&self, out: &mut Vec<u8>, settings: &Settings) {
        let mut tlvs = TlvList::new();
        if self.peer.takes_tlvs() {
            tlvs.push_u8(Tag::SC_INTERFACE_VERSION, VERSION);
        }
        let resp = BindResp {
            system_id: settings.system_id.as_bytes(),
            tlvs: tlvs.tlvs(),
        };
        let pdu = match self.peer.kind {
            Kind::Transmitter => Pdu::BindTransmitterResp(resp),
            Kind::Receiver => Pdu::BindReceiverResp(resp),
            Kind::Transceiver => Pdu::BindTransceiverResp(resp),
        };
        encode(out, CommandStatus::ROK, self.header.sequence_number, &pdu).expect("system_id was checked when it was set");
    }
}

impl Refused {
    /// Appends the response.
    pub(crate) fn answer(&self, out: &mut Vec<u8>) {
        let Header {
            command_id,
            sequence_number,
            ..
        } = self.header;
        bind_refusal(out, command_id, self.status, sequence_number);
    }
}
