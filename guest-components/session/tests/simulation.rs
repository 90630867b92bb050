//! A machine between a peer and a host that do as they please within the contract: every request, answers that come late, in
//! another order or never, deliveries, alerts, enquiries, drains, unbinds, half-closes, ticks, and a swap at any moment. One seed
//! is one run; the invariants are checked after every call.
#![allow(clippy::unwrap_used, clippy::allow_attributes, reason = "a test that panics has failed")]

mod common;

use common::{START, config, frames};
use edgebind_session::{
    Machine,
    message::{Address, Alert, Body, Delivery, Incoming, Message, MessageState, Receipt},
    session::{Action, Answer, Bind, CloseReason, Config, Event, Fate, Question, Refusal, Settlement},
};
use edgebind_smpp::{
    CancelSm, CommandId, CommandStatus, DataSm, Destination, DestinationList, EsmClass, Header, Npi, Pdu, QuerySm, ReplaceSm,
    ShortMessage, SubmitMulti, Tag, TlvList, Ton, decode, encode,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::{collections::BTreeMap, env};

const SEEDS: u64 = 400;
const STEPS: usize = 300;

/// The default of the setting `response_timeout`.
const RESPONSE_TIMEOUT_MS: u64 = 30_000;

/// `SIMULATION_SEED=7` plays one seed again.
#[test]
fn invariants_hold_whatever_peer_and_host_do() {
    let one = env::var("SIMULATION_SEED").ok().map(|seed| seed.parse::<u64>().unwrap());
    let (mut accepted, mut told, mut delivered, mut closed) = (0, 0, 0, BTreeMap::new());
    for seed in one.map_or(0..SEEDS, |seed| seed..seed + 1) {
        println!("seed {seed}");
        let world = World::run(seed);
        accepted += world.accepted;
        told += world.told;
        delivered += world.delivered;
        *closed.entry(world.closed.map_or("open", reason)).or_insert(0) += 1;
    }
    println!("{accepted} accepted, {told} questions answered, {delivered} delivered, binds: {closed:?}");
    // A world in which nothing happens keeps every invariant.
    if one.is_none() {
        assert!(
            accepted > 3_000 && told > 2_000 && delivered > 2_000,
            "{accepted} accepted, {told} questions answered, {delivered} delivered"
        );
        for reason in ["unbound", "ended", "drained", "out-of-step", "silent", "open"] {
            assert!(closed.contains_key(reason), "no bind of {closed:?} came to {reason}");
        }
    }
}

fn reason(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Unbound => "unbound",
        CloseReason::Refused => "refused",
        CloseReason::OutOfStep => "out-of-step",
        CloseReason::Silent => "silent",
        CloseReason::Ended => "ended",
        CloseReason::Drained => "drained",
    }
}

/// A request of the peer.
#[derive(Debug)]
struct Asked {
    command: CommandId,
    /// The numbers of a submit_multi that nothing can go to.
    unreachable: usize,
    told: bool,
}

/// The ids that the peer asks about; not all of them are ids.
const IDS: [&str; 4] = ["1000000", "1000007", "999", "none"];

struct World {
    random: StdRng,
    now: u64,
    config: Config,
    window_in: usize,
    window_out: usize,
    machine: Machine,

    // The peer.
    sequence_number: u32,
    /// Every request by its number.
    requests: BTreeMap<u32, Asked>,
    /// Those of them that it was told nothing of.
    untold: usize,
    /// Deliveries that the peer may still answer, and with what.
    received: Vec<(CommandId, u32)>,
    /// Every delivery's PDU that is neither answered nor overdue: its delivery, which its destination names, and when it came.
    flying: BTreeMap<u32, (u64, u64)>,
    /// The numbers of our enquire_link and unbind that it has not answered.
    asked: Vec<(CommandId, u32)>,
    /// It can say nothing more.
    mute: bool,
    /// It answers nothing any more, though it may go on asking.
    sulks: bool,
    /// It answers nothing and asks nothing.
    dead: bool,

