//! Two providers, described in settings as their public documents describe them, and what is made of them.
#![allow(clippy::allow_attributes, clippy::unwrap_used, reason = "a test that panics has failed")]

use edgebind_http_template::{
    begin,
    bindings::edgebind::{
        message::types::{Address, Alphabet, Body, Message, MessageState, Receipts, Setting},
        translator::types::{
            Authorization, Context, Escape, Failure, FailureKind, Filling, Heard, Hearing, Operation, Outcome, Request, Response,
            Step, WebhookRequest,
        },
    },
    check, resume, webhook,
};

/// 2026-08-20T08:15:30Z.
const NOW: u64 = 1_787_213_730_000;

/// Twilio's Messages resource: a form, an id in JSON, webhooks as forms.
const FORM: &[(&str, &str)] = &[
    (
        "submit.url",
        "https://api.twilio.com/2010-04-01/Accounts/AC0123/Messages.json",
    ),
    ("submit.authorization", "basic upstream.user upstream.password"),
    ("submit.numbers", "plus"),
    ("submit.form.To", "{destination}"),
    ("submit.form.From", "{source}"),
    ("submit.form.Body", "{text}"),
    ("submit.form.ValidityPeriod", "{ttl_s}"),
    ("submit.form.StatusCallback", "{webhook_url}/receipt"),
    ("submit.id", "/sid"),
    ("submit.error", "/code"),
    ("submit.errors.21211", "rejected 0x0B"),
    ("submit.errors.20429", "retry 1000"),
    ("submit.repeat_unanswered", "false"),
    ("receipt.id", "MessageSid"),
    ("receipt.state", "MessageStatus"),
    ("receipt.states.sent", "enroute"),
    ("receipt.states.delivered", "delivered"),
    ("receipt.states.undelivered", "undeliverable"),
    ("receipt.states.failed", "rejected"),
    ("receipt.error", "ErrorCode"),
    ("incoming.key", "MessageSid"),
    ("incoming.source", "From"),
    ("incoming.destination", "To"),
    ("incoming.text", "Body"),
];

/// Telnyx' messages: JSON, a token, and one webhook for everything.
const JSON: &[(&str, &str)] = &[
    ("submit.url", "https://api.telnyx.com/v2/messages"),
    ("submit.authorization", "bearer upstream.token"),
    ("submit.numbers", "plus"),
    ("submit.headers.Idempotency-Key", "{key}"),
    (
        "submit.json",
        r#"{"from": "{source}", "to": "{destination}", "text": "{text}", "tags": ["{tenant}", 7], "use_profile_webhooks": false, "webhook_url": "{webhook_url}"}"#,
    ),
    ("submit.id", "/data/id"),
    ("submit.error", "/errors/0/code"),
    ("submit.errors.40310", "rejected 0x0B 12"),
    ("submit.statuses.402", "retry 60000"),
    ("receipt.path", ""),
    ("receipt.when", "/data/event_type = message.finalized"),
    ("receipt.id", "/data/payload/id"),
    ("receipt.state", "/data/payload/to/0/status"),
    ("receipt.states.delivered", "delivered"),
    ("receipt.states.delivery_failed", "undeliverable"),
    ("incoming.path", ""),
    ("incoming.when", "/data/event_type = message.received"),
    ("incoming.key", "/data/payload/id"),
    ("incoming.source", "/data/payload/from/phone_number"),
    ("incoming.destination", "/data/payload/to/0/phone_number"),
    ("incoming.text", "/data/payload/text"),
    ("webhook.secret", "webhook"),
    ("webhook.header", "X-Signature"),
    ("webhook.prefix", "sha256="),
];

fn owned(settings: &[(&str, &str)]) -> Vec<Setting> {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    settings.iter().map(own).collect()
}

fn context(settings: &[(&str, &str)]) -> Context {
    Context {
        now: NOW,
        tenant: "acme".into(),
        account: "esme01".into(),
        settings: owned(settings),
        secrets: Vec::new(),
        key: "7100000000000017".into(),
        attempt: 1,
        webhook_url: Some("https://gateway.example/hook/0a1b".into()),
        memo: None,
    }
}

