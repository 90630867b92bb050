//! PDUs of the recordings: made, shown by name, and masked.

use edgebind_runtime::recording::Frames;
use edgebind_smpp::{CommandStatus, Pdu, decode, encode};

/// Reads PDUs as the gateway does.
pub(crate) struct Pdus;

impl Frames for Pdus {
    fn show(&self, octets: &[u8]) -> String {
        let name = decode(octets).map_or_else(|_| "octets".to_owned(), |(header, _)| header.command_id.to_string());
        let hex: String = octets.iter().skip(4).map(|octet| format!("{octet:02x}")).collect();
        format!("{name} {hex}")
    }

    fn mask(&self, octets: &mut Vec<u8>) {
        let masked = match decode(octets).unwrap() {
            (header, Pdu::SubmitSm(mut message)) => {
                let text = vec![b'x'; message.short_message.len()];
                message.source_addr = b"xxxx";
                message.destination_addr = b"440000000000";
                message.short_message = &text;
                frame(header.sequence_number, &Pdu::SubmitSm(message))
            }
            _ => return,
        };
        *octets = masked;
    }
}

pub(crate) fn frame(sequence_number: u32, pdu: &Pdu<'_>) -> Vec<u8> {
    let mut frame = Vec::new();
    encode(&mut frame, CommandStatus::ROK, sequence_number, pdu).unwrap();
    frame
}
