//! What a submit_sm asks for: its fields checked in their order, then the message that the host is to store. The error is the
//! command_status of its answer.
//!
//! Where clients in the field stray from the specification without being misunderstood they are let pass; where taking the
//! message would promise what nobody does, it is refused.

use crate::{
    message::{Address, Alphabet, Instant, Message, Receipts},
    peer::Peer,
    settings::Settings,
    text::from_octets,
    user_data::UserData,
};
use edgebind_smpp::{CommandStatus, ShortMessage, esm_class, registered_delivery, text, time};

/// Largest priority_flag (SMPP 3.4 §5.2.14).
const PRIORITY_MAX: u8 = 3;
/// Type of number: letters instead of digits.
const TON_ALPHANUMERIC: u8 = 5;

/// The message of this submit_sm.
pub(crate) fn read(sm: &ShortMessage<'_>, peer: Peer, settings: &Settings, now: Instant) -> Result<Message, CommandStatus> {
    let refuse_unless = |fine: bool, status: CommandStatus| if fine { Ok(()) } else { Err(status) };

    refuse_unless(ton(sm.source_addr_ton), CommandStatus::RINVSRCTON)?;
    refuse_unless(npi(sm.source_addr_npi), CommandStatus::RINVSRCNPI)?;
    refuse_unless(ton(sm.dest_addr_ton), CommandStatus::RINVDSTTON)?;
    refuse_unless(npi(sm.dest_addr_npi), CommandStatus::RINVDSTNPI)?;
    refuse_unless(reachable(sm.dest_addr_ton, sm.destination_addr), CommandStatus::RINVDSTADR)?;
    refuse_unless(submittable(sm.esm_class), CommandStatus::RINVESMCLASS)?;
    refuse_unless(sm.priority_flag <= PRIORITY_MAX, CommandStatus::RINVPRTFLG)?;
    let schedule = time::parse(sm.schedule_delivery_time, now).map_err(|_| CommandStatus::RINVSCHED)?;
    let validity = time::parse(sm.validity_period, now).map_err(|_| CommandStatus::RINVEXPIRY)?;
    // What expires before it may go out would never go out.
    let earliest = schedule.unwrap_or(now).max(now);
    refuse_unless(validity.is_none_or(|validity| validity > earliest), CommandStatus::RINVEXPIRY)?;
    let receipts = receipts(sm.registered_delivery, peer)?;
    // Nothing can be replaced, and a message beside the one it was to replace would be sent twice.
    refuse_unless(sm.replace_if_present_flag == 0, CommandStatus::RINVREPFLAG)?;
    refuse_unless(sm.sm_default_msg_id == 0, CommandStatus::RINVDFTMSGID)?;
    let data = UserData::read(sm, peer, settings.alphabet)?;
    let excerpt = if settings.receipt_text {
        data.excerpt(sm.data_coding, settings.alphabet)
    } else {
        String::new()
    };

    Ok(Message {
        service_type: from_octets(sm.service_type),
        source: address(sm.source_addr_ton, sm.source_addr_npi, sm.source_addr),
        destination: address(sm.dest_addr_ton, sm.dest_addr_npi, sm.destination_addr),
        also_to: Vec::new(),
        esm_class: sm.esm_class,
        protocol_id: sm.protocol_id,
        priority: sm.priority_flag,
        schedule,
        validity,
        receipts,
        replace_if_present: false,
        data_coding: sm.data_coding,
        alphabet: match settings.alphabet {
            text::Alphabet::Gsm => Alphabet::Gsm,
            text::Alphabet::Latin1 => Alphabet::Latin1,
            text::Alphabet::Ascii => Alphabet::Ascii,
            text::Alphabet::Utf8 => Alphabet::Utf8,
        },
        udh: data.udh.to_vec(),
        payload: data.payload.to_vec(),
        part: data.part,
        excerpt,
        tlvs: data.tlvs_left(sm.tlvs),
        metadata: Vec::new(),
    })
}

fn address(ton: u8, npi: u8, digits: &[u8]) -> Address {
    Address {
        ton,
        npi,
        digits: from_octets(digits),
    }
}

/// Whether this is a type of number (SMPP 3.4 §5.2.5).
fn ton(ton: u8) -> bool {
    ton <= 6
}

/// Whether this is a numbering plan (SMPP 3.4 §5.2.6), or one of 2, 5, 7 and 13, which other tables name and clients send.
fn npi(npi: u8) -> bool {
    matches!(npi, 0..=10 | 13 | 14 | 18)
}

/// Whether a message could go to this address: digits with `*` and `#`, a leading `+` allowed; or characters of any kind
/// where the type of number says so.
fn reachable(ton: u8, address: &[u8]) -> bool {
    if ton == TON_ALPHANUMERIC {
        return !address.is_empty() && address.iter().all(u8::is_ascii_graphic);
    }
    let digits = address.strip_prefix(b"+").unwrap_or(address);
    digits.iter().any(u8::is_ascii_digit)
        && digits
            .iter()
            .all(|&octet| octet.is_ascii_digit() || matches!(octet, b'*' | b'#'))
}

/// Whether an ESME may submit with this esm_class (SMPP 3.4 §5.2.12): transaction mode is for data_sm, and of the types it has
/// only the message and the two acknowledgements.
fn submittable(esm: u8) -> bool {
    let from_an_esme = matches!(
        esm_class::message_type(esm),
        esm_class::TYPE_MESSAGE | esm_class::TYPE_DELIVERY_ACKNOWLEDGEMENT | esm_class::TYPE_USER_ACKNOWLEDGEMENT
    );
    from_an_esme && esm_class::mode(esm) != esm_class::MODE_TRANSACTION
}

/// The receipts asked for. 3 is reserved in 3.4 and means "on success only" to peers that bound as 5.0.
fn receipts(wanted: u8, peer: Peer) -> Result<Receipts, CommandStatus> {
    let (success, failure) = match registered_delivery::receipt(wanted) {
        registered_delivery::RECEIPT_NONE => (false, false),
        registered_delivery::RECEIPT_ALWAYS => (true, true),
        registered_delivery::RECEIPT_ON_FAILURE => (false, true),
        _ if peer.speaks_5() => (true, false),
        _ => return Err(CommandStatus::RINVREGDLVFLG),
    };
    if wanted & registered_delivery::RESERVED != 0 {
        return Err(CommandStatus::RINVREGDLVFLG);
    }
    Ok(Receipts {
        success,
        failure,
        intermediate: registered_delivery::wants_intermediate(wanted),
    })
}