    // The host.
    /// Appends that it has not answered.
    appends: Vec<u64>,
    /// Questions that it has not answered.
    questions: Vec<(u64, Question)>,
    /// Message ids that stand for something stored.
    stored: Vec<String>,
    ready: usize,
    next_token: u64,
    /// Deliveries that are not settled.
    delivering: Vec<u64>,
    wake_at: Option<u64>,
    drained: bool,
    closed: Option<CloseReason>,

    accepted: usize,
    told: usize,
    delivered: usize,
}

impl World {
    fn run(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let (window_in, window_out) = ([0, 5][random.random_range(0..2)], [1, 3, 10][random.random_range(0..3)]);
        let config = config(&[
            ("window_in", &window_in.to_string()),
            ("window_out", &window_out.to_string()),
            ("long_incoming", ["udh", "sar", "payload"][random.random_range(0..3)]),
            ("deliver_with", ["deliver_sm", "data_sm"][random.random_range(0..2)]),
        ]);
        let mut world = Self {
            machine: Machine::new(&config),
            now: START,
            config,
            window_in,
            window_out,
            sequence_number: random.random(),
            requests: BTreeMap::new(),
            untold: 0,
            received: Vec::new(),
            flying: BTreeMap::new(),
            asked: Vec::new(),
            mute: false,
            sulks: false,
            dead: random.random_ratio(1, 30),
            appends: Vec::new(),
            questions: Vec::new(),
            stored: Vec::new(),
            ready: 0,
            next_token: 1,
            delivering: Vec::new(),
            wake_at: None,
            drained: false,
            closed: None,
            accepted: 0,
            told: 0,
            delivered: 0,
            random,
        };
        let frame = frames::bind(
            CommandId::BIND_TRANSCEIVER,
            1,
            [0x34, 0x33, 0x50][world.random.random_range(0..3)],
            "",
            "",
        );
        world.call(vec![Event::Bound(Bind { frame })]);
        for _ in 0..STEPS {
            world.step();
        }
        world.settle_down();
        world
    }

    /// Up to six events in one call, or some time, or a swap.
    fn step(&mut self) {
        if self.random.random_ratio(1, 12) {
            let saved = self.machine.save();
            self.machine = Machine::restore(&self.config, &saved).unwrap();
        }
        if self.random.random_ratio(1, 3) {
            let ms = [3, 700, 20_000][self.random.random_range(0..3)];
            self.pass(ms);
        }
        let mut events = Vec::new();
        for _ in 0..self.random.random_range(0..=6) {
            events.extend(self.event());
        }
        if !events.is_empty() {
            self.call(events);
        }
    }

    /// Time goes by, and the host wakes the machine when it asked for that.
    fn pass(&mut self, ms: u64) {
        let until = self.now + ms;
        while let Some(at) = self.wake_at.filter(|&at| at <= until)
            && self.closed.is_none()
        {
            self.now = self.now.max(at);
            self.wake_at = None;
            self.call(vec![Event::Tick]);
        }
        self.now = until;
    }

    /// The peer goes silent, the host answers all it owes: now everything must come to its end.
    fn settle_down(&mut self) {
        while let Some(event) = self.append_answered().or_else(|| self.question_answered()) {
            self.call(vec![event]);
        }
        self.dead = true;
        if !self.drained && self.random.random_bool(0.5) {
            return;
        }
        self.call(vec![Event::Drain]);
        self.pass(100_000);
        assert!(self.closed.is_some(), "a drain comes to its end though the peer says nothing");
    }

