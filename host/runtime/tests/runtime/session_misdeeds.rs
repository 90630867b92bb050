//! Every misdeed of a session: the call that it is done in ends with the right fault, its instance with it, and the bind
//! next door goes on.

use crate::{
    guests::{bound, config, delivery, engine, few, frame, goes_on, healthy, platform_session, session, settings},
    neighbour::Neighbour,
};
use edgebind_faulty::SessionMisdeed as Misdeed;
use edgebind_runtime::{
    Blame, Fault, Misuse, RestoreError, SessionComponent,
    session::{Action, Event},
};

/// A test for each misdeed, named like it. One without a test does not compile.
macro_rules! misdeeds {
    ($($misdeed:ident: $test:ident $body:block)*) => {
        $(#[test] fn $test() $body)*

        /// Never called: what it is for is that it compiles.
        const _: fn(Misdeed) = |misdeed| match misdeed { $(Misdeed::$misdeed => {})* };
    };
}

misdeeds! {
    None: a_guest_that_behaves_has_no_fault {
        let component = session(&engine());
        goes_on(&mut healthy(&component));
    }

    Spin: spin {
        assert_eq!(at_first_frame(Misdeed::Spin), Fault::Deadline { limit_ms: few().guest.session_call_ms });
    }

    Trap: trap {
        let fault = at_first_frame(Misdeed::Trap);
        assert!(matches!(&fault, Fault::Trap { why } if why.contains("unreachable")), "{fault}");
    }

    Hoard: hoard {
        assert_eq!(at_first_frame(Misdeed::Hoard), Fault::Memory { limit_bytes: few().guest.memory_bytes });
    }

    Recurse: recurse {
        let fault = at_first_frame(Misdeed::Recurse);
        assert!(matches!(fault, Fault::Trap { .. }), "{fault}");
    }

    Flood: flood {
        let limit = few().guest.actions_max;
        assert_eq!(at_first_frame_with(Misdeed::Flood, limit), Fault::TooManyActions { count: limit + 1, limit });
    }

    GiantAction: giant_action {
        let limit = few().guest.action_bytes_max;
        assert_eq!(at_first_frame_with(Misdeed::GiantAction, limit), Fault::TooManyBytes { limit });
    }

    TwoLargeActions: two_large_actions {
        let limit = few().guest.action_bytes_max;
        assert_eq!(at_first_frame_with(Misdeed::TwoLargeActions, limit), Fault::TooManyBytes { limit });
    }

    Chatter: chatter {
        // Lines are actions like others, and a call that breaks its bounds says nothing.
        let limit = few().guest.actions_max;
        assert_eq!(at_first_frame_with(Misdeed::Chatter, limit), Fault::TooManyActions { count: limit + 1, limit });
    }

    NotUtf8: not_utf8 {
        let fault = at_first_frame(Misdeed::NotUtf8);
        assert!(matches!(&fault, Fault::Trap { why } if why.contains("utf-8")), "{fault}");
    }

    SettleNothing: settle_nothing {
        assert_eq!(at_first_frame(Misdeed::SettleNothing), Fault::Token(Misuse::SettledNothing(0xBAD)));
    }

    SettleTwice: settle_twice {
        assert_eq!(at(Misdeed::SettleTwice, 0, &delivery(9)), Fault::Token(Misuse::SettledNothing(9)));
    }

    ReuseToken: reuse_token {
        assert_eq!(at_first_frame(Misdeed::ReuseToken), Fault::Token(Misuse::AppendReused(1)));
    }

    AskWithOpenToken: ask_with_open_token {
        assert_eq!(at_first_frame(Misdeed::AskWithOpenToken), Fault::Token(Misuse::AppendReused(1)));
    }

    TrapAtBirth: trap_at_birth {
        assert!(matches!(at_birth(Misdeed::TrapAtBirth), Fault::Trap { .. }));
    }

    SpinAtBirth: spin_at_birth {
        assert_eq!(at_birth(Misdeed::SpinAtBirth), Fault::Deadline { limit_ms: few().guest.session_call_ms });
    }

    TrapInCheck: trap_in_check {
        assert!(matches!(in_check(Misdeed::TrapInCheck), Fault::Trap { .. }));
    }

    EndlessComplaint: endless_complaint {
        assert_eq!(in_check(Misdeed::EndlessComplaint), Fault::TooManyBytes { limit: few().guest.translation_bytes_max });
    }

    TrapInSave: trap_in_save {
        assert!(matches!(in_save(Misdeed::TrapInSave, 0), Fault::Trap { .. }));
    }

    GiganticSave: gigantic_save {
        let limit = few().guest.saved_bytes_max;
        assert_eq!(in_save(Misdeed::GiganticSave, limit), Fault::TooManyBytes { limit });
    }

    RefuseRestore: refuse_restore {
        assert_eq!(in_restore(Misdeed::RefuseRestore), RestoreError::Refused("I will not".into()));
    }

    TrapInRestore: trap_in_restore {
        assert!(matches!(in_restore(Misdeed::TrapInRestore), RestoreError::Fault(Fault::Trap { .. })));
    }
}

/// The fault of a session that does this at its first frame.
fn at_first_frame(misdeed: Misdeed) -> Fault {
    at(misdeed, 0, &frame())
}

fn at_first_frame_with(misdeed: Misdeed, count: usize) -> Fault {
    at(misdeed, count, &frame())
}

fn at(misdeed: Misdeed, count: usize, event: &Event) -> Fault {
    beside_a_neighbour(|component| {
        let count = count.to_string();
        let mut session = component
            .open(&config(&[("misdeed", misdeed.name()), ("count", &count)]))
            .unwrap();
        session.on_events(1, &[bound()]).unwrap();
        let fault = session.on_events(2, std::slice::from_ref(event)).unwrap_err();
        assert_eq!(session.on_events(3, &[frame()]), Err(Fault::Poisoned));
        assert_eq!(session.save(), Err(Fault::Poisoned));
        fault
    })
}

fn at_birth(misdeed: Misdeed) -> Fault {
    beside_a_neighbour(|component| component.open(&config(&[("misdeed", misdeed.name())])).err().unwrap())
}

fn in_check(misdeed: Misdeed) -> Fault {
    beside_a_neighbour(|component| component.check(&settings(&[("misdeed", misdeed.name())])).unwrap_err())
}

fn in_save(misdeed: Misdeed, count: usize) -> Fault {
    beside_a_neighbour(|component| {
        let count = count.to_string();
        let mut session = component
            .open(&config(&[("misdeed", misdeed.name()), ("count", &count)]))
            .unwrap();
        session.on_events(1, &[bound()]).unwrap();
        let fault = session.save().unwrap_err();
        assert_eq!(session.on_events(2, &[frame()]), Err(Fault::Poisoned));
        fault
    })
}

/// Why a live session could not move to a release that does this. It stays where it is, and goes on.
fn in_restore(misdeed: Misdeed) -> RestoreError {
    beside_a_neighbour(|component| {
        let mut session = healthy(component);
        let error = session
            .move_to(component, &config(&[("misdeed", misdeed.name())]))
            .err()
            .unwrap();
        goes_on(&mut session);
        error
    })
}

/// Lets something go wrong in an engine where a healthy session is at work. That one must not notice, the place of the other must
/// be free again, and whoever did wrong is to blame.
fn beside_a_neighbour<E: Into<RestoreError> + Clone>(wrong: impl FnOnce(&SessionComponent) -> E) -> E {
    let engine = engine();
    let mut neighbour = Neighbour::new(&platform_session(&engine));
    neighbour.goes_on();
    let faulty = session(&engine);
    let error = wrong(&faulty);
    neighbour.goes_on();
    assert_eq!(engine.sessions(), 1, "the faulty session has left its place");
    goes_on(&mut healthy(&faulty));
    if let RestoreError::Fault(fault) = error.clone().into() {
        assert_eq!(fault.blame(), Blame::Guest);
    }
    error
}

#[test]
fn what_is_just_allowed_has_no_fault() {
    let component = session(&engine());
    let limits = few();
    let one_less = |limit: usize| (limit - 1).to_string();
    let mut flood = component
        .open(&config(&[
            ("misdeed", "flood"),
            ("count", &one_less(limits.guest.actions_max)),
        ]))
        .unwrap();
    assert_eq!(
        flood.on_events(1, &[frame()]).map(|actions| actions.len()),
        Ok(limits.guest.actions_max)
    );
    let mut giant = component
        .open(&config(&[
            ("misdeed", "giant-action"),
            ("count", &one_less(limits.guest.action_bytes_max)),
        ]))
        .unwrap();
    assert_eq!(
        giant.on_events(1, &[frame()]),
        Ok(vec![Action::Send(vec![7; limits.guest.action_bytes_max])])
    );
    let mut saved = component
        .open(&config(&[
            ("misdeed", "gigantic-save"),
            ("count", &one_less(limits.guest.saved_bytes_max)),
        ]))
        .unwrap();
    assert_eq!(saved.save().map(|saved| saved.len()), Ok(limits.guest.saved_bytes_max));
}
