//! As a session: what came of it is sent to the peer.

wit_bindgen::generate!({
    world: "edgebind:session/session",
    path: ["../../../wit/message", "../../../wit/session"],
    generate_all,
});

use crate::tried;
use edgebind::message::types::Setting;
use edgebind::session::types::{Action, Config, Event};
use exports::edgebind::session::machine::{Guest, GuestSession, Session};

struct Probe;

export!(Probe);

struct Bind {
    settings: Vec<Setting>,
}

impl Guest for Probe {
    type Session = Bind;

    fn check(settings: Vec<Setting>) -> Vec<String> {
        vec![tried(&settings)]
    }
}

impl GuestSession for Bind {
    fn new(config: Config) -> Self {
        Self {
            settings: config.settings,
        }
    }

    fn on_events(&self, _now: u64, _events: Vec<Event>) -> Vec<Action> {
        vec![Action::Send(tried(&self.settings).into_bytes())]
    }

    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    fn restore(config: Config, _saved: Vec<u8>) -> Result<Session, String> {
        Ok(Session::new(Self::new(config)))
    }
}
