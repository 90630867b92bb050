//! What goes wrong, on request: settable while the look-alike runs, drawn from its seed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;

use super::courier::Courier;
use crate::fault::{Fault, Kind, Rules};

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

impl Kind for On {
    fn covers(self, other: Self) -> bool {
        self == other || self == Self::Everything
    }
}

/// The faults that are set, and the hand on the webhooks. From [`Smsgate::faults`](super::Smsgate::faults).
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
        self.rules.draw(on, random)
    }
}
