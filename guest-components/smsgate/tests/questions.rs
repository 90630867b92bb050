//! What is asked about a message that the upstream has: what became of it, and whether it can be had back.
#![allow(clippy::allow_attributes, clippy::unwrap_used, reason = "a test that panics has failed")]

mod transcript;

use edgebind_smsgate::bindings::edgebind::translator::types::{Failure, FailureKind, Operation};
use transcript::*;

const ID: &str = "7100000000000017";

fn query() -> Operation {
    Operation::Query(vec![ID.into()])
}

fn cancel() -> Operation {
    Operation::Cancel(vec![ID.into()])
}

/// The message object in this state, as a server tells of it once it has hashed what it had to forget.
fn state(state: &str) -> String {
    format!(
        r#"{{"id":"{ID}","deviceId":"phone1","state":"{state}","isHashed":true,"isEncrypted":false,"recipients":[{{"phoneNumber":"c4c8b1a0a5e6b2a1","state":"{state}"}}],"states":{{"Pending":"2026-08-20T08:15:00Z","{state}":"2026-08-20T08:15:10.5Z"}},"hashedMessage":{{"hash":"00"}}}}"#
    )
}

/// The same, as short as it can be read.
fn brief(state: &str) -> String {
    format!(r#"{{"state":"{state}","states":{{"{state}":"2026-08-20T08:15:10.5Z"}}}}"#)
}

fn failed(error: &str) -> String {
    format!(
        r#"{{"id":"{ID}","state":"Failed","recipients":[{{"phoneNumber":"c4c8b1a0a5e6b2a1","state":"Failed","error":"{error}"}}]}}"#
    )
}

/// What an operation comes to, for each last answer.
fn ends(op: &Operation, before: &[(u16, &str)], rows: &[(u16, &str)]) -> String {
    let mut table = String::new();
    for (status, body) in rows {
        let answers: Vec<_> = before
            .iter()
            .chain([&(*status, *body)])
            .map(|(status, body)| answer(*status, body))
            .collect();
        let told = run(&context(&[]), op, &answers);
        table += &format!("{status} {body}\n    {}\n", told.lines().last().unwrap());
    }
    table
}

#[test]
fn a_message_is_asked_for_by_its_id() {
    insta::assert_snapshot!(run(&context(&[]), &query(), &[answer(200, &state("Delivered"))]), @r#"
    GET https://sms.example/3rdparty/v1/messages/7100000000000017
      < 200 {"id":"7100000000000017","deviceId":"phone1","state":"Delivered","isHashed":true,"isEncrypted":false,"recipients":[{"phoneNumber":"c4c8b1a0a5e6b2a1","state":"Delivered"}],"states":{"Pending":"2026-08-20T08:15:00Z","Delivered":"2026-08-20T08:15:10.5Z"},"hashedMessage":{"hash":"00"}}
    known 7100000000000017 MessageState::Delivered final err 0 at 1787213710500: delivered
    "#);
}

#[test]
fn every_state_that_a_query_can_find() {
    let states = [
        "Pending",
        "Cancelling",
        "Processed",
        "Sent",
        "Delivered",
        "Cancelled",
        "Failed",
        "Teleported",
    ]
    .map(state);
    let failures = [
        failed("TTL expired"),
        failed("Delivery result from SC +447700900555: 66"),
        failed("Send result: RESULT_NETWORK_REJECT (rejected)"),
    ];
    let told: Vec<String> = states
        .iter()
        .chain(&failures)
        .map(|body| {
            run(&context(&[]), &query(), &[answer(200, body)])
                .lines()
                .last()
                .unwrap()
                .to_owned()
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    known 7100000000000017 MessageState::Enroute not final err 0 at 1787213710500: waits for its phone
    known 7100000000000017 MessageState::Enroute not final err 0 at 1787213710500: is being cancelled
    known 7100000000000017 MessageState::Enroute not final err 0 at 1787213710500: is being sent
    known 7100000000000017 MessageState::Enroute not final err 0 at 1787213710500: sent
    known 7100000000000017 MessageState::Delivered final err 0 at 1787213710500: delivered
    known 7100000000000017 MessageState::Deleted final err 0 at 1787213710500: cancelled
    known 7100000000000017 MessageState::Undeliverable final err 0 at 1787213710500: failed:
    dead MessageState::Unknown 0x67 err 103: the message is in a state that is not known here
    known 7100000000000017 MessageState::Expired final err 0 at 1787213730000: failed: TTL expired
    known 7100000000000017 MessageState::Rejected final err 66 at 1787213730000: failed: Delivery result from SC #: 66
    known 7100000000000017 MessageState::Undeliverable final err 10 at 1787213730000: failed: Send result: RESULT_NETWORK_REJECT (rejected)
    ");
    for (receipt_on_sent, line) in [
        (
            "final",
            "known 7100000000000017 MessageState::Accepted final err 0 at 1787213710500: sent",
        ),
        (
            "delivered",
            "known 7100000000000017 MessageState::Delivered final err 0 at 1787213710500: sent",
        ),
    ] {
        let ctx = context(&[("receipt_on_sent", receipt_on_sent)]);
        let told = run(&ctx, &query(), &[answer(200, &state("Sent"))]);
        assert_eq!(told.lines().last().unwrap(), line, "as a webhook would have it");
    }
}

#[test]
fn every_answer_to_a_query_that_is_no_state() {
    let rows = [
        (200, "<html>Welcome</html>"),
        (200, "{}"),
        (404, r#"{"message":"message not found"}"#),
        (404, ""),
        (400, ""),
        (401, r#"{"message":"Unauthorized"}"#),
        (403, r#"{"message":"scope required: messages:read"}"#),
        (429, ""),
        (500, r#"{"message":"failed to get message state"}"#),
        (503, ""),
        (302, ""),
    ];
    insta::assert_snapshot!(ends(&query(), &[], &rows), @r#"
    200 <html>Welcome</html>
        retry after 60 s: upstream answered 200, but not as SMSGate does: is api_base_url right?
    200 {}
        retry after 60 s: upstream answered 200, but not as SMSGate does: is api_base_url right?
    404 {"message":"message not found"}
        dead MessageState::Unknown 0x67 err 103: upstream answered 404, no such message
    404 
        dead MessageState::Unknown 0x67 err 103: upstream answered 404, no such message
    400 
        dead MessageState::Unknown 0x67 err 103: upstream answered 400, for a reason not known here
    401 {"message":"Unauthorized"}
        retry after 60 s: upstream answered 401, the credentials are not good
    403 {"message":"scope required: messages:read"}
        retry after 60 s: upstream answered 403, the credentials do not allow this
    429 
        retry: upstream answered 429, too many requests
    500 {"message":"failed to get message state"}
        retry: upstream answered 500, an error of its own
    503 
        retry: upstream answered 503, not available
    302 
        retry after 60 s: upstream answered 302, a redirect, which is not followed: set api_base_url to where it leads
    "#);
}

#[test]
fn a_message_is_had_back() {
    insta::assert_snapshot!(run(&context(&[]), &cancel(), &[answer(200, &state("Cancelling"))]), @r#"
    DELETE https://sms.example/3rdparty/v1/messages/7100000000000017
      < 200 {"id":"7100000000000017","deviceId":"phone1","state":"Cancelling","isHashed":true,"isEncrypted":false,"recipients":[{"phoneNumber":"c4c8b1a0a5e6b2a1","state":"Cancelling"}],"states":{"Pending":"2026-08-20T08:15:00Z","Cancelling":"2026-08-20T08:15:10.5Z"},"hashedMessage":{"hash":"00"}}
    taken
    "#);
}

#[test]
fn every_answer_to_a_cancellation() {
    let states = ["Cancelled", "Cancelling", "Pending", "Sent", "Teleported"].map(brief);
    let mut rows: Vec<(u16, &str)> = states.iter().map(|body| (200, body.as_str())).collect();
    rows.extend([
        (202, states[1].as_str()),
        (204, ""),
        (200, "<html>Welcome</html>"),
        (404, r#"{"message":"failed to cancel message: message not found"}"#),
        (405, "Method Not Allowed"),
        (501, ""),
        (403, r#"{"message":"scope required: messages:cancel"}"#),
        (418, ""),
        (429, ""),
        (503, ""),
    ]);
    insta::assert_snapshot!(ends(&cancel(), &[], &rows), @r#"
    200 {"state":"Cancelled","states":{"Cancelled":"2026-08-20T08:15:10.5Z"}}
        known 7100000000000017 MessageState::Deleted final err 0 at 1787213710500: cancelled
    200 {"state":"Cancelling","states":{"Cancelling":"2026-08-20T08:15:10.5Z"}}
        taken
    200 {"state":"Pending","states":{"Pending":"2026-08-20T08:15:10.5Z"}}
        taken
    200 {"state":"Sent","states":{"Sent":"2026-08-20T08:15:10.5Z"}}
        known 7100000000000017 MessageState::Enroute not final err 0 at 1787213710500: sent
    200 {"state":"Teleported","states":{"Teleported":"2026-08-20T08:15:10.5Z"}}
        dead MessageState::Unknown 0x11 err 17: the message is in a state that is not known here
    202 {"state":"Cancelling","states":{"Cancelling":"2026-08-20T08:15:10.5Z"}}
        taken
    204 
        taken
    200 <html>Welcome</html>
        retry after 60 s: upstream answered 200, but not as SMSGate does: is api_base_url right?
    404 {"message":"failed to cancel message: message not found"}
        dead MessageState::Unknown 0x11 err 17: upstream answered 404, no such message
    405 Method Not Allowed
        dead MessageState::Unknown 0x11 err 17: upstream answered 405, it cancels nothing
    501 
        dead MessageState::Unknown 0x11 err 17: upstream answered 501, it cancels nothing
    403 {"message":"scope required: messages:cancel"}
        retry after 60 s: upstream answered 403, the credentials do not allow this
    418 
        dead MessageState::Unknown 0x11 err 17: upstream answered 418, for a reason not known here
    429 
        retry: upstream answered 429, too many requests
    503 
        retry: upstream answered 503, not available
    "#);
}

#[test]
fn after_a_refusal_the_message_is_looked_at() {
    let refusal = r#"{"message":"failed to cancel message: message is not pending"}"#;
    insta::assert_snapshot!(run(&context(&[]), &cancel(), &[answer(409, refusal), answer(200, &state("Delivered"))]), @r#"
    DELETE https://sms.example/3rdparty/v1/messages/7100000000000017
      < 409 {"message":"failed to cancel message: message is not pending"}
    GET https://sms.example/3rdparty/v1/messages/7100000000000017
      < 200 {"id":"7100000000000017","deviceId":"phone1","state":"Delivered","isHashed":true,"isEncrypted":false,"recipients":[{"phoneNumber":"c4c8b1a0a5e6b2a1","state":"Delivered"}],"states":{"Pending":"2026-08-20T08:15:00Z","Delivered":"2026-08-20T08:15:10.5Z"},"hashedMessage":{"hash":"00"}}
    known 7100000000000017 MessageState::Delivered final err 0 at 1787213710500: delivered
    "#);
    let states = ["Cancelling", "Cancelled", "Processed", "Sent", "Pending"].map(brief);
    let mut rows: Vec<(u16, &str)> = states.iter().map(|body| (200, body.as_str())).collect();
    rows.extend([(404, ""), (409, ""), (400, ""), (500, ""), (204, "")]);
    insta::assert_snapshot!(ends(&cancel(), &[(400, refusal)], &rows), @r#"
    200 {"state":"Cancelling","states":{"Cancelling":"2026-08-20T08:15:10.5Z"}}
        taken
    200 {"state":"Cancelled","states":{"Cancelled":"2026-08-20T08:15:10.5Z"}}
        known 7100000000000017 MessageState::Deleted final err 0 at 1787213710500: cancelled
    200 {"state":"Processed","states":{"Processed":"2026-08-20T08:15:10.5Z"}}
        known 7100000000000017 MessageState::Enroute not final err 0 at 1787213710500: is being sent
    200 {"state":"Sent","states":{"Sent":"2026-08-20T08:15:10.5Z"}}
        known 7100000000000017 MessageState::Enroute not final err 0 at 1787213710500: sent
    200 {"state":"Pending","states":{"Pending":"2026-08-20T08:15:10.5Z"}}
        dead MessageState::Unknown 0x11 err 17: upstream would not cancel it, though it is pending
    404 
        dead MessageState::Unknown 0x11 err 17: upstream answered 404, no such message
    409 
        dead MessageState::Unknown 0x11 err 17: upstream answered 409, for a reason not known here
    400 
        dead MessageState::Unknown 0x11 err 17: upstream answered 400, for a reason not known here
    500 
        retry: upstream answered 500, an error of its own
    204 
        retry after 60 s: upstream answered 204, but not as SMSGate does: is api_base_url right?
    "#);
}

#[test]
fn no_answer_is_asked_for_again() {
    let unanswered = || {
        Err(Failure {
            kind: FailureKind::Unanswered,
            why: "60 s".into(),
        })
    };
    for op in [query(), cancel()] {
        let told = run(&context(&[]), &op, &[unanswered()]);
        assert_eq!(told.lines().last().unwrap(), "retry: upstream did not answer: 60 s");
    }
    let told = run(&context(&[]), &cancel(), &[answer(409, ""), unanswered()]);
    assert_eq!(told.lines().last().unwrap(), "retry: upstream did not answer: 60 s");
}

#[test]
fn the_upstreams_own_id_is_the_one_it_knows_and_stays_a_segment_of_the_path() {
    let first = |settings: &[(&str, &str)], ids: &[&str]| {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        let asked = run(&context(settings), &Operation::Query(ids.clone()), &[]);
        let cancelled = run(&context(settings), &Operation::Cancel(ids), &[]);
        assert_eq!(asked.replace("GET", "DELETE"), cancelled);
        asked
    };
    let table = [
        first(&[], &[ID]),
        first(&[], &[ID, "PyDmBQZZXYmyxMwED8Fzy"]),
        first(&[("id_prefix", "eb1-")], &["eb1-7100000000000017"]),
        first(&[("id_prefix", "eb1-")], &[]),
        first(&[], &["../webhooks?a=b#Ж"]),
    ];
    insta::assert_snapshot!(table.join("\n"), @r"
    GET https://sms.example/3rdparty/v1/messages/7100000000000017
    GET https://sms.example/3rdparty/v1/messages/PyDmBQZZXYmyxMwED8Fzy
    GET https://sms.example/3rdparty/v1/messages/eb1-7100000000000017
    GET https://sms.example/3rdparty/v1/messages/eb1-7100000000000017
    GET https://sms.example/3rdparty/v1/messages/%2E%2E%2Fwebhooks%3Fa%3Db%23%D0%96
    ");
}

#[test]
fn a_report_is_under_the_key_whatever_the_upstreams_id() {
    let ctx = context(&[("id_prefix", "eb1-")]);
    let op = Operation::Query(vec!["eb1-7100000000000017".into(), "theirs".into()]);
    let told = run(
        &ctx,
        &op,
        &[answer(
            200,
            r#"{"id":"theirs","state":"Delivered","recipients":null,"states":null}"#,
        )],
    );
    insta::assert_snapshot!(told.lines().last().unwrap(), @"known 7100000000000017 MessageState::Delivered final err 0 at 1787213730000: delivered");
}
