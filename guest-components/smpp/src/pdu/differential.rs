//! This codec against that of the `rusmpp` crate (rusmpp-core, written from SMPP 5.0 by others): what one encodes, the other
//! reads as the same fields, and writes as the same octets.
//!
//! Where the two differ on purpose, a test says so by name.

use bytes::BytesMut;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rusmpp_core::command::owned::Command;
use rusmpp_core::decode::owned::DecodeWithLength;
use rusmpp_core::encode::Encode;
use rusmpp_core::pdus::owned::Pdu as Theirs;
use rusmpp_core::values::owned::DestAddress;
use std::format;
use std::string::String;
use std::vec::Vec;

use super::faults::with_parameter;
use super::material::material;
use super::quirks::frame;
use crate::tlv::{self, Values};
use crate::*;

/// A frame as they read it.
fn read(frame: &[u8]) -> Result<Command, String> {
    let mut rest = BytesMut::from(&frame[4..]);
    let length = rest.len();
    match Command::decode(&mut rest, length) {
        Ok((command, read)) if read == length => Ok(command),
        Ok((_, read)) => Err(format!("{read} of {length} octets read")),
        Err(error) => Err(format!("{error:?}")),
    }
}

/// A frame as they write it.
fn written(command: &Command) -> Vec<u8> {
    let body = octets(command);
    let command_length = u32::try_from(body.len() + 4).unwrap();
    [&command_length.to_be_bytes(), &body[..]].concat()
}

/// A field of theirs on the wire.
fn octets(field: &impl Encode) -> Vec<u8> {
    let mut octets = std::vec![0; field.length()];
    field.encode(&mut octets);
    octets
}

/// A field of ours on the wire.
trait Wire {
    fn wire(&self) -> Vec<u8>;
}

impl Wire for &[u8] {
    fn wire(&self) -> Vec<u8> {
        [self, &[0][..]].concat()
    }
}

impl Wire for Time {
    fn wire(&self) -> Vec<u8> {
        let mut wire = self.characters().map(Vec::from).unwrap_or_default();
        wire.push(0);
        wire
    }
}

macro_rules! one_octet {
    ($($type:ty: $octet:expr,)*) => {
        $( impl Wire for $type {
            fn wire(&self) -> Vec<u8> {
                let octet: fn(&$type) -> u8 = $octet;
                [octet(self)].into()
            }
        } )*
    };
}

one_octet! {
    u8: |octet| *octet,
    bool: |flag| u8::from(*flag),
    Ton: |ton| ton.get(),
    Npi: |npi| npi.get(),
    EsmClass: |esm_class| esm_class.get(),
    Priority: |priority| priority.get(),
    RegisteredDelivery: |wanted| wanted.get(),
    SmDefaultMsgId: |id| id.get(),
    DataCoding: |coding| coding.0,
    MessageState: |state| state.0,
}

macro_rules! same {
    ($ours:ident, $theirs:ident: $($field:ident)*) => {
        {
            $( prop_assert_eq!($ours.$field.wire(), octets(&$theirs.$field), "{}", stringify!($field)); )*
        }
    };
}

