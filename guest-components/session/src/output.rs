//! The actions of one call as they are put together: PDUs are gathered into as few `send`s as their place among the other
//! actions allows. That place matters only before `ready` and `close`.

use crate::{
    limits::SEND_OCTETS_MAX,
    message::{Instant, Message},
    session::{Action, CloseReason, Question, Readiness, Settlement, Token},
};
use std::mem;

#[derive(Debug, Default)]
pub(crate) struct Output {
    /// PDUs that no `send` holds yet.
    octets: Vec<u8>,
    actions: Vec<Action>,
}

impl Output {
    /// Room for as many actions as there are events: nearly every event has one.
    pub(crate) fn for_events(events: usize) -> Self {
        Self {
            octets: Vec::new(),
            actions: Vec::with_capacity(events + 2),
        }
    }

    /// Where the next PDU is written.
    pub(crate) fn pdu(&mut self) -> &mut Vec<u8> {
        if self.octets.len() >= SEND_OCTETS_MAX {
            self.flush();
        }
        &mut self.octets
    }

    pub(crate) fn append(&mut self, token: Token, message: Message) {
        self.actions.push(Action::Append((token, message)));
    }

    pub(crate) fn ask(&mut self, token: Token, question: Question) {
        self.actions.push(Action::Ask((token, question)));
    }

    pub(crate) fn settle(&mut self, token: Token, settlement: Settlement) {
        self.actions.push(Action::Settle((token, settlement)));
    }

    pub(crate) fn ready(&mut self, readiness: Readiness) {
        self.flush();
        self.actions.push(Action::Ready(readiness));
    }

    pub(crate) fn wake_at(&mut self, at: Instant) {
        self.flush();
        self.actions.push(Action::WakeAt(at));
    }

    pub(crate) fn close(&mut self, reason: CloseReason) {
        self.flush();
        self.actions.push(Action::Close(reason));
    }

    pub(crate) fn into_actions(mut self) -> Vec<Action> {
        self.flush();
        self.actions
    }

    fn flush(&mut self) {
        if !self.octets.is_empty() {
            self.actions.push(Action::Send(mem::take(&mut self.octets)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pdus_share_a_send_until_it_is_full() {
        let mut out = Output::default();
        for _ in 0..3 {
            out.pdu().extend([0; SEND_OCTETS_MAX / 2]);
        }
        let lengths: Vec<usize> = out
            .into_actions()
            .iter()
            .map(|action| match action {
                Action::Send(octets) => octets.len(),
                other => panic!("what is {other:?}?"),
            })
            .collect();
        assert_eq!(lengths, [SEND_OCTETS_MAX, SEND_OCTETS_MAX / 2]);
    }

    #[test]
    fn nothing_to_send_is_no_send() {
        const READINESS: Readiness = Readiness {
            window: 1,
            addresses: None,
        };
        let mut out = Output::default();
        out.ready(READINESS);
        out.close(CloseReason::Unbound);
        assert_eq!(
            out.into_actions(),
            [Action::Ready(READINESS), Action::Close(CloseReason::Unbound)]
        );
    }
}
