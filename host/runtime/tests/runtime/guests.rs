//! The components that the tests run, each built once, and the words to talk to them with.

use edgebind_componentize::{Guest, build, workspace_above};
use edgebind_runtime::{
    Engine, Limits, Session, SessionComponent, TranslatorComponent,
    message::{Address, Delivery, MessageState, Receipt},
    session::{Action, Bind, Config, Event, Readiness},
    translator::Context,
};
use std::{fs, path::Path, sync::OnceLock};

/// Limits for a few instances; everything else is as in production.
pub(crate) fn few() -> Limits {
    Limits {
        sessions_max: 8,
        calls_max: 8,
        ..Limits::default()
    }
}

pub(crate) fn engine() -> Engine {
    Engine::new(&few()).unwrap()
}

/// The bytes of the faulty session.
pub(crate) fn session_bytes() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| component("edgebind-faulty", &[], &[]))
}

/// The bytes of the faulty translator.
pub(crate) fn translator_bytes() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| component("edgebind-faulty", &["translator"], &[]))
}

/// The bytes of the session that the gateway carries.
fn platform_session_bytes() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| component("edgebind-session", &[], &[]))
}

pub(crate) fn session(engine: &Engine) -> SessionComponent {
    SessionComponent::load(engine, session_bytes()).unwrap()
}

pub(crate) fn translator(engine: &Engine) -> TranslatorComponent {
    TranslatorComponent::load(engine, translator_bytes()).unwrap()
}

pub(crate) fn platform_session(engine: &Engine) -> SessionComponent {
    SessionComponent::load(engine, platform_session_bytes()).unwrap()
}

/// Which build of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    First,
    /// It says so in its User-Agent.
    Second,
}

/// The translator that the gateway carries.
pub(crate) fn smsgate(engine: &Engine, build: Build) -> TranslatorComponent {
    static BYTES: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    let [first, second] = BYTES.get_or_init(|| {
        let builds: [&[(&str, &str)]; 2] = [&[], &[("EDGEBIND_BUILD", "second")]];
        builds.map(|env| component("edgebind-smsgate", &[], env))
    });
    TranslatorComponent::load(engine, if build == Build::Second { second } else { first }).unwrap()
}

fn component(package: &str, features: &[&str], env: &[(&str, &str)]) -> Vec<u8> {
    let workspace = workspace_above(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let target_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("guests");
    let path = build(&workspace, &target_dir, &Guest { package, features, env }).unwrap();
    fs::read(path).unwrap()
}

pub(crate) fn settings(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

pub(crate) fn config(pairs: &[(&str, &str)]) -> Config {
    Config {
        tenant: "acme".into(),
        account: "esme".into(),
        settings: settings(pairs),
    }
}

pub(crate) fn context(pairs: &[(&str, &str)]) -> Context {
    Context {
        now: 1_700_000_000_000,
        tenant: "acme".into(),
        account: "esme".into(),
        settings: settings(pairs),
        secrets: Vec::new(),
        key: "42".into(),
        attempt: 1,
        webhook_url: None,
        memo: None,
    }
}

pub(crate) fn bound() -> Event {
    Event::Bound(Bind { frame: b"bind".to_vec() })
}

pub(crate) fn frame() -> Event {
    Event::Frame(b"a frame".to_vec())
}

pub(crate) fn delivery(token: u64) -> Event {
    let nobody = Address {
        ton: 0,
        npi: 0,
        digits: String::new(),
    };
    let receipt = Receipt {
        id: "1".into(),
        source: nobody.clone(),
        destination: nobody,
        submitted: 0,
        done: 0,
        state: MessageState::Delivered,
        final_: true,
        error: 0,
        excerpt: String::new(),
        user_message_reference: None,
    };
    Event::Deliver((token, Delivery::Receipt(receipt)))
}

/// A bound session that behaves.
pub(crate) fn healthy(component: &SessionComponent) -> Session {
    let mut session = component.open(&config(&[])).unwrap();
    let actions = session.on_events(1, &[bound()]).unwrap();
    assert_eq!(
        actions,
        [
            Action::Send(b"bind".to_vec()),
            Action::Ready(Readiness {
                window: 8,
                addresses: None
            })
        ]
    );
    session
}

/// One message through a session that behaves, whatever others do.
pub(crate) fn goes_on(session: &mut Session) {
    let actions = session.on_events(2, &[frame()]).unwrap();
    let [Action::Append((token, message))] = actions.as_slice() else {
        panic!("{actions:?}")
    };
    assert_eq!(message.payload, b"a frame");
    let actions = session.on_events(3, &[Event::Appended((*token, Ok("77".into())))]).unwrap();
    assert_eq!(actions, [Action::Send(b"77".to_vec())]);
}
