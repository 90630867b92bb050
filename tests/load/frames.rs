//! What load clients say.

use edgebind_smpp::{Bind, CommandStatus, Npi, Pdu, ShortMessage, Tlvs, Ton, encode};

pub(crate) fn bind_transmitter(system_id: &str, password: &str) -> Vec<u8> {
    encoded(&Pdu::BindTransmitter(Bind {
        system_id: system_id.as_bytes(),
        password: password.as_bytes(),
        interface_version: 0x34,
        ..Bind::default()
    }))
}

/// Where messages go, but for the last digits.
const DESTINATION: &[u8; 12] = b"447700900123";

/// How many digits of a destination are each message's own.
const OWN_DIGITS: usize = 4;

/// A message of one part, to be [numbered](number).
pub(crate) fn submit_sm() -> Vec<u8> {
    encoded(&Pdu::SubmitSm(ShortMessage {
        source_addr_ton: Ton::ALPHANUMERIC,
        source_addr: b"LOAD",
        dest_addr_ton: Ton::INTERNATIONAL,
        dest_addr_npi: Npi::ISDN,
        destination_addr: DESTINATION,
        short_message: b"Forty characters of text, more or less..",
        tlvs: Tlvs::EMPTY,
        ..ShortMessage::default()
    }))
}

/// Gives a [`submit_sm`] its sequence_number, and one of ten thousand destinations by that: what goes to one goes in order.
pub(crate) fn number(frame: &mut [u8], sequence_number: u32) {
    frame[12..16].copy_from_slice(&sequence_number.to_be_bytes());
    // Behind the header service_type, two octets, source_addr "LOAD" and two more.
    const END: usize = 16 + 1 + 2 + 5 + 2 + DESTINATION.len();
    let mut rest = sequence_number;
    for digit in frame[END - OWN_DIGITS..END].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}

pub(crate) fn unbind() -> Vec<u8> {
    encoded(&Pdu::Unbind)
}

fn encoded(pdu: &Pdu<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    encode(&mut out, CommandStatus::ROK, 1, pdu).expect("what the load client says fits its fields");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_changes_sequence_number_and_destination_alone() {
        let (plain, mut frame) = (submit_sm(), submit_sm());
        number(&mut frame, 98_765);
        assert_eq!(frame[12..16], 98_765_u32.to_be_bytes());
        assert_eq!(&frame[26..38], b"447700908765");
        assert_eq!(
            (plain.len(), &plain[..12], &plain[16..34], &plain[38..]),
            (frame.len(), &frame[..12], &frame[16..34], &frame[38..])
        );
    }
}
