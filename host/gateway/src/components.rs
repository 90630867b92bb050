//! The components that come with the gateway, built by its build script.

use edgebind_runtime::{Engine, Release, SessionComponent, Slot, TranslatorComponent, message::Setting};

const SESSION: &[u8] = include_bytes!(env!("EDGEBIND_SESSION"));
const SMSGATE: &[u8] = include_bytes!(env!("EDGEBIND_SMSGATE"));
const SMSGATE_SECOND: &[u8] = include_bytes!(env!("EDGEBIND_SMSGATE_SECOND"));

/// The built-in components, loaded once for all tenants that use them.
pub struct Builtin {
    /// One bind.
    pub session: SessionComponent,
    /// SMSGate's API.
    pub translator: TranslatorComponent,
}

/// Compiles the built-in components.
pub fn load(engine: &Engine) -> Result<Builtin, String> {
    let failed = |what: &str, error: &dyn std::fmt::Display| format!("built-in {what} component: {error}");
    Ok(Builtin {
        session: SessionComponent::load(engine, SESSION).map_err(|error| failed("session", &error))?,
        translator: TranslatorComponent::load(engine, SMSGATE).map_err(|error| failed("smsgate", &error))?,
    })
}

/// The second build of the SMSGate translator, for the demonstration of a swap: the same code, named differently in its
/// User-Agent.
pub fn second_smsgate(engine: &Engine) -> Result<TranslatorComponent, String> {
    TranslatorComponent::load(engine, SMSGATE_SECOND)
        .map_err(|error| format!("built-in smsgate component, second build: {error}"))
}

/// A slot whose first release this is.
pub fn slot<T>(component: T, settings: Vec<Setting>) -> Slot<T> {
    Slot::new(Release {
        component,
        settings,
        revision: 1,
    })
}