fn message(text: &str) -> Message {
    let address = |ton, npi, digits: &str| Address {
        ton,
        npi,
        digits: digits.into(),
    };
    Message {
        service_type: String::new(),
        source: address(5, 0, "ACME"),
        destination: address(1, 1, "447700900123"),
        also_to: Vec::new(),
        esm_class: 0,
        protocol_id: 0,
        priority: 0,
        schedule: None,
        validity: None,
        receipts: Receipts {
            success: false,
            failure: false,
            intermediate: false,
        },
        replace_if_present: false,
        data_coding: 8,
        alphabet: Alphabet::Gsm,
        udh: Vec::new(),
        payload: text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        part: None,
        excerpt: String::new(),
        tlvs: Vec::new(),
        metadata: Vec::new(),
    }
}

fn asked(ctx: &Context, message: Message) -> Result<Request, Outcome> {
    match begin(ctx, &Operation::Submit(message)) {
        Step::Exchange(exchange) => Ok(exchange.request),
        Step::Done(conclusion) => Err(conclusion.outcome),
    }
}

fn came_of(ctx: &Context, got: &Result<Response, Failure>) -> Outcome {
    match resume(ctx, &Operation::Submit(message("Hi")), &[], got) {
        Step::Done(conclusion) => conclusion.outcome,
        Step::Exchange(exchange) => panic!("asked again: {:?}", exchange.request),
    }
}

fn answer(status: u16, body: &str) -> Result<Response, Failure> {
    Ok(Response {
        status,
        headers: Vec::new(),
        body: body.into(),
    })
}

/// An outcome in a line.
fn line(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Taken(ids) => format!("taken {}", ids.join(" ")),
        Outcome::Pieces(pieces) => panic!("{pieces:?}"),
        Outcome::Known(reports) => format!("known {}", reports.len()),
        Outcome::Retry(retry) => format!("retry {:?}: {}", retry.after_ms, retry.why),
        Outcome::Dead(dead) => format!("{:?} {:#04x} {}: {}", dead.state, dead.command_status, dead.error, dead.why),
    }
}

fn text_of(request: &Request) -> &str {
    std::str::from_utf8(&request.body).unwrap()
}

fn hook(path: &str, query: &str, headers: &[(&str, &str)], body: &str) -> WebhookRequest {
    WebhookRequest {
        method: "POST".into(),
        path: path.into(),
        query: query.into(),
        headers: owned(headers),
        body: body.into(),
    }
}

#[test]
fn a_form_is_filled_and_what_a_message_lacks_is_left_out() {
    assert_eq!(check(&owned(FORM)), Vec::<String>::new());
    let ctx = context(FORM);
    let request = asked(&ctx, message("Grüße & co")).unwrap();
    assert_eq!(request.method, "POST");
    assert_eq!(request.url, "https://api.twilio.com/2010-04-01/Accounts/AC0123/Messages.json");
    assert_eq!(
        text_of(&request),
        "Body=Gr%C3%BC%C3%9Fe+%26+co&From=ACME&StatusCallback=https%3A%2F%2Fgateway.example%2Fhook%2F0a1b%2Freceipt&To=%2B447700900123"
    );
    assert_eq!(
        request.authorization,
        Some(Authorization::Basic(("upstream.user".into(), "upstream.password".into())))
    );
    assert!(
        request
            .headers
            .contains(&("Content-Type".into(), "application/x-www-form-urlencoded".into()))
    );
    let mut bounded = message("Hi");
    bounded.validity = Some(NOW + 90_500);
    assert!(text_of(&asked(&ctx, bounded).unwrap()).ends_with("&ValidityPeriod=91"));
}

#[test]
fn json_is_filled_where_its_strings_are_templates() {
    assert_eq!(check(&owned(JSON)), Vec::<String>::new());
    let request = asked(&context(JSON), message("say \"Hi\"\n{now}")).unwrap();
    let value: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(
        value,
        serde_json::json!({
            "from": "ACME", "to": "+447700900123", "text": "say \"Hi\"\n{now}", "tags": ["acme", 7], "use_profile_webhooks": false,
            "webhook_url": "https://gateway.example/hook/0a1b",
        })
    );
    assert_eq!(request.authorization, Some(Authorization::Bearer("upstream.token".into())));
    assert!(
        request
            .headers
            .contains(&("Idempotency-Key".into(), "7100000000000017".into()))
    );
}