    /// One thing that happens, if it can.
    fn event(&mut self) -> Option<Event> {
        let silent = self.mute || self.dead;
        match self.random.random_range(0..1000) {
            0..=299 if !silent => Some(self.request()),
            300..=499 => self.append_answered(),
            500..=549 => self.question_answered(),
            550..=699 => self.deliver(),
            700..=899 if !silent && !self.sulks => self.delivery_answered(),
            900..=939 if !silent => {
                let number = self.next_number();
                Some(Event::Frame(frames::header_only(
                    CommandId::ENQUIRE_LINK,
                    CommandStatus::ROK,
                    number,
                )))
            }
            940..=980 if !silent && !self.sulks => {
                let (asked, number) = self.asked.pop()?;
                Some(Event::Frame(frames::header_only(
                    asked.response(),
                    CommandStatus::ROK,
                    number,
                )))
            }
            // Answers to nothing, commands of another world.
            981..=986 if !silent => {
                let id = [
                    CommandId::SUBMIT_SM_RESP,
                    CommandId::ALERT_NOTIFICATION,
                    CommandId(0x1_0203),
                    CommandId::GENERIC_NACK,
                ];
                let id = id[self.random.random_range(0..4)];
                Some(Event::Frame(frames::header_only(id, CommandStatus::RSYSERR, 0)))
            }
            987..=988 if !self.sulks => {
                self.sulks = self.random.random_ratio(1, 4);
                None
            }
            989 if !silent && self.random.random_ratio(1, 2) => {
                let number = self.next_number();
                Some(Event::Frame(frames::header_only(
                    CommandId::UNBIND,
                    CommandStatus::ROK,
                    number,
                )))
            }
            990 if !self.mute && self.random.random_ratio(1, 3) => {
                self.mute = true;
                Some(Event::Ended)
            }
            991 if !self.mute && self.random.random_ratio(1, 3) => {
                self.mute = true;
                Some(Event::OutOfStep(vec![0, 0, 0, 8]))
            }
            992 if !self.drained && self.random.random_ratio(1, 3) => {
                self.drained = true;
                Some(Event::Drain)
            }
            _ => None,
        }
    }

    fn next_number(&mut self) -> u32 {
        self.sequence_number = self.sequence_number.wrapping_add(1);
        self.sequence_number
    }

    /// A request of any kind; now and then a wrong one, or one that is cut off.
    fn request(&mut self) -> Event {
        let number = self.next_number();
        let mut unreachable = 0;
        let id = IDS[self.random.random_range(0..IDS.len())].as_bytes();
        let mut destinations = DestinationList::new();
        let mut payload = TlvList::new();
        payload.push(Tag::MESSAGE_PAYLOAD, b"Hi").unwrap();
        let pdu = match self.random.random_range(0..12) {
            0 | 1 => {
                for _ in 0..self.random.random_range(1..6) {
                    let good = self.random.random_ratio(2, 3);
                    unreachable += usize::from(!good);
                    let destination = Destination::Sme {
                        dest_addr_ton: Ton::INTERNATIONAL,
                        dest_addr_npi: Npi::ISDN,
                        destination_addr: if good { b"447700900000" } else { b"nobody" },
                    };
                    destinations.push(destination).unwrap();
                }
                Pdu::SubmitMulti(SubmitMulti {
                    dest_addresses: destinations.destinations(),
                    short_message: b"Hi",
                    ..SubmitMulti::default()
                })
            }
            2 => Pdu::DataSm(DataSm {
                destination_addr: b"447700900000",
                tlvs: payload.tlvs(),
                ..DataSm::default()
            }),
            3 => Pdu::QuerySm(QuerySm {
                message_id: id,
                ..QuerySm::default()
            }),
            4 => Pdu::CancelSm(CancelSm {
                message_id: if self.random.random() { id } else { b"" },
                destination_addr: b"447700900000",
                ..CancelSm::default()
            }),
            5 => Pdu::ReplaceSm(ReplaceSm {
                message_id: id,
                short_message: b"Ho",
                ..ReplaceSm::default()
            }),
            6 => Pdu::SubmitSm(ShortMessage {
                destination_addr: b"nobody",
                ..frames::to_a_phone()
            }),
            7 => Pdu::SubmitSm(ShortMessage {
                esm_class: EsmClass::UDHI,
                short_message: b"\x05\x00\x03\x01\x02\x01Hi",
                ..frames::to_a_phone()
            }),
            _ => Pdu::SubmitSm(ShortMessage {
                short_message: b"Hi",
                ..frames::to_a_phone()
            }),
        };
        let mut frame = frames::encoded(number, &pdu);
        if self.random.random_ratio(1, 20) {
            let length = self.random.random_range(16..frame.len());
            frame.truncate(length);
            frame[..4].copy_from_slice(&(length as u32).to_be_bytes());
        }
        self.untold += 1;
        self.requests.insert(
            number,
            Asked {
                command: pdu.command_id(),
                unreachable,
                told: false,
            },
        );
        Event::Frame(frame)
    }

