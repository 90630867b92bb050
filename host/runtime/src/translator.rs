//! Translators: a component of the translator world, each call an instance of its own, and the words between it and the host;
//! `wit/translator` says what they mean.

pub use crate::contract::translator_world::edgebind::translator::types::{
    Algorithm, Authorization, Blank, Conclusion, Context, Dead, Digits, Escape, Exchange, Failure, FailureKind, Filling, Heard,
    Hearing, Memo, Operation, Outcome, Piece, Proof, Report, Request, Response, Retry, Signature, Step, WebhookRequest,
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
    speech::plain,
    translator_v0_1, translator_v0_2,
    world::{Admitted, Contract, Function, LoadError, World, admit, has_type},
};
use std::sync::Arc;
use wasmtime::{
    Store,
    component::{ComponentType, InstancePre, Lift},
};

/// A component that stands between messages and one HTTP API. Clones are the same component; calls may be made from many
/// threads at once.
#[derive(Clone)]
pub struct TranslatorComponent {
    engine: Engine,
    allowance: Arc<Allowance>,
    pre: Arc<Pre>,
    digest: Arc<str>,
    version: &'static str,
    wasi: bool,
}

impl TranslatorComponent {
    /// Compiles a component and checks that it is a translator. Takes tens of milliseconds, or seconds for large ones: not for
    /// a thread that others wait for.
    pub fn load(engine: &Engine, bytes: &[u8]) -> Result<Self, LoadError> {
        let Admitted {
            pre,
            digest,
            version,
            wasi,
        } = admit(engine, bytes, World::Translator)?;
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

    /// The version of the contract that it was built against.
    pub fn contract(&self) -> &'static str {
        self.version
    }

    /// Whether it imports WASI, as components of slower languages do. Its calls wait for nothing either; a call of JavaScript
    /// takes tens of microseconds, and one of Python half a millisecond, most of it for the instance.
    pub fn is_wasi(&self) -> bool {
        self.wasi
    }

    /// What is wrong with these settings, a sentence for each mistake; empty if nothing is.
    pub fn check(&self, settings: &[Setting]) -> Result<Vec<String>, Fault> {
        self.call(0, &[b"check"], |store| match &*self.pre {
            Pre::Latest(pre) => latest(pre, store, |store, guest| guest.call_check(store, settings)),
            Pre::V0_2(pre) => pre.check(store, settings),
            Pre::V0_1(pre) => pre.check(store, settings),
        })
    }

    /// The first step of an operation. What the guest says goes to its tenant's voice, here as in the other calls.
    pub fn begin(&self, context: &Context, operation: &Operation) -> Result<Step, Fault> {
        let turn = context.attempt.to_le_bytes();
        let step = self.call(context.now, &seed("begin", context, &turn), |store| match &*self.pre {
            Pre::Latest(pre) => latest(pre, store, |store, guest| guest.call_begin(store, context, operation)),
            Pre::V0_2(pre) => pre.begin(store, context, operation),
            Pre::V0_1(pre) => pre.begin(store, context, operation),
        })?;
        Ok(self.heard_out(step))
    }

    /// The step after an exchange: `saved` is what the exchange asked to have back.
    pub fn resume(
        &self,
        context: &Context,
        operation: &Operation,
        saved: &[u8],
        got: &Result<Response, Failure>,
    ) -> Result<Step, Fault> {
        let turn = context.attempt.to_le_bytes();
        let step = self.call(context.now, &seed("resume", context, &turn), |store| match &*self.pre {
            Pre::Latest(pre) => latest(pre, store, |store, guest| {
                guest.call_resume(store, context, operation, saved, got.as_ref())
            }),
            Pre::V0_2(pre) => pre.resume(store, context, operation, saved, got),
            Pre::V0_1(pre) => pre.resume(store, context, operation, saved, got),
        })?;
        Ok(self.heard_out(step))
    }

    /// What a webhook says.
    pub fn webhook(&self, context: &Context, request: &WebhookRequest) -> Result<Hearing, Fault> {
        let turn = context.now.to_le_bytes();
        let mut hearing = self.call(context.now, &seed("webhook", context, &turn), |store| match &*self.pre {
            Pre::Latest(pre) => latest(pre, store, |store, guest| guest.call_webhook(store, context, request)),
            Pre::V0_2(pre) => pre.webhook(store, context, request),
            Pre::V0_1(pre) => pre.webhook(store, context, request),
        })?;
        self.pass_on(&mut hearing.said);
        Ok(hearing)
    }

