//! Addresses of the contract as the wire has them, checked: one for each end of a delivery.

use crate::{message::Address, text::to_octets, undeliverable::Undeliverable};
use edgebind_smpp::{CommandStatus, Npi, Ton};

/// One end of a delivery.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) ton: Ton,
    pub(crate) npi: Npi,
    pub(crate) digits: Vec<u8>,
}

impl Endpoint {
    pub(crate) fn source(address: &Address) -> Result<Self, Undeliverable> {
        Self::of(address, CommandStatus::RINVSRCTON, CommandStatus::RINVSRCNPI)
    }

    pub(crate) fn destination(address: &Address) -> Result<Self, Undeliverable> {
        Self::of(address, CommandStatus::RINVDSTTON, CommandStatus::RINVDSTNPI)
    }

    fn of(address: &Address, bad_ton: CommandStatus, bad_npi: CommandStatus) -> Result<Self, Undeliverable> {
        Ok(Self {
            ton: Ton::new(address.ton).ok_or(Undeliverable(bad_ton))?,
            npi: Npi::new(address.npi).ok_or(Undeliverable(bad_npi))?,
            digits: to_octets(&address.digits),
        })
    }
}
