//! Sessions that were built against `edgebind:session` 0.1.0, frozen in `wit/frozen/0.1.0`. What that version has in common with the
//! later ones is called through their types, because types of components are the same when they look the same; only what differs
//! stands here.

use crate::{
    contract::message::Message,
    session::{self, CloseReason, Question, Readiness, Settlement, Token},
    session_v0_2,
};
use wasmtime::component::{ComponentType, Lift};

pub(crate) const VERSION: &str = "0.1.0";

pub(crate) const INTERFACE: &str = "edgebind:session/machine@0.1.0";

/// An action, before sessions could say something.
#[derive(ComponentType, Lift)]
#[component(variant)]
pub(crate) enum Action {
    #[component(name = "send")]
    Send(Vec<u8>),
    #[component(name = "ready")]
    Ready(Readiness),
    #[component(name = "append")]
    Append((Token, Message)),
    #[component(name = "ask")]
    Ask((Token, Question)),
    #[component(name = "settle")]
    Settle((Token, Settlement)),
    #[component(name = "wake-at")]
    WakeAt(u64),
    #[component(name = "close")]
    Close(CloseReason),
}

impl From<Action> for session::Action {
    fn from(action: Action) -> Self {
        match action {
            Action::Send(octets) => Self::Send(octets),
            Action::Ready(readiness) => Self::Ready(readiness),
            Action::Append(append) => Self::Append(append),
            Action::Ask(ask) => Self::Ask(ask),
            Action::Settle(settle) => Self::Settle(settle),
            Action::WakeAt(at) => Self::WakeAt(at),
            Action::Close(reason) => Self::Close(reason),
        }
    }
}

/// A component of this version, linked.
pub(crate) type Pre = session_v0_2::Pre<Action>;

/// The guest's machine, and what it is told through.
pub(crate) type Machine = session_v0_2::Machine<Action>;
