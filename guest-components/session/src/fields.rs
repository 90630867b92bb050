//! Fields that several requests have: what each is worth, or the command_status that it is refused with.
//!
//! Where clients in the field stray from the specification without being misunderstood they are let pass; where taking the
//! message would promise what nobody does, it is refused.

use crate::{
    message::{Address, Instant, Receipts},
    reading::Terms,
    settings::Acknowledgements,
    text::from_octets,
};
use edgebind_smpp::{CommandStatus, EsmClass, Mode, Npi, ReceiptOn, RegisteredDelivery, SmDefaultMsgId, Time, Ton, Type};

/// Largest sm_length (SMPP 3.4 §5.2.21); 255 is version 5.0's.
const SHORT_MESSAGE_MAX: usize = 254;

pub(crate) fn address(ton: Ton, npi: Npi, digits: &[u8]) -> Address {
    Address {
        ton: ton.get(),
        npi: npi.get(),
        digits: from_octets(digits),
    }
}

/// A service_type that the account may use; the empty one always is.
pub(crate) fn service_type(service_type: &[u8], terms: Terms<'_>) -> Result<(), CommandStatus> {
    let known = &terms.settings.service_types;
    let fine = known.is_empty() || service_type.is_empty() || known.iter().any(|known| known.as_bytes() == service_type);
    refuse_unless(fine, CommandStatus::RINVSERTYP)
}

/// A destination that a message could go to: digits with `*` and `#`, a leading `+` allowed; or characters of any kind where
/// the type of number says so.
pub(crate) fn destination(ton: Ton, address: &[u8]) -> Result<(), CommandStatus> {
    let digits = address.strip_prefix(b"+").unwrap_or(address);
    let reachable = if ton == Ton::ALPHANUMERIC {
        !address.is_empty() && address.iter().all(u8::is_ascii_graphic)
    } else {
        digits.iter().any(u8::is_ascii_digit)
            && digits
                .iter()
                .all(|&octet| octet.is_ascii_digit() || matches!(octet, b'*' | b'#'))
    };
    refuse_unless(reachable, CommandStatus::RINVDSTADR)
}

/// An esm_class that an ESME may submit with (SMPP 3.4 §5.2.12): of the types it has the message and the two acknowledgements.
/// Transaction mode would need an answer that waits for the phone, which no upstream gives.
pub(crate) fn esm_class(esm_class: EsmClass) -> Result<(), CommandStatus> {
    let from_an_esme = matches!(
        esm_class.message_type(),
        Type::Message | Type::DeliveryAcknowledgement | Type::UserAcknowledgement
    );
    refuse_unless(
        from_an_esme && esm_class.mode() != Mode::Transaction,
        CommandStatus::RINVESMCLASS,
    )
}

/// Not before, and worthless after. A schedule in the past means now; what expires before it may go out would never go out.
pub(crate) fn times(
    schedule: Time,
    validity: Time,
    terms: Terms<'_>,
) -> Result<(Option<Instant>, Option<Instant>), CommandStatus> {
    let Terms { settings, now, .. } = terms;
    let schedule = schedule.unix_ms(now);
    let latest = within(settings.schedule_max_ms, now);
    refuse_unless(schedule.is_none_or(|schedule| schedule <= latest), CommandStatus::RINVSCHED)?;
    let validity = until(validity.unix_ms(now), schedule, terms, CommandStatus::RINVEXPIRY)?;
    Ok((schedule, validity))
}

/// The time after which a message is worthless, cut to what the account is given.
pub(crate) fn until(
    validity: Option<Instant>,
    schedule: Option<Instant>,
    terms: Terms<'_>,
    refusal: CommandStatus,
) -> Result<Option<Instant>, CommandStatus> {
    let earliest = schedule.unwrap_or(terms.now).max(terms.now);
    refuse_unless(validity.is_none_or(|validity| validity > earliest), refusal)?;
    Ok(validity.map(|validity| validity.min(within(terms.settings.validity_max_ms, earliest))))
}

/// The end of so many milliseconds, where they have one.
fn within(max_ms: u64, from: Instant) -> Instant {
    if max_ms == 0 {
        Instant::MAX
    } else {
        from.saturating_add(max_ms)
    }
}

/// The receipts asked for. "On success only" is reserved in 3.4; peers that bound as 5.0 may ask for it. No upstream asks a
/// recipient for an acknowledgement.
pub(crate) fn receipts(wanted: RegisteredDelivery, terms: Terms<'_>) -> Result<Receipts, CommandStatus> {
    let wants_acknowledgement = wanted.wants_delivery_acknowledgement() || wanted.wants_user_acknowledgement();
    let ignored = terms.settings.acknowledgements == Acknowledgements::Ignore;
    refuse_unless(!wants_acknowledgement || ignored, CommandStatus::RINVREGDLVFLG)?;
    let (success, failure) = match wanted.receipt() {
        ReceiptOn::Nothing => (false, false),
        ReceiptOn::Everything => (true, true),
        ReceiptOn::Failure => (false, true),
        ReceiptOn::Success if terms.peer.speaks_5() => (true, false),
        ReceiptOn::Success => return Err(CommandStatus::RINVREGDLVFLG),
    };
    Ok(Receipts {
        success,
        failure,
        intermediate: wanted.wants_intermediate(),
    })
}

/// sm_default_msg_id: there are no canned messages, so none can be found.
pub(crate) fn no_canned_message(id: SmDefaultMsgId) -> Result<(), CommandStatus> {
    refuse_unless(id == SmDefaultMsgId::NONE, CommandStatus::RINVDFTMSGID)
}

/// What sm_length counts. The decoder takes what one octet can count.
pub(crate) fn short_message<'a>(octets: &'a [u8], terms: Terms<'_>) -> Result<&'a [u8], CommandStatus> {
    let fits = octets.len() <= SHORT_MESSAGE_MAX || terms.peer.speaks_5();
    refuse_unless(fits, CommandStatus::RINVMSGLEN)?;
    Ok(octets)
}

pub(crate) fn refuse_unless(fine: bool, status: CommandStatus) -> Result<(), CommandStatus> {
    if fine { Ok(()) } else { Err(status) }
}
