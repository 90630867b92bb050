//! Frames as an ESME writes them.

use edgebind_smpp::{Bind, CommandId, CommandStatus, Pdu, encode, encode_header_only, frame};

/// A bind request.
pub(super) fn bind(
    command_id: CommandId,
    sequence_number: u32,
    version: u8,
    system_type: &str,
    range: &str,
) -> Result<Vec<u8>, String> {
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
        other => return Err(format!("{other} is no bind")),
    };
    let mut out = Vec::new();
    encode(&mut out, CommandStatus::ROK, sequence_number, &pdu)
        .map_err(|error| format!("the bind cannot be written: {error}"))?;
    Ok(out)
}

/// A PDU without a body.
pub(super) fn header_only(command_id: CommandId, status: CommandStatus, sequence_number: u32) -> Vec<u8> {
    let mut out = Vec::new();
    encode_header_only(&mut out, command_id, status, sequence_number);
    out
}

/// The frames of one `send`; what is left over, and is no whole one, comes last.
pub(super) fn split(octets: &[u8]) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    let mut rest = octets;
    while !rest.is_empty() {
        let length = frame::split(rest, usize::MAX).ok().flatten().unwrap_or(rest.len());
        let (frame, behind) = rest.split_at(length);
        frames.push(frame);
        rest = behind;
    }
    frames
}
