//! Sessions that were built against `edgebind:session` 0.1.0, frozen in `wit/frozen/0.1.0`. What that version has in common with the
//! latest is called through the latest's types, because types of components are the same when they look the same; only what differs
//! stands here.

use crate::{
    contract::message::{Message, Setting},
    instance::State,
    session::{self, CloseReason, Config, Event, Question, Readiness, Settlement, Token},
    world::export,
};
use wasmtime::{
    Store,
    component::{ComponentExportIndex, ComponentType, Instance, InstancePre, Lift, ResourceAny, TypedFunc},
};

pub(crate) const VERSION: &str = "0.1.0";

pub(crate) const INTERFACE: &str = "edgebind:session/machine@0.1.0";

/// An action, before sessions could say something.
#[derive(ComponentType, Lift)]
#[component(variant)]
pub(crate) enum Action {
    #[component(name = "send")]
    Send(Vec<u8>),
    #[component(name = "ready")]
    Ready(Readiness),
    #[component(name = "append")]
    Append((Token, Message)),
    #[component(name = "ask")]
    Ask((Token, Question)),
    #[component(name = "settle")]
    Settle((Token, Settlement)),
    #[component(name = "wake-at")]
    WakeAt(u64),
    #[component(name = "close")]
    Close(CloseReason),
}

impl From<Action> for session::Action {
    fn from(action: Action) -> Self {
        match action {
            Action::Send(octets) => Self::Send(octets),
            Action::Ready(readiness) => Self::Ready(readiness),
            Action::Append(append) => Self::Append(append),
            Action::Ask(ask) => Self::Ask(ask),
            Action::Settle(settle) => Self::Settle(settle),
            Action::WakeAt(at) => Self::WakeAt(at),
            Action::Close(reason) => Self::Close(reason),
        }
    }
}

/// A component of this version, linked.
pub(crate) struct Pre {
    pre: InstancePre<State>,
    check: ComponentExportIndex,
    constructor: ComponentExportIndex,
    on_events: ComponentExportIndex,
    save: ComponentExportIndex,
    restore: ComponentExportIndex,
}

/// The guest's machine, and what it is told through.
pub(crate) struct Machine {
    machine: ResourceAny,
    on_events: TypedFunc<(ResourceAny, u64, Vec<Event>), (Vec<Action>,)>,
    save: TypedFunc<(ResourceAny,), (Vec<u8>,)>,
}

impl Pre {
    pub(crate) fn new(pre: InstancePre<State>) -> wasmtime::Result<Self> {
        let export = |name| export(&pre, INTERFACE, name);
        Ok(Self {
            check: export("check")?,
            constructor: export("[constructor]session")?,
            on_events: export("[method]session.on-events")?,
            save: export("[method]session.save")?,
            restore: export("[static]session.restore")?,
            pre,
        })
    }

    pub(crate) fn check(&self, store: &mut Store<State>, settings: &[Setting]) -> wasmtime::Result<Vec<String>> {
        let instance = self.pre.instantiate(&mut *store)?;
        let check = instance.get_typed_func::<(&[Setting],), (Vec<String>,)>(&mut *store, &self.check)?;
        Ok(check.call(store, (settings,))?.0)
    }

    pub(crate) fn construct(&self, store: &mut Store<State>, config: &Config) -> wasmtime::Result<Machine> {
        let instance = self.pre.instantiate(&mut *store)?;
        let constructor = instance.get_typed_func::<(&Config,), (ResourceAny,)>(&mut *store, &self.constructor)?;
        let (machine,) = constructor.call(&mut *store, (config,))?;
        self.machine(store, &instance, machine)
    }

    pub(crate) fn restore(
        &self,
        store: &mut Store<State>,
        config: &Config,
        saved: &[u8],
    ) -> wasmtime::Result<Result<Machine, String>> {
        let instance = self.pre.instantiate(&mut *store)?;
        let restore = instance.get_typed_func::<(&Config, &[u8]), (Result<ResourceAny, String>,)>(&mut *store, &self.restore)?;
        match restore.call(&mut *store, (config, saved))? {
            (Ok(machine),) => self.machine(store, &instance, machine).map(Ok),
            (Err(why),) => Ok(Err(why)),
        }
    }

    fn machine(&self, store: &mut Store<State>, instance: &Instance, machine: ResourceAny) -> wasmtime::Result<Machine> {
        Ok(Machine {
            machine,
            on_events: instance.get_typed_func(&mut *store, self.on_events)?,
            save: instance.get_typed_func(&mut *store, self.save)?,
        })
    }
}

impl Machine {
    pub(crate) fn on_events(
        &self,
        store: &mut Store<State>,
        now: u64,
        events: &[Event],
    ) -> wasmtime::Result<Vec<session::Action>> {
        let (actions,) = self.on_events.call(store, (self.machine, now, events.to_vec()))?;
        Ok(actions.into_iter().map(Into::into).collect())
    }

    pub(crate) fn save(&self, store: &mut Store<State>) -> wasmtime::Result<Vec<u8>> {
        Ok(self.save.call(store, (self.machine,))?.0)
    }
}
