//! One operation of a translator, from its beginning to its outcome: every exchange it asks for goes out through egress.

use crate::{
    account::Account,
    gateway::Gateway,
    limits::{EXCHANGES_MAX, RELEASES_PER_ATTEMPT_MAX},
    releases::faults,
    tenant::Tenant,
};
use edgebind_runtime::{
    End, Fault, Release, TranslatorComponent,
    translator::{Context, Operation, Outcome, Retry, Step},
};
use std::{
    hash::{DefaultHasher, Hasher as _},
    sync::Arc,
};

/// Runs an operation on the release that its key gets, to the end on the same release. What breaks is begun again at once on the
/// release that takes its place, if there is one. What goes wrong on our side is a retry.
pub async fn run(
    gateway: &Arc<Gateway>,
    tenant: &Arc<Tenant>,
    account: &Account,
    key: &str,
    attempt: u32,
    operation: Operation,
) -> Outcome {
    let health = &tenant.releases.health.translator;
    if let Err(wait_ms) = health.enter(gateway.clock.now()) {
        return retry(
            Some(wait_ms),
            "the translator has failed too often and is left alone for a while".into(),
        );
    }
    let mut release = tenant.translator.current_for(sticky(key.as_bytes()));
    let mut fault;
    for _ in 0..RELEASES_PER_ATTEMPT_MAX {
        release.counts.called();
        fault = match on_release(gateway, tenant, account, key, attempt, &operation, &release).await {
            Ok(outcome) => {
                release.counts.ended(match outcome {
                    Outcome::Taken(_) | Outcome::Known(_) => End::Taken,
                    Outcome::Retry(_) => End::Retried,
                    Outcome::Dead(_) => End::Dead,
                });
                health.succeeded(gateway.clock.now());
                return outcome;
            }
            Err(fault) => fault,
        };
        let Some(next) = faults::faulted(gateway, tenant, &release, &fault) else {
            return retry(None, format!("translator: {fault}"));
        };
        tracing::info!(
            key,
            from = release.revision,
            to = next.revision,
            "what failed is begun again on another release"
        );
        release = next;
    }
    retry(
        None,
        format!("translator: {RELEASES_PER_ATTEMPT_MAX} releases failed in a row"),
    )
}

async fn on_release(
    gateway: &Gateway,
    tenant: &Arc<Tenant>,
    account: &Account,
    key: &str,
    attempt: u32,
    operation: &Operation,
    release: &Release<TranslatorComponent>,
) -> Result<Outcome, Fault> {
    let health = &tenant.releases.health.translator;
    let secrets = account.secrets();
    let mut context = context(gateway, tenant, account, release, key, attempt);
    tenant.rest().await;
    let mut step = health.call(false, || release.component.begin(&context, operation)).await?;
    for _ in 0..EXCHANGES_MAX {
        let exchange = match step {
            Step::Exchange(exchange) => exchange,
            Step::Done(conclusion) => {
                if let Some(memo) = conclusion.memo {
                    tenant.memos.put(&account.name, memo, gateway.clock.now());
                }
                return Ok(conclusion.outcome);
            }
        };
        let got = gateway.egress.exchange(&tenant.allowed(), &secrets, exchange.request).await;
        tenant.rest().await;
        context.now = gateway.clock.now();
        let resume = || release.component.resume(&context, operation, &exchange.saved, &got);
        step = health.call(false, resume).await?;
    }
    Err(Fault::Trap {
        why: format!("more than {EXCHANGES_MAX} exchanges in a row"),
    })
}

/// The same octets have the same key, so that what is repeated gets the same release.
pub fn sticky(octets: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(octets);
    hasher.finish()
}

/// What surrounds a call of this release for this account now.
pub fn context(
    gateway: &Gateway,
    tenant: &Tenant,
    account: &Account,
    release: &Release<TranslatorComponent>,
    key: &str,
    attempt: u32,
) -> Context {
    let now = gateway.clock.now();
    Context {
        now,
        tenant: tenant.name.to_string(),
        account: account.name.to_string(),
        settings: [&*release.settings, &account.terms().translator_settings].concat(),
        secrets: account.secrets().names(),
        key: key.to_owned(),
        attempt,
        webhook_url: gateway.webhook_url(tenant, account),
        memo: tenant.memos.get(&account.name, now),
    }
}

fn retry(after_ms: Option<u64>, why: String) -> Outcome {
    Outcome::Retry(Retry { after_ms, why })
}
