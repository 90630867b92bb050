//! What guests did, recorded and run again: on the same build, on another, on one that breaks, and without what stood in it.

use crate::{
    frames::{Pdus, frame},
    guests::{Build, config, context, engine, platform_session, session, smsgate, translator},
};
use edgebind_runtime::{
    Saved, Session, SessionComponent, TranslatorComponent,
    message::{Address, Alphabet, Body, Delivery, Incoming, Message, Receipts},
    recording::{
        Bound, Call, Difference, Frames, Guest, Heard, Irredeemable, Operated, Recorded, Replayed, Turn, Unplayable, Work,
        remake, replay,
    },
    session::{Action, Bind, Config, Event},
    translator::{Context, Operation, Response, Step, WebhookRequest},
};
use edgebind_smpp::{MessageIdResp, Pdu, ShortMessage, decode};
use serde_json::Value;

const NOW: u64 = 1_787_213_730_000;
const TEXT: &str = "Meet me at noon";
const NUMBER: &str = "447700900123";
const DEVICES: &str = r#"[{"id":"phone1","lastSeen":"2026-08-20T08:00:00Z"}]"#;
const TAKEN: &str =
    r#"{"id":"7100000000000017","state":"Pending","recipients":[{"phoneNumber":"+447700900123","state":"Pending"}]}"#;

#[test]
fn what_runs_again_on_the_same_build_is_the_same() {
    let engine = engine();
    let (smsgate, session) = (smsgate(&engine, Build::First), platform_session(&engine));
    for recorded in [submitted(&smsgate), heard(&smsgate)] {
        assert_eq!(again(&recorded, Guest::Translator(&smsgate)), Replayed::default());
    }
    assert_eq!(again(&moved(&session), Guest::Session(&session)), Replayed::default());
    assert_eq!(again(&joined_later(&session), Guest::Session(&session)), Replayed::default());
}

#[test]
fn another_build_differs_in_the_header_that_names_it_and_in_nothing_else() {
    let engine = engine();
    let (smsgate, second) = (smsgate(&engine, Build::First), smsgate(&engine, Build::Second));
    let replayed = again(&submitted(&smsgate), Guest::Translator(&second));
    let at: Vec<&str> = replayed.differences.iter().map(|difference| difference.at.as_str()).collect();
    assert_eq!(
        at,
        ["begin.exchange.request.headers[1]", "resume 1.exchange.request.headers[1]"]
    );
    let Difference { before, after, .. } = &replayed.differences[0];
    assert!(before.starts_with("User-Agent: edgebind-smsgate/"), "{before}");
    assert_eq!(*after, format!("{before} (build second)"));
    assert_eq!((replayed.fault, replayed.more), (None, false));
    assert!(again(&heard(&smsgate), Guest::Translator(&second)).is_same());
}

#[test]
fn a_component_that_breaks_ends_it_with_its_fault() {
    let engine = engine();
    let mut recorded = submitted(&smsgate(&engine, Build::First));
    let Work::Operation(Operated { calls, .. }) = &mut recorded.work else {
        panic!()
    };
    calls[0].context.settings.push(("misdeed".into(), "trap".into()));
    let replayed = again(&recorded, Guest::Translator(&translator(&engine)));
    assert!(replayed.differences.is_empty(), "{replayed:?}");
    assert!(
        replayed.fault.as_ref().unwrap().starts_with("begin: trapped: "),
        "{replayed:?}"
    );
    assert!(!replayed.is_same());
    // What is recorded of the one that broke says so too, and differs for one that does not.
    remake(&mut recorded, Guest::Translator(&translator(&engine))).unwrap();
    assert_eq!(again(&recorded, Guest::Translator(&translator(&engine))), Replayed::default());
    let Work::Operation(Operated { calls, .. }) = &mut recorded.work else {
        panic!()
    };
    assert_eq!(calls.len(), 1, "after the fault there is nothing");
    calls[0].context.settings.pop();
    let mended = again(&recorded, Guest::Translator(&smsgate(&engine, Build::First)));
    let [Difference { at, before, after }] = mended.differences.as_slice() else {
        panic!("{mended:?}")
    };
    assert_eq!(at, "begin");
    assert!(
        before.starts_with("trapped: ") && after.starts_with("exchange {request: {"),
        "{mended:?}"
    );
}

