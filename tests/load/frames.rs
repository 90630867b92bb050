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

/// A message of one part; its sequence_number stands behind twelve octets.
pub(crate) fn submit_sm() -> Vec<u8> {
    encoded(&Pdu::SubmitSm(ShortMessage {
        source_addr_ton: Ton::ALPHANUMERIC,
        source_addr: b"LOAD",
        dest_addr_ton: Ton::INTERNATIONAL,
        dest_addr_npi: Npi::ISDN,
        destination_addr: b"447700900123",
        short_message: b"Forty characters of text, more or less..",
        tlvs: Tlvs::EMPTY,
        ..ShortMessage::default()
    }))
}

pub(crate) fn unbind() -> Vec<u8> {
    encoded(&Pdu::Unbind)
}

fn encoded(pdu: &Pdu<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    encode(&mut out, CommandStatus::ROK, 1, pdu).expect("what the load client says fits its fields");
    out
}