/// Each field of ours is the field of that name of theirs.
fn same_fields(ours: &Pdu<'_>, theirs: &Theirs) -> Result<(), TestCaseError> {
    match (ours, theirs) {
        (Pdu::BindTransmitter(o), Theirs::BindTransmitter(t)) => {
            same!(o, t: system_id password system_type interface_version addr_ton addr_npi address_range);
        }
        (Pdu::BindReceiver(o), Theirs::BindReceiver(t)) => {
            same!(o, t: system_id password system_type interface_version addr_ton addr_npi address_range);
        }
        (Pdu::BindTransceiver(o), Theirs::BindTransceiver(t)) => {
            same!(o, t: system_id password system_type interface_version addr_ton addr_npi address_range);
        }
        (Pdu::BindTransmitterResp(o), Theirs::BindTransmitterResp(t)) => {
            same!(o, t: system_id);
            prop_assert_eq!(o.tlvs.octets(), octets(&t.sc_interface_version_tlv().cloned()));
        }
        (Pdu::BindReceiverResp(o), Theirs::BindReceiverResp(t)) => {
            same!(o, t: system_id);
            prop_assert_eq!(o.tlvs.octets(), octets(&t.sc_interface_version_tlv().cloned()));
        }
        (Pdu::BindTransceiverResp(o), Theirs::BindTransceiverResp(t)) => {
            same!(o, t: system_id);
            prop_assert_eq!(o.tlvs.octets(), octets(&t.sc_interface_version_tlv().cloned()));
        }
        (Pdu::Outbind(o), Theirs::Outbind(t)) => same!(o, t: system_id password),
        (Pdu::SubmitSm(o), Theirs::SubmitSm(t)) => {
            same!(o, t: service_type source_addr_ton source_addr_npi source_addr dest_addr_ton dest_addr_npi destination_addr);
            same!(o, t: esm_class protocol_id priority_flag schedule_delivery_time validity_period registered_delivery);
            same!(o, t: replace_if_present_flag data_coding sm_default_msg_id);
            prop_assert_eq!(o.short_message, octets(t.short_message()));
            prop_assert_eq!(o.tlvs.octets(), octets(&t.tlvs()));
        }
        (Pdu::DeliverSm(o), Theirs::DeliverSm(t)) => {
            same!(o, t: service_type source_addr_ton source_addr_npi source_addr dest_addr_ton dest_addr_npi destination_addr);
            same!(o, t: esm_class protocol_id priority_flag schedule_delivery_time validity_period registered_delivery);
            same!(o, t: replace_if_present_flag data_coding sm_default_msg_id);
            prop_assert_eq!(o.short_message, octets(t.short_message()));
            prop_assert_eq!(o.tlvs.octets(), octets(&t.tlvs()));
        }
        (Pdu::SubmitMulti(o), Theirs::SubmitMulti(t)) => {
            same!(o, t: service_type source_addr_ton source_addr_npi source_addr);
            same!(o, t: esm_class protocol_id priority_flag schedule_delivery_time validity_period registered_delivery);
            same!(o, t: replace_if_present_flag data_coding sm_default_msg_id);
            same_destinations(o.dest_addresses, t.dest_address())?;
            prop_assert_eq!(o.short_message, octets(t.short_message()));
            prop_assert_eq!(o.tlvs.octets(), octets(&t.tlvs()));
        }
        (Pdu::SubmitMultiResp(o), Theirs::SubmitMultiResp(t)) => {
            same!(o, t: message_id);
            prop_assert_eq!(o.unsuccess_smes.len(), t.unsuccess_sme().len());
            for (o, t) in o.unsuccess_smes.iter().zip(t.unsuccess_sme()) {
                same!(o, t: dest_addr_ton dest_addr_npi destination_addr);
                prop_assert_eq!(o.error_status_code.0, u32::from(t.error_status_code));
            }
        }
        (Pdu::DataSm(o), Theirs::DataSm(t)) => {
            same!(o, t: service_type source_addr_ton source_addr_npi source_addr dest_addr_ton dest_addr_npi destination_addr);
            same!(o, t: esm_class registered_delivery data_coding);
            prop_assert_eq!(o.tlvs.octets(), octets(&t.tlvs()));
        }
        (Pdu::DataSmResp(o), Theirs::DataSmResp(t)) => {
            prop_assert_eq!(o.message_id.wire(), octets(t.message_id()));
            prop_assert_eq!(o.tlvs.octets(), octets(&t.tlvs()));
        }
        (Pdu::SubmitSmResp(o), Theirs::SubmitSmResp(t)) => prop_assert_eq!(o.message_id.wire(), octets(t.message_id())),
        (Pdu::DeliverSmResp(o), Theirs::DeliverSmResp(t)) => prop_assert_eq!(o.message_id.wire(), octets(t.message_id())),
        (Pdu::QuerySm(o), Theirs::QuerySm(t)) => same!(o, t: message_id source_addr_ton source_addr_npi source_addr),
        (Pdu::QuerySmResp(o), Theirs::QuerySmResp(t)) => same!(o, t: message_id final_date message_state error_code),
        (Pdu::CancelSm(o), Theirs::CancelSm(t)) => {
            same!(o, t: service_type message_id source_addr_ton source_addr_npi source_addr);
            same!(o, t: dest_addr_ton dest_addr_npi destination_addr);
        }
        (Pdu::ReplaceSm(o), Theirs::ReplaceSm(t)) => {
            same!(o, t: message_id source_addr_ton source_addr_npi source_addr);
            same!(o, t: schedule_delivery_time validity_period registered_delivery sm_default_msg_id);
            prop_assert_eq!(o.short_message, octets(t.short_message()));
        }
        (Pdu::AlertNotification(o), Theirs::AlertNotification(t)) => {
            same!(o, t: source_addr_ton source_addr_npi source_addr esme_addr_ton esme_addr_npi esme_addr);
            prop_assert_eq!(o.tlvs.octets(), octets(&t.ms_availability_status_tlv().cloned()));
        }
        (Pdu::CancelSmResp, Theirs::CancelSmResp)
        | (Pdu::ReplaceSmResp, Theirs::ReplaceSmResp)
        | (Pdu::Unbind, Theirs::Unbind)
        | (Pdu::UnbindResp, Theirs::UnbindResp)
        | (Pdu::EnquireLink, Theirs::EnquireLink)
        | (Pdu::EnquireLinkResp, Theirs::EnquireLinkResp)
        | (Pdu::GenericNack, Theirs::GenericNack) => {}
        (ours, theirs) => prop_assert!(false, "{ours:?} is {theirs:?}"),
    }
    Ok(())
}

