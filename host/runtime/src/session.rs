//! Sessions: a component of the session world, the instance of it that is one bind, and the words between it and the host;
//! `wit/session` says what they mean.

pub use crate::contract::session_world::edgebind::session::types::{
    Action, Answer, Bind, Cancel, CloseReason, Config, Event, Fate, Query, Question, Readiness, Refusal, Replacement, Settlement,
    Token,
};

use crate::{
    allowance::Allowance,
    contract::{
        message::{Address, Setting},
        session_world::{self, SessionPre, exports::edgebind::session::machine},
    },
    engine::Engine,
    fault::{CallLimits, Fault},
    instance::{Instance, Room, State},
    limits::GuestLimits,
    session_tokens::Tokens,
    session_v0_1, session_v0_2,
    speech::plain,
    world::{Admitted, Contract, Function, LoadError, World, admit, has_type},
};
use serde::{Deserialize, Serialize};
use std::{error::Error, fmt, mem::size_of, sync::Arc};
use wasmtime::{
    Store,
    component::{ComponentType, InstancePre, Lift, Lower, ResourceAny},
};

/// A component that can be the logic of a bind. Clones are the same component.
#[derive(Clone)]
pub struct SessionComponent {
    engine: Engine,
    allowance: Arc<Allowance>,
    pre: Arc<Pre>,
    digest: Arc<str>,
    version: &'static str,
    wasi: bool,
}

/// The logic of one bind, in an instance of its own. Not for two threads at a time; for any thread.
pub struct Session {
    instance: Instance,
    machine: Machine,
    tokens: Tokens,
    engine: Engine,
    allowance: Arc<Allowance>,
}

/// A session as it was at one moment, with what was under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    octets: Vec<u8>,
    tokens: Tokens,
}

impl SessionComponent {
    /// Compiles a component and checks that it is a session. Takes tens of milliseconds, or seconds for large ones: not for a
    /// thread that others wait for.
    pub fn load(engine: &Engine, bytes: &[u8]) -> Result<Self, LoadError> {
        let Admitted {
            pre,
            digest,
            version,
            wasi,
        } = admit(engine, bytes, World::Session)?;
        let pre = Pre::new(pre, version).map_err(|error| LoadError::Unusable(crate::fault::chain(&error)))?;
        Ok(Self {
            engine: engine.clone(),
            allowance: engine.allowance.clone(),
            pre: Arc::new(pre),
            digest: digest.into(),
            version,
            wasi,
        })
    }

    /// The version of the contract that it was built against.
    pub fn contract(&self) -> &'static str {
        self.version
    }

    /// The same component, with everything that is opened of it in this allowance.
    pub fn within(&self, allowance: &Arc<Allowance>) -> Self {
        Self {
            allowance: allowance.clone(),
            ..self.clone()
        }
    }

    /// SHA-256 of the component as it was deployed, in hex.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Whether it imports WASI, as components of slower languages do. Its calls wait for nothing either.
    pub fn is_wasi(&self) -> bool {
        self.wasi
    }

    /// What is wrong with these settings, a sentence for each mistake; empty if nothing is.
    pub fn check(&self, settings: &[Setting]) -> Result<Vec<String>, Fault> {
        let room = Room::for_call(&self.engine, &self.allowance)?;
        let mut instance = Instance::new(&self.engine, &self.allowance, room, self.wasi);
        instance.turn_to(0, &[b"check"]);
        instance.call(self.allowance.translation(), |store| self.pre.check(store, settings))
    }

    /// A new session. Its first events should begin with `bound`.
    pub fn open(&self, config: &Config) -> Result<Session, Fault> {
        let room = Room::for_session(&self.engine, &self.allowance)?;
        let mut instance = Instance::new(&self.engine, &self.allowance, room, self.wasi);
        instance.turn_to(0, &[config.tenant.as_bytes(), config.account.as_bytes()]);
        let machine = instance.call(call_limits(&self.allowance.limits(), 0), |store| {
            self.pre.construct(store, config)
        })?;
        Ok(Session {
            instance,
            machine,
            tokens: Tokens::default(),
            engine: self.engine.clone(),
            allowance: self.allowance.clone(),
        })
    }

    /// A session that goes on where a saved one left off, with nothing under way. A live bind moves by [`Session::move_to`].
    pub fn restore(&self, config: &Config, saved: &[u8]) -> Result<Session, RestoreError> {
        let room = Room::for_session(&self.engine, &self.allowance)?;
        self.restore_with(config, saved, Tokens::default(), room)
    }

    /// A session that goes on where one left off, with what was under way then.
    pub fn reopen(&self, config: &Config, saved: &Saved) -> Result<Session, RestoreError> {
        let room = Room::for_session(&self.engine, &self.allowance)?;
        self.restore_with(config, &saved.octets, saved.tokens.clone(), room)
    }

    fn restore_with(&self, config: &Config, saved: &[u8], tokens: Tokens, room: Room) -> Result<Session, RestoreError> {
        let mut instance = Instance::new(&self.engine, &self.allowance, room, self.wasi);
        instance.turn_to(0, &[config.tenant.as_bytes(), config.account.as_bytes()]);
        let limits = self.allowance.limits();
        let restored = instance.call(call_limits(&limits, limits.translation_bytes_max), |store| {
            self.pre.restore(store, config, saved)
        })?;
        let machine = restored.map_err(RestoreError::Refused)?;
        Ok(Session {
            instance,
            machine,
            tokens,
            engine: self.engine.clone(),
            allowance: self.allowance.clone(),
        })
    }
}

