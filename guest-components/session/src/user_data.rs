//! The user data of a submit_sm: where it is, what header it has, which part of a long message it is, how its text begins.

use crate::{
    message::{Part, PartScheme, Tlv},
    peer::Peer,
};
use edgebind_smpp::{
    CommandStatus, ShortMessage, Tag, Tlvs,
    receipt::TEXT_MAX,
    text::{self, Alphabet, Charset, Coding},
    udh::Udh,
};

/// Largest sm_length (SMPP 3.4 §5.2.21); 255 is version 5.0's.
const SHORT_MESSAGE_MAX: usize = 254;

/// Octets that surely hold the characters of an excerpt: four for each, and a byte order mark.
const EXCERPT_OCTETS: usize = 4 * TEXT_MAX + 2;

#[derive(Debug)]
pub(crate) struct UserData<'a> {
    /// With its length octet; empty if there is none.
    pub(crate) udh: &'a [u8],
    /// What follows it.
    pub(crate) payload: &'a [u8],
    pub(crate) part: Option<Part>,
}

impl<'a> UserData<'a> {
    pub(crate) fn read(sm: &ShortMessage<'a>, peer: Peer, alphabet: Alphabet) -> Result<Self, CommandStatus> {
        let data = whole(sm, peer)?;
        let sar = Sar::of(sm.tlvs);
        let (udh, payload, part) = if sm.esm_class.has_udh() {
            // Two headers that may contradict each other.
            if sar.is_some() {
                return Err(CommandStatus::RINVOPTPARAMVAL);
            }
            let (udh, payload) = Udh::parse(data).map_err(|_| CommandStatus::RINVESMCLASS)?;
            (udh.octets(), payload, part_by_udh(udh))
        } else {
            (&[][..], data, sar.and_then(Sar::part))
        };
        // Parts may be cut anywhere, even inside a character: they are text only once they are joined.
        let whole_text = part.is_none().then(|| text::coding(sm.data_coding.0, alphabet));
        if whole_text == Some(Coding::Text(Charset::Ucs2)) && payload.len() % 2 != 0 {
            return Err(CommandStatus::RINVMSGLEN);
        }
        Ok(Self { udh, payload, part })
    }

    /// The beginning of the text as ASCII, for receipts; empty where it is none.
    pub(crate) fn excerpt(&self, data_coding: u8, alphabet: Alphabet) -> String {
        let Coding::Text(charset) = text::coding(data_coding, alphabet) else {
            return String::new();
        };
        let beginning = &self.payload[..self.payload.len().min(EXCERPT_OCTETS)];
        let characters = text::decode(
            charset,
            &beginning[..beginning.len() & !usize::from(charset == Charset::Ucs2)],
        );
        characters.unwrap_or_default().chars().take(TEXT_MAX).map(printable).collect()
    }

    /// The optional parameters without those that are now part of the message.
    pub(crate) fn tlvs_left(&self, tlvs: Tlvs<'_>) -> Vec<Tlv> {
        let in_parts = self.part.is_some_and(|part| part.scheme == PartScheme::Sar);
        let left = tlvs.into_iter().filter(|tlv| match tlv.tag {
            Tag::MESSAGE_PAYLOAD => false,
            Tag::SAR_MSG_REF_NUM | Tag::SAR_TOTAL_SEGMENTS | Tag::SAR_SEGMENT_SEQNUM => !in_parts,
            _ => true,
        });
        left.map(|tlv| Tlv {
            tag: tlv.tag.0,
            value: tlv.value.to_vec(),
        })
        .collect()
    }
}

/// short_message or message_payload. Both at once is wrong in 3.4 (§5.3.2.32); in 5.0 the payload counts.
fn whole<'a>(sm: &ShortMessage<'a>, peer: Peer) -> Result<&'a [u8], CommandStatus> {
    let payload = sm.tlvs.get(Tag::MESSAGE_PAYLOAD).map_or(&[][..], |tlv| tlv.value);
    match (sm.short_message, payload) {
        (short, _) if short.len() > SHORT_MESSAGE_MAX => Err(CommandStatus::RINVMSGLEN),
        (short, []) => Ok(short),
        ([], payload) => Ok(payload),
        (_, payload) if peer.speaks_5() => Ok(payload),
        _ => Err(CommandStatus::RINVMSGLEN),
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