fn same_destinations(ours: Destinations<'_>, theirs: &[DestAddress]) -> Result<(), TestCaseError> {
    prop_assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        match (ours, theirs) {
            (
                Destination::Sme {
                    dest_addr_ton,
                    dest_addr_npi,
                    destination_addr,
                },
                DestAddress::SmeAddress(t),
            ) => {
                prop_assert_eq!(dest_addr_ton.wire(), octets(&t.dest_addr_ton));
                prop_assert_eq!(dest_addr_npi.wire(), octets(&t.dest_addr_npi));
                prop_assert_eq!(destination_addr.wire(), octets(&t.destination_addr));
            }
            (Destination::List(name), DestAddress::DistributionListName(t)) => {
                prop_assert_eq!(name.wire(), octets(&t.dl_name));
            }
            (ours, theirs) => prop_assert!(false, "{ours:?} is {theirs:?}"),
        }
    }
    Ok(())
}

/// Parameters of which we take what they do not, or keep what they drop.
const WE_TAKE_MORE: &[(Tag, &str)] = &[
    (Tag::SOURCE_TELEMATICS_ID, "one octet in 3.4, two in 5.0"),
    (Tag::MS_MSG_WAIT_FACILITIES, "they drop the bits that mean nothing"),
    (Tag::CALLBACK_NUM_PRES_IND, "they drop the bits that mean nothing"),
    (
        Tag::MS_VALIDITY,
        "one octet in 3.4, four in 5.0; nobody minds what lies between",
    ),
];

/// Parameters of which they take what we do not. Besides, every value that is empty is none to them.
const THEY_TAKE_MORE: &[(Tag, &str)] = &[
    (Tag::ADDITIONAL_STATUS_INFO_TEXT, "ASCII, even where it cannot be printed"),
    (Tag::RECEIPTED_MESSAGE_ID, "ASCII, even where it cannot be printed"),
    (Tag::SAR_TOTAL_SEGMENTS, "0 of 0 parts"),
    (Tag::SAR_SEGMENT_SEQNUM, "parts are counted from 1"),
    (Tag::CALLBACK_NUM, "a digit mode beside TBCD and ASCII"),
];

/// Those that mean something in a PDU of 3.4.
fn rules() -> impl Iterator<Item = &'static tlv::Rule> {
    tlv::TABLE.iter().filter(|rule| !rule.carriers.is_empty())
}

/// A parameter that both take, or that neither knows.
fn common_parameter() -> impl Strategy<Value = (Tag, Vec<u8>)> {
    let is_common = |rule: &&tlv::Rule| !WE_TAKE_MORE.iter().any(|(tag, _)| *tag == rule.tag);
    let known = select(rules().filter(is_common).collect::<Vec<_>>()).prop_flat_map(|rule| {
        let (min, max) = (usize::from(*rule.length.start()), usize::from(*rule.length.end()).min(40));
        let text = (vec(b' '..=b'~', min.saturating_sub(1)..max), Just(0)).prop_map(|(text, nul)| [text, [nul].into()].concat());
        let value = match rule.values {
            Values::Text => text.boxed(),
            _ => vec(any::<u8>(), min..=max).boxed(),
        };
        value
            .prop_filter("no value", |value| rule.fault(value).is_none())
            .prop_map(|value| (rule.tag, value))
    });
    let vendor = (0x1400_u16..0x4000, vec(any::<u8>(), 1..40)).prop_map(|(tag, value)| (Tag(tag), value));
    prop_oneof![4 => known, 1 => vendor]
}

