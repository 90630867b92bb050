//! From a frame to a PDU, borrowing every string from the frame.

use core::fmt;

use super::Pdu;
use crate::frame::HEADER_LEN;
use crate::{CommandId, CommandStatus, Header, Tlvs};

/// What a decoder takes beyond the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a password with its NUL; below 9 it means 9.
    pub password: usize,
}

impl Limits {
    /// SMPP 3.4 to the letter.
    pub const STRICT: Self = Self { password: 9 };

    /// Takes passwords that SMPP cannot carry, for peers whose credentials come from elsewhere.
    pub const LONG_PASSWORDS: Self = Self { password: 129 };
}

/// Decodes one whole frame by the specification's limits; see [`decode_within`].
///
/// # Errors
/// As [`decode_within`].
pub fn decode(frame: &[u8]) -> Result<(Header, Pdu<'_>), DecodeError> {
    decode_within(frame, Limits::STRICT)
}

/// Decodes one whole frame.
///
/// Forgives what clients in the field do: octets behind the body of a PDU that has no optional parameters, a stray NUL
/// in front of those, up to three octets behind them, responses without a body.
///
/// # Errors
/// The peer is to blame; the error says what to answer. No error leaves the stream out of step: the next frame may be fine.
pub fn decode_within(frame: &[u8], limits: Limits) -> Result<(Header, Pdu<'_>), DecodeError> {
    let (Some(header), Some(body)) = (Header::read(frame), frame.get(HEADER_LEN..)) else {
        return Err(DecodeError::of_no_header(frame.len()));
    };
    let mut reader = Reader { rest: body, limits };
    let read = if usize::try_from(header.command_length) == Ok(frame.len()) {
        Pdu::read(header.command_id, &mut reader)
    } else {
        Err(Problem::frame_length(frame.len()))
    };
    match read {
        Ok(Some(pdu)) => Ok((header, pdu)),
        Ok(None) => Err(DecodeError::new(header, Problem::COMMAND_ID)),
        Err(problem) => Err(DecodeError::new(header, problem)),
    }
}

/// Why a frame is no PDU. The peer is to blame; what follows is [`refusal`](crate::refusal) with `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// The frame's header; all zero when there was none.
    pub header: Header,
    /// The command_status to answer with.
    pub status: CommandStatus,
    /// The field that is wrong.
    pub what: &'static str,
    fault: Fault,
}

impl DecodeError {
    #[cold]
    fn new(header: Header, Problem { status, what, fault }: Problem) -> Self {
        Self {
            header,
            status,
            what,
            fault,
        }
    }

    #[cold]
    fn of_no_header(frame_len: usize) -> Self {
        let header = Header {
            command_length: 0,
            command_id: CommandId(0),
            command_status: CommandStatus::ROK,
            sequence_number: 0,
        };
        Self::new(header, Problem::frame_length(frame_len))
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { header, what, .. } = self;
        let command = header.command_id;
        match self.fault {
            Fault::NoSuchCommand => write!(f, "unknown command_id {command}"),
            Fault::FrameLength(length) => write!(f, "{what} {} in a frame of {length}", header.command_length),
            Fault::Missing => write!(f, "{command} ends before {what}"),
            Fault::TooLong(octets) => write!(f, "{command} {what} exceeds {octets} octets"),
            Fault::Unterminated => write!(f, "{command} {what} has no NUL"),
            Fault::NoTime(octets) => write!(f, "{command} {what} has {octets} characters, not 0 or 16"),
            Fault::PastEnd => write!(f, "{command} {what} runs past the end"),
        }
    }
}

impl core::error::Error for DecodeError {}

/// What is wrong with one field.
#[derive(Clone, Copy)]
pub(super) struct Problem {
    status: CommandStatus,
    what: &'static str,
    fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    NoSuchCommand,
    FrameLength(usize),
    Missing,
    TooLong(usize),
    Unterminated,
    NoTime(usize),
    PastEnd,
}

impl Problem {
    const COMMAND_ID: Self = Self {
        status: CommandStatus::RINVCMDID,
        what: "command_id",
        fault: Fault::NoSuchCommand,
    };

    fn frame_length(length: usize) -> Self {
        Self {
            status: CommandStatus::RINVCMDLEN,
            what: "command_length",
            fault: Fault::FrameLength(length),
        }
    }

    fn missing(what: &'static str) -> Self {
        Self {
            status: CommandStatus::RINVCMDLEN,
            what,
            fault: Fault::Missing,
        }
    }
}

/// Characters of a time that is not empty.
pub(super) const TIME_LEN: usize = 16;

/// The part of a body that is not read yet. A method for every kind of field in the table.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    limits: Limits,
}

impl<'a> Reader<'a> {
    pub(super) fn octet(&mut self, what: &'static str) -> Result<u8, Problem> {
        let (&octet, rest) = self.rest.split_first().ok_or(Problem::missing(what))?;
        self.rest = rest;
        Ok(octet)
    }

    /// A C-octet string of at most `max` octets with its NUL.
    pub(super) fn c_octets(&mut self, what: &'static str, max: usize, status: CommandStatus) -> Result<&'a [u8], Problem> {
        let within = &self.rest[..self.rest.len().min(max)];
        let Some(end) = within.iter().position(|&octet| octet == 0) else {
            return Err(match within.len() {
                0 => Problem::missing(what),
                length if length == max => Problem {
                    status,
                    what,
                    fault: Fault::TooLong(max - 1),
                },
                _ => Problem {
                    status,
                    what,
                    fault: Fault::Unterminated,
                },
            });
        };
        self.rest = &self.rest[end + 1..];
        Ok(&within[..end])
    }

    /// A C-octet string of a response, which may have no body at all.
    pub(super) fn c_octets_if_any(&mut self, what: &'static str, max: usize, status: CommandStatus) -> Result<&'a [u8], Problem> {
        if self.rest.is_empty() {
            Ok(&[])
        } else {
            self.c_octets(what, max, status)
        }
    }

    pub(super) fn address(&mut self, what: &'static str, max: usize, status: CommandStatus) -> Result<&'a [u8], Problem> {
        self.c_octets(what, max, status)
    }

    pub(super) fn password(&mut self, what: &'static str, max: usize, status: CommandStatus) -> Result<&'a [u8], Problem> {
        self.c_octets(what, self.limits.password.max(max), status)
    }

    /// A C-octet string of no or 16 characters.
    pub(super) fn time(&mut self, what: &'static str, status: CommandStatus) -> Result<&'a [u8], Problem> {
        let time = self.c_octets(what, TIME_LEN + 1, status)?;
        match time.len() {
            0 | TIME_LEN => Ok(time),
            length => Err(Problem {
                status,
                what,
                fault: Fault::NoTime(length),
            }),
        }
    }

    /// An octet that counts, and as many octets as it says.
    pub(super) fn counted(&mut self, what: &'static str, _max: usize, status: CommandStatus) -> Result<&'a [u8], Problem> {
        let length = self.octet(what)?;
        let (octets, rest) = self.rest.split_at_checked(usize::from(length)).ok_or(Problem {
            status,
            what,
            fault: Fault::PastEnd,
        })?;
        self.rest = rest;
        Ok(octets)
    }

    /// All that is left.
    pub(super) fn tlvs(&mut self, what: &'static str) -> Result<Tlvs<'a>, Problem> {
        let status = CommandStatus::RINVOPTPARSTREAM;
        let tlvs = Tlvs::read(self.rest).ok_or(Problem {
            status,
            what,
            fault: Fault::PastEnd,
        })?;
        self.rest = &[];
        Ok(tlvs)
    }
}
