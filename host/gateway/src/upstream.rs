//! One operation of a translator, from its beginning to its outcome: every exchange it asks for goes out through egress.

use crate::{account::Account, gateway::Gateway, limits::EXCHANGES_MAX, tenant::Tenant};
use edgebind_runtime::{
    Release, TranslatorComponent,
    translator::{Context, Operation, Outcome, Retry, Step},
};
use std::sync::Arc;

/// Runs an operation on the release in use, to the end on the same release. What goes wrong on our side is a retry.
pub async fn run(
    gateway: &Gateway,
    tenant: &Arc<Tenant>,
    account: &Account,
    key: &str,
    attempt: u32,
    operation: Operation,
) -> Outcome {
    let release = tenant.translator.current();
    let secrets = account.secrets();
    let mut context = context(gateway, tenant, account, &release, key, attempt);
    let mut step = release.component.begin(&context, &operation);
    for _ in 0..EXCHANGES_MAX {
        let exchange = match step {
            Ok(Step::Exchange(exchange)) => exchange,
            Ok(Step::Done(conclusion)) => {
                if let Some(memo) = conclusion.memo {
                    tenant.memos.put(&account.name, memo, gateway.clock.now());
                }
                return conclusion.outcome;
            }
            Err(fault) => {
                tenant.count_fault("translator");
                tracing::error!(%fault, key, "the translator failed");
                return retry(format!("translator: {fault}"));
            }
        };
        let got = gateway.egress.exchange(&tenant.allowed(), &secrets, exchange.request).await;
        context.now = gateway.clock.now();
        step = release.component.resume(&context, &operation, &exchange.saved, &got);
    }
    tenant.count_fault("translator");
    retry(format!("translator: more than {EXCHANGES_MAX} exchanges in a row"))
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

fn retry(why: String) -> Outcome {
    Outcome::Retry(Retry { after_ms: None, why })
}
