//! What goes wrong with requests: a fault falls on the next few, on a share by the world's seed, or on all of them.

use std::sync::Mutex;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

use crate::wait::lock;

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Answered with this status and body; nothing is stored, credentials are not looked at: a proxy said so.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The body as it is; see [`Fault::status`] for the usual one.
        body: String,
        /// The `Retry-After` header: seconds or a date.
        retry_after: Option<String>,
    },
    /// Handled so much later.
    Delay(Duration),
    /// Handled at once, and answered so much later: what the phone says of it comes first.
    Late(Duration),
    /// The connection is cut before the request is handled.
    Cut,
    /// The request is handled, and the connection is cut instead of an answer.
    CutAfter,
    /// The request is handled, and its answer's body is no JSON.
    Garbled,
}

impl Fault {
    /// An answer of this status with words in the field `message`, as SMSGate writes an error.
    pub fn status(status: u16, message: &str) -> Self {
        Self::Answer {
            status,
            body: serde_json::json!({ "message": message }).to_string(),
            retry_after: None,
        }
    }

    /// An answer of this status that says when to come again.
    pub fn retry_after(status: u16, retry_after: &str) -> Self {
        Self::Answer {
            status,
            body: String::new(),
            retry_after: Some(retry_after.into()),
        }
    }
}

/// A kind of request, among those of one look-alike.
pub(crate) trait Kind: Copy {
    /// Whether what is set for this kind falls on requests of the other.
    fn covers(self, other: Self) -> bool;
}

#[derive(Debug)]
struct Rule<K> {
    on: K,
    /// How many requests it still falls on; none is no end.
    left: Option<usize>,
    share: f64,
    fault: Fault,
}

/// The faults that are set, the first that fits before the others.
#[derive(Debug)]
pub(crate) struct Rules<K>(Mutex<Vec<Rule<K>>>);

impl<K: Kind> Rules<K> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    pub(crate) fn next(&self, on: K, count: usize, fault: Fault) {
        lock(&self.0).push(Rule {
            on,
            left: Some(count),
            share: 1.0,
            fault,
        });
    }

    pub(crate) fn share(&self, on: K, share: f64, fault: Fault) {
        lock(&self.0).push(Rule {
            on,
            left: None,
            share,
            fault,
        });
    }

    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }

    /// The fault that falls on this request.
    pub(crate) fn draw(&self, on: K, random: &Mutex<StdRng>) -> Option<Fault> {
        let mut rules = lock(&self.0);
        let at = rules
            .iter()
            .position(|rule| rule.on.covers(on) && (rule.share >= 1.0 || lock(random).random_bool(rule.share.clamp(0.0, 1.0))))?;
        let fault = rules[at].fault.clone();
        if let Some(left) = &mut rules[at].left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                rules.remove(at);
            }
        }
        Some(fault)
    }
}
