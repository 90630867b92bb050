//! Sessions that behave: they keep what they know between calls, move to another component with it, and leave nothing behind.

use crate::{
    guests::{bound, config, delivery, engine, few, frame, goes_on, healthy, platform_session, session, session_bytes, settings},
    neighbour::Neighbour,
};
use edgebind_runtime::{
    DeployError, Engine, Fault, Limits, Release, RestoreError, SessionComponent, Slot,
    session::{Action, Event, Settlement},
};
use std::thread;

#[test]
fn a_batch_is_answered_in_the_order_of_its_events() {
    let component = session(&engine());
    let mut session = component.open(&config(&[])).unwrap();
    let actions = session.on_events(1, &[bound(), frame(), delivery(3), frame()]).unwrap();
    let shape: Vec<String> = actions
        .iter()
        .map(|action| match action {
            Action::Append((token, _)) => format!("append {token}"),
            Action::Settle((token, Settlement::Done)) => format!("settle {token}"),
            Action::Ready(readiness) => format!("ready {}", readiness.window),
            other => format!("{other:?}").chars().take(4).collect(),
        })
        .collect();
    assert_eq!(shape, ["Acti", "ready 8", "append 1", "settle 3", "append 2"]);
}

#[test]
fn a_moved_session_knows_what_is_under_way() {
    let component = session(&engine());
    let mut old = healthy(&component);
    assert_eq!(old.on_events(2, &[frame()]).map(|actions| actions.len()), Ok(1));
    let (mut new, _) = old.move_to(&component, &config(&[])).unwrap();
    drop(old);
    let actions = new.on_events(3, &[Event::Appended((1, Ok("1".into()))), frame()]).unwrap();
    assert!(
        matches!(actions.as_slice(), [Action::Send(_), Action::Append((2, _))]),
        "{actions:?}"
    );
}

#[test]
fn a_full_house_moves_and_goes_back() {
    let engine = Engine::new(&Limits {
        sessions_max: 2,
        ..few()
    })
    .unwrap();
    let component = session(&engine);
    let mut bind = healthy(&component);
    let _other = healthy(&component);
    assert!(component.open(&config(&[])).is_err(), "no place is left");
    let (mut moved, saved) = bind.move_to(&component, &config(&[])).unwrap();
    drop(bind);
    goes_on(&mut moved);
    let mut back = moved.go_back_to(&component, &config(&[]), &saved).unwrap();
    drop(moved);
    goes_on(&mut back);
    assert_eq!(engine.sessions(), 2);
    assert!(component.open(&config(&[])).is_err(), "the house is as full as before");
}

#[test]
fn a_delivery_under_way_is_settled_after_the_move() {
    let component = platform_session(&engine());
    let mut bind = Neighbour::new(&component);
    let sequence_number = bind.is_given(9);
    bind.session = bind.session.move_to(&component, &config(&[])).unwrap().0;
    bind.answers(sequence_number, 9);
    bind.goes_on();
}

#[test]
fn saved_octets_that_are_none_are_refused_with_the_guests_reason() {
    let component = session(&engine());
    let refused = component.restore(&config(&[]), b"short").err().unwrap();
    assert_eq!(refused, RestoreError::Refused("not eight octets".into()));
    goes_on(&mut component.restore(&config(&[]), &[0, 0, 0, 0, 0, 0, 0, 9]).unwrap());
}

#[test]
fn a_session_goes_from_thread_to_thread() {
    let component = session(&engine());
    let mut session = healthy(&component);
    for _ in 0..3 {
        session = thread::spawn(move || {
            goes_on(&mut session);
            session
        })
        .join()
        .unwrap();
    }
}

#[test]
fn ten_thousand_sessions_leave_their_places() {
    let engine = engine();
    let component = session(&engine);
    for _ in 0..10_000 {
        component.open(&config(&[])).unwrap();
    }
    assert_eq!(engine.sessions(), 0);
}

#[test]
fn one_session_more_than_allowed_is_our_fault_and_nobodys_end() {
    let component = session(&engine());
    let mut sessions: Vec<_> = (0..few().sessions_max).map(|_| healthy(&component)).collect();
    let fault = component.open(&config(&[])).err().unwrap();
    assert_eq!(fault, Fault::Host("all 8 places for sessions are taken".into()));
    sessions.iter_mut().for_each(goes_on);
    sessions.pop();
    healthy(&component);
}

#[test]
fn a_component_has_the_digest_of_its_bytes() {
    let engine = engine();
    let component = session(&engine);
    assert_eq!(component.digest().len(), 64);
    assert_eq!(
        component.digest(),
        SessionComponent::load(&engine, session_bytes()).unwrap().digest()
    );
}

#[test]
fn a_release_whose_settings_its_component_refuses_is_not_deployed() {
    let component = session(&engine());
    let release = |revision, pairs: &[(&str, &str)]| Release::new(component.clone(), settings(pairs), revision);
    let slot = Slot::new(release(1, &[]));
    let refused = slot.deploy(release(2, &[("unwanted", "a"), ("unwanted", "b")])).unwrap_err();
    assert_eq!(
        refused,
        DeployError::Settings(vec!["unwanted: a".into(), "unwanted: b".into()])
    );
    assert!(matches!(
        slot.deploy(release(2, &[("misdeed", "trap-in-check")])),
        Err(DeployError::Fault(Fault::Trap { .. }))
    ));
    assert_eq!(slot.deploy(release(2, &[("wanted", "c")])), Ok(2));
    goes_on(&mut slot.current().component.open(&config(&[])).unwrap());
}
