//! The world around one machine: what is open between peer, machine and host, and what must hold after every call.

#[cfg(test)]
use std::collections::BTreeMap;

use edgebind_session::{
    Machine, check,
    message::Setting,
    session::{Action, Bind, CloseReason, Config, Event, Token},
};
use edgebind_smpp::text::Alphabet;

use super::{host::Host, peer::Peer};
use crate::{memory, targets::tape::Tape};

/// When every world begins, in milliseconds: 2026-01-02 15:04:05 UTC.
const START: u64 = 1_767_366_245_000;

/// Longer than all timers of an ending session together.
const LONG_ENOUGH_MS: u64 = 200_000;

/// Events of one call; the host hands over more than that, but nothing changes with their number.
const EVENTS_MAX: usize = 8;

/// What `host/runtime` allows a session: actions and octets of one call.
const ACTIONS_MAX: usize = 1024;
const ACTION_OCTETS_MAX: usize = 1 << 20;
const SAVED_OCTETS_MAX: usize = 1 << 20;

/// Octets of memory that a call may ask for, whatever comes in, and for each octet that does.
const MEMORY_OCTETS_FREE: usize = 1 << 18;
const MEMORY_OCTETS_PER_OCTET: usize = 64;

pub(super) struct World {
    config: Config,
    machine: Machine,
    /// The machine that was saved when the present one was restored: both must go on alike.
    predecessor: Option<Machine>,
    now: u64,
    events: Vec<Event>,
    peer: Peer,
    host: Host,
    writing: Writing,
    /// The largest so far, 0 being the largest of all.
    window_in: usize,
    window_out: usize,
    wake_at: Option<u64>,
    drained: bool,
    closed: Option<CloseReason>,
}

impl World {
    /// A world in which a bind request has come.
    pub(super) fn bound(tape: &mut Tape<'_>) -> Self {
        let (window_in, window_out) = (tape.one_of([0, 1, 3]), tape.one_of([10, 1, 3]));
        let writing = tape.one_of(WRITINGS);
        let config = Config {
            tenant: "tenant".to_owned(),
            account: "account".to_owned(),
            settings: settings(tape, [window_in, window_out], writing),
        };
        assert_eq!(check(&config.settings), Vec::<String>::new(), "these are settings");
        let mut world = Self {
            machine: Machine::new(&config),
            predecessor: None,
            config,
            now: START,
            events: Vec::new(),
            peer: Peer::reading(writing),
            writing,
            host: Host::default(),
            window_in,
            window_out,
            wake_at: None,
            drained: false,
            closed: None,
        };
        let frame = world.peer.bind(tape);
        world.events.push(Event::Bound(Bind { frame }));
        world.call();
        world
    }

    /// One thing that happens, if it can, or the call for those that have.
    pub(super) fn step(&mut self, tape: &mut Tape<'_>) {
        let event = match tape.octet() % 16 {
            0..=4 => self.peer.frame(tape),
            5..=6 => self.peer.answer(tape),
            7..=8 => self.host.answer(tape),
            9..=10 => self.host.deliver(tape, self.now),
            11 => return self.pass(tape.one_of([3, 700, 5_000, 20_000, 31_000])),
            12 => return self.swap(tape),
            13 => match tape.octet() % 8 {
                0 => self.peer.end(),
                1 => self.peer.out_of_step(tape),
                2 if !self.drained => {
                    self.drained = true;
                    Some(Event::Drain)
                }
                _ => None,
            },
            _ => return self.call(),
        };
        self.events.extend(event);
        if self.events.len() >= EVENTS_MAX {
            self.call();
        }
    }

    /// The peer goes silent, the host answers all it owes and drains: that must come to an end.
    pub(super) fn settle_down(&mut self) {
        self.call();
        while let Some(event) = self.host.answer(&mut Tape::new(&[])) {
            self.events.push(event);
            self.call();
        }
        self.events.push(Event::Drain);
        self.call();
        self.pass(LONG_ENOUGH_MS);
        assert!(self.closed.is_some(), "invariant_a_drain_ends_though_the_peer_says_nothing");
    }

