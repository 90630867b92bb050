//! Frames as real clients send them, and frames that deserve an error: what is forgiven, and what each fault is answered.

use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

use super::golden::hex;
use crate::*;

/// A frame of this command around `body`, with the right command_length.
pub(super) fn frame(command_id: CommandId, body: &[u8]) -> Vec<u8> {
    let command_length = u32::try_from(16 + body.len()).unwrap();
    let header = Header {
        command_length,
        command_id,
        command_status: CommandStatus::ROK,
        sequence_number: 7,
    };
    let mut frame = header.octets().to_vec();
    frame.extend(body);
    frame
}

/// A submit_sm of text "Hi", with `rest` behind it.
fn submit_sm(rest: &[u8]) -> Vec<u8> {
    let mut body = b"\0\0\0ACME\0\x01\x01447700900000\0\0\0\0\0\0\0\0\0\0\x02Hi".to_vec();
    body.extend(rest);
    frame(CommandId::SUBMIT_SM, &body)
}

fn submitted(frame: &[u8]) -> ShortMessage<'_> {
    match decode(frame).unwrap().1 {
        Pdu::SubmitSm(message) => message,
        other => panic!("{other:?}"),
    }
}

/// The status and the words of what is wrong.
fn fault(frame: &[u8]) -> (CommandStatus, String) {
    let error = decode(frame).unwrap_err();
    (error.status, error.to_string())
}

#[test]
fn q3_error_responses_have_the_bodies_that_clients_read() {
    for (request, expected, empty) in [
        (
            CommandId::SUBMIT_SM,
            "00000010 80000004 00000008 00000007",
            Pdu::SubmitSmResp(MessageIdResp::default()),
        ),
        (
            CommandId::QUERY_SM,
            "00000014 80000003 00000008 00000007 00 00 00 00",
            Pdu::QuerySmResp(QuerySmResp::default()),
        ),
        (
            CommandId::DATA_SM,
            "00000011 80000103 00000008 00000007 00",
            Pdu::DataSmResp(DataSmResp::default()),
        ),
        (
            CommandId::SUBMIT_MULTI,
            "00000012 80000021 00000008 00000007 00 00",
            Pdu::SubmitMultiResp(SubmitMultiResp::default()),
        ),
    ] {
        let mut out = Vec::new();
        refusal(&mut out, request, CommandStatus::RSYSERR, 7);
        assert_eq!(out, hex(expected));
        assert_eq!(decode(&out).unwrap().1, empty);
        // Others send the header only, or a NUL where there is more to say.
        for body in [&b""[..], b"\0"] {
            let mut theirs = frame(request.response(), body);
            theirs[8..12].copy_from_slice(&CommandStatus::RSYSERR.0.to_be_bytes());
            assert_eq!(decode(&theirs).unwrap().1, empty, "{request} {body:?}");
        }
    }
}

#[test]
fn q5_php_smpp_ends_short_message_with_a_nul_that_sm_length_does_not_count() {
    let frame = submit_sm(&[0]);
    let message = submitted(&frame);
    assert_eq!((message.short_message, message.tlvs), (&b"Hi"[..], Tlvs::EMPTY));
}

#[test]
fn q5_php_smpp_numbers_its_parts_behind_that_nul() {
    let frame = submit_sm(&hex("00 020c 0002 002a 020e 0001 02 020f 0001 01"));
    let tlvs = submitted(&frame).tlvs;
    assert_eq!(tlvs.get(Tag::SAR_MSG_REF_NUM).unwrap().u16(), Some(0x2A));
    assert_eq!(tlvs.get(Tag::SAR_TOTAL_SEGMENTS).unwrap().u8(), Some(2));
    assert_eq!(tlvs.get(Tag::SAR_SEGMENT_SEQNUM).unwrap().u8(), Some(1));
    assert_eq!(tlvs.iter().count(), 3);
}

