//! Recordings: what a guest was told and what came of it. A guest sees nothing but its arguments, so that a recording runs again
//! on any component of its world ([`replay`](replay())); between whoever made the calls and whoever wants to know what another
//! component would have done. Knows no PDU: what of it has to be read is the caller's to read ([`Frames`]).

mod difference;
mod mask;
mod redaction;
mod replay;

pub use difference::Difference;
pub use redaction::Irredeemable;
pub use replay::{Guest, Replayed, Unplayable, remake, replay};

use crate::{
    contract::message::Instant,
    session::{Action, Config, Event, Saved},
    translator::{Context, Failure, Hearing, Operation, Response, Step, WebhookRequest},
    world::World,
};
use serde::{Deserialize, Serialize};
use std::{error::Error, fmt};

/// The form of a line; another number is another form.
const FORMAT: u32 = 2;

/// What a call came to, or the fault that it ended with.
pub type Came<T> = Result<T, String>;

/// One piece of work of one guest, from its beginning to its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    format: u32,
    /// When it began.
    pub at: Instant,
    /// Which release did it: the SHA-256 of its component, in hex.
    pub digest: String,
    /// The version of the contract that this component was built against.
    pub contract: String,
    /// Which of the tenant's releases that was.
    pub revision: u64,
    /// What stood in it of messages and of who sent them is masked.
    pub redacted: bool,
    /// What was done.
    pub work: Work,
}

/// What a guest does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Work {
    /// A translator's operation.
    Operation(Operated),
    /// A webhook that a translator heard.
    Webhook(Heard),
    /// A bind, or the first part of one.
    Bind(Bound),
}

/// An operation, call by call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operated {
    /// What was to be done.
    pub operation: Operation,
    /// The first is `begin`, the others are `resume`, each with what the one before asked to have back.
    pub calls: Vec<Call>,
}

/// One call of an operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// What surrounded it.
    pub context: Context,
    /// What came of the exchange before; none in the first call.
    pub got: Option<Result<Response, Failure>>,
    /// What the translator wanted next.
    pub step: Came<Step>,
}

/// A webhook and what was heard in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// What surrounded the call.
    pub context: Context,
    /// The webhook.
    pub request: WebhookRequest,
    /// What was heard.
    pub hearing: Came<Hearing>,
}

/// A bind, as its session saw it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bound {
    /// What the session was made with.
    pub config: Config,
    /// What it was restored from, where the recording begins with a move and not with the bind.
    pub from: Option<Saved>,
    /// Whether there was a session at all.
    pub opened: Came<()>,
    /// What happened to it, in order.
    pub turns: Vec<Turn>,
}

/// What happens to a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Turn {
    /// It was told events.
    Told {
        /// When.
        now: Instant,
        /// What happened.
        events: Vec<Event>,
        /// What was to be done.
        actions: Came<Vec<Action>>,
    },
    /// It was saved, and another restored from it, by a release of other code or of other settings. Where it runs again both are
    /// of the component that it runs on.
    Moved {
        /// What its successor was made with.
        config: Config,
        /// Whether there was one.
        moved: Came<()>,
    },
}

/// What a recording has of PDUs, which nobody here can read.
pub trait Frames {
    /// The PDUs in these octets for a person to read: their names, and hex.
    fn show(&self, octets: &[u8]) -> String;

    /// Masks what these octets, of whole PDUs, say of messages and of who sent them. Their number and what kind they are should
    /// stay as they are.
    fn mask(&self, octets: &mut Vec<u8>);
}

impl Recorded {
    /// What this guest, in this release, was told from then on, and what came of it.
    pub fn new(at: Instant, guest: Guest<'_>, revision: u64, work: Work) -> Self {
        Self {
            format: FORMAT,
            at,
            digest: guest.digest().to_owned(),
            contract: guest.contract().to_owned(),
            revision,
            redacted: false,
            work,
        }
    }

    /// Which world a component must be of to do this.
    pub fn world(&self) -> World {
        match self.work {
            Work::Operation(_) | Work::Webhook(_) => World::Translator,
            Work::Bind(_) => World::Session,
        }
    }

    /// Whose guest this was: tenant and account.
    pub fn of(&self) -> Option<(&str, &str)> {
        let context = match &self.work {
            Work::Operation(operated) => &operated.calls.first()?.context,
            Work::Webhook(heard) => &heard.context,
            Work::Bind(bound) => return Some((&bound.config.tenant, &bound.config.account)),
        };
        Some((&context.tenant, &context.account))
    }

    /// One line of JSON, without its end.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| unreachable!("numbers, text and lists have a JSON form: {error}"))
    }

    /// Reads such a line.
    pub fn from_line(line: &str) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        struct Form {
            format: u32,
        }
        let unreadable = |error: serde_json::Error| Unreadable::Damaged(error.to_string());
        let Form { format } = serde_json::from_str(line).map_err(unreadable)?;
        if format != FORMAT {
            return Err(Unreadable::Format(format));
        }
        serde_json::from_str(line).map_err(unreadable)
    }
}

/// Why a line is no recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is in a form that another version writes.
    Format(u32),
    /// It is none, or there is something wrong with it.
    Damaged(String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::Format(format) => write!(f, "the recording has format {format}, this edgebind reads {FORMAT}"),
            Unreadable::Damaged(why) => write!(f, "no recording: {why}"),
        }
    }
}

impl Error for Unreadable {}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook() -> Recorded {
        let context = Context {
            now: 1,
            tenant: "acme".into(),
            account: "esme".into(),
            settings: Vec::new(),
            secrets: Vec::new(),
            key: "k".into(),
            attempt: 1,
            webhook_url: None,
            memo: None,
        };
        let request = WebhookRequest {
            method: "POST".into(),
            path: String::new(),
            query: String::new(),
            headers: Vec::new(),
            body: b"{}\n".to_vec(),
        };
        let hearing = Err("trapped: unreachable".to_owned());
        Recorded {
            format: FORMAT,
            at: 7,
            digest: "ab".into(),
            contract: "0.3.0".into(),
            revision: 3,
            redacted: false,
            work: Work::Webhook(Heard {
                context,
                request,
                hearing,
            }),
        }
    }

    #[test]
    fn a_recording_is_one_line_and_read_as_it_was() {
        let recorded = webhook();
        let line = recorded.to_line();
        assert!(!line.contains('\n'), "{line}");
        assert_eq!(Recorded::from_line(&line), Ok(recorded.clone()));
        assert_eq!((recorded.world(), recorded.of()), (World::Translator, Some(("acme", "esme"))));
    }

    #[test]
    fn a_line_of_another_form_says_which() {
        let line = webhook().to_line().replacen("\"format\":2", "\"format\":1", 1);
        let refused = Recorded::from_line(&line).unwrap_err();
        assert_eq!(refused, Unreadable::Format(1));
        assert_eq!(refused.to_string(), "the recording has format 1, this edgebind reads 2");
        assert!(matches!(Recorded::from_line("{\"format\":2}"), Err(Unreadable::Damaged(_))));
        assert!(matches!(Recorded::from_line("PK"), Err(Unreadable::Damaged(_))));
    }
}