impl Session {
    /// Tells it what happened, in order, at one time; returns what to do, in order. What it says goes to its tenant's voice and is not
    /// among that. After any fault every further call is
    /// [`Fault::Poisoned`] and does not enter the guest.
    pub fn on_events(&mut self, now: u64, events: &[Event]) -> Result<Vec<Action>, Fault> {
        self.tokens.told(events);
        self.instance.go_on(now);
        let limits = self.allowance.limits();
        // Room for the actions themselves, twice their number, so that a few too many are counted and not only refused.
        let bytes_max = limits
            .action_bytes_max
            .saturating_add(limits.actions_max.saturating_mul(2 * size_of::<Action>()));
        let call = call_limits(&limits, bytes_max);
        let machine = &self.machine;
        let actions = self.instance.call(call, |store| machine.on_events(store, now, events));
        let checked = actions.and_then(|actions| check(&limits, &mut self.tokens, &actions).map(|()| actions));
        match checked {
            Ok(mut actions) => {
                actions.retain(|action| match action {
                    Action::Say(line) => {
                        self.allowance.say(|| plain(line.as_bytes()));
                        false
                    }
                    _ => true,
                });
                Ok(actions)
            }
            Err(fault) => {
                self.instance.poison();
                Err(fault)
            }
        }
    }

    /// Everything that a successor needs to go on. The session lives on.
    pub fn save(&mut self) -> Result<Vec<u8>, Fault> {
        let limits = self.allowance.limits();
        let machine = &self.machine;
        self.instance
            .call(call_limits(&limits, limits.saved_bytes_max), |store| machine.save(store))
    }

    /// Its successor on another component, with all that is under way, and the way back. On success the caller drops this session,
    /// which has handed its place over; on failure it goes on as it is.
    pub fn move_to(&mut self, component: &SessionComponent, config: &Config) -> Result<(Self, Saved), RestoreError> {
        let saved = Saved {
            octets: self.save().map_err(RestoreError::Save)?,
            tokens: self.tokens.clone(),
        };
        let moved = self.go_back_to(component, config, &saved)?;
        Ok((moved, saved))
    }

    /// A session as it was when it was saved, on the component that it was of, in this one's place.
    pub fn go_back_to(&mut self, component: &SessionComponent, config: &Config, saved: &Saved) -> Result<Self, RestoreError> {
        let room = Room::for_move(&self.engine)?;
        let mut moved = component.restore_with(config, &saved.octets, saved.tokens.clone(), room)?;
        // Only one of the two lives on: it needs the place of a bind, the other ends in the room for moves.
        self.instance.swap_room(&mut moved.instance);
        Ok(moved)
    }
}

