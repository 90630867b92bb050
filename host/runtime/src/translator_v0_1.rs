//! Translators that were built against `edgebind:translator` 0.1.0, frozen in `wit/frozen/0.1.0`. What that version has in common with
//! later ones is called through their types, because types of components are the same when they look the same; only what differs
//! stands here.

use crate::{
    translator::{self, Memo},
    translator_v0_2::{self, Heard, Outcome, Proof, Request},
};
use wasmtime::component::{ComponentType, Lift};

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
            Step::Exchange(Exchange { request, saved }) => translator_v0_2::Exchange { request, saved, said }.into(),
            Step::Done(Conclusion { outcome, memo }) => translator_v0_2::Conclusion { outcome, memo, said }.into(),
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
        translator_v0_2::Hearing {
            proof,
            heard,
            status,
            body,
            ignored,
            said: Vec::new(),
        }
        .into()
    }
}

/// A component of this version, linked.
pub(crate) type Pre = translator_v0_2::Pre<Step, Hearing>;