#[test]
fn another_session_differs_action_by_action() {
    let engine = engine();
    let replayed = again(&moved(&platform_session(&engine)), Guest::Session(&session(&engine)));
    let first = &replayed.differences[0];
    assert_eq!(first.at, "batch 1 action 1.send");
    assert!(first.before.starts_with("bind_transceiver_resp 80000009"), "{first}");
    assert!(first.after.starts_with("bind_transceiver 00000009"), "{first}");
}

#[test]
fn a_session_that_will_not_be_restored_says_so() {
    let engine = engine();
    let healthy = session(&engine);
    let refuses = || config(&[("misdeed", "refuse-restore")]);
    let bound = Bound {
        config: refuses(),
        from: None,
        opened: Ok(()),
        turns: vec![Turn::Moved {
            config: refuses(),
            moved: Ok(()),
        }],
    };
    let recorded = Recorded::new(NOW, Guest::Session(&healthy), 1, Work::Bind(bound));
    let replayed = again(&recorded, Guest::Session(&healthy));
    assert!(
        replayed.fault.as_ref().unwrap().starts_with("move 1: restore refused: "),
        "{replayed:?}"
    );
}

#[test]
fn a_component_of_the_other_world_cannot_run_it() {
    let engine = engine();
    let recorded = heard(&smsgate(&engine, Build::First));
    let refused = replay(&recorded, Guest::Session(&session(&engine)), &Pdus).unwrap_err();
    assert!(matches!(refused, Unplayable::World { .. }));
    assert_eq!(refused.to_string(), "recorded of a translator, the component is a session");
}

#[test]
fn a_redacted_recording_says_nothing_and_runs_again_to_the_bit() {
    let engine = engine();
    let (smsgate, session) = (smsgate(&engine, Build::First), platform_session(&engine));
    let rows = [
        (submitted(&smsgate), Guest::Translator(&smsgate)),
        (heard(&smsgate), Guest::Translator(&smsgate)),
        (moved(&session), Guest::Session(&session)),
    ];
    for (mut recorded, guest) in rows {
        let told = all_text(&recorded);
        assert!(told.contains(TEXT) && told.contains(NUMBER), "{told}");
        let before = shape(&recorded);
        recorded.redact(&Pdus).unwrap();
        let masked = all_text(&recorded);
        remake(&mut recorded, guest).unwrap();
        for told in [masked, all_text(&recorded)] {
            for secret in [TEXT, "noon", NUMBER, "00900123", "7700900"] {
                assert!(!told.contains(secret), "{secret} in {told}");
            }
        }
        assert!(recorded.redacted);
        assert_eq!(shape(&recorded), before, "what came of it is of the same kind");
        let recorded = Recorded::from_line(&recorded.to_line()).unwrap();
        assert_eq!(again(&recorded, guest), Replayed::default());
    }
}

#[test]
fn a_recording_that_begins_with_a_saved_session_is_not_redacted() {
    let mut recorded = joined_later(&platform_session(&engine()));
    let before = recorded.clone();
    assert_eq!(recorded.redact(&Pdus), Err(Irredeemable));
    assert_eq!(recorded, before);
}

#[test]
fn what_is_redacted_and_not_made_anew_differs_everywhere() {
    let engine = engine();
    let smsgate = smsgate(&engine, Build::First);
    let mut recorded = heard(&smsgate);
    recorded.redact(&Pdus).unwrap();
    let replayed = again(&recorded, Guest::Translator(&smsgate));
    assert_eq!(replayed.differences[0].before, "redacted, and not made anew");
}

fn again(recorded: &Recorded, guest: Guest<'_>) -> Replayed {
    replay(recorded, guest, &Pdus).unwrap()
}

/// A submit that asks for a phone, and goes out by it.
fn submitted(component: &TranslatorComponent) -> Recorded {
    let operation = Operation::Submit(message());
    let answer = |status, body: &str| {
        Some(Ok(Response {
            status,
            headers: vec![("Content-Type".into(), "application/json".into())],
            body: body.into(),
        }))
    };
    let mut calls = Vec::new();
    let mut saved = Vec::new();
    for (index, got) in [None, answer(200, DEVICES), answer(202, TAKEN)].into_iter().enumerate() {
        let context = Context {
            now: NOW + index as u64,
            ..smsgate_context()
        };
        let step = match &got {
            None => component.begin(&context, &operation),
            Some(got) => component.resume(&context, &operation, &saved, got),
        };
        if let Ok(Step::Exchange(exchange)) = &step {
            saved.clone_from(&exchange.saved);
        }
        calls.push(Call {
            context,
            got,
            step: step.map_err(|fault| fault.to_string()),
        });
    }
    assert!(matches!(&calls[2].step, Ok(Step::Done(_))), "{calls:?}");
    Recorded::new(
        NOW,
        Guest::Translator(component),
        3,
        Work::Operation(Operated { operation, calls }),
    )
}

