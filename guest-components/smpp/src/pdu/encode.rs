//! From a PDU to a frame, appended to the caller's buffer: that buffer is all that is allocated.

use alloc::vec::Vec;
use core::fmt;

use super::Pdu;
use super::decode::is_printable;
use super::destinations::Destinations;
use super::unsuccesses::Unsuccesses;
use crate::frame::HEADER_LEN;
use crate::value::Value;
use crate::{CommandId, CommandStatus, Header, Limits, Time, Tlvs};

/// Appends one frame. Its length is exact: clients fail on an octet too many.
///
/// A submit_sm_resp or bind response with an error has no body in SMPP 3.4: for those see [`refusal`].
///
/// # Errors
/// A field does not fit its place on the wire. The caller is to blame; `out` is as it was.
pub fn encode(out: &mut Vec<u8>, status: CommandStatus, sequence_number: u32, pdu: &Pdu<'_>) -> Result<(), EncodeError> {
    let length = HEADER_LEN + pdu.body_len();
    let command_length = u32::try_from(length).map_err(|_| EncodeError::too_long("tlvs", length, u32::MAX as usize))?;
    let header = Header {
        command_length,
        command_id: pdu.command_id(),
        command_status: status,
        sequence_number,
    };
    let start = out.len();
    out.reserve(length);
    out.extend_from_slice(&header.octets());
    let written = pdu.write(&mut Writer { out });
    match written {
        Ok(()) => debug_assert_eq!(out.len() - start, length, "{header:?}"),
        Err(_) => out.truncate(start),
    }
    written
}

/// Appends a frame of sixteen octets.
pub fn encode_header_only(out: &mut Vec<u8>, command_id: CommandId, command_status: CommandStatus, sequence_number: u32) {
    let header = Header {
        command_length: HEADER_LEN as u32,
        command_id,
        command_status,
        sequence_number,
    };
    out.extend_from_slice(&header.octets());
}

/// Appends the response that refuses a bind request, in the form that every known client reads: header only to a
/// transmitter or a receiver (SMPP 3.4 §4.1.2, §4.1.4), an empty system_id to a transceiver.
pub fn bind_refusal(out: &mut Vec<u8>, request: CommandId, status: CommandStatus, sequence_number: u32) {
    if request == CommandId::BIND_TRANSCEIVER {
        with_body(out, request.response(), status, sequence_number, &[0]);
    } else {
        encode_header_only(out, request.response(), status, sequence_number);
    }
}

/// Appends the response that refuses any request: its own where it has one, generic_nack otherwise (SMPP 3.4 §4.3.1).
///
/// Clients want a body in some of the responses that have nothing to say: a query_sm_resp, a data_sm_resp or a
/// submit_multi_resp then has one.
pub fn refusal(out: &mut Vec<u8>, request: CommandId, status: CommandStatus, sequence_number: u32) {
    match request {
        CommandId::BIND_TRANSMITTER | CommandId::BIND_RECEIVER | CommandId::BIND_TRANSCEIVER => {
            bind_refusal(out, request, status, sequence_number);
        }
        // message_id, final_date, message_state, error_code
        CommandId::QUERY_SM => with_body(out, request.response(), status, sequence_number, &[0; 4]),
        CommandId::DATA_SM => with_body(out, request.response(), status, sequence_number, &[0]),
        // message_id, no_unsuccess
        CommandId::SUBMIT_MULTI => with_body(out, request.response(), status, sequence_number, &[0; 2]),
        CommandId::SUBMIT_SM
        | CommandId::DELIVER_SM
        | CommandId::UNBIND
        | CommandId::REPLACE_SM
        | CommandId::CANCEL_SM
        | CommandId::ENQUIRE_LINK
        | CommandId::BROADCAST_SM
        | CommandId::QUERY_BROADCAST_SM
        | CommandId::CANCEL_BROADCAST_SM => encode_header_only(out, request.response(), status, sequence_number),
        _ => encode_header_only(out, CommandId::GENERIC_NACK, status, sequence_number),
    }
}

fn with_body<const N: usize>(
    out: &mut Vec<u8>,
    command_id: CommandId,
    command_status: CommandStatus,
    sequence_number: u32,
    body: &[u8; N],
) {
    let header = Header {
        command_length: (HEADER_LEN + N) as u32,
        command_id,
        command_status,
        sequence_number,
    };
    out.extend_from_slice(&header.octets());
    out.extend_from_slice(body);
}

/// A field does not fit its place on the wire. We are to blame, or whoever gave us the value; nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodeError {
    /// Which field.
    pub what: &'static str,
    fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    TooLong { length: usize, max: usize },
    TooMany { max: usize },
    None,
    NulInside,
    NotPrintable,
}

