//! Trials under way: looks at what both releases did and does what the rule says.

use super::{
    audit,
    faults::rolled_back,
    remember,
    shadow::Shadow,
    trial::{Trial, Verdict},
    world::{Code, World},
};
use crate::{audit::RULE, gateway::Gateway, limits::TRIAL_POLL, tenant::Tenant};
use edgebind_runtime::{SessionComponent, Tally, TranslatorComponent};
use std::sync::{Arc, PoisonError};

/// A trial under way.
#[derive(Clone)]
pub struct Running {
    /// What is tried.
    pub revision: u64,
    /// How.
    pub trial: Trial,
    /// When it began, in milliseconds of Unix time.
    pub began: u64,
    /// What the release in use had done by then.
    pub in_use_before: Tally,
    /// Who tells it what the release in use does, where it is a shadow of that.
    pub shadow: Option<Arc<Shadow>>,
}

/// What both releases of a trial have done since it began.
#[derive(Clone)]
pub struct Comparison {
    /// The trial.
    pub running: Running,
    /// The release in use.
    pub revision_in_use: u64,
    /// What it did.
    pub in_use: Tally,
    /// What the one on trial did.
    pub on_trial: Tally,
}

/// A trial of the candidate begins.
pub fn begin<T: Code>(tenant: &Tenant, revision: u64, trial: Trial, now: u64) {
    let shadow = matches!(trial, Trial::Shadow)
        .then(|| tenant.translator.candidate())
        .flatten()
        .map(Shadow::new);
    let running = Running {
        revision,
        shadow,
        trial,
        began: now,
        in_use_before: T::slot(tenant).current().counts.tally(),
    };
    *lock(tenant, T::WORLD) = Some(running);
}

/// The trial of this world, if there is one.
pub fn comparison<T: Code>(tenant: &Tenant) -> Option<Comparison> {
    let running = lock(tenant, T::WORLD).clone()?;
    let slot = T::slot(tenant);
    let candidate = slot.candidate().filter(|candidate| candidate.revision == running.revision)?;
    let current = slot.current();
    Some(Comparison {
        revision_in_use: current.revision,
        in_use: current.counts.tally().since(running.in_use_before),
        on_trial: candidate.counts.tally(),
        running,
    })
}

/// The shadow of this tenant's translator, if it has one.
pub fn shadow(tenant: &Tenant) -> Option<Arc<Shadow>> {
    // The usual case is told without a lock.
    tenant.translator.candidate()?;
    lock(tenant, World::Translator)
        .as_ref()
        .and_then(|running| running.shadow.clone())
}

/// Ends the trial of this world if its rule says so.
pub fn look<T: Code>(gateway: &Arc<Gateway>, tenant: &Arc<Tenant>) {
    let Some(comparison) = comparison::<T>(tenant) else {
        return;
    };
    let Trial::Canary(canary) = &comparison.running.trial else {
        return;
    };
    let (now, revision) = (gateway.clock.now(), comparison.running.revision);
    let age = now.saturating_sub(comparison.running.began);
    match canary.judge(comparison.on_trial, comparison.in_use, age) {
        Verdict::Wait => {}
        Verdict::Promote => {
            if T::slot(tenant).promote(revision).is_some() {
                tenant.releases.health.of(T::WORLD).put_to_use(revision, now);
                promoted(gateway, tenant, T::WORLD, revision);
            }
        }
        Verdict::RollBack(why) => {
            if T::slot(tenant).dismiss(revision).is_some() {
                *lock(tenant, T::WORLD) = None;
                rolled_back(gateway, tenant, T::WORLD, revision, why);
            }
        }
    }
}

/// Looks at every trial, over and over, until the gateway drains.
pub async fn watch(gateway: Arc<Gateway>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(TRIAL_POLL) => {}
            () = gateway.draining.cancelled() => return,
        }
        for tenant in &*gateway.directory.tenants() {
            look::<SessionComponent>(&gateway, tenant);
            look::<TranslatorComponent>(&gateway, tenant);
        }
    }
}

/// The trial of this world is over.
pub fn end(tenant: &Tenant, world: World) {
    *lock(tenant, world) = None;
}

fn promoted(gateway: &Arc<Gateway>, tenant: &Arc<Tenant>, world: World, revision: u64) {
    end(tenant, world);
    tracing::info!(tenant = %tenant.name, %world, revision, "promoted: on trial it did no worse than the release in use");
    tenant.tell();
    let (task, tenant) = (gateway.clone(), tenant.clone());
    gateway.tasks.spawn(async move {
        let _changing = tenant.releases.changing.lock().await;
        if let Err(error) = remember(&task, &tenant, |_| {}).await {
            tracing::error!(tenant = %tenant.name, %error, "a promotion is not on the disk: after a restart the release is on trial again");
        }
        let action = format!("revision {revision} promoted");
        if let Err(error) = audit(&task, &tenant, RULE, world, action, Vec::new()).await {
            tracing::error!(tenant = %tenant.name, %error, "a promotion is not in the audit trail");
        }
    });
}

fn lock(tenant: &Tenant, world: World) -> std::sync::MutexGuard<'_, Option<Running>> {
    tenant
        .releases
        .trials
        .of(world)
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}
