//! What holds for every frame: what is encoded decodes to itself, and no octets make the decoder panic or read past its end.

use proptest::collection::vec;
use proptest::prelude::*;
use std::string::{String, ToString};
use std::vec::Vec;

use super::material::{material, parameter};
use super::table::TABLE;
use crate::*;

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
    fn every_pdu_there_and_back(material in material(parameter(), 65), status: u32, sequence: u32) {
        let pdus = material.pdus();
        prop_assert_eq!(pdus.len(), TABLE.len(), "one of each");
        for pdu in &pdus {
            there_and_back(pdu, if pdu.command_id().is_response() { status } else { 0 }, sequence)?;
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
