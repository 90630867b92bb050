//! What the boundary costs: instances made and dropped, and one submit_sm through the session component, beside the same
//! code built natively. Both are measured by turns in one run, so that a busy machine is busy for both.
//!
//! `cargo bench -p edgebind-runtime`
#![expect(clippy::unwrap_used, reason = "a program that fails where it should")]

use edgebind_componentize::{Guest, build, workspace_above};
use edgebind_runtime::{
    Engine, Limits, Session, SessionComponent,
    session::{Action, Bind, Config, Event},
};
use edgebind_session::{Machine, session as native};
use edgebind_smpp::{CommandStatus, Npi, Pdu, RegisteredDelivery, ShortMessage, Ton, encode};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Rounds of each measurement; the median is printed.
const ROUNDS: usize = 21;

/// Messages in a round.
const MESSAGES: usize = 20_000;

const NOW: u64 = 1_700_000_000_000;

fn main() {
    // What cargo test runs of a bench is that it starts.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let bytes = component();
    let engine = Engine::new(&Limits::default()).unwrap();
    let began = Instant::now();
    let component = SessionComponent::load(&engine, &bytes).unwrap();
    println!(
        "component of {} octets compiled and tried out in {:.0} ms",
        bytes.len(),
        began.elapsed().as_secs_f64() * 1e3
    );
    instances(&component);
    resident(&engine, &component);
    println!("\none submit_sm: frame -> append, appended -> send; microseconds a message, medians of {ROUNDS} rounds");
    println!("{:>8} {:>10} {:>10} {:>6}", "batch", "component", "native", "ratio");
    for batch in [1, 8, 32] {
        let (mut through, mut beside) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            through.push(through_component(&component, batch));
            beside.push(natively(batch));
        }
        let (through, beside) = (median(through), median(beside));
        println!(
            "{batch:>8} {:>10.2} {:>10.2} {:>6.2}",
            micros(through),
            micros(beside),
            through.as_secs_f64() / beside.as_secs_f64()
        );
    }
}

/// Stores with an instance made and dropped: alone, and with a bind in them.
fn instances(component: &SessionComponent) {
    const INSTANCES: u32 = 2_000;
    let (mut opened, mut bound) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..INSTANCES {
            drop(component.open(&config()).unwrap());
        }
        opened.push(began.elapsed() / INSTANCES);
        let began = Instant::now();
        for _ in 0..INSTANCES {
            drop(bound_session(component));
        }
        bound.push(began.elapsed() / INSTANCES);
    }
    println!("store + instance + constructor + drop: {:.1} us", micros(median(opened)));
    println!("the same with a bind answered in it: {:.1} us", micros(median(bound)));
}

/// What many sessions at once take.
fn resident(engine: &Engine, component: &SessionComponent) {
    let before = resident_kib();
    let sessions: Vec<Session> = (0..engine.limits().sessions_max).map(|_| bound_session(component)).collect();
    let Some((before, after)) = before.zip(resident_kib()) else {
        return;
    };
    println!(
        "{} sessions bound at once: {:.1} KiB resident each",
        sessions.len(),
        (after - before) / sessions.len() as f64
    );
}

/// One round through the component; time for one message.
fn through_component(component: &SessionComponent, batch: usize) -> Duration {
    let mut session = bound_session(component);
    let frame = submit_sm();
    let frames: Vec<Event> = (0..batch).map(|_| Event::Frame(frame.clone())).collect();
    let began = Instant::now();
    for _ in 0..MESSAGES / batch {
        let actions = session.on_events(NOW, &frames).unwrap();
        let appended: Vec<Event> = actions
            .into_iter()
            .filter_map(|action| match action {
                Action::Append((token, _)) => Some(Event::Appended((token, Ok("123456789012345678".into())))),
                _ => None,
            })
            .collect();
        assert_eq!(appended.len(), batch);
        let answers = session.on_events(NOW, &appended).unwrap();
        assert!(answers.iter().any(|action| matches!(action, Action::Send(_))));
    }
    began.elapsed() / MESSAGES as u32
}

/// One round through the same code, as native as this program.
fn natively(batch: usize) -> Duration {
    let config = native::Config {
        tenant: "acme".into(),
        account: "esme".into(),
        settings: Vec::new(),
    };
    let mut machine = Machine::new(&config);
    machine.on_events(
        NOW,
        vec![native::Event::Bound(native::Bind {
            frame: bind_transceiver(),
        })],
    );
    let frame = submit_sm();
    let frames: Vec<native::Event> = (0..batch).map(|_| native::Event::Frame(frame.clone())).collect();
    let began = Instant::now();
    for _ in 0..MESSAGES / batch {
        let actions = machine.on_events(NOW, frames.clone());
        let appended: Vec<native::Event> = actions
            .into_iter()
            .filter_map(|action| match action {
                native::Action::Append((token, _)) => Some(native::Event::Appended((token, Ok("123456789012345678".into())))),
                _ => None,
            })
            .collect();
        assert_eq!(appended.len(), batch);
        let answers = machine.on_events(NOW, appended);
        assert!(answers.iter().any(|action| matches!(action, native::Action::Send(_))));
    }
    began.elapsed() / MESSAGES as u32
}

fn bound_session(component: &SessionComponent) -> Session {
    let mut session = component.open(&config()).unwrap();
    session
        .on_events(
            NOW,
            &[Event::Bound(Bind {
                frame: bind_transceiver(),
            })],
        )
        .unwrap();
    session
}

fn config() -> Config {
    Config {
        tenant: "acme".into(),
        account: "esme".into(),
        settings: Vec::new(),
    }
}

fn bind_transceiver() -> Vec<u8> {
    pdu(&Pdu::BindTransceiver(edgebind_smpp::Bind {
        system_id: b"esme",
        password: b"********",
        interface_version: 0x34,
        ..Default::default()
    }))
}

fn submit_sm() -> Vec<u8> {
    let message = ShortMessage {
        source_addr_ton: Ton::ALPHANUMERIC,
        source_addr: b"ACME",
        dest_addr_ton: Ton::INTERNATIONAL,
        dest_addr_npi: Npi::ISDN,
        destination_addr: b"447700900000",
        registered_delivery: RegisteredDelivery::ALWAYS,
        short_message: &[b'x'; 140],
        ..ShortMessage::default()
    };
    pdu(&Pdu::SubmitSm(message))
}

fn pdu(pdu: &Pdu<'_>) -> Vec<u8> {
    let mut frame = Vec::new();
    encode(&mut frame, CommandStatus::ROK, 2, pdu).unwrap();
    frame
}

fn component() -> Vec<u8> {
    let workspace = workspace_above(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let target_dir = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace.join("target"), PathBuf::from)
        .join("guests");
    fs::read(
        build(
            &workspace,
            &target_dir,
            &Guest {
                package: "edgebind-session",
                features: &[],
                env: &[],
            },
        )
        .unwrap(),
    )
    .unwrap()
}

/// Resident memory of this process, where the kernel tells.
fn resident_kib() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .ok()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
