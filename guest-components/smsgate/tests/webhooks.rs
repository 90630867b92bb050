//! From a phone's webhook to what is heard: every event of the app, and what is none.
#![allow(clippy::allow_attributes, clippy::unwrap_used, reason = "a test that panics has failed")]

mod transcript;

use edgebind_smsgate::{
    bindings::edgebind::translator::types::{Heard, WebhookRequest},
    webhook,
};
use transcript::*;

fn hear(settings: &[(&str, &str)], body: &str) -> String {
    hearing(&webhook(&context(settings), &posted(body)))
}

/// An event's JSON around this payload.
fn event(name: &str, payload: &str) -> String {
    format!(r#"{{"id":"V1StGXR8","webhookId":"eb-1","event":"{name}","deviceId":"phone1","payload":{payload}}}"#)
}

const RECEIVED: &str = r#"{"messageId":"a80532bb","message":"Hi","sender":"+447700900123","recipient":"+447700900999","simNumber":1,
    "phoneNumber":"+447700900123","receivedAt":"2026-08-20T10:15:30.000+02:00"}"#;

#[test]
fn incoming_messages() {
    let batch = format!(
        r#"{{"messages":[{RECEIVED},{{"messageId":"2","message":"Yo","sender":"ACME","receivedAt":"2026-08-20T10:15:31Z"}}]}}"#
    );
    let table = [
        hear(&[], &event("sms:received", RECEIVED)),
        hear(
            &[],
            &event(
                "sms:received",
                r#"{"messageId":"1","message":"old app","phoneNumber":"12345","receivedAt":"never"}"#,
            ),
        ),
        hear(
            &[],
            &event(
                "sms:data-received",
                r#"{"messageId":"1f","data":"SGVsbG8=","sender":"+447700900123","simNumber":1,"receivedAt":"2026-08-20T10:15:30.000+02:00"}"#,
            ),
        ),
        hear(
            &[],
            &event(
                "sms:data-received",
                r#"{"messageId":"1f","data":"SGVsbG8","sender":"+447700900123"}"#,
            ),
        ),
        hear(
            &[],
            &event(
                "mms:downloaded",
                r#"{"messageId":"17","sender":"+447700900123","body":"see photo","attachments":[{"partId":3,"contentType":"image/jpeg","data":"/9j"}],"receivedAt":"2026-08-20T10:15:35.000+02:00"}"#,
            ),
        ),
        hear(
            &[],
            &event(
                "mms:downloaded",
                r#"{"messageId":"17","sender":"+447700900123","subject":"holiday","attachments":[]}"#,
            ),
        ),
        hear(
            &[],
            &event(
                "mms:downloaded",
                r#"{"messageId":"17","sender":"+447700900123","attachments":[]}"#,
            ),
        ),
        hear(&[], &event("sms:batch:received", &batch)),
        hear(&[], &event("sms:batch:received", r#"{"messages":[]}"#)),
        hear(
            &[],
            &event("sms:batch:data-received", r#"{"messages":[{"data":"AA=="},{"data":"?"}]}"#),
        ),
    ];
    insta::assert_snapshot!(table.join("\n"), @"");
}

#[test]
fn where_an_incoming_message_goes() {
    let payload =
        r#"{"messageId":"1","message":"Hi","sender":"+447700900123","simNumber":2,"receivedAt":"2026-08-20T08:15:30Z"}"#;
    let body = event("sms:received", payload);
    let table = [
        hear(&[], &body),
        hear(&[("own_number", "+447700900999")], &body),
        hear(&[("own_number", "+447700900999"), ("source.ACME", "phone1:2")], &body),
        hear(
            &[
                ("source.ACME", "phone1:1"),
                ("source.12345", ":2"),
                ("source.default", "phone1"),
            ],
            &body,
        ),
        hear(
            &[
                ("source_ton", "2"),
                ("source_npi", "8"),
                ("dest_ton", "3"),
                ("own_number", "+447700900999"),
            ],
            &body,
        ),
    ];
    insta::assert_snapshot!(table.join("\n"), @"");
}

#[test]
fn reports() {
    let reason = |text: &str| {
        format!(
            r#"{{"messageId":"17","recipient":"+447700900123","failedAt":"2026-08-20T10:15:35.002+02:00","reason":"{text}"}}"#
        )
    };
    let table = [
        hear(
            &[],
            &event(
                "sms:sent",
                r#"{"messageId":"17","recipient":"+447700900123","partsCount":2,"sentAt":"2026-08-20T10:15:31.120+02:00"}"#,
            ),
        ),
        hear(
            &[("receipt_on_sent", "final")],
            &event("sms:sent", r#"{"messageId":"17","sentAt":"2026-08-20T10:15:31.120+02:00"}"#),
        ),
        hear(
            &[("receipt_on_sent", "delivered")],
            &event("sms:sent", r#"{"messageId":"17","sentAt":"2026-08-20T10:15:31.120+02:00"}"#),
        ),
        hear(
            &[],
            &event(
                "sms:delivered",
                r#"{"messageId":"17","deliveredAt":"2026-08-20T10:15:35.002+02:00"}"#,
            ),
        ),
        hear(
            &[],
            &event(
                "sms:cancelled",
                r#"{"messageId":"17","cancelledAt":"2026-08-20T10:15:35.002+02:00"}"#,
            ),
        ),
        hear(&[], &event("sms:delivered", r#"{"messageId":"17"}"#)),
        hear(&[], &event("sms:delivered", "{}")),
        hear(&[], &event("sms:delivered", "null")),
        hear(&[("id_prefix", "eb1-")], &event("sms:delivered", r#"{"messageId":"eb1-17"}"#)),
        hear(
            &[("id_prefix", "eb1-")],
            &event("sms:delivered", r#"{"messageId":"PyDmBQZZXYmyxMwED8Fzy"}"#),
        ),
        hear(&[], &event("sms:failed", &reason("TTL expired"))),
        hear(
            &[],
            &event("sms:failed", &reason("Delivery result from SC +447700900555: 64")),
        ),
        hear(
            &[],
            &event("sms:failed", &reason("Delivery result from SC +447700900555: 66")),
        ),
        hear(
            &[],
            &event("sms:failed", &reason("Delivery result from SC +447700900555: 70")),
        ),
        hear(
            &[],
            &event("sms:failed", &reason("Delivery result from SC +447700900555: 72")),
        ),
        hear(&[], &event("sms:failed", &reason("Delivery result from SC null: ?"))),
        hear(
            &[],
            &event(
                "sms:failed",
                &reason("Send result: RESULT_ERROR_GENERIC_FAILURE (Generic failure cause)"),
            ),
        ),
        hear(
            &[],
            &event("sms:failed", &reason("Send result: RESULT_NETWORK_REJECT (rejected)")),
        ),
        hear(&[], &event("sms:failed", &reason("Send result: 113"))),
        hear(
            &[],
            &event("sms:failed", &reason("Can't send message: no SIM for +44 7700 900-123")),
        ),
        hear(&[], &event("sms:failed", r#"{"messageId":"17"}"#)),
    ];
    insta::assert_snapshot!(table.join("\n"), @"");
}

#[test]
fn events_that_are_not_for_us() {
    let table = [
        hear(&[], &event("system:ping", r#"{"health":{"status":"pass"}}"#)),
        hear(&[], &event("app:started", r#"{"simCards":[]}"#)),
        hear(&[], &event("mms:received", r#"{"messageId":"T1"}"#)),
        hear(&[], &event("call:received +447700900123", "{}")),
    ];
    insta::assert_snapshot!(table.join("\n"), @"");
}

#[test]
fn what_is_no_webhook() {
    let ctx = context(&[]);
    let with = |bend: &dyn Fn(&mut WebhookRequest)| {
        let mut request = posted(&event("sms:received", RECEIVED));
        bend(&mut request);
        hearing(&webhook(&ctx, &request))
    };
    let table = [
        with(&|request| request.method = "GET".into()),
        with(&|request| request.path = "other".into()),
        with(&|request| request.body = b"{\"event\":".to_vec()),
        with(&|request| request.body = b"[]".to_vec()),
        with(&|request| request.body = b"{}".to_vec()),
        with(&|request| request.body = Vec::new()),
        with(&|request| request.body = vec![0xff; 10]),
        with(&|request| request.body = "[".repeat(100_000).into()),
    ];
    insta::assert_snapshot!(table.join("\n"), @"");
}

#[test]
fn a_signature_is_asked_for_when_there_are_keys() {
    let mut ctx = context(&[]);
    let mut request = posted(&event("sms:received", RECEIVED));
    ctx.secrets.push("webhook".into());
    insta::assert_snapshot!(hearing(&webhook(&ctx, &request)), @"");
    request.headers.push(("X-SIGNATURE".into(), "ab".repeat(32)));
    request.headers.push(("x-timestamp".into(), (NOW / 1000).to_string()));
    let signed = webhook(&ctx, &request);
    insta::assert_snapshot!(hearing(&signed), @"");
    let proof = signed.proof.unwrap();
    assert_eq!(proof.message, [request.body.as_slice(), b"1787213730"].concat());
    assert_eq!(proof.expected, [0xab; 32]);
    ctx.now += 301 * SECOND;
    insta::assert_snapshot!(hearing(&webhook(&ctx, &request)), @"");
}

#[test]
fn an_incoming_message_that_is_told_twice_has_one_key_and_another_has_another() {
    let key = |name: &str, payload: &str| {
        let body = event(name, payload).replace("V1StGXR8", payload.get(..9).unwrap_or("x").trim_matches(['{', '"']));
        match &webhook(&context(&[]), &posted(&body)).heard[0] {
            Heard::Incoming((key, _)) => key.clone(),
            Heard::Report(_) => panic!("not incoming"),
        }
    };
    let first = key("sms:received", RECEIVED);
    assert_eq!(first.len(), 64);
    assert_eq!(
        key("sms:received", &RECEIVED.replace("{", "{ ")),
        first,
        "the event's id and the layout do not matter"
    );
    assert_eq!(
        key("sms:batch:received", &format!(r#"{{"messages":[{RECEIVED}]}}"#)),
        first,
        "nor does a batch"
    );
    for other in [
        RECEIVED.replace("Hi", "Ho"),
        RECEIVED.replace("a80532bb", "a80532bc"),
        RECEIVED.replace("10:15:30", "10:15:31"),
        RECEIVED.replace("sender\":\"+447700900123", "sender\":\"+447700900124"),
    ] {
        assert_ne!(key("sms:received", &other), first, "{other}");
    }
}

#[test]
fn what_is_logged_has_neither_text_nor_number() {
    for name in ["sms:received", "sms:failed", "unknown +447700900123"] {
        let payload = r#"{"messageId":"17","message":"SECRET","sender":"+447700900123","reason":"failed for +44 7700 900123"}"#;
        let heard = webhook(&context(&[]), &posted(&event(name, payload)));
        let mut logged = heard.ignored.unwrap_or_default();
        for heard in heard.heard {
            if let Heard::Report(report) = heard {
                logged += &report.why;
            }
        }
        assert!(!logged.contains("900123") && !logged.contains("SECRET"), "{logged}");
    }
}
