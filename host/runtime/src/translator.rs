//! Translators: a component of the translator world, each call an instance of its own, and the words between it and the host;
//! `wit/translator` says what they mean.

pub use crate::contract::translator_world::edgebind::translator::types::{
    Authorization, Conclusion, Context, Dead, Exchange, Failure, FailureKind, Heard, Hearing, Memo, Operation, Outcome, Proof,
    Report, Request, Response, Retry, Step, WebhookRequest,
};

use crate::{
    allowance::Allowance,
    contract::{
        message::Setting,
        translator_world::{TranslatorPre, exports::edgebind::translator::translation},
    },
    engine::Engine,
    fault::Fault,
    instance::{Instance, Room, State},
    world::{Admitted, Contract, Function, LoadError, World, admit, has_type},
};
use std::sync::Arc;
use wasmtime::Store;

/// A component that stands between messages and one HTTP API. Clones are the same component; calls may be made from many
/// threads at once.
#[derive(Clone)]
pub struct TranslatorComponent {
    engine: Engine,
    allowance: Arc<Allowance>,
    pre: Arc<TranslatorPre<State>>,
    digest: Arc<str>,
}

impl TranslatorComponent {
    /// Compiles a component and checks that it is a translator. Takes tens of milliseconds, or seconds for large ones: not for
    /// a thread that others wait for.
    pub fn load(engine: &Engine, bytes: &[u8]) -> Result<Self, LoadError> {
        let Admitted { pre, digest } = admit(engine, bytes, World::Translator)?;
        let pre = TranslatorPre::new(pre).map_err(|error| LoadError::Unusable(crate::fault::chain(&error)))?;
        Ok(Self {
            engine: engine.clone(),
            allowance: engine.allowance.clone(),
            pre: Arc::new(pre),
            digest: digest.into(),
        })
    }

    /// The same component, with every call in this allowance.
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

    /// What is wrong with these settings, a sentence for each mistake; empty if nothing is.
    pub fn check(&self, settings: &[Setting]) -> Result<Vec<String>, Fault> {
        self.call(|store, guest| guest.call_check(store, settings))
    }

    /// The first step of an operation.
    pub fn begin(&self, context: &Context, operation: &Operation) -> Result<Step, Fault> {
        self.call(|store, guest| guest.call_begin(store, context, operation))
    }

    /// The step after an exchange: `saved` is what the exchange asked to have back.
    pub fn resume(
        &self,
        context: &Context,
        operation: &Operation,
        saved: &[u8],
        got: &Result<Response, Failure>,
    ) -> Result<Step, Fault> {
        self.call(|store, guest| guest.call_resume(store, context, operation, saved, got.as_ref()))
    }

    /// What a webhook says.
    pub fn webhook(&self, context: &Context, request: &WebhookRequest) -> Result<Hearing, Fault> {
        self.call(|store, guest| guest.call_webhook(store, context, request))
    }

    fn call<R>(&self, call: impl FnOnce(&mut Store<State>, &translation::Guest) -> wasmtime::Result<R>) -> Result<R, Fault> {
        let room = Room::for_call(&self.engine, &self.allowance)?;
        let mut instance = Instance::new(&self.engine, &self.allowance, room);
        instance.call(self.allowance.translation(), |store| {
            let world = self.pre.instantiate(&mut *store)?;
            call(store, world.edgebind_translator_translation())
        })
    }
}

/// The world as `wit/translator/translator.wit` says it.
pub(crate) const CONTRACT: Contract = Contract {
    world: World::Translator,
    version: "0.1.0",
    words: &["edgebind:message/types@0.1.0", "edgebind:translator/types@0.1.0"],
    interface: "edgebind:translator/translation@0.1.0",
    functions: &[
        Function {
            name: "check",
            check: has_type::<(Vec<Setting>,), (Vec<String>,)>,
        },
        Function {
            name: "begin",
            check: has_type::<(Context, Operation), (Step,)>,
        },
        Function {
            name: "resume",
            check: has_type::<(Context, Operation, Vec<u8>, Result<Response, Failure>), (Step,)>,
        },
        Function {
            name: "webhook",
            check: has_type::<(Context, WebhookRequest), (Hearing,)>,
        },
    ],
};
