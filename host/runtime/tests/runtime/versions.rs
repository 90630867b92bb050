//! Versions of the contract side by side: components that were built against an old one go on working, what is frozen stays as it
//! is, and what a guest says is heard.

use crate::guests::{bound, config, delivery, engine, frame, platform_session, session, settings, translator};
use edgebind_runtime::{
    Allowance, Engine, GuestLimits, LoadError, SessionComponent, TranslatorComponent,
    message::{Address, Alphabet, Body, Delivery, Incoming, Message, Part, PartScheme, Receipts},
    session::{Action, Bind, Event},
    translator::{Algorithm, Context, Failure, FailureKind, Heard, Operation, Outcome, Response, Step, WebhookRequest},
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

/// Every file that is frozen, and the SHA-256 of what it says. Whoever finds this test failing has edited one: bring it back, and make
/// the change in a new version under `wit/` (see wit/README.md, "How versions move").
const FROZEN: [(&str, &str); 5] = [
    (
        "0.1.0/message/message.wit",
        "c63765dba6c04c147fd539e594ac40f94e65053decc12eb469af7b101da83057",
    ),
    (
        "0.1.0/session/session.wit",
        "cca4701bf0c73435194f3973138effee7ac19fd7f7e4fbf716a586a5443fac72",
    ),
    (
        "0.1.0/translator/translator.wit",
        "afc9b9100fc2a26516c704e80858debb219b54dec003a0de5c34cb9e753cdd2f",
    ),
    (
        "0.2.0/session/session.wit",
        "7f555b698c0b3868cb5e0c6375758f2c1585958d4b647279a95220b975a13cc3",
    ),
    (
        "0.2.0/translator/translator.wit",
        "8fe3317bb9b52ff2b1c0bd2e6a44f84744f40e0b47b86ec1f34dc0d7b2267e97",
    ),
];

fn wit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit")
}

fn sha256(octets: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, octets);
    digest.as_ref().iter().map(|octet| format!("{octet:02x}")).collect()
}

#[test]
fn what_is_frozen_is_not_edited() {
    let mut found = BTreeMap::new();
    for version in fs::read_dir(wit().join("frozen")).unwrap().map(Result::unwrap) {
        for package in fs::read_dir(version.path()).unwrap().map(Result::unwrap) {
            for file in fs::read_dir(package.path()).unwrap().map(Result::unwrap) {
                let names = [&version, &package, &file].map(|entry| entry.file_name().into_string().unwrap());
                found.insert(names.join("/"), sha256(&fs::read(file.path()).unwrap()));
            }
        }
    }
    let expected = FROZEN.map(|(name, digest)| (name.to_owned(), digest.to_owned()));
    assert_eq!(
        found,
        BTreeMap::from(expected),
        "a frozen version of the contract is edited, missing, or not entered here"
    );
}

#[test]
fn a_package_of_a_frozen_version_says_what_is_frozen() {
    for (name, _) in FROZEN {
        let frozen = fs::read_to_string(wit().join("frozen").join(name)).unwrap();
        let current = fs::read_to_string(wit().join(name.split_once('/').unwrap().1)).unwrap();
        let package = |text: &str| {
            text.lines()
                .find(|line| line.starts_with("package "))
                .map(str::to_owned)
                .unwrap()
        };
        assert!(
            package(&frozen) != package(&current) || frozen == current,
            "{} was edited under a version that is frozen: give it the next version",
            package(&current)
        );
    }
}

/// A component as it was built when this version was the latest; the folder says from what.
fn fixture(version: &str, name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/{version}/{name}.wasm"));
    fs::read(path).unwrap()
}

#[test]
fn a_session_of_0_1_0_binds_submits_delivers_and_moves_to_the_latest() {
    an_old_session_binds_submits_delivers_and_moves_to_the_latest("0.1.0");
}

#[test]
fn a_session_of_0_2_0_binds_submits_delivers_and_moves_to_the_latest() {
    an_old_session_binds_submits_delivers_and_moves_to_the_latest("0.2.0");
}

