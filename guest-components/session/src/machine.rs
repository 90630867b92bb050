//! The machine of one bind: what happened goes in, what to do comes out. It decides the order of things; what a request
//! means, how a delivery looks, what the host's answer says to the peer and which timers run is said next door.

mod farewell;

use crate::{
    alert, answers, bind,
    deliveries::{Answer, Deliveries, Verdict},
    incoming,
    matrix::{Ruling, Sender, State, ruling},
    message::{Delivery, Instant, MessageId},
    output::Output,
    peer::Peer,
    phase::{Farewell, Phase},
    reading::{self, Terms, Work},
    receipt,
    requests::Requests,
    session::{self, Action, CloseReason, Config, Event, Readiness, Refusal, Settlement, Token},
    settings::{AddressRange, Settings},
    timers::{Timer, Timers},
    undeliverable::Undeliverable,
};
use edgebind_smpp::{CommandId, CommandStatus, Header, encode_header_only, refusal};
use serde::{Deserialize, Serialize};

/// Largest sequence_number of a request of ours; 1 follows (SMPP 3.4 §3.2).
const SEQUENCE_NUMBER_MAX: u32 = 0x7FFF_FFFF;

/// The first octet of a saved machine: which form the rest has. A new number for every change to what is saved.
const SCHEMA: u8 = 2;

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
    /// address_range of the bind request.
    address_range: String,
    /// What the host was asked for the peer.
    requests: Requests,
    deliveries: Deliveries,
    /// Of our last request.
    sequence_number: u32,
    /// Of the last message that went out in parts.
    reference: u16,
    /// Times in a row that deliveries went unanswered.
    unanswered: u32,
    /// What the last `ready` said.
    ready: Option<Readiness>,
    timers: Timers,
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
            address_range: String::new(),
            requests: Requests::default(),
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
            Event::Answered((token, answer)) => self.on_answered(token, &answer, out),
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
        match bind::take(frame, &self.settings) {
            Ok(taken) => {
                taken.answer(out.pdu(), &self.settings);
                self.peer = taken.peer;
                self.address_range = taken.address_range;
                self.phase = Phase::Work;
                self.message_passed(now);
                self.heard(now);
                self.say_ready(out);
            }
            Err(refused) => {
                refused.answer(out.pdu());
                self.close(CloseReason::Refused, out);
            }
        }
    }

    fn on_frame(&mut self, now: Instant, frame: &[u8], out: &mut Output) {
        let Some(header) = Header::read(frame) else {
            return;
        };
        let Header {
            command_id,
            command_status,
            sequence_number,
            ..
        } = header;
        self.heard(now);
        match ruling(command_id, Sender::Esme, self.state()) {
            Ruling::Allowed => {}
            Ruling::Refused(status) => return refusal(out.pdu(), command_id, status, sequence_number),
            Ruling::Nacked(status) => {
                return encode_header_only(out.pdu(), CommandId::GENERIC_NACK, status, sequence_number);
            }
            Ruling::Dropped => return,
        }
        match command_id {
            CommandId::ENQUIRE_LINK => encode_header_only(out.pdu(), command_id.response(), CommandStatus::ROK, sequence_number),
            // It has been heard, which is all that it is for.
            CommandId::ENQUIRE_LINK_RESP => {}
            CommandId::DELIVER_SM_RESP | CommandId::DATA_SM_RESP => {
                let verdict = Verdict::of(command_status, &self.settings);
                self.on_delivered(now, sequence_number, verdict, out);
            }
            CommandId::UNBIND => self.on_unbind(now, sequence_number, out),
            CommandId::UNBIND_RESP => self.on_unbind_resp(sequence_number),
            CommandId::GENERIC_NACK => {
                // No request is fine and nacked at once.
                let status = if command_status.is_ok() {
                    CommandStatus::RUNKNOWNERR
                } else {
                    command_status
                };
                let verdict = Verdict::of(status, &self.settings);
                self.on_delivered(now, sequence_number, verdict, out);
                self.on_unbind_resp(sequence_number);
            }
            _ => self.on_request(now, header, frame, out),
        }
    }

    /// Something for the host: a message to store, or a question about messages.
    fn on_request(&mut self, now: Instant, header: Header, frame: &[u8], out: &mut Output) {
        let terms = Terms {
            peer: self.peer,
            settings: &self.settings,
            now,
        };
        let read = self.takes_work().and_then(|()| reading::read(frame, terms));
        match read {
            Ok((request, kept, work)) => {
                self.message_passed(now);
                let token = self.requests.begin(request, header.sequence_number, kept);
                match work {
                    Work::Append(message) => out.append(token, message),
                    Work::Ask(question) => out.ask(token, question),
                }
            }
            Err(status) => refusal(out.pdu(), header.command_id, status, header.sequence_number),
        }
    }

    fn takes_work(&self) -> Result<(), CommandStatus> {
        self.phase.takes_work()?;
        let window = self.settings.window_in;
        if window > 0 && self.requests.open() >= window {
            return Err(CommandStatus::RTHROTTLED);
        }
        Ok(())
    }

    fn on_appended(&mut self, token: Token, fate: &Result<MessageId, Refusal>, out: &mut Output) {
        if let Some(waiting) = self.requests.end(token) {
            answers::appended(out.pdu(), &waiting, fate, &self.settings);
        }
    }

    fn on_answered(&mut self, token: Token, answer: &session::Answer, out: &mut Output) {
        if let Some(waiting) = self.requests.end(token) {
            answers::answered(out.pdu(), &waiting, answer);
        }
    }

    fn on_deliver(&mut self, token: Token, delivery: &Delivery, out: &mut Output) {
        if self.phase != Phase::Work || !self.peer.receives() {
            return out.settle(token, Settlement::Retry(0));
        }
        let frames = match delivery {
            Delivery::Receipt(receipt) => receipt::frame(receipt, self.peer, &self.settings).map(|frame| vec![frame]),
            Delivery::Incoming(incoming) => incoming::frames(incoming, self.peer, &self.settings, &mut self.reference),
            // Nothing answers it: it is over once it is sent, and takes no place in the window.
            Delivery::Alert(alert) => {
                let sequence_number = self.next_sequence_number();
                alert::write(out.pdu(), sequence_number, alert, self.peer).map(|()| Vec::new())
            }
        };
        match frames {
            Ok(frames) if frames.is_empty() => out.settle(token, Settlement::Done),
            Ok(frames) => self.deliveries.add(token, frames),
            Err(Undeliverable(status)) => out.settle(token, Settlement::Dead(status.0)),
        }
    }

    /// The peer's answer to a deliver_sm or data_sm of ours.
    fn on_delivered(&mut self, now: Instant, sequence_number: u32, verdict: Verdict, out: &mut Output) {
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
        self.await_delivered();
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
                Timer::EnquireResp if self.requests.open() > 0 => self.await_enquire_link_resp(now),
                Timer::EnquireResp => self.close(CloseReason::Silent, out),
                Timer::Inactivity => self.finish(now, Farewell::Unbind(CloseReason::Unbound), out),
                Timer::Delivered => self.on_unanswered(now, out),
                Timer::Farewell => match self.phase {
                    Phase::Finish(farewell) => self.say_goodbye(now, farewell, out),
                    Phase::UnbindResp { reason, .. } => self.close(reason, out),
                    Phase::Bind | Phase::Work | Phase::Closed => {}
                },
            }
        }
    }

    /// A round of deliveries went unanswered. They go back to the host; a peer that leaves several rounds in a row unanswered
    /// is as good as gone, whatever it says to enquire_link.
    fn on_unanswered(&mut self, now: Instant, out: &mut Output) {
        for token in self.deliveries.take_overdue(now) {
            out.settle(token, Settlement::Retry(self.settings.retry_deliver_ms));
        }
        self.unanswered = self.unanswered.saturating_add(1);
        if self.unanswered == self.settings.unanswered_max {
            self.close(CloseReason::Silent, out);
        } else {
            self.await_delivered();
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
            self.await_delivered();
        }
        if let Phase::Finish(farewell) = self.phase
            && self.requests.open() == 0
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

    /// Tells the host how many deliveries may come and which, when that is not what it was told before.
    fn say_ready(&mut self, out: &mut Output) {
        let takes = self.phase == Phase::Work && self.peer.receives();
        let window = if takes { self.settings.window_out } else { 0 };
        let routes = takes && self.settings.address_range == AddressRange::Route && !self.address_range.is_empty();
        let addresses = routes.then_some(self.address_range.as_str());
        let said = self.ready.as_ref();
        if self.phase != Phase::Bind && said.is_none_or(|said| (said.window, said.addresses.as_deref()) != (window, addresses)) {
            let readiness = Readiness {
                window,
                addresses: addresses.map(str::to_owned),
            };
            self.ready = Some(readiness.clone());
            out.ready(readiness);
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

    fn await_delivered(&mut self) {
        match self.deliveries.deadline() {
            Some(at) => self.timers.set(Timer::Delivered, at),
            None => self.timers.clear(Timer::Delivered),
        }
    }

    /// A message went one way or the other, or a question about one. Only that counts as activity (SMPP 3.4 §7.2 leaves it
    /// open): a peer that does nothing but enquire is idle, or it would stay connected for ever.
    fn message_passed(&mut self, now: Instant) {
        if self.phase == Phase::Work && self.settings.inactivity_ms > 0 {
            self.timers
                .set(Timer::Inactivity, now.saturating_add(self.settings.inactivity_ms));
        }
    }

    const fn state(&self) -> State {
        match self.phase {
            Phase::Bind => State::Open,
            _ => State::bound(self.peer.kind),
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

        let earlier = [&[SCHEMA - 1], &saved[1..]].concat();
        assert_eq!(
            restore(&earlier).unwrap_err(),
            "saved by another session: its schema is 1, this session reads 2"
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
