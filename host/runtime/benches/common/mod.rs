//! One submit_sm through the session component, and through the same code built natively: frame to append, appended to send.

use edgebind_componentize::{Guest, build, workspace_above};
use edgebind_runtime::{
    Session, SessionComponent,
    session::{Action, Bind, Config, Event},
};
use edgebind_session::{Machine, session as native};
use edgebind_smpp::{CommandStatus, Npi, Pdu, RegisteredDelivery, ShortMessage, Ton, encode};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

const NOW: u64 = 1_700_000_000_000;

/// So many messages through the component; time for one.
pub(crate) fn through_component(component: &SessionComponent, batch: usize, messages: usize) -> Duration {
    let mut session = bound_session(component);
    let frame = submit_sm();
    let frames: Vec<Event> = (0..batch).map(|_| Event::Frame(frame.clone())).collect();
    let began = Instant::now();
    for _ in 0..messages / batch {
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
    began.elapsed() / messages.max(1) as u32
}

/// So many through the same code, as native as this program.
pub(crate) fn natively(batch: usize, messages: usize) -> Duration {
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
    for _ in 0..messages / batch {
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
    began.elapsed() / messages.max(1) as u32
}

pub(crate) fn bound_session(component: &SessionComponent) -> Session {
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

pub(crate) fn config() -> Config {
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

pub(crate) fn submit_sm() -> Vec<u8> {
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

pub(crate) fn component() -> Vec<u8> {
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
