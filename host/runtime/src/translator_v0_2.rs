//! Translators that were built against `edgebind:translator` 0.2.0, frozen in `wit/frozen/0.2.0`, and how those of that version and of
//! the one before are called. What they have in common with the latest is called through the latest's types; only what differs
//! stands here: no blanks in a request, no pieces, no key in a report, and HMAC-SHA256 as the only proof.

use crate::{
    contract::message::{Alert, MessageState, Setting},
    instance::State,
    message_v0_1::Incoming,
    translator::{self, Algorithm, Authorization, Context, Dead, Failure, Memo, Operation, Response, Retry, WebhookRequest},
    world::export,
};
use std::marker::PhantomData;
use wasmtime::{
    Store,
    component::{ComponentExportIndex, ComponentNamedList, ComponentType, InstancePre, Lift, Lower},
};

pub(crate) const VERSION: &str = "0.2.0";

pub(crate) const INTERFACE: &str = "edgebind:translator/translation@0.2.0";

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Request {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    authorization: Option<Authorization>,
    body: Vec<u8>,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Exchange {
    pub(crate) request: Request,
    pub(crate) saved: Vec<u8>,
    pub(crate) said: Vec<String>,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Report {
    #[component(name = "upstream-id")]
    upstream_id: String,
    state: MessageState,
    #[component(name = "final")]
    last: bool,
    error: u16,
    at: u64,
    why: String,
}

#[derive(ComponentType, Lift)]
#[component(variant)]
pub(crate) enum Outcome {
    #[component(name = "taken")]
    Taken(Vec<String>),
    #[component(name = "known")]
    Known(Vec<Report>),
    #[component(name = "retry")]
    Retry(Retry),
    #[component(name = "dead")]
    Dead(Dead),
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Conclusion {
    pub(crate) outcome: Outcome,
    pub(crate) memo: Option<Memo>,
    pub(crate) said: Vec<String>,
}

#[derive(ComponentType, Lift)]
#[component(variant)]
pub(crate) enum Step {
    #[component(name = "exchange")]
    Exchange(Exchange),
    #[component(name = "done")]
    Done(Conclusion),
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Proof {
    secret: String,
    message: Vec<u8>,
    expected: Vec<u8>,
}

#[derive(ComponentType, Lift)]
#[component(variant)]
pub(crate) enum Heard {
    #[component(name = "incoming")]
    Incoming((String, Incoming)),
    #[component(name = "alert")]
    Alert((String, Alert)),
    #[component(name = "report")]
    Report(Report),
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Hearing {
    pub(crate) proof: Option<Proof>,
    pub(crate) heard: Vec<Heard>,
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) ignored: Option<String>,
    pub(crate) said: Vec<String>,
}

impl From<Step> for translator::Step {
    fn from(step: Step) -> Self {
        match step {
            Step::Exchange(exchange) => exchange.into(),
            Step::Done(conclusion) => conclusion.into(),
        }
    }
}

impl From<Exchange> for translator::Step {
    fn from(Exchange { request, saved, said }: Exchange) -> Self {
        let Request {
            method,
            url,
            headers,
            authorization,
            body,
        } = request;
        Self::Exchange(translator::Exchange {
            request: translator::Request {
                method,
                url,
                headers,
                authorization,
                body,
                blanks: Vec::new(),
            },
            saved,
            said,
        })
    }
}

impl From<Conclusion> for translator::Step {
    fn from(Conclusion { outcome, memo, said }: Conclusion) -> Self {
        Self::Done(translator::Conclusion {
            outcome: match outcome {
                Outcome::Taken(ids) => translator::Outcome::Taken(ids),
                Outcome::Known(reports) => translator::Outcome::Known(reports.into_iter().map(Into::into).collect()),
                Outcome::Retry(retry) => translator::Outcome::Retry(retry),
                Outcome::Dead(dead) => translator::Outcome::Dead(dead),
            },
            memo,
            said,
        })
    }
}

impl From<Report> for translator::Report {
    fn from(report: Report) -> Self {
        let Report {
            upstream_id,
            state,
            last,
            error,
            at,
            why,
        } = report;
        Self {
            upstream_id,
            key: None,
            state,
            final_: last,
            error,
            at,
            why,
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
            said,
        } = hearing;
        let heard = heard.into_iter().map(|heard| match heard {
            Heard::Incoming((key, incoming)) => translator::Heard::Incoming((key, incoming.into())),
            Heard::Alert(alert) => translator::Heard::Alert(alert),
            Heard::Report(report) => translator::Heard::Report(report.into()),
        });
        Self {
            proof: proof.map(|proof| translator::Proof {
                secret: proof.secret,
                algorithm: Algorithm::HmacSha256,
                message: proof.message,
                expected: proof.expected,
            }),
            heard: heard.collect(),
            status,
            body,
            ignored,
            said,
        }
    }
}

/// A component that answers with such steps and hearings, linked.
pub(crate) struct Pre<S, H> {
    pre: InstancePre<State>,
    check: ComponentExportIndex,
    begin: ComponentExportIndex,
    resume: ComponentExportIndex,
    webhook: ComponentExportIndex,
    answers: PhantomData<fn() -> (S, H)>,
}

impl<S, H> Pre<S, H>
where
    S: Lift + Into<translator::Step> + Send + Sync + 'static,
    H: Lift + Into<translator::Hearing> + Send + Sync + 'static,
{
    pub(crate) fn new(pre: InstancePre<State>, interface: &str) -> wasmtime::Result<Self> {
        let export = |name| export(&pre, interface, name);
        Ok(Self {
            check: export("check")?,
            begin: export("begin")?,
            resume: export("resume")?,
            webhook: export("webhook")?,
            pre,
            answers: PhantomData,
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
        Ok(self.call::<_, (S,)>(store, &self.begin, (context, operation))?.0.into())
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
        Ok(self.call::<_, (S,)>(store, &self.resume, arguments)?.0.into())
    }

    pub(crate) fn webhook(
        &self,
        store: &mut Store<State>,
        context: &Context,
        request: &WebhookRequest,
    ) -> wasmtime::Result<translator::Hearing> {
        Ok(self.call::<_, (H,)>(store, &self.webhook, (context, request))?.0.into())
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
