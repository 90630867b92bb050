//! The destinations that a submit_multi did not reach, each with its reason (SMPP 3.4 §4.5.2.1).

use alloc::vec::Vec;
use core::fmt;

use super::decode::{Problem, Reader};
use super::encode::{EncodeError, Writer};
use crate::{CommandStatus, Npi, Ton};

/// Octets of an address with the NUL.
const ADDRESS_MAX: usize = 21;

/// One destination that nothing was submitted to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Unsuccess<'a> {
    /// Type of number of `destination_addr`.
    pub dest_addr_ton: Ton,
    /// Numbering plan of `destination_addr`.
    pub dest_addr_npi: Npi,
    /// Who does not receive.
    pub destination_addr: &'a [u8],
    /// What a submit_sm to it would have been answered.
    pub error_status_code: CommandStatus,
}

impl<'a> Unsuccess<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Problem> {
        Ok(Self {
            dest_addr_ton: reader.value("dest_addr_ton", CommandStatus::RINVDSTTON)?,
            dest_addr_npi: reader.value("dest_addr_npi", CommandStatus::RINVDSTNPI)?,
            destination_addr: reader.address("destination_addr", ADDRESS_MAX, CommandStatus::RINVDSTADR)?,
            error_status_code: reader.u32("error_status_code").map(CommandStatus)?,
        })
    }

    fn write(self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.value("dest_addr_ton", self.dest_addr_ton)?;
        writer.value("dest_addr_npi", self.dest_addr_npi)?;
        writer.address("destination_addr", self.destination_addr, ADDRESS_MAX)?;
        writer.u32(self.error_status_code.0);
        Ok(())
    }
}

/// Shows the address's length: numbers stay out of logs.
impl fmt::Debug for Unsuccess<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.destination_addr.len();
        write!(
            f,
            "{}/{}[{length}] {}",
            self.dest_addr_ton, self.dest_addr_npi, self.error_status_code
        )
    }
}

/// The unsuccessful destinations of one submit_multi_resp, in order. Checked when made: a walk over them cannot fail.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Unsuccesses<'a> {
    count: u8,
    octets: &'a [u8],
}

impl<'a> Unsuccesses<'a> {
    /// `octets` are so many destinations, each of which can be read.
    pub(super) const fn checked(count: u8, octets: &'a [u8]) -> Self {
        Self { count, octets }
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = Unsuccess<'a>> + use<'a> {
        let mut reader = Reader::again(self.octets);
        (0..self.count).map_while(move |_| Unsuccess::read(&mut reader).ok())
    }

    /// How many there are: no_unsuccess.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether all went well.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// As they stand on the wire, behind no_unsuccess.
    pub(super) const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// The number, and the destinations.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        out.push(self.count);
        out.extend_from_slice(self.octets);
    }
}

impl fmt::Debug for Unsuccesses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Unsuccessful destinations being put together for a submit_multi_resp.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UnsuccessList {
    count: u8,
    octets: Vec<u8>,
}

impl UnsuccessList {
    /// An empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            count: 0,
            octets: Vec::new(),
        }
    }

    /// Appends a destination.
    ///
    /// # Errors
    /// It does not fit its place on the wire, or it would be the 256th. The caller is to blame; the list is as it was.
    pub fn push(&mut self, unsuccess: Unsuccess<'_>) -> Result<(), EncodeError> {
        let count = self
            .count
            .checked_add(1)
            .ok_or(EncodeError::too_many("no_unsuccess", usize::from(u8::MAX)))?;
        let before = self.octets.len();
        let written = unsuccess.write(&mut Writer::new(&mut self.octets));
        match written {
            Ok(()) => self.count = count,
            Err(_) => self.octets.truncate(before),
        }
        written
    }

    /// The list as a PDU carries it.
    #[must_use]
    pub fn unsuccesses(&self) -> Unsuccesses<'_> {
        Unsuccesses::checked(self.count, &self.octets)
    }
}

impl fmt::Debug for UnsuccessList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.unsuccesses().fmt(f)
    }
}
