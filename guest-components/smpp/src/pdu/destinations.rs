//! The destinations of a submit_multi: numbers and names of distribution lists, in any order (SMPP 3.4 §4.5.1.1).

use alloc::vec::Vec;
use core::fmt;

use super::decode::{Problem, Reader};
use super::encode::{EncodeError, Writer};
use crate::{CommandStatus, Npi, Ton};

/// number_of_dests at most (SMPP 3.4 §5.2.24); a 255th is taken, as in version 5.0, and not written.
const COUNT_MAX: u8 = 254;

/// dest_flag: a number.
const FLAG_SME: u8 = 1;
/// dest_flag: a distribution list.
const FLAG_LIST: u8 = 2;

/// Octets of an address, and of a list's name, with the NUL.
const ADDRESS_MAX: usize = 21;

/// One destination.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Destination<'a> {
    /// A number.
    Sme {
        /// Type of number of `destination_addr`.
        dest_addr_ton: Ton,
        /// Numbering plan of `destination_addr`.
        dest_addr_npi: Npi,
        /// Who receives.
        destination_addr: &'a [u8],
    },
    /// The name of a list of numbers that the message centre keeps; never empty.
    List(&'a [u8]),
}

impl<'a> Destination<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Problem> {
        match reader.octet("dest_flag")? {
            FLAG_SME => Ok(Self::Sme {
                dest_addr_ton: reader.value("dest_addr_ton", CommandStatus::RINVDSTTON)?,
                dest_addr_npi: reader.value("dest_addr_npi", CommandStatus::RINVDSTNPI)?,
                destination_addr: reader.address("destination_addr", ADDRESS_MAX, CommandStatus::RINVDSTADR)?,
            }),
            FLAG_LIST => match reader.address("dl_name", ADDRESS_MAX, CommandStatus::RINVDLNAME)? {
                [] => Err(Problem::none(CommandStatus::RINVDLNAME, "dl_name")),
                name => Ok(Self::List(name)),
            },
            flag => Err(Problem::reserved(CommandStatus::RINVDESTFLAG, "dest_flag", flag)),
        }
    }

    fn write(self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        match self {
            Self::Sme {
                dest_addr_ton,
                dest_addr_npi,
                destination_addr,
            } => {
                writer.octet("dest_flag", FLAG_SME)?;
                writer.value("dest_addr_ton", dest_addr_ton)?;
                writer.value("dest_addr_npi", dest_addr_npi)?;
                writer.address("destination_addr", destination_addr, ADDRESS_MAX)
            }
            Self::List([]) => Err(EncodeError::none("dl_name")),
            Self::List(name) => {
                writer.octet("dest_flag", FLAG_LIST)?;
                writer.address("dl_name", name, ADDRESS_MAX)
            }
        }
    }
}

/// Shows lengths: numbers stay out of logs.
impl fmt::Debug for Destination<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sme {
                dest_addr_ton,
                dest_addr_npi,
                destination_addr,
            } => write!(f, "{dest_addr_ton}/{dest_addr_npi}[{}]", destination_addr.len()),
            Self::List(name) => write!(f, "list[{}]", name.len()),
        }
    }
}

/// The destinations of one submit_multi, in order. Checked when made: a walk over them cannot fail.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Destinations<'a> {
    count: u8,
    octets: &'a [u8],
}

impl<'a> Destinations<'a> {
    /// `octets` are so many destinations, each of which can be read.
    pub(super) const fn checked(count: u8, octets: &'a [u8]) -> Self {
        Self { count, octets }
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = Destination<'a>> + use<'a> {
        let mut reader = Reader::again(self.octets);
        (0..self.count).map_while(move |_| Destination::read(&mut reader).ok())
    }

    /// How many there are: number_of_dests. From a frame at least 1; 255 is version 5.0's.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there are none, as only in a submit_multi that is not written yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// As they stand on the wire, behind number_of_dests.
    pub(super) const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// The number, and the destinations.
    pub(super) fn write(self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self.count {
            0 => Err(EncodeError::none("number_of_dests")),
            count if count > COUNT_MAX => Err(too_many()),
            count => {
                out.push(count);
                out.extend_from_slice(self.octets);
                Ok(())
            }
        }
    }
}

fn too_many() -> EncodeError {
    EncodeError::too_many("number_of_dests", usize::from(COUNT_MAX))
}

impl fmt::Debug for Destinations<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Destinations being put together for a submit_multi.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DestinationList {
    count: u8,
    octets: Vec<u8>,
}

impl DestinationList {
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
    /// It does not fit its place on the wire, or it would be the 255th. The caller is to blame; the list is as it was.
    pub fn push(&mut self, destination: Destination<'_>) -> Result<(), EncodeError> {
        if self.count == COUNT_MAX {
            return Err(too_many());
        }
        let before = self.octets.len();
        let written = destination.write(&mut Writer::new(&mut self.octets));
        match written {
            Ok(()) => self.count += 1,
            Err(_) => self.octets.truncate(before),
        }
        written
    }

    /// The list as a PDU carries it.
    #[must_use]
    pub fn destinations(&self) -> Destinations<'_> {
        Destinations::checked(self.count, &self.octets)
    }
}

impl fmt::Debug for DestinationList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.destinations().fmt(f)
    }
}