    /// How often what happened.
    #[cfg(test)]
    pub(super) fn happened(&self) -> BTreeMap<&'static str, u64> {
        let closed = match self.closed {
            None => "open",
            Some(CloseReason::Unbound) => "unbound",
            Some(CloseReason::Refused) => "refused",
            Some(CloseReason::OutOfStep) => "out-of-step",
            Some(CloseReason::Silent) => "silent",
            Some(CloseReason::Ended) => "ended",
            Some(CloseReason::Drained) => "drained",
        };
        let mut happened = self.host.happened.clone();
        happened.insert(closed, 1);
        happened
    }

    /// Time goes by, and the host wakes the machine when it asked for that.
    fn pass(&mut self, ms: u64) {
        self.call();
        let until = self.now + ms;
        while let Some(at) = self.wake_at.filter(|&at| at <= until)
            && self.closed.is_none()
        {
            self.now = self.now.max(at);
            self.wake_at = None;
            self.events.push(Event::Tick);
            self.call();
        }
        self.now = until;
    }

    /// A release replaces itself, now and then with other settings.
    fn swap(&mut self, tape: &mut Tape<'_>) {
        self.call();
        let saved = self.machine.save();
        assert!(saved.len() <= SAVED_OCTETS_MAX, "{} octets saved", saved.len());
        let has_other_settings = tape.octet() % 4 == 3;
        if has_other_settings {
            self.settle_for(tape);
        }
        let restored = Machine::restore(&self.config, &saved);
        let restored = restored.unwrap_or_else(|error| panic!("invariant_what_was_saved_is_restored: {error}"));
        assert_eq!(restored.save(), saved, "invariant_what_was_saved_is_restored");
        let predecessor = std::mem::replace(&mut self.machine, restored);
        self.predecessor = (!has_other_settings).then_some(predecessor);
    }

    /// Other settings. What is under way is as it was allowed to be before, and how text is written stays.
    fn settle_for(&mut self, tape: &mut Tape<'_>) {
        let windows = [tape.one_of([0, 1, 3]), tape.one_of([10, 1, 3])];
        self.config.settings = settings(tape, windows, self.writing);
        assert_eq!(check(&self.config.settings), Vec::<String>::new(), "these are settings");
        self.window_in = match (self.window_in, windows[0]) {
            (0, _) | (_, 0) => 0,
            (before, now) => before.max(now),
        };
        self.window_out = self.window_out.max(windows[1]);
    }

    /// Hands over what has happened and does what is said.
    fn call(&mut self) {
        let events = std::mem::take(&mut self.events);
        if events.is_empty() {
            return;
        }
        self.peer.time_passed(self.now);
        let was_closed = self.closed.is_some();
        let octets: usize = events.iter().map(octets_of_event).sum();
        let copy = self.predecessor.is_some().then(|| events.clone());
        let (actions, asked) = memory::of(|| self.machine.on_events(self.now, events));
        assert!(
            asked.octets <= MEMORY_OCTETS_FREE + octets * MEMORY_OCTETS_PER_OCTET,
            "invariant_memory_is_in_proportion: {} octets for {octets}",
            asked.octets
        );
        if let (Some(predecessor), Some(events)) = (&mut self.predecessor, copy) {
            let expected = predecessor.on_events(self.now, events);
            assert_eq!(
                but_wake_at(&actions),
                but_wake_at(&expected),
                "invariant_a_successor_goes_on_alike"
            );
        }
        self.invariant_actions_are_bounded(&actions);
        self.invariant_no_action_after_close(was_closed, &actions);
        for action in actions {
            self.perform(action);
        }
        if self.closed.is_none() {
            self.invariant_every_request_is_answered_exactly_once();
            self.invariant_windows_are_respected();
        }
        self.invariant_closed_leaves_no_delivery_open();
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Send(octets) => self.peer.receive(&octets, self.now, &self.host),
            Action::Ready(readiness) => self.host.ready = readiness.window as usize,
            Action::Append((token, message)) => self.host.append(token, &message),
            Action::Ask((token, question)) => self.host.ask(token, question),
            Action::Settle((token, settlement)) => self.host.settled(token, settlement),
            Action::WakeAt(at) => self.wake_at = Some(at),
            Action::Say(_) => {}
            Action::Close(reason) => {
                self.closed = Some(reason);
                self.host.closed = true;
            }
        }
    }

    fn invariant_actions_are_bounded(&self, actions: &[Action]) {
        assert!(actions.len() <= ACTIONS_MAX, "{} actions", actions.len());
        let octets: usize = actions.iter().map(octets_of_action).sum();
        assert!(octets <= ACTION_OCTETS_MAX, "{octets} octets of actions");
    }

    fn invariant_no_action_after_close(&self, was_closed: bool, actions: &[Action]) {
        assert!(!was_closed || actions.is_empty(), "{actions:?} after close");
        let close = actions.iter().position(|action| matches!(action, Action::Close(_)));
        assert!(close.is_none_or(|place| place + 1 == actions.len()), "{actions:?}");
    }

    /// Whoever has no answer waits for the host, or unbinds and waits for those who do.
    fn invariant_every_request_is_answered_exactly_once(&self) {
        assert_eq!(
            self.peer.unanswered(),
            self.host.open().len(),
            "requests without an answer, and appends and questions under way: {:?}, {:?}",
            self.peer,
            self.host.open()
        );
    }

    fn invariant_windows_are_respected(&self) {
        let open = self.host.open().len();
        assert!(self.window_in == 0 || open <= self.window_in, "{open} appends and questions");
        let delivering = self.host.delivering.len();
        assert!(delivering <= self.window_out, "{delivering} deliveries");
        assert!(self.peer.asked_messages() <= self.window_out, "{:?}", self.peer);
        assert!(delivering == 0 || self.wake_at.is_some(), "a delivery waits for ever");
    }

    fn invariant_closed_leaves_no_delivery_open(&self) {
        assert!(
            self.closed.is_none() || self.host.delivering.is_empty(),
            "{:?} left open",
            self.host.delivering
        );
    }
}

