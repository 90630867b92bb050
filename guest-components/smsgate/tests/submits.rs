//! From a message to `POST /messages`: every field, and what is refused before anything is asked.
#![allow(clippy::allow_attributes, clippy::unwrap_used, reason = "a test that panics has failed")]

mod transcript;

use edgebind_smsgate::bindings::edgebind::{
    message::types::{Message, Receipts, Tlv},
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
    insta::assert_snapshot!(step(&[], |_| {}), @"");
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
    insta::assert_snapshot!(calls.join("\n"), @"");
}

#[test]
fn text_by_data_coding_and_alphabet() {
    let row = |settings: &[(&str, &str)], data_coding: u8, payload: &[u8]| {
        let text = step(settings, |message| {
            message.data_coding = data_coding;
            message.payload = payload.to_vec();
        });
        let text = text
            .split("\"textMessage\":")
            .nth(1)
            .map_or(text.clone(), |rest| rest.split('}').next().unwrap().to_owned() + "}");
        format!("{settings:?} {data_coding:#04x} {payload:02x?}\n    {text}")
    };
    let table = [
        row(&[], 0x00, &[0x48, 0x69, 0x20, 0x00, 0x1b, 0x65, 0x02]),
        row(&[("alphabet", "latin1")], 0x00, &[0x48, 0xe9, 0x40]),
        row(&[("alphabet", "ascii")], 0x00, b"a@b"),
        row(&[("alphabet", "utf8")], 0x00, "Привет".as_bytes()),
        row(&[], 0x01, b"a@b"),
        row(&[], 0x03, &[0x48, 0xe9, 0x40]),
        row(&[], 0x08, &[0x04, 0x1f, 0xd8, 0x3d, 0xde, 0x00]),
        row(&[], 0x08, &[0xfe, 0xff, 0x00, 0x41]),
        row(&[], 0x18, &[0x00, 0x41]),
        row(&[], 0xf0, &[0x00]),
        row(&[], 0x08, &[0x00]),
        row(&[], 0x08, &[]),
        row(&[], 0x00, &[]),
        row(&[], 0x05, b"x"),
        row(&[], 0x0e, b"x"),
    ];
    insta::assert_snapshot!(table.join("\n"), @"");
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
    insta::assert_snapshot!(joined(65_536), @"");
}

#[test]
fn what_arrives_as_something_else_is_refused() {
    let header = |udh: &[u8]| step(&[], |message| message.udh = udh.to_vec());
    insta::assert_snapshot!(header(&[0x03, 0x25, 0x01, 0x01]), @"");
    insta::assert_snapshot!(header(&[0x09, 0x00]), @"");
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
    let in_tlv = |message: &mut Message| {
        message.tlvs = vec![Tlv {
            tag: 0x020b,
            value: vec![0xd1, 0xeb],
        }]
    };
    let table = [
        binary(&[], &in_header),
        binary(&[], &in_tlv),
        binary(&[("data_port", "5000")], &|_| {}),
        binary(&[("data_port", "5000")], &in_tlv),
        binary(&[], &|_| {}),
        binary(&[], &|message| {
            message.tlvs = vec![Tlv {
                tag: 0x020b,
                value: vec![0xd1],
            }]
        }),
        binary(&[("data_port", "5000")], &|message| message.payload.clear()),
        binary(&[("data_port", "5000")], &|message| message.payload = vec![0; 49_152]),
    ];
    insta::assert_snapshot!(table.join("\n"), @"");
}

#[test]
fn validity_schedule_priority_and_receipts() {
    let table = [
        step(&[], |message| message.validity = Some(NOW + HOUR)),
        step(&[], |message| message.validity = Some(NOW + 1)),
        step(&[], |message| message.validity = Some(NOW)),
        step(&[], |message| message.validity = Some(0)),
        step(&[], |message| message.schedule = Some(NOW + HOUR)),
        step(&[], |message| message.schedule = Some(NOW - HOUR)),
        step(&[], |message| message.schedule = Some(NOW + 5 * SECOND)),
        step(&[], |message| {
            message.schedule = Some(NOW + HOUR);
            message.validity = Some(NOW + 2 * HOUR);
        }),
        step(&[], |message| {
            message.schedule = Some(NOW + 2 * HOUR);
            message.validity = Some(NOW + HOUR);
        }),
        step(&[], |message| message.schedule = Some(u64::MAX)),
        step(&[], |message| message.priority = 1),
        step(&[], |message| message.priority = 3),
        step(&[("priority_3", "-128")], |message| message.priority = 3),
        step(&[], |message| {
            message.receipts = Receipts {
                success: true,
                failure: true,
                intermediate: false,
            }
        }),
        step(&[], |message| {
            message.receipts = Receipts {
                success: false,
                failure: true,
                intermediate: false,
            }
        }),
        step(&[], |message| {
            message.receipts = Receipts {
                success: false,
                failure: false,
                intermediate: true,
            }
        }),
    ];
    insta::assert_snapshot!(table.join("\n"), @"");
}

#[test]
fn source_addresses_are_phones_and_sims() {
    let sources = [("sim_number", "1"), ("source.ACME", "phone2:2"), ("source.default", ":3")];
    let table = [
        step(&sources, |_| {}),
        step(&sources, |message| message.source = address(1, 1, "447700900999")),
        step(&[("sim_number", "2")], |_| {}),
    ];
    insta::assert_snapshot!(table.join("\n"), @"");
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
    insta::assert_snapshot!(table.join("\n"), @"");
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
        @""
    );
}
