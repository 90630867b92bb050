//! What every answer means for a message, and the operations that the API has no request for.
#![allow(clippy::allow_attributes, clippy::unwrap_used, reason = "a test that panics has failed")]

mod transcript;

use edgebind_vonage::{
    begin,
    bindings::edgebind::translator::types::{Failure, FailureKind, Operation, Response},
    resume,
};
use transcript::*;

/// What comes of a submit that is answered so.
fn came_of(got: &Result<Response, Failure>) -> String {
    line(&resume(&context(&[]), &Operation::Submit(message()), got))
}

fn part(status: &str, id: &str) -> String {
    match status {
        "0" => format!(
            r#"{{"to":"447700900000","message-id":"{id}","status":"0","remaining-balance":"3.14159265","message-price":"0.03330000","network":"12345"}}"#
        ),
        _ => format!(r#"{{"status":"{status}","error-text":"{id}"}}"#),
    }
}

fn parts(parts: &[(&str, &str)]) -> Result<Response, Failure> {
    let items: Vec<String> = parts.iter().map(|(status, id)| part(status, id)).collect();
    answer(
        200,
        &format!(r#"{{"message-count":"{}","messages":[{}]}}"#, parts.len(), items.join(",")),
    )
}

#[test]
fn every_status_of_one_part() {
    let known = [
        0_u16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 22, 23, 29, 32, 33, 34, 101, 102, 103, 777,
    ];
    let row = |status: &u16| format!("{status} {}\n", came_of(&parts(&[(&status.to_string(), "0C000000217B7F02")])));
    insta::assert_snapshot!(known.iter().map(row).collect::<String>().trim_end(), @"
    0 taken 0C000000217B7F02
    1 retry after 1000 ms: upstream answered status 1, throttled
    2 dead MessageState::Rejected 0x45 err 99: upstream answered status 2, a parameter is missing
    3 dead MessageState::Rejected 0x45 err 99: upstream answered status 3, a parameter is invalid
    4 retry after 60000 ms: upstream answered status 4, the credentials are not good
    5 retry: upstream answered status 5, an error of its own
    6 dead MessageState::Rejected 0x0b err 11: upstream answered status 6, the message cannot be routed
    7 dead MessageState::Rejected 0x0b err 14: upstream answered status 7, the number is barred
    8 retry after 60000 ms: upstream answered status 8, the account is barred
    9 retry after 60000 ms: upstream answered status 9, the account has no credit
    10 retry: upstream answered status 10, too many connections
    11 retry after 60000 ms: upstream answered status 11, the account is not enabled for HTTP
    12 dead MessageState::Rejected 0x01 err 10: upstream answered status 12, the message is too long
    13 retry: upstream answered status 13, its network did not answer
    14 retry after 60000 ms: upstream answered status 14, the signature is not good
    15 dead MessageState::Rejected 0x0a err 51: upstream answered status 15, the sender is not allowed
    16 dead MessageState::Rejected 0x62 err 10: upstream answered status 16, the ttl is invalid
    17 dead MessageState::Rejected 0x45 err 6: upstream answered status 17, blocked by the provider
    19 dead MessageState::Rejected 0x45 err 99: upstream answered status 19, the account may not do this
    20 dead MessageState::Rejected 0x45 err 10: upstream answered status 20, the message class is invalid
    22 dead MessageState::Rejected 0x0b err 11: upstream answered status 22, the network code is invalid
    23 retry after 60000 ms: upstream answered status 23, the callback URL is not taken: is webhook_base_url right?
    29 dead MessageState::Rejected 0x0b err 11: upstream answered status 29, a demo account may not send to this number
    32 retry after 60000 ms: upstream answered status 32, signature and secret together
    33 dead MessageState::Rejected 0x0b err 9: upstream answered status 33, the number is de-activated
    34 dead MessageState::Rejected 0x0b err 11: upstream answered status 34, the number is invalid or missing
    101 dead MessageState::Rejected 0x45 err 51: upstream answered status 101, refused by the rules of a US short code
    102 dead MessageState::Rejected 0x45 err 51: upstream answered status 102, refused by the rules of a US short code
    103 dead MessageState::Rejected 0x45 err 51: upstream answered status 103, refused by the rules of a US short code
    777 dead MessageState::Rejected 0x45 err 99: upstream answered status 777, a status not known here
    ");
}

#[test]
fn a_parameter_that_is_named_narrows_what_is_wrong() {
    let row = |status: &str, text: &str| format!("{status} {text}: {}\n", came_of(&parts(&[(status, text)])));
    let table = [
        row("2", "Missing from param"),
        row("2", "Missing to param"),
        row("2", "Missing text param"),
        row("2", "Missing api_key"),
        row("3", "Invalid value for parameter ttl"),
        row("3", "Invalid value for parameter callback"),
        row("3", "Invalid value for parameter message-class"),
    ];
    insta::assert_snapshot!(table.concat().trim_end(), @"
    2 Missing from param: dead MessageState::Rejected 0x0a err 51: upstream answered status 2, a parameter is missing
    2 Missing to param: dead MessageState::Rejected 0x0b err 11: upstream answered status 2, a parameter is missing
    2 Missing text param: dead MessageState::Rejected 0x01 err 10: upstream answered status 2, a parameter is missing
    2 Missing api_key: retry after 60000 ms: upstream answered status 2, a parameter is missing
    3 Invalid value for parameter ttl: dead MessageState::Rejected 0x62 err 10: upstream answered status 3, a parameter is invalid
    3 Invalid value for parameter callback: retry after 60000 ms: upstream answered status 3, a parameter is invalid
    3 Invalid value for parameter message-class: dead MessageState::Rejected 0x45 err 99: upstream answered status 3, a parameter is invalid
    ");
}

#[test]
fn throttles_say_how_long() {
    let exceeded = "Exceeded maximum MT throughput[ MAX [ 30 ] INTERVAL [ 1000 ] COUNT [ 30 ] LAST INT-START [ 1595 ] \
                    TIME_SINCE_LAST_INTERVAL_START [ 529 ]  ] ";
    let row = |text: &str| came_of(&parts(&[("1", text)]));
    let header = |name: &str, value: &str| {
        came_of(&Ok(Response {
            status: 429,
            headers: vec![(name.into(), value.into())],
            body: Vec::new(),
        }))
    };
    let table = [
        row("Throughput Rate Exceeded - please wait [ 702 ] and retry"),
        row("Throughput Rate Exceeded - please wait and retry"),
        row(exceeded),
        came_of(&answer(429, "Too many concurrent requests")),
        header("Retry-After", "2"),
        came_of(&parts(&[
            ("1", "please wait [ 200 ]"),
            ("1", "please wait [ 702 ]"),
            ("5", ""),
        ])),
    ];
    insta::assert_snapshot!(table.join("\n"), @"
    retry after 702 ms: upstream answered status 1, throttled
    retry after 1000 ms: upstream answered status 1, throttled
    retry after 471 ms: upstream answered status 1, throttled
    retry after 1000 ms: upstream answered 429, too many requests
    retry after 2000 ms: upstream answered 429, too many requests
    retry after 702 ms: upstream answered status 1, throttled
    ");
}

#[test]
fn a_message_in_parts() {
    let table = [
        came_of(&parts(&[("0", "A1"), ("0", "A2"), ("0", "A3")])),
        came_of(&parts(&[("0", "A1"), ("1", "please wait [ 702 ] and retry"), ("0", "A3")])),
        came_of(&parts(&[("0", "A1"), ("7", "barred")])),
        came_of(&parts(&[("1", "please wait [ 702 ]"), ("7", "barred")])),
        came_of(&parts(&[("9", ""), ("9", "")])),
        came_of(&parts(&[("0", ""), ("0", "A2")])),
        came_of(&parts(&[("0", "")])),
    ];
    insta::assert_snapshot!(table.join("\n"), @"
    pieces
      taken A1
      taken A2
      taken A3
    pieces
      taken A1
      refused MessageState::Undeliverable 0x45 err 99: part 2 of 3, when others had left already: upstream answered status 1, throttled
      taken A3
    pieces
      taken A1
      refused MessageState::Rejected 0x0b err 14: part 2 of 2: upstream answered status 7, the number is barred
    dead MessageState::Rejected 0x0b err 14: upstream answered status 7, the number is barred
    retry after 60000 ms: upstream answered status 9, the account has no credit
    pieces
      taken 7100000000000017/1
      taken A2
    taken 7100000000000017
    ");
}

#[test]
fn answers_that_are_not_vonages_or_not_to_the_message() {
    let row = |status: u16, body: &str| format!("{status} {body:?} {}\n", came_of(&answer(status, body)));
    let mut table: String = [
        row(200, ""),
        row(200, "<html>"),
        row(200, r#"{"messages":[]}"#),
        row(200, r#"{"messages":[{"status":"many"}]}"#),
        row(200, r#"{"message-count":1,"messages":[{"status":0,"message-id":"A1"}]}"#),
    ]
    .concat();
    for status in [302, 400, 401, 402, 403, 404, 405, 408, 420, 429, 500, 502, 503] {
        table += &row(status, "");
    }
    for kind in [
        FailureKind::Unreachable,
        FailureKind::Unanswered,
        FailureKind::Refused,
        FailureKind::TooLarge,
    ] {
        let failure = Failure { kind, why: "why".into() };
        table += &format!("{kind:?} {}\n", came_of(&Err(failure)));
    }
    insta::assert_snapshot!(table.trim_end(), @r#"
    200 "" retry after 60000 ms: upstream answered 200, but not as Vonage does: is api_base_url right?
    200 "<html>" retry after 60000 ms: upstream answered 200, but not as Vonage does: is api_base_url right?
    200 "{\"messages\":[]}" retry after 60000 ms: upstream answered 200, but not as Vonage does: is api_base_url right?
    200 "{\"messages\":[{\"status\":\"many\"}]}" retry after 60000 ms: upstream answered 200, but not as Vonage does: is api_base_url right?
    200 "{\"message-count\":1,\"messages\":[{\"status\":0,\"message-id\":\"A1\"}]}" taken A1
    302 "" retry after 60000 ms: upstream answered 302, a redirect, which is not followed: set api_base_url to where it leads
    400 "" dead MessageState::Rejected 0x45 err 99: upstream answered 400, for a reason not known here
    401 "" retry after 60000 ms: upstream answered 401, the credentials are not good
    402 "" retry after 60000 ms: upstream answered 402, the account has no credit
    403 "" retry after 60000 ms: upstream answered 403, the credentials do not allow this
    404 "" retry after 60000 ms: upstream answered 404, nothing of Vonage is there: is api_base_url right?
    405 "" retry after 60000 ms: upstream answered 405, nothing of Vonage is there: is api_base_url right?
    408 "" retry: upstream answered 408, the request took too long
    420 "" dead MessageState::Rejected 0x45 err 99: upstream answered 420, for a reason not known here
    429 "" retry after 1000 ms: upstream answered 429, too many requests
    500 "" retry: upstream answered 500, an error of its own
    502 "" retry: upstream answered 502, an error of its own
    503 "" retry: upstream answered 503, not available
    FailureKind::Unreachable retry: upstream unreachable: why
    FailureKind::Unanswered retry: upstream did not answer: why
    FailureKind::Refused retry after 60000 ms: the gateway would not send the request: why
    FailureKind::TooLarge retry after 60000 ms: upstream's answer is larger than allowed: why
    "#);
}

#[test]
fn credentials_are_proven_by_the_balance() {
    let ask = |settings: &[(&str, &str)], answers: &[Result<Response, Failure>]| {
        run(&context(settings), &Operation::Authenticate, answers)
    };
    let table = [
        ask(&[], &[answer(200, r#"{"value":10.28,"autoReload":false}"#)]),
        ask(&[], &[answer(401, "")]),
        ask(&[], &[answer(404, "")]),
        ask(&[], &[answer(429, "")]),
        ask(&[], &[answer(420, "")]),
        ask(
            &[],
            &[Err(Failure {
                kind: FailureKind::Unreachable,
                why: "why".into(),
            })],
        ),
        ask(&[("auth", "body")], &[]),
        ask(&[("auth", "body"), ("api_key", "abcd1234")], &[]),
        ask(&[("auth", "signature"), ("api_key", "abcd1234")], &[]),
    ];
    insta::assert_snapshot!(table.join("\n"), @r#"
    GET https://rest.example/account/get-balance
      < 200 {"value":10.28,"autoReload":false}
    taken
    GET https://rest.example/account/get-balance
      < 401 
    dead MessageState::Unknown 0x08 err 0: the upstream does not know these credentials
    GET https://rest.example/account/get-balance
      < 404 
    dead MessageState::Unknown 0x08 err 0: this API shows no balance, by which credentials are proven: give the accounts passwords of their own
    GET https://rest.example/account/get-balance
      < 429 
    retry after 1000 ms: upstream answered 429, too many requests
    GET https://rest.example/account/get-balance
      < 420 
    dead MessageState::Unknown 0x08 err 0: upstream answered 420, for a reason not known here
    GET https://rest.example/account/get-balance
      < FailureKind::Unreachable why
    retry: upstream unreachable: why
    GET https://rest.example/account/get-balance?api_key={{api_key}}&api_secret={{api_secret}}
    GET https://rest.example/account/get-balance?api_key=abcd1234&api_secret={{api_secret}}
    dead MessageState::Unknown 0x08 err 0: requests are signed, and no signature proves what a bind brings: give the accounts passwords of their own
    "#);
}

#[test]
fn what_the_api_has_no_request_for() {
    let ask = |op: Operation| format!("{}\n", line(&begin(&context(&[]), &op)));
    let table = [
        ask(Operation::Query(vec!["A1".into()])),
        ask(Operation::Cancel(vec!["A1".into()])),
        ask(Operation::Attach),
        ask(Operation::Detach),
    ];
    insta::assert_snapshot!(table.concat().trim_end(), @"
    dead MessageState::Unknown 0x08 err 0: the SMS API cannot say what became of a message; its reports do
    dead MessageState::Unknown 0x08 err 0: the SMS API gives no message back
    taken
    said: incoming messages come when the account's webhook URL is set in Vonage's dashboard
    taken
    ");
}

#[test]
fn settings_that_are_refused_do_nothing() {
    let mut ctx = context(&[]);
    ctx.settings.clear();
    let submit = Operation::Submit(message());
    insta::assert_snapshot!(line(&begin(&ctx, &submit)), @"retry after 60000 ms: unusable settings: api_base_url: missing; Vonage's is https://rest.nexmo.com");
    let heard = edgebind_vonage::webhook(&ctx, &called("GET", "status=delivered", "", ""));
    insta::assert_snapshot!(hearing(&heard), @"500 ignored: api_base_url: missing; Vonage's is https://rest.nexmo.com");
}
