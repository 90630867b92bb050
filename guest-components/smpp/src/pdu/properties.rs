//! What holds for every frame: what is encoded decodes to itself, and no octets make the decoder panic or read past its end.

use proptest::collection::vec;
use proptest::prelude::*;
use std::string::{String, ToString};
use std::vec::Vec;

use crate::*;

/// A string of fewer than `max` octets without NUL.
fn c_octets(max: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(1..=u8::MAX, 0..max)
}

/// No time, or what looks like one.
fn time() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![Just(Vec::new()), vec(1..=u8::MAX, 16)]
}

fn tlv_list() -> impl Strategy<Value = TlvList> {
    vec((any::<u16>(), vec(any::<u8>(), 0..40)), 0..6).prop_map(|pairs| {
        let mut list = TlvList::new();
        for (tag, value) in pairs {
            list.push(Tag(tag), &value).unwrap();
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
    let ids = prop_oneof![1..10_u32, Just(0x15), Just(0x103), any::<u32>()];
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
        strings in (c_octets(16), c_octets(9), c_octets(13), c_octets(41)), numbers in any::<[u8; 3]>(), status: u32, sequence: u32,
    ) {
        let (system_id, password, system_type, address_range) = &strings;
        let [interface_version, addr_ton, addr_npi] = numbers;
        let bind = Bind { system_id, password, system_type, interface_version, addr_ton, addr_npi, address_range };
        for pdu in [Pdu::BindTransmitter(bind), Pdu::BindReceiver(bind), Pdu::BindTransceiver(bind)] {
            there_and_back(&pdu, status, sequence)?;
        }
    }

    #[test]
    fn responses_there_and_back(
        system_id in c_octets(16), message_id in c_octets(65), list in tlv_list(), status: u32, sequence: u32,
    ) {
        let resp = BindResp { system_id: &system_id, tlvs: list.tlvs() };
        let id = MessageIdResp { message_id: &message_id };
        for pdu in [
            Pdu::BindTransmitterResp(resp),
            Pdu::BindReceiverResp(resp),
            Pdu::BindTransceiverResp(resp),
            Pdu::SubmitSmResp(id),
            Pdu::DeliverSmResp(id),
        ] {
            there_and_back(&pdu, status, sequence)?;
        }
    }

    #[test]
    fn messages_there_and_back(
        service_type in c_octets(6),
        addresses in (c_octets(21), c_octets(21)),
        times in (time(), time()),
        numbers in any::<[u8; 11]>(),
        short_message in vec(any::<u8>(), 0..=254),
        list in tlv_list(),
        sequence: u32,
    ) {
        let message = ShortMessage {
            service_type: &service_type,
            source_addr_ton: numbers[0],
            source_addr_npi: numbers[1],
            source_addr: &addresses.0,
            dest_addr_ton: numbers[2],
            dest_addr_npi: numbers[3],
            destination_addr: &addresses.1,
            esm_class: numbers[4],
            protocol_id: numbers[5],
            priority_flag: numbers[6],
            schedule_delivery_time: &times.0,
            validity_period: &times.1,
            registered_delivery: numbers[7],
            replace_if_present_flag: numbers[8],
            data_coding: numbers[9],
            sm_default_msg_id: numbers[10],
            short_message: &short_message,
            tlvs: list.tlvs(),
        };
        there_and_back(&Pdu::SubmitSm(message), 0, sequence)?;
        there_and_back(&Pdu::DeliverSm(message), 0, sequence)?;
    }

    /// Encoding what was decoded gives the frame again, or a shorter one where something was forgiven.
    #[test]
    fn what_decodes_encodes(frame in likely_frame()) {
        if let Ok((header, pdu)) = decode(&frame) {
            let mut out = Vec::new();
            match encode(&mut out, header.command_status, header.sequence_number, &pdu) {
                Ok(()) => {
                    // A response without a body gains the NUL of an empty string.
                    let absent_body = usize::from(frame.len() == 16);
                    prop_assert!(out.len() <= frame.len() + absent_body);
                    prop_assert_eq!(decode(&out).unwrap().1, pdu);
                }
                Err(error) => prop_assert_eq!(error.to_string(), "short_message of 255 octets exceeds 254"),
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
