//! From a phone's webhook to what is heard: every event of the app, and what is none.
#![allow(clippy::allow_attributes, clippy::unwrap_used, reason = "a test that panics has failed")]

mod transcript;

use edgebind_smsgate::{
    bindings::edgebind::translator::types::{Heard, WebhookRequest},
    webhook,
};
use transcript::*;

/// Events and their payloads, each with what is heard in it.
fn table(settings: &[(&str, &str)], rows: &[(&str, &str)]) -> String {
    let ctx = context(settings);
    let mut text = String::new();
    for (name, payload) in rows {
        let heard = hearing(&webhook(&ctx, &posted(&event(name, payload))));
        text += &format!("{name} {payload}\n  {}\n", heard.replace('\n', "\n  "));
    }
    text
}

/// An event's JSON around this payload.
fn event(name: &str, payload: &str) -> String {
    format!(r#"{{"id":"V1StGXR8","webhookId":"eb-1","event":"{name}","deviceId":"phone1","payload":{payload}}}"#)
}

const RECEIVED: &str = r#"{"messageId":"a80532bb","message":"Hi","sender":"+447700900123","recipient":"+447700900999","simNumber":1,"phoneNumber":"+447700900123","receivedAt":"2026-08-20T10:15:30.000+02:00"}"#;

#[test]
fn incoming_messages() {
    let other = r#"{"messageId":"2","message":"Yo","sender":"ACME","receivedAt":"2026-08-20T10:15:31Z"}"#;
    let batch = format!(r#"{{"messages":[{RECEIVED},{other}]}}"#);
    let rows = [
        ("sms:received", RECEIVED),
        (
            "sms:received",
            r#"{"messageId":"1","message":"old app","phoneNumber":"12345","receivedAt":"never"}"#,
        ),
        ("sms:received", r#"{"messageId":"1","message":"","sender":"+447700900123"}"#),
        ("sms:received", "{}"),
        ("sms:data-received", "{}"),
        (
            "sms:data-received",
            r#"{"messageId":"1f","data":"SGVsbG8=","sender":"+447700900123","simNumber":1,"receivedAt":"2026-08-20T10:15:30.000+02:00"}"#,
        ),
        (
            "sms:data-received",
            r#"{"messageId":"1f","data":"SGVs\nbG8\n","sender":"+447700900123"}"#,
        ),
        (
            "sms:data-received",
            r#"{"messageId":"1f","data":"%","sender":"+447700900123"}"#,
        ),
        (
            "mms:downloaded",
            r#"{"messageId":"17","sender":"+447700900123","body":"see photo","attachments":[{"partId":3}],"receivedAt":"2026-08-20T10:15:35.000+02:00"}"#,
        ),
        (
            "mms:downloaded",
            r#"{"messageId":"17","sender":"+447700900123","subject":"holiday","attachments":[]}"#,
        ),
        (
            "mms:downloaded",
            r#"{"messageId":"17","sender":"+447700900123","attachments":[]}"#,
        ),
        ("sms:batch:received", &batch),
        ("sms:batch:received", r#"{"messages":[]}"#),
        ("sms:batch:data-received", r#"{"messages":[{"data":"AA=="},{"data":"?"}]}"#),
    ];
    insta::assert_snapshot!(table(&[], &rows), @r#"
    sms:received {"messageId":"a80532bb","message":"Hi","sender":"+447700900123","recipient":"+447700900999","simNumber":1,"phoneNumber":"+447700900123","receivedAt":"2026-08-20T10:15:30.000+02:00"}
      200
      incoming 1/1 "447700900123" -> 1/1 "447700900999" text "Hi" at 1787213730000 smsgate.device=phone1 smsgate.message=a80532bb smsgate.sim=1
    sms:received {"messageId":"1","message":"old app","phoneNumber":"12345","receivedAt":"never"}
      200
      incoming 0/1 "12345" -> 0/0 "" text "old app" at 1787213730000 smsgate.device=phone1 smsgate.message=1
    sms:received {"messageId":"1","message":"","sender":"+447700900123"}
      200
      incoming 1/1 "447700900123" -> 0/0 "" text "" at 1787213730000 smsgate.device=phone1 smsgate.message=1
    sms:received {}
      200 ignored: sms:received: no message
    sms:data-received {}
      200 ignored: sms:data-received: no data
    sms:data-received {"messageId":"1f","data":"SGVsbG8=","sender":"+447700900123","simNumber":1,"receivedAt":"2026-08-20T10:15:30.000+02:00"}
      200
      incoming 1/1 "447700900123" -> 0/0 "" binary [48, 65, 6c, 6c, 6f] port 53739 at 1787213730000 smsgate.device=phone1 smsgate.message=1f smsgate.sim=1
    sms:data-received {"messageId":"1f","data":"SGVs\nbG8\n","sender":"+447700900123"}
      200
      incoming 1/1 "447700900123" -> 0/0 "" binary [48, 65, 6c, 6c, 6f] port 53739 at 1787213730000 smsgate.device=phone1 smsgate.message=1f
    sms:data-received {"messageId":"1f","data":"%","sender":"+447700900123"}
      200 ignored: sms:data-received: data is not base64
    mms:downloaded {"messageId":"17","sender":"+447700900123","body":"see photo","attachments":[{"partId":3}],"receivedAt":"2026-08-20T10:15:35.000+02:00"}
      200
      incoming 1/1 "447700900123" -> 0/0 "" text "see photo" at 1787213735000 smsgate.device=phone1 smsgate.message=17 smsgate.attachments=1
    mms:downloaded {"messageId":"17","sender":"+447700900123","subject":"holiday","attachments":[]}
      200
      incoming 1/1 "447700900123" -> 0/0 "" text "holiday" at 1787213730000 smsgate.device=phone1 smsgate.message=17 smsgate.attachments=0
    mms:downloaded {"messageId":"17","sender":"+447700900123","attachments":[]}
      200 ignored: mms:downloaded: a multimedia message without text
    sms:batch:received {"messages":[{"messageId":"a80532bb","message":"Hi","sender":"+447700900123","recipient":"+447700900999","simNumber":1,"phoneNumber":"+447700900123","receivedAt":"2026-08-20T10:15:30.000+02:00"},{"messageId":"2","message":"Yo","sender":"ACME","receivedAt":"2026-08-20T10:15:31Z"}]}
      200
      incoming 1/1 "447700900123" -> 1/1 "447700900999" text "Hi" at 1787213730000 smsgate.device=phone1 smsgate.message=a80532bb smsgate.sim=1
      incoming 5/0 "ACME" -> 0/0 "" text "Yo" at 1787220931000 smsgate.device=phone1 smsgate.message=2
    sms:batch:received {"messages":[]}
      200 ignored: sms:batch:received: an empty batch
    sms:batch:data-received {"messages":[{"data":"AA=="},{"data":"?"}]}
      200 ignored: sms:batch:data-received: data is not base64
      incoming 0/0 "" -> 0/0 "" binary [00] port 53739 at 1787213730000 smsgate.device=phone1 smsgate.message=
    "#);
}

#[test]
fn where_an_incoming_message_goes() {
    const OWN: (&str, &str) = ("own_number", "+447700900999");
    let payload = r#"{"message":"Hi","sender":"+447700900123","simNumber":2}"#;
    let row = |settings: &[(&str, &str)]| format!("{settings:?} {}", table(settings, &[("sms:received", payload)]));
    let rows = [
        row(&[]),
        row(&[OWN]),
        row(&[OWN, ("source.ACME", "phone1:2")]),
        row(&[
            ("source.ACME", "phone1:1"),
            ("source.12345", ":2"),
            ("source.default", "phone1"),
        ]),
        row(&[OWN, ("source_ton", "2"), ("source_npi", "8"), ("dest_ton", "3")]),
    ];
    insta::assert_snapshot!(rows.join(""), @r#"
    [] sms:received {"message":"Hi","sender":"+447700900123","simNumber":2}
      200
      incoming 1/1 "447700900123" -> 0/0 "" text "Hi" at 1787213730000 smsgate.device=phone1 smsgate.message= smsgate.sim=2
    [("own_number", "+447700900999")] sms:received {"message":"Hi","sender":"+447700900123","simNumber":2}
      200
      incoming 1/1 "447700900123" -> 1/1 "447700900999" text "Hi" at 1787213730000 smsgate.device=phone1 smsgate.message= smsgate.sim=2
    [("own_number", "+447700900999"), ("source.ACME", "phone1:2")] sms:received {"message":"Hi","sender":"+447700900123","simNumber":2}
      200
      incoming 1/1 "447700900123" -> 5/0 "ACME" text "Hi" at 1787213730000 smsgate.device=phone1 smsgate.message= smsgate.sim=2
    [("source.ACME", "phone1:1"), ("source.12345", ":2"), ("source.default", "phone1")] sms:received {"message":"Hi","sender":"+447700900123","simNumber":2}
      200
      incoming 1/1 "447700900123" -> 0/1 "12345" text "Hi" at 1787213730000 smsgate.device=phone1 smsgate.message= smsgate.sim=2
    [("own_number", "+447700900999"), ("source_ton", "2"), ("source_npi", "8"), ("dest_ton", "3")] sms:received {"message":"Hi","sender":"+447700900123","simNumber":2}
      200
      incoming 2/8 "447700900123" -> 3/1 "447700900999" text "Hi" at 1787213730000 smsgate.device=phone1 smsgate.message= smsgate.sim=2
    "#);
}

#[test]
fn reports() {
    let sent = [(
        "sms:sent",
        r#"{"messageId":"17","recipient":"+447700900123","partsCount":2,"sentAt":"2026-08-20T10:15:31.120+02:00"}"#,
    )];
    let mut all = table(&[], &sent);
    all += &table(&[("receipt_on_sent", "final")], &sent);
    all += &table(&[("receipt_on_sent", "delivered")], &sent);
    let rows = [
        (
            "sms:delivered",
            r#"{"messageId":"17","deliveredAt":"2026-08-20T10:15:35.002+02:00"}"#,
        ),
        (
            "sms:cancelled",
            r#"{"messageId":"17","cancelledAt":"2026-08-20T10:15:35.002+02:00"}"#,
        ),
        ("sms:delivered", r#"{"messageId":"17"}"#),
        ("sms:delivered", "{}"),
        ("sms:delivered", "null"),
        (
            "sms:failed",
            r#"{"messageId":"17","failedAt":"2026-08-20T10:15:35.002+02:00","reason":"TTL expired"}"#,
        ),
        (
            "sms:failed",
            r#"{"messageId":"17","reason":"Delivery result from SC +447700900555: 64"}"#,
        ),
        (
            "sms:failed",
            r#"{"messageId":"17","reason":"Delivery result from SC +447700900555: 66"}"#,
        ),
        (
            "sms:failed",
            r#"{"messageId":"17","reason":"Delivery result from SC +447700900555: 70"}"#,
        ),
        (
            "sms:failed",
            r#"{"messageId":"17","reason":"Delivery result from SC +447700900555: 72"}"#,
        ),
        (
            "sms:failed",
            r#"{"messageId":"17","reason":"Delivery result from SC null: ?"}"#,
        ),
        (
            "sms:failed",
            r#"{"messageId":"17","reason":"Send result: RESULT_ERROR_GENERIC_FAILURE (Generic failure cause)"}"#,
        ),
        (
            "sms:failed",
            r#"{"messageId":"17","reason":"Send result: RESULT_NETWORK_REJECT (rejected)"}"#,
        ),
        ("sms:failed", r#"{"messageId":"17","reason":"Send result: 113"}"#),
        (
            "sms:failed",
            r#"{"messageId":"17","reason":"Can't send message: no SIM for +44 7700 900-123"}"#,
        ),
        ("sms:failed", r#"{"messageId":"17"}"#),
    ];
    all += &table(&[], &rows);
    insta::assert_snapshot!(all, @r#"
    sms:sent {"messageId":"17","recipient":"+447700900123","partsCount":2,"sentAt":"2026-08-20T10:15:31.120+02:00"}
      200
      report 17 MessageState::Enroute not final err 0 at 1787213731120: sent
    sms:sent {"messageId":"17","recipient":"+447700900123","partsCount":2,"sentAt":"2026-08-20T10:15:31.120+02:00"}
      200
      report 17 MessageState::Accepted final err 0 at 1787213731120: sent
    sms:sent {"messageId":"17","recipient":"+447700900123","partsCount":2,"sentAt":"2026-08-20T10:15:31.120+02:00"}
      200
      report 17 MessageState::Delivered final err 0 at 1787213731120: sent
    sms:delivered {"messageId":"17","deliveredAt":"2026-08-20T10:15:35.002+02:00"}
      200
      report 17 MessageState::Delivered final err 0 at 1787213735002: delivered
    sms:cancelled {"messageId":"17","cancelledAt":"2026-08-20T10:15:35.002+02:00"}
      200
      report 17 MessageState::Deleted final err 0 at 1787213735002: cancelled
    sms:delivered {"messageId":"17"}
      200
      report 17 MessageState::Delivered final err 0 at 1787213730000: delivered
    sms:delivered {}
      200 ignored: sms:delivered: no messageId
    sms:delivered null
      200 ignored: sms:delivered: no messageId
    sms:failed {"messageId":"17","failedAt":"2026-08-20T10:15:35.002+02:00","reason":"TTL expired"}
      200
      report 17 MessageState::Expired final err 0 at 1787213735002: failed: TTL expired
    sms:failed {"messageId":"17","reason":"Delivery result from SC +447700900555: 64"}
      200
      report 17 MessageState::Undeliverable final err 64 at 1787213730000: failed: Delivery result from SC #: 64
    sms:failed {"messageId":"17","reason":"Delivery result from SC +447700900555: 66"}
      200
      report 17 MessageState::Rejected final err 66 at 1787213730000: failed: Delivery result from SC #: 66
    sms:failed {"messageId":"17","reason":"Delivery result from SC +447700900555: 70"}
      200
      report 17 MessageState::Expired final err 70 at 1787213730000: failed: Delivery result from SC #: 70
    sms:failed {"messageId":"17","reason":"Delivery result from SC +447700900555: 72"}
      200
      report 17 MessageState::Deleted final err 72 at 1787213730000: failed: Delivery result from SC #: 72
    sms:failed {"messageId":"17","reason":"Delivery result from SC null: ?"}
      200
      report 17 MessageState::Undeliverable final err 0 at 1787213730000: failed: Delivery result from SC null: ?
    sms:failed {"messageId":"17","reason":"Send result: RESULT_ERROR_GENERIC_FAILURE (Generic failure cause)"}
      200
      report 17 MessageState::Undeliverable final err 1 at 1787213730000: failed: Send result: RESULT_ERROR_GENERIC_FAILURE (Generic failure cause)
    sms:failed {"messageId":"17","reason":"Send result: RESULT_NETWORK_REJECT (rejected)"}
      200
      report 17 MessageState::Undeliverable final err 10 at 1787213730000: failed: Send result: RESULT_NETWORK_REJECT (rejected)
    sms:failed {"messageId":"17","reason":"Send result: 113"}
      200
      report 17 MessageState::Undeliverable final err 113 at 1787213730000: failed: Send result: 113
    sms:failed {"messageId":"17","reason":"Can't send message: no SIM for +44 7700 900-123"}
      200
      report 17 MessageState::Undeliverable final err 0 at 1787213730000: failed: Can't send message: no SIM for #
    sms:failed {"messageId":"17"}
      200
      report 17 MessageState::Undeliverable final err 0 at 1787213730000: failed:
    "#);
}

#[test]
fn a_prefix_tells_our_messages_from_others() {
    let rows = [
        ("sms:delivered", r#"{"messageId":"eb1-17"}"#),
        ("sms:delivered", r#"{"messageId":"PyDmBQZZXYmyxMwED8Fzy"}"#),
    ];
    insta::assert_snapshot!(table(&[("id_prefix", "eb1-")], &rows), @r#"
    sms:delivered {"messageId":"eb1-17"}
      200
      report 17 MessageState::Delivered final err 0 at 1787213730000: delivered
    sms:delivered {"messageId":"PyDmBQZZXYmyxMwED8Fzy"}
      200 ignored: sms:delivered: a message of someone else's
    "#);
}

#[test]
fn events_that_are_not_for_us() {
    let rows = [
        ("system:ping", r#"{"health":{"status":"pass"}}"#),
        ("app:started", r#"{"simCards":[]}"#),
        ("mms:received", r#"{"messageId":"T1"}"#),
        ("call:received +447700900123", "{}"),
    ];
    insta::assert_snapshot!(table(&[], &rows), @r#"
    system:ping {"health":{"status":"pass"}}
      200 ignored: system:ping needs no answer
    app:started {"simCards":[]}
      200 ignored: app:started needs no answer
    mms:received {"messageId":"T1"}
      200 ignored: mms:received needs no answer
    call:received +447700900123 {}
      200 ignored: unknown event call:received #
    "#);
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
    insta::assert_snapshot!(table.join("\n"), @r"
    405 ignored: GET where webhooks are POSTed
    404 ignored: a path that was not registered
    400 ignored: the body is not an event's JSON
    400 ignored: the body is not an event's JSON
    400 ignored: the body is not an event's JSON
    400 ignored: the body is not an event's JSON
    400 ignored: the body is not an event's JSON
    400 ignored: the body is not an event's JSON
    ");
}

#[test]
fn what_was_cut_off_is_no_event_and_what_was_garbled_does_no_harm() {
    let ctx = context(&[("source.ACME", "phone1:1")]);
    let whole = event("sms:failed", r#"{"messageId":"17","reason":"Send result: 5 +44 7700 é 😀"}"#);
    for end in 0..whole.len() {
        let mut request = posted("");
        request.body = whole.as_bytes()[..end].to_vec();
        assert_eq!(webhook(&ctx, &request).status, 400, "{end} octets");
        for octet in [0x00, b'"', b'9', b'{', 0xff] {
            request.body = whole.as_bytes().to_vec();
            request.body[end] = octet;
            let status = webhook(&ctx, &request).status;
            assert!(status == 200 || status == 400, "octet {end} is {octet:#04x}: {status}");
        }
    }
}

#[test]
fn a_signature_is_asked_for_when_there_are_keys() {
    let mut ctx = context(&[]);
    let mut request = posted(&event("sms:received", RECEIVED));
    ctx.secrets.push("webhook".into());
    insta::assert_snapshot!(hearing(&webhook(&ctx, &request)), @"401 ignored: no X-Timestamp");
    request.headers.push(("X-SIGNATURE".into(), "ab".repeat(32)));
    request.headers.push(("x-timestamp".into(), (NOW / 1000).to_string()));
    let signed = webhook(&ctx, &request);
    insta::assert_snapshot!(hearing(&signed), @r#"
    200 if signed with webhook
    incoming 1/1 "447700900123" -> 1/1 "447700900999" text "Hi" at 1787213730000 smsgate.device=phone1 smsgate.message=a80532bb smsgate.sim=1
    "#);
    let proof = signed.proof.unwrap();
    assert_eq!(proof.message, [request.body.as_slice(), b"1787213730"].concat());
    assert_eq!(proof.expected, [0xab; 32]);
    ctx.now += 301 * SECOND;
    insta::assert_snapshot!(hearing(&webhook(&ctx, &request)), @"401 ignored: X-Timestamp is 301 s off, 300 are allowed");
}

#[test]
fn an_incoming_message_that_is_told_twice_has_one_key_and_another_has_another() {
    let key = |body: &str| match &webhook(&context(&[]), &posted(body)).heard[0] {
        Heard::Incoming((key, _)) => key.clone(),
        other => panic!("not incoming: {other:?}"),
    };
    let received = |payload: &str| key(&event("sms:received", payload));
    let first = received(RECEIVED);
    assert_eq!(first.len(), 64);
    let again = event("sms:received", RECEIVED).replace("V1StGXR8", "Z5jdHi6B");
    assert_eq!(key(&again), first, "the event's id does not matter");
    let batch = event("sms:batch:received", &format!(r#"{{"messages":[{RECEIVED}]}}"#));
    assert_eq!(key(&batch), first, "nor does it matter that it comes in a batch");
    for other in [
        RECEIVED.replace("Hi", "Ho"),
        RECEIVED.replace("a80532bb", "a80532bc"),
        RECEIVED.replace("10:15:30", "10:15:31"),
        RECEIVED.replace("sender\":\"+447700900123", "sender\":\"+447700900124"),
    ] {
        assert_ne!(received(&other), first, "{other}");
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
