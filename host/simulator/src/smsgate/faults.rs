//! What goes wrong, on request: settable while the look-alike runs, drawn from its seed.

use std::sync::Mutex;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

use super::courier::Courier;
use crate::wait::lock;

/// Which requests a fault falls on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// `POST /messages`.
    Submit,
    /// `GET /messages/{id}`.
    Query,
    /// `DELETE /messages/{id}`.
    Cancel,
    /// `GET /devices` and `GET /device`.
    Devices,
    /// Anything below `/webhooks`.
    Webhooks,
    /// Every request.
    Everything,
}

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
    /// An answer of this status with SMSGate's error body.
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

#[derive(Debug)]
struct Rule {
    on: On,
    /// How many requests it still falls on; none is no end.
    left: Option<usize>,
    share: f64,
    fault: Fault,
}

/// The faults that are set, and the hand on the webhooks. From [`Smsgate::faults`](super::Smsgate::faults).
pub struct Faults {
    rules: Mutex<Vec<Rule>>,
    courier: std::sync::Arc<Courier>,
}

impl Faults {
    pub(crate) fn new(courier: std::sync::Arc<Courier>) -> Self {
        Self {
            rules: Mutex::new(Vec::new()),
            courier,
        }
    }

    /// The fault falls on the next `count` requests of the kind, before any that was set later.
    pub fn next(&self, on: On, count: usize, fault: Fault) {
        lock(&self.rules).push(Rule {
            on,
            left: Some(count),
            share: 1.0,
            fault,
        });
    }

    /// The fault falls on this share (0 to 1) of the requests, until [`clear`](Self::clear).
    pub fn share(&self, on: On, share: f64, fault: Fault) {
        lock(&self.rules).push(Rule {
            on,
            left: None,
            share,
            fault,
        });
    }

    /// The fault falls on every request of the kind, until [`clear`](Self::clear).
    pub fn always(&self, on: On, fault: Fault) {
        self.share(on, 1.0, fault);
    }

    /// No faults on requests any more.
    pub fn clear(&self) {
        lock(&self.rules).clear();
    }

    /// This share of the webhooks is emitted twice, the second time with an id of its own (issues #288, #301, #310, #372).
    pub fn double_webhooks(&self, share: f64) {
        self.courier.double(share);
    }

    /// This share of the webhooks comes again with the same id although the receiver has answered 2xx: the answer was lost.
    pub fn repeat_webhooks(&self, share: f64) {
        self.courier.repeat(share);
    }

    /// Each webhook is late by a random time up to this, so that later ones overtake it.
    pub fn jitter_webhooks(&self, most: Duration) {
        self.courier.jitter(most);
    }

    /// Webhooks wait, until [`release_webhooks`](Self::release_webhooks).
    pub fn hold_webhooks(&self) {
        self.courier.hold();
    }

    /// Webhooks go again; those that waited go in their order, or the last one first.
    pub fn release_webhooks(&self, reversed: bool) {
        self.courier.release(reversed);
    }

    /// The fault that falls on this request.
    pub(crate) fn draw(&self, on: On, random: &Mutex<StdRng>) -> Option<Fault> {
        let mut rules = lock(&self.rules);
        let at = rules.iter().position(|rule| {
            (rule.on == on || rule.on == On::Everything)
                && (rule.share >= 1.0 || lock(random).random_bool(rule.share.clamp(0.0, 1.0)))
        })?;
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