    fn append_answered(&mut self) -> Option<Event> {
        if self.appends.is_empty() {
            return None;
        }
        let token = self.appends.swap_remove(self.random.random_range(0..self.appends.len()));
        let fate = match self.random.random_range(0..10) {
            0 => Err(Refusal::Throttled),
            1 => Err(Refusal::QueueFull),
            2 => Err(Refusal::Unavailable),
            _ => {
                let id = (1_000_000 + self.stored.len()).to_string();
                self.stored.push(id.clone());
                Ok(id)
            }
        };
        Some(Event::Appended((token, fate)))
    }

    fn question_answered(&mut self) -> Option<Event> {
        if self.questions.is_empty() {
            return None;
        }
        let place = self.random.random_range(0..self.questions.len());
        let (token, question) = self.questions.swap_remove(place);
        let answer = match (self.random.random_range(0..6), question) {
            (0, _) => Answer::Unknown,
            (1, _) => Answer::TooLate,
            (2, _) => Answer::Unavailable,
            (_, Question::Query(_)) => Answer::Fate(Fate {
                state: MessageState::Delivered,
                done: Some(self.now),
                error: 0,
            }),
            (_, Question::Cancel(_) | Question::Replace(_)) => Answer::Done,
        };
        Some(Event::Answered((token, answer)))
    }

    fn deliver(&mut self) -> Option<Event> {
        if self.delivering.len() >= self.ready || self.closed.is_some() {
            return None;
        }
        let token = self.next_token;
        self.next_token += 1;
        self.delivering.push(token);
        let address = |digits: &str| Address {
            ton: 1,
            npi: 1,
            digits: digits.to_owned(),
        };
        let delivery = if self.random.random_ratio(1, 10) {
            Delivery::Alert(Alert {
                source: address("447700900000"),
                destination: address(&token.to_string()),
                availability: None,
            })
        } else if self.random.random_bool(0.5) {
            Delivery::Receipt(Receipt {
                id: "1".to_owned(),
                source: address("447700900000"),
                destination: address(&token.to_string()),
                submitted: START,
                done: self.now,
                state: MessageState::Delivered,
                final_: true,
                error: 0,
                excerpt: "Hi".to_owned(),
                user_message_reference: None,
            })
        } else {
            // Now and then one that no PDU can carry.
            let from = if self.random.random_ratio(1, 20) {
                "1".repeat(70)
            } else {
                "447700900000".to_owned()
            };
            Delivery::Incoming(Incoming {
                source: address(&from),
                destination: address(&token.to_string()),
                body: Body::Text("0123456789".repeat(self.random.random_range(0..60))),
                port: None,
                received: self.now,
                tlvs: Vec::new(),
                metadata: Vec::new(),
            })
        };
        Some(Event::Deliver((token, delivery)))
    }

    fn delivery_answered(&mut self) -> Option<Event> {
        if self.received.is_empty() {
            return None;
        }
        let (command, number) = self.received.swap_remove(self.random.random_range(0..self.received.len()));
        let status = match self.random.random_range(0..12) {
            // Lost on the way.
            0 => return None,
            1 => CommandStatus::RX_T_APPN,
            2 => CommandStatus::RX_R_APPN,
            _ => CommandStatus::ROK,
        };
        self.flying.remove(&number);
        Some(Event::Frame(frames::delivered(command, status, number)))
    }

