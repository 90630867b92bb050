//! Guests whose toolchain imports WASI: the box that they run in is empty, and the same for the same call.

use crate::guests::{config, context, few, frame, settings};
use crate::worlds::component;
use edgebind_componentize::workspace_above;
use edgebind_runtime::{
    Allowance, Engine, Fault, GuestLimits, SessionComponent, TranslatorComponent,
    session::Action,
    translator::{Context, Operation, Outcome, Retry, Step},
};
use std::{
    fs::{self, File},
    path::Path,
    process::Command,
    sync::{Arc, Mutex, OnceLock},
};

const TARGET: &str = "wasm32-wasip2";

/// The bytes of the translator that tries things.
fn probe_bytes() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| built(&[]))
}

/// The bytes of the session that does.
fn session_probe_bytes() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| built(&["--features", "session"]))
}

/// The guest that tries things, built by plain cargo.
fn built(features: &[&str]) -> Vec<u8> {
    let workspace = workspace_above(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let sources = workspace.join("tests/guests/probe");
    let target_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("guests").join("wasi");
    fs::create_dir_all(&target_dir).unwrap();
    // Both worlds leave their components in one place: nobody else builds until this one is read.
    let turn = File::create(target_dir.join("turn")).unwrap();
    turn.lock().unwrap();
    let added = Command::new("rustup")
        .args(["target", "add", TARGET])
        .current_dir(&sources)
        .output();
    assert!(
        added.is_ok_and(|added| added.status.success()),
        "rustup target add {TARGET} fails"
    );
    let output = Command::new(env!("CARGO"))
        .args(["build", "--locked", "--release", "--target", TARGET, "--target-dir"])
        .arg(&target_dir)
        .args(features)
        .env_remove("RUSTFLAGS")
        .current_dir(&sources)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read(target_dir.join(TARGET).join("release/wasi_probe.wasm")).unwrap()
}

/// The probe, and what it is heard to say.
struct Probe {
    translator: TranslatorComponent,
    allowance: Arc<Allowance>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Probe {
    fn new() -> Self {
        static LOADED: OnceLock<TranslatorComponent> = OnceLock::new();
        let loaded = LOADED.get_or_init(|| TranslatorComponent::load(&Engine::new(&few()).unwrap(), probe_bytes()).unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = heard.clone();
        let allowance = Allowance::new(
            GuestLimits::default(),
            Arc::new(move |line: &str| ear.lock().unwrap().push(line.to_owned())),
        );
        Self {
            translator: loaded.within(&allowance),
            allowance,
            heard,
        }
    }

    fn tries(&self, what: &str) -> Result<String, Fault> {
        self.tries_in(&context(&[("try", what)]))
    }

    fn tries_in(&self, context: &Context) -> Result<String, Fault> {
        match self.translator.begin(context, &Operation::Authenticate)? {
            Step::Done(done) => match done.outcome {
                Outcome::Retry(Retry { why, .. }) => Ok(why),
                other => panic!("{other:?}"),
            },
            other @ Step::Exchange(_) => panic!("{other:?}"),
        }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

#[test]
fn a_component_of_wasi_is_let_in_and_known_to_be_one() {
    let probe = Probe::new();
    assert!(probe.translator.is_wasi());
    let plain = SessionComponent::load(&Engine::new(&few()).unwrap(), crate::guests::session_bytes()).unwrap();
    assert!(!plain.is_wasi());
}

#[test]
fn clocks_show_the_time_of_the_event_and_stand_still() {
    let probe = Probe::new();
    let at = |now| Context {
        now,
        ..context(&[("try", "clocks")])
    };
    assert_eq!(probe.tries_in(&at(1_700_000_000_123)).unwrap(), "1700000000123 0ns 0ns");
    assert_eq!(probe.tries_in(&at(1)).unwrap(), "1 0ns 0ns");
    // Without an event it is no time yet.
    assert_eq!(
        probe.translator.check(&settings(&[("try", "clocks")])).unwrap(),
        ["0 0ns 0ns"]
    );
}

#[test]
fn whoever_sleeps_is_woken_at_once() {
    // An hour, that is, within the milliseconds of a call.
    assert_eq!(Probe::new().tries("sleep").unwrap(), "awake");
}

#[test]
fn whoever_waits_for_a_clock_that_stands_still_ends_by_the_deadline() {
    assert!(matches!(Probe::new().tries("wait"), Err(Fault::Deadline { .. })));
}

#[test]
fn random_numbers_are_the_same_for_the_same_call_and_others_for_others() {
    let probe = Probe::new();
    let of = |key: &str, attempt| Context {
        key: key.into(),
        attempt,
        ..context(&[("try", "random")])
    };
    let first = probe.tries_in(&of("42", 1)).unwrap();
    let later = Context { now: 1, ..of("42", 1) };
    assert_eq!(probe.tries_in(&of("42", 1)).unwrap(), first);
    assert_eq!(
        probe.tries_in(&later).unwrap(),
        first,
        "an attempt that is repeated is the same attempt"
    );
    assert_ne!(probe.tries_in(&of("42", 2)).unwrap(), first);
    assert_ne!(probe.tries_in(&of("43", 1)).unwrap(), first);
}

#[test]
fn what_is_written_goes_to_the_log_by_lines() {
    let probe = Probe::new();
    assert_eq!(probe.tries("print").unwrap(), "printed");
    assert_eq!(probe.heard(), ["out one", "out two", "err one", "no end"]);
}

#[test]
fn a_million_lines_hurt_nobody() {
    let flooding = Probe::new();
    // It may or may not come to its end within the time of a call, and ends at it in any case.
    let ended = flooding.tries("flood");
    assert!(matches!(ended, Ok(_) | Err(Fault::Deadline { .. })), "{ended:?}");
    let heard = flooding.heard();
    let left_out = flooding.allowance.usage().lines_left_out;
    assert!(left_out > 0, "{} lines were heard and none left out", heard.len());
    let seconds = 1 + heard.iter().filter(|line| line.ends_with("lines were left out)")).count();
    assert!(heard.len() <= seconds * 102, "{} lines in {seconds} seconds", heard.len());
    assert_eq!(heard[0], "line 0 of a million");
    assert!(heard.iter().any(|line| line.starts_with("(more than 100 lines in a second")));
    let quiet = Probe::new();
    assert_eq!(quiet.tries("print").unwrap(), "printed");
    assert_eq!(quiet.heard().len(), 4);
}

#[test]
fn nothing_comes_in_and_nothing_is_around() {
    let probe = Probe::new();
    assert_eq!(probe.tries("stdin").unwrap(), "Ok(0)");
    assert_eq!(probe.tries("surroundings").unwrap(), "0 arguments, 0 variables");
}

#[test]
fn files_are_refused() {
    assert_eq!(
        Probe::new().tries("files").unwrap(),
        "refused, refused, refused, refused, refused"
    );
}

#[test]
fn sockets_and_names_are_refused() {
    assert_eq!(Probe::new().tries("sockets").unwrap(), "refused, refused, refused, refused");
}

#[test]
fn exit_is_a_fault() {
    let fault = Probe::new().tries("exit").unwrap_err();
    assert!(
        matches!(&fault, Fault::Trap { why } if why.contains("called exit(")),
        "{fault}"
    );
}

#[test]
fn a_guest_of_wasi_that_spins_ends_in_time() {
    let limit_ms = GuestLimits::default().translator_call_ms;
    assert_eq!(Probe::new().tries("spin"), Err(Fault::Deadline { limit_ms }));
}

#[test]
fn a_box_works_on_a_thread_that_must_not_wait() {
    // As the gateway's worker threads are: waiting on one of them is a panic.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let probe = Probe::new();
    let tried = runtime.block_on(async {
        let tries = ["sleep", "print", "sockets", "files", "stdin"];
        tokio::spawn(async move { tries.map(|what| probe.tries(what).is_ok()) }).await
    });
    assert_eq!(tried.unwrap(), [true; 5]);
}

#[test]
fn what_is_not_wasi_0_2_is_refused_by_its_name() {
    for (package, interface) in [
        ("wasi:keyvalue@0.2.0", "wasi:keyvalue/it@0.2.0"),
        ("wasi:cli@0.3.0", "wasi:cli/it@0.3.0"),
    ] {
        let error = importing(package, interface).unwrap_err();
        assert!(
            error.contains(&format!("imports {interface}, and a guest may import nothing but")),
            "{error}"
        );
    }
}

#[test]
fn wasi_that_there_is_with_a_function_that_there_is_not_is_refused_by_its_name() {
    let error = importing("wasi:random@0.2.0", "wasi:random/it@0.2.0").unwrap_err();
    assert!(error.contains("wasi:random/it@0.2.0"), "{error}");
}

#[test]
fn a_toolchain_that_imports_http_for_nothing_is_let_in() {
    assert_eq!(importing("wasi:http@0.2.4", "wasi:http/it@0.2.4"), Ok(()));
}

#[test]
fn a_session_sees_the_time_of_each_batch_and_other_numbers_each_time() {
    let component = SessionComponent::load(&Engine::new(&few()).unwrap(), session_probe_bytes()).unwrap();
    assert!(component.is_wasi());
    let said = |what: &str, times: &[u64]| {
        let mut session = component.open(&config(&[("try", what)])).unwrap();
        let at = |now: &u64| match session.on_events(*now, &[frame()]).unwrap().remove(0) {
            Action::Send(octets) => String::from_utf8(octets).unwrap(),
            other => panic!("{other:?}"),
        };
        times.iter().map(at).collect::<Vec<_>>()
    };
    assert_eq!(
        said("clocks", &[5, 1_700_000_000_123]),
        ["5 0ns 0ns", "1700000000123 0ns 0ns"]
    );
    let numbers = said("fresh random", &[1, 2, 2]);
    assert_eq!(said("fresh random", &[1, 2, 2]), numbers, "a replay is exact");
    assert_ne!(numbers[1], numbers[2], "two batches of one time are two");
    assert_ne!(said("fresh random", &[2, 2, 2])[0], numbers[0]);
    assert_ne!(said("fresh random", &[7, 2, 2])[1], numbers[1], "what came before counts");
}

/// A session that imports an interface `it` of this package.
fn importing(package: &str, interface: &str) -> Result<(), String> {
    let it = format!("package {package} {{ interface it {{ resource thing {{ constructor(); }} use-it: func(it: thing); }} }}");
    let bytes = component(
        "session",
        &[
            ("interface types {", &format!("{it} interface types {{")),
            ("export machine;", &format!("import {interface}; export machine;")),
        ],
    );
    let loaded = SessionComponent::load(&Engine::new(&few()).unwrap(), &bytes);
    loaded.map(drop).map_err(|error| error.to_string())
}
