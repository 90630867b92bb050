//! Sessions that were built against `edgebind:session` 0.2.0, frozen in `wit/frozen/0.2.0`, and how those of that version and of the one
//! before are called. What they have in common with the latest is called through the latest's types; only what differs stands here.

use crate::{
    contract::message::{Alert, Receipt, Setting},
    instance::State,
    message_v0_1::Incoming,
    session::{self, Answer, Bind, Config, Refusal, Token},
    world::export,
};
use std::marker::PhantomData;
use wasmtime::{
    Store,
    component::{ComponentExportIndex, ComponentType, Instance, InstancePre, Lift, Lower, ResourceAny, TypedFunc},
};

pub(crate) const VERSION: &str = "0.2.0";

pub(crate) const INTERFACE: &str = "edgebind:session/machine@0.2.0";

/// What an ESME is told, before an incoming message could be a part of one.
#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
pub(crate) enum Delivery {
    #[component(name = "incoming")]
    Incoming(Incoming),
    #[component(name = "receipt")]
    Receipt(Receipt),
    #[component(name = "alert")]
    Alert(Alert),
}

/// An event, likewise.
#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
pub(crate) enum Event {
    #[component(name = "bound")]
    Bound(Bind),
    #[component(name = "frame")]
    Frame(Vec<u8>),
    #[component(name = "out-of-step")]
    OutOfStep(Vec<u8>),
    #[component(name = "ended")]
    Ended,
    #[component(name = "appended")]
    Appended((Token, Result<String, Refusal>)),
    #[component(name = "answered")]
    Answered((Token, Answer)),
    #[component(name = "deliver")]
    Deliver((Token, Delivery)),
    #[component(name = "tick")]
    Tick,
    #[component(name = "drain")]
    Drain,
}

impl From<&session::Event> for Event {
    fn from(event: &session::Event) -> Self {
        use crate::contract::message;
        match event.clone() {
            session::Event::Bound(bind) => Self::Bound(bind),
            session::Event::Frame(frame) => Self::Frame(frame),
            session::Event::OutOfStep(octets) => Self::OutOfStep(octets),
            session::Event::Ended => Self::Ended,
            session::Event::Appended(appended) => Self::Appended(appended),
            session::Event::Answered(answered) => Self::Answered(answered),
            session::Event::Deliver((token, delivery)) => Self::Deliver((
                token,
                match delivery {
                    message::Delivery::Incoming(incoming) => Delivery::Incoming(incoming.into()),
                    message::Delivery::Receipt(receipt) => Delivery::Receipt(receipt),
                    message::Delivery::Alert(alert) => Delivery::Alert(alert),
                },
            )),
            session::Event::Tick => Self::Tick,
            session::Event::Drain => Self::Drain,
        }
    }
}

/// A component that says such actions, linked.
pub(crate) struct Pre<A> {
    pre: InstancePre<State>,
    check: ComponentExportIndex,
    constructor: ComponentExportIndex,
    on_events: ComponentExportIndex,
    save: ComponentExportIndex,
    restore: ComponentExportIndex,
    says: PhantomData<fn() -> A>,
}

/// The guest's machine, and what it is told through.
pub(crate) struct Machine<A> {
    machine: ResourceAny,
    on_events: TypedFunc<(ResourceAny, u64, Vec<Event>), (Vec<A>,)>,
    save: TypedFunc<(ResourceAny,), (Vec<u8>,)>,
}

impl<A> Pre<A>
where
    Vec<A>: Lift,
    A: Lift + Send + Sync + 'static,
{
    pub(crate) fn new(pre: InstancePre<State>, interface: &str) -> wasmtime::Result<Self> {
        let export = |name| export(&pre, interface, name);
        Ok(Self {
            check: export("check")?,
            constructor: export("[constructor]session")?,
            on_events: export("[method]session.on-events")?,
            save: export("[method]session.save")?,
            restore: export("[static]session.restore")?,
            pre,
            says: PhantomData,
        })
    }

    pub(crate) fn check(&self, store: &mut Store<State>, settings: &[Setting]) -> wasmtime::Result<Vec<String>> {
        let instance = self.pre.instantiate(&mut *store)?;
        let check = instance.get_typed_func::<(&[Setting],), (Vec<String>,)>(&mut *store, &self.check)?;
        Ok(check.call(store, (settings,))?.0)
    }

    pub(crate) fn construct(&self, store: &mut Store<State>, config: &Config) -> wasmtime::Result<Machine<A>> {
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
    ) -> wasmtime::Result<Result<Machine<A>, String>> {
        let instance = self.pre.instantiate(&mut *store)?;
        let restore = instance.get_typed_func::<(&Config, &[u8]), (Result<ResourceAny, String>,)>(&mut *store, &self.restore)?;
        match restore.call(&mut *store, (config, saved))? {
            (Ok(machine),) => self.machine(store, &instance, machine).map(Ok),
            (Err(why),) => Ok(Err(why)),
        }
    }

    fn machine(&self, store: &mut Store<State>, instance: &Instance, machine: ResourceAny) -> wasmtime::Result<Machine<A>> {
        Ok(Machine {
            machine,
            on_events: instance.get_typed_func(&mut *store, self.on_events)?,
            save: instance.get_typed_func(&mut *store, self.save)?,
        })
    }
}

impl<A> Machine<A>
where
    A: Lift + Into<session::Action> + Send + Sync + 'static,
    Vec<A>: Lift,
{
    pub(crate) fn on_events(
        &self,
        store: &mut Store<State>,
        now: u64,
        events: &[session::Event],
    ) -> wasmtime::Result<Vec<session::Action>> {
        let (actions,) = self
            .on_events
            .call(store, (self.machine, now, events.iter().map(Event::from).collect()))?;
        Ok(actions.into_iter().map(Into::into).collect())
    }

    pub(crate) fn save(&self, store: &mut Store<State>) -> wasmtime::Result<Vec<u8>> {
        Ok(self.save.call(store, (self.machine,))?.0)
    }
}