    fn call(&mut self, events: Vec<Event>) {
        let was_closed = self.closed.is_some();
        let late = |sent: u64| sent + RESPONSE_TIMEOUT_MS <= self.now;
        let overdue: Vec<u64> = self
            .flying
            .values()
            .filter(|(_, sent)| late(*sent))
            .map(|(token, _)| *token)
            .collect();
        self.flying.retain(|_, (token, _)| !overdue.contains(token));
        let actions = self.machine.on_events(self.now, events);
        self.invariant_no_action_after_close(was_closed, &actions);
        for action in actions {
            self.perform(action);
        }
        self.invariant_every_request_is_answered_exactly_once(was_closed);
        self.invariant_window_in_is_respected();
        self.invariant_window_out_is_respected();
        self.invariant_an_open_delivery_is_under_way();
        self.invariant_open_work_has_a_deadline();
        self.invariant_closed_leaves_no_delivery_open();
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Send(octets) => {
                for frame in frames::split(&octets) {
                    self.receive(frame);
                }
            }
            Action::Ready(readiness) => self.ready = readiness.window as usize,
            Action::Append((token, message)) => {
                assert!(reachable(&message), "only what is valid is appended: {message:?}");
                self.invariant_no_token_is_used_twice(token);
                self.appends.push(token);
            }
            Action::Ask((token, question)) => {
                if let Question::Query(query) = &question {
                    assert_ne!(query.id, "none", "only what can be an id is asked about");
                }
                self.invariant_no_token_is_used_twice(token);
                self.questions.push((token, question));
            }
            Action::Settle((token, settlement)) => {
                let open = self.delivering.iter().position(|&open| open == token);
                let open = open.unwrap_or_else(|| panic!("invariant_every_delivery_is_settled_at_most_once: {token}"));
                self.delivering.remove(open);
                self.delivered += usize::from(settlement == Settlement::Done);
            }
            Action::WakeAt(at) => self.wake_at = Some(at),
            Action::Close(reason) => self.closed = Some(reason),
        }
    }

    /// The peer reads a frame.
    fn receive(&mut self, frame: &[u8]) {
        let Header {
            command_id,
            command_status,
            sequence_number,
            ..
        } = Header::read(frame).unwrap();
        let (_, pdu) = decode(frame).expect("invariant_every_frame_sent_can_be_decoded");
        let mut again = Vec::new();
        encode(&mut again, command_status, sequence_number, &pdu).unwrap();
        let exact = again == frame || frame.len() == 16;
        assert!(exact, "invariant_every_frame_sent_has_its_exact_length: {pdu:?}");
        match pdu {
            Pdu::SubmitSmResp(resp) => self.told(command_id, command_status, sequence_number, Some(resp.message_id)),
            Pdu::DataSmResp(resp) => self.told(command_id, command_status, sequence_number, Some(resp.message_id)),
            Pdu::SubmitMultiResp(resp) => {
                self.told(command_id, command_status, sequence_number, Some(resp.message_id));
                if command_status.is_ok() {
                    assert_eq!(
                        resp.unsuccess_smes.len(),
                        self.requests[&sequence_number].unreachable,
                        "invariant_a_multi_tells_of_all_that_it_does_not_reach"
                    );
                }
            }
            Pdu::QuerySmResp(resp) => {
                self.told(command_id, command_status, sequence_number, None);
                let asked = IDS.iter().any(|id| id.as_bytes() == resp.message_id);
                assert!(asked || !command_status.is_ok(), "invariant_an_answer_names_its_message");
            }
            Pdu::CancelSmResp | Pdu::ReplaceSmResp => self.told(command_id, command_status, sequence_number, None),
            Pdu::DeliverSm(ShortMessage { destination_addr, .. }) | Pdu::DataSm(DataSm { destination_addr, .. }) => {
                self.received.push((command_id, sequence_number));
                let token = str::from_utf8(destination_addr).unwrap().parse().unwrap();
                self.flying.insert(sequence_number, (token, self.now));
            }
            Pdu::AlertNotification(_) => {}
            Pdu::EnquireLink | Pdu::Unbind => self.asked.push((command_id, sequence_number)),
            _ => assert!(command_id.is_response(), "what is {pdu:?}?"),
        }
        if !command_id.is_response() {
            assert!(
                (1..=0x7FFF_FFFF).contains(&sequence_number),
                "invariant_our_numbers_are_positive: {sequence_number}"
            );
        }
    }

    /// A request of the peer is answered.
    fn told(&mut self, response: CommandId, status: CommandStatus, sequence_number: u32, id: Option<&[u8]>) {
        let asked = self
            .requests
            .get_mut(&sequence_number)
            .expect("invariant_only_what_was_asked_is_answered");
        assert_eq!(asked.command.response(), response, "invariant_an_answer_is_of_its_request");
        assert!(
            !asked.told,
            "invariant_every_request_is_answered_exactly_once: {sequence_number}"
        );
        asked.told = true;
        self.untold -= 1;
        match id {
            Some(id) if status.is_ok() => {
                let id = str::from_utf8(id).unwrap();
                let stored = self.stored.iter().any(|stored| stored == id);
                assert!(stored, "invariant_every_ok_resp_has_an_append: {id:?}");
                self.accepted += 1;
            }
            Some(_) => {}
            None => self.told += 1,
        }
    }

    fn invariant_no_token_is_used_twice(&self, token: u64) {
        let questions = self.questions.iter().map(|(token, _)| token);
        assert!(
            self.appends.iter().chain(questions).all(|&open| open != token),
            "invariant_no_token_is_used_twice: {token}"
        );
    }

    fn invariant_no_action_after_close(&self, was_closed: bool, actions: &[Action]) {
        assert!(!was_closed || actions.is_empty(), "{actions:?} after close");
        let close = actions.iter().position(|action| matches!(action, Action::Close(_)));
        assert!(close.is_none_or(|place| place + 1 == actions.len()), "{actions:?}");
    }

    /// Whoever was not answered yet waits for the host, and at the end nobody waits whose request the host has answered.
    fn invariant_every_request_is_answered_exactly_once(&self, was_closed: bool) {
        if !was_closed && self.closed != Some(CloseReason::Silent) {
            assert_eq!(
                self.untold,
                self.appends.len() + self.questions.len(),
                "requests without an answer, and those under way"
            );
        }
    }

    fn invariant_window_in_is_respected(&self) {
        let open = self.appends.len() + self.questions.len();
        assert!(self.window_in == 0 || open <= self.window_in, "{open} requests");
    }

    fn invariant_window_out_is_respected(&self) {
        assert!(
            self.delivering.len() <= self.window_out,
            "{} deliveries",
            self.delivering.len()
        );
        assert!(self.flying.len() <= self.window_out, "{} PDUs", self.flying.len());
    }

    /// What nobody answers any more would stay open for ever.
    fn invariant_an_open_delivery_is_under_way(&self) {
        assert!(
            self.delivering.is_empty() || !self.flying.is_empty(),
            "{:?} hang",
            self.delivering
        );
    }

    fn invariant_open_work_has_a_deadline(&self) {
        assert!(self.closed.is_some() || self.wake_at.is_some(), "an open bind waits for ever");
    }

    fn invariant_closed_leaves_no_delivery_open(&self) {
        assert!(
            self.closed.is_none() || self.delivering.is_empty(),
            "{:?} left open",
            self.delivering
        );
    }
}

/// Whether a message goes only where something can go, and nowhere twice.
fn reachable(message: &Message) -> bool {
    message.destination.digits == "447700900000" && message.also_to.is_empty()
}