fn check(limits: &GuestLimits, tokens: &mut Tokens, actions: &[Action]) -> Result<(), Fault> {
    if actions.len() > limits.actions_max {
        return Err(Fault::TooManyActions {
            count: actions.len(),
            limit: limits.actions_max,
        });
    }
    if actions.iter().map(octets).sum::<usize>() > limits.action_bytes_max {
        return Err(Fault::TooManyBytes {
            limit: limits.action_bytes_max,
        });
    }
    tokens.said(actions).map_err(Fault::Token)
}

/// What an action makes others carry.
fn octets(action: &Action) -> usize {
    match action {
        Action::Send(octets) => octets.len(),
        Action::Append((_, message)) => {
            let addresses: usize = [&message.source, &message.destination]
                .into_iter()
                .chain(&message.also_to)
                .map(|address| size_of::<Address>() + address.digits.len())
                .sum();
            let tlvs: usize = message.tlvs.iter().map(|tlv| tlv.value.len()).sum();
            let metadata: usize = message.metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
            message.service_type.len()
                + addresses
                + message.udh.len()
                + message.payload.len()
                + message.excerpt.len()
                + tlvs
                + metadata
        }
        Action::Ask((_, Question::Replace(replacement))) => replacement.payload.len(),
        Action::Ready(readiness) => readiness.addresses.as_ref().map_or(0, String::len),
        Action::Say(line) => line.len(),
        Action::Ask(_) | Action::Settle(_) | Action::WakeAt(_) | Action::Close(_) => 0,
    }
}

fn call_limits(limits: &GuestLimits, bytes_max: usize) -> CallLimits {
    CallLimits {
        ms: limits.session_call_ms,
        memory_bytes: limits.memory_bytes,
        bytes_max,
    }
}

/// The world as `wit/session/session.wit` says it.
pub(crate) const LATEST: Contract = Contract {
    world: World::Session,
    version: "0.3.0",
    words: &["edgebind:message/types@0.2.0", "edgebind:session/types@0.3.0"],
    interface: "edgebind:session/machine@0.3.0",
    functions: &functions::<Event, Action>(),
};

/// The world as `wit/frozen/0.2.0` says it.
pub(crate) const V0_2: Contract = Contract {
    world: World::Session,
    version: session_v0_2::VERSION,
    words: &["edgebind:message/types@0.1.0", "edgebind:session/types@0.2.0"],
    interface: session_v0_2::INTERFACE,
    functions: &functions::<session_v0_2::Event, Action>(),
};

/// The world as `wit/frozen/0.1.0` says it.
pub(crate) const V0_1: Contract = Contract {
    world: World::Session,
    version: session_v0_1::VERSION,
    words: &["edgebind:message/types@0.1.0", "edgebind:session/types@0.1.0"],
    interface: session_v0_1::INTERFACE,
    functions: &functions::<session_v0_2::Event, session_v0_1::Action>(),
};

/// The functions of the world. Versions differ in what a session is told and says, and in nothing else.
const fn functions<E, A>() -> [Function; 5]
where
    E: ComponentType + Lower + 'static,
    A: ComponentType + Lift + 'static,
    Vec<E>: Lower,
    Vec<A>: Lift,
{
    [
        Function {
            name: "check",
            check: has_type::<(Vec<Setting>,), (Vec<String>,)>,
        },
        Function {
            name: "[constructor]session",
            check: has_type::<(Config,), (ResourceAny,)>,
        },
        Function {
            name: "[method]session.on-events",
            check: has_type::<(ResourceAny, u64, Vec<E>), (Vec<A>,)>,
        },
        Function {
            name: "[method]session.save",
            check: has_type::<(ResourceAny,), (Vec<u8>,)>,
        },
        Function {
            name: "[static]session.restore",
            check: has_type::<(Config, Vec<u8>), (Result<machine::Session, String>,)>,
        },
    ]
}

