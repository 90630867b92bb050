//! Whole operations, exchange by exchange.
#![allow(clippy::allow_attributes, clippy::unwrap_used, reason = "a test that panics has failed")]

mod transcript;

use edgebind_smsgate::bindings::edgebind::translator::types::{Failure, FailureKind, Operation, Step};
use transcript::*;

const TAKEN: &str = r#"{"id":"7100000000000017","state":"Pending"}"#;
const TWO_PHONES: &str =
    r#"[{"id":"phone1","lastSeen":"2026-08-20T08:00:00Z"},{"id":"phone2","lastSeen":"2026-08-19T08:00:00Z"}]"#;

fn submit() -> Operation {
    Operation::Submit(message())
}

#[test]
fn a_message_that_no_setting_gives_a_phone_finds_one() {
    insta::assert_snapshot!(run(&context(&[]), &submit(), &[answer(200, TWO_PHONES), answer(202, TAKEN)]), @r#"
    GET https://sms.example/3rdparty/v1/devices
      < 200 [{"id":"phone1","lastSeen":"2026-08-20T08:00:00Z"},{"id":"phone2","lastSeen":"2026-08-19T08:00:00Z"}]
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["+447700900000"],"textMessage":{"text":"Hi"},"priority":0,"withDeliveryReport":false}
      < 202 {"id":"7100000000000017","state":"Pending"}
    taken 7100000000000017
    memo for 300 s: {"Account":[{"id":"phone1","seen_ms":1787212800000},{"id":"phone2","seen_ms":1787126400000}]}
    "#);
}

