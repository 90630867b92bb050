//! What query_sm, cancel_sm and replace_sm ask. An address that is empty is not compared: clients leave it out as often as the
//! specification says that it "must match".

use crate::{
    fields,
    message::Address,
    reading::Terms,
    session::{Cancel, Query, Replacement},
    text::from_octets,
};
use edgebind_smpp::{CancelSm, CommandStatus, Npi, QuerySm, ReplaceSm, Ton};

/// What became of this message? (SMPP 3.4 §4.8)
pub(crate) fn query(sm: &QuerySm<'_>, terms: Terms<'_>) -> Result<Query, CommandStatus> {
    Ok(Query {
        id: id(sm.message_id, terms)?,
        source: address(sm.source_addr_ton, sm.source_addr_npi, sm.source_addr),
    })
}

/// Take this message back; or, without an id, all from this source to this destination (SMPP 3.4 §4.9). Without a destination
/// that would be every message of the account, which nobody asks for on purpose.
pub(crate) fn cancel(sm: &CancelSm<'_>, terms: Terms<'_>) -> Result<Cancel, CommandStatus> {
    let one = !sm.message_id.is_empty();
    if !one && sm.destination_addr.is_empty() {
        return Err(CommandStatus::RINVDSTADR);
    }
    Ok(Cancel {
        id: if one { Some(id(sm.message_id, terms)?) } else { None },
        source: address(sm.source_addr_ton, sm.source_addr_npi, sm.source_addr),
        destination: address(sm.dest_addr_ton, sm.dest_addr_npi, sm.destination_addr),
        // It narrows a group; one message is named well enough.
        service_type: (!one && !sm.service_type.is_empty()).then(|| from_octets(sm.service_type)),
    })
}

/// Send this instead (SMPP 3.4 §4.10). There is no data_coding: the text is in the message's own. Octets that come packed cannot
/// be told from such that do not, so who packs does not replace.
pub(crate) fn replace(sm: &ReplaceSm<'_>, terms: Terms<'_>) -> Result<Replacement, CommandStatus> {
    if terms.settings.packed {
        return Err(CommandStatus::RREPLACEFAIL);
    }
    let id = id(sm.message_id, terms)?;
    let (schedule, validity) = fields::times(sm.schedule_delivery_time, sm.validity_period, terms)?;
    let receipts = fields::receipts(sm.registered_delivery, terms)?;
    fields::no_canned_message(sm.sm_default_msg_id)?;
    Ok(Replacement {
        id,
        source: address(sm.source_addr_ton, sm.source_addr_npi, sm.source_addr),
        schedule,
        validity,
        receipts,
        payload: fields::short_message(sm.short_message, terms)?.to_vec(),
    })
}

/// The id as the account writes ids; what cannot be one of ours names no message.
fn id(octets: &[u8], terms: Terms<'_>) -> Result<String, CommandStatus> {
    terms.settings.message_id.read(octets).ok_or(CommandStatus::RINVMSGID)
}

fn address(ton: Ton, npi: Npi, digits: &[u8]) -> Option<Address> {
    (!digits.is_empty()).then(|| fields::address(ton, npi, digits))
}