/// A message that a phone has received.
fn heard(component: &TranslatorComponent) -> Recorded {
    let payload = format!(
        r#"{{"messageId":"a80532bb","message":"{TEXT}","sender":"+{NUMBER}","recipient":"+447700900999","simNumber":1,"phoneNumber":"+{NUMBER}","receivedAt":"2026-08-20T10:15:30.000+02:00"}}"#
    );
    let request = WebhookRequest {
        method: "POST".into(),
        path: String::new(),
        query: String::new(),
        headers: vec![("Content-Type".into(), "application/json".into())],
        body: format!(r#"{{"id":"V1StGXR8","webhookId":"eb-1","event":"sms:received","deviceId":"phone1","payload":{payload}}}"#)
            .into(),
    };
    let context = smsgate_context();
    let hearing = component.webhook(&context, &request).map_err(|fault| fault.to_string());
    assert!(hearing.as_ref().is_ok_and(|hearing| !hearing.heard.is_empty()), "{hearing:?}");
    Recorded::new(
        NOW,
        Guest::Translator(component),
        3,
        Work::Webhook(Heard {
            context,
            request,
            hearing,
        }),
    )
}

/// A bind that submits, moves while something is under way, and is given a message.
fn moved(component: &SessionComponent) -> Recorded {
    let mut recorder = Recorder::new(component);
    recorder.binds();
    let token = recorder.submits();
    let successor = recorder.session.move_to(component, &config(&[])).unwrap().0;
    recorder.session = successor;
    recorder.turns.push(Turn::Moved {
        config: config(&[]),
        moved: Ok(()),
    });
    recorder.told(vec![Event::Appended((token, Ok("77".into())))]);
    recorder.is_given();
    recorder.end(component, None)
}

/// The same bind, recorded from its move on.
fn joined_later(component: &SessionComponent) -> Recorded {
    let mut recorder = Recorder::new(component);
    recorder.binds();
    let token = recorder.submits();
    let (successor, saved) = recorder.session.move_to(component, &config(&[])).unwrap();
    recorder.session = successor;
    recorder.turns.clear();
    recorder.told(vec![Event::Appended((token, Ok("77".into())))]);
    recorder.is_given();
    recorder.end(component, Some(saved))
}

struct Recorder {
    session: Session,
    config: Config,
    turns: Vec<Turn>,
}

impl Recorder {
    fn new(component: &SessionComponent) -> Self {
        let config = config(&[]);
        let session = component.open(&config).unwrap();
        let turns = Vec::new();
        Self { session, config, turns }
    }

    fn told(&mut self, events: Vec<Event>) -> Vec<Action> {
        let now = NOW + self.turns.len() as u64;
        let actions = self.session.on_events(now, &events).unwrap();
        self.turns.push(Turn::Told {
            now,
            events,
            actions: Ok(actions.clone()),
        });
        actions
    }

    fn binds(&mut self) {
        let bind = edgebind_smpp::Bind {
            system_id: b"esme",
            password: b"********",
            interface_version: 0x34,
            ..Default::default()
        };
        let frame = frame(1, &Pdu::BindTransceiver(bind));
        self.told(vec![Event::Bound(Bind { frame })]);
    }

    /// The token of the append that comes of it.
    fn submits(&mut self) -> u64 {
        let message = ShortMessage {
            source_addr: b"ACME",
            destination_addr: NUMBER.as_bytes(),
            short_message: TEXT.as_bytes(),
            ..ShortMessage::default()
        };
        let actions = self.told(vec![Event::Frame(frame(2, &Pdu::SubmitSm(message)))]);
        let token = actions.iter().find_map(|action| match action {
            Action::Append((token, _)) => Some(*token),
            _ => None,
        });
        token.unwrap()
    }

    fn is_given(&mut self) {
        let incoming = Incoming {
            source: address(NUMBER),
            destination: address("447700900999"),
            body: Body::Text(TEXT.into()),
            port: None,
            part: None,
            udh: Vec::new(),
            received: NOW,
            tlvs: Vec::new(),
            metadata: Vec::new(),
        };
        let actions = self.told(vec![Event::Deliver((9, Delivery::Incoming(incoming)))]);
        let sequence_number = actions.iter().find_map(|action| match action {
            Action::Send(octets) => Some(decode(octets).unwrap().0.sequence_number),
            _ => None,
        });
        let resp = frame(sequence_number.unwrap(), &Pdu::DeliverSmResp(MessageIdResp::default()));
        let actions = self.told(vec![Event::Frame(resp)]);
        assert!(
            actions.iter().any(|action| matches!(action, Action::Settle((9, _)))),
            "{actions:?}"
        );
    }

    fn end(self, component: &SessionComponent, from: Option<Saved>) -> Recorded {
        let bound = Bound {
            config: self.config,
            from,
            opened: Ok(()),
            turns: self.turns,
        };
        Recorded::new(NOW, Guest::Session(component), 1, Work::Bind(bound))
    }
}

fn smsgate_context() -> Context {
    Context {
        now: NOW,
        secrets: vec!["upstream.user".into(), "upstream.password".into()],
        key: "7100000000000017".into(),
        webhook_url: Some("https://gateway.example/hook/0a1b".into()),
        ..context(&[("api_base_url", "https://sms.example/3rdparty/v1"), ("own_number", NUMBER)])
    }
}

fn address(digits: &str) -> Address {
    Address {
        ton: 1,
        npi: 1,
        digits: digits.into(),
    }
}

fn message() -> Message {
    Message {
        service_type: String::new(),
        source: address("ACME"),
        destination: address(NUMBER),
        also_to: Vec::new(),
        esm_class: 0,
        protocol_id: 0,
        priority: 0,
        schedule: None,
        validity: None,
        receipts: Receipts {
            success: true,
            failure: true,
            intermediate: false,
        },
        replace_if_present: false,
        data_coding: 0,
        alphabet: Alphabet::Gsm,
        udh: Vec::new(),
        payload: TEXT.into(),
        part: None,
        excerpt: TEXT.into(),
        tlvs: Vec::new(),
        metadata: Vec::new(),
    }
}

/// All that stands in it, octets as the text that they are.
fn all_text(recorded: &Recorded) -> String {
    fn collect(value: &Value, text: &mut String) {
        match value {
            Value::Array(list) => {
                let octets: Option<Vec<u8>> = list.iter().map(|value| value.as_u64()?.try_into().ok()).collect();
                match octets {
                    Some(octets) => *text += &String::from_utf8_lossy(&octets),
                    None => list.iter().for_each(|value| collect(value, text)),
                }
            }
            Value::Object(fields) => fields.values().for_each(|value| collect(value, text)),
            other => *text += &other.to_string(),
        }
        text.push('\n');
    }
    let mut text = String::new();
    collect(&serde_json::from_str(&recorded.to_line()).unwrap(), &mut text);
    text
}

/// What came of it, by kind.
fn shape(recorded: &Recorded) -> Vec<String> {
    match &recorded.work {
        Work::Operation(operated) => {
            let kind = |call: &Call| match call.step.as_ref().unwrap() {
                Step::Exchange(exchange) => format!("{} {}", exchange.request.method, exchange.request.url),
                Step::Done(conclusion) => format!("{:?}", conclusion.outcome),
            };
            operated.calls.iter().map(kind).collect()
        }
        Work::Webhook(heard) => {
            let hearing = heard.hearing.as_ref().unwrap();
            vec![format!("{} with {}", hearing.status, hearing.heard.len())]
        }
        Work::Bind(bound) => {
            let kind = |turn: &Turn| match turn {
                Turn::Told { actions, .. } => {
                    let kinds = actions.as_ref().unwrap().iter().map(|action| match action {
                        Action::Send(octets) => format!("send {}", Pdus.show(octets).split(' ').next().unwrap()),
                        other => format!("{:.14}", format!("{other:?}")),
                    });
                    kinds.collect::<Vec<_>>().join(", ")
                }
                Turn::Moved { moved, .. } => format!("moved {moved:?}"),
            };
            bound.turns.iter().map(kind).collect()
        }
    }
}
