//! Limits that no misdeed runs into: of the engine as a whole.

use crate::guests::{config, few, frame, goes_on, healthy, session, session_bytes};
use edgebind_runtime::{Engine, Fault, Limits, LoadError, SessionComponent};

#[test]
fn a_component_one_octet_too_large_is_refused_unread() {
    let bytes = session_bytes();
    let limits = Limits {
        component_bytes_max: bytes.len() - 1,
        ..few()
    };
    let error = SessionComponent::load(&Engine::new(&limits).unwrap(), bytes).err().unwrap();
    assert_eq!(
        error,
        LoadError::TooLarge {
            bytes: bytes.len(),
            limit: bytes.len() - 1
        }
    );
}

#[test]
fn a_component_that_begins_with_more_memory_than_allowed_is_refused() {
    let limits = Limits {
        memory_bytes: 64 << 10,
        ..few()
    };
    let error = SessionComponent::load(&Engine::new(&limits).unwrap(), session_bytes())
        .err()
        .unwrap();
    assert!(
        matches!(&error, LoadError::Unusable(why) if why.contains("memory")),
        "{error}"
    );
}

#[test]
fn no_call_is_made_without_a_place_for_it() {
    let limits = Limits { calls_max: 0, ..few() };
    let error = SessionComponent::load(&Engine::new(&limits).unwrap(), session_bytes())
        .err()
        .unwrap();
    assert_eq!(
        error,
        LoadError::TrialRun(Fault::Host("all 0 places for calls are taken".into()))
    );
}

#[test]
fn a_small_stack_is_enough_for_a_session_and_too_small_for_a_deep_one() {
    let component = session(
        &Engine::new(&Limits {
            stack_bytes: 64 << 10,
            ..few()
        })
        .unwrap(),
    );
    goes_on(&mut healthy(&component));
    let mut deep = component.open(&config(&[("misdeed", "recurse")])).unwrap();
    assert!(matches!(deep.on_events(1, &[frame()]), Err(Fault::Trap { why }) if why.contains("stack")));
}

/// The check at start-up counts on it.
#[test]
#[cfg(target_os = "linux")]
fn a_session_takes_no_more_than_four_mappings() {
    let mappings = || std::fs::read_to_string("/proc/self/maps").unwrap().lines().count();
    const SESSIONS: usize = 500;
    let component = session(
        &Engine::new(&Limits {
            sessions_max: SESSIONS,
            ..few()
        })
        .unwrap(),
    );
    let measure = || {
        let before = mappings();
        let sessions: Vec<_> = (0..SESSIONS).map(|_| healthy(&component)).collect();
        let taken = mappings().saturating_sub(before);
        drop(sessions);
        taken
    };
    // Other tests of this process come and go meanwhile: not in all of these.
    let taken = (0..5).map(|_| measure()).min().unwrap();
    assert!(taken <= SESSIONS * 4 + 400, "{taken} mappings for {SESSIONS} sessions");
}
