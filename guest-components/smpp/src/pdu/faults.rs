//! Every field of every PDU, and every optional parameter, gets wrong in each way that it can, one at a time: the answer is the
//! one that its table says.

use std::format;
use std::string::ToString;
use std::vec;
use std::vec::Vec;

use super::golden::hex;
use super::quirks::frame;
use super::table::{Field, TABLE};
use crate::tlv::{self, Values};
use crate::*;

/// The shortest octets that a field of this kind has.
fn shortest(field: &Field) -> Vec<u8> {
    match field.kind {
        // One list, named "l".
        "destinations" => hex("01 02 6c 00"),
        "tlvs" => Vec::new(),
        _ => vec![0],
    }
}

/// What a field of this kind cannot be, and what is said about that.
fn wrong(field: &Field) -> Vec<(Vec<u8>, &'static str)> {
    let long = |max: usize| [vec![b'1'; max], vec![0]].concat();
    let max = || field.octets_max.unwrap();
    match field.kind {
        "octet" | "unsuccesses" | "tlvs" => Vec::new(),
        "value" => vec![(vec![0xFF], "0xff is reserved")],
        "printable" | "address" => vec![
            (long(max()), "exceeds"),
            (b"\xE9\0".to_vec(), "is not printable"),
            (b"\n\0".to_vec(), "is not printable"),
        ],
        "password" => vec![(long(max()), "exceeds")],
        "time" => vec![
            (b"1\0".to_vec(), "1 characters, not 0 or 16"),
            (long(17), "exceeds"),
            (b"260230000000000+\0".to_vec(), "no calendar or clock"),
        ],
        "counted" => vec![(vec![0xFF], "runs past the end")],
        "destinations" => vec![(vec![0], "number_of_dests is none")],
        kind => panic!("what is {kind}?"),
    }
}

#[test]
fn every_field_that_is_wrong_is_answered_with_its_own_status() {
    for row in TABLE {
        let parts: Vec<Vec<u8>> = row.fields.iter().map(shortest).collect();
        let with = |place: usize, octets: &[u8]| {
            let mut parts = parts.clone();
            parts[place] = octets.to_vec();
            frame(row.command_id, &parts.concat())
        };
        assert!(decode(&frame(row.command_id, &parts.concat())).is_ok(), "{}", row.command_id);
        for (place, field) in row.fields.iter().enumerate() {
            assert_eq!(
                field.status.is_none(),
                wrong(field).is_empty(),
                "{} {}",
                row.command_id,
                field.name
            );
            for (octets, words) in wrong(field) {
                let error = decode(&with(place, &octets)).unwrap_err();
                assert_eq!(Some(error.status), field.status, "{error}");
                assert!(error.to_string().contains(words), "{error}: {words}");
            }
            // All that is behind it is missing.
            let before = parts[..=place].concat();
            let cut = frame(row.command_id, &before[..before.len() - parts[place].len()]);
            match decode(&cut) {
                Err(error) => assert_eq!(error.status, CommandStatus::RINVCMDLEN, "{error}"),
                Ok(_) => assert!(field.kind == "tlvs" || row.command_id.is_response(), "{}", row.command_id),
            }
        }
    }
}

#[test]
fn a_response_with_an_error_may_have_any_body() {
    for row in TABLE.iter().filter(|row| row.command_id.is_response()) {
        for body in [&b""[..], b"\0", b"\xFF\xFF\xFF\xFF\xFF"] {
            let mut frame = frame(row.command_id, body);
            frame[8..12].copy_from_slice(&CommandStatus::RSYSERR.0.to_be_bytes());
            let (header, pdu) = decode(&frame).unwrap();
            assert_eq!(header.command_status, CommandStatus::RSYSERR);
            assert_eq!(pdu.command_id(), row.command_id);
        }
    }
}

/// A frame of a command that carries parameters, with this one.
pub(super) fn with_parameter(command_id: CommandId, tag: Tag, value: &[u8]) -> Vec<u8> {
    let row = TABLE.iter().find(|row| row.command_id == command_id).unwrap();
    let mut body: Vec<u8> = row.fields.iter().flat_map(shortest).collect();
    tlv::push(&mut body, tag, value).unwrap();
    frame(command_id, &body)
}

