//! The deliver_sm of an incoming message: one, or as many as its text is long, in the form that the account asked for.

use crate::{
    limits::PARTS_MAX,
    message::{Address, Body, Incoming},
    peer::Peer,
    settings::{LongIncoming, Settings},
    text::to_octets,
};
use edgebind_smpp::{
    CommandStatus, DataCoding, EncodeError, EsmClass, Npi, Pdu, ShortMessage, Tag, TlvList, Ton, encode,
    text::{self, BINARY, Charset, Coding},
    tlv::ValueTooLong,
    udh::{self, Concatenation, Ports},
};

/// No deliver_sm can carry it. Whoever gave it to us is to blame; what follows is `dead` with this status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Undeliverable(pub(crate) CommandStatus);

impl From<EncodeError> for Undeliverable {
    fn from(error: EncodeError) -> Self {
        Self(match error.what {
            "source_addr" => CommandStatus::RINVSRCADR,
            "destination_addr" => CommandStatus::RINVDSTADR,
            _ => CommandStatus::RINVMSGLEN,
        })
    }
}

impl From<ValueTooLong> for Undeliverable {
    fn from(_: ValueTooLong) -> Self {
        Self(CommandStatus::RINVMSGLEN)
    }
}

/// The type of number of an address.
pub(crate) fn ton(address: &Address, status: CommandStatus) -> Result<Ton, Undeliverable> {
    Ton::new(address.ton).ok_or(Undeliverable(status))
}

/// The numbering plan of an address.
pub(crate) fn npi(address: &Address, status: CommandStatus) -> Result<Npi, Undeliverable> {
    Npi::new(address.npi).ok_or(Undeliverable(status))
}

/// A frame with sequence_number 0: it gets its own when it is sent.
pub(crate) fn short_message(pdu: &Pdu<'_>) -> Result<Vec<u8>, Undeliverable> {
    let mut frame = Vec::with_capacity(256);
    encode(&mut frame, CommandStatus::ROK, 0, pdu)?;
    Ok(frame)
}

/// The frames, in order, with sequence_number 0. `reference` moves on when parts need one.
pub(crate) fn frames(
    incoming: &Incoming,
    peer: Peer,
    settings: &Settings,
    reference: &mut u16,
) -> Result<Vec<Vec<u8>>, Undeliverable> {
    let (data_coding, data) = user_data(&incoming.body, settings);
    // A peer that takes no optional parameters gets everything in headers.
    let form = if peer.takes_tlvs() {
        settings.long_incoming
    } else {
        LongIncoming::Udh
    };
    let ports = incoming.port.map(|destination| Ports { destination, source: 0 });
    let udh_ports = ports.filter(|_| form == LongIncoming::Udh);
    let mut tlvs = TlvList::new();
    if peer.takes_tlvs() {
        for tlv in incoming.tlvs.iter().filter(|tlv| !ours(Tag(tlv.tag))) {
            tlvs.push(Tag(tlv.tag), &tlv.value)?;
        }
        if let Some(ports) = ports.filter(|_| udh_ports.is_none()) {
            tlvs.push_u16(Tag::DESTINATION_PORT, ports.destination);
        }
    }
    let envelope = Envelope {
        incoming,
        source: to_octets(&incoming.source.digits),
        destination: to_octets(&incoming.destination.digits),
        data_coding,
    };

    if data.octets.len() <= data.capacity(udh::header_len(None, udh_ports)) {
        return Ok(vec![envelope.frame(None, udh_ports, &data.octets, &tlvs)?]);
    }
    if form == LongIncoming::Payload {
        tlvs.push(Tag::MESSAGE_PAYLOAD, &data.octets)?;
        return Ok(vec![envelope.frame(None, None, &[], &tlvs)?]);
    }

    *reference = reference.wrapping_add(1);
    let mut place = Concatenation {
        wide: false,
        reference: *reference,
        total: 0,
        index: 0,
    };
    let parts = data.parts(data.capacity(udh::header_len(Some(place), udh_ports)));
    if parts.len() > PARTS_MAX {
        return Err(Undeliverable(CommandStatus::RINVMSGLEN));
    }
    place.total = parts.len() as u8;
    let mut frames = Vec::with_capacity(parts.len());
    for part in parts {
        place.index += 1;
        frames.push(if form == LongIncoming::Sar {
            let mut tlvs = tlvs.clone();
            tlvs.push_u16(Tag::SAR_MSG_REF_NUM, place.reference);
            tlvs.push_u8(Tag::SAR_TOTAL_SEGMENTS, place.total);
            tlvs.push_u8(Tag::SAR_SEGMENT_SEQNUM, place.index);
            envelope.frame(None, None, part, &tlvs)?
        } else {
            envelope.frame(Some(place), udh_ports, part, &tlvs)?
        });
    }
    Ok(frames)
}

