//! Translators that were built against `edgebind:translator` 0.1.0, frozen in `wit/frozen/0.1.0`. What that version has in common with
//! the latest is called through the latest's types, because types of components are the same when they look the same; only what
//! differs stands here.

use crate::{
    contract::message::Setting,
    instance::State,
    translator::{self, Context, Failure, Heard, Memo, Operation, Outcome, Proof, Request, Response, WebhookRequest},
    world::export,
};
use wasmtime::{
    Store,
    component::{ComponentExportIndex, ComponentNamedList, ComponentType, InstancePre, Lift, Lower},
};

pub(crate) const VERSION: &str = "0.1.0";

pub(crate) const INTERFACE: &str = "edgebind:translator/translation@0.1.0";

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Exchange {
    request: Request,
    saved: Vec<u8>,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Conclusion {
    outcome: Outcome,
    memo: Option<Memo>,
}

/// A step, before translators could say something.
#[derive(ComponentType, Lift)]
#[component(variant)]
pub(crate) enum Step {
    #[component(name = "exchange")]
    Exchange(Exchange),
    #[component(name = "done")]
    Done(Conclusion),
}

/// A hearing, likewise.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Hearing {
    proof: Option<Proof>,
    heard: Vec<Heard>,
    status: u16,
    body: Vec<u8>,
    ignored: Option<String>,
}

impl From<Step> for translator::Step {
    fn from(step: Step) -> Self {
        let said = Vec::new();
        match step {
            Step::Exchange(Exchange { request, saved }) => Self::Exchange(translator::Exchange { request, saved, said }),
            Step::Done(Conclusion { outcome, memo }) => Self::Done(translator::Conclusion { outcome, memo, said }),
        }
    }
}

impl From<Hearing> for translator::Hearing {
    fn from(hearing: Hearing) -> Self {
        let Hearing {
            proof,
            heard,
            status,
            body,
            ignored,
        } = hearing;
        Self {
            proof,
            heard,
            status,
            body,
            ignored,
            said: Vec::new(),
        }
    }
}

/// A component of this version, linked.
pub(crate) struct Pre {
    pre: InstancePre<State>,
    check: ComponentExportIndex,
    begin: ComponentExportIndex,
    resume: ComponentExportIndex,
    webhook: ComponentExportIndex,
}

impl Pre {
    pub(crate) fn new(pre: InstancePre<State>) -> wasmtime::Result<Self> {
        let export = |name| export(&pre, INTERFACE, name);
        Ok(Self {
            check: export("check")?,
            begin: export("begin")?,
            resume: export("resume")?,
            webhook: export("webhook")?,
            pre,
        })
    }

    pub(crate) fn check(&self, store: &mut Store<State>, settings: &[Setting]) -> wasmtime::Result<Vec<String>> {
        Ok(self.call::<_, (Vec<String>,)>(store, &self.check, (settings,))?.0)
    }

    pub(crate) fn begin(
        &self,
        store: &mut Store<State>,
        context: &Context,
        operation: &Operation,
    ) -> wasmtime::Result<translator::Step> {
        Ok(self.call::<_, (Step,)>(store, &self.begin, (context, operation))?.0.into())
    }

    pub(crate) fn resume(
        &self,
        store: &mut Store<State>,
        context: &Context,
        operation: &Operation,
        saved: &[u8],
        got: &Result<Response, Failure>,
    ) -> wasmtime::Result<translator::Step> {
        let arguments = (context, operation, saved, got.as_ref());
        Ok(self.call::<_, (Step,)>(store, &self.resume, arguments)?.0.into())
    }

    pub(crate) fn webhook(
        &self,
        store: &mut Store<State>,
        context: &Context,
        request: &WebhookRequest,
    ) -> wasmtime::Result<translator::Hearing> {
        Ok(self.call::<_, (Hearing,)>(store, &self.webhook, (context, request))?.0.into())
    }

    fn call<P, R>(&self, store: &mut Store<State>, function: &ComponentExportIndex, arguments: P) -> wasmtime::Result<R>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift + Send + Sync + 'static,
    {
        let instance = self.pre.instantiate(&mut *store)?;
        let function = instance.get_typed_func::<P, R>(&mut *store, function)?;
        function.call(store, arguments)
    }
}
