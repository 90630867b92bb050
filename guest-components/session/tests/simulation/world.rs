//! The world of one seed: a machine, a peer and a host, with fields that a test may bend.

use crate::common::{START, config, frames};
use edgebind_session::{
    Machine,
    session::{Bind, CloseReason, Config, Event, Question},
};
use edgebind_smpp::CommandId;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::collections::BTreeMap;

const STEPS: usize = 300;

/// The default of the setting `response_timeout`.
const RESPONSE_TIMEOUT_MS: u64 = 30_000;

/// A request of the peer.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) command: CommandId,
    /// The numbers of a submit_multi that nothing can go to.
    pub(crate) unreachable: usize,
    pub(crate) told: bool,
}

pub(crate) struct World {
    pub(crate) random: StdRng,
    pub(crate) now: u64,
    pub(crate) config: Config,
    pub(crate) window_in: usize,
    pub(crate) window_out: usize,
    pub(crate) machine: Machine,

    // The peer.
    pub(crate) sequence_number: u32,
    /// Every request by its number.
    pub(crate) requests: BTreeMap<u32, Asked>,
    /// Those of them that it was told nothing of.
    pub(crate) untold: usize,
    /// Deliveries that the peer may still answer, and with what.
    pub(crate) received: Vec<(CommandId, u32)>,
    /// Every delivery's PDU that is neither answered nor overdue: its delivery, which its destination names, and when it came.
    pub(crate) flying: BTreeMap<u32, (u64, u64)>,
    /// The numbers of our enquire_link and unbind that it has not answered.
    pub(crate) asked: Vec<(CommandId, u32)>,
    /// It can say nothing more.
    pub(crate) mute: bool,
    /// It answers nothing any more, though it may go on asking.
    pub(crate) sulks: bool,
    /// It answers nothing and asks nothing.
    pub(crate) dead: bool,

    // The host.
    /// Appends that it has not answered.
    pub(crate) appends: Vec<u64>,
    /// Questions that it has not answered.
    pub(crate) questions: Vec<(u64, Question)>,
    /// Message ids that stand for something stored.
    pub(crate) stored: Vec<String>,
    pub(crate) ready: usize,
    pub(crate) next_token: u64,
    /// Deliveries that are not settled.
    pub(crate) delivering: Vec<u64>,
    pub(crate) wake_at: Option<u64>,
    pub(crate) drained: bool,
    pub(crate) closed: Option<CloseReason>,

    pub(crate) accepted: usize,
    pub(crate) told: usize,
    pub(crate) delivered: usize,
}

impl World {
    pub(crate) fn run(seed: u64) -> Self {
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
    pub(crate) fn step(&mut self) {
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
    pub(crate) fn pass(&mut self, ms: u64) {
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
    pub(crate) fn settle_down(&mut self) {
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

    pub(crate) fn call(&mut self, events: Vec<Event>) {
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
}
