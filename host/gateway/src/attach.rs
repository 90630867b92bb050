//! Webhooks of an account: registered when its first receiver binds, removed when its last one leaves if the tenant wants that.

use crate::{
    account::Account, config::Webhooks, gateway::Gateway, limits::DETACH_ATTEMPTS, tenant::Tenant, upstream, work::backoff,
};
use edgebind_runtime::translator::{Operation, Outcome};
use std::{sync::Arc, time::Duration};

/// A receiver came or went: brings the registration in line with that. One at a time for an account, the latest state wins.
pub fn follow(gateway: &Arc<Gateway>, tenant: &Arc<Tenant>, account: &Arc<Account>) {
    if gateway.webhook_url(tenant, account).is_none() {
        return;
    }
    let (gateway, tenant, account) = (gateway.clone(), tenant.clone(), account.clone());
    let tasks = gateway.tasks.clone();
    tasks.spawn(async move {
        let mut attached = account.attached.lock().await;
        let wanted = account.receivers.count() > 0;
        if wanted && !*attached {
            *attached = repeat(&gateway, &tenant, &account, Operation::Attach, u32::MAX).await;
        } else if !wanted && *attached && tenant.config().webhooks == Webhooks::Bind {
            *attached = !repeat(&gateway, &tenant, &account, Operation::Detach, DETACH_ATTEMPTS).await;
        }
    });
}

/// Repeats an operation until it is done (true), can't be, is no longer wanted or was tried often enough (false).
async fn repeat(gateway: &Arc<Gateway>, tenant: &Arc<Tenant>, account: &Account, operation: Operation, attempts: u32) -> bool {
    let wanted = matches!(operation, Operation::Attach);
    for attempt in 1..=attempts {
        let what = if wanted { "register" } else { "remove" };
        let pause = match upstream::run(gateway, tenant, account, &account.name, attempt, operation.clone()).await {
            Outcome::Taken(_) | Outcome::Pieces(_) | Outcome::Known(_) => {
                tracing::info!(tenant = %tenant.name, "webhooks: {what}ed");
                return true;
            }
            Outcome::Dead(dead) => {
                tracing::error!(tenant = %tenant.name, "failed to {what} webhooks, so no receipt and no incoming message will come: {}", dead.why);
                return false;
            }
            Outcome::Retry(retry) => {
                let pause = backoff::pause(attempt, rand::random()).max(Duration::from_millis(retry.after_ms.unwrap_or(0)));
                tracing::warn!(tenant = %tenant.name, attempt, again_in_ms = pause.as_millis(), "failed to {what} webhooks: {}", retry.why);
                pause
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = gateway.draining.cancelled() => return false,
        }
        if (account.receivers.count() > 0) != wanted {
            return false;
        }
    }
    false
}
