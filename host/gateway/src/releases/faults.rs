//! What follows when a guest breaks: it is counted, and the release is rolled back, its trial ended or its breaker opened. Says to
//! whoever's work it failed which release to begin it on again.

use super::{
    audit,
    health::Consequence,
    remember, trials,
    world::{Code, World},
};
use crate::{audit::RULE, gateway::Gateway, tenant::Tenant};
use edgebind_runtime::{Blame, Fault, Release};
use std::sync::Arc;

/// A call of this release broke. The release that the same work is to be begun on at once, if there is one.
pub fn faulted<T: Code>(
    gateway: &Arc<Gateway>,
    tenant: &Arc<Tenant>,
    release: &Arc<Release<T>>,
    fault: &Fault,
) -> Option<Arc<Release<T>>> {
    let (world, revision) = (T::WORLD, release.revision);
    tracing::error!(tenant = %tenant.name, %world, revision, %fault, "a guest's call failed");
    // What poisoned the instance was counted when it happened.
    if fault.blame() == Blame::Host || *fault == Fault::Poisoned {
        return None;
    }
    metrics::counter!("edgebind_guest_faults_total", "tenant" => tenant.name.clone(), "world" => world.name()).increment(1);
    release.counts.faulted();
    let slot = T::slot(tenant);
    if slot.candidate().is_some_and(|candidate| candidate.revision == revision) {
        trials::look::<T>(gateway, tenant);
        return Some(slot.current());
    }
    let current = slot.current();
    if current.revision != revision {
        // It is not in use any more: what replaced it does what it could not.
        return Some(current);
    }
    let tally = release.counts.tally();
    let is_first = tally.faults == 1 && tally.taken + tally.retried + tally.dead == 0;
    let (now, can_roll_back) = (gateway.clock.now(), slot.previous().is_some());
    match tenant
        .releases
        .health
        .of(world)
        .faulted(now, revision, is_first, can_roll_back)
    {
        Consequence::Counted => None,
        Consequence::Opened(pause_ms) => {
            tracing::warn!(tenant = %tenant.name, %world, revision, pause_ms, "too many faults: the guest is left alone for a while");
            metrics::counter!("edgebind_breaker_opened_total", "tenant" => tenant.name.clone(), "world" => world.name())
                .increment(1);
            None
        }
        Consequence::RollBack(why) => {
            let back = slot.roll_back_from(revision)?;
            tenant.releases.health.of(world).put_to_use(back.revision, now);
            rolled_back(gateway, tenant, world, revision, format!("{why}: {fault}"));
            Some(back)
        }
    }
}

/// A rule has rolled a release back; the binds are told, and it is remembered as soon as it can be.
pub fn rolled_back(gateway: &Arc<Gateway>, tenant: &Arc<Tenant>, world: World, revision: u64, why: String) {
    tracing::warn!(tenant = %tenant.name, %world, revision, "rolled back: {why}");
    metrics::counter!("edgebind_rollbacks_total", "tenant" => tenant.name.clone(), "world" => world.name()).increment(1);
    tenant.tell();
    let (task, tenant) = (gateway.clone(), tenant.clone());
    gateway.tasks.spawn(async move {
        let _changing = tenant.releases.changing.lock().await;
        let noted = remember(&task, &tenant, |journal| journal.pages.of_mut(world).rolled_back(revision, &why)).await;
        if let Err(error) = noted {
            tracing::error!(tenant = %tenant.name, %error, "a roll back is not on the disk: a restart would find the release in use again");
        }
        let action = format!("revision {revision} rolled back: {why}");
        if let Err(error) = audit(&task, &tenant, RULE, world, action, Vec::new()).await {
            tracing::error!(tenant = %tenant.name, %error, "a roll back is not in the audit trail");
        }
    });
}
