//! PDUs in recordings: shown by their names, and masked.

use edgebind_runtime::recording::Frames;
use edgebind_smpp::{
    Destination, Header, Limits, Pdu, Tlvs, decode_within,
    frame::{HEADER_LEN, split},
};

/// Digits of a number that stay: they say which country it is of.
const DIGITS_KEPT: usize = 2;

/// Octets of a parameter's value that say nothing of a message: numbers of parts, ports, kinds.
const VALUE_KEPT: usize = 2;

/// Reads what is whole of the octets that sessions sent and were sent.
pub struct Pdus;

impl Frames for Pdus {
    fn show(&self, octets: &[u8]) -> String {
        let shown = whole(octets).map(|pdu| {
            let name = Header::read(pdu).map_or_else(|| "no PDU".to_owned(), |header| header.command_id.to_string());
            let hex: String = pdu.iter().map(|octet| format!("{octet:02x}")).collect();
            format!("{name} {hex}")
        });
        shown.collect::<Vec<_>>().join(", ")
    }

    fn mask(&self, octets: &mut Vec<u8>) {
        let masked: Vec<u8> = whole(octets).flat_map(masked).collect();
        *octets = masked;
    }
}

/// The PDUs in these octets; what is left over, and is no whole one, comes last.
fn whole(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = octets;
    std::iter::from_fn(move || {
        let whole = split(rest, usize::MAX).ok().flatten();
        let (pdu, behind) = rest.split_at(whole.unwrap_or(rest.len()));
        rest = behind;
        (!pdu.is_empty()).then_some(pdu)
    })
}

/// A PDU of the same length and kind; of one that cannot be read, only the header, and nothing of what is none.
fn masked(pdu: &[u8]) -> Vec<u8> {
    let mut masked = pdu.to_vec();
    let Ok((_, read)) = decode_within(pdu, Limits::LONG_PASSWORDS) else {
        let is_whole = split(pdu, usize::MAX) == Ok(Some(pdu.len()));
        let header = if is_whole { HEADER_LEN } else { 0 };
        masked.iter_mut().skip(header).for_each(|octet| *octet = 0);
        return masked;
    };
    for (piece, with) in pieces(&read) {
        // The pieces lie in the PDU that they were read from.
        let at = (piece.as_ptr() as usize).saturating_sub(pdu.as_ptr() as usize);
        if let Some(place) = masked.get_mut(at..at + piece.len()) {
            place.fill(with);
        }
    }
    masked
}

/// What of a PDU says who, or what, and the octet that stands for it.
fn pieces<'a>(pdu: &Pdu<'a>) -> Vec<(&'a [u8], u8)> {
    let number = |digits: &'a [u8]| (digits.get(DIGITS_KEPT..).unwrap_or_default(), b'0');
    let text = |octets: &'a [u8]| (octets, b'x');
    let values = |tlvs: &Tlvs<'a>| -> Vec<(&'a [u8], u8)> {
        let values = tlvs.iter().map(|tlv| tlv.value);
        values.filter(|value| value.len() > VALUE_KEPT).map(text).collect()
    };
    match pdu {
        Pdu::BindReceiver(bind) | Pdu::BindTransmitter(bind) | Pdu::BindTransceiver(bind) => {
            vec![text(bind.password)]
        }
        Pdu::SubmitSm(message) | Pdu::DeliverSm(message) => [
            vec![
                number(message.source_addr),
                number(message.destination_addr),
                text(behind_header(message.esm_class.has_udh(), message.short_message)),
            ],
            values(&message.tlvs),
        ]
        .concat(),
        Pdu::SubmitMulti(message) => {
            let destinations = message.dest_addresses.iter().map(|destination| match destination {
                Destination::Sme { destination_addr, .. } => number(destination_addr),
                Destination::List(name) => text(name),
            });
            let own = [
                number(message.source_addr),
                text(behind_header(message.esm_class.has_udh(), message.short_message)),
            ];
            own.into_iter().chain(destinations).chain(values(&message.tlvs)).collect()
        }
        Pdu::DataSm(message) => [
            vec![number(message.source_addr), number(message.destination_addr)],
            values(&message.tlvs),
        ]
        .concat(),
        Pdu::ReplaceSm(message) => vec![number(message.source_addr), text(message.short_message)],
        Pdu::QuerySm(query) => vec![number(query.source_addr)],
        Pdu::CancelSm(cancel) => vec![number(cancel.source_addr), number(cancel.destination_addr)],
        Pdu::AlertNotification(alert) => vec![number(alert.source_addr), number(alert.esme_addr)],
        Pdu::Outbind(outbind) => vec![text(outbind.password)],
        _ => Vec::new(),
    }
}

/// The user data behind its header, which numbers parts and names ports.
fn behind_header(has_header: bool, user_data: &[u8]) -> &[u8] {
    let header = if has_header {
        user_data.first().map_or(0, |length| usize::from(*length) + 1)
    } else {
        0
    };
    user_data.get(header..).unwrap_or(user_data)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A submit_sm from `ACME` to +447700900123 that says `Hi!`, with a message_payload-like parameter and one of a single octet.
    fn submit_sm() -> Vec<u8> {
        let body = b"\0\x05\0ACME\0\x01\x01447700900123\0\0\0\0\0\0\0\0\0\0\x03Hi!\x14\0\0\x05token\x02\x04\0\x02\x12\x34";
        let header = [16 + body.len() as u32, 4, 0, 7].map(u32::to_be_bytes).concat();
        [&header, &body[..]].concat()
    }

    #[test]
    fn a_masked_pdu_says_neither_who_nor_what() {
        let mut octets = submit_sm();
        Pdus.mask(&mut octets);
        let text = String::from_utf8_lossy(&octets).into_owned();
        assert_eq!(octets.len(), submit_sm().len());
        assert_eq!(octets[..16], submit_sm()[..16]);
        for secret in ["ACME", "7700900123", "Hi!", "token"] {
            assert!(!text.contains(secret), "{secret} in {text:?}");
        }
        assert!(text.contains("440000000000"), "{text:?}");
        assert!(octets.ends_with(b"\x02\x04\0\x02\x12\x34"));
    }

    #[test]
    fn several_are_masked_each_and_what_is_no_pdu_wholly() {
        let mut octets = [submit_sm(), submit_sm(), b"\0\0\0\x80broken but full of text".to_vec()].concat();
        Pdus.mask(&mut octets);
        let mut one = submit_sm();
        Pdus.mask(&mut one);
        assert_eq!(octets[..2 * one.len()], [&one[..], &one].concat());
        assert!(octets[2 * one.len()..].iter().all(|octet| *octet == 0));
    }

    #[test]
    fn pdus_are_shown_by_their_names() {
        let unbind = [16u32, 6, 0, 9].map(u32::to_be_bytes).concat();
        assert_eq!(
            Pdus.show(&[&unbind[..], b"\0"].concat()),
            "unbind 00000010000000060000000000000009, no PDU 00"
        );
    }
}