/// What an account may say besides the windows and how text is written: a bit of the tape each.
const SWITCHES: [(&str, &str); 15] = [
    ("inactivity", "20s"),
    ("enquire_link", "0"),
    ("unanswered_max", "0"),
    ("receipt_text", "false"),
    ("bind_types", "tx"),
    ("interface_versions", "3.4"),
    ("address_range", "route"),
    ("service_types", "CMT,WAP"),
    ("schedule_max", "1h"),
    ("validity_max", "1h"),
    ("acknowledgements", "ignore"),
    ("message_id", "hex"),
    ("receipt_id", "hex"),
    ("receipt_id", "decimal"),
    ("deliver_with", "data_sm"),
];

/// How text is written, and whether its septets are packed.
pub(super) type Writing = (Alphabet, bool);

const WRITINGS: [Writing; 5] = [
    (Alphabet::Gsm, false),
    (Alphabet::Gsm, true),
    (Alphabet::Latin1, false),
    (Alphabet::Ascii, false),
    (Alphabet::Utf8, false),
];

/// Settings by the first octets of the tape.
fn settings(tape: &mut Tape<'_>, [window_in, window_out]: [usize; 2], (alphabet, packed): Writing) -> Vec<Setting> {
    let mut settings: Vec<Setting> = Vec::new();
    let mut set = |name: &str, value: &str| settings.push((name.to_owned(), value.to_owned()));
    set("window_in", &window_in.to_string());
    set("window_out", &window_out.to_string());
    set("alphabet", alphabet.name());
    set("packed", &packed.to_string());
    set("long_incoming", tape.one_of(["udh", "sar", "payload"]));
    let switches = tape.u16();
    for (place, (name, value)) in SWITCHES.into_iter().enumerate() {
        if switches >> place & 1 != 0 {
            set(name, value);
        }
    }
    settings
}

fn but_wake_at(actions: &[Action]) -> Vec<&Action> {
    actions.iter().filter(|action| !matches!(action, Action::WakeAt(_))).collect()
}

fn octets_of_event(event: &Event) -> usize {
    let inside = match event {
        Event::Frame(octets) | Event::OutOfStep(octets) => octets.len(),
        Event::Bound(bind) => bind.frame.len(),
        Event::Deliver((_, delivery)) => super::host::octets_of_delivery(delivery),
        Event::Ended | Event::Appended(_) | Event::Answered(_) | Event::Tick | Event::Drain => 0,
    };
    size_of::<Event>() + inside
}

/// As `host/runtime` counts them, roughly.
fn octets_of_action(action: &Action) -> usize {
    match action {
        Action::Send(octets) => octets.len(),
        Action::Append((_, message)) => {
            let tlvs: usize = message.tlvs.iter().map(|tlv| tlv.value.len()).sum();
            message.payload.len() + message.udh.len() + message.excerpt.len() + tlvs
        }
        _ => 0,
    }
}

/// What the peer must be told of an append or a question that the host has answered.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub(super) token: Token,
    /// Whether it is a question.
    pub(super) question: Option<edgebind_session::session::Question>,
}