proptest! {
    #[test]
    fn every_pdu_is_the_same_to_both(material in material(common_parameter(), 21), status: u32, sequence_number: u32) {
        for pdu in material.pdus() {
            let mut frame = Vec::new();
            encode(&mut frame, CommandStatus(status), sequence_number, &pdu).unwrap();
            let command = read(&frame).map_err(TestCaseError::fail)?;
            prop_assert_eq!(u32::from(command.id()), pdu.command_id().0);
            prop_assert_eq!((u32::from(command.status), command.sequence_number), (status, sequence_number));
            same_fields(&pdu, command.pdu().unwrap())?;
            let theirs = written(&command);
            prop_assert_eq!(&theirs, &frame);
            prop_assert_eq!(decode(&theirs).unwrap().1, pdu);
        }
    }

    /// A frame that something has happened to may be refused by either; when both take it, they read the same.
    #[test]
    fn what_both_take_is_the_same_to_both(
        material in material(common_parameter(), 21),
        place: proptest::sample::Index,
        blows in vec((any::<proptest::sample::Index>(), prop_oneof![0..8_u8, any::<u8>()]), 1..4),
    ) {
        let pdus = material.pdus();
        let mut frame = Vec::new();
        encode(&mut frame, CommandStatus::ROK, 1, place.get(&pdus)).unwrap();
        let body = frame.len() - 16;
        for (place, octet) in blows.into_iter().filter(|_| body > 0) {
            frame[16 + place.index(body)] = octet;
        }
        if let (Ok((_, ours)), Ok(theirs)) = (decode(&frame), read(&frame)) {
            let keeps_more = tlvs_of(&ours).iter().any(|tlv| WE_TAKE_MORE.iter().any(|(tag, _)| *tag == tlv.tag));
            if !keeps_more {
                same_fields(&ours, theirs.pdu().unwrap())?;
            }
        }
    }
}

fn tlvs_of<'a>(pdu: &Pdu<'a>) -> Tlvs<'a> {
    match pdu {
        Pdu::SubmitSm(sm) | Pdu::DeliverSm(sm) => sm.tlvs,
        Pdu::SubmitMulti(multi) => multi.tlvs,
        Pdu::DataSm(data) => data.tlvs,
        Pdu::DataSmResp(resp) => resp.tlvs,
        Pdu::BindTransmitterResp(resp) | Pdu::BindReceiverResp(resp) | Pdu::BindTransceiverResp(resp) => resp.tlvs,
        Pdu::AlertNotification(alert) => alert.tlvs,
        _ => Tlvs::EMPTY,
    }
}

/// Every parameter at every length with some values: who takes more is said above, and nothing else is.
#[test]
fn who_takes_more_of_which_parameter_is_known() {
    let (mut we_take_more, mut they_take_more) = (Vec::new(), Vec::new());
    for rule in rules() {
        for length in 1..=usize::from(*rule.length.end()).min(70) {
            for octet in [0, 1, 2, b'1', 0xFF] {
                let mut value = std::vec![octet; length];
                if let (Values::Text, Some(last)) = (&rule.values, value.last_mut()) {
                    *last = 0;
                }
                let frame = with_parameter(rule.carriers[0], rule.tag, &value);
                let ours = decode(&frame).is_ok();
                let theirs = read(&frame).is_ok_and(|command| written(&command) == frame);
                match (ours, theirs) {
                    (true, false) => we_take_more.push(rule.tag),
                    (false, true) => they_take_more.push(rule.tag),
                    _ => {}
                }
            }
        }
    }
    for (found, named) in [(&mut we_take_more, WE_TAKE_MORE), (&mut they_take_more, THEY_TAKE_MORE)] {
        found.dedup();
        let named: Vec<Tag> = named.iter().map(|(tag, _)| *tag).collect();
        assert_eq!(*found, named);
    }
}

/// One frame for each difference beside those of the parameters.
#[test]
fn frames_that_only_one_of_the_two_takes() {
    let submit_sm = |body: &[u8]| frame(CommandId::SUBMIT_SM, body);
    let long = "9".repeat(64);
    let takes = |frame: &[u8]| (decode(frame).is_ok(), read(frame).is_ok());
    for (frame, expected, why) in [
        (
            frame(CommandId::DATA_SM, format!("\0\0\0{long}\0\0\0{long}\0\0\0\0").as_bytes()),
            (true, false),
            "addresses of data_sm have 65 octets in 3.4, 21 in 5.0",
        ),
        (
            frame(CommandId::BIND_RECEIVER, b"esme\0\xE9\0\0\x34\0\0\0"),
            (true, false),
            "a password may be Latin-1",
        ),
        (
            frame(CommandId::ENQUIRE_LINK_RESP, b"\0"),
            (true, false),
            "Q5: php-smpp adds a NUL",
        ),
        (
            submit_sm(b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xFF"),
            (true, false),
            "Q5: up to three octets behind the last parameter",
        ),
        (
            submit_sm(b"\0\x07\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
            (false, true),
            "a type of number that is reserved",
        ),
        (
            submit_sm(b"\0\0\0\n\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
            (false, true),
            "an address of ASCII that cannot be printed",
        ),
        (
            submit_sm(b"\0\0\0\0\0\0\0\0\0\x00260230000000000+\0\0\0\0\0\0\0"),
            (false, true),
            "a time that is on no calendar",
        ),
        (frame(CommandId::SUBMIT_MULTI, &[0; 15]), (false, true), "a message to nobody"),
    ] {
        assert_eq!(takes(&frame), expected, "{why}");
    }
}
