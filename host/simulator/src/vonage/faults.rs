//! What goes wrong, on request: settable while the look-alike runs, drawn from its seed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use serde_json::json;

use super::courier::Courier;
use super::refusal::Refusal;
use crate::fault::{Fault, Kind, Rules};

/// Which requests a fault falls on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// `POST /sms/json`.
    Submit,
    /// `GET /account/get-balance`.
    Balance,
    /// Every request.
    Everything,
}

impl Kind for On {
    fn covers(self, other: Self) -> bool {
        self == other || self == Self::Everything
    }
}

/// An answer that refuses a message with this `status` and this `error-text`, in HTTP's 200 like every other.
pub fn refusal(status: u16, text: &str) -> Fault {
    Fault::Answer {
        status: 200,
        body: json!({ "message-count": "1", "messages": [Refusal::new(status, text).item()] }).to_string(),
        retry_after: None,
    }
}

/// The faults that are set, and the hand on the webhooks. From [`Vonage::faults`](super::Vonage::faults).
pub struct Faults {
    rules: Rules<On>,
    courier: Arc<Courier>,
}

impl Faults {
    pub(crate) fn new(courier: Arc<Courier>) -> Self {
        Self {
            rules: Rules::new(),
            courier,
        }
    }

    /// The fault falls on the next `count` requests of the kind, before any that was set later.
    pub fn next(&self, on: On, count: usize, fault: Fault) {
        self.rules.next(on, count, fault);
    }

    /// The fault falls on this share (0 to 1) of the requests, until [`clear`](Self::clear).
    pub fn share(&self, on: On, share: f64, fault: Fault) {
        self.rules.share(on, share, fault);
    }

    /// The fault falls on every request of the kind, until [`clear`](Self::clear).
    pub fn always(&self, on: On, fault: Fault) {
        self.share(on, 1.0, fault);
    }

    /// No faults on requests any more.
    pub fn clear(&self) {
        self.rules.clear();
    }

    /// This share of the webhooks comes again although the receiver has answered 2xx: the answer was lost.
    pub fn repeat_webhooks(&self, share: f64) {
        self.courier.change(|habits| habits.repeat = share.clamp(0.0, 1.0));
    }

    /// Each webhook is late by a random time up to this, so that later ones overtake it.
    pub fn jitter_webhooks(&self, most: Duration) {
        self.courier.change(|habits| habits.jitter = most);
    }

    /// Webhooks wait, until [`release_webhooks`](Self::release_webhooks).
    pub fn hold_webhooks(&self) {
        self.courier.change(|habits| habits.is_held = true);
    }

    /// Webhooks go again.
    pub fn release_webhooks(&self) {
        self.courier.change(|habits| habits.is_held = false);
    }

    /// The fault that falls on this request.
    pub(crate) fn draw(&self, on: On, random: &Mutex<StdRng>) -> Option<Fault> {
        self.rules.draw(on, random)
    }
}