/// Those that end in optional parameters.
fn carriers() -> impl Iterator<Item = CommandId> {
    let ends = |fields: &[Field]| fields.last().is_some_and(|field| field.kind == "tlvs");
    TABLE.iter().filter(move |row| ends(row.fields)).map(|row| row.command_id)
}

#[test]
fn every_parameter_of_a_wrong_length_is_answered_0xc2_where_it_belongs_and_ignored_elsewhere() {
    for rule in tlv::TABLE {
        assert!(
            rule.carriers
                .iter()
                .all(|command| carriers().any(|carrier| carrier == *command)),
            "{} is nowhere read",
            rule.tag
        );
        let (min, max) = (usize::from(*rule.length.start()), usize::from(*rule.length.end()));
        let wrong = [min.checked_sub(1), (max < 65_535).then_some(max + 1)];
        for command in carriers() {
            for length in wrong.into_iter().flatten() {
                let frame = with_parameter(command, rule.tag, &vec![1; length]);
                match decode(&frame) {
                    Err(error) => {
                        assert!(rule.is_carried_by(command), "{error}");
                        assert_eq!(error.status, CommandStatus::RINVPARLEN);
                        assert_eq!(error.to_string(), format!("{command} {} has {length} octets", rule.tag));
                    }
                    Ok(_) => assert!(!rule.is_carried_by(command), "{command} {} of {length}", rule.tag),
                }
            }
        }
    }
}

#[test]
fn every_parameter_at_its_shortest_and_longest() {
    for rule in tlv::TABLE {
        for length in [*rule.length.start(), *rule.length.end()] {
            let octet = if matches!(rule.values, Values::Text) { b'1' } else { 1 };
            let value = vec![octet; usize::from(length)];
            for command in carriers() {
                let frame = with_parameter(command, rule.tag, &value);
                let (_, pdu) = decode(&frame).unwrap();
                let mut again = Vec::new();
                encode(&mut again, CommandStatus::ROK, 7, &pdu).unwrap();
                assert_eq!(again, frame, "{command} {}", rule.tag);
            }
        }
    }
}

#[test]
fn every_first_octet_of_every_parameter() {
    for rule in tlv::TABLE
        .iter()
        .filter(|rule| !rule.carriers.is_empty() && *rule.length.end() > 0)
    {
        let length = usize::from(*rule.length.start()).max(1);
        for octet in 0..=u8::MAX {
            let mut value = vec![0; length];
            value[0] = octet;
            let status = decode(&with_parameter(rule.carriers[0], rule.tag, &value))
                .map_or_else(|error| error.status, |_| CommandStatus::ROK);
            let tlv = Tlv {
                tag: rule.tag,
                value: &value,
            };
            let (expected, reserved) = match &rule.values {
                Values::Any => (CommandStatus::ROK, false),
                Values::Listed(listed) => (CommandStatus::ROK, !listed.iter().any(|range| range.contains(&octet))),
                Values::Within(range) if range.contains(&octet) => (CommandStatus::ROK, false),
                Values::Text if octet == 0 || (b' '..=b'~').contains(&octet) => (CommandStatus::ROK, false),
                Values::Within(_) | Values::Text => (CommandStatus::RINVOPTPARAMVAL, false),
            };
            assert_eq!((status, tlv.is_reserved()), (expected, reserved), "{} {octet:#04x}", rule.tag);
        }
    }
}

#[test]
fn what_the_table_does_not_know_is_ignored() {
    for command in carriers() {
        for tag in [0x0000, 0x1401, 0x3FFF, 0x8081, 0xFFFF] {
            assert!(decode(&with_parameter(command, Tag(tag), b"anything")).is_ok());
        }
    }
}

fn multi(destinations: &str) -> Vec<u8> {
    let mut body = hex("00 00 00 00");
    body.extend(hex(destinations));
    body.extend(hex("00 00 00 00 00 00 00 00 00 00"));
    frame(CommandId::SUBMIT_MULTI, &body)
}