#[test]
fn q5_up_to_three_octets_behind_the_last_parameter_are_forgiven_and_four_are_not() {
    for behind in 0..4 {
        let mut rest = hex("0204 0002 1234");
        rest.extend(vec![0xFF; behind]);
        assert_eq!(submitted(&submit_sm(&rest)).tlvs.iter().count(), 1);
    }
    let (status, words) = fault(&submit_sm(&hex("0204 0002 1234 ffffffff")));
    assert_eq!(status, CommandStatus::RINVOPTPARSTREAM);
    assert_eq!(words, "submit_sm tlvs runs past the end");
}

#[test]
fn q5_octets_behind_a_header_are_forgiven() {
    for (command_id, pdu) in [
        (CommandId::ENQUIRE_LINK, Pdu::EnquireLink),
        (CommandId::ENQUIRE_LINK_RESP, Pdu::EnquireLinkResp),
        (CommandId::UNBIND, Pdu::Unbind),
        (CommandId::UNBIND_RESP, Pdu::UnbindResp),
        (CommandId::GENERIC_NACK, Pdu::GenericNack),
    ] {
        for body in [&b"\0"[..], b"anything"] {
            assert_eq!(decode(&frame(command_id, body)).unwrap().1, pdu);
        }
    }
}

#[test]
fn q6_receipted_message_id_with_and_without_its_nul() {
    for tlv in ["001e 0005 3466316100", "001e 0004 34663161"] {
        let frame = submit_sm(&hex(tlv));
        assert_eq!(
            submitted(&frame).tlvs.get(Tag::RECEIPTED_MESSAGE_ID).unwrap().c_string(),
            b"4f1a"
        );
    }
}

#[test]
fn q9_any_sequence_number_is_passed_on() {
    for sequence_number in [0, 1, 0x7FFF_FFFF, 0x8000_0000, u32::MAX] {
        let mut out = Vec::new();
        encode(&mut out, CommandStatus::ROK, sequence_number, &Pdu::EnquireLink).unwrap();
        assert_eq!(decode(&out).unwrap().0.sequence_number, sequence_number);
    }
}

#[test]
fn q17_deliver_sm_resp_without_body_with_a_nul_and_with_more() {
    for (body, message_id) in [
        (&b""[..], &b""[..]),
        (b"\0", b""),
        (b"\0\0\0", b""),
        (b"id7\0\x04\x27", b"id7"),
    ] {
        let frame = frame(CommandId::DELIVER_SM_RESP, body);
        assert_eq!(decode(&frame).unwrap().1, Pdu::DeliverSmResp(MessageIdResp { message_id }));
    }
}

#[test]
fn q18_repeated_parameters_keep_their_order() {
    let frame = submit_sm(&hex("0381 0004 01010131 0381 0004 01010132"));
    let numbers: Vec<&[u8]> = submitted(&frame).tlvs.iter().map(|tlv| tlv.value).collect();
    assert_eq!(numbers, [b"\x01\x01\x011", b"\x01\x01\x012"]);
}

#[test]
fn q20_a_long_password_is_refused_unless_the_limits_take_it() {
    let bind = |length| {
        frame(
            CommandId::BIND_TRANSMITTER,
            format!("esme\0{}\0\0\x34\0\0\0", "p".repeat(length)).as_bytes(),
        )
    };
    assert!(decode(&bind(8)).is_ok());
    let (status, words) = fault(&bind(9));
    assert_eq!(
        (status, &*words),
        (CommandStatus::RINVPASWD, "bind_transmitter password exceeds 8 octets")
    );
    match decode_within(&bind(128), Limits::LONG_PASSWORDS).unwrap().1 {
        Pdu::BindTransmitter(bind) => assert_eq!(bind.password.len(), 128),
        other => panic!("{other:?}"),
    }
    let error = decode_within(&bind(129), Limits::LONG_PASSWORDS).unwrap_err();
    assert_eq!(error.to_string(), "bind_transmitter password exceeds 128 octets");
    assert!(
        decode_within(&bind(8), Limits { password: 0 }).is_ok(),
        "no limit is below the specification's"
    );
}

