//! The message that a submit_sm, submit_multi or data_sm asks the host to store: its fields checked in their order. The error is
//! the command_status of its answer.

use crate::{
    fields::{self, refuse_unless},
    message::{Address, Alphabet, Instant, Message, Receipts},
    reading::Terms,
    requests::Unsuccess,
    settings::ReceiptText,
    text::from_octets,
    user_data::{Carried, UserData},
};
use edgebind_smpp::{
    CommandStatus, DataCoding, DataSm, Destination, ShortMessage, SubmitMulti, Tag,
    text::{self, Coding},
};

/// Largest number_of_dests (SMPP 3.4 §5.2.24); 255 is version 5.0's.
const DESTINATIONS_MAX: usize = 254;

/// The message of this submit_sm (SMPP 3.4 §4.4).
pub(crate) fn submit_sm(sm: &ShortMessage<'_>, terms: Terms<'_>) -> Result<Message, CommandStatus> {
    fields::service_type(sm.service_type, terms)?;
    fields::destination(sm.dest_addr_ton, sm.destination_addr)?;
    fields::esm_class(sm.esm_class)?;
    let (schedule, validity) = fields::times(sm.schedule_delivery_time, sm.validity_period, terms)?;
    let receipts = fields::receipts(sm.registered_delivery, terms)?;
    readable(sm.data_coding, terms)?;
    fields::no_canned_message(sm.sm_default_msg_id)?;
    let rest = Rest {
        service_type: sm.service_type,
        source: fields::address(sm.source_addr_ton, sm.source_addr_npi, sm.source_addr),
        protocol_id: sm.protocol_id,
        priority: sm.priority_flag.get(),
        schedule,
        validity,
        receipts,
        replace_if_present: sm.replace_if_present_flag,
        carried: Carried {
            esm_class: sm.esm_class,
            data_coding: sm.data_coding,
            short_message: fields::short_message(sm.short_message, terms)?,
            tlvs: sm.tlvs,
        },
    };
    rest.message(
        fields::address(sm.dest_addr_ton, sm.dest_addr_npi, sm.destination_addr),
        terms,
    )
}

/// The message of this submit_multi, and the destinations that it does not go to (SMPP 3.4 §4.5).
///
/// A destination that is named twice gets it once. No distribution lists are kept, and a response has no place to say that of
/// one: a list refuses the whole.
pub(crate) fn submit_multi(sm: &SubmitMulti<'_>, terms: Terms<'_>) -> Result<(Message, Vec<Unsuccess>), CommandStatus> {
    fields::service_type(sm.service_type, terms)?;
    let fits = sm.dest_addresses.len() <= DESTINATIONS_MAX || terms.peer.speaks_5();
    refuse_unless(fits, CommandStatus::RINVNUMDESTS)?;
    let (destinations, unsuccess) = destinations(sm)?;
    fields::esm_class(sm.esm_class)?;
    let (schedule, validity) = fields::times(sm.schedule_delivery_time, sm.validity_period, terms)?;
    let receipts = fields::receipts(sm.registered_delivery, terms)?;
    // Reserved: which of the messages to several destinations would it be? (SMPP 3.4 §5.2.18)
    refuse_unless(!sm.replace_if_present_flag, CommandStatus::RINVREPFLAG)?;
    readable(sm.data_coding, terms)?;
    fields::no_canned_message(sm.sm_default_msg_id)?;
    let rest = Rest {
        service_type: sm.service_type,
        source: fields::address(sm.source_addr_ton, sm.source_addr_npi, sm.source_addr),
        protocol_id: sm.protocol_id,
        priority: sm.priority_flag.get(),
        schedule,
        validity,
        receipts,
        replace_if_present: false,
        carried: Carried {
            esm_class: sm.esm_class,
            data_coding: sm.data_coding,
            short_message: fields::short_message(sm.short_message, terms)?,
            tlvs: sm.tlvs,
        },
    };
    let mut destinations = destinations.into_iter();
    let Some(first) = destinations.next() else {
        let status = unsuccess
            .first()
            .map_or(CommandStatus::RINVNUMDESTS, |first| CommandStatus(first.status));
        return Err(status);
    };
    let message = Message {
        also_to: destinations.collect(),
        ..rest.message(first, terms)?
    };
    Ok((message, unsuccess))
}

