//! What holds after every call, whatever happened.

use crate::world::World;
use edgebind_session::session::{Action, CloseReason};

impl World {
    pub(crate) fn invariant_no_token_is_used_twice(&self, token: u64) {
        let questions = self.questions.iter().map(|(token, _)| token);
        assert!(
            self.appends.iter().chain(questions).all(|&open| open != token),
            "invariant_no_token_is_used_twice: {token}"
        );
    }

    pub(crate) fn invariant_no_action_after_close(&self, was_closed: bool, actions: &[Action]) {
        assert!(!was_closed || actions.is_empty(), "{actions:?} after close");
        let close = actions.iter().position(|action| matches!(action, Action::Close(_)));
        assert!(close.is_none_or(|place| place + 1 == actions.len()), "{actions:?}");
    }

    /// Whoever was not answered yet waits for the host, and at the end nobody waits whose request the host has answered.
    pub(crate) fn invariant_every_request_is_answered_exactly_once(&self, was_closed: bool) {
        if !was_closed && self.closed != Some(CloseReason::Silent) {
            assert_eq!(
                self.untold,
                self.appends.len() + self.questions.len(),
                "requests without an answer, and those under way"
            );
        }
    }

    pub(crate) fn invariant_window_in_is_respected(&self) {
        let open = self.appends.len() + self.questions.len();
        assert!(self.window_in == 0 || open <= self.window_in, "{open} requests");
    }

    pub(crate) fn invariant_window_out_is_respected(&self) {
        assert!(
            self.delivering.len() <= self.window_out,
            "{} deliveries",
            self.delivering.len()
        );
        assert!(self.flying.len() <= self.window_out, "{} PDUs", self.flying.len());
    }

    /// What nobody answers any more would stay open for ever.
    pub(crate) fn invariant_an_open_delivery_is_under_way(&self) {
        assert!(
            self.delivering.is_empty() || !self.flying.is_empty(),
            "{:?} hang",
            self.delivering
        );
    }

    pub(crate) fn invariant_open_work_has_a_deadline(&self) {
        assert!(self.closed.is_some() || self.wake_at.is_some(), "an open bind waits for ever");
    }

    pub(crate) fn invariant_closed_leaves_no_delivery_open(&self) {
        assert!(
            self.closed.is_none() || self.delivering.is_empty(),
            "{:?} left open",
            self.delivering
        );
    }
}
