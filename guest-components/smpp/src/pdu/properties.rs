//! What holds for every frame: what is encoded decodes to itself, and no octets make the decoder panic or read past its end.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::fmt::Debug;
use std::string::{String, ToString};
use std::vec::Vec;

use crate::tlv::{TABLE, Values};
use crate::value::Value;
use crate::*;

/// A string of fewer than `max` printable characters.
fn printable(max: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(b' '..=b'~', 0..max)
}

/// A string of fewer than `max` octets without NUL.
fn c_octets(max: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(1..=u8::MAX, 0..max)
}

/// Any value that a type of one octet has.
fn value<T: Value + Debug + 'static>() -> impl Strategy<Value = T> {
    let all: Vec<T> = (0..=u8::MAX).filter_map(T::of).collect();
    select(all)
}

/// No time, one of the calendar, a span.
fn time() -> impl Strategy<Value = Time> {
    prop_oneof![
        Just(Time::None),
        (0..21_459_168_000_u64).prop_map(|tenths| Time::at(tenths * 100).unwrap()),
        "[0-9]{15}R".prop_map(|span| Time::parse(span.as_bytes()).unwrap()),
    ]
}

/// What it takes to make an address: type, plan, digits of fewer than `max` octets.
fn address(max: usize) -> impl Strategy<Value = (Ton, Npi, Vec<u8>)> {
    (value(), value(), printable(max))
}

fn destination_list() -> impl Strategy<Value = DestinationList> {
    let name = vec(b' '..=b'~', 1..21);
    vec(prop_oneof![address(21).prop_map(Ok), name.prop_map(Err)], 1..=254).prop_map(|destinations| {
        let mut list = DestinationList::new();
        for destination in &destinations {
            list.push(match destination {
                Ok((dest_addr_ton, dest_addr_npi, destination_addr)) => Destination::Sme {
                    dest_addr_ton: *dest_addr_ton,
                    dest_addr_npi: *dest_addr_npi,
                    destination_addr,
                },
                Err(name) => Destination::List(name),
            })
            .unwrap();
        }
        assert_eq!(list.destinations().iter().count(), destinations.len());
        list
    })
}

fn unsuccess_list() -> impl Strategy<Value = UnsuccessList> {
    vec((address(21), any::<u32>()), 0..=255).prop_map(|unsuccesses| {
        let mut list = UnsuccessList::new();
        for ((dest_addr_ton, dest_addr_npi, destination_addr), status) in &unsuccesses {
            list.push(Unsuccess {
                dest_addr_ton: *dest_addr_ton,
                dest_addr_npi: *dest_addr_npi,
                destination_addr,
                error_status_code: CommandStatus(*status),
            })
            .unwrap();
        }
        assert_eq!(list.unsuccesses().iter().count(), unsuccesses.len());
        list
    })
}

/// A parameter that the table takes, or that it does not know.
fn parameter() -> impl Strategy<Value = (Tag, Vec<u8>)> {
    let known = select(TABLE.iter().collect::<Vec<_>>()).prop_flat_map(|rule| {
        let length = usize::from(*rule.length.start())..=usize::from(*rule.length.end()).min(40);
        let octet = if matches!(rule.values, Values::Text) {
            b' '..=b'~'
        } else {
            0..=u8::MAX
        };
        vec(octet, length)
            .prop_map(|value| (rule.tag, value))
            .prop_filter("no value", |(_, value)| rule.fault(value).is_none())
    });
    let vendor = (0x1400_u16..0x4000, vec(any::<u8>(), 0..40)).prop_map(|(tag, value)| (Tag(tag), value));
    prop_oneof![known, vendor]
}

fn tlv_list() -> impl Strategy<Value = TlvList> {
    vec(parameter(), 0..6).prop_map(|parameters| {
        let mut list = TlvList::new();
        for (tag, value) in parameters {
            list.push(tag, &value).unwrap();
        }
        list
    })
}

/// `pdu` encodes and decodes to itself, as one frame and no more.
fn there_and_back(pdu: &Pdu<'_>, status: u32, sequence_number: u32) -> Result<(), TestCaseError> {
    let mut out = std::vec![0xAA];
    encode(&mut out, CommandStatus(status), sequence_number, pdu).unwrap();
    let frame = &out[1..];
    prop_assert_eq!(frame::split(frame, 65536), Ok(Some(frame.len())));
    let (header, decoded) = decode(frame).unwrap();
    prop_assert_eq!(&decoded, pdu);
    prop_assert_eq!((header.command_status.0, header.sequence_number), (status, sequence_number));
    prop_assert_eq!(header.command_id, pdu.command_id());
    Ok(())
}