    fn heard_out(&self, mut step: Step) -> Step {
        self.pass_on(match &mut step {
            Step::Exchange(exchange) => &mut exchange.said,
            Step::Done(conclusion) => &mut conclusion.said,
        });
        step
    }

    fn pass_on(&self, said: &mut Vec<String>) {
        for line in said.drain(..) {
            self.allowance.say(|| plain(line.as_bytes()));
        }
    }

    fn call<R>(
        &self,
        now_ms: u64,
        seed: &[&[u8]],
        call: impl FnOnce(&mut Store<State>) -> wasmtime::Result<R>,
    ) -> Result<R, Fault> {
        let room = Room::for_call(&self.engine, &self.allowance)?;
        let mut instance = Instance::new(&self.engine, &self.allowance, room, self.wasi);
        instance.turn_to(now_ms, seed);
        instance.call(self.allowance.translation(), call)
    }
}

/// A component of one of the versions, linked.
enum Pre {
    Latest(TranslatorPre<State>),
    V0_2(translator_v0_2::Pre<translator_v0_2::Step, translator_v0_2::Hearing>),
    V0_1(translator_v0_1::Pre),
}

impl Pre {
    fn new(pre: InstancePre<State>, version: &str) -> wasmtime::Result<Self> {
        match version {
            translator_v0_1::VERSION => translator_v0_1::Pre::new(pre, translator_v0_1::INTERFACE).map(Self::V0_1),
            translator_v0_2::VERSION => translator_v0_2::Pre::new(pre, translator_v0_2::INTERFACE).map(Self::V0_2),
            _ => TranslatorPre::new(pre).map(Self::Latest),
        }
    }
}

fn latest<R>(
    pre: &TranslatorPre<State>,
    store: &mut Store<State>,
    call: impl FnOnce(&mut Store<State>, &translation::Guest) -> wasmtime::Result<R>,
) -> wasmtime::Result<R> {
    let world = pre.instantiate(&mut *store)?;
    call(store, world.edgebind_translator_translation())
}

/// What makes a call another than all others, for a guest that asks for random numbers: they are the same when an attempt is
/// repeated.
fn seed<'a>(function: &'a str, context: &'a Context, turn: &'a [u8]) -> [&'a [u8]; 5] {
    let Context {
        tenant, account, key, ..
    } = context;
    [
        function.as_bytes(),
        tenant.as_bytes(),
        account.as_bytes(),
        key.as_bytes(),
        turn,
    ]
}

/// The world as `wit/translator/translator.wit` says it.
pub(crate) const LATEST: Contract = Contract {
    world: World::Translator,
    version: "0.3.0",
    words: &["edgebind:message/types@0.2.0", "edgebind:translator/types@0.3.0"],
    interface: "edgebind:translator/translation@0.3.0",
    functions: &functions::<Step, Hearing>(),
};

/// The world as `wit/frozen/0.2.0` says it.
pub(crate) const V0_2: Contract = Contract {
    world: World::Translator,
    version: translator_v0_2::VERSION,
    words: &["edgebind:message/types@0.1.0", "edgebind:translator/types@0.2.0"],
    interface: translator_v0_2::INTERFACE,
    functions: &functions::<translator_v0_2::Step, translator_v0_2::Hearing>(),
};

/// The world as `wit/frozen/0.1.0` says it.
pub(crate) const V0_1: Contract = Contract {
    world: World::Translator,
    version: translator_v0_1::VERSION,
    words: &["edgebind:message/types@0.1.0", "edgebind:translator/types@0.1.0"],
    interface: translator_v0_1::INTERFACE,
    functions: &functions::<translator_v0_1::Step, translator_v0_1::Hearing>(),
};

/// The functions of the world. Versions differ in what a translator answers and in nothing else.
const fn functions<S: ComponentType + Lift + 'static, H: ComponentType + Lift + 'static>() -> [Function; 4] {
    [
        Function {
            name: "check",
            check: has_type::<(Vec<Setting>,), (Vec<String>,)>,
        },
        Function {
            name: "begin",
            check: has_type::<(Context, Operation), (S,)>,
        },
        Function {
            name: "resume",
            check: has_type::<(Context, Operation, Vec<u8>, Result<Response, Failure>), (S,)>,
        },
        Function {
            name: "webhook",
            check: has_type::<(Context, WebhookRequest), (H,)>,
        },
    ]
}
