//! Frames that other implementations agree on, octet for octet, in both directions.

use std::string::String;
use std::vec::Vec;

use crate::*;

/// A frame from hex; blanks are for the reader.
pub(super) fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

/// `frame` decodes to `pdu`, and `pdu` encodes to `frame`.
fn agree(frame: &str, status: CommandStatus, sequence_number: u32, pdu: &Pdu<'_>) {
    let frame = hex(frame);
    let (header, decoded) = decode(&frame).unwrap();
    assert_eq!(&decoded, pdu);
    assert_eq!((header.command_status, header.sequence_number), (status, sequence_number));
    assert_eq!(header.command_length as usize, frame.len());
    let mut encoded = Vec::new();
    encode(&mut encoded, status, sequence_number, pdu).unwrap();
    assert_eq!(encoded, frame);
}

#[test]
fn bind_transceiver() {
    let bind = Bind {
        system_id: b"esme01",
        password: b"secret08",
        interface_version: 0x34,
        ..Bind::default()
    };
    agree(
        "00000025 00000009 00000000 00000001 65736d65303100 736563726574303800 00 34 00 00 00",
        CommandStatus::ROK,
        1,
        &Pdu::BindTransceiver(bind),
    );
}

#[test]
fn bind_transceiver_resp() {
    let mut tlvs = TlvList::new();
    tlvs.push_u8(Tag::SC_INTERFACE_VERSION, 0x34);
    let resp = BindResp {
        system_id: b"SMSC",
        tlvs: tlvs.tlvs(),
    };
    agree(
        "0000001a 80000009 00000000 00000001 534d534300 0210 0001 34",
        CommandStatus::ROK,
        1,
        &Pdu::BindTransceiverResp(resp),
    );
}

#[test]
fn bind_refused() {
    let refused = |request| {
        let mut out = Vec::new();
        bind_refusal(&mut out, request, CommandStatus::RBINDFAIL, 1);
        out
    };
    assert_eq!(
        refused(CommandId::BIND_TRANSMITTER),
        hex("00000010 80000002 0000000d 00000001")
    );
    assert_eq!(refused(CommandId::BIND_RECEIVER), hex("00000010 80000001 0000000d 00000001"));
    assert_eq!(
        refused(CommandId::BIND_TRANSCEIVER),
        hex("00000011 80000009 0000000d 00000001 00")
    );
    for request in [
        CommandId::BIND_TRANSMITTER,
        CommandId::BIND_RECEIVER,
        CommandId::BIND_TRANSCEIVER,
    ] {
        let frame = refused(request);
        let (header, _) = decode(&frame).unwrap();
        assert_eq!(
            (header.command_id, header.command_status),
            (request.response(), CommandStatus::RBINDFAIL)
        );
    }
}

#[test]
fn submit_sm() {
    let message = ShortMessage {
        source_addr_ton: Ton::ALPHANUMERIC,
        source_addr: b"ACME",
        dest_addr_ton: Ton::INTERNATIONAL,
        dest_addr_npi: Npi::ISDN,
        destination_addr: b"447700900000",
        registered_delivery: RegisteredDelivery::ALWAYS,
        short_message: b"Hi \0",
        ..ShortMessage::default()
    };
    agree(
        "00000035 00000004 00000000 00000002 00 05 00 41434d4500 01 01 34343737303039303030303000 00 00 00 00 00 01 00 00 00 04 48692000",
        CommandStatus::ROK,
        2,
        &Pdu::SubmitSm(message),
    );
}

#[test]
fn submit_sm_resp() {
    let resp = Pdu::SubmitSmResp(MessageIdResp { message_id: b"4f1a" });
    agree("00000015 80000004 00000000 00000002 3466316100", CommandStatus::ROK, 2, &resp);
}

#[test]
fn submit_sm_throttled() {
    let mut out = Vec::new();
    refusal(&mut out, CommandId::SUBMIT_SM, CommandStatus::RTHROTTLED, 2);
    assert_eq!(out, hex("00000010 80000004 00000058 00000002"));
    let empty = Pdu::SubmitSmResp(MessageIdResp::default());
    assert_eq!(decode(&out).unwrap().1, empty);
}

#[test]
fn deliver_sm_receipt() {
    let mut tlvs = TlvList::new();
    tlvs.push_c_string(Tag::RECEIPTED_MESSAGE_ID, b"4f1a").unwrap();
    tlvs.push_u8(Tag::MESSAGE_STATE, 2);
    tlvs.push(Tag::NETWORK_ERROR_CODE, &[3, 0, 0]).unwrap();
    let text = b"id:0000020250 sub:001 dlvrd:001 submit date:2601021504 done date:2601021505 stat:DELIVRD err:000 text:Hi";
    let receipt = ShortMessage {
        source_addr_ton: Ton::INTERNATIONAL,
        source_addr_npi: Npi::ISDN,
        source_addr: b"447700900000",
        dest_addr_ton: Ton::ALPHANUMERIC,
        destination_addr: b"ACME",
        esm_class: EsmClass::RECEIPT,
        short_message: text,
        tlvs: tlvs.tlvs(),
        ..ShortMessage::default()
    };
    let mut frame = String::from("000000ae 00000005 00000000 00000003 00 01 01 34343737303039303030303000 05 00 41434d4500");
    frame.push_str("04 00 00 00 00 00 00 00 00 68");
    frame.extend(text.iter().map(|octet| std::format!("{octet:02x}")));
    frame.push_str("001e 0005 3466316100 0427 0001 02 0423 0003 030000");
    assert_eq!(hex(&frame).len(), 174);
    agree(&frame, CommandStatus::ROK, 3, &Pdu::DeliverSm(receipt));
}

#[test]
fn generic_nack() {
    agree(
        "00000010 80000000 00000002 00000000",
        CommandStatus::RINVCMDLEN,
        0,
        &Pdu::GenericNack,
    );
    agree(
        "00000010 80000000 00000003 00000007",
        CommandStatus::RINVCMDID,
        7,
        &Pdu::GenericNack,
    );
    let mut out = Vec::new();
    refusal(&mut out, CommandId(0x0001_0203), CommandStatus::RINVCMDID, 7);
    assert_eq!(out, hex("00000010 80000000 00000003 00000007"));
}

#[test]
fn header_only_pdus() {
    agree("00000010 00000006 00000000 00000009", CommandStatus::ROK, 9, &Pdu::Unbind);
    agree("00000010 80000006 00000000 00000009", CommandStatus::ROK, 9, &Pdu::UnbindResp);
    agree(
        "00000010 00000015 00000000 00000009",
        CommandStatus::ROK,
        9,
        &Pdu::EnquireLink,
    );
    agree(
        "00000010 80000015 00000000 00000009",
        CommandStatus::ROK,
        9,
        &Pdu::EnquireLinkResp,
    );
}