/// Whether we write this parameter ourselves, so that a second one would contradict it.
fn ours(tag: Tag) -> bool {
    matches!(
        tag,
        Tag::MESSAGE_PAYLOAD
            | Tag::SAR_MSG_REF_NUM
            | Tag::SAR_TOTAL_SEGMENTS
            | Tag::SAR_SEGMENT_SEQNUM
            | Tag::DESTINATION_PORT
            | Tag::SOURCE_PORT
            | Tag::RECEIPTED_MESSAGE_ID
            | Tag::MESSAGE_STATE
    )
}

/// What every part of a message has in common.
struct Envelope<'a> {
    incoming: &'a Incoming,
    source: Vec<u8>,
    destination: Vec<u8>,
    data_coding: u8,
}

impl Envelope<'_> {
    fn frame(
        &self,
        place: Option<Concatenation>,
        ports: Option<Ports>,
        payload: &[u8],
        tlvs: &TlvList,
    ) -> Result<Vec<u8>, Undeliverable> {
        let Incoming { source, destination, .. } = self.incoming;
        let mut user_data = Vec::with_capacity(udh::header_len(place, ports) + payload.len());
        udh::write(&mut user_data, place, ports);
        let has_udh = !user_data.is_empty();
        user_data.extend_from_slice(payload);
        short_message(&Pdu::DeliverSm(ShortMessage {
            source_addr_ton: ton(source, CommandStatus::RINVSRCTON)?,
            source_addr_npi: npi(source, CommandStatus::RINVSRCNPI)?,
            source_addr: &self.source,
            dest_addr_ton: ton(destination, CommandStatus::RINVDSTTON)?,
            dest_addr_npi: npi(destination, CommandStatus::RINVDSTNPI)?,
            destination_addr: &self.destination,
            esm_class: if has_udh { EsmClass::UDHI } else { EsmClass::MESSAGE },
            data_coding: DataCoding(self.data_coding),
            short_message: &user_data,
            tlvs: tlvs.tlvs(),
            ..ShortMessage::default()
        }))
    }
}

/// Octets of user data and what they are.
struct Data {
    octets: Vec<u8>,
    /// None: not text.
    charset: Option<Charset>,
}

fn user_data(body: &Body, settings: &Settings) -> (u8, Data) {
    match body {
        Body::Binary(octets) => (
            BINARY,
            Data {
                octets: octets.clone(),
                charset: None,
            },
        ),
        Body::Text(text) => {
            let (data_coding, charset) = text::choose(settings.alphabet, text);
            let octets = text::encode(charset, text).expect("the character set was chosen to have every character");
            (
                data_coding,
                Data {
                    octets,
                    charset: Some(charset),
                },
            )
        }
    }
}

impl Data {
    fn capacity(&self, udh_octets: usize) -> usize {
        text::capacity(self.charset.map_or(Coding::Binary, Coding::Text), udh_octets)
    }

    fn parts(&self, octets_max: usize) -> Vec<&[u8]> {
        match self.charset {
            Some(charset) => text::split(charset, &self.octets, octets_max).collect(),
            None => self.octets.chunks(octets_max).collect(),
        }
    }
}
