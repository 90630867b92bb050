//! The components that come with the gateway, built by its build script.

use crate::{
    allowance,
    config::{self, Mistake, Mode, Translator},
    releases::{
        depot::Loaded,
        world::{Code, World},
    },
};
use edgebind_runtime::{ChildCommand, Compiler, Engine, Limits, SessionComponent, TranslatorComponent, message::Setting};
use std::{
    env, iter,
    path::{Path, PathBuf},
};

/// Names a directory where compiled components are kept, for several gateways on a machine, or for ones whose data directory
/// does not last.
const CACHE_DIR: &str = "EDGEBIND_CACHE_DIR";

/// In journals of releases and for the admin API.
const SESSION_NAME: &str = "session";

/// The session that every tenant starts with.
pub const SESSION: &[u8] = include_bytes!(env!("EDGEBIND_SESSION"));
/// The translator that a tenant starts with unless its document names another.
pub const SMSGATE: &[u8] = include_bytes!(env!("EDGEBIND_SMSGATE"));
const VONAGE: &[u8] = include_bytes!(env!("EDGEBIND_VONAGE"));
const HTTP_TEMPLATE: &[u8] = include_bytes!(env!("EDGEBIND_HTTP_TEMPLATE"));
/// A second build of the SMSGate translator, for the demonstration of a swap: the same code, named differently in its User-Agent.
pub const SMSGATE_SECOND: &[u8] = include_bytes!(env!("EDGEBIND_SMSGATE_SECOND"));

/// The built-in components, loaded once for all tenants that use them.
#[derive(Clone)]
pub struct Builtin {
    /// One bind.
    pub session: SessionComponent,
    translators: Translators,
    /// What the guests of all tenants share.
    pub limits: Limits,
}

/// One for each network.
#[derive(Clone)]
struct Translators {
    smsgate: TranslatorComponent,
    vonage: TranslatorComponent,
    http_template: TranslatorComponent,
}

impl Builtin {
    /// The translator of this name.
    pub fn translator(&self, which: Translator) -> &TranslatorComponent {
        match which {
            Translator::Smsgate => &self.translators.smsgate,
            Translator::Vonage => &self.translators.vonage,
            Translator::HttpTemplate => &self.translators.http_template,
        }
    }

    /// Each with its name.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, Loaded)> {
        let translators = Translator::WORDS
            .into_iter()
            .map(|(name, which)| (name, Loaded::Translator(self.translator(which).clone())));
        iter::once((SESSION_NAME, Loaded::Session(self.session.clone()))).chain(translators)
    }

    /// What the built-in components say of a tenant's settings, and of each account's over them.
    pub fn settings_mistakes(&self, tenant: &config::Tenant) -> Vec<Mistake> {
        let of_guests = allowance::mistakes(tenant, &self.limits);
        let allowance = allowance::of(tenant, &self.limits.guest);
        let (session, translator) = (
            self.session.within(&allowance),
            self.translator(tenant.translator).within(&allowance),
        );
        let of_session = mistakes(&session, document(tenant, World::Session), tenant);
        let of_translator = mistakes(&translator, document(tenant, World::Translator), tenant);
        of_guests.into_iter().chain(of_session).chain(of_translator).collect()
    }
}

/// The settings of a tenant's own document for the components of a world.
pub fn document(tenant: &config::Tenant, world: World) -> &[Setting] {
    match world {
        World::Session => &tenant.session_settings,
        World::Translator => &tenant.translator_settings,
    }
}

/// The name of the component of a world that a tenant's own document names, or leaves as it is.
pub fn named(tenant: &config::Tenant, world: World) -> &'static str {
    match world {
        World::Session => SESSION_NAME,
        World::Translator => tenant.translator.name(),
    }
}

/// What a component says of a release's settings, and of each account's over them.
pub fn mistakes<T: Code>(component: &T, release: &[Setting], tenant: &config::Tenant) -> Vec<Mistake> {
    let accounts = match &tenant.mode {
        Mode::Accounts(accounts) => accounts.as_slice(),
        Mode::PassThrough => &[],
    };
    let name = match T::WORLD {
        World::Session => "session_settings",
        World::Translator => "translator_settings",
    };
    let accounts = accounts.iter().enumerate().map(|(index, account)| {
        let own = match T::WORLD {
            World::Session => &account.session_settings,
            World::Translator => &account.translator_settings,
        };
        (format!("accounts[{index}].{name}"), own.as_slice())
    });
    let mut mistakes: Vec<Mistake> = Vec::new();
    for (at, own) in iter::once((name.to_owned(), [].as_slice())).chain(accounts) {
        let found = component
            .check(&[release, own].concat())
            .unwrap_or_else(|fault| vec![format!("cannot be checked: {fault}")]);
        for what in found {
            // What is wrong with the tenant's is wrong with each account's over them: once is enough.
            if !mistakes.iter().any(|known| known.what == what) {
                mistakes.push(Mistake { at: at.clone(), what });
            }
        }
    }
    mistakes
}

/// Compiles in a process of its own, and keeps what it made where the environment says, else here.
pub fn compiler(data_dir: &Path) -> Compiler {
    let dir = env::var_os(CACHE_DIR).map_or_else(|| data_dir.to_owned(), PathBuf::from);
    let child = ChildCommand {
        // This program as it is now, also after another has been installed in its place.
        program: "/proc/self/exe".into(),
        args: vec!["compile".into()],
    };
    Compiler::new(dir.join("compiled"), Some(child))
}

/// The same for who has no data directory: nothing is kept but where the environment says.
pub fn lasting_compiler() -> Option<Compiler> {
    env::var_os(CACHE_DIR).map(|dir| compiler(Path::new(&dir)))
}

/// Loads the built-in components.
pub fn load(engine: &Engine) -> Result<Builtin, String> {
    let failed = |what: &str, error: &dyn std::fmt::Display| format!("built-in {what} component: {error}");
    let translator = |which: Translator, octets: &[u8]| {
        TranslatorComponent::load(engine, octets).map_err(|error| failed(which.name(), &error))
    };
    Ok(Builtin {
        session: SessionComponent::load(engine, SESSION).map_err(|error| failed(SESSION_NAME, &error))?,
        translators: Translators {
            smsgate: translator(Translator::Smsgate, SMSGATE)?,
            vonage: translator(Translator::Vonage, VONAGE)?,
            http_template: translator(Translator::HttpTemplate, HTTP_TEMPLATE)?,
        },
        limits: engine.limits().clone(),
    })
}
