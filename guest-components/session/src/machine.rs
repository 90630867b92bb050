//! The machine of one bind: what happened goes in, what to do comes out. It decides the order of things; what a submit_sm
//! means, how a delivery looks and which timers run is said next door.

use crate::{
    deliveries::{Answer, Deliveries, Verdict},
    incoming::{self, Undeliverable},
    limits::FINISH_MS,
    message::{Delivery, Instant},
    output::Output,
    peer::{Kind, Peer},
    receipt,
    session::{Action, CloseReason, Config, Event, MessageId, Readiness, Refusal, Settlement, Token},
    settings::Settings,
    submission,
    timers::{Timer, Timers},
};
use edgebind_smpp::{
    Bind, BindResp, CommandId, CommandStatus, Header, Limits, MessageIdResp, Pdu, Tag, TlvList, bind_refusal, decode,
    decode_within, encode, encode_header_only, refusal,
};
use serde::{Deserialize, Serialize};

/// The version that we speak, for sc_interface_version.
const VERSION: u8 = 0x34;

/// Largest sequence_number of a request of ours; 1 follows (SMPP 3.4 §3.2).
const SEQUENCE_NUMBER_MAX: u32 = 0x7FFF_FFFF;

/// The first octet of a saved machine: which form the rest has. A new number for every change to what is saved.
const SCHEMA: u8 = 1;

/// The session of one bind.
///
/// Every call returns all that is to be done; nothing is held back. After `close` it returns nothing more.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// Not saved: a successor has its own.
    #[serde(skip)]
    settings: Settings,
    phase: Phase,
    peer: Peer,
    /// Appends that the host has not answered.
    appends_open: u32,
    /// Appends ever, so that no two tokens are alike.
    appends: u32,
    deliveries: Deliveries,
    /// Of our last request.
    sequence_number: u32,
    /// Of the last message that went out in parts.
    reference: u16,
    /// Times in a row that deliver_sm went unanswered.
    unanswered: u32,
    /// What the last `ready` said.
    ready: Option<u32>,
    timers: Timers,
}

/// What the machine waits for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Phase {
    Bind,
    /// Anything.
    Work,
    /// The end of what is under way; then it says goodbye.
    Finish(Farewell),
    /// The peer's answer to our unbind.
    UnbindResp {
        sequence_number: u32,
        reason: CloseReason,
    },
    /// Nothing.
    Closed,
}

/// How a bind ends once nothing is under way.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Farewell {
    /// We unbind, and close when that is answered.
    Unbind(CloseReason),
    /// The peer unbound: its answer is owed.
    UnbindResp { sequence_number: u32, reason: CloseReason },
    /// The peer can say nothing more.
    Close(CloseReason),
}