fn destinations(sm: &SubmitMulti<'_>) -> Result<(Vec<Address>, Vec<Unsuccess>), CommandStatus> {
    let (mut good, mut bad) = (Vec::with_capacity(sm.dest_addresses.len()), Vec::new());
    for destination in sm.dest_addresses.iter() {
        let Destination::Sme {
            dest_addr_ton,
            dest_addr_npi,
            destination_addr,
        } = destination
        else {
            return Err(CommandStatus::RINVDLNAME);
        };
        match fields::destination(dest_addr_ton, destination_addr) {
            Ok(()) => {
                let address = fields::address(dest_addr_ton, dest_addr_npi, destination_addr);
                if !good.contains(&address) {
                    good.push(address);
                }
            }
            Err(status) => bad.push(Unsuccess {
                ton: dest_addr_ton.get(),
                npi: dest_addr_npi.get(),
                digits: destination_addr.to_vec(),
                status: status.0,
            }),
        }
    }
    Ok((good, bad))
}

/// The message of this data_sm (SMPP 3.4 §4.7). What it lacks of submit_sm's fields is as if it were zero; the time that it is
/// worth something is in an optional parameter.
pub(crate) fn data_sm(sm: &DataSm<'_>, terms: Terms<'_>) -> Result<Message, CommandStatus> {
    fields::service_type(sm.service_type, terms)?;
    fields::destination(sm.dest_addr_ton, sm.destination_addr)?;
    fields::esm_class(sm.esm_class)?;
    let receipts = fields::receipts(sm.registered_delivery, terms)?;
    readable(sm.data_coding, terms)?;
    // Nothing to send: there is no other place for it.
    refuse_unless(sm.tlvs.get(Tag::MESSAGE_PAYLOAD).is_some(), CommandStatus::RMISSINGOPTPARAM)?;
    let seconds = sm.tlvs.get(Tag::QOS_TIME_TO_LIVE).and_then(|tlv| tlv.value.try_into().ok());
    let validity = seconds.map(|seconds| terms.now.saturating_add(u64::from(u32::from_be_bytes(seconds)) * 1000));
    let rest = Rest {
        service_type: sm.service_type,
        source: fields::address(sm.source_addr_ton, sm.source_addr_npi, sm.source_addr),
        protocol_id: 0,
        priority: 0,
        schedule: None,
        validity: fields::until(validity, None, terms, CommandStatus::RINVOPTPARAMVAL)?,
        receipts,
        replace_if_present: false,
        carried: Carried {
            esm_class: sm.esm_class,
            data_coding: sm.data_coding,
            short_message: &[],
            tlvs: sm.tlvs,
        },
    };
    rest.message(
        fields::address(sm.dest_addr_ton, sm.dest_addr_npi, sm.destination_addr),
        terms,
    )
}

/// Whether somebody can read it. What nobody can is refused now and not when the upstream is asked. SMPP 3.4 has no status for
/// that; of those it has clients take this one for final.
fn readable(data_coding: DataCoding, terms: Terms<'_>) -> Result<(), CommandStatus> {
    let unreadable = text::coding(data_coding, terms.settings.alphabet) == Coding::Unsupported;
    let status = if terms.peer.speaks_5() {
        CommandStatus::RINVDCS
    } else {
        CommandStatus::RSUBMITFAIL
    };
    refuse_unless(!unreadable, status)
}

/// What is checked; all of a message but where it goes.
struct Rest<'a> {
    service_type: &'a [u8],
    source: Address,
    protocol_id: u8,
    priority: u8,
    schedule: Option<Instant>,
    validity: Option<Instant>,
    receipts: Receipts,
    replace_if_present: bool,
    carried: Carried<'a>,
}

impl Rest<'_> {
    fn message(self, destination: Address, terms: Terms<'_>) -> Result<Message, CommandStatus> {
        let Carried {
            esm_class, data_coding, ..
        } = self.carried;
        let data = UserData::read(self.carried, terms)?;
        // Each part would take the place of the part before it.
        refuse_unless(!self.replace_if_present || data.part.is_none(), CommandStatus::RINVSUBREP)?;
        let excerpt = if terms.settings.receipt_text == ReceiptText::Excerpt {
            data.excerpt(data_coding, terms.settings.alphabet)
        } else {
            String::new()
        };
        Ok(Message {
            service_type: from_octets(self.service_type),
            source: self.source,
            destination,
            also_to: Vec::new(),
            esm_class: esm_class.get(),
            protocol_id: self.protocol_id,
            priority: self.priority,
            schedule: self.schedule,
            validity: self.validity,
            receipts: self.receipts,
            replace_if_present: self.replace_if_present,
            data_coding: data_coding.0,
            alphabet: match terms.settings.alphabet {
                text::Alphabet::Gsm => Alphabet::Gsm,
                text::Alphabet::Latin1 => Alphabet::Latin1,
                text::Alphabet::Ascii => Alphabet::Ascii,
                text::Alphabet::Utf8 => Alphabet::Utf8,
            },
            udh: data.header().to_vec(),
            tlvs: data.tlvs_left(),
            part: data.part,
            excerpt,
            payload: data.payload.into_owned(),
            metadata: Vec::new(),
        })
    }
}