#[test]
fn a_long_password_is_written_up_to_what_the_limits_take() {
    let mut out = Vec::new();
    let password = [b'p'; 129];
    let bind = |length| {
        Pdu::BindReceiver(Bind {
            password: &password[..length],
            ..Bind::default()
        })
    };
    encode(&mut out, CommandStatus::ROK, 1, &bind(128)).unwrap();
    let (_, decoded) = decode_within(&out, Limits::LONG_PASSWORDS).unwrap();
    assert_eq!(decoded, bind(128));
    let error = encode(&mut out, CommandStatus::ROK, 1, &bind(129)).unwrap_err();
    assert_eq!(error.to_string(), "password of 129 octets exceeds 128");
}

#[test]
fn every_string_one_past_its_limit_has_its_own_status() {
    let long = |length| "9".repeat(length);
    let span = |length| format!("{}R", long(length - 1));
    let bind = |system_id: usize, system_type: usize, range: usize| {
        let body = format!("{}\0pw\0{}\0\x34\0\0{}\0", long(system_id), long(system_type), long(range));
        frame(CommandId::BIND_RECEIVER, body.as_bytes())
    };
    let message = |service: usize, source: usize, destination: usize, schedule: usize, validity: usize| {
        let body = format!(
            "{}\0\0\0{}\0\0\0{}\0\0\0\0{}\0{}\0\0\0\0\0\0",
            long(service),
            long(source),
            long(destination),
            span(schedule),
            span(validity)
        );
        frame(CommandId::SUBMIT_SM, body.as_bytes())
    };
    assert!(decode(&bind(15, 12, 40)).is_ok());
    assert!(decode(&message(5, 20, 20, 16, 16)).is_ok());
    for (frame, status) in [
        (bind(16, 12, 40), CommandStatus::RINVSYSID),
        (bind(15, 13, 40), CommandStatus::RINVSYSTYP),
        (bind(15, 12, 41), CommandStatus::RBINDFAIL),
        (message(6, 20, 20, 16, 16), CommandStatus::RINVSERTYP),
        (message(5, 21, 20, 16, 16), CommandStatus::RINVSRCADR),
        (message(5, 20, 21, 16, 16), CommandStatus::RINVDSTADR),
        (message(5, 20, 20, 17, 16), CommandStatus::RINVSCHED),
        (message(5, 20, 20, 15, 16), CommandStatus::RINVSCHED),
        (message(5, 20, 20, 16, 17), CommandStatus::RINVEXPIRY),
        (message(5, 20, 20, 16, 1), CommandStatus::RINVEXPIRY),
        (
            frame(CommandId::SUBMIT_SM_RESP, format!("{}\0", long(65)).as_bytes()),
            CommandStatus::RINVMSGID,
        ),
    ] {
        assert_eq!(fault(&frame).0, status, "{}", fault(&frame).1);
    }
}

#[test]
fn a_string_without_its_nul_has_its_own_status() {
    let (status, words) = fault(&frame(CommandId::BIND_RECEIVER, b"esme"));
    assert_eq!(
        (status, &*words),
        (CommandStatus::RINVSYSID, "bind_receiver system_id has no NUL")
    );
}

#[test]
fn a_body_that_ends_too_early() {
    let whole = submit_sm(&[]);
    for (length, words) in [
        (16, "submit_sm ends before service_type"),
        (17, "submit_sm ends before source_addr_ton"),
        (whole.len() - 3, "submit_sm ends before short_message"),
    ] {
        let cut = frame(CommandId::SUBMIT_SM, &whole[16..length]);
        assert_eq!(fault(&cut), (CommandStatus::RINVCMDLEN, words.into()));
    }
}

#[test]
fn sm_length_beyond_the_body() {
    let whole = submit_sm(&[]);
    let cut = frame(CommandId::SUBMIT_SM, &whole[16..whole.len() - 1]);
    assert_eq!(
        fault(&cut),
        (CommandStatus::RINVMSGLEN, "submit_sm short_message runs past the end".into())
    );
}

#[test]
fn sm_length_255_is_read_and_not_written() {
    let mut body = b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xFF".to_vec();
    body.extend([b'a'; 255]);
    let frame = frame(CommandId::SUBMIT_SM, &body);
    let message = submitted(&frame);
    assert_eq!(message.short_message.len(), 255);
    let mut out = b"before".to_vec();
    let error = encode(&mut out, CommandStatus::ROK, 1, &Pdu::SubmitSm(message)).unwrap_err();
    assert_eq!(error.to_string(), "short_message of 255 octets exceeds 254");
    assert_eq!(out, b"before");
}

