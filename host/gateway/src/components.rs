//! The components that come with the gateway, built by its build script.

use crate::{
    allowance,
    config::{self, Mistake, Mode, Translator},
    releases::{
        depot::Loaded,
        world::{Code, World},
    },
};
use edgebind_runtime::{
    ChildCommand, Compiler, Engine, Limits, SessionComponent, TranslatorComponent, inspect, message::Setting,
};
use std::{
    env, fmt, iter,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
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

/// The built-in components, loaded once for all tenants that use them. Clones are the same.
#[derive(Clone)]
pub struct Builtin {
    /// One bind.
    pub session: SessionComponent,
    translators: Arc<[Shipped; 3]>,
    engine: Engine,
    /// What the guests of all tenants share.
    pub limits: Limits,
}

/// A translator that is compiled when somebody first wants it: few gateways need them all.
struct Shipped {
    which: Translator,
    octets: &'static [u8],
    digest: String,
    loaded: OnceLock<Result<TranslatorComponent, String>>,
}

impl Shipped {
    fn new(which: Translator, octets: &'static [u8]) -> Result<Self, String> {
        let shape = inspect(octets, usize::MAX).map_err(|error| failed(which.name(), &error))?;
        Ok(Self {
            which,
            octets,
            digest: shape.digest,
            loaded: OnceLock::new(),
        })
    }
}

impl Builtin {
    /// A translator. The first time this takes as long as compiling does.
    ///
    /// # Errors
    /// A sentence, if it cannot be compiled.
    pub fn translator(&self, which: Translator) -> Result<TranslatorComponent, String> {
        let shipped = self.shipped(|shipped| shipped.which == which);
        let shipped = shipped.ok_or_else(|| format!("no {which} component comes with the gateway"))?;
        let load = || TranslatorComponent::load(&self.engine, shipped.octets).map_err(|error| failed(which.name(), &error));
        shipped.loaded.get_or_init(load).clone()
    }

    /// The translator of this digest, if it is one of them.
    pub fn translator_of(&self, digest: &str) -> Option<Translator> {
        self.shipped(|shipped| shipped.digest == digest).map(|shipped| shipped.which)
    }

    /// The name of each.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        iter::once(SESSION_NAME).chain(self.translators.iter().map(|shipped| shipped.which.name()))
    }

    /// The name of the component of this name or digest, if it is one of them.
    pub fn name_of(&self, named: &str) -> Option<&'static str> {
        if named == SESSION_NAME || named == self.session.digest() {
            return Some(SESSION_NAME);
        }
        self.shipped(|shipped| shipped.which.name() == named || shipped.digest == named)
            .map(|shipped| shipped.which.name())
    }

    /// The component of this name, unless it has to be compiled first.
    pub fn ready(&self, name: &str) -> Option<Loaded> {
        if name == SESSION_NAME {
            return Some(Loaded::Session(self.session.clone()));
        }
        let shipped = self.shipped(|shipped| shipped.which.name() == name)?;
        let loaded = shipped.loaded.get()?.as_ref().ok()?;
        Some(Loaded::Translator(loaded.clone()))
    }

    /// The component of this name. The first time this takes as long as compiling does.
    ///
    /// # Errors
    /// A sentence: there is none of this name, or it cannot be compiled.
    pub fn named(&self, name: &str) -> Result<Loaded, String> {
        if name == SESSION_NAME {
            return Ok(Loaded::Session(self.session.clone()));
        }
        let shipped = self.shipped(|shipped| shipped.which.name() == name);
        let shipped = shipped.ok_or_else(|| format!("no component {name} comes with the gateway"))?;
        self.translator(shipped.which).map(Loaded::Translator)
    }

    fn shipped(&self, is_it: impl Fn(&Shipped) -> bool) -> Option<&Shipped> {
        self.translators.iter().find(|shipped| is_it(shipped))
    }

    /// What the built-in components say of a tenant's settings, and of each account's over them.
    pub fn settings_mistakes(&self, tenant: &config::Tenant) -> Vec<Mistake> {
        let of_guests = allowance::mistakes(tenant, &self.limits);
        let allowance = allowance::of(tenant, &self.limits.guest);
        let session = self.session.within(&allowance);
        let of_session = mistakes(&session, document(tenant, World::Session), tenant);
        let of_translator = match self.translator(tenant.translator) {
            Ok(translator) => mistakes(&translator.within(&allowance), document(tenant, World::Translator), tenant),
            Err(what) => vec![unusable(what)],
        };
        of_guests.into_iter().chain(of_session).chain(of_translator).collect()
    }
}

/// What is wrong with a tenant whose translator cannot be had.
pub fn unusable(what: String) -> Mistake {
    Mistake {
        at: "translator".into(),
        what,
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
        // Its address space is bounded, and the allocator would begin by reserving a gigabyte of it.
        env: vec![("MIMALLOC_ARENA_RESERVE".into(), "16MiB".into())],
    };
    Compiler::new(dir.join("compiled"), Some(child))
}

/// The same for who has no data directory: nothing is kept but where the environment says.
pub fn lasting_compiler() -> Option<Compiler> {
    env::var_os(CACHE_DIR).map(|dir| compiler(Path::new(&dir)))
}

/// Loads the built-in components: those that tenants start with unless they name others.
pub fn load(engine: &Engine) -> Result<Builtin, String> {
    let builtin = Builtin {
        session: SessionComponent::load(engine, SESSION).map_err(|error| failed(SESSION_NAME, &error))?,
        translators: Arc::new([
            Shipped::new(Translator::Smsgate, SMSGATE)?,
            Shipped::new(Translator::Vonage, VONAGE)?,
            Shipped::new(Translator::HttpTemplate, HTTP_TEMPLATE)?,
        ]),
        engine: engine.clone(),
        limits: engine.limits().clone(),
    };
    builtin.translator(Translator::default())?;
    Ok(builtin)
}

fn failed(what: &str, error: &dyn fmt::Display) -> String {
    format!("built-in {what} component: {error}")
}
