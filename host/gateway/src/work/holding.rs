//! Deliveries that wait for their ESME, within the bounds of its account: too old or too many, they are dead letters.

use super::{
    deliveries,
    lane::{Kind, Lane},
};
use crate::{
    clock::millis,
    config::{Holding, WhenFull},
    gateway::Gateway,
    limits::{ENTRIES_MAX, HOLDING_POLL, INQUIRY_LEASE, LIST_PAGE},
};
use edgebind_ledger::{EntryId, LedgerError, Record};
use std::sync::{Arc, atomic::Ordering};

/// Sees to the bounds until the gateway drains.
pub async fn keep(gateway: Arc<Gateway>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(HOLDING_POLL) => {}
            () = gateway.draining.cancelled() => return,
        }
        let lanes = gateway.records.lanes("");
        count(&gateway, lanes.iter().map(|(_, waiting)| waiting).sum());
        let deliver = lanes.iter().filter_map(|(name, _)| Lane::parse(name));
        for lane in deliver.filter(|lane| lane.kind == Kind::Deliver) {
            let kept = async {
                expire(&gateway, &lane, of(&gateway, &lane)).await?;
                trim(&gateway, &lane).await
            };
            if let Err(error) = kept.await {
                tracing::error!(tenant = %lane.tenant, %error, "deliveries that are too old or too many cannot be given up");
            }
        }
    }
}

/// From now on nothing is taken from outside, or something again.
fn count(gateway: &Gateway, waiting: usize) {
    let max = gateway.config.limits.entries_max.unwrap_or(ENTRIES_MAX);
    let was_crowded = gateway.is_crowded.swap(waiting >= max, Ordering::AcqRel);
    match (was_crowded, waiting >= max) {
        (false, true) => tracing::error!(waiting, max, "too many entries wait: nothing more is taken"),
        (true, false) => tracing::info!(waiting, max, "there is room again"),
        _ => {}
    }
}

/// What holds for a lane; where its account is not there, as a tenant that says nothing.
pub fn of(gateway: &Gateway, lane: &Lane) -> Holding {
    let Some(tenant) = gateway.directory.tenant(&lane.tenant) else {
        return Holding::default();
    };
    tenant
        .account(&lane.account)
        .map_or_else(|| tenant.config().holding, |account| account.terms().holding)
}

/// Whether one more delivery is refused.
pub fn refuses(gateway: &Gateway, lane: &Lane) -> bool {
    let holding = of(gateway, lane);
    gateway.is_crowded.load(Ordering::Acquire)
        || holding.when_full == WhenFull::Refuse && gateway.records.pending(&lane.name()) >= holding.queue_max
}

/// Whether a delivery that waits since then is too old.
pub fn is_over(since: u64, now: u64, holding: Holding) -> bool {
    now >= since.saturating_add(millis(holding.max_age))
}

/// Why nobody will get a delivery that is too old.
pub fn too_old(holding: Holding) -> String {
    format!("nobody took it within {} s", holding.max_age.as_secs())
}

/// Gives up what has waited too long. What a bind has in its hands is not touched.
async fn expire(gateway: &Gateway, lane: &Lane, holding: Holding) -> Result<(), LedgerError> {
    let (name, now) = (lane.name(), gateway.clock.now());
    // Before its first try it waits since it was due: a dead letter that somebody has revived is young again.
    let is_old = |record: &&Record| {
        let since = if record.attempt == 1 { record.due } else { record.appended };
        is_over(since, now, holding)
    };
    // Mostly the oldest is young: one look tells.
    let (mut after, mut limit) = (None, 1);
    loop {
        let page = gateway.records.list(&name, after, limit)?;
        let old: Vec<EntryId> = page.iter().take_while(is_old).map(|record| record.id).collect();
        let is_all = old.len() < limit;
        give_up(gateway, lane, old, "expired", &too_old(holding)).await?;
        if is_all {
            return Ok(());
        }
        (after, limit) = (page.last().map(|record| record.id), LIST_PAGE);
    }
}

/// Gives up the oldest where there are too many and the newest are not refused. What a bind has in its hands is not touched.
pub async fn trim(gateway: &Gateway, lane: &Lane) -> Result<(), LedgerError> {
    let (name, holding) = (lane.name(), of(gateway, lane));
    if holding.when_full == WhenFull::Refuse {
        return Ok(());
    }
    let mut after = None;
    loop {
        let excess = gateway
            .records
            .pending(&name)
            .saturating_sub(holding.queue_max)
            .min(LIST_PAGE);
        let page = gateway.records.list(&name, after, excess)?;
        if page.is_empty() {
            return Ok(());
        }
        let why = format!("more than {} deliveries waited, and it was the oldest", holding.queue_max);
        let oldest = page.iter().map(|record| record.id).collect();
        give_up(gateway, lane, oldest, "dropped", &why).await?;
        after = page.last().map(|record| record.id);
    }
}

async fn give_up(gateway: &Gateway, lane: &Lane, ids: Vec<EntryId>, outcome: &'static str, why: &str) -> Result<(), LedgerError> {
    let claims = ids.into_iter().map(|id| gateway.ledger.claim_entry(id, INQUIRY_LEASE));
    let claims: Vec<_> = claims.filter_map(Result::transpose).collect::<Result<_, _>>()?;
    if claims.is_empty() {
        return Ok(());
    }
    tracing::warn!(tenant = %lane.tenant, deliveries = claims.len(), "dead: {why}");
    metrics::counter!("edgebind_deliveries_total", "tenant" => lane.tenant.clone(), "outcome" => outcome)
        .increment(claims.len() as u64);
    let dead = claims.into_iter().map(|claim| (claim, deliveries::given_up(why.to_owned())));
    gateway.ledger.settle(dead.collect()).await
}
