//! The exports of the component, each of which is the function of the same name of [`Machine`].
#![expect(unsafe_code, unreachable_pub, reason = "the generated exports speak the canonical ABI")]

use edgebind_heap as _;

use crate::{
    Machine,
    bindings::{
        self,
        exports::edgebind::session::machine::{Guest, GuestSession, Session},
    },
    message::{Instant, Setting},
    session::{Action, Config, Event},
};
use std::cell::RefCell;

struct Component;

impl Guest for Component {
    type Session = Bind;

    fn check(settings: Vec<Setting>) -> Vec<String> {
        crate::check(&settings)
    }
}

/// A machine behind the shared reference that a resource is called by. Calls never overlap: the host makes one at a time.
struct Bind(RefCell<Machine>);

impl GuestSession for Bind {
    fn new(config: Config) -> Self {
        Self(RefCell::new(Machine::new(&config)))
    }

    fn on_events(&self, now: Instant, events: Vec<Event>) -> Vec<Action> {
        self.0.borrow_mut().on_events(now, events)
    }

    fn save(&self) -> Vec<u8> {
        self.0.borrow().save()
    }

    fn restore(config: Config, saved: Vec<u8>) -> Result<Session, String> {
        Machine::restore(&config, &saved).map(|machine| Session::new(Self(RefCell::new(machine))))
    }
}

bindings::export!(Component with_types_in bindings);
