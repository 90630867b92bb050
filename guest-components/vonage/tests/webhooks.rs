//! From Vonage's webhooks to what is heard: receipts and messages in all three forms, signed and not.
#![allow(clippy::allow_attributes, clippy::unwrap_used, reason = "a test that panics has failed")]

mod transcript;

use edgebind_vonage::{bindings::edgebind::translator::types::WebhookRequest, webhook};
use transcript::*;

const RECEIPT: &str = "msisdn=447700900000&to=ACME&network-code=23410&messageId=0A0000001234567B&price=0.03330000&status=delivered\
                       &scts=2608200815&err-code=0&api-key=abcd1234&client-ref=7100000000000017\
                       &message-timestamp=2026-08-20+08%3A15%3A31";
const INBOUND: &str = "msisdn=447700900001&to=447700900000&messageId=0B0000001234567C&text=Hello+%26+good-bye&type=text&keyword=HELLO\
                       &api-key=abcd1234&message-timestamp=2026-08-20+08%3A15%3A31";

/// What is heard without a secret to check signatures with.
fn heard(request: &WebhookRequest) -> String {
    hearing(&webhook(&context(&[]), request))
}

/// The one thing that is heard, in whichever form it comes.
fn heard_in_any_form(parameters: &str) -> String {
    let [first, second, third] = forms(parameters).map(|request| heard(&request));
    assert_eq!(first, second, "a GET and a form say the same");
    assert_eq!(first, third, "a GET and JSON say the same");
    first
}