impl Machine {
    /// A machine for a bind that is still to come. A setting that [`check`](crate::check) refuses stays at its default.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let (settings, _) = Settings::read(&config.settings);
        Self {
            settings,
            phase: Phase::Bind,
            peer: Peer::default(),
            appends_open: 0,
            appends: 0,
            deliveries: Deliveries::default(),
            sequence_number: 0,
            reference: 0,
            unanswered: 0,
            ready: None,
            timers: Timers::default(),
        }
    }

    /// What happened, in order, at one time; what to do, in order.
    pub fn on_events(&mut self, now: Instant, events: Vec<Event>) -> Vec<Action> {
        let mut out = Output::for_events(events.len());
        for event in events {
            self.on_event(now, event, &mut out);
        }
        self.on_time(now, &mut out);
        self.go_on(now, &mut out);
        out.into_actions()
    }

    /// Everything that a successor needs to go on.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        postcard::to_extend(self, vec![SCHEMA]).expect("a vector takes all that is written")
    }

    /// A machine that goes on where the saved one stood, by the settings of its own release.
    ///
    /// # Errors
    /// The saved octets are none of ours, or of a later release. Whoever wants to swap is to blame; the bind stays as it is.
    pub fn restore(config: &Config, saved: &[u8]) -> Result<Self, String> {
        let machine = match saved {
            [SCHEMA, saved @ ..] => {
                postcard::from_bytes::<Self>(saved).map_err(|error| format!("cannot read the saved session: {error}"))
            }
            [schema, ..] => Err(format!(
                "saved by another session: its schema is {schema}, this session reads {SCHEMA}"
            )),
            [] => Err("nothing was saved".to_owned()),
        }?;
        let (settings, _) = Settings::read(&config.settings);
        Ok(Self { settings, ..machine })
    }

    fn on_event(&mut self, now: Instant, event: Event, out: &mut Output) {
        if self.phase == Phase::Closed {
            return;
        }
        match event {
            Event::Bound(bind) if self.phase == Phase::Bind => self.on_bound(now, &bind.frame, out),
            // The host breaks the contract; the bind that stands is not touched.
            Event::Bound(_) => {}
            Event::Frame(frame) => self.on_frame(now, &frame, out),
            Event::OutOfStep(_) => {
                // No number can be read where the length cannot be believed: 0 stands for that (SMPP 3.4 §4.3.1).
                encode_header_only(out.pdu(), CommandId::GENERIC_NACK, CommandStatus::RINVCMDLEN, 0);
                self.hear_no_more(now, CloseReason::OutOfStep, out);
            }
            Event::Ended => self.hear_no_more(now, CloseReason::Ended, out),
            Event::Appended((token, fate)) => self.on_appended(token, &fate, out),
            // Nothing is asked.
            Event::Answered(_) => {}
            Event::Deliver((token, delivery)) => self.on_deliver(token, &delivery, out),
            Event::Tick => self.timers.ticked(),
            Event::Drain => match self.phase {
                Phase::Bind => self.close(CloseReason::Drained, out),
                Phase::Work => self.finish(now, Farewell::Unbind(CloseReason::Drained), out),
                Phase::Finish(_) | Phase::UnbindResp { .. } | Phase::Closed => {}
            },
        }
    }

    /// The bind request, whose sender the host already knows to be who it says. Nothing goes out before its answer.
    fn on_bound(&mut self, now: Instant, frame: &[u8], out: &mut Output) {
        let (header, bind) = match decode_within(frame, Limits::LONG_PASSWORDS) {
            Ok((header, Pdu::BindTransmitter(bind) | Pdu::BindReceiver(bind) | Pdu::BindTransceiver(bind))) => (header, bind),
            Ok((header, _)) => return self.refuse_bind(header, CommandStatus::RINVCMDID, out),
            Err(error) => return self.refuse_bind(error.header, error.status, out),
        };
        let kind = match self.take_bind(header.command_id, &bind) {
            Ok(kind) => kind,
            Err(status) => return self.refuse_bind(header, status, out),
        };
        self.peer = Peer {
            kind,
            version: bind.interface_version,
        };
        let mut tlvs = TlvList::new();
        if self.peer.takes_tlvs() {
            tlvs.push_u8(Tag::SC_INTERFACE_VERSION, VERSION);
        }
        let resp = BindResp {
            system_id: self.settings.system_id.as_bytes(),
            tlvs: tlvs.tlvs(),
        };
        let pdu = match kind {
            Kind::Transmitter => Pdu::BindTransmitterResp(resp),
            Kind::Receiver => Pdu::BindReceiverResp(resp),
            Kind::Transceiver => Pdu::BindTransceiverResp(resp),
        };
        encode(out.pdu(), CommandStatus::ROK, header.sequence_number, &pdu).expect("system_id was checked when it was set");
        self.phase = Phase::Work;
        self.message_passed(now);
        self.heard(now);
        self.say_ready(out);
    }

    fn take_bind(&self, request: CommandId, bind: &Bind<'_>) -> Result<Kind, CommandStatus> {
        let taken = |kind: &Kind| self.settings.bind_types.contains(kind);
        let kind = Kind::of(request).filter(taken).ok_or(CommandStatus::RBINDFAIL)?;
        let system_type = &self.settings.system_type;
        if system_type.is_empty() || system_type.as_bytes() == bind.system_type {
            Ok(kind)
        } else {
            Err(CommandStatus::RINVSYSTYP)
        }
    }

    fn refuse_bind(&mut self, header: Header, status: CommandStatus, out: &mut Output) {
        bind_refusal(out.pdu(), header.command_id, status, header.sequence_number);
        self.close(CloseReason::Refused, out);
    }

    fn on_frame(&mut self, now: Instant, frame: &[u8], out: &mut Output) {
        let Some(Header {
            command_id,
            command_status,
            sequence_number,
            ..
        }) = Header::read(frame)
        else {
            return;
        };
        self.heard(now);
        match command_id {
            CommandId::SUBMIT_SM => self.on_submit_sm(now, sequence_number, frame, out),
            CommandId::DELIVER_SM_RESP => self.on_deliver_sm_resp(now, sequence_number, Verdict::of(command_status), out),
            CommandId::ENQUIRE_LINK => encode_header_only(out.pdu(), command_id.response(), CommandStatus::ROK, sequence_number),
            CommandId::UNBIND => self.on_unbind(now, sequence_number, out),
            CommandId::UNBIND_RESP => self.on_unbind_resp(sequence_number),
            CommandId::GENERIC_NACK => {
                // No request is fine and nacked at once.
                let status = if command_status.is_ok() {
                    CommandStatus::RUNKNOWNERR
                } else {
                    command_status
                };
                self.on_deliver_sm_resp(now, sequence_number, Verdict::of(status), out);
                self.on_unbind_resp(sequence_number);
            }
            // enquire_link_resp has been heard, which is all that it is for; the others answer nothing that was asked.
            _ if command_id.is_response() => {}
            _ if command_id.is_bind() => bind_refusal(out.pdu(), command_id, CommandStatus::RALYBND, sequence_number),
            _ => encode_header_only(out.pdu(), CommandId::GENERIC_NACK, CommandStatus::RINVCMDID, sequence_number),
        }
    }

    fn on_submit_sm(&mut self, now: Instant, sequence_number: u32, frame: &[u8], out: &mut Output) {
        let message = self.may_submit().and_then(|()| match decode(frame) {
            Ok((_, Pdu::SubmitSm(sm))) => submission::read(&sm, self.peer, &self.settings, now),
            Ok(_) => Err(CommandStatus::RINVCMDID),
            Err(error) => Err(error.status),
        });
        match message {
            Ok(message) => {
                self.message_passed(now);
                self.appends = self.appends.wrapping_add(1);
                self.appends_open += 1;
                // The number to answer with is in the token: nothing needs to be looked up.
                let token = Token::from(self.appends) << 32 | Token::from(sequence_number);
                out.append(token, message);
            }
            Err(status) => refusal(out.pdu(), CommandId::SUBMIT_SM, status, sequence_number),
        }
    }

    fn may_submit(&self) -> Result<(), CommandStatus> {
        match self.phase {
            _ if !self.peer.submits() => Err(CommandStatus::RINVBNDSTS),
            Phase::Work if self.settings.window_in > 0 && self.appends_open >= self.settings.window_in => {
                Err(CommandStatus::RTHROTTLED)
            }
            Phase::Work => Ok(()),
            // It does not know yet that we unbind: it may try again elsewhere.
            Phase::Finish(Farewell::Unbind(_)) | Phase::UnbindResp { .. } => Err(CommandStatus::RSYSERR),
            Phase::Bind | Phase::Finish(_) | Phase::Closed => Err(CommandStatus::RINVBNDSTS),
        }
    }

    fn on_appended(&mut self, token: Token, fate: &Result<MessageId, Refusal>, out: &mut Output) {
        self.appends_open = self.appends_open.saturating_sub(1);
        let sequence_number = token as u32;
        let status = match fate {
            Ok(id) => {
                let pdu = Pdu::SubmitSmResp(MessageIdResp {
                    message_id: id.as_bytes(),
                });
                match encode(out.pdu(), CommandStatus::ROK, sequence_number, &pdu) {
                    Ok(()) => return,
                    // It is stored, but under an id that no PDU can carry.
                    Err(_) => CommandStatus::RSYSERR,
                }
            }
            Err(Refusal::Throttled) => CommandStatus::RTHROTTLED,
            Err(Refusal::QueueFull) => CommandStatus::RMSGQFUL,
            Err(Refusal::Unavailable) => CommandStatus::RSYSERR,
            // Zero would be a success without an id.
            Err(Refusal::Rejected(0)) => CommandStatus::RSUBMITFAIL,
            Err(Refusal::Rejected(status)) => CommandStatus(*status),
        };
        refusal(out.pdu(), CommandId::SUBMIT_SM, status, sequence_number);
    }

    fn on_deliver(&mut self, token: Token, delivery: &Delivery, out: &mut Output) {
        if self.phase != Phase::Work || !self.peer.receives() {
            return out.settle(token, Settlement::Retry(0));
        }
        let frames = match delivery {
            Delivery::Receipt(receipt) => receipt::frame(receipt, self.peer).map(|frame| vec![frame]),
            Delivery::Incoming(incoming) => incoming::frames(incoming, self.peer, &self.settings, &mut self.reference),
            Delivery::Alert(_) => Err(Undeliverable(CommandStatus::RINVCMDID)),
        };
        match frames {
            Ok(frames) => self.deliveries.add(token, frames),
            Err(Undeliverable(status)) => out.settle(token, Settlement::Dead(status.0)),
        }
    }

    fn on_deliver_sm_resp(&mut self, now: Instant, sequence_number: u32, verdict: Verdict, out: &mut Output) {
        match self.deliveries.answered(sequence_number, verdict) {
            Answer::Unknown => return,
            Answer::Partial => {}
            Answer::Over(token, verdict) => out.settle(
                token,
                match verdict {
                    Verdict::Done => Settlement::Done,
                    Verdict::Retry => Settlement::Retry(self.settings.retry_deliver_ms),
                    Verdict::Dead(status) => Settlement::Dead(status),
                },
            ),
        }
        self.unanswered = 0;
        self.message_passed(now);
        self.await_deliver_sm_resp();
    }

    fn on_unbind(&mut self, now: Instant, sequence_number: u32, out: &mut Output) {
        let reason = match self.phase {
            // Both unbind at once: theirs is answered first, and nobody needs to wait for ours.
            Phase::Finish(Farewell::Unbind(reason)) | Phase::UnbindResp { reason, .. } => reason,
            _ => CloseReason::Unbound,
        };
        self.finish(now, Farewell::UnbindResp { sequence_number, reason }, out);
    }

    fn on_unbind_resp(&mut self, answered: u32) {
        if let Phase::UnbindResp { sequence_number, reason } = self.phase
            && sequence_number == answered
        {
            self.phase = Phase::Finish(Farewell::Close(reason));
        }
    }

    /// The peer's side of the stream is over; what it asked for is still answered.
    fn hear_no_more(&mut self, now: Instant, reason: CloseReason, out: &mut Output) {
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
    fn finish(&mut self, now: Instant, farewell: Farewell, out: &mut Output) {
        self.phase = Phase::Finish(farewell);
        self.timers.clear(Timer::Enquire);
        self.timers.clear(Timer::EnquireResp);
        self.timers.clear(Timer::Inactivity);
        self.timers.set(Timer::Farewell, now.saturating_add(FINISH_MS));
        for token in self.deliveries.take_unbegun() {
            out.settle(token, Settlement::Retry(0));
        }
    }

    /// Timers that have gone off. They come behind the events of the same call: what has arrived is not late.
    fn on_time(&mut self, now: Instant, out: &mut Output) {
        while self.phase != Phase::Closed
            && let Some(timer) = self.timers.expire(now)
        {
            match timer {
                Timer::Enquire => {
                    let sequence_number = self.next_sequence_number();
                    encode_header_only(out.pdu(), CommandId::ENQUIRE_LINK, CommandStatus::ROK, sequence_number);
                    self.await_enquire_link_resp(now);
                }
                // While we owe answers the host may have stopped reading: then silence says nothing about the peer.
                Timer::EnquireResp if self.appends_open > 0 => self.await_enquire_link_resp(now),
                Timer::EnquireResp => self.close(CloseReason::Silent, out),
                Timer::Inactivity => self.finish(now, Farewell::Unbind(CloseReason::Unbound), out),
                Timer::DeliverResp => self.on_no_deliver_sm_resp(now, out),
                Timer::Farewell => match self.phase {
                    Phase::Finish(farewell) => self.say_goodbye(now, farewell, out),
                    Phase::UnbindResp { reason, .. } => self.close(reason, out),
                    Phase::Bind | Phase::Work | Phase::Closed => {}
                },
            }
        }
    }

    /// A round of deliver_sm went unanswered. They go back to the host; a peer that leaves several rounds in a row unanswered
    /// is as good as gone, whatever it says to enquire_link.
    fn on_no_deliver_sm_resp(&mut self, now: Instant, out: &mut Output) {
        for token in self.deliveries.take_overdue(now) {
            out.settle(token, Settlement::Retry(self.settings.retry_deliver_ms));
        }
        self.unanswered += 1;
        if self.unanswered == self.settings.unanswered_max {
            self.close(CloseReason::Silent, out);
        } else {
            self.await_deliver_sm_resp();
        }
    }

    /// What follows once all that happened is known: the window is filled, the end comes nearer, the host is asked to wake us.
    fn go_on(&mut self, now: Instant, out: &mut Output) {
        let window = self.settings.window_out as usize;
        while self.deliveries.has_waiting() && self.deliveries.flying() < window {
            let sequence_number = self.next_sequence_number();
            let deadline = now.saturating_add(self.settings.response_timeout_ms);
            out.pdu()
                .extend(self.deliveries.send(sequence_number, deadline).unwrap_or_default());
            self.await_deliver_sm_resp();
        }
        if let Phase::Finish(farewell) = self.phase
            && self.appends_open == 0
            && (self.deliveries.flying() == 0 || !matches!(farewell, Farewell::Unbind(_)))
        {
            self.say_goodbye(now, farewell, out);
        }
        if self.phase == Phase::Closed {
            return;
        }
        self.say_ready(out);
        if let Some(at) = self.timers.wake_at() {
            out.wake_at(at);
        }
    }

    fn say_goodbye(&mut self, now: Instant, farewell: Farewell, out: &mut Output) {
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
    fn close(&mut self, reason: CloseReason, out: &mut Output) {
        for token in self.deliveries.take_unbegun() {
            out.settle(token, Settlement::Retry(0));
        }
        for token in self.deliveries.take_all() {
            out.settle(token, Settlement::Retry(self.settings.retry_deliver_ms));
        }
        out.close(reason);
        self.phase = Phase::Closed;
    }

    /// Tells the host how many deliveries may come, when that is not what it was told before.
    fn say_ready(&mut self, out: &mut Output) {
        let takes = self.phase == Phase::Work && self.peer.receives();
        let window = if takes { self.settings.window_out } else { 0 };
        if self.phase != Phase::Bind && self.ready != Some(window) {
            self.ready = Some(window);
            out.ready(Readiness {
                window,
                addresses: None,
            });
        }
    }

    /// Something came from the peer: any PDU is a sign of life, and answers an enquire_link (SMPP 3.4 §4.11).
    fn heard(&mut self, now: Instant) {
        if self.phase == Phase::Work && self.settings.enquire_link_ms > 0 {
            self.timers
                .set(Timer::Enquire, now.saturating_add(self.settings.enquire_link_ms));
            self.timers.clear(Timer::EnquireResp);
        }
    }

    fn await_enquire_link_resp(&mut self, now: Instant) {
        self.timers
            .set(Timer::EnquireResp, now.saturating_add(self.settings.enquire_timeout_ms));
    }

    fn await_deliver_sm_resp(&mut self) {
        match self.deliveries.deadline() {
            Some(at) => self.timers.set(Timer::DeliverResp, at),
            None => self.timers.clear(Timer::DeliverResp),
        }
    }

    /// A message went one way or the other. Only that counts as activity: a peer that does nothing but enquire is idle.
    fn message_passed(&mut self, now: Instant) {
        if self.phase == Phase::Work && self.settings.inactivity_ms > 0 {
            self.timers
                .set(Timer::Inactivity, now.saturating_add(self.settings.inactivity_ms));
        }
    }

    fn next_sequence_number(&mut self) -> u32 {
        self.sequence_number = if self.sequence_number < SEQUENCE_NUMBER_MAX {
            self.sequence_number + 1
        } else {
            1
        };
        self.sequence_number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config {
            tenant: String::new(),
            account: String::new(),
            settings: Vec::new(),
        }
    }

    #[test]
    fn what_was_not_saved_by_this_schema_is_not_restored() {
        let saved = Machine::new(&config()).save();
        let restore = |saved: &[u8]| Machine::restore(&config(), saved).map(|machine| machine.save());
        assert_eq!(restore(&saved).as_ref(), Ok(&saved));

        let later = [&[SCHEMA + 1], &saved[1..]].concat();
        assert_eq!(
            restore(&later).unwrap_err(),
            "saved by another session: its schema is 2, this session reads 1"
        );
        assert_eq!(restore(&[]).unwrap_err(), "nothing was saved");
        for length in 1..saved.len() {
            let error = restore(&saved[..length]).unwrap_err();
            assert!(
                error.starts_with("cannot read the saved session: "),
                "{length} octets: {error}"
            );
        }
    }

    #[test]
    fn our_numbers_begin_again_at_1() {
        let mut machine = Machine::new(&config());
        machine.sequence_number = SEQUENCE_NUMBER_MAX - 1;
        assert_eq!(machine.next_sequence_number(), SEQUENCE_NUMBER_MAX);
        assert_eq!(machine.next_sequence_number(), 1);
    }
}