#[test]
fn a_phone_that_is_remembered_is_not_asked_for() {
    let mut ctx = context(&[]);
    let op = submit();
    let Step::Exchange(listing) = edgebind_smsgate::begin(&ctx, &op) else {
        panic!()
    };
    let Step::Exchange(post) = edgebind_smsgate::resume(&ctx, &op, &listing.saved, &answer(200, TWO_PHONES)) else {
        panic!()
    };
    let Step::Done(first) = edgebind_smsgate::resume(&ctx, &op, &post.saved, &answer(202, TAKEN)) else {
        panic!()
    };
    ctx.memo = Some(first.memo.unwrap().bytes);
    let Step::Exchange(again) = edgebind_smsgate::begin(&ctx, &op) else {
        panic!()
    };
    assert_eq!(again.request, post.request, "the same message, by the same phone");
    insta::assert_snapshot!(run(&ctx, &op, &[answer(409, r#"{"message":"message with the same ID already exists"}"#)]), @r#"
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["+447700900000"],"textMessage":{"text":"Hi"},"priority":0,"withDeliveryReport":false}
      < 409 {"message":"message with the same ID already exists"}
    taken 7100000000000017
    "#);
}

#[test]
fn a_phone_that_is_gone_is_forgotten() {
    let mut ctx = context(&[]);
    ctx.memo = Some(br#"{"Account":[{"id":"gone","seen_ms":null}]}"#.to_vec());
    let refused = answer(400, r#"{"message":"failed to select device: record not found"}"#);
    insta::assert_snapshot!(run(&ctx, &submit(), &[refused]), @r#"
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"gone","phoneNumbers":["+447700900000"],"textMessage":{"text":"Hi"},"priority":0,"withDeliveryReport":false}
      < 400 {"message":"failed to select device: record not found"}
    retry after 60 s: upstream answered 400, no phone to send by
    memo for 300 s:
    "#);
    ctx.memo = Some(Vec::new());
    insta::assert_snapshot!(run(&ctx, &submit(), &[]), @"GET https://sms.example/3rdparty/v1/devices");
}

#[test]
fn the_phone_that_was_seen_lately() {
    for key in 0..20 {
        let mut ctx = context(&[("device_active_within", "12")]);
        ctx.key = key.to_string();
        let steps = run(&ctx, &submit(), &[answer(200, TWO_PHONES)]);
        assert!(steps.contains(r#""deviceId":"phone1""#), "{steps}");
    }
}

#[test]
fn an_account_without_a_phone_waits_for_one() {
    insta::assert_snapshot!(run(&context(&[]), &submit(), &[answer(200, "[]")]), @r"
    GET https://sms.example/3rdparty/v1/devices
      < 200 []
    retry after 60 s: the upstream account has no phone
    memo for 300 s:
    ");
}

#[test]
fn the_server_in_a_phone_has_no_list() {
    let mut ctx = context(&[]);
    ctx.settings[0].1 = "http://192.168.1.5:8080".into();
    insta::assert_snapshot!(run(&ctx, &submit(), &[answer(404, ""), answer(200, r#"[{"id":"x"}]"#), answer(202, TAKEN)]), @r#"
    GET http://192.168.1.5:8080/devices
      < 404 
    GET http://192.168.1.5:8080/device
      < 200 [{"id":"x"}]
    POST http://192.168.1.5:8080/messages {"id":"7100000000000017","phoneNumbers":["+447700900000"],"textMessage":{"text":"Hi"},"priority":0,"withDeliveryReport":false}
      < 202 {"id":"7100000000000017","state":"Pending"}
    taken 7100000000000017
    memo for 300 s: "Local"
    "#);
    ctx.memo = Some(br#""Local""#.to_vec());
    insta::assert_snapshot!(run(&ctx, &submit(), &[answer(201, TAKEN)]), @r#"
    POST http://192.168.1.5:8080/messages {"id":"7100000000000017","phoneNumbers":["+447700900000"],"textMessage":{"text":"Hi"},"priority":0,"withDeliveryReport":false}
      < 201 {"id":"7100000000000017","state":"Pending"}
    taken 7100000000000017
    "#);
}

#[test]
fn an_answer_about_the_phones_never_ends_a_message() {
    let ends = |answers: &[_]| run(&context(&[]), &submit(), answers).lines().last().unwrap().to_owned();
    let unreachable = Err(Failure {
        kind: FailureKind::Unreachable,
        why: "connection refused".into(),
    });
    let table = [
        ends(&[answer(401, "")]),
        ends(&[answer(403, "")]),
        ends(&[answer(400, "")]),
        ends(&[answer(503, "")]),
        ends(&[answer(200, "<html>")]),
        ends(&[answer(404, ""), answer(404, "")]),
        ends(&[unreachable]),
    ];
    insta::assert_snapshot!(table.join("\n"), @r"
    retry after 60 s: upstream answered 401, the credentials are not good
    retry after 60 s: upstream answered 403, the credentials do not allow this
    retry after 60 s: upstream answered 400, but not as SMSGate does: is api_base_url right?
    retry: upstream answered 503, not available
    retry after 60 s: upstream answered 200, but not as SMSGate does: is api_base_url right?
    retry after 60 s: upstream answered 404, but not as SMSGate does: is api_base_url right?
    retry: upstream unreachable: connection refused
    ");
}

#[test]
fn the_upstreams_own_id_is_kept_beside_ours() {
    let ctx = context(&[("device_id", "phone1")]);
    insta::assert_snapshot!(run(&ctx, &submit(), &[answer(202, r#"{"id":"PyDmBQZZXYmyxMwED8Fzy"}"#)]), @r#"
    POST https://sms.example/3rdparty/v1/messages {"id":"7100000000000017","deviceId":"phone1","phoneNumbers":["+447700900000"],"textMessage":{"text":"Hi"},"priority":0,"withDeliveryReport":false}
      < 202 {"id":"PyDmBQZZXYmyxMwED8Fzy"}
    taken 7100000000000017 PyDmBQZZXYmyxMwED8Fzy
    "#);
}

#[test]
fn what_an_earlier_release_saved_is_begun_again() {
    let ctx = context(&[("device_id", "phone1")]);
    let cancel = Operation::Cancel(vec!["7100000000000017".into()]);
    for op in [
        submit(),
        cancel,
        Operation::Authenticate,
        Operation::Attach,
        Operation::Detach,
    ] {
        let again = edgebind_smsgate::resume(&ctx, &op, b"what is this?", &answer(202, TAKEN));
        assert_eq!(again, edgebind_smsgate::begin(&ctx, &op));
    }
}

#[test]
fn settings_that_were_never_checked_make_work_wait() {
    let ctx = context(&[("device", "phone1")]);
    insta::assert_snapshot!(run(&ctx, &submit(), &[]), @"retry after 60 s: unusable settings: device: no such setting");
    assert_eq!(edgebind_smsgate::check(&ctx.settings), ["device: no such setting"]);
}

#[test]
fn credentials() {
    let ctx = context(&[]);
    let table = [
        run(&ctx, &Operation::Authenticate, &[answer(200, r#"[{"id":"phone1"}]"#)]),
        run(
            &ctx,
            &Operation::Authenticate,
            &[answer(404, ""), answer(200, r#"{"id":"phone1"}"#)],
        ),
        run(&ctx, &Operation::Authenticate, &[answer(404, ""), answer(401, "")]),
        run(&ctx, &Operation::Authenticate, &[answer(401, "")]),
        run(&ctx, &Operation::Authenticate, &[answer(403, "")]),
        run(&ctx, &Operation::Authenticate, &[answer(404, ""), answer(404, "")]),
        run(&ctx, &Operation::Authenticate, &[answer(200, "<html>log in</html>")]),
        run(&ctx, &Operation::Authenticate, &[answer(400, "")]),
        run(&ctx, &Operation::Authenticate, &[answer(503, "")]),
        run(
            &ctx,
            &Operation::Authenticate,
            &[Err(Failure {
                kind: FailureKind::Unanswered,
                why: "60 s".into(),
            })],
        ),
    ];
    insta::assert_snapshot!(table.join("\n--\n"), @r#"
    GET https://sms.example/3rdparty/v1/devices
      < 200 [{"id":"phone1"}]
    taken
    memo for 300 s: {"Account":[{"id":"phone1","seen_ms":null}]}
    --
    GET https://sms.example/3rdparty/v1/devices
      < 404 
    GET https://sms.example/3rdparty/v1/device
      < 200 {"id":"phone1"}
    taken
    memo for 300 s: "Local"
    --
    GET https://sms.example/3rdparty/v1/devices
      < 404 
    GET https://sms.example/3rdparty/v1/device
      < 401 
    dead MessageState::Rejected 0x0e err 14: upstream answered 401 to these credentials
    --
    GET https://sms.example/3rdparty/v1/devices
      < 401 
    dead MessageState::Rejected 0x0e err 14: upstream answered 401 to these credentials
    --
    GET https://sms.example/3rdparty/v1/devices
      < 403 
    dead MessageState::Rejected 0x0e err 14: upstream answered 403 to these credentials
    --
    GET https://sms.example/3rdparty/v1/devices
      < 404 
    GET https://sms.example/3rdparty/v1/device
      < 404 
    retry after 60 s: upstream answered 404, nothing of SMSGate is there: is api_base_url right?
    --
    GET https://sms.example/3rdparty/v1/devices
      < 200 <html>log in</html>
    retry after 60 s: upstream answered 200, but not as SMSGate does: is api_base_url right?
    --
    GET https://sms.example/3rdparty/v1/devices
      < 400 
    retry after 60 s: upstream answered 400, but not as SMSGate does: is api_base_url right?
    --
    GET https://sms.example/3rdparty/v1/devices
      < 503 
    retry: upstream answered 503, not available
    --
    GET https://sms.example/3rdparty/v1/devices
      < FailureKind::Unanswered 60 s
    retry: upstream did not answer: 60 s
    "#);
}

#[test]
fn webhooks_are_registered_one_after_another_under_ids_that_stay() {
    let created = || answer(201, "{}");
    let mut ctx = context(&[("webhook_device_id", "phone1")]);
    let all = run(
        &ctx,
        &Operation::Attach,
        &[created(), created(), created(), created(), created(), created()],
    );
    insta::assert_snapshot!(all, @r#"
    POST https://sms.example/3rdparty/v1/webhooks {"id":"eb-a1be5220120237aa6981aed8d2a1f253","deviceId":"phone1","url":"https://gateway.example/hook/0a1b","event":"sms:received"}
      < 201 {}
    POST https://sms.example/3rdparty/v1/webhooks {"id":"eb-073825c20b4a12c6eb98c13661965a4a","deviceId":"phone1","url":"https://gateway.example/hook/0a1b","event":"sms:data-received"}
      < 201 {}
    POST https://sms.example/3rdparty/v1/webhooks {"id":"eb-b9fe0ea62e2aede5a33a513cbb4d15f0","deviceId":"phone1","url":"https://gateway.example/hook/0a1b","event":"sms:sent"}
      < 201 {}
    POST https://sms.example/3rdparty/v1/webhooks {"id":"eb-c0f32db10ce7281386ed2c31d0ed7967","deviceId":"phone1","url":"https://gateway.example/hook/0a1b","event":"sms:delivered"}
      < 201 {}
    POST https://sms.example/3rdparty/v1/webhooks {"id":"eb-4489387d76f1e7b51952fdf85f3ff68c","deviceId":"phone1","url":"https://gateway.example/hook/0a1b","event":"sms:failed"}
      < 201 {}
    POST https://sms.example/3rdparty/v1/webhooks {"id":"eb-d1bb38dce1817aa17e1747fe31979391","deviceId":"phone1","url":"https://gateway.example/hook/0a1b","event":"sms:cancelled"}
      < 201 {}
    taken
    "#);
    ctx.webhook_url = Some("https://elsewhere.example".into());
    let moved = line(&edgebind_smsgate::begin(&ctx, &Operation::Attach));
    let id = |text: &str| text.split("\"id\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(id(&moved), id(&all), "a new URL replaces the registration");
    ctx.account = "esme02".into();
    assert_ne!(
        id(&line(&edgebind_smsgate::begin(&ctx, &Operation::Attach))),
        id(&all),
        "another account has its own"
    );
    assert!(id(&all).len() <= 36);
}

#[test]
fn registrations_that_fail() {
    let ctx = context(&[]);
    let created = || answer(201, "{}");
    let ends = |answers: &[_]| run(&ctx, &Operation::Attach, answers).lines().last().unwrap().to_owned();
    let table = [
        ends(&[created(), created(), created(), created(), created(), answer(400, "")]),
        ends(&[answer(400, "")]),
        ends(&[answer(401, "")]),
        ends(&[created(), answer(503, "")]),
        ends(&[Err(Failure {
            kind: FailureKind::Unreachable,
            why: "refused".into(),
        })]),
    ];
    insta::assert_snapshot!(table.join("\n"), @r"
    taken
    dead MessageState::Rejected 0x08 err 8: upstream answered 400 to the registration of sms:received
    retry after 60 s: upstream answered 401, the credentials are not good
    retry: upstream answered 503, not available
    retry: upstream unreachable: refused
    ");
    let mut private = ctx.clone();
    private.webhook_url = None;
    insta::assert_snapshot!(run(&private, &Operation::Attach, &[]), @"dead MessageState::Rejected 0x08 err 8: no public URL is configured, so no phone can be told where to send its webhooks");
}

#[test]
fn webhooks_are_removed_whether_they_are_there_or_not() {
    let ctx = context(&[]);
    let (gone, never) = (|| answer(204, ""), || answer(404, ""));
    insta::assert_snapshot!(run(&ctx, &Operation::Detach, &[gone(), never(), gone(), gone(), never(), gone()]), @r"
    DELETE https://sms.example/3rdparty/v1/webhooks/eb-a1be5220120237aa6981aed8d2a1f253
      < 204 
    DELETE https://sms.example/3rdparty/v1/webhooks/eb-073825c20b4a12c6eb98c13661965a4a
      < 404 
    DELETE https://sms.example/3rdparty/v1/webhooks/eb-b9fe0ea62e2aede5a33a513cbb4d15f0
      < 204 
    DELETE https://sms.example/3rdparty/v1/webhooks/eb-c0f32db10ce7281386ed2c31d0ed7967
      < 204 
    DELETE https://sms.example/3rdparty/v1/webhooks/eb-4489387d76f1e7b51952fdf85f3ff68c
      < 404 
    DELETE https://sms.example/3rdparty/v1/webhooks/eb-d1bb38dce1817aa17e1747fe31979391
      < 204 
    taken
    ");
    insta::assert_snapshot!(run(&ctx, &Operation::Detach, &[gone(), answer(500, "")]).lines().last().unwrap(), @"retry: upstream answered 500, an error of its own");
}