fn an_old_session_binds_submits_delivers_and_moves_to_the_latest(version: &str) {
    let engine = engine();
    let old = SessionComponent::load(&engine, &fixture(version, "session")).unwrap();
    let latest = platform_session(&engine);
    assert_eq!((old.contract(), latest.contract()), (version, "0.3.0"));
    assert_eq!(old.check(&settings(&[("window_out", "5")])), Ok(vec![]));
    assert_eq!(old.check(&settings(&[("window_out", "none")])).unwrap().len(), 1);
    let mut session = old.open(&config(&[])).unwrap();
    let bind = pdu(9, 1, b"esme\0********\0\0\x34\0\0\0");
    let actions = session.on_events(1, &[Event::Bound(Bind { frame: bind })]).unwrap();
    assert!(matches!(actions.first(), Some(Action::Send(_))), "{actions:?}");
    let submit = pdu(4, 2, b"\0\x05\0ACME\0\x01\x01447700900123\0\0\0\0\0\0\0\0\0\0\x02Hi");
    let actions = session.on_events(2, &[Event::Frame(submit.clone())]).unwrap();
    let token = appended(&actions);
    let answer = Event::Appended((token, Ok("77".into())));
    // What is under way is answered by its successor.
    let (mut session, _) = session.move_to(&latest, &config(&[])).unwrap();
    let actions = session.on_events(3, &[answer, delivery(5)]).unwrap();
    let Some(Action::Send(sent)) = actions.first() else {
        panic!("{actions:?}")
    };
    let (answer, delivery) = sent.split_at(pdu(0, 0, b"77\0").len());
    assert_eq!((&answer[4..8], &delivery[4..8]), (&[0x80, 0, 0, 4][..], &[0, 0, 0, 5][..]));
    // And back.
    let (mut session, _) = session.move_to(&old, &config(&[])).unwrap();
    appended(&session.on_events(4, &[Event::Frame(submit)]).unwrap());
    // A part is a message of its own where parts are not known.
    let incoming = Delivery::Incoming(Incoming {
        source: address("447700900123"),
        destination: address("447700900999"),
        body: Body::Text("Part".into()),
        port: None,
        part: Some(Part {
            scheme: PartScheme::Udh8,
            reference: 7,
            index: 1,
            total: 2,
        }),
        udh: Vec::new(),
        received: 5,
        tlvs: Vec::new(),
        metadata: Vec::new(),
    });
    let actions = session.on_events(6, &[Event::Deliver((6, incoming))]).unwrap();
    let Some(Action::Send(sent)) = actions.first() else {
        panic!("{actions:?}")
    };
    assert!(sent.ends_with(b"\x04Part"), "{sent:?}");
}

fn pdu(command_id: u32, sequence_number: u32, body: &[u8]) -> Vec<u8> {
    let length = 16 + u32::try_from(body.len()).unwrap();
    let header = [length, command_id, 0, sequence_number].map(u32::to_be_bytes).concat();
    [&header, body].concat()
}

fn appended(actions: &[Action]) -> u64 {
    let append = actions.iter().find_map(|action| match action {
        Action::Append((token, message)) => Some((*token, &message.payload)),
        _ => None,
    });
    let (token, payload) = append.unwrap_or_else(|| panic!("{actions:?}"));
    assert_eq!(payload, b"Hi");
    token
}

#[test]
fn a_translator_of_0_1_0_submits_and_hears() {
    an_old_translator_submits_and_hears("0.1.0");
}

#[test]
fn a_translator_of_0_2_0_submits_and_hears() {
    an_old_translator_submits_and_hears("0.2.0");
}

