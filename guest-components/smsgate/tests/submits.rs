//! From a message to `POST /messages`: every field, and what is refused before anything is asked.
#![allow(clippy::allow_attributes, clippy::unwrap_used, reason = "a test that panics has failed")]

mod transcript;

use edgebind_smsgate::bindings::edgebind::{
    message::types::{Alphabet, Message, Tlv},
    translator::types::{Operation, Step},
};
use transcript::*;

/// With a phone named, so that the POST is the first step.
const NAMED: (&str, &str) = ("device_id", "phone1");

/// One line: what this message becomes under these settings.
fn step(settings: &[(&str, &str)], bend: impl FnOnce(&mut Message)) -> String {
    let mut message = message();
    bend(&mut message);
    let settings = [&[NAMED], settings].concat();
    line(&edgebind_smsgate::begin(&context(&settings), &Operation::Submit(message)))
}

#[test]
fn the_least_message() {
    insta::assert_snapshot!(step(&[], |_| {}), @r#"POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["+447700900000"],"textMessage":{"text":"Hi"},"priority":0,"withDeliveryReport":false}"#);
}

#[test]
fn who_calls_and_by_which_secrets() {
    let mut ctx = context(&[NAMED]);
    let mut calls = Vec::new();
    for secrets in [vec!["upstream.user", "upstream.password"], vec!["upstream.token"], vec![]] {
        ctx.secrets = secrets.into_iter().map(str::to_owned).collect();
        let Step::Exchange(exchange) = edgebind_smsgate::begin(&ctx, &Operation::Submit(message())) else {
            panic!()
        };
        calls.push(headers(&exchange.request));
    }
    insta::assert_snapshot!(calls.join("\n"), @r"
    Accept: application/json
    User-Agent: edgebind-smsgate/0.1.0
    Content-Type: application/json
    Basic upstream.user upstream.password

    Accept: application/json
    User-Agent: edgebind-smsgate/0.1.0
    Content-Type: application/json
    Bearer upstream.token

    Accept: application/json
    User-Agent: edgebind-smsgate/0.1.0
    Content-Type: application/json
    no authorization
    ");
}

#[test]
fn text_by_data_coding_and_alphabet() {
    let row = |alphabet: Alphabet, data_coding: u8, payload: &[u8]| {
        let text = step(&[], |message| {
            message.alphabet = alphabet;
            message.data_coding = data_coding;
            message.payload = payload.to_vec();
        });
        let text = text
            .split("\"textMessage\":")
            .nth(1)
            .map_or(text.clone(), |rest| rest.split('}').next().unwrap().to_owned() + "}");
        format!("{alphabet:?} {data_coding:#04x} {payload:02x?}\n    {text}")
    };
    let table = [
        row(Alphabet::Gsm, 0x00, &[0x48, 0x69, 0x20, 0x00, 0x1b, 0x65, 0x02]),
        row(Alphabet::Latin1, 0x00, &[0x48, 0xe9, 0x40]),
        row(Alphabet::Ascii, 0x00, b"a@b"),
        row(Alphabet::Utf8, 0x00, "Привет".as_bytes()),
        row(Alphabet::Gsm, 0x01, b"a@b"),
        row(Alphabet::Gsm, 0x03, &[0x48, 0xe9, 0x40]),
        row(Alphabet::Gsm, 0x08, &[0x04, 0x1f, 0xd8, 0x3d, 0xde, 0x00]),
        row(Alphabet::Gsm, 0x08, &[0xfe, 0xff, 0x00, 0x41]),
        row(Alphabet::Gsm, 0x18, &[0x00, 0x41]),
        row(Alphabet::Gsm, 0xf0, &[0x00]),
        row(Alphabet::Gsm, 0x08, &[0x00]),
        row(Alphabet::Gsm, 0x08, &[]),
        row(Alphabet::Gsm, 0x00, &[]),
        row(Alphabet::Gsm, 0x06, &[0xbf]),
        row(Alphabet::Gsm, 0x07, &[0xe9]),
        row(Alphabet::Gsm, 0x05, b"x"),
        row(Alphabet::Gsm, 0x0e, b"x"),
    ];
    insta::assert_snapshot!(table.join("\n"), @r#"
    Alphabet::Gsm 0x00 [48, 69, 20, 00, 1b, 65, 02]
        {"text":"Hi @€$"}
    Alphabet::Latin1 0x00 [48, e9, 40]
        {"text":"Hé@"}
    Alphabet::Ascii 0x00 [61, 40, 62]
        {"text":"a@b"}
    Alphabet::Utf8 0x00 [d0, 9f, d1, 80, d0, b8, d0, b2, d0, b5, d1, 82]
        {"text":"Привет"}
    Alphabet::Gsm 0x01 [61, 40, 62]
        {"text":"a¡b"}
    Alphabet::Gsm 0x03 [48, e9, 40]
        {"text":"Hé@"}
    Alphabet::Gsm 0x08 [04, 1f, d8, 3d, de, 00]
        {"text":"П😀"}
    Alphabet::Gsm 0x08 [fe, ff, 00, 41]
        {"text":"A"}
    Alphabet::Gsm 0x18 [00, 41]
        {"text":"A"}
    Alphabet::Gsm 0xf0 [00]
        {"text":"@"}
    Alphabet::Gsm 0x08 [00]
        dead MessageState::Rejected 0x01 err 1: the text is malformed: 1 octets are no UCS-2 text
    Alphabet::Gsm 0x08 []
        dead MessageState::Rejected 0x01 err 1: the text is empty, which the upstream does not take
    Alphabet::Gsm 0x00 []
        dead MessageState::Rejected 0x01 err 1: the text is empty, which the upstream does not take
    Alphabet::Gsm 0x06 [bf]
        {"text":"П"}
    Alphabet::Gsm 0x07 [e9]
        {"text":"י"}
    Alphabet::Gsm 0x05 [78]
        dead MessageState::Rejected 0x45 err 69: data_coding 0x05 is not served
    Alphabet::Gsm 0x0e [78]
        dead MessageState::Rejected 0x45 err 69: data_coding 0x0e is not served
    "#);
}

#[test]
fn a_header_names_the_national_language_of_the_text() {
    let read = |udh: &[u8], payload: &[u8]| {
        step(&[], |message| {
            message.udh = udh.to_vec();
            message.payload = payload.to_vec();
        })
    };
    let turkish = read(&[0x06, 0x24, 0x01, 0x01, 0x25, 0x01, 0x01], &[0x1b, 0x53, 0x04, 0x07]);
    assert!(turkish.contains(r#"{"text":"Ş€ı"}"#), "{turkish}");
    let spanish = read(&[0x03, 0x24, 0x01, 0x02], &[0x1b, 0x61]);
    assert!(spanish.contains(r#"{"text":"á"}"#), "{spanish}");
}

#[test]
fn a_long_text_is_one_message_and_has_a_limit() {
    let joined = |characters: usize| {
        step(&[], |message| {
            message.udh = vec![0x05, 0x00, 0x03, 0x2a, 0x02, 0x01];
            message.payload = vec![b'x'; characters];
        })
    };
    assert!(joined(65_535).contains(&"x".repeat(65_535)));
    insta::assert_snapshot!(joined(65_536), @"dead MessageState::Rejected 0x01 err 1: 65536 characters of text exceed 65535");
}

#[test]
fn a_header_longer_than_the_user_data_is_refused() {
    let header = |udh: &[u8]| step(&[], |message| message.udh = udh.to_vec());
    insta::assert_snapshot!(header(&[0x09, 0x00]), @"dead MessageState::Rejected 0x43 err 67: the user data header is longer than the user data");
}

fn destination_port(value: &[u8]) -> Tlv {
    Tlv {
        tag: 0x020b,
        value: value.to_vec(),
    }
}

#[test]
fn data_goes_to_a_port() {
    let binary = |settings: &[(&str, &str)], bend: &dyn Fn(&mut Message)| {
        step(settings, |message| {
            message.data_coding = 0x04;
            message.payload = vec![0x00, 0xff, 0x10];
            bend(message);
        })
    };
    let in_header = |message: &mut Message| message.udh = vec![0x06, 0x05, 0x04, 0x0b, 0x84, 0x23, 0xf0];
    let in_tlv = |message: &mut Message| message.tlvs.push(destination_port(&[0xd1, 0xeb]));
    let table = [
        binary(&[], &in_header),
        binary(&[], &in_tlv),
        binary(&[("data_port", "5000")], &|_| {}),
        binary(&[("data_port", "5000")], &in_tlv),
        binary(&[], &|_| {}),
        binary(&[], &|message| message.tlvs.push(destination_port(&[0xd1]))),
        binary(&[("data_port", "5000")], &|message| message.payload.clear()),
        binary(&[("data_port", "5000")], &|message| message.payload = vec![0; 49_152]),
    ];
    insta::assert_snapshot!(table.join("\n"), @r#"
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["+447700900000"],"dataMessage":{"data":"AP8Q","port":2948},"priority":0,"withDeliveryReport":false}
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["+447700900000"],"dataMessage":{"data":"AP8Q","port":53739},"priority":0,"withDeliveryReport":false}
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["+447700900000"],"dataMessage":{"data":"AP8Q","port":5000},"priority":0,"withDeliveryReport":false}
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["+447700900000"],"dataMessage":{"data":"AP8Q","port":53739},"priority":0,"withDeliveryReport":false}
    dead MessageState::Rejected 0x45 err 69: binary data for no port, and no data_port is set
    dead MessageState::Rejected 0x45 err 69: binary data for no port, and no data_port is set
    dead MessageState::Rejected 0x01 err 1: the data is empty, which the upstream does not take
    dead MessageState::Rejected 0x01 err 1: 65536 characters of base64 exceed 65535
    "#);
}

#[test]
fn validity_priority_and_receipts() {
    let table = [
        step(&[], |message| message.validity = Some(NOW + HOUR)),
        step(&[], |message| message.validity = Some(NOW + 1)),
        step(&[], |message| message.validity = Some(NOW)),
        step(&[], |message| message.validity = Some(0)),
        step(&[], |message| message.schedule = Some(NOW - HOUR)),
        step(&[], |message| message.priority = 1),
        step(&[], |message| message.priority = 3),
        step(&[("priority_3", "-128")], |message| message.priority = 3),
        step(&[], |message| message.receipts.success = true),
        step(&[], |message| message.receipts.failure = true),
        step(&[], |message| message.receipts.intermediate = true),
    ];
    insta::assert_snapshot!(table.join("\n"), @r#"
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["+447700900000"],"textMessage":{"text":"Hi"},"ttl":3600,"priority":0,"withDeliveryReport":false}
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["+447700900000"],"textMessage":{"text":"Hi"},"ttl":5,"priority":0,"withDeliveryReport":false}
    dead MessageState::Expired 0x62 err 98: the validity period is over
    dead MessageState::Expired 0x62 err 98: the validity period is over
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["+447700900000"],"textMessage":{"text":"Hi"},"priority":0,"withDeliveryReport":false}
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["+447700900000"],"textMessage":{"text":"Hi"},"priority":25,"withDeliveryReport":false}
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["+447700900000"],"textMessage":{"text":"Hi"},"priority":75,"withDeliveryReport":false}
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["+447700900000"],"textMessage":{"text":"Hi"},"priority":-128,"withDeliveryReport":false}
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["+447700900000"],"textMessage":{"text":"Hi"},"priority":0,"withDeliveryReport":true}
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["+447700900000"],"textMessage":{"text":"Hi"},"priority":0,"withDeliveryReport":true}
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["+447700900000"],"textMessage":{"text":"Hi"},"priority":0,"withDeliveryReport":true}
    "#);
}