#[test]
fn a_query_is_escaped_and_numbers_alone_are_bare() {
    let get = &[
        ("submit.method", "GET"),
        ("submit.url", "http://sms.example/send/{account}?v=1"),
        ("submit.form.to", "{destination}"),
        ("submit.form.text", "{text}"),
    ];
    let mut ctx = context(get);
    ctx.account = "a/b c".into();
    let request = asked(&ctx, message("x&y")).unwrap();
    assert_eq!(
        request.url,
        "http://sms.example/send/a%2Fb%20c?v=1&text=x%26y&to=447700900123"
    );
    assert!(request.body.is_empty());
    let json = &[
        ("submit.url", "http://sms.example/"),
        (
            "submit.json",
            r#"{"text": "{text}", "ttl": "{ttl_ms}", "dlr": "{receipt}", "ref": "{{{key}}}"}"#,
        ),
    ];
    let mut bounded = message("1");
    bounded.validity = Some(NOW + 5);
    let request = asked(&context(json), bounded).unwrap();
    assert_eq!(
        text_of(&request),
        r#"{"dlr":false,"ref":"{7100000000000017}","text":"1","ttl":5}"#
    );
}

/// What the host is to write, and how, where its marks stand.
fn filled(request: &Request) -> String {
    let headers = request.headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
    let whole = format!("{}\n{}\n{}", request.url, headers.collect::<String>(), text_of(request));
    request.blanks.iter().fold(whole, |whole, blank| {
        let Filling::Secret((name, escape)) = &blank.filling else {
            panic!("nothing is signed")
        };
        assert_eq!(whole.matches(&blank.mark).count(), 1, "{} in {whole}", blank.mark);
        assert!(blank.mark.len() >= 8);
        let escape = match escape {
            Escape::None => "none",
            Escape::Percent => "percent",
            Escape::Json => "json",
        };
        whole.replace(&blank.mark, &format!("<{name}, {escape}>"))
    })
}

#[test]
fn secrets_stand_nowhere_but_where_the_host_writes_them() {
    let json = &[
        ("submit.url", "http://sms.example/{secret:path}/send?k={secret:key}"),
        ("submit.headers.X-Api-Key", "App {secret:key}"),
        (
            "submit.json",
            r#"{"text": "{text}", "key": "{secret:key}", "left": "{secret:key} {ttl_s}"}"#,
        ),
    ];
    assert_eq!(check(&owned(json)), Vec::<String>::new());
    let request = asked(&context(json), message("secret-0-")).unwrap();
    let expected = "http://sms.example/<path, percent>/send?k=<key, percent>\nX-Api-Key: App <key, none>\n\
                    Content-Type: application/json\nAccept: application/json\nUser-Agent: edgebind-http-template/0.1.0\n\n\
                    {\"key\":\"<key, json>\",\"text\":\"secret-0-\"}";
    assert_eq!(filled(&request), expected, "what cannot be filled leaves no blank behind");
    let form = &[
        ("submit.method", "GET"),
        ("submit.url", "http://sms.example/send"),
        ("submit.form.text", "{text}"),
        ("submit.form.user", "{secret:user}"),
        ("submit.form.password", "{secret:password}"),
    ];
    let request = asked(&context(form), message("Hi")).unwrap();
    assert!(
        filled(&request).starts_with("http://sms.example/send?password=<password, percent>&text=Hi&user=<user, percent>\n"),
        "{}",
        filled(&request)
    );
    let nine: String = (0..9).map(|_| "{secret:key}").collect();
    assert_eq!(
        check(&owned(&[
            ("submit.url", "http://sms.example/"),
            ("submit.form.text", &format!("{{text}}{nine}"))
        ])),
        ["submit: mentions secrets 9 times, and the host fills in 8"]
    );
}

#[test]
fn a_message_that_the_request_has_no_place_for_is_not_sent_as_another() {
    let mut binary = message("");
    (binary.data_coding, binary.payload) = (4, vec![1, 2, 0xFF]);
    let outcome = asked(&context(FORM), binary.clone()).unwrap_err();
    assert_eq!(
        line(&outcome),
        "MessageState::Rejected 0x45 0: what the message carries, text or binary data, has no place in the provider's request"
    );
    let both = &[
        ("submit.url", "http://sms.example/"),
        ("submit.form.text", "{text}"),
        ("submit.form.data", "{data_hex}"),
        ("submit.form.udh", "{udh_hex}"),
    ];
    assert_eq!(text_of(&asked(&context(both), binary).unwrap()), "data=0102ff");
}

