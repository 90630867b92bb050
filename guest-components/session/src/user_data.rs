//! The user data of a message from an ESME: where it is, what header it has, which part of a long message it is, how its text
//! begins.

use crate::{
    message::{Part, PartScheme, Tlv},
    peer::Peer,
    reading::Terms,
};
use edgebind_smpp::{
    CommandStatus, DataCoding, EsmClass, Tag, Tlvs,
    receipt::TEXT_MAX,
    text::{self, Alphabet, Body, Charset, Coding, septets},
    tlv::Rule,
    udh::Udh,
};
use std::borrow::Cow;

/// Octets that surely hold the characters of an excerpt: four for each, and a byte order mark.
const EXCERPT_OCTETS: usize = 4 * TEXT_MAX + 2;

/// The fields that say what is carried.
#[derive(Clone, Copy)]
pub(crate) struct Carried<'a> {
    pub(crate) esm_class: EsmClass,
    pub(crate) data_coding: DataCoding,
    pub(crate) short_message: &'a [u8],
    pub(crate) tlvs: Tlvs<'a>,
}

pub(crate) struct UserData<'a> {
    pub(crate) udh: Option<Udh<'a>>,
    /// What follows it, one septet an octet.
    pub(crate) payload: Cow<'a, [u8]>,
    pub(crate) part: Option<Part>,
    tlvs: Tlvs<'a>,
}

impl<'a> UserData<'a> {
    pub(crate) fn read(carried: Carried<'a>, terms: Terms<'_>) -> Result<Self, CommandStatus> {
        let data = carried.whole(terms.peer)?;
        let sar = Sar::of(carried.tlvs);
        let (udh, payload, part) = if carried.esm_class.has_udh() {
            // Two headers that may contradict each other.
            if sar.is_some() {
                return Err(CommandStatus::RINVOPTPARAMVAL);
            }
            let (udh, payload) = Udh::parse(data).map_err(|_| CommandStatus::RINVESMCLASS)?;
            (Some(udh), payload, part_by_udh(udh))
        } else {
            (None, data, sar.and_then(Sar::part))
        };
        let coding = text::coding(carried.data_coding, terms.settings.alphabet);
        // Parts may be cut anywhere, even inside a character: they are text only once they are joined.
        if part.is_none() && coding == Coding::Text(Charset::Ucs2) && payload.len() % 2 != 0 {
            return Err(CommandStatus::RINVMSGLEN);
        }
        let payload = if terms.settings.packed && coding == Coding::Text(Charset::Gsm) {
            septets::unpack(payload, udh.map_or(0, |udh| udh.octets().len())).into()
        } else {
            payload.into()
        };
        Ok(Self {
            udh,
            payload,
            part,
            tlvs: carried.tlvs,
        })
    }

    /// The header with its length octet; empty if there is none.
    pub(crate) fn header(&self) -> &'a [u8] {
        self.udh.map_or(&[], |udh| udh.octets())
    }

    /// The beginning of the text as ASCII, for receipts; empty where it is none.
    pub(crate) fn excerpt(&self, data_coding: DataCoding, alphabet: Alphabet) -> String {
        let mut beginning = &self.payload[..self.payload.len().min(EXCERPT_OCTETS)];
        if text::coding(data_coding, alphabet) == Coding::Text(Charset::Ucs2) {
            beginning = &beginning[..beginning.len() & !1];
        }
        match text::read(data_coding, alphabet, self.udh, beginning) {
            Ok(Body::Text(text)) => text.chars().take(TEXT_MAX).map(printable).collect(),
            Ok(Body::Octets(_)) | Err(_) => String::new(),
        }
    }

    /// The optional parameters without those that are now part of the message, and without reserved values: those are as if they
    /// were not there (SMPP 3.4 §3.2.4.1).
    pub(crate) fn tlvs_left(&self) -> Vec<Tlv> {
        let in_parts = self.part.is_some_and(|part| part.scheme == PartScheme::Sar);
        let left = self.tlvs.into_iter().filter(|tlv| match tlv.tag {
            Tag::MESSAGE_PAYLOAD | Tag::QOS_TIME_TO_LIVE => false,
            Tag::SAR_MSG_REF_NUM | Tag::SAR_TOTAL_SEGMENTS | Tag::SAR_SEGMENT_SEQNUM => !in_parts,
            tag => !Rule::of(tag).is_some_and(|rule| rule.reserves(tlv.value)),
        });
        left.map(|tlv| Tlv {
            tag: tlv.tag.0,
            value: tlv.value.to_vec(),
        })
        .collect()
    }
}

impl<'a> Carried<'a> {
    /// short_message or message_payload. Both at once is wrong in 3.4 (§5.3.2.32); in 5.0 the payload counts.
    fn whole(&self, peer: Peer) -> Result<&'a [u8], CommandStatus> {
        let payload = self.tlvs.get(Tag::MESSAGE_PAYLOAD).map_or(&[][..], |tlv| tlv.value);
        match (self.short_message, payload) {
            (short, []) => Ok(short),
            ([], payload) => Ok(payload),
            (_, payload) if peer.speaks_5() => Ok(payload),
            _ => Err(CommandStatus::RINVMSGLEN),
        }
    }
}

fn part_by_udh(udh: Udh<'_>) -> Option<Part> {
    let concatenation = udh.concatenation().filter(|concatenation| concatenation.total > 1)?;
    Some(Part {
        scheme: if concatenation.wide {
            PartScheme::Udh16
        } else {
            PartScheme::Udh8
        },
        reference: concatenation.reference,
        index: concatenation.index,
        total: concatenation.total,
    })
}

/// The three sar_* parameters, which count only together (SMPP 3.4 §5.3.2.22-24).
#[derive(Clone, Copy)]
struct Sar {
    reference: u16,
    total: u8,
    index: u8,
}

impl Sar {
    fn of(tlvs: Tlvs<'_>) -> Option<Self> {
        if tlvs.is_empty() {
            return None;
        }
        Some(Self {
            reference: tlvs.get(Tag::SAR_MSG_REF_NUM)?.u16()?,
            total: tlvs.get(Tag::SAR_TOTAL_SEGMENTS)?.u8()?,
            index: tlvs.get(Tag::SAR_SEGMENT_SEQNUM)?.u8()?,
        })
    }

    /// Numbers that cannot be are ignored, as in a user data header.
    fn part(self) -> Option<Part> {
        let Self { reference, total, index } = self;
        (total > 1 && (1..=total).contains(&index)).then_some(Part {
            scheme: PartScheme::Sar,
            reference,
            index,
            total,
        })
    }
}

fn printable(character: char) -> char {
    match character {
        ' '..='~' => character,
        _ if character.is_control() => ' ',
        _ => '?',
    }
}
