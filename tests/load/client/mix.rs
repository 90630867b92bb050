//! What is said: kinds of messages by weight, in an order that is the same in every run.

use std::str::FromStr;

use edgebind_smpp::{CommandStatus, Npi, Pdu, RegisteredDelivery, ShortMessage, Tlvs, Ton, encode};

/// Where messages go, but for the last digits.
const DESTINATION: &[u8; 12] = b"447700900123";

/// How many digits of a destination are each message's own.
const OWN_DIGITS: usize = 4;

/// The first octet behind destination_addr: behind the header are service_type, two octets, source_addr "LOAD" and two more.
const DESTINATION_END: usize = 16 + 1 + 2 + 5 + 2 + DESTINATION.len();

const KINDS: [&str; 4] = ["short", "unicode", "long", "payload"];

/// Weights of the kinds: `short` (40 characters), `unicode` (40 characters of UCS-2), `long` (140 octets in short_message, binary) and
/// `payload` (600 characters in message_payload).
#[derive(Debug, Clone)]
pub(crate) struct Mix(Vec<&'static str>);

impl Default for Mix {
    fn default() -> Self {
        Self(vec!["short"])
    }
}

impl FromStr for Mix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut kinds = Vec::new();
        for part in text.split(',') {
            let (kind, weight) = part.split_once(':').unwrap_or((part, "1"));
            let kind = KINDS.into_iter().find(|known| *known == kind.trim());
            let weight = weight.trim().parse::<u8>().ok().filter(|weight| (1..=100).contains(weight));
            let (Some(kind), Some(weight)) = (kind, weight) else {
                return Err(format!(
                    "write kinds with weights from 1 to 100, as in short:7,unicode:2,long:1; kinds are {}",
                    KINDS.join(", ")
                ));
            };
            kinds.push((kind, usize::from(weight)));
        }
        Ok(Self(spread(&kinds)))
    }
}

/// Each kind as often as its weight, as far apart as can be.
fn spread(kinds: &[(&'static str, usize)]) -> Vec<&'static str> {
    let all: usize = kinds.iter().map(|(_, weight)| weight).sum();
    let mut owed = vec![0_isize; kinds.len()];
    let signed = |count: usize| isize::try_from(count).expect("weights are small");
    (0..all)
        .map(|_| {
            for (owed, (_, weight)) in owed.iter_mut().zip(kinds) {
                *owed += signed(*weight);
            }
            let most = (0..kinds.len()).max_by_key(|index| owed[*index]).expect("there is a kind");
            owed[most] -= signed(all);
            kinds[most].0
        })
        .collect()
}

/// The frames of a mix, to be numbered.
pub(crate) struct Frames {
    frames: Vec<Vec<u8>>,
    at: usize,
}

impl Frames {
    /// Those of this mix, beginning anywhere.
    pub(crate) fn new(mix: &Mix, receipts: bool, begin: usize) -> Self {
        let frames: Vec<_> = mix.0.iter().map(|kind| submit_sm(kind, receipts)).collect();
        Self {
            at: begin % frames.len(),
            frames,
        }
    }

    /// Appends the next message, with this sequence_number, and to one of ten thousand destinations by that: what goes to one goes in order.
    pub(crate) fn write(&mut self, sequence_number: u32, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.frames[self.at]);
        self.at = (self.at + 1) % self.frames.len();
        let frame = &mut out[start..];
        frame[12..16].copy_from_slice(&sequence_number.to_be_bytes());
        let mut rest = sequence_number;
        for digit in frame[DESTINATION_END - OWN_DIGITS..DESTINATION_END].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
    }
}

fn submit_sm(kind: &str, receipts: bool) -> Vec<u8> {
    let text = b"Forty characters of text, more or less..";
    let unicode: Vec<u8> = "Сорок знаков текста, примерно или точно."
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let payload = text.repeat(15);
    let tlv = [&[0x04, 0x24, 0x02, 0x58][..], &payload].concat();
    let (data_coding, short_message, tlvs) = match kind {
        "unicode" => (8, unicode, Tlvs::EMPTY),
        "long" => (4, text.repeat(4)[..140].to_vec(), Tlvs::EMPTY),
        "payload" => (0, Vec::new(), Tlvs::read(&tlv).expect("the TLV is whole")),
        _ => (0, text.to_vec(), Tlvs::EMPTY),
    };
    let message = ShortMessage {
        source_addr_ton: Ton::ALPHANUMERIC,
        source_addr: b"LOAD",
        dest_addr_ton: Ton::INTERNATIONAL,
        dest_addr_npi: Npi::ISDN,
        destination_addr: DESTINATION,
        registered_delivery: if receipts {
            RegisteredDelivery::ALWAYS
        } else {
            RegisteredDelivery::default()
        },
        data_coding: data_coding.into(),
        short_message: &short_message,
        tlvs,
        ..ShortMessage::default()
    };
    let mut out = Vec::new();
    encode(&mut out, CommandStatus::ROK, 1, &Pdu::SubmitSm(message)).expect("what the load client says fits its fields");
    out
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that panics has failed")]
mod tests {
    use super::*;
    use edgebind_smpp::decode;

    #[test]
    fn a_number_changes_sequence_number_and_destination_alone() {
        for kind in KINDS {
            let (plain, mut frame) = (submit_sm(kind, false), Vec::new());
            Frames::new(&kind.parse().unwrap(), false, 0).write(98_765, &mut frame);
            assert_eq!(frame[12..16], 98_765_u32.to_be_bytes());
            assert_eq!(&frame[26..38], b"447700908765");
            assert_eq!(
                (plain.len(), &plain[..12], &plain[16..34], &plain[38..]),
                (frame.len(), &frame[..12], &frame[16..34], &frame[38..])
            );
        }
    }

    #[test]
    fn every_kind_is_what_it_says_and_asks_for_a_receipt_when_it_should() {
        for kind in KINDS {
            let frame = submit_sm(kind, true);
            let (_, pdu) = decode(&frame).unwrap();
            let Pdu::SubmitSm(message) = pdu else { panic!("{pdu:?}") };
            assert_eq!(message.registered_delivery, RegisteredDelivery::ALWAYS, "{kind}");
            assert_eq!(message.short_message.is_empty(), kind == "payload");
        }
    }

    #[test]
    fn kinds_come_as_often_as_their_weights_say_and_not_in_runs() {
        let mix: Mix = "short:3,unicode".parse().unwrap();
        assert_eq!(mix.0, ["short", "unicode", "short", "short"]);
        assert!("short:0".parse::<Mix>().unwrap_err().contains("weights from 1 to 100"));
        assert!("fax".parse::<Mix>().is_err());
    }
}
