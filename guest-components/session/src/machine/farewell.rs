//! How a bind ends: who says so, what is still waited for, and the last action.

use super::Machine;
use crate::{
    limits::FINISH_MS,
    message::Instant,
    output::Output,
    phase::{Farewell, Phase},
    session::{CloseReason, Settlement},
    timers::Timer,
};
use edgebind_smpp::{CommandId, CommandStatus, encode_header_only};

impl Machine {
    pub(super) fn on_unbind(&mut self, now: Instant, sequence_number: u32, out: &mut Output) {
        let reason = match self.phase {
            // Both unbind at once: theirs is answered first, and nobody needs to wait for ours.
            Phase::Finish(Farewell::Unbind(reason)) | Phase::UnbindResp { reason, .. } => reason,
            _ => CloseReason::Unbound,
        };
        self.finish(now, Farewell::UnbindResp { sequence_number, reason }, out);
    }

    pub(super) fn on_unbind_resp(&mut self, answered: u32) {
        if let Phase::UnbindResp { sequence_number, reason } = self.phase
            && sequence_number == answered
        {
            self.phase = Phase::Finish(Farewell::Close(reason));
        }
    }

    /// The peer's side of the stream is over; what it asked for is still answered.
    pub(super) fn hear_no_more(&mut self, now: Instant, reason: CloseReason, out: &mut Output) {
        match self.phase {
            Phase::Bind => self.close(reason, out),
            Phase::Finish(Farewell::UnbindResp { .. } | Farewell::Close(_)) | Phase::Closed => {}
            Phase::Work => self.finish(now, Farewell::Close(reason), out),
            // We were going anyway.
            Phase::Finish(Farewell::Unbind(reason)) | Phase::UnbindResp { reason, .. } => {
                self.finish(now, Farewell::Close(reason), out);
            }
        }
    }

    /// Takes no new work, and ends when what is under way is over.
    pub(super) fn finish(&mut self, now: Instant, farewell: Farewell, out: &mut Output) {
        self.phase = Phase::Finish(farewell);
        self.timers.clear(Timer::Enquire);
        self.timers.clear(Timer::EnquireResp);
        self.timers.clear(Timer::Inactivity);
        self.timers.set(Timer::Farewell, now.saturating_add(FINISH_MS));
        for token in self.deliveries.take_unbegun() {
            out.settle(token, Settlement::Retry(0));
        }
    }

    pub(super) fn say_goodbye(&mut self, now: Instant, farewell: Farewell, out: &mut Output) {
        match farewell {
            Farewell::Unbind(reason) => {
                let sequence_number = self.next_sequence_number();
                encode_header_only(out.pdu(), CommandId::UNBIND, CommandStatus::ROK, sequence_number);
                self.phase = Phase::UnbindResp { sequence_number, reason };
                self.timers
                    .set(Timer::Farewell, now.saturating_add(self.settings.unbind_timeout_ms));
            }
            Farewell::UnbindResp { sequence_number, reason } => {
                encode_header_only(out.pdu(), CommandId::UNBIND_RESP, CommandStatus::ROK, sequence_number);
                self.close(reason, out);
            }
            Farewell::Close(reason) => self.close(reason, out),
        }
    }

    /// The last action. What the peer has not answered goes back to the host, to be delivered again later.
    pub(super) fn close(&mut self, reason: CloseReason, out: &mut Output) {
        for token in self.deliveries.take_unbegun() {
            out.settle(token, Settlement::Retry(0));
        }
        for token in self.deliveries.take_all() {
            out.settle(token, Settlement::Retry(self.settings.retry_deliver_ms));
        }
        out.close(reason);
        self.phase = Phase::Closed;
    }
}
