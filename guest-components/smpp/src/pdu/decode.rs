//! From a frame to a PDU, borrowing every string from the frame.

use core::fmt;

use super::Pdu;
use super::destinations::{Destination, Destinations};
use super::unsuccesses::{Unsuccess, Unsuccesses};
use crate::frame::HEADER_LEN;
use crate::time::{BadTime, TIME_LEN};
use crate::tlv::{Rule, TlvFault};
use crate::value::Value;
use crate::{CommandId, CommandStatus, Header, Time, Tlvs};

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
/// in front of those, up to three octets behind them, responses without a body, responses with an error and any body at all.
///
/// # Errors
/// The peer is to blame; the error says what to answer. No error leaves the stream out of step: the next frame may be fine.
pub fn decode_within(frame: &[u8], limits: Limits) -> Result<(Header, Pdu<'_>), DecodeError> {
    let (Some(header), Some(body)) = (Header::read(frame), frame.get(HEADER_LEN..)) else {
        return Err(DecodeError::of_no_header(frame.len()));
    };
    let mut reader = Reader {
        command: header.command_id,
        rest: body,
        limits,
    };
    let read = if usize::try_from(header.command_length) == Ok(frame.len()) {
        Pdu::read(header.command_id, &mut reader)
    } else {
        Err(Problem::frame_length(frame.len()))
    };
    match read {
        Ok(Some(pdu)) => Ok((header, pdu)),
        Ok(None) => Err(DecodeError::new(header, Problem::COMMAND_ID)),
        Err(problem) => match Pdu::empty(header.command_id).filter(|_| says_nothing(header, body, problem)) {
            Some(pdu) => Ok((header, pdu)),
            None => Err(DecodeError::new(header, problem)),
        },
    }
}

/// Whether what cannot be read may be left out: responses may lack their body, and with an error it means nothing.
fn says_nothing(header: Header, body: &[u8], problem: Problem) -> bool {
    let is_framed = !matches!(problem.fault, Fault::FrameLength(_));
    header.command_id.is_response() && is_framed && (body.is_empty() || !header.command_status.is_ok())
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
            Fault::NotPrintable => write!(f, "{command} {what} has a character that is not printable ASCII"),
            Fault::NoTime(bad) => write!(f, "{command} {what}: {bad}"),
            Fault::Reserved(octet) => write!(f, "{command} {what} {octet:#04x} is reserved"),
            Fault::None => write!(f, "{command} {what} is none"),
            Fault::Length(octets) => write!(f, "{command} {what} has {octets} octets"),
            Fault::Value => write!(f, "{command} {what} has a value that it cannot have"),
            Fault::PastEnd => write!(f, "{command} {what} runs past the end"),
        }
    }
}

impl core::error::Error for DecodeError {}

