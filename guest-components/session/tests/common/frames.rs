//! Frames as an ESME writes them.

use edgebind_smpp::{Bind, CommandId, CommandStatus, Npi, Pdu, ShortMessage, Ton, encode, encode_header_only, frame};

pub(crate) fn bind(command_id: CommandId, sequence_number: u32, version: u8, system_type: &str, range: &str) -> Vec<u8> {
    let bind = Bind {
        system_id: b"esme",
        password: b"********",
        system_type: system_type.as_bytes(),
        interface_version: version,
        address_range: range.as_bytes(),
        ..Bind::default()
    };
    let pdu = match command_id {
        CommandId::BIND_TRANSMITTER => Pdu::BindTransmitter(bind),
        CommandId::BIND_RECEIVER => Pdu::BindReceiver(bind),
        CommandId::BIND_TRANSCEIVER => Pdu::BindTransceiver(bind),
        other => panic!("{other} is no bind"),
    };
    encoded(sequence_number, &pdu)
}

/// The envelope that a test changes where it means to.
pub(crate) fn to_a_phone() -> ShortMessage<'static> {
    ShortMessage {
        source_addr_ton: Ton::ALPHANUMERIC,
        source_addr: b"ACME",
        dest_addr_ton: Ton::INTERNATIONAL,
        dest_addr_npi: Npi::ISDN,
        destination_addr: b"447700900000",
        ..ShortMessage::default()
    }
}

pub(crate) fn header_only(command_id: CommandId, status: CommandStatus, sequence_number: u32) -> Vec<u8> {
    let mut out = Vec::new();
    encode_header_only(&mut out, command_id, status, sequence_number);
    out
}

/// The answer to a deliver_sm or data_sm as most clients write it: with the NUL of an empty message_id.
pub(crate) fn delivered(request: CommandId, status: CommandStatus, sequence_number: u32) -> Vec<u8> {
    let mut out = header_only(request.response(), status, sequence_number);
    out.push(0);
    out[3] = 17;
    out
}

pub(crate) fn encoded(sequence_number: u32, pdu: &Pdu<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    encode(&mut out, CommandStatus::ROK, sequence_number, pdu).unwrap();
    out
}

/// The frames of one `send`.
pub(crate) fn split(octets: &[u8]) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    let mut rest = octets;
    while !rest.is_empty() {
        let length = frame::split(rest, 1 << 20).unwrap().unwrap();
        frames.push(&rest[..length]);
        rest = &rest[length..];
    }
    frames
}
