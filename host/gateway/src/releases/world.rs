//! The two worlds that a tenant has a release of each.

use super::depot::Loaded;
use crate::{components::Builtin, config, tenant::Tenant};
use edgebind_runtime::{Allowance, Component, Fault, SessionComponent, Slot, TranslatorComponent, message::Setting, session};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// What a component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum World {
    /// The logic of binds.
    Session,
    /// What stands between messages and one HTTP API.
    Translator,
}

impl World {
    /// Both.
    pub const ALL: [World; 2] = [World::Session, World::Translator];

    /// Its word in logs, metrics and paths.
    pub fn name(self) -> &'static str {
        match self {
            World::Session => "session",
            World::Translator => "translator",
        }
    }
}

impl From<edgebind_runtime::World> for World {
    fn from(world: edgebind_runtime::World) -> Self {
        match world {
            edgebind_runtime::World::Session => World::Session,
            edgebind_runtime::World::Translator => World::Translator,
        }
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One of something for each world.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EachWorld<T> {
    /// The session's.
    pub session: T,
    /// The translator's.
    pub translator: T,
}

impl<T> EachWorld<T> {
    /// That of one world.
    pub fn of(&self, world: World) -> &T {
        match world {
            World::Session => &self.session,
            World::Translator => &self.translator,
        }
    }

    /// That of one world, to be changed.
    pub fn of_mut(&mut self, world: World) -> &mut T {
        match world {
            World::Session => &mut self.session,
            World::Translator => &mut self.translator,
        }
    }
}

/// Code that a tenant has in a slot.
pub trait Code: Component + Clone + Send + Sync + Sized + 'static {
    /// Its world.
    const WORLD: World;

    /// Where a tenant has it.
    fn slot(tenant: &Tenant) -> &Slot<Self>;

    /// SHA-256 of the component, in hex.
    fn digest(&self) -> &str;

    /// The one that came with the gateway and that a tenant of this document starts with.
    ///
    /// # Errors
    /// A sentence, if it cannot be compiled.
    fn builtin(builtin: &Builtin, tenant: &config::Tenant) -> Result<Self, String>;

    /// A component of this world, if it is one.
    fn from_loaded(loaded: Loaded) -> Option<Self>;

    /// The same, with everything that is opened of it in this allowance.
    fn within(&self, allowance: &Arc<Allowance>) -> Self;

    /// Opens one instance with these settings, and throws it away.
    fn try_one(&self, settings: &[Setting]) -> Result<(), Fault>;
}

impl Code for SessionComponent {
    const WORLD: World = World::Session;

    fn slot(tenant: &Tenant) -> &Slot<Self> {
        &tenant.session
    }

    fn digest(&self) -> &str {
        SessionComponent::digest(self)
    }

    fn builtin(builtin: &Builtin, _: &config::Tenant) -> Result<Self, String> {
        Ok(builtin.session.clone())
    }

    fn from_loaded(loaded: Loaded) -> Option<Self> {
        match loaded {
            Loaded::Session(component) => Some(component),
            Loaded::Translator(_) => None,
        }
    }

    fn within(&self, allowance: &Arc<Allowance>) -> Self {
        SessionComponent::within(self, allowance)
    }

    fn try_one(&self, settings: &[Setting]) -> Result<(), Fault> {
        let config = session::Config {
            tenant: String::new(),
            account: String::new(),
            settings: settings.to_vec(),
        };
        self.open(&config).map(drop)
    }
}

impl Code for TranslatorComponent {
    const WORLD: World = World::Translator;

    fn slot(tenant: &Tenant) -> &Slot<Self> {
        &tenant.translator
    }

    fn digest(&self) -> &str {
        TranslatorComponent::digest(self)
    }

    fn builtin(builtin: &Builtin, tenant: &config::Tenant) -> Result<Self, String> {
        builtin.translator(tenant.translator)
    }

    fn from_loaded(loaded: Loaded) -> Option<Self> {
        match loaded {
            Loaded::Translator(component) => Some(component),
            Loaded::Session(_) => None,
        }
    }

    fn within(&self, allowance: &Arc<Allowance>) -> Self {
        TranslatorComponent::within(self, allowance)
    }

    fn try_one(&self, _: &[Setting]) -> Result<(), Fault> {
        // Each call is an instance, the check of its settings too.
        Ok(())
    }
}