#[test]
fn commands_without_a_row() {
    for (command_id, words) in [
        (CommandId::BROADCAST_SM, "unknown command_id broadcast_sm"),
        (CommandId(0x0001_0203), "unknown command_id 0x00010203"),
    ] {
        assert_eq!(fault(&frame(command_id, b"")), (CommandStatus::RINVCMDID, words.into()));
    }
}

#[test]
fn a_frame_of_another_length_than_it_says() {
    let mut longer = submit_sm(&[]);
    longer.push(0);
    assert_eq!(fault(&longer).0, CommandStatus::RINVCMDLEN);
    assert_eq!(
        fault(&longer).1,
        format!("command_length {} in a frame of {}", longer.len() - 1, longer.len())
    );
    assert_eq!(fault(&[0; 15]).0, CommandStatus::RINVCMDLEN);
}

#[test]
fn what_does_not_fit_is_not_written() {
    let refused = |message: ShortMessage<'_>| {
        let mut out = b"before".to_vec();
        let error = encode(&mut out, CommandStatus::ROK, 1, &Pdu::DeliverSm(message)).unwrap_err();
        assert_eq!(out, b"before");
        error.to_string()
    };
    let empty = ShortMessage::default();
    assert_eq!(
        refused(ShortMessage {
            source_addr: &[b'1'; 21],
            ..empty
        }),
        "source_addr of 21 octets exceeds 20"
    );
    assert_eq!(
        refused(ShortMessage {
            destination_addr: b"1\x002",
            ..empty
        }),
        "destination_addr has a character that is not printable ASCII"
    );
    assert_eq!(
        refused(ShortMessage {
            service_type: b"\xE9",
            ..empty
        }),
        "service_type has a character that is not printable ASCII"
    );
}

#[test]
fn every_request_has_a_refusal_that_says_what_it_refuses() {
    for (request, expected) in [
        (CommandId::BIND_TRANSCEIVER, "00000011 80000009 00000004 00000007 00"),
        (CommandId::BIND_TRANSMITTER, "00000010 80000002 00000004 00000007"),
        (CommandId::DELIVER_SM, "00000010 80000005 00000004 00000007"),
        (CommandId::QUERY_SM, "00000014 80000003 00000004 00000007 00000000"),
        (CommandId::DATA_SM, "00000011 80000103 00000004 00000007 00"),
        (CommandId::SUBMIT_MULTI, "00000012 80000021 00000004 00000007 0000"),
        (CommandId::CANCEL_SM, "00000010 80000008 00000004 00000007"),
        (CommandId::REPLACE_SM, "00000010 80000007 00000004 00000007"),
        (CommandId::OUTBIND, "00000010 80000000 00000004 00000007"),
        (CommandId::ALERT_NOTIFICATION, "00000010 80000000 00000004 00000007"),
        (CommandId::SUBMIT_SM_RESP, "00000010 80000000 00000004 00000007"),
    ] {
        let mut out = Vec::new();
        refusal(&mut out, request, CommandStatus::RINVBNDSTS, 7);
        assert_eq!(out, hex(expected), "{request}");
    }
}

#[test]
fn debug_shows_neither_passwords_nor_user_data_nor_numbers() {
    let bind = Bind {
        system_id: b"esme",
        password: b"hunter2",
        ..Bind::default()
    };
    let message = ShortMessage {
        short_message: b"private",
        tlvs: Tlvs::EMPTY,
        ..ShortMessage::default()
    };
    let shown = format!("{:?} {:?}", Pdu::BindReceiver(bind), Pdu::SubmitSm(message));
    assert!(shown.contains("system_id: \"esme\", password: [7]"), "{shown}");
    assert!(shown.contains("short_message: [7], tlvs: []"), "{shown}");
    assert!(
        !["hunter2", "4477", "private"].iter().any(|secret| shown.contains(secret)),
        "{shown}"
    );
}