#[test]
fn every_destination_that_is_wrong_is_answered_with_its_own_status() {
    for (destinations, status, words) in [
        ("00", CommandStatus::RINVNUMDESTS, "number_of_dests is none"),
        ("01 00", CommandStatus::RINVDESTFLAG, "dest_flag 0x00 is reserved"),
        ("01 03 6100", CommandStatus::RINVDESTFLAG, "dest_flag 0x03 is reserved"),
        (
            "01 01 07 01 3100",
            CommandStatus::RINVDSTTON,
            "dest_addr_ton 0x07 is reserved",
        ),
        (
            "01 01 01 0b 3100",
            CommandStatus::RINVDSTNPI,
            "dest_addr_npi 0x0b is reserved",
        ),
        (
            "01 01 01 01 e900",
            CommandStatus::RINVDSTADR,
            "destination_addr has a character that is not printable ASCII",
        ),
        ("02 01 01 01 3100 02 00", CommandStatus::RINVDLNAME, "dl_name is none"),
        (
            "01 02 6161616161616161616161616161616161616161 61 00",
            CommandStatus::RINVDLNAME,
            "dl_name exceeds 20 octets",
        ),
    ] {
        let error = decode(&multi(destinations)).unwrap_err();
        assert_eq!((error.status, error.to_string()), (status, format!("submit_multi {words}")));
    }
    let beyond = decode(&frame(CommandId::SUBMIT_MULTI, &hex("00 00 00 00 02 02 6c00"))).unwrap_err();
    assert_eq!(
        (beyond.status, &*beyond.to_string()),
        (CommandStatus::RINVCMDLEN, "submit_multi ends before dest_flag")
    );
}

#[test]
fn destinations_are_254_when_sent_and_255_when_received() {
    let mut list = DestinationList::new();
    for _ in 0..254 {
        list.push(Destination::List(b"l")).unwrap();
    }
    assert_eq!(
        list.push(Destination::List(b"l")).unwrap_err().to_string(),
        "number_of_dests exceeds 254"
    );
    assert_eq!((list.destinations().len(), list.destinations().iter().count()), (254, 254));
    let frame = multi(&format!("ff {}", "02 6c 00 ".repeat(255)));
    let Ok((_, Pdu::SubmitMulti(multi))) = decode(&frame) else {
        panic!("refused")
    };
    assert_eq!(multi.dest_addresses.len(), 255);
    let mut out = b"before".to_vec();
    let error = encode(&mut out, CommandStatus::ROK, 1, &Pdu::SubmitMulti(multi)).unwrap_err();
    assert_eq!(error.to_string(), "number_of_dests exceeds 254");
    assert_eq!(out, b"before");
}

#[test]
fn what_does_not_fit_is_not_put_on_a_list() {
    let mut list = DestinationList::new();
    assert_eq!(list.push(Destination::List(b"")).unwrap_err().to_string(), "dl_name is none");
    let long = Destination::Sme {
        dest_addr_ton: Ton::INTERNATIONAL,
        dest_addr_npi: Npi::ISDN,
        destination_addr: &[b'1'; 21],
    };
    assert_eq!(
        list.push(long).unwrap_err().to_string(),
        "destination_addr of 21 octets exceeds 20"
    );
    assert_eq!(list, DestinationList::new());
    let mut out = Vec::new();
    let nobody = encode(&mut out, CommandStatus::ROK, 1, &Pdu::SubmitMulti(SubmitMulti::default())).unwrap_err();
    assert_eq!(nobody.to_string(), "number_of_dests is none");

    let mut list = UnsuccessList::new();
    let unsuccess = Unsuccess {
        dest_addr_ton: Ton::INTERNATIONAL,
        dest_addr_npi: Npi::ISDN,
        destination_addr: b"447700900000",
        error_status_code: CommandStatus::RINVDSTADR,
    };
    for _ in 0..255 {
        list.push(unsuccess).unwrap();
    }
    assert_eq!(list.push(unsuccess).unwrap_err().to_string(), "no_unsuccess exceeds 255");
    assert_eq!(list.unsuccesses().iter().count(), 255);
    assert!(list.unsuccesses().iter().all(|one| one == unsuccess));
    assert!(!format!("{list:?}").contains("4477"));
}