fn an_old_translator_submits_and_hears(version: &str) {
    let engine = engine();
    let old = TranslatorComponent::load(&engine, &fixture(version, "smsgate")).unwrap();
    assert_eq!(old.contract(), version);
    let context = context(&[("api_base_url", "http://127.0.0.1:9"), ("device_id", "phone-1")]);
    assert_eq!(old.check(&context.settings), Ok(vec![]));
    assert_eq!(old.check(&settings(&[("api_base_url", "none")])).unwrap().len(), 1);
    let operation = Operation::Submit(message());
    let Ok(Step::Exchange(exchange)) = old.begin(&context, &operation) else {
        panic!("it asks for no exchange")
    };
    assert!(
        exchange.request.url.starts_with("http://127.0.0.1:9/"),
        "{}",
        exchange.request.url
    );
    let got = Ok(Response {
        status: 202,
        headers: Vec::new(),
        body: br#"{"id":"upstream-1","state":"Pending","recipients":[{"phoneNumber":"+447700900123","state":"Pending"}]}"#
            .to_vec(),
    });
    let Ok(Step::Done(done)) = old.resume(&context, &operation, &exchange.saved, &got) else {
        panic!("it is not done")
    };
    assert!(
        matches!(&done.outcome, Outcome::Taken(ids) if !ids.is_empty()),
        "{:?}",
        done.outcome
    );
    let failed = Err(Failure {
        kind: FailureKind::Unreachable,
        why: "nobody is there".into(),
    });
    let Ok(Step::Done(done)) = old.resume(&context, &operation, &exchange.saved, &failed) else {
        panic!("it is not done")
    };
    assert!(matches!(done.outcome, Outcome::Retry(_)), "{:?}", done.outcome);
    let webhook = WebhookRequest {
        method: "POST".into(),
        path: String::new(),
        query: String::new(),
        headers: Vec::new(),
        body: br#"{"event":"sms:delivered","payload":{}}"#.to_vec(),
    };
    assert!(old.webhook(&context, &webhook).is_ok());
    // What it hears is proven as it always was, and says nothing that it did not know.
    let signed = WebhookRequest {
        headers: vec![("x-timestamp".into(), "0".into()), ("x-signature".into(), "ab".repeat(32))],
        body: br#"{"id":"w","event":"sms:delivered","deviceId":"phone-1","payload":{"messageId":"77","deliveredAt":"2026-08-20T07:55:32Z"}}"#
            .to_vec(),
        ..webhook
    };
    let context = Context {
        secrets: vec!["webhook".into()],
        ..context
    };
    let hearing = old.webhook(&context, &signed).unwrap();
    let proof = hearing.proof.unwrap();
    assert_eq!((proof.secret.as_str(), proof.algorithm), ("webhook", Algorithm::HmacSha256));
    assert!(
        matches!(hearing.heard.as_slice(), [Heard::Report(report)] if report.upstream_id == "77" && report.key.is_none()),
        "{:?}",
        hearing.heard
    );
}

#[test]
fn a_version_that_nobody_serves_is_refused_with_those_that_are() {
    let engine = engine();
    let refused = SessionComponent::load(&engine, &fixture("0.1.0", "smsgate")).err().unwrap();
    let LoadError::World(mistakes) = refused else {
        panic!("{refused}")
    };
    let served = "edgebind:session/machine@0.1.0 nor edgebind:session/machine@0.2.0 nor edgebind:session/machine@0.3.0";
    assert!(mistakes.iter().any(|mistake| mistake.contains(served)), "{mistakes:?}");
}

/// What guests of one allowance have said.
#[derive(Clone, Default)]
struct Voices(Arc<Mutex<Vec<String>>>);

impl Voices {
    fn allowance(&self, engine: &Engine) -> Arc<Allowance> {
        let heard = self.0.clone();
        let limits: GuestLimits = engine.limits().guest.clone();
        Allowance::new(limits, Arc::new(move |line| heard.lock().unwrap().push(line.to_owned())))
    }

    fn lines(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

#[test]
fn what_a_session_says_is_heard_and_is_nothing_to_do() {
    let (engine, heard) = (engine(), Voices::default());
    let component = session(&engine).within(&heard.allowance(&engine));
    let mut chatty = component.open(&config(&[("misdeed", "chatter"), ("count", "3")])).unwrap();
    chatty.on_events(1, &[bound()]).unwrap();
    let actions = chatty.on_events(2, &[frame()]).unwrap();
    assert!(matches!(actions.as_slice(), [Action::Append(_)]), "{actions:?}");
    assert_eq!(heard.lines(), 3);
}

#[test]
fn what_a_translator_says_is_heard() {
    let (engine, heard) = (engine(), Voices::default());
    let component = translator(&engine).within(&heard.allowance(&engine));
    let context = context(&[("misdeed", "chatter"), ("count", "4")]);
    let Ok(Step::Done(done)) = component.begin(&context, &Operation::Authenticate) else {
        panic!("it is not done")
    };
    assert_eq!((done.said.len(), heard.lines()), (0, 4));
}

fn context(pairs: &[(&str, &str)]) -> Context {
    Context {
        now: 1,
        tenant: "acme".into(),
        account: "esme".into(),
        settings: settings(pairs),
        secrets: vec!["upstream.user".into(), "upstream.password".into()],
        key: "77".into(),
        attempt: 1,
        webhook_url: None,
        memo: None,
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
        source: address("447700900999"),
        destination: address("447700900123"),
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
        payload: b"Hi".to_vec(),
        part: None,
        excerpt: String::new(),
        tlvs: Vec::new(),
        metadata: Vec::new(),
    }
}
