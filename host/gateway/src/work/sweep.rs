//! Forgets settled messages when their retention is over, dead letters later than others, and says how much waits.

use super::lane::{Kind, Lane};
use crate::{
    clock::millis,
    gateway::Gateway,
    limits::{DEAD_RETENTION, RETENTION, SWEEP},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// Sweeps until the gateway drains.
pub async fn sweep(gateway: Arc<Gateway>) {
    let (pause, batch) = SWEEP;
    let mut more = false;
    loop {
        // More than one batch is over: the next follows at once, so that forgetting keeps up with settling.
        let pause = if more { Duration::ZERO } else { pause };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = gateway.draining.cancelled() => return,
        }
        let retention = gateway.config.limits.retention.unwrap_or(RETENTION);
        let dead_retention = gateway.config.limits.dead_retention.unwrap_or(DEAD_RETENTION).max(retention);
        let [done_before, dead_before] = [retention, dead_retention].map(|kept| gateway.clock.now().saturating_sub(millis(kept)));
        let records = gateway.records.clone();
        let swept = tokio::task::spawn_blocking(move || records.sweep(done_before, dead_before, batch)).await;
        more = matches!(swept, Ok(Ok(forgotten)) if forgotten == batch);
        match swept {
            Ok(Ok(0)) => {}
            Ok(Ok(forgotten)) => tracing::debug!(forgotten, "settled entries past their retention are forgotten"),
            Ok(Err(error)) => tracing::error!(%error, "failed to forget settled entries"),
            Err(error) => tracing::error!(%error, "the sweep ended"),
        }
    }
}

/// Puts the depth of every queue into the metrics.
pub fn measure(gateway: &Gateway) {
    let mut waiting: BTreeMap<(Kind, Arc<str>), usize> = BTreeMap::new();
    for tenant in &*gateway.directory.tenants() {
        waiting.extend(Kind::ALL.map(|kind| ((kind, tenant.name.clone()), 0)));
    }
    for (name, count) in gateway.records.lanes("") {
        if let Some(lane) = Lane::parse(&name) {
            *waiting.entry((lane.kind, lane.tenant)).or_default() += count;
        }
    }
    for ((kind, tenant), count) in waiting {
        metrics::gauge!("edgebind_entries_waiting", "work" => kind.name(), "tenant" => tenant).set(count as f64);
    }
}
