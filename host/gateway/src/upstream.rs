//! One operation of a translator, from its beginning to its outcome: every exchange it asks for goes out through egress.

use crate::{
    account::Account,
    gateway::Gateway,
    limits::{EXCHANGES_MAX, RELEASES_PER_ATTEMPT_MAX},
    outages::Change,
    recordings::witness,
    releases::faults,
    tenant::Tenant,
};
use edgebind_runtime::{
    End, Fault, Release, TranslatorComponent,
    recording::{Call, Operated, Work},
    translator::{Conclusion, Context, Failure, FailureKind, Operation, Outcome, Response, Retry, Step},
};
use std::{
    hash::{DefaultHasher, Hasher as _},
    sync::Arc,
};

/// Why an upstream was not asked.
const LEFT_ALONE: &str = "the upstream does not answer and is left alone for a while";

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
        let first = context(gateway, tenant, account, &release, key, attempt);
        fault = match on_release(gateway, tenant, account, first, &operation, &release).await {
            Ok(outcome) => {
                release.counts.ended(match outcome {
                    Outcome::Taken(_) | Outcome::Pieces(_) | Outcome::Known(_) => End::Taken,
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

/// Runs an operation on one release, and shows it to those who want to know.
async fn on_release(
    gateway: &Gateway,
    tenant: &Arc<Tenant>,
    account: &Account,
    first: Context,
    operation: &Operation,
    release: &Arc<Release<TranslatorComponent>>,
) -> Result<Outcome, Fault> {
    let began = first.now;
    let mut calls = witness::watches(tenant).then(Vec::new);
    let concluded = converse(gateway, tenant, account, first, operation, release, &mut calls).await;
    if let Some(calls) = calls {
        let work = Work::Operation(Operated {
            operation: operation.clone(),
            calls,
        });
        witness::saw(gateway, tenant, &account.terms().translator_settings, release, began, work);
    }
    let conclusion = concluded?;
    if let Some(memo) = conclusion.memo {
        tenant.memos.put(&account.name, memo, gateway.clock.now());
    }
    Ok(conclusion.outcome)
}

/// Asks the translator what to do, does its exchanges, and so on until it is done.
async fn converse(
    gateway: &Gateway,
    tenant: &Arc<Tenant>,
    account: &Account,
    mut context: Context,
    operation: &Operation,
    release: &Release<TranslatorComponent>,
    calls: &mut Option<Vec<Call>>,
) -> Result<Conclusion, Fault> {
    let secrets = account.secrets();
    let (mut saved, mut got, mut exchanges) = (Vec::new(), None, 0);
    loop {
        tenant.rest().await;
        context.now = gateway.clock.now();
        let call = || match &got {
            None => release.component.begin(&context, operation),
            Some(got) => release.component.resume(&context, operation, &saved, got),
        };
        let step = tenant
            .releases
            .health
            .translator
            .call(release.component.is_wasi(), call)
            .await;
        if let Some(calls) = calls {
            calls.push(Call {
                context: context.clone(),
                got: got.take(),
                step: step.clone().map_err(|fault| fault.to_string()),
            });
        }
        let exchange = match step? {
            Step::Exchange(exchange) => exchange,
            Step::Done(conclusion) => return Ok(conclusion),
        };
        if exchanges == EXCHANGES_MAX {
            return Err(Fault::Trap {
                why: format!("more than {EXCHANGES_MAX} exchanges in a row"),
            });
        }
        let url = exchange.request.url.clone();
        got = Some(match tenant.outages.enter(&url, gateway.clock.now()) {
            Ok(()) => {
                let got = gateway.egress.exchange(&tenant.allowed(), &secrets, exchange.request).await;
                heard(gateway, tenant, account, &url, &got);
                got
            }
            // Nothing of it was done yet: it is left waiting, and the translator is not asked what it makes of that.
            Err(wait_ms) if exchanges == 0 => {
                *calls = None;
                account.lull.until(gateway.clock.now().saturating_add(wait_ms));
                if !tenant.outages.are_any() {
                    // It came back in between.
                    account.lull.end();
                }
                return Ok(Conclusion {
                    outcome: retry(Some(wait_ms), LEFT_ALONE.into()),
                    memo: None,
                    said: Vec::new(),
                });
            }
            Err(_) => Err(Failure {
                kind: FailureKind::Unreachable,
                why: LEFT_ALONE.into(),
            }),
        });
        exchanges += 1;
        saved = exchange.saved;
    }
}

/// Takes note of whether the upstream is there.
fn heard(gateway: &Gateway, tenant: &Tenant, account: &Account, url: &str, got: &Result<Response, Failure>) {
    match tenant.outages.heard(url, got, gateway.clock.now()) {
        Change::None => {}
        Change::Out(pause_ms) => {
            metrics::counter!("edgebind_upstream_outages_total", "tenant" => tenant.name.clone()).increment(1);
            let why = got
                .as_ref()
                .map_or_else(|failure| failure.why.clone(), |response| format!("HTTP {}", response.status));
            tracing::warn!(tenant = %tenant.name, account = %account.name, pause_ms, "the upstream does not answer and is left alone: {why}");
        }
        Change::Back => {
            tracing::info!(tenant = %tenant.name, account = %account.name, "the upstream answers again");
            account.lull.end();
        }
    }
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