#[test]
fn source_addresses_are_phones_and_sims() {
    let sources = [("sim_number", "1"), ("source.ACME", "phone2:2"), ("source.default", ":3")];
    let table = [
        step(&sources, |_| {}),
        step(&sources, |message| message.source = address(1, 1, "447700900999")),
        step(&[("sim_number", "2")], |_| {}),
    ];
    insta::assert_snapshot!(table.join("\n"), @r#"
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone2","simNumber":2,"phoneNumbers":["+447700900000"],"textMessage":{"text":"Hi"},"priority":0,"withDeliveryReport":false}
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone1","simNumber":3,"phoneNumbers":["+447700900000"],"textMessage":{"text":"Hi"},"priority":0,"withDeliveryReport":false}
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone1","simNumber":2,"phoneNumbers":["+447700900000"],"textMessage":{"text":"Hi"},"priority":0,"withDeliveryReport":false}
    "#);
}

#[test]
fn destinations() {
    let to = |settings: &[(&str, &str)], ton, digits| step(settings, |message| message.destination = address(ton, 1, digits));
    let table = [
        to(&[], 2, "447700900000"),
        to(&[("country_code", "44")], 2, "07700900000"),
        to(&[], 1, "12345"),
        to(&[], 5, "INFO"),
        to(&[("skip_phone_validation", "always")], 1, "447700900000"),
        to(&[("skip_phone_validation", "never")], 5, "INFO"),
        to(&[], 1, ""),
    ];
    insta::assert_snapshot!(table.join("\n"), @r#"
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["+447700900000"],"textMessage":{"text":"Hi"},"priority":0,"withDeliveryReport":false}
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["+447700900000"],"textMessage":{"text":"Hi"},"priority":0,"withDeliveryReport":false}
    POST https://sms.example/3rdparty/v1/messages?skipPhoneValidation=true {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["12345"],"textMessage":{"text":"Hi"},"priority":0,"withDeliveryReport":false}
    POST https://sms.example/3rdparty/v1/messages?skipPhoneValidation=true {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["INFO"],"textMessage":{"text":"Hi"},"priority":0,"withDeliveryReport":false}
    POST https://sms.example/3rdparty/v1/messages?skipPhoneValidation=true {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["+447700900000"],"textMessage":{"text":"Hi"},"priority":0,"withDeliveryReport":false}
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["INFO"],"textMessage":{"text":"Hi"},"priority":0,"withDeliveryReport":false}
    dead MessageState::Rejected 0x0b err 11: no destination address
    "#);
}

#[test]
fn the_id_is_the_key_behind_the_prefix_whatever_the_attempt() {
    let mut ctx = context(&[NAMED, ("id_prefix", "eb1-")]);
    let first = line(&edgebind_smsgate::begin(&ctx, &Operation::Submit(message())));
    ctx.attempt = 7;
    ctx.now += HOUR;
    assert_eq!(line(&edgebind_smsgate::begin(&ctx, &Operation::Submit(message()))), first);
    assert!(first.contains(r#""id":"eb1-7100000000000017""#), "{first}");
    insta::assert_snapshot!(
        run(&ctx, &Operation::Submit(message()), &[answer(202, r#"{"id":"eb1-7100000000000017"}"#)]).lines().last().unwrap(),
        @"taken eb1-7100000000000017"
    );
}