/// What is wrong with one field.
#[derive(Clone, Copy, Debug)]
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
    NotPrintable,
    NoTime(BadTime),
    Reserved(u8),
    None,
    PastEnd,
    Length(usize),
    Value,
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

    pub(super) fn reserved(status: CommandStatus, what: &'static str, octet: u8) -> Self {
        Self {
            status,
            what,
            fault: Fault::Reserved(octet),
        }
    }

    #[cold]
    fn parameter(rule: &Rule, fault: TlvFault) -> Self {
        let (status, fault) = match fault {
            TlvFault::Length(length) => (CommandStatus::RINVPARLEN, Fault::Length(length)),
            TlvFault::Value => (CommandStatus::RINVOPTPARAMVAL, Fault::Value),
        };
        let what = rule.tag.name().unwrap_or_default();
        Self { status, what, fault }
    }

    pub(super) fn none(status: CommandStatus, what: &'static str) -> Self {
        Self {
            status,
            what,
            fault: Fault::None,
        }
    }

    /// A string of which `length` octets are there, at most `max`, and no NUL among them.
    #[cold]
    fn endless(length: usize, what: &'static str, max: usize, status: CommandStatus) -> Self {
        match length {
            0 => Self::missing(what),
            length if length == max => Self {
                status,
                what,
                fault: Fault::TooLong(max - 1),
            },
            _ => Self {
                status,
                what,
                fault: Fault::Unterminated,
            },
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

/// The part of a body that is not read yet. A method for every kind of field in the table.
pub(super) struct Reader<'a> {
    command: CommandId,
    rest: &'a [u8],
    limits: Limits,
}

impl<'a> Reader<'a> {
    /// For a walk over what was read before.
    pub(super) fn again(octets: &'a [u8]) -> Self {
        Self {
            command: CommandId::default(),
            rest: octets,
            limits: Limits::STRICT,
        }
    }

    fn first<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Problem> {
        let (&octets, rest) = self.rest.split_first_chunk().ok_or(Problem::missing(what))?;
        self.rest = rest;
        Ok(octets)
    }

    /// An octet that may have any value.
    pub(super) fn octet<T: From<u8>>(&mut self, what: &'static str) -> Result<T, Problem> {
        self.first(what).map(|[octet]| T::from(octet))
    }

    /// An octet that has not every value.
    pub(super) fn value<T: Value>(&mut self, what: &'static str, status: CommandStatus) -> Result<T, Problem> {
        let [octet] = self.first(what)?;
        T::of(octet).ok_or(Problem::reserved(status, what, octet))
    }

    pub(super) fn u32(&mut self, what: &'static str) -> Result<u32, Problem> {
        self.first(what).map(u32::from_be_bytes)
    }

    /// A C-octet string of at most `max` octets with its NUL.
    fn c_octets(&mut self, what: &'static str, max: usize, status: CommandStatus) -> Result<&'a [u8], Problem> {
        let within = self.within(max);
        match within.iter().position(|&octet| octet == 0) {
            Some(end) => Ok(self.take_string(within, end)),
            None => Err(Problem::endless(within.len(), what, max, status)),
        }
    }

    /// A C-octet string of printable ASCII.
    pub(super) fn printable(&mut self, what: &'static str, max: usize, status: CommandStatus) -> Result<&'a [u8], Problem> {
        let within = self.within(max);
        // One look at each octet: the first that cannot be printed should be the NUL.
        match within.iter().position(|octet| !is_printable(*octet)) {
            Some(end) if within[end] == 0 => Ok(self.take_string(within, end)),
            Some(_) if within.contains(&0) => Err(Problem {
                status,
                what,
                fault: Fault::NotPrintable,
            }),
            _ => Err(Problem::endless(within.len(), what, max, status)),
        }
    }

    /// As much of what is left as a string of at most `max` octets may be.
    fn within(&self, max: usize) -> &'a [u8] {
        &self.rest[..self.rest.len().min(max)]
    }

    /// The octets before the NUL at `end`; what is behind it is left.
    fn take_string(&mut self, within: &'a [u8], end: usize) -> &'a [u8] {
        self.rest = &self.rest[end + 1..];
        &within[..end]
    }

    /// Printable ASCII whatever its type of number is: clients write names with every type there is.
    pub(super) fn address(&mut self, what: &'static str, max: usize, status: CommandStatus) -> Result<&'a [u8], Problem> {
        self.printable(what, max, status)
    }

    /// Characters of any kind: whoever knows the password says whether it is right.
    pub(super) fn password(&mut self, what: &'static str, max: usize, status: CommandStatus) -> Result<&'a [u8], Problem> {
        self.c_octets(what, self.limits.password.max(max), status)
    }

    /// A C-octet string of no or 16 characters.
    pub(super) fn time(&mut self, what: &'static str, status: CommandStatus) -> Result<Time, Problem> {
        if let [0, rest @ ..] = self.rest {
            self.rest = rest;
            return Ok(Time::None);
        }
        let characters = self.c_octets(what, TIME_LEN + 1, status)?;
        Time::parse(characters).map_err(|bad| Problem {
            status,
            what,
            fault: Fault::NoTime(bad),
        })
    }

    /// An octet that counts, and as many octets as it says.
    pub(super) fn counted(&mut self, what: &'static str, _max: usize, status: CommandStatus) -> Result<&'a [u8], Problem> {
        let length: u8 = self.octet(what)?;
        let (octets, rest) = self.rest.split_at_checked(usize::from(length)).ok_or(Problem {
            status,
            what,
            fault: Fault::PastEnd,
        })?;
        self.rest = rest;
        Ok(octets)
    }

    /// number_of_dests, and as many destinations.
    pub(super) fn destinations(&mut self, _what: &'static str, status: CommandStatus) -> Result<Destinations<'a>, Problem> {
        let what = "number_of_dests";
        let count: u8 = self.octet(what)?;
        if count == 0 {
            return Err(Problem::none(status, what));
        }
        let octets = self.each(count, |reader| Destination::read(reader).map(drop))?;
        Ok(Destinations::checked(count, octets))
    }

    /// no_unsuccess, and as many destinations with what is wrong with them.
    pub(super) fn unsuccesses(&mut self, _what: &'static str) -> Result<Unsuccesses<'a>, Problem> {
        let count: u8 = self.octet("no_unsuccess")?;
        let octets = self.each(count, |reader| Unsuccess::read(reader).map(drop))?;
        Ok(Unsuccesses::checked(count, octets))
    }

    /// The octets of as many entries of a list, each of which can be read.
    fn each(&mut self, count: u8, mut read: impl FnMut(&mut Self) -> Result<(), Problem>) -> Result<&'a [u8], Problem> {
        let entries = self.rest;
        for _ in 0..count {
            read(self)?;
        }
        Ok(&entries[..entries.len() - self.rest.len()])
    }

    /// All that is left.
    pub(super) fn tlvs(&mut self, what: &'static str) -> Result<Tlvs<'a>, Problem> {
        let tlvs = Tlvs::read(self.rest).ok_or(Problem {
            status: CommandStatus::RINVOPTPARSTREAM,
            what,
            fault: Fault::PastEnd,
        })?;
        self.rest = &[];
        match tlvs.first_fault(self.command) {
            None => Ok(tlvs),
            Some((rule, fault)) => Err(Problem::parameter(rule, fault)),
        }
    }
}

/// Whether this is a printable ASCII character.
pub(super) fn is_printable(octet: u8) -> bool {
    (b' '..=b'~').contains(&octet)
}
