//! The PDU of an incoming message: one, or as many as its text is long, in the form that the account asked for.

use crate::{
    carrier::Carrier,
    endpoint::Endpoint,
    limits::{ELEMENTS_OCTETS_MAX, PART_OCTETS_MIN, PARTS_MAX, SHORT_MESSAGE_OCTETS_MAX},
    message::{Body, Incoming, Part, PartScheme, Tlv},
    peer::Peer,
    settings::{LongIncoming, Settings},
    undeliverable::Undeliverable,
};
use edgebind_smpp::{
    CommandStatus, DataCoding, EsmClass, Tag, TlvList,
    text::{self, Charset, Coding},
    tlv::Rule,
    udh::{self, Concatenation, Elements, Ports},
};

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
        for Tlv { tag, value } in &incoming.tlvs {
            let tag = Tag(*tag);
            // What is wrong with a parameter is the translator's fault: the message goes without it.
            let is_wrong = Rule::of(tag).is_some_and(|rule| rule.fault(value).is_some());
            if !ours(tag) && !is_wrong {
                tlvs.push(tag, value)?;
            }
        }
        if let Some(ports) = ports.filter(|_| udh_ports.is_none()) {
            tlvs.push_u16(Tag::DESTINATION_PORT, ports.destination);
        }
    }
    let envelope = Envelope {
        source: Endpoint::source(&incoming.source)?,
        destination: Endpoint::destination(&incoming.destination)?,
        data_coding,
        elements: elements(&incoming.udh),
        peer,
        settings,
    };

    if let Some(place) = incoming.part.and_then(place) {
        return Ok(vec![envelope.part(place, form, udh_ports, &data.octets, tlvs)?]);
    }
    if data.octets.len() <= data.capacity(envelope.header(None, udh_ports).len()) {
        return Ok(vec![envelope.frame(None, udh_ports, &data.octets, tlvs)?]);
    }
    if form == LongIncoming::Payload {
        return Ok(vec![envelope.whole(&data.octets, tlvs)?]);
    }

    *reference = reference.wrapping_add(1);
    let mut place = Concatenation {
        wide: false,
        reference: *reference,
        total: 0,
        index: 0,
    };
    let capacity = data.capacity(envelope.header(Some(place), udh_ports).len());
    if capacity < PART_OCTETS_MIN {
        return Err(Undeliverable(CommandStatus::RINVMSGLEN));
    }
    let parts = data.parts(capacity);
    if parts.len() > PARTS_MAX {
        return Err(Undeliverable(CommandStatus::RINVMSGLEN));
    }
    place.total = parts.len() as u8;
    let mut frames = Vec::with_capacity(parts.len());
    for part in parts {
        place.index += 1;
        frames.push(if form == LongIncoming::Sar {
            envelope.frame(None, None, part, with_place(tlvs.clone(), place))?
        } else {
            envelope.frame(Some(place), udh_ports, part, tlvs.clone())?
        });
    }
    Ok(frames)
}

/// The place of a part that its upstream numbered; none where the numbers cannot be.
fn place(part: Part) -> Option<Concatenation> {
    let Part {
        scheme,
        reference,
        index,
        total,
    } = part;
    let place = Concatenation {
        wide: scheme == PartScheme::Udh16 || reference > u16::from(u8::MAX),
        reference,
        total,
        index,
    };
    (total >= 2 && (1..=total).contains(&index)).then_some(place)
}

fn with_place(mut tlvs: TlvList, place: Concatenation) -> TlvList {
    tlvs.push_u16(Tag::SAR_MSG_REF_NUM, place.reference);
    tlvs.push_u8(Tag::SAR_TOTAL_SEGMENTS, place.total);
    tlvs.push_u8(Tag::SAR_SEGMENT_SEQNUM, place.index);
    tlvs
}

/// The elements that are whole. Those that number parts would contradict the place.
fn elements(octets: &[u8]) -> Vec<u8> {
    let whole = Elements::of(octets).filter(|element| !element.numbers_parts());
    let octets: Vec<u8> = whole
        .flat_map(|element| [&[element.id, element.value.len() as u8], element.value].concat())
        .collect();
    // A header says its length in an octet, with what we write into it ourselves.
    if octets.len() > ELEMENTS_OCTETS_MAX {
        Vec::new()
    } else {
        octets
    }
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
    source: Endpoint,
    destination: Endpoint,
    data_coding: DataCoding,
    /// Of the header, besides those that the place and the ports make.
    elements: Vec<u8>,
    peer: Peer,
    settings: &'a Settings,
}

impl Envelope<'_> {
    /// A part as it came. It cannot be split again: what is too long for short_message goes as message_payload.
    fn part(
        &self,
        place: Concatenation,
        form: LongIncoming,
        ports: Option<Ports>,
        payload: &[u8],
        tlvs: TlvList,
    ) -> Result<Vec<u8>, Undeliverable> {
        let (header, tlvs) = match form {
            LongIncoming::Udh => (self.header(Some(place), ports), tlvs),
            LongIncoming::Sar | LongIncoming::Payload => (self.header(None, ports), with_place(tlvs, place)),
        };
        let carrier = Carrier {
            whole: self.peer.takes_tlvs() && header.len() + payload.len() > SHORT_MESSAGE_OCTETS_MAX,
            ..self.carrier(&header, payload, tlvs)
        };
        carrier.frame(self.peer, self.settings)
    }

    /// The header with its length octet; empty for none.
    fn header(&self, place: Option<Concatenation>, ports: Option<Ports>) -> Vec<u8> {
        let mut header = Vec::with_capacity(udh::header_len(place, ports) + self.elements.len());
        udh::write(&mut header, place, ports);
        if !self.elements.is_empty() {
            if header.is_empty() {
                header.push(0);
            }
            header.extend_from_slice(&self.elements);
            header[0] = (header.len() - 1) as u8;
        }
        header
    }

    fn frame(
        &self,
        place: Option<Concatenation>,
        ports: Option<Ports>,
        payload: &[u8],
        tlvs: TlvList,
    ) -> Result<Vec<u8>, Undeliverable> {
        self.carrier(&self.header(place, ports), payload, tlvs)
            .frame(self.peer, self.settings)
    }

    fn whole(&self, payload: &[u8], tlvs: TlvList) -> Result<Vec<u8>, Undeliverable> {
        let header = self.header(None, None);
        let carrier = Carrier {
            whole: true,
            ..self.carrier(&header, payload, tlvs)
        };
        carrier.frame(self.peer, self.settings)
    }

    fn carrier<'a>(&'a self, udh: &'a [u8], payload: &'a [u8], tlvs: TlvList) -> Carrier<'a> {
        Carrier {
            source: &self.source,
            destination: &self.destination,
            esm_class: EsmClass::MESSAGE,
            data_coding: self.data_coding,
            udh,
            payload,
            whole: false,
            tlvs,
        }
    }
}

/// Octets of user data and what they are.
struct Data {
    octets: Vec<u8>,
    /// None: not text.
    charset: Option<Charset>,
}

fn user_data(body: &Body, settings: &Settings) -> (DataCoding, Data) {
    match body {
        Body::Binary(octets) => (
            DataCoding::OCTETS,
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
