//! alert_notification: an address can be reached again, or cannot (SMPP 3.4 §4.12). Nothing answers it.

use crate::{
    endpoint::Endpoint,
    message::{Alert, Availability},
    peer::Peer,
    undeliverable::Undeliverable,
};
use edgebind_smpp::{AlertNotification, CommandStatus, Pdu, Tag, TlvList, encode};

/// Appends the PDU; nothing where there is an error.
pub(crate) fn write(out: &mut Vec<u8>, sequence_number: u32, alert: &Alert, peer: Peer) -> Result<(), Undeliverable> {
    // Version 3.3 has no such PDU, and who knows it knows optional parameters.
    if !peer.takes_tlvs() {
        return Err(Undeliverable(CommandStatus::RINVCMDID));
    }
    let source = Endpoint::source(&alert.source)?;
    let esme = Endpoint::destination(&alert.destination)?;
    let mut tlvs = TlvList::new();
    if let Some(availability) = alert.availability {
        tlvs.push_u8(
            Tag::MS_AVAILABILITY_STATUS,
            match availability {
                Availability::Available => 0,
                Availability::Denied => 1,
                Availability::Unavailable => 2,
            },
        );
    }
    let pdu = Pdu::AlertNotification(AlertNotification {
        source_addr_ton: source.ton,
        source_addr_npi: source.npi,
        source_addr: &source.digits,
        esme_addr_ton: esme.ton,
        esme_addr_npi: esme.npi,
        esme_addr: &esme.digits,
        tlvs: tlvs.tlvs(),
    });
    encode(out, CommandStatus::ROK, sequence_number, &pdu)?;
    Ok(())
}