/// A component of one of the versions, linked.
enum Pre {
    Latest(SessionPre<State>),
    V0_2(session_v0_2::Pre<Action>),
    V0_1(session_v0_1::Pre),
}

/// The guest's machine in an instance of one of the versions.
enum Machine {
    Latest(session_world::Session, ResourceAny),
    V0_2(session_v0_2::Machine<Action>),
    V0_1(session_v0_1::Machine),
}

impl Pre {
    fn new(pre: InstancePre<State>, version: &str) -> wasmtime::Result<Self> {
        match version {
            session_v0_1::VERSION => session_v0_1::Pre::new(pre, session_v0_1::INTERFACE).map(Self::V0_1),
            session_v0_2::VERSION => session_v0_2::Pre::new(pre, session_v0_2::INTERFACE).map(Self::V0_2),
            _ => SessionPre::new(pre).map(Self::Latest),
        }
    }

    fn check(&self, store: &mut Store<State>, settings: &[Setting]) -> wasmtime::Result<Vec<String>> {
        match self {
            Self::Latest(pre) => {
                let world = pre.instantiate(&mut *store)?;
                world.edgebind_session_machine().call_check(store, settings)
            }
            Self::V0_2(pre) => pre.check(store, settings),
            Self::V0_1(pre) => pre.check(store, settings),
        }
    }

    fn construct(&self, store: &mut Store<State>, config: &Config) -> wasmtime::Result<Machine> {
        match self {
            Self::Latest(pre) => {
                let world = pre.instantiate(&mut *store)?;
                let machine = world.edgebind_session_machine().session().call_constructor(store, config)?;
                Ok(Machine::Latest(world, machine))
            }
            Self::V0_2(pre) => pre.construct(store, config).map(Machine::V0_2),
            Self::V0_1(pre) => pre.construct(store, config).map(Machine::V0_1),
        }
    }

    /// The inner error is the guest's.
    fn restore(&self, store: &mut Store<State>, config: &Config, saved: &[u8]) -> wasmtime::Result<Result<Machine, String>> {
        match self {
            Self::Latest(pre) => {
                let world = pre.instantiate(&mut *store)?;
                let restored = world
                    .edgebind_session_machine()
                    .session()
                    .call_restore(store, config, saved)?;
                Ok(restored.map(|machine| Machine::Latest(world, machine)))
            }
            Self::V0_2(pre) => Ok(pre.restore(store, config, saved)?.map(Machine::V0_2)),
            Self::V0_1(pre) => Ok(pre.restore(store, config, saved)?.map(Machine::V0_1)),
        }
    }
}

impl Machine {
    fn on_events(&self, store: &mut Store<State>, now: u64, events: &[Event]) -> wasmtime::Result<Vec<Action>> {
        match self {
            Self::Latest(world, machine) => {
                let session = world.edgebind_session_machine().session();
                session.call_on_events(store, *machine, now, events)
            }
            Self::V0_2(machine) => machine.on_events(store, now, events),
            Self::V0_1(machine) => machine.on_events(store, now, events),
        }
    }

    fn save(&self, store: &mut Store<State>) -> wasmtime::Result<Vec<u8>> {
        match self {
            Self::Latest(world, machine) => world.edgebind_session_machine().session().call_save(store, *machine),
            Self::V0_2(machine) => machine.save(store),
            Self::V0_1(machine) => machine.save(store),
        }
    }
}

/// Why a saved session does not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// The component will not take it, and says why.
    Refused(String),
    /// The component that was to take it broke its contract.
    Fault(Fault),
    /// The session that was to be saved broke its contract.
    Save(Fault),
}

impl From<Fault> for RestoreError {
    fn from(fault: Fault) -> Self {
        RestoreError::Fault(fault)
    }
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RestoreError::Refused(why) => write!(f, "restore refused: {why}"),
            RestoreError::Fault(fault) => fault.fmt(f),
            RestoreError::Save(fault) => write!(f, "save {fault}"),
        }
    }
}

impl Error for RestoreError {}