impl EncodeError {
    const fn too_long(what: &'static str, length: usize, max: usize) -> Self {
        Self {
            what,
            fault: Fault::TooLong { length, max },
        }
    }

    pub(super) const fn too_many(what: &'static str, max: usize) -> Self {
        Self {
            what,
            fault: Fault::TooMany { max },
        }
    }

    pub(super) const fn none(what: &'static str) -> Self {
        Self {
            what,
            fault: Fault::None,
        }
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, fault } = self;
        match fault {
            Fault::TooLong { length, max } => write!(f, "{what} of {length} octets exceeds {max}"),
            Fault::NulInside => write!(f, "{what} has a NUL inside"),
            Fault::NotPrintable => write!(f, "{what} has a character that is not printable ASCII"),
            Fault::TooMany { max } => write!(f, "{what} exceeds {max}"),
            Fault::None => write!(f, "{what} is none"),
        }
    }
}

impl core::error::Error for EncodeError {}

/// Octets of the longest password that is written, with its NUL.
const PASSWORD_MAX: usize = Limits::LONG_PASSWORDS.password;

/// A body being written. A method for every kind of field in the table.
pub(super) struct Writer<'o> {
    out: &'o mut Vec<u8>,
}

impl<'o> Writer<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out }
    }

    /// An octet that may have any value.
    pub(super) fn octet(&mut self, _what: &'static str, value: impl Into<u8>) -> Result<(), EncodeError> {
        self.out.push(value.into());
        Ok(())
    }

    /// An octet that has not every value.
    pub(super) fn value(&mut self, _what: &'static str, value: impl Value) -> Result<(), EncodeError> {
        self.out.push(value.octet());
        Ok(())
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.out.extend_from_slice(&value.to_be_bytes());
    }

    /// A C-octet string of at most `max` octets with its NUL.
    fn c_octets(&mut self, what: &'static str, value: &[u8], max: usize) -> Result<(), EncodeError> {
        fits(what, value.len(), max - 1)?;
        if value.contains(&0) {
            return Err(EncodeError {
                what,
                fault: Fault::NulInside,
            });
        }
        self.out.extend_from_slice(value);
        self.out.push(0);
        Ok(())
    }

    /// A C-octet string of printable ASCII.
    pub(super) fn printable(&mut self, what: &'static str, value: &[u8], max: usize) -> Result<(), EncodeError> {
        fits(what, value.len(), max - 1)?;
        if !value.iter().all(|octet| is_printable(*octet)) {
            return Err(EncodeError {
                what,
                fault: Fault::NotPrintable,
            });
        }
        self.out.extend_from_slice(value);
        self.out.push(0);
        Ok(())
    }

    pub(super) fn address(&mut self, what: &'static str, value: &[u8], max: usize) -> Result<(), EncodeError> {
        self.printable(what, value, max)
    }

    /// Longer than SMPP allows where the caller wants it: whoever takes it has agreed to.
    pub(super) fn password(&mut self, what: &'static str, value: &[u8], max: usize) -> Result<(), EncodeError> {
        self.c_octets(what, value, max.max(PASSWORD_MAX))
    }

    /// A C-octet string of no or 16 characters.
    pub(super) fn time(&mut self, _what: &'static str, value: Time) -> Result<(), EncodeError> {
        if let Some(characters) = value.characters() {
            self.out.extend_from_slice(&characters);
        }
        self.out.push(0);
        Ok(())
    }

    pub(super) fn destinations(&mut self, _what: &'static str, value: Destinations<'_>) -> Result<(), EncodeError> {
        value.write(self.out)
    }

    pub(super) fn unsuccesses(&mut self, _what: &'static str, value: Unsuccesses<'_>) -> Result<(), EncodeError> {
        value.write(self.out);
        Ok(())
    }

    /// An octet that counts, and the octets.
    pub(super) fn counted(&mut self, what: &'static str, value: &[u8], max: usize) -> Result<(), EncodeError> {
        fits(what, value.len(), max)?;
        let length = u8::try_from(value.len()).expect("the table counts at most 255 octets");
        self.out.push(length);
        self.out.extend_from_slice(value);
        Ok(())
    }

    pub(super) fn tlvs(&mut self, _what: &'static str, value: Tlvs<'_>) -> Result<(), EncodeError> {
        self.out.extend_from_slice(value.octets());
        Ok(())
    }
}

fn fits(what: &'static str, length: usize, max: usize) -> Result<(), EncodeError> {
    if length <= max {
        Ok(())
    } else {
        Err(EncodeError::too_long(what, length, max))
    }
}
