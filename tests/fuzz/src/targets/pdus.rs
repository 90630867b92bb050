//! One frame, decoded, written again and decoded again.

use edgebind_smpp::{CommandId, CommandStatus, DecodeError, Header, Limits, Pdu, decode_within, encode, frame, refusal};

use super::golden;
use crate::{memory, target::Target};

/// The frame as it is, and once more with the command_length that it should have.
pub(crate) const TARGET: Target = Target {
    name: "pdus",
    run,
    seeds: || golden::frames().to_vec(),
    octets_max: 1024,
};

fn run(input: &[u8]) {
    let mut measured = input.to_vec();
    if let Some(length) = measured.first_chunk_mut() {
        *length = u32::try_from(input.len()).expect("an input is short").to_be_bytes();
    }
    for octets in [input, &measured] {
        for limits in [Limits::STRICT, Limits::LONG_PASSWORDS] {
            let (decoded, asked) = memory::of(|| decode_within(octets, limits));
            assert_eq!(asked.times, 0, "decoding allocates nothing");
            match decoded {
                Ok((header, pdu)) => taken(octets, header, &pdu, limits),
                Err(error) => refused(octets, error),
            }
        }
    }
}

fn taken(octets: &[u8], header: Header, pdu: &Pdu<'_>, limits: Limits) {
    assert_eq!(header.command_length as usize, octets.len());
    assert_eq!(header.command_id, pdu.command_id());
    assert!(!format!("{pdu:?}").is_empty());
    let (status, number) = (header.command_status, header.sequence_number);
    let mut once = Vec::new();
    let (written, asked) = memory::of(|| encode(&mut once, status, number, pdu));
    if written.is_err() && beyond_3_4(pdu) {
        return;
    }
    assert_eq!(written, Ok(()), "what was decoded is encoded");
    assert_eq!(asked.octets, once.len(), "encoding allocates what it writes");
    assert_eq!(frame::split(&once, once.len()), Ok(Some(once.len())));
    let (again, same) = decode_within(&once, limits).unwrap_or_else(|error| panic!("what was encoded is decoded: {error}"));
    assert_eq!(&same, pdu, "decode, encode, decode is decode");
    assert_eq!(
        (again.command_id, again.command_status, again.sequence_number),
        (header.command_id, status, number)
    );
    let mut twice = Vec::new();
    assert_eq!(encode(&mut twice, status, number, &same), Ok(()));
    assert_eq!(twice, once);
}

/// What 5.0 peers may send and we do not.
fn beyond_3_4(pdu: &Pdu<'_>) -> bool {
    match pdu {
        Pdu::SubmitSm(message) | Pdu::DeliverSm(message) => message.short_message.len() == 255,
        Pdu::SubmitMulti(multi) => multi.short_message.len() == 255 || multi.dest_addresses.len() == 255,
        Pdu::ReplaceSm(replace) => replace.short_message.len() == 255,
        _ => false,
    }
}

/// What would be answered is a frame that our own decoder takes, under the number that was asked with.
fn refused(octets: &[u8], error: DecodeError) {
    assert!(!error.status.is_ok(), "{error} is no success");
    assert!(!error.to_string().is_empty());
    let DecodeError { header, status, .. } = error;
    assert!(octets.len() < frame::HEADER_LEN || Header::read(octets) == Some(header));
    let mut answer = Vec::new();
    refusal(&mut answer, header.command_id, status, header.sequence_number);
    let said = match edgebind_smpp::decode(&answer) {
        Ok((said, _)) => said,
        // The broadcast commands of 5.0 have responses of their own, which we never need to read.
        Err(error) if error.status == CommandStatus::RINVCMDID => error.header,
        Err(error) => panic!("a refusal is decoded: {error}"),
    };
    let answers = said.command_id == header.command_id.response() || said.command_id == CommandId::GENERIC_NACK;
    assert!(answers, "{} is answered with {}", header.command_id, said.command_id);
    assert_eq!((said.command_status, said.sequence_number), (status, header.sequence_number));
}
