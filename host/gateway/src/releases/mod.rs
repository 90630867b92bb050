//! Releases: what a tenant runs, how that changes while its binds stay up, and what becomes of it when a guest breaks. Between
//! those who deploy, the slots that calls are made from, and the disk that remembers.

pub mod deploy;
pub mod depot;
pub mod faults;
pub mod health;
pub mod journal;
pub mod probation;
pub mod refusal;
pub mod restore;
pub mod shadow;
pub mod shelf;
pub mod trial;
pub mod trials;
pub mod world;

use crate::{
    allowance,
    audit::{Change, Difference},
    components::{self, Builtin},
    config::{self, Mistake},
    gateway::Gateway,
    register,
    tenant::Tenant,
};
use edgebind_runtime::{SessionComponent, Slot, TranslatorComponent};
use health::Health;
use journal::{Journal, Standing, State};
use refusal::Refusal;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::spawn_blocking;
use trials::Running;
use world::{Code, EachWorld, World};

/// A tenant's releases, beside the slots that they are in.
pub struct Releases {
    /// How each world fares.
    pub health: EachWorld<Health>,
    /// Held while a release is changed by somebody, from the first look to the last write. What a rule changes is written under it.
    pub changing: tokio::sync::Mutex<()>,
    /// What is on trial, and what was counted when the trial began.
    pub trials: EachWorld<Mutex<Option<Running>>>,
    journal: Mutex<Journal>,
}

impl Releases {
    /// As the journal says.
    pub fn new(journal: Journal) -> Self {
        let health = |world| {
            let in_use = journal.pages.of(world).in_state(State::InUse);
            in_use.map_or_else(
                || Health::of(0, 0),
                |entry| Health::of(entry.revision, entry.used_since.unwrap_or(entry.at)),
            )
        };
        Self {
            health: EachWorld {
                session: health(World::Session),
                translator: health(World::Translator),
            },
            changing: tokio::sync::Mutex::default(),
            trials: EachWorld::default(),
            journal: Mutex::new(journal),
        }
    }

    /// What is remembered.
    pub fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which revisions of a slot are what.
pub fn standing<T: Code>(slot: &Slot<T>) -> Standing {
    Standing {
        in_use: slot.current().revision,
        on_trial: slot.candidate().map(|release| release.revision),
        before: slot.previous().map(|release| release.revision),
    }
}

/// What the components that a tenant has say of a document that it is to have: of its own settings where those change, and of each
/// account's over the settings in use where they do not.
pub fn settings_mistakes(builtin: &Builtin, tenant: &Tenant, config: &config::Tenant) -> Vec<Mistake> {
    let mut mistakes = allowance::mistakes(config, tenant.limits());
    mistakes.extend(mistakes_of::<SessionComponent>(builtin, tenant, config));
    mistakes.extend(mistakes_of::<TranslatorComponent>(builtin, tenant, config));
    mistakes
}

fn mistakes_of<T: Code>(builtin: &Builtin, tenant: &Tenant, config: &config::Tenant) -> Vec<Mistake> {
    let (current, document) = (T::slot(tenant).current(), components::document(config, T::WORLD));
    let settings = if follows::<T>(tenant, config) {
        document
    } else {
        &current.settings
    };
    let names_another = tenant
        .releases
        .journal()
        .pages
        .of(T::WORLD)
        .names_another(components::named(config, T::WORLD));
    let component = match names_another {
        true => T::builtin(builtin, config),
        false => Ok(current.component.clone()),
    };
    let apart = allowance::of(config, &tenant.limits().guest);
    match component {
        Ok(component) => components::mistakes(&component.within(&apart), settings, config),
        Err(what) => vec![components::unusable(what)],
    }
}

/// Whether a tenant can have this document now: other settings are another release, and none comes while one is on trial.
pub fn may_follow(tenant: &Tenant, config: &config::Tenant) -> Result<(), String> {
    if (follows::<SessionComponent>(tenant, config) && tenant.session.candidate().is_some())
        || (follows::<TranslatorComponent>(tenant, config) && tenant.translator.candidate().is_some())
    {
        return Err("other settings are another release, and one is on trial: promote or dismiss it first".into());
    }
    Ok(())
}

fn follows<T: Code>(tenant: &Tenant, config: &config::Tenant) -> bool {
    let (named, document) = (components::named(config, T::WORLD), components::document(config, T::WORLD));
    tenant.releases.journal().pages.of(T::WORLD).is_behind(named, document)
}

/// Brings the journal in line with the slots, after `note` has noted what else is to be remembered, and makes it durable. To be
/// called while the tenant's releases are being changed.
pub async fn remember(gateway: &Gateway, tenant: &Arc<Tenant>, note: impl FnOnce(&mut Journal)) -> Result<(), Refusal> {
    let now = gateway.clock.now();
    {
        let mut journal = tenant.releases.journal();
        note(&mut journal);
        journal.pages.session.stand(standing(&tenant.session), now);
        journal.pages.translator.stand(standing(&tenant.translator), now);
    }
    let journal = tenant.releases.journal().clone();
    keep(gateway, tenant, journal).await
}

/// Makes a journal durable.
pub async fn keep(gateway: &Gateway, tenant: &Arc<Tenant>, journal: Journal) -> Result<(), Refusal> {
    let (depot, name) = (gateway.depot.clone(), tenant.name.clone());
    let kept = spawn_blocking(move || depot.keep_journal(&name, &journal)).await;
    kept.map_err(|error| error.to_string()).flatten().map_err(Refusal::Disk)
}

/// Notes in the audit trail what became of a release.
pub async fn audit(
    gateway: &Arc<Gateway>,
    tenant: &Tenant,
    by: &str,
    world: World,
    action: String,
    what: Vec<Difference>,
) -> Result<(), Refusal> {
    let change = Change {
        at: 0,
        by: String::new(),
        action: format!("{world} {action}"),
        tenant: Some(tenant.name.to_string()),
        account: None,
        what,
    };
    register::audit(gateway, by, change)
        .await
        .map_err(|refusal| Refusal::Disk(refusal.to_string()))
}

/// From one revision to another.
fn from_to(before: u64, after: u64) -> Vec<Difference> {
    vec![Difference {
        path: "revision".into(),
        before: before.into(),
        after: after.into(),
    }]
}