/// A frame whose header says what it is, of a command that there is: more of the decoder is reached than by chance.
fn likely_frame() -> impl Strategy<Value = Vec<u8>> {
    let ids = prop_oneof![1..12_u32, Just(0x15), Just(0x21), Just(0x102), Just(0x103), any::<u32>()];
    let octet = prop_oneof![3 => Just(0), 3 => 0..8_u8, 2 => any::<u8>()];
    (ids, any::<bool>(), vec(octet, 0..120)).prop_map(|(id, response, body)| {
        let id = CommandId(id);
        let command_id = if response { id.response() } else { id };
        let command_length = u32::try_from(16 + body.len()).unwrap();
        let header = Header {
            command_length,
            command_id,
            command_status: CommandStatus::ROK,
            sequence_number: 1,
        };
        let mut frame = header.octets().to_vec();
        frame.extend(body);
        frame
    })
}

proptest! {
    #[test]
    fn binds_there_and_back(
        strings in (printable(16), c_octets(9), printable(13), printable(41)),
        version: u8,
        numbering in (value(), value()),
        status: u32,
        sequence: u32,
    ) {
        let (system_id, password, system_type, address_range) = &strings;
        let (addr_ton, addr_npi) = numbering;
        let bind = Bind { system_id, password, system_type, interface_version: version, addr_ton, addr_npi, address_range };
        for pdu in [
            Pdu::BindTransmitter(bind),
            Pdu::BindReceiver(bind),
            Pdu::BindTransceiver(bind),
            Pdu::Outbind(Outbind { system_id, password }),
        ] {
            there_and_back(&pdu, status, sequence)?;
        }
    }

    #[test]
    fn responses_there_and_back(
        system_id in printable(16),
        message_id in printable(65),
        list in tlv_list(),
        unsuccesses in unsuccess_list(),
        final_date in time(),
        octets: [u8; 2],
        status: u32,
        sequence: u32,
    ) {
        let resp = BindResp { system_id: &system_id, tlvs: list.tlvs() };
        let id = MessageIdResp { message_id: &message_id };
        let [message_state, error_code] = octets;
        let query = QuerySmResp { message_id: &message_id, final_date, message_state: MessageState(message_state), error_code };
        for pdu in [
            Pdu::BindTransmitterResp(resp),
            Pdu::BindReceiverResp(resp),
            Pdu::BindTransceiverResp(resp),
            Pdu::SubmitSmResp(id),
            Pdu::DeliverSmResp(id),
            Pdu::SubmitMultiResp(SubmitMultiResp { message_id: &message_id, unsuccess_smes: unsuccesses.unsuccesses() }),
            Pdu::DataSmResp(DataSmResp { message_id: &message_id, tlvs: list.tlvs() }),
            Pdu::QuerySmResp(query),
            Pdu::CancelSmResp,
            Pdu::ReplaceSmResp,
            Pdu::UnbindResp,
            Pdu::EnquireLinkResp,
            Pdu::GenericNack,
        ] {
            there_and_back(&pdu, status, sequence)?;
        }
    }

    #[test]
    fn messages_there_and_back(
        service_type in printable(6),
        addresses in (address(21), address(21)),
        destinations in destination_list(),
        times in (time(), time()),
        values in (value(), value(), value(), value(), value()),
        octets: [u8; 2],
        short_message in vec(any::<u8>(), 0..=254),
        list in tlv_list(),
        sequence: u32,
    ) {
        let ((source_addr_ton, source_addr_npi, source_addr), (dest_addr_ton, dest_addr_npi, destination_addr)) = &addresses;
        let (esm_class, priority_flag, registered_delivery, replace_if_present_flag, sm_default_msg_id) = values;
        let message = ShortMessage {
            service_type: &service_type,
            source_addr_ton: *source_addr_ton,
            source_addr_npi: *source_addr_npi,
            source_addr,
            dest_addr_ton: *dest_addr_ton,
            dest_addr_npi: *dest_addr_npi,
            destination_addr,
            esm_class,
            protocol_id: octets[0],
            priority_flag,
            schedule_delivery_time: times.0,
            validity_period: times.1,
            registered_delivery,
            replace_if_present_flag,
            data_coding: DataCoding(octets[1]),
            sm_default_msg_id,
            short_message: &short_message,
            tlvs: list.tlvs(),
        };
        let multi = SubmitMulti {
            service_type: &service_type,
            source_addr_ton: *source_addr_ton,
            source_addr_npi: *source_addr_npi,
            source_addr,
            dest_addresses: destinations.destinations(),
            esm_class,
            protocol_id: octets[0],
            priority_flag,
            schedule_delivery_time: times.0,
            validity_period: times.1,
            registered_delivery,
            replace_if_present_flag,
            data_coding: DataCoding(octets[1]),
            sm_default_msg_id,
            short_message: &short_message,
            tlvs: list.tlvs(),
        };
        for pdu in [Pdu::SubmitSm(message), Pdu::DeliverSm(message), Pdu::SubmitMulti(multi)] {
            there_and_back(&pdu, 0, sequence)?;
        }
    }

    #[test]
    fn what_is_about_messages_there_and_back(
        service_type in printable(6),
        message_id in printable(65),
        addresses in (address(21), address(21)),
        long_addresses in (address(65), address(65)),
        times in (time(), time()),
        values in (value(), value(), value()),
        data_coding: u8,
        short_message in vec(any::<u8>(), 0..=254),
        list in tlv_list(),
        sequence: u32,
    ) {
        let ((source_addr_ton, source_addr_npi, source_addr), (dest_addr_ton, dest_addr_npi, destination_addr)) = &addresses;
        let (source, destination) = &long_addresses;
        let (esm_class, registered_delivery, sm_default_msg_id) = values;
        for pdu in [
            Pdu::DataSm(DataSm {
                service_type: &service_type,
                source_addr_ton: source.0,
                source_addr_npi: source.1,
                source_addr: &source.2,
                dest_addr_ton: destination.0,
                dest_addr_npi: destination.1,
                destination_addr: &destination.2,
                esm_class,
                registered_delivery,
                data_coding: DataCoding(data_coding),
                tlvs: list.tlvs(),
            }),
            Pdu::AlertNotification(AlertNotification {
                source_addr_ton: source.0,
                source_addr_npi: source.1,
                source_addr: &source.2,
                esme_addr_ton: destination.0,
                esme_addr_npi: destination.1,
                esme_addr: &destination.2,
                tlvs: list.tlvs(),
            }),
            Pdu::QuerySm(QuerySm {
                message_id: &message_id,
                source_addr_ton: *source_addr_ton,
                source_addr_npi: *source_addr_npi,
                source_addr,
            }),
            Pdu::CancelSm(CancelSm {
                service_type: &service_type,
                message_id: &message_id,
                source_addr_ton: *source_addr_ton,
                source_addr_npi: *source_addr_npi,
                source_addr,
                dest_addr_ton: *dest_addr_ton,
                dest_addr_npi: *dest_addr_npi,
                destination_addr,
            }),
            Pdu::ReplaceSm(ReplaceSm {
                message_id: &message_id,
                source_addr_ton: *source_addr_ton,
                source_addr_npi: *source_addr_npi,
                source_addr,
                schedule_delivery_time: times.0,
                validity_period: times.1,
                registered_delivery,
                sm_default_msg_id,
                short_message: &short_message,
            }),
            Pdu::Unbind,
            Pdu::EnquireLink,
        ] {
            there_and_back(&pdu, 0, sequence)?;
        }
    }

    /// Encoding what was decoded gives the frame again, or a shorter one where something was forgiven.
    #[test]
    fn what_decodes_encodes(frame in likely_frame()) {
        if let Ok((header, pdu)) = decode(&frame) {
            let mut out = Vec::new();
            match encode(&mut out, header.command_status, header.sequence_number, &pdu) {
                Ok(()) => {
                    // A response without a body gains one whose fields are empty.
                    let absent_body = if frame.len() == 16 { 4 } else { 0 };
                    prop_assert!(out.len() <= frame.len() + absent_body);
                    prop_assert_eq!(decode(&out).unwrap().1, pdu);
                }
                // 5.0's.
                Err(error) => prop_assert!(matches!(
                    error.to_string().as_str(),
                    "short_message of 255 octets exceeds 254" | "number_of_dests exceeds 254"
                ), "{}", error),
            }
        }
    }

    #[test]
    fn no_frame_makes_the_decoder_panic(frame in prop_oneof![likely_frame(), vec(any::<u8>(), 0..64)], password: usize) {
        match decode_within(&frame, Limits { password }) {
            Ok((_, pdu)) => { let _: String = std::format!("{pdu:?}"); }
            Err(error) => {
                prop_assert!(!error.status.is_ok());
                prop_assert!(!error.to_string().is_empty());
            }
        }
        let _: Option<Header> = Header::read(&frame);
    }

    /// A length is believed only when as many octets are there.
    #[test]
    fn a_split_never_promises_more_than_there_is(bytes in vec(prop_oneof![Just(0), any::<u8>()], 0..80), max in 0..100_usize) {
        match frame::split(&bytes, max) {
            Ok(Some(length)) => prop_assert!((16..=max.min(bytes.len())).contains(&length)),
            Ok(None) => prop_assert!(bytes.len() < max.max(4)),
            Err(bad) => prop_assert!(bad.command_length < 16 || bad.command_length as usize > max),
        }
    }
}