#[test]
fn a_receipt_in_all_three_forms() {
    insta::assert_snapshot!(heard_in_any_form(RECEIPT), @"
    200
    report 0A0000001234567B (7100000000000017) MessageState::Delivered final err 0 at 1787213731000: delivered, err-code 0, delivered
    ");
}

#[test]
fn every_status_of_a_receipt() {
    let row = |status: &str, code: &str| {
        let parameters = RECEIPT
            .replace("status=delivered", &format!("status={status}"))
            .replace("err-code=0", &format!("err-code={code}"));
        format!("{status} {code}: {}\n", heard_in_any_form(&parameters).replace('\n', " "))
    };
    let table = [
        row("accepted", "0"),
        row("delivered", "0"),
        row("DELIVERED", "0"),
        row("buffered", "2"),
        row("expired", "2"),
        row("failed", "6"),
        row("rejected", "50"),
        row("unknown", "1"),
        row("deleted", "1"),
        row("", "1"),
    ];
    insta::assert_snapshot!(table.concat().trim_end(), @"
    accepted 0: 200 report 0A0000001234567B (7100000000000017) MessageState::Accepted not final err 0 at 1787213731000: accepted, err-code 0, delivered
    delivered 0: 200 report 0A0000001234567B (7100000000000017) MessageState::Delivered final err 0 at 1787213731000: delivered, err-code 0, delivered
    DELIVERED 0: 200 report 0A0000001234567B (7100000000000017) MessageState::Delivered final err 0 at 1787213731000: delivered, err-code 0, delivered
    buffered 2: 200 report 0A0000001234567B (7100000000000017) MessageState::Enroute not final err 2 at 1787213731000: buffered, err-code 2, absent subscriber, for now
    expired 2: 200 report 0A0000001234567B (7100000000000017) MessageState::Expired final err 2 at 1787213731000: expired, err-code 2, absent subscriber, for now
    failed 6: 200 report 0A0000001234567B (7100000000000017) MessageState::Undeliverable final err 6 at 1787213731000: failed, err-code 6, anti-spam rejection
    rejected 50: 200 report 0A0000001234567B (7100000000000017) MessageState::Rejected final err 50 at 1787213731000: rejected, err-code 50, entity filter
    unknown 1: 200 report 0A0000001234567B (7100000000000017) MessageState::Unknown not final err 1 at 1787213731000: unknown, err-code 1, unknown
    deleted 1: 200 ignored: a receipt with a status not known here
     1: 200 ignored: a receipt without status
    ");
}

#[test]
fn every_err_code_is_passed_on_and_named() {
    let codes = [
        0_u16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 50, 51, 52, 53, 54, 95, 99, 777,
    ];
    let row = |code: &u16| {
        let parameters = RECEIPT
            .replace("status=delivered", "status=failed")
            .replace("err-code=0", &format!("err-code={code}"));
        let heard = heard_in_any_form(&parameters);
        heard
            .split("final ")
            .nth(1)
            .unwrap()
            .replace("at 1787213731000: failed, ", "")
            + "\n"
    };
    insta::assert_snapshot!(codes.iter().map(row).collect::<String>().trim_end(), @"
    err 0 err-code 0, delivered
    err 1 err-code 1, unknown
    err 2 err-code 2, absent subscriber, for now
    err 3 err-code 3, absent subscriber, for good
    err 4 err-code 4, call barred by the user
    err 5 err-code 5, portability error
    err 6 err-code 6, anti-spam rejection
    err 7 err-code 7, handset busy
    err 8 err-code 8, network error
    err 9 err-code 9, illegal number
    err 10 err-code 10, illegal message
    err 11 err-code 11, unroutable
    err 12 err-code 12, destination unreachable
    err 13 err-code 13, subscriber age restriction
    err 14 err-code 14, number blocked by the carrier
    err 15 err-code 15, prepaid, insufficient funds
    err 50 err-code 50, entity filter
    err 51 err-code 51, header filter
    err 52 err-code 52, content filter
    err 53 err-code 53, consent filter
    err 54 err-code 54, regulation error
    err 95 err-code 95, unknown
    err 99 err-code 99, general error
    err 777 err-code 777, not known here
    ");
}

#[test]
fn receipts_that_lack_something() {
    let without = |name: &str| {
        let kept: Vec<&str> = RECEIPT
            .split('&')
            .filter(|pair| !pair.starts_with(&format!("{name}=")))
            .collect();
        format!("{name}: {}\n", heard_in_any_form(&kept.join("&")).replace('\n', " "))
    };
    let table = ["client-ref", "err-code", "message-timestamp", "messageId"].map(without);
    insta::assert_snapshot!(table.concat().trim_end(), @"
    client-ref: 200 report 0A0000001234567B (no key) MessageState::Delivered final err 0 at 1787213731000: delivered, err-code 0, delivered
    err-code: 200 report 0A0000001234567B (7100000000000017) MessageState::Delivered final err 0 at 1787213731000: delivered, err-code 0, delivered
    message-timestamp: 200 report 0A0000001234567B (7100000000000017) MessageState::Delivered final err 0 at 1787213730000: delivered, err-code 0, delivered
    messageId: 200 ignored: a receipt without messageId
    ");
}

#[test]
fn messages() {
    let row = |parameters: &str| heard_in_any_form(parameters) + "\n";
    let unicode = INBOUND.replace(
        "text=Hello+%26+good-bye&type=text&keyword=HELLO",
        "text=%D0%94%D0%B0&type=unicode&keyword=%D0%94%D0%90",
    );
    let binary = INBOUND.replace("&type=text", "&type=binary&data=00FFab&udh=06050415811581");
    let table = [
        row(INBOUND),
        row(&unicode),
        row(&binary),
        row(&INBOUND.replace("&to=447700900000", "&to=12345")),
        row(&INBOUND.replace("msisdn=447700900001", "msisdn=ACME")),
        row(&INBOUND.replace("text=Hello+%26+good-bye", "text=")),
    ];
    insta::assert_snapshot!(table.concat().trim_end(), @r#"
    200
    incoming 0B0000001234567C 1/1 "447700900001" -> 1/1 "447700900000" text "Hello & good-bye" at 1787213731000 vonage.keyword=HELLO vonage.type=text
    200
    incoming 0B0000001234567C 1/1 "447700900001" -> 1/1 "447700900000" text "Да" at 1787213731000 vonage.keyword=ДА vonage.type=unicode
    200
    incoming 0B0000001234567C 1/1 "447700900001" -> 1/1 "447700900000" binary [00, ff, ab] udh [05, 04, 15, 81, 15, 81] at 1787213731000 vonage.keyword=HELLO vonage.type=binary
    200
    incoming 0B0000001234567C 1/1 "447700900001" -> 0/1 "12345" text "Hello & good-bye" at 1787213731000 vonage.keyword=HELLO vonage.type=text
    200
    incoming 0B0000001234567C 5/0 "ACME" -> 1/1 "447700900000" text "Hello & good-bye" at 1787213731000 vonage.keyword=HELLO vonage.type=text
    200
    incoming 0B0000001234567C 1/1 "447700900001" -> 1/1 "447700900000" text "" at 1787213731000 vonage.keyword=HELLO vonage.type=text
    "#);
}

#[test]
fn parts_of_a_long_message_come_one_by_one() {
    let row = |more: &str| heard_in_any_form(&(INBOUND.to_owned() + more)).replace('\n', " ") + "\n";
    let table = [
        row("&concat=true&concat-ref=08B5&concat-total=2&concat-part=1"),
        row("&concat=true&concat-ref=200&concat-total=3&concat-part=1"),
        row("&concat=true&concat-ref=200&concat-total=3&concat-part=3"),
        row("&concat=True&concat-ref=1000&concat-total=2&concat-part=2"),
        row("&concat=true&concat-ref=200&concat-total=3&concat-part=4"),
        row("&concat=true&concat-ref=200&concat-total=3&concat-part=0"),
        row("&concat=true&concat-total=3"),
        row("&concat=false"),
    ];
    insta::assert_snapshot!(table.concat().trim_end(), @r#"
    200 incoming 0B0000001234567C/1 1/1 "447700900001" -> 1/1 "447700900000" text "Hello & good-bye" part 1 of 2, PartScheme::Udh16 44091 at 1787213731000 vonage.keyword=HELLO vonage.type=text
    200 incoming 0B0000001234567C/1 1/1 "447700900001" -> 1/1 "447700900000" text "Hello & good-bye" part 1 of 3, PartScheme::Udh8 200 at 1787213731000 vonage.keyword=HELLO vonage.type=text
    200 incoming 0B0000001234567C/3 1/1 "447700900001" -> 1/1 "447700900000" text "Hello & good-bye" part 3 of 3, PartScheme::Udh8 200 at 1787213731000 vonage.keyword=HELLO vonage.type=text
    200 incoming 0B0000001234567C/2 1/1 "447700900001" -> 1/1 "447700900000" text "Hello & good-bye" part 2 of 2, PartScheme::Udh16 1000 at 1787213731000 vonage.keyword=HELLO vonage.type=text
    200 incoming 0B0000001234567C/4 1/1 "447700900001" -> 1/1 "447700900000" text "Hello & good-bye" at 1787213731000 vonage.keyword=HELLO vonage.type=text
    200 incoming 0B0000001234567C/0 1/1 "447700900001" -> 1/1 "447700900000" text "Hello & good-bye" at 1787213731000 vonage.keyword=HELLO vonage.type=text
    200 incoming 0B0000001234567C 1/1 "447700900001" -> 1/1 "447700900000" text "Hello & good-bye" at 1787213731000 vonage.keyword=HELLO vonage.type=text
    200 incoming 0B0000001234567C 1/1 "447700900001" -> 1/1 "447700900000" text "Hello & good-bye" at 1787213731000 vonage.keyword=HELLO vonage.type=text
    "#);
    let binary = INBOUND.replace("&type=text", "&type=binary&data=00FF&udh=0500037A0302");
    insta::assert_snapshot!(heard_in_any_form(&binary), @r#"
    200
    incoming 0B0000001234567C/2 1/1 "447700900001" -> 1/1 "447700900000" binary [00, ff] part 2 of 3, PartScheme::Udh8 122 at 1787213731000 vonage.keyword=HELLO vonage.type=binary
    "#);
}

#[test]
fn messages_that_lack_something() {
    let row = |parameters: &str| heard_in_any_form(parameters) + "\n";
    let table = [
        row(&INBOUND.replace("messageId=", "id=")),
        row(&INBOUND.replace("msisdn=", "from=")),
        row(&INBOUND.replace("&to=", "&recipient=")),
        row(&INBOUND.replace("&text=", "&words=")),
        row(&INBOUND.replace("&type=text", "&type=binary&data=0")),
        row(&INBOUND.replace("&type=text", "&type=binary&data=00&udh=zz")),
        row(&INBOUND.replace("&type=text", "&type=binary&data=00&udh=09")),
        row(""),
    ];
    insta::assert_snapshot!(table.concat().trim_end(), @"
    200 ignored: an inbound message without messageId
    200 ignored: an inbound message without msisdn
    200 ignored: an inbound message without to
    200 ignored: an inbound message without text
    200 ignored: data is not hexadecimal
    200 ignored: udh is not hexadecimal
    200 ignored: udh is shorter than it says
    200 ignored: no parameters
    ");
}

#[test]
fn webhooks_that_are_none() {
    let mut elsewhere = called("GET", RECEIPT, "", "");
    elsewhere.path = "other".into();
    let table = [
        heard(&elsewhere),
        heard(&called("PUT", "", "", RECEIPT)),
        heard(&called("POST", "", "application/json", "[1]")),
        heard(&called("POST", "", "application/json", "{")),
        heard(&called("POST", RECEIPT, "", "")),
        heard(&called(
            "POST",
            "",
            "application/json",
            r#"{"status":null,"messageId":["a"]}"#,
        )),
    ];
    insta::assert_snapshot!(table.join("\n"), @"
    404 ignored: a path that is none of ours
    405 ignored: neither a GET nor a POST
    400 ignored: the body is neither a form nor an object of JSON
    400 ignored: the body is neither a form nor an object of JSON
    200
    report 0A0000001234567B (7100000000000017) MessageState::Delivered final err 0 at 1787213731000: delivered, err-code 0, delivered
    200 ignored: no parameters
    ");
}

#[test]
fn signatures_are_left_to_the_host() {
    let hear = |settings: &[(&str, &str)], parameters: &str| {
        let mut ctx = context(settings);
        ctx.secrets.push("signature".into());
        let mut all = String::new();
        for request in forms(parameters) {
            let heard = webhook(&ctx, &request);
            all += &hearing(&heard);
            if let Some(proof) = &heard.proof {
                let message = String::from_utf8_lossy(&proof.message);
                all += &format!("\n  {message}\n  {:02x?}", proof.expected);
            }
            all += "\n";
        }
        all
    };
    let signed = INBOUND.to_owned() + "&timestamp=1787213731&nonce=aaaaaaaa-bbbb-cccc-dddd-0123456789ab";
    let table = [
        hear(&[], &(signed.clone() + "&sig=0123456789abcdefABCDEF0123456789")),
        hear(&[("signature_method", "hmac-sha512")], &(signed.clone() + "&sig=00FF")),
        hear(&[], &(signed.clone() + "&sig=none")),
        hear(&[], &signed),
        hear(&[("webhooks_signed", "never")], &signed),
    ];
    insta::assert_snapshot!(table.join("\n"), @r#"
    200 if signed with signature, Algorithm::Md5
    incoming 0B0000001234567C 1/1 "447700900001" -> 1/1 "447700900000" text "Hello & good-bye" at 1787213731000 vonage.keyword=HELLO vonage.type=text
      &api-key=abcd1234&keyword=HELLO&message-timestamp=2026-08-20 08:15:31&messageId=0B0000001234567C&msisdn=447700900001&nonce=aaaaaaaa-bbbb-cccc-dddd-0123456789ab&text=Hello _ good-bye&timestamp=1787213731&to=447700900000&type=text
      [01, 23, 45, 67, 89, ab, cd, ef, ab, cd, ef, 01, 23, 45, 67, 89]
    200 if signed with signature, Algorithm::Md5
    incoming 0B0000001234567C 1/1 "447700900001" -> 1/1 "447700900000" text "Hello & good-bye" at 1787213731000 vonage.keyword=HELLO vonage.type=text
      &api-key=abcd1234&keyword=HELLO&message-timestamp=2026-08-20 08:15:31&messageId=0B0000001234567C&msisdn=447700900001&nonce=aaaaaaaa-bbbb-cccc-dddd-0123456789ab&text=Hello _ good-bye&timestamp=1787213731&to=447700900000&type=text
      [01, 23, 45, 67, 89, ab, cd, ef, ab, cd, ef, 01, 23, 45, 67, 89]
    200 if signed with signature, Algorithm::Md5
    incoming 0B0000001234567C 1/1 "447700900001" -> 1/1 "447700900000" text "Hello & good-bye" at 1787213731000 vonage.keyword=HELLO vonage.type=text
      &api-key=abcd1234&keyword=HELLO&message-timestamp=2026-08-20 08:15:31&messageId=0B0000001234567C&msisdn=447700900001&nonce=aaaaaaaa-bbbb-cccc-dddd-0123456789ab&text=Hello _ good-bye&timestamp=1787213731&to=447700900000&type=text
      [01, 23, 45, 67, 89, ab, cd, ef, ab, cd, ef, 01, 23, 45, 67, 89]

    200 if signed with signature, Algorithm::HmacSha512
    incoming 0B0000001234567C 1/1 "447700900001" -> 1/1 "447700900000" text "Hello & good-bye" at 1787213731000 vonage.keyword=HELLO vonage.type=text
      &api-key=abcd1234&keyword=HELLO&message-timestamp=2026-08-20 08:15:31&messageId=0B0000001234567C&msisdn=447700900001&nonce=aaaaaaaa-bbbb-cccc-dddd-0123456789ab&text=Hello _ good-bye&timestamp=1787213731&to=447700900000&type=text
      [00, ff]
    200 if signed with signature, Algorithm::HmacSha512
    incoming 0B0000001234567C 1/1 "447700900001" -> 1/1 "447700900000" text "Hello & good-bye" at 1787213731000 vonage.keyword=HELLO vonage.type=text
      &api-key=abcd1234&keyword=HELLO&message-timestamp=2026-08-20 08:15:31&messageId=0B0000001234567C&msisdn=447700900001&nonce=aaaaaaaa-bbbb-cccc-dddd-0123456789ab&text=Hello _ good-bye&timestamp=1787213731&to=447700900000&type=text
      [00, ff]
    200 if signed with signature, Algorithm::HmacSha512
    incoming 0B0000001234567C 1/1 "447700900001" -> 1/1 "447700900000" text "Hello & good-bye" at 1787213731000 vonage.keyword=HELLO vonage.type=text
      &api-key=abcd1234&keyword=HELLO&message-timestamp=2026-08-20 08:15:31&messageId=0B0000001234567C&msisdn=447700900001&nonce=aaaaaaaa-bbbb-cccc-dddd-0123456789ab&text=Hello _ good-bye&timestamp=1787213731&to=447700900000&type=text
      [00, ff]

    401 ignored: sig is not hexadecimal
    401 ignored: sig is not hexadecimal
    401 ignored: sig is not hexadecimal

    401 ignored: no sig
    401 ignored: no sig
    401 ignored: no sig

    200
    incoming 0B0000001234567C 1/1 "447700900001" -> 1/1 "447700900000" text "Hello & good-bye" at 1787213731000 vonage.keyword=HELLO vonage.type=text
    200
    incoming 0B0000001234567C 1/1 "447700900001" -> 1/1 "447700900000" text "Hello & good-bye" at 1787213731000 vonage.keyword=HELLO vonage.type=text
    200
    incoming 0B0000001234567C 1/1 "447700900001" -> 1/1 "447700900000" text "Hello & good-bye" at 1787213731000 vonage.keyword=HELLO vonage.type=text
    "#);
}
