//! From a message to `POST /sms/json`: every field, and what is refused before anything is asked.
#![allow(clippy::allow_attributes, clippy::unwrap_used, reason = "a test that panics has failed")]

mod transcript;

use edgebind_vonage::bindings::edgebind::{
    message::types::{Alphabet, Message, Receipts, Tlv},
    translator::types::{Operation, Step},
};
use transcript::*;

const HELLO: &[u8] = b"Hello";

/// What is sent, without what every row has; or why nothing is.
fn sent(settings: &[(&str, &str)], bend: impl FnOnce(&mut Message)) -> String {
    let mut message = message();
    bend(&mut message);
    let line = line(&edgebind_vonage::begin(&context(settings), &Operation::Submit(message)));
    match line.strip_prefix("POST https://rest.example/sms/json ") {
        Some(form) => form.replace("&client-ref=7100000000000017", ""),
        None => line,
    }
}

#[test]
fn the_least_message() {
    let step = edgebind_vonage::begin(&context(&[]), &Operation::Submit(message()));
    insta::assert_snapshot!(line(&step), @"POST https://rest.example/sms/json from=ACME&to=447700900000&type=text&text=Hi&status-report-req=false&client-ref=7100000000000017");
}

#[test]
fn who_calls_and_by_which_secrets() {
    let ways: [&[(&str, &str)]; 6] = [
        &[],
        &[("auth", "body")],
        &[("auth", "body"), ("api_key", "abcd1234")],
        &[("auth", "signature"), ("api_key", "abcd1234")],
        &[
            ("auth", "signature"),
            ("api_key", "abcd1234"),
            ("signature_method", "hmac-sha256"),
            ("signature_secret", "vonage.signature"),
        ],
        &[("key_secret", "k"), ("password_secret", "p")],
    ];
    let mut calls = String::new();
    for settings in ways {
        let Step::Exchange(exchange) = edgebind_vonage::begin(&context(settings), &Operation::Submit(message())) else {
            panic!()
        };
        let request = &exchange.request;
        calls += &format!(
            "{settings:?}\n{}\n{}{}\n",
            transcript::request(request),
            headers(request),
            blanks(request)
        );
    }
    insta::assert_snapshot!(calls.trim_end(), @r#"
    []
    POST https://rest.example/sms/json from=ACME&to=447700900000&type=text&text=Hi&status-report-req=false&client-ref=7100000000000017
    Accept: application/json
    User-Agent: edgebind-vonage/0.1.0
    Content-Type: application/x-www-form-urlencoded
    Basic upstream.user upstream.password

    [("auth", "body")]
    POST https://rest.example/sms/json from=ACME&to=447700900000&type=text&text=Hi&status-report-req=false&client-ref=7100000000000017&api_key={{api_key}}&api_secret={{api_secret}}
    Accept: application/json
    User-Agent: edgebind-vonage/0.1.0
    Content-Type: application/x-www-form-urlencoded
    no authorization
    {{api_key}} = secret upstream.user, Escape::Percent
    {{api_secret}} = secret upstream.password, Escape::Percent

    [("auth", "body"), ("api_key", "abcd1234")]
    POST https://rest.example/sms/json from=ACME&to=447700900000&type=text&text=Hi&status-report-req=false&client-ref=7100000000000017&api_key=abcd1234&api_secret={{api_secret}}
    Accept: application/json
    User-Agent: edgebind-vonage/0.1.0
    Content-Type: application/x-www-form-urlencoded
    no authorization
    {{api_secret}} = secret upstream.password, Escape::Percent

    [("auth", "signature"), ("api_key", "abcd1234")]
    POST https://rest.example/sms/json from=ACME&to=447700900000&type=text&text=Hi&status-report-req=false&client-ref=7100000000000017&api_key=abcd1234&timestamp=1787213730&sig={{signature}}
    Accept: application/json
    User-Agent: edgebind-vonage/0.1.0
    Content-Type: application/x-www-form-urlencoded
    no authorization
    {{signature}} = Algorithm::Md5 in Digits::Hex with signature of "&api_key=abcd1234&client-ref=7100000000000017&from=ACME&status-report-req=false&text=Hi&timestamp=1787213730&to=447700900000&type=text"

    [("auth", "signature"), ("api_key", "abcd1234"), ("signature_method", "hmac-sha256"), ("signature_secret", "vonage.signature")]
    POST https://rest.example/sms/json from=ACME&to=447700900000&type=text&text=Hi&status-report-req=false&client-ref=7100000000000017&api_key=abcd1234&timestamp=1787213730&sig={{signature}}
    Accept: application/json
    User-Agent: edgebind-vonage/0.1.0
    Content-Type: application/x-www-form-urlencoded
    no authorization
    {{signature}} = Algorithm::HmacSha256 in Digits::Hex with vonage.signature of "&api_key=abcd1234&client-ref=7100000000000017&from=ACME&status-report-req=false&text=Hi&timestamp=1787213730&to=447700900000&type=text"

    [("key_secret", "k"), ("password_secret", "p")]
    POST https://rest.example/sms/json from=ACME&to=447700900000&type=text&text=Hi&status-report-req=false&client-ref=7100000000000017
    Accept: application/json
    User-Agent: edgebind-vonage/0.1.0
    Content-Type: application/x-www-form-urlencoded
    Basic k p
    "#);
}

#[test]
fn what_is_signed_is_the_text_as_it_is_meant() {
    let settings = [("auth", "signature"), ("api_key", "abcd1234")];
    let mut message = message();
    message.payload = b"a&b=c {{signature}} +".to_vec();
    message.alphabet = Alphabet::Ascii;
    let Step::Exchange(exchange) = edgebind_vonage::begin(&context(&settings), &Operation::Submit(message)) else {
        panic!()
    };
    insta::assert_snapshot!(format!("{}\n{}", request(&exchange.request), blanks(&exchange.request)), @r#"
    POST https://rest.example/sms/json from=ACME&to=447700900000&type=text&text=a%26b%3Dc+%7B%7Bsignature%7D%7D+%2B&status-report-req=false&client-ref=7100000000000017&api_key=abcd1234&timestamp=1787213730&sig={{signature}}
    {{signature}} = Algorithm::Md5 in Digits::Hex with signature of "&api_key=abcd1234&client-ref=7100000000000017&from=ACME&status-report-req=false&text=a_b_c {{signature}} +&timestamp=1787213730&to=447700900000&type=text"
    "#);
}

#[test]
fn kinds_of_content() {
    let row = |alphabet: Alphabet, data_coding: u8, payload: &[u8]| {
        let sent = sent(&[], |message| {
            message.alphabet = alphabet;
            message.data_coding = data_coding;
            message.payload = payload.to_vec();
        });
        let own = sent
            .replace("from=ACME&to=447700900000&", "")
            .replace("&status-report-req=false", "");
        format!("{alphabet:?} {data_coding:#04x} {payload:02x?}\n    {own}\n")
    };
    let table = [
        row(Alphabet::Gsm, 0x00, &[0x48, 0x69, 0x20, 0x00, 0x1b, 0x65, 0x02]),
        row(Alphabet::Latin1, 0x00, &[0x48, 0xe9, 0x40]),
        row(Alphabet::Utf8, 0x00, "Привет".as_bytes()),
        row(Alphabet::Gsm, 0x01, b"a@b"),
        row(Alphabet::Gsm, 0x03, &[0xe2, 0x40]),
        row(Alphabet::Gsm, 0x08, &[0x00, 0x41]),
        row(Alphabet::Gsm, 0x08, &[0x04, 0x1f, 0xd8, 0x3d, 0xde, 0x00]),
        row(Alphabet::Gsm, 0x08, &[0x00]),
        row(Alphabet::Gsm, 0x00, &[]),
        row(Alphabet::Gsm, 0x05, b"x"),
        row(Alphabet::Gsm, 0x04, &[0x00, 0xff]),
        row(Alphabet::Gsm, 0x02, &[0x01]),
        row(Alphabet::Gsm, 0x04, &[]),
        row(Alphabet::Gsm, 0xf0, HELLO),
        row(Alphabet::Gsm, 0xf1, HELLO),
        row(Alphabet::Gsm, 0xf3, HELLO),
        row(Alphabet::Gsm, 0x18, &[0x00, 0x41]),
        row(Alphabet::Gsm, 0xf5, &[0x01]),
    ];
    insta::assert_snapshot!(table.concat().trim_end(), @"
    Alphabet::Gsm 0x00 [48, 69, 20, 00, 1b, 65, 02]
        type=text&text=Hi+%40%E2%82%AC%24
    Alphabet::Latin1 0x00 [48, e9, 40]
        type=text&text=H%C3%A9%40
    Alphabet::Utf8 0x00 [d0, 9f, d1, 80, d0, b8, d0, b2, d0, b5, d1, 82]
        type=unicode&text=%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82
    Alphabet::Gsm 0x01 [61, 40, 62]
        type=text&text=a%C2%A1b
    Alphabet::Gsm 0x03 [e2, 40]
        type=unicode&text=%C3%A2%40
    Alphabet::Gsm 0x08 [00, 41]
        type=text&text=A
    Alphabet::Gsm 0x08 [04, 1f, d8, 3d, de, 00]
        type=unicode&text=%D0%9F%F0%9F%98%80
    Alphabet::Gsm 0x08 [00]
        dead MessageState::Rejected 0x01 err 10: the text is malformed: 1 octets are no UCS-2 text
    Alphabet::Gsm 0x00 []
        dead MessageState::Rejected 0x01 err 10: the text is empty, which the upstream does not take
    Alphabet::Gsm 0x05 [78]
        dead MessageState::Rejected 0x45 err 10: data_coding 0x05 is not served
    Alphabet::Gsm 0x04 [00, ff]
        type=binary&body=00ff
    Alphabet::Gsm 0x02 [01]
        type=binary&body=01
    Alphabet::Gsm 0x04 []
        dead MessageState::Rejected 0x01 err 10: there is no octet to send
    Alphabet::Gsm 0xf0 [48, 65, 6c, 6c, 6f]
        type=text&text=Hello&message-class=0
    Alphabet::Gsm 0xf1 [48, 65, 6c, 6c, 6f]
        type=text&text=Hello&message-class=1
    Alphabet::Gsm 0xf3 [48, 65, 6c, 6c, 6f]
        type=text&text=Hello&message-class=3
    Alphabet::Gsm 0x18 [00, 41]
        type=text&text=A&message-class=0
    Alphabet::Gsm 0xf5 [01]
        type=binary&body=01&message-class=1
    ");
}

#[test]
fn as_long_as_the_api_takes() {
    let long = |characters: usize| {
        sent(&[], |message| {
            message.alphabet = Alphabet::Ascii;
            message.payload = vec![b'a'; characters];
        })
    };
    assert!(long(3_200).contains("&text=aaaa"));
    insta::assert_snapshot!(long(3_201), @"dead MessageState::Rejected 0x01 err 10: 3201 characters of text exceed 3200");
    let octets = |count: usize| {
        sent(&[], |message| {
            message.data_coding = 4;
            message.payload = vec![0xAB; count];
            message.udh = vec![0x04, 0x05, 0x02, 0x0b, 0x84];
        })
    };
    assert!(octets(135).contains("&udh=0405020b84"), "{}", octets(135));
    insta::assert_snapshot!(octets(136), @"dead MessageState::Rejected 0x01 err 10: 141 octets of header and data exceed 140");
}

#[test]
fn headers_and_ports() {
    let port = |tag: u16, port: u16| Tlv {
        tag,
        value: port.to_be_bytes().to_vec(),
    };
    let row = |data_coding: u8, udh: &[u8], tlvs: Vec<Tlv>| {
        let tags: Vec<String> = tlvs.iter().map(|tlv| format!("{:#06x}", tlv.tag)).collect();
        let sent = sent(&[], |message| {
            message.data_coding = data_coding;
            message.payload = HELLO.to_vec();
            message.udh = udh.to_vec();
            message.tlvs = tlvs;
        });
        let own = sent
            .replace("from=ACME&to=447700900000&", "")
            .replace("&status-report-req=false", "");
        format!("{data_coding:#04x} udh {udh:02x?} tlvs {tags:?}\n    {own}\n")
    };
    let table = [
        // Parts are Vonage's to make.
        row(0, &[0x05, 0x00, 0x03, 0x01, 0x02, 0x01], vec![]),
        row(4, &[0x05, 0x00, 0x03, 0x01, 0x02, 0x01], vec![]),
        row(
            4,
            &[0x0b, 0x05, 0x04, 0x0b, 0x84, 0x23, 0xf0, 0x00, 0x03, 0x01, 0x02, 0x01],
            vec![],
        ),
        row(0, &[0x06, 0x05, 0x04, 0x0b, 0x84, 0x23, 0xf0], vec![]),
        row(0, &[], vec![port(0x020b, 2948), port(0x020a, 9200)]),
        row(4, &[], vec![port(0x020b, 2948)]),
        row(4, &[0x06, 0x05, 0x04, 0x00, 0x01, 0x00, 0x02], vec![port(0x020b, 2948)]),
        row(4, &[0x09, 0x05], vec![]),
    ];
    insta::assert_snapshot!(table.concat().trim_end(), @r#"
    0x00 udh [05, 00, 03, 01, 02, 01] tlvs []
        type=text&text=Hello
    0x04 udh [05, 00, 03, 01, 02, 01] tlvs []
        type=binary&body=48656c6c6f
    0x04 udh [0b, 05, 04, 0b, 84, 23, f0, 00, 03, 01, 02, 01] tlvs []
        type=binary&body=48656c6c6f&udh=0605040b8423f0
    0x00 udh [06, 05, 04, 0b, 84, 23, f0] tlvs []
        type=binary&body=48656c6c6f&udh=0605040b8423f0
    0x00 udh [] tlvs ["0x020b", "0x020a"]
        type=binary&body=48656c6c6f&udh=0605040b8423f0
    0x04 udh [] tlvs ["0x020b"]
        type=binary&body=48656c6c6f&udh=0605040b840000
    0x04 udh [06, 05, 04, 00, 01, 00, 02] tlvs ["0x020b"]
        type=binary&body=48656c6c6f&udh=06050400010002
    0x04 udh [09, 05] tlvs []
        dead MessageState::Rejected 0x43 err 10: the user data header is longer than the user data
    "#);
}

#[test]
fn validity_is_a_ttl_within_bounds() {
    let row = |validity: Option<u64>| {
        let sent = sent(&[], |message| message.validity = validity.map(|left| NOW + left));
        let ttl = sent
            .split('&')
            .find(|field| field.starts_with("ttl="))
            .unwrap_or("no ttl")
            .to_owned();
        if sent.starts_with("dead") { sent } else { ttl }
    };
    assert_eq!(row(None), "no ttl");
    assert_eq!(row(Some(1)), "ttl=20000");
    assert_eq!(row(Some(20_001)), "ttl=20001");
    assert_eq!(row(Some(HOUR)), "ttl=3600000");
    assert_eq!(row(Some(604_800_001)), "ttl=604800000");
    assert_eq!(
        row(Some(0)),
        "dead MessageState::Expired 0x62 err 0: the validity period is over"
    );
}

#[test]
fn receipts_are_asked_for_where_they_are_wanted() {
    let row = |settings: &[(&str, &str)], success: bool, failure: bool, url: Option<&str>| {
        let mut message = message();
        message.receipts = Receipts {
            success,
            failure,
            intermediate: false,
        };
        let mut ctx = context(settings);
        ctx.webhook_url = url.map(str::to_owned);
        let line = line(&edgebind_vonage::begin(&ctx, &Operation::Submit(message)));
        let form = line
            .split("&text=Hi")
            .nth(1)
            .unwrap()
            .replace("&client-ref=7100000000000017", "");
        form.trim_start_matches('&').to_owned()
    };
    let (short, long) = ("https://gateway.example/hook/0a1b", "https://".to_owned() + &"g".repeat(93));
    let table = [
        row(&[], false, false, Some(short)),
        row(&[], true, true, Some(short)),
        row(&[], false, true, Some(short)),
        row(&[], true, true, None),
        row(&[("callback", "never")], true, true, Some(short)),
        row(&[], true, true, Some(&long)),
    ];
    insta::assert_snapshot!(table.join("\n"), @"
    status-report-req=false
    status-report-req=true&callback=https%3A%2F%2Fgateway.example%2Fhook%2F0a1b
    status-report-req=true&callback=https%3A%2F%2Fgateway.example%2Fhook%2F0a1b
    status-report-req=true
    status-report-req=true
    status-report-req=true
    said: the webhook URL has 101 characters, and the upstream takes 100: receipts come only when its dashboard has it
    ");
}

#[test]
fn fields_of_settings_and_optional_parameters() {
    let tlv = |tag: u16, text: &str| Tlv {
        tag,
        value: text.as_bytes().to_vec(),
    };
    let tags = [("entity_id_tag", "0x1400"), ("content_id_tag", "0x1401")];
    let fixed = [("entity_id", "E-0"), ("content_id", "C-0")];
    let row = |settings: &[(&str, &str)], tlvs: Vec<Tlv>, protocol_id: u8| {
        let sent = sent(settings, |message| {
            message.tlvs = tlvs;
            message.protocol_id = protocol_id;
        });
        sent.replace("from=ACME&to=447700900000&type=text&text=Hi", "")
            .replace("&status-report-req=false", "")
    };
    let both = || vec![tlv(0x1400, "E-1\0"), tlv(0x1401, "C-1")];
    let table = [
        row(&[], both(), 0),
        row(&tags, both(), 0),
        row(&[tags, fixed].concat(), vec![tlv(0x1400, "")], 0),
        row(&fixed, vec![], 0),
        row(&[], vec![], 0x41),
        row(
            &[("account_ref", "team a"), ("pool_id", "abc"), ("trusted_number", "true")],
            vec![],
            0,
        ),
        row(&[("trusted_number", "false")], vec![], 0),
    ];
    insta::assert_snapshot!(table.join("\n"), @"
    &entity-id=E-1&content-id=C-1
    &entity-id=E-0&content-id=C-0
    &entity-id=E-0&content-id=C-0
    &protocol-id=65
    &account-ref=team+a&pool-id=abc&trusted-number=true
    &trusted-number=false
    ");
}

#[test]
fn senders_and_recipients() {
    let row = |settings: &[(&str, &str)], from: (u8, &str), to: &str| {
        let sent = sent(settings, |message| {
            message.source = address(from.0, 1, from.1);
            message.destination = address(1, 1, to);
        });
        let own = sent.split("&type=").next().unwrap();
        format!("{from:?} {to} {settings:?}\n    {own}\n")
    };
    let to = "447700900000";
    let table = [
        row(&[], (1, "+447700900001"), "+44 7700-900000"),
        row(&[], (1, "00447700900001"), "00447700900000"),
        row(&[], (5, "ACME Ltd"), to),
        row(&[], (5, "0044"), to),
        row(&[], (0, "12345"), to),
        row(&[], (0, ""), to),
        row(&[("from_default", "ACME")], (0, ""), to),
        row(&[("from_default", "ACME")], (0, "12345"), to),
        row(&[("from", "ACME")], (0, "12345"), to),
        row(&[], (5, "ACME"), "123456"),
        row(&[], (5, "ACME"), "1234567890123456"),
        row(&[], (5, "ACME"), "4477O0900000"),
        row(&[], (5, "ACME"), ""),
    ];
    insta::assert_snapshot!(table.concat().trim_end(), @r#"
    (1, "+447700900001") +44 7700-900000 []
        from=447700900001&to=447700900000
    (1, "00447700900001") 00447700900000 []
        from=447700900001&to=447700900000
    (5, "ACME Ltd") 447700900000 []
        from=ACME+Ltd&to=447700900000
    (5, "0044") 447700900000 []
        from=0044&to=447700900000
    (0, "12345") 447700900000 []
        from=12345&to=447700900000
    (0, "") 447700900000 []
        dead MessageState::Rejected 0x0a err 51: there is no source address, and no from_default is set
    (0, "") 447700900000 [("from_default", "ACME")]
        from=ACME&to=447700900000
    (0, "12345") 447700900000 [("from_default", "ACME")]
        from=12345&to=447700900000
    (0, "12345") 447700900000 [("from", "ACME")]
        from=ACME&to=447700900000
    (5, "ACME") 123456 []
        dead MessageState::Rejected 0x0b err 11: the destination is no international number of 7 to 15 digits
    (5, "ACME") 1234567890123456 []
        dead MessageState::Rejected 0x0b err 11: the destination is no international number of 7 to 15 digits
    (5, "ACME") 4477O0900000 []
        dead MessageState::Rejected 0x0b err 11: the destination is no international number of 7 to 15 digits
    (5, "ACME")  []
        dead MessageState::Rejected 0x0b err 11: the destination is no international number of 7 to 15 digits
    "#);
}
