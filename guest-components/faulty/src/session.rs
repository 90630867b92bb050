//! The session: it behaves, but for its misdeed.
#![cfg(not(all(target_arch = "wasm32", feature = "translator")))]

use crate::{
    bindings::session::{
        edgebind::{
            message::types::{Address, Alphabet, Message, Receipts, Setting},
            session::types::{Action, Config, Event, Query, Question, Readiness, Settlement},
        },
        exports::edgebind::session::machine::{self, Guest, GuestSession},
    },
    misdeed::{SessionMisdeed as Misdeed, count},
    ways,
};
use std::cell::Cell;

/// What the component exports.
#[derive(Debug)]
pub struct Component;

impl Guest for Component {
    type Session = Session;

    fn check(settings: Vec<Setting>) -> Vec<String> {
        match Misdeed::chosen(&settings) {
            Misdeed::TrapInCheck => panic!("the misdeed"),
            Misdeed::EndlessComplaint => vec!["I do not like it. ".repeat(1 << 16); 4],
            _ => settings
                .iter()
                .filter(|(name, _)| name == "unwanted")
                .map(|(_, value)| format!("unwanted: {value}"))
                .collect(),
        }
    }
}

/// The machine of one bind.
#[derive(Debug)]
pub struct Session {
    misdeed: Misdeed,
    count: usize,
    next_token: Cell<u64>,
}

impl GuestSession for Session {
    fn new(config: Config) -> Self {
        let session = Session {
            misdeed: Misdeed::chosen(&config.settings),
            count: count(&config.settings),
            next_token: Cell::new(1),
        };
        match session.misdeed {
            Misdeed::TrapAtBirth => panic!("the misdeed"),
            Misdeed::SpinAtBirth => ways::spin(),
            _ => session,
        }
    }

    fn on_events(&self, _now: u64, events: Vec<Event>) -> Vec<Action> {
        events.into_iter().flat_map(|event| self.on_event(event)).collect()
    }

    fn save(&self) -> Vec<u8> {
        match self.misdeed {
            Misdeed::TrapInSave => panic!("the misdeed"),
            Misdeed::GiganticSave => vec![7; self.count + 1],
            _ => self.next_token.get().to_be_bytes().to_vec(),
        }
    }

    fn restore(config: Config, saved: Vec<u8>) -> Result<machine::Session, String> {
        let session = Session::new(config);
        match (session.misdeed, saved.try_into()) {
            (Misdeed::TrapInRestore, _) => panic!("the misdeed"),
            (Misdeed::RefuseRestore, _) => Err("I will not".into()),
            (_, Ok(next_token)) => {
                session.next_token.set(u64::from_be_bytes(next_token));
                Ok(machine::Session::new(session))
            }
            (_, Err(_)) => Err("not eight octets".into()),
        }
    }
}

impl Session {
    fn on_event(&self, event: Event) -> Vec<Action> {
        match event {
            Event::Bound(bind) => vec![
                Action::Send(bind.frame),
                Action::Ready(Readiness {
                    window: 8,
                    addresses: None,
                }),
            ],
            Event::Frame(frame) => self.on_frame(frame),
            Event::Appended((_, Ok(id))) => vec![Action::Send(id.into_bytes())],
            Event::Deliver((token, _)) => {
                let settle = Action::Settle((token, Settlement::Done));
                if self.misdeed == Misdeed::SettleTwice {
                    vec![settle.clone(), settle]
                } else {
                    vec![settle]
                }
            }
            _ => Vec::new(),
        }
    }

    fn on_frame(&self, frame: Vec<u8>) -> Vec<Action> {
        let token = self.next_token.get();
        self.next_token.set(token + 1);
        match self.misdeed {
            Misdeed::Spin => ways::spin(),
            Misdeed::Trap => panic!("the misdeed"),
            Misdeed::Hoard => ways::hoard(),
            Misdeed::Recurse => vec![Action::WakeAt(ways::recurse(0))],
            Misdeed::Flood => vec![Action::WakeAt(0); self.count + 1],
            Misdeed::GiantAction => vec![Action::Send(vec![7; self.count + 1])],
            Misdeed::TwoLargeActions => vec![Action::Send(vec![7; self.count / 3 * 2]); 2],
            Misdeed::NotUtf8 => vec![append(token, frame, ways::not_utf8())],
            Misdeed::SettleNothing => vec![Action::Settle((0xBAD, Settlement::Done))],
            Misdeed::AskWithOpenToken => {
                let query = Query {
                    id: "1".into(),
                    source: None,
                };
                vec![
                    append(token, frame, String::new()),
                    Action::Ask((token, Question::Query(query))),
                ]
            }
            Misdeed::Chatter => {
                let mut actions = vec![Action::Say("a line".into()); self.count];
                actions.push(append(token, frame, String::new()));
                actions
            }
            Misdeed::ReuseToken => vec![
                append(token, frame.clone(), String::new()),
                append(token, frame, String::new()),
            ],
            _ => vec![append(token, frame, String::new())],
        }
    }
}

fn append(token: u64, payload: Vec<u8>, excerpt: String) -> Action {
    let nobody = Address {
        ton: 0,
        npi: 0,
        digits: String::new(),
    };
    let message = Message {
        service_type: String::new(),
        source: nobody.clone(),
        destination: nobody,
        also_to: Vec::new(),
        esm_class: 0,
        protocol_id: 0,
        priority: 0,
        schedule: None,
        validity: None,
        receipts: Receipts {
            success: false,
            failure: false,
            intermediate: false,
        },
        replace_if_present: false,
        data_coding: 0,
        alphabet: Alphabet::Gsm,
        udh: Vec::new(),
        payload,
        part: None,
        excerpt,
        tlvs: Vec::new(),
        metadata: Vec::new(),
    };
    Action::Append((token, message))
}

#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, unreachable_pub, reason = "what is generated here is the boundary itself")]
mod export {
    use super::Component;

    crate::bindings::session::export!(Component with_types_in crate::bindings::session);
}
