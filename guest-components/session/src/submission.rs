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
use edgebind_smpp::{
    CommandStatus, EsmClass, Mode, Npi, ReceiptOn, RegisteredDelivery, ShortMessage, SmDefaultMsgId, Ton, Type, text,
};

/// The message of this submit_sm.
pub(crate) fn read(sm: &ShortMessage<'_>, peer: Peer, settings: &Settings, now: Instant) -> Result<Message, CommandStatus> {
    let refuse_unless = |fine: bool, status: CommandStatus| if fine { Ok(()) } else { Err(status) };

    refuse_unless(reachable(sm.dest_addr_ton, sm.destination_addr), CommandStatus::RINVDSTADR)?;
    refuse_unless(submittable(sm.esm_class), CommandStatus::RINVESMCLASS)?;
    let schedule = sm.schedule_delivery_time.unix_ms(now);
    let validity = sm.validity_period.unix_ms(now);
    // What expires before it may go out would never go out.
    let earliest = schedule.unwrap_or(now).max(now);
    refuse_unless(validity.is_none_or(|validity| validity > earliest), CommandStatus::RINVEXPIRY)?;
    let receipts = receipts(sm.registered_delivery, peer)?;
    // Nothing can be replaced, and a message beside the one it was to replace would be sent twice.
    refuse_unless(!sm.replace_if_present_flag, CommandStatus::RINVREPFLAG)?;
    refuse_unless(sm.sm_default_msg_id == SmDefaultMsgId::NONE, CommandStatus::RINVDFTMSGID)?;
    let data = UserData::read(sm, peer, settings.alphabet)?;
    let excerpt = if settings.receipt_text {
        data.excerpt(sm.data_coding.0, settings.alphabet)
    } else {
        String::new()
    };

    Ok(Message {
        service_type: from_octets(sm.service_type),
        source: address(sm.source_addr_ton, sm.source_addr_npi, sm.source_addr),
        destination: address(sm.dest_addr_ton, sm.dest_addr_npi, sm.destination_addr),
        also_to: Vec::new(),
        esm_class: sm.esm_class.get(),
        protocol_id: sm.protocol_id,
        priority: sm.priority_flag.get(),
        schedule,
        validity,
        receipts,
        replace_if_present: false,
        data_coding: sm.data_coding.0,
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

fn address(ton: Ton, npi: Npi, digits: &[u8]) -> Address {
    Address {
        ton: ton.get(),
        npi: npi.get(),
        digits: from_octets(digits),
    }
}

/// Whether a message could go to this address: digits with `*` and `#`, a leading `+` allowed; or characters of any kind
/// where the type of number says so.
fn reachable(ton: Ton, address: &[u8]) -> bool {
    if ton == Ton::ALPHANUMERIC {
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
fn submittable(esm_class: EsmClass) -> bool {
    let from_an_esme = matches!(
        esm_class.message_type(),
        Type::Message | Type::DeliveryAcknowledgement | Type::UserAcknowledgement
    );
    from_an_esme && esm_class.mode() != Mode::Transaction
}

/// The receipts asked for. "On success only" is reserved in 3.4; peers that bound as 5.0 may ask for it.
fn receipts(wanted: RegisteredDelivery, peer: Peer) -> Result<Receipts, CommandStatus> {
    let (success, failure) = match wanted.receipt() {
        ReceiptOn::Nothing => (false, false),
        ReceiptOn::Everything => (true, true),
        ReceiptOn::Failure => (false, true),
        ReceiptOn::Success if peer.speaks_5() => (true, false),
        ReceiptOn::Success => return Err(CommandStatus::RINVREGDLVFLG),
    };
    Ok(Receipts {
        success,
        failure,
        intermediate: wanted.wants_intermediate(),
    })
}