#[test]
fn answers_say_what_becomes_of_a_message() {
    let rows = [
        (FORM, 201, r#"{"sid":"SM9"}"#, "taken SM9"),
        (
            FORM,
            201,
            "{}",
            "retry Some(60000): the provider answered 201, but without an id: is submit.id right?",
        ),
        (
            FORM,
            400,
            r#"{"code":21211,"message":"+447700900123 is not a valid phone number"}"#,
            "MessageState::Rejected 0x0b 0: the provider answered 400, error 21211",
        ),
        (
            FORM,
            429,
            r#"{"code":20429}"#,
            "retry Some(1000): the provider answered 429, error 20429",
        ),
        (
            FORM,
            400,
            r#"{"code":1}"#,
            "MessageState::Rejected 0x45 0: the provider answered 400",
        ),
        (FORM, 401, "", "retry Some(60000): the provider answered 401"),
        (FORM, 503, "<html>", "retry None: the provider answered 503"),
        (JSON, 200, r#"{"data":{"id":"40-1"}}"#, "taken 40-1"),
        (
            JSON,
            422,
            r#"{"errors":[{"code":"40310"}]}"#,
            "MessageState::Rejected 0x0b 12: the provider answered 422, error 40310",
        ),
        (JSON, 402, "", "retry Some(60000): the provider answered 402"),
    ];
    for (settings, status, body, expected) in rows {
        assert_eq!(
            line(&came_of(&context(settings), &answer(status, body))),
            expected,
            "{status} {body}"
        );
    }
    let paced = Ok(Response {
        status: 429,
        headers: vec![("retry-after".into(), "7".into())],
        body: Vec::new(),
    });
    assert_eq!(
        line(&came_of(&context(JSON), &paced)),
        "retry Some(7000): the provider answered 429"
    );
}

#[test]
fn a_200_that_says_no_is_none() {
    let settings = &[
        ("submit.url", "http://sms.example/"),
        ("submit.form.text", "{text}"),
        ("submit.ok", "/messages/0/status=0"),
        ("submit.error", "/messages/0/status"),
        ("submit.errors.1", "retry"),
        ("submit.otherwise", "undeliverable 0x45 9"),
    ];
    let ctx = context(settings);
    let of = |status: &str| {
        line(&came_of(
            &ctx,
            &answer(200, &format!(r#"{{"messages":[{{"status":"{status}"}}]}}"#)),
        ))
    };
    assert_eq!(of("0"), "taken 7100000000000017");
    assert_eq!(of("1"), "retry None: the provider answered 200, error 1");
    assert_eq!(of("5"), "MessageState::Undeliverable 0x45 9: the provider answered 200");
}

#[test]
fn no_answer_is_repeated_unless_the_provider_would_send_twice() {
    let failed = |settings, kind| {
        let why = "it broke".to_owned();
        line(&came_of(&context(settings), &Err(Failure { kind, why })))
    };
    assert_eq!(failed(JSON, FailureKind::Unanswered), "retry None: it broke");
    assert_eq!(failed(FORM, FailureKind::Unreachable), "retry None: it broke");
    assert_eq!(failed(FORM, FailureKind::Refused), "retry Some(60000): it broke");
    assert_eq!(
        failed(FORM, FailureKind::Unanswered),
        "MessageState::Unknown 0x45 0: no answer came, and submit.repeat_unanswered is false"
    );
}

#[test]
fn webhooks_in_forms_are_heard() {
    let ctx = context(FORM);
    let heard = |request: &WebhookRequest| webhook(&ctx, request);
    let receipt = |body: &str| match heard(&hook("receipt", "", &[], body)).heard.as_slice() {
        [Heard::Report(report)] => Some((report.upstream_id.clone(), report.state, report.final_, report.error)),
        _ => None,
    };
    assert_eq!(
        receipt("MessageSid=SM9&MessageStatus=delivered"),
        Some(("SM9".into(), MessageState::Delivered, true, 0))
    );
    assert_eq!(
        receipt("MessageSid=SM9&MessageStatus=sent"),
        Some(("SM9".into(), MessageState::Enroute, false, 0))
    );
    assert_eq!(
        receipt("MessageSid=SM9&MessageStatus=undelivered&ErrorCode=30"),
        Some(("SM9".into(), MessageState::Undeliverable, true, 30))
    );
    assert_eq!(receipt("MessageSid=SM9&MessageStatus=queued"), None);
    let by_query = heard(&hook(
        "incoming",
        "MessageSid=SM1&From=%2B447700900123&To=12345&Body=Yes",
        &[],
        "",
    ));
    let [Heard::Incoming((key, incoming))] = by_query.heard.as_slice() else {
        panic!("{by_query:?}");
    };
    assert_eq!(key, "SM1");
    assert_eq!(
        (incoming.source.ton, incoming.source.npi, incoming.source.digits.as_str()),
        (1, 1, "447700900123")
    );
    assert_eq!((incoming.destination.ton, incoming.destination.digits.as_str()), (0, "12345"));
    assert!(matches!(&incoming.body, Body::Text(text) if text == "Yes"));
    assert_eq!(heard(&hook("elsewhere", "", &[], "")).status, 404);
    assert_eq!(
        heard(&hook("receipt", "", &[], "MessageStatus=sent")).ignored.as_deref(),
        Some("a receipt without an id")
    );
}

#[test]
fn one_webhook_for_everything_is_told_apart_and_its_signature_is_asked_for() {
    let ctx = context(JSON);
    let signed = |body: &str| webhook(&ctx, &hook("", "", &[("x-signature", "sha256=00fF")], body));
    let received = r#"{"data":{"event_type":"message.received","payload":{"id":"m1","from":{"phone_number":"+447700900123"},"to":[{"phone_number":"+447700900999"}],"text":"Hello"}}}"#;
    let hearing: Hearing = signed(received);
    assert!(matches!(hearing.heard.as_slice(), [Heard::Incoming(_)]), "{hearing:?}");
    let proof = hearing.proof.unwrap();
    assert_eq!(
        (proof.secret.as_str(), proof.expected.as_slice()),
        ("webhook", &[0x00, 0xFF][..])
    );
    assert_eq!(proof.message, received.as_bytes());
    let finalized = r#"{"data":{"event_type":"message.finalized","payload":{"id":"40-1","to":[{"status":"delivery_failed"}]}}}"#;
    let hearing = signed(finalized);
    assert!(
        matches!(hearing.heard.as_slice(), [Heard::Report(report)] if report.final_ && report.state == MessageState::Undeliverable),
        "{hearing:?}"
    );
    let hearing = signed(r#"{"data":{"event_type":"message.sent"}}"#);
    assert_eq!(hearing.ignored.as_deref(), Some("nothing that the settings look for"));
    for headers in [&[][..], &[("X-Signature", "00ff")], &[("X-Signature", "sha256=0")]] {
        assert_eq!(webhook(&ctx, &hook("", "", headers, received)).status, 401, "{headers:?}");
    }
}

#[test]
fn mistakes_are_named_all_at_once() {
    let settings = &[
        ("submit.url", "https://{destination}/"),
        ("submit.json", r#"{"a": "{nobody}"}"#),
        ("submit.form.to", "{destination}"),
        ("submit.authorization", "basic one"),
        ("submit.headers.authorization", "App x"),
        ("submit.errors.7", "perhaps"),
        ("submit.statuses.teapot", "retry"),
        ("receipt.id", "id"),
        ("receipt.states.ok", "fine"),
        ("incoming.key", "id"),
        ("webhook.status", "500"),
        ("url", "x"),
    ];
    let mistakes = check(&owned(settings));
    let named: Vec<&str> = mistakes.iter().map(|mistake| mistake.split(": ").next().unwrap()).collect();
    assert_eq!(
        named,
        [
            "submit.url",
            "submit.json",
            "submit.authorization",
            "submit.headers.authorization",
            "submit.errors.7",
            "submit.statuses.teapot",
            "receipt.states.ok",
            "receipt",
            "incoming",
            "webhook.status",
            "url"
        ],
        "{mistakes:#?}"
    );
    assert_eq!(check(&[]), ["submit.url: missing; it says where messages are sent to"]);
    assert_eq!(
        check(&owned(&[("submit.url", "http://sms.example/")])),
        ["submit: neither its URL nor its body says anything of a message"]
    );
}
