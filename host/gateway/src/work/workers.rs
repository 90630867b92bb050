//! One worker a lane: claims what waits in it and has it done, as many at a time as the tenant's places allow.

use super::{
    awaited,
    lane::{Kind, Lane},
    multi,
    order::Order,
    parts,
    submit::{self, Job},
};
use crate::{
    account::Account,
    gateway::Gateway,
    limits::{CLAIMS_MAX, LANE_IDLE, PLACES_OF_OTHERS, SUBMIT_LEASE},
    tenant::Tenant,
};
use edgebind_ledger::LedgerError;
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::watch;
use tracing::Instrument as _;

/// Which lanes have a worker.
#[derive(Debug, Default)]
pub struct Workers {
    running: Mutex<HashSet<Lane>>,
}

impl Workers {
    /// Sees to it that this lane has a worker. It ends by itself when its account has no bind and the lane no work.
    pub fn ensure(&self, gateway: &Arc<Gateway>, lane: Lane) {
        if lane.kind == Kind::Deliver || gateway.draining.is_cancelled() {
            return;
        }
        let Some((tenant, account)) = gateway.owner(&lane) else {
            return tracing::warn!(tenant = %lane.tenant, "work waits for a tenant or an account that is not configured; it stays where it is");
        };
        if !tenant.serves(&account) {
            return;
        }
        if self
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(lane.clone())
        {
            // Not within the bind that brought its first message: it goes on after that.
            let span = tracing::info_span!(parent: None, "lane", tenant = %tenant.name, work = ?lane.kind);
            let gateway = gateway.clone();
            gateway
                .clone()
                .tasks
                .spawn(async move { work(gateway, tenant, account, lane).await }.instrument(span));
        }
    }

    fn forget(&self, lane: &Lane) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(lane);
    }
}

async fn work(gateway: Arc<Gateway>, tenant: Arc<Tenant>, account: Arc<Account>, lane: Lane) {
    loop {
        let worked = match lane.kind {
            Kind::Parts => parts::assemble(&gateway, &tenant, &lane, LANE_IDLE).await,
            Kind::Multi => multi::fan_out(&gateway, &lane, LANE_IDLE).await,
            _ => submissions(&gateway, &tenant, &account, &lane).await,
        };
        if let Err(error) = worked {
            tracing::error!(%error, "the lane's worker failed; it starts again in a second");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        if gateway.draining.is_cancelled() {
            break;
        }
        if !tenant.serves(&account) {
            break;
        }
        if account.binds() == 0 && gateway.records.pending(&lane.name()) == 0 {
            gateway.workers.forget(&lane);
            // Work that came between the question and the line above still finds a worker.
            if gateway.records.pending(&lane.name()) > 0 {
                gateway.workers.ensure(&gateway, lane);
            } else {
                gateway.forget_credentials(&tenant, &account);
            }
            return;
        }
    }
    gateway.workers.forget(&lane);
    // It may have been resumed meanwhile.
    gateway.workers.ensure(&gateway, lane);
}

/// Claims and starts submissions until the gateway drains or nothing came for [`LANE_IDLE`].
async fn submissions(
    gateway: &Arc<Gateway>,
    tenant: &Arc<Tenant>,
    account: &Arc<Account>,
    lane: &Lane,
) -> Result<(), LedgerError> {
    let name = lane.name();
    let mut changes = tenant.changes.subscribe();
    let order = Arc::new(Order::default());
    loop {
        if !tenant.serves(account) {
            return Ok(());
        }
        tokio::select! {
            () = account.lull.over(&gateway.clock) => {}
            // It may have another upstream now.
            _ = changes.changed() => account.lull.end(),
            () = gateway.draining.cancelled() => return Ok(()),
        }
        let claims = tokio::select! {
            claims = gateway.ledger.claim(&name, CLAIMS_MAX, SUBMIT_LEASE) => claims?,
            _ = changes.changed() => continue,
            () = tokio::time::sleep(LANE_IDLE) => return Ok(()),
            () = gateway.draining.cancelled() => return Ok(()),
        };
        if let Err(error) = awaited::expect(gateway, tenant, &claims).await {
            gateway
                .ledger
                .release(&claims.iter().map(|claim| claim.id).collect::<Vec<_>>());
            return Err(error);
        }
        let mut claims = claims.into_iter();
        while let Some(claim) = claims.next() {
            if !room(gateway, tenant, account, &order, &mut changes).await {
                let rest: Vec<_> = std::iter::once(claim).chain(claims).map(|claim| claim.id).collect();
                gateway.ledger.release(&rest);
                break;
            }
            let Some(job) = Job::read(gateway, claim).await else {
                continue;
            };
            let destination = job.destination();
            if let Some(first) = order.begin(destination, job) {
                let (gateway, tenant, account, lane) = (gateway.clone(), tenant.clone(), account.clone(), lane.clone());
                let (tasks, order) = (gateway.tasks.clone(), order.clone());
                tasks.spawn(
                    async move {
                        let mut job = Some(first);
                        while let Some(next) = job {
                            in_place(&gateway, &tenant, &account, &lane, next).await;
                            job = order.next(destination);
                        }
                    }
                    .in_current_span(),
                );
            }
        }
    }
}

/// Waits until another message may be under way. False when none is to begin: the gateway drains, or the account is not served.
async fn room<T>(
    gateway: &Gateway,
    tenant: &Tenant,
    account: &Account,
    order: &Order<T>,
    changes: &mut watch::Receiver<()>,
) -> bool {
    while tenant.serves(account) {
        tokio::select! {
            biased;
            () = gateway.draining.cancelled() => return false,
            () = order.room(share(tenant)) => return true,
            _ = changes.changed() => {}
        }
    }
    false
}

/// Waits for one of the tenant's places and does a submission in it; what would have to wait for longer goes back to the ledger.
async fn in_place(gateway: &Arc<Gateway>, tenant: &Arc<Tenant>, account: &Arc<Account>, lane: &Lane, job: Job) {
    let place = tokio::select! {
        biased;
        () = gateway.draining.cancelled() => None,
        place = tenant.places.acquire() => place.ok(),
    };
    let is_late = account.lull.is_on(gateway.clock.now()) || !tenant.serves(account);
    match place {
        Some(_place) if !is_late => submit::submit(gateway, tenant, account, lane, job).await,
        _ => gateway.ledger.release(&[job.id()]),
    }
}

/// How many destinations one lane may have under way: with several accounts, one whose upstream is slow leaves places to the others.
fn share(tenant: &Tenant) -> usize {
    let places = tenant.config().egress_concurrency;
    if tenant.has_several_accounts() {
        places - places.div_ceil(PLACES_OF_OTHERS).min(places.saturating_sub(1))
    } else {
        places
    }
}
