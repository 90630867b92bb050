//! Webhooks: whose is it, what does the translator hear in it, is it durable - and only then the 2xx.

use crate::{
    account::Account,
    gateway::Gateway,
    limits::{HEARD_MAX, RELEASES_PER_ATTEMPT_MAX},
    recordings::witness,
    releases::faults,
    signature,
    tenant::Tenant,
    upstream,
    work::{
        entry::{self, Outgoing},
        holding,
        lane::{Kind, Lane},
        reports,
    },
};
use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
};
use edgebind_ledger::{LedgerError, NewEntry};
use edgebind_runtime::{
    End, Fault,
    message::Delivery,
    recording::{self, Work},
    translator::{Heard, Hearing, WebhookRequest},
};
use std::{collections::BTreeSet, sync::Arc};

/// A webhook at the account's URL itself.
pub async fn hear(
    state: State<Arc<Gateway>>,
    Path((tenant, account, token)): Path<(String, String, String)>,
    method: Method,
    query: RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    hear_below(
        state,
        Path((tenant, account, token, String::new())),
        method,
        query,
        headers,
        body,
    )
    .await
}

/// A webhook below it.
pub async fn hear_below(
    State(gateway): State<Arc<Gateway>>,
    Path((tenant, account, token, path)): Path<(String, String, String, String)>,
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    // One answer for every wrong URL: it does not tell which tenants and accounts exist.
    let Some((tenant, account)) = gateway.addressee(&tenant, &account, &token) else {
        tracing::debug!("webhook with an unknown URL");
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let request = WebhookRequest {
        method: method.to_string(),
        path,
        query: query.unwrap_or_default(),
        headers,
        body: body.to_vec(),
    };
    let response = match answer(&gateway, &tenant, &account, &request).await {
        Ok((status, body)) => (
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            body,
        )
            .into_response(),
        Err(error) => {
            tracing::error!(tenant = %tenant.name, %error, "a webhook could not be made durable; the upstream will repeat it");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    };
    metrics::counter!("edgebind_webhooks_total", "tenant" => tenant.name.clone(), "status" => response.status().as_str().to_owned()).increment(1);
    response
}

async fn answer(
    gateway: &Arc<Gateway>,
    tenant: &Arc<Tenant>,
    account: &Account,
    request: &WebhookRequest,
) -> Result<(u16, Vec<u8>), LedgerError> {
    const UNAUTHORIZED: u16 = 401;
    let secrets = account.secrets();
    let Hearing {
        proof,
        heard,
        status,
        body,
        ignored,
        said: _,
    } = match understand(gateway, tenant, account, request).await {
        Ok(hearing) => hearing,
        Err(status) => return Ok((status, Vec::new())),
    };
    if let Some(proof) = proof {
        let proven = secrets
            .get(&proof.secret)
            .is_some_and(|secret| signature::verify(proof.algorithm, secret.bytes(), &proof.message, &proof.expected));
        if !proven {
            tracing::warn!(tenant = %tenant.name, "webhook with a wrong signature");
            return Ok((UNAUTHORIZED, Vec::new()));
        }
    }
    if let Some(why) = ignored {
        tracing::debug!(tenant = %tenant.name, "webhook ignored: {why}");
        metrics::counter!("edgebind_webhooks_ignored_total", "tenant" => tenant.name.clone()).increment(1);
    }
    let (mut entries, mut news) = (Vec::new(), Vec::new());
    for heard in heard {
        match heard {
            Heard::Incoming((key, incoming)) => {
                let account = tenant.account_of(&incoming.destination.digits, &account.name);
                entries.push(delivery(tenant, &account, &key, Delivery::Incoming(incoming)));
            }
            Heard::Alert((key, alert)) => {
                let account = tenant.account_of(&alert.destination.digits, &account.name);
                entries.push(delivery(tenant, &account, &key, Delivery::Alert(alert)));
            }
            Heard::Report(report) => {
                if let Some(followed) = reports::follow(gateway, tenant, &account.name, &report).await? {
                    entries.extend(followed.receipts);
                    news.extend(followed.news.map(|news| (followed.entry, news)));
                }
            }
        }
    }
    let lanes: BTreeSet<Lane> = entries.iter().filter_map(|entry| Lane::parse(&entry.lane)).collect();
    if let Some(lane) = lanes.iter().find(|lane| holding::refuses(gateway, lane)) {
        return Err(LedgerError::Full {
            what: format!("{} deliveries wait for the account", gateway.records.pending(&lane.name())),
        });
    }
    gateway.append(entries).await?;
    for (entry, news) in news {
        reports::remember(gateway, entry, news).await?;
    }
    for lane in &lanes {
        holding::trim(gateway, lane).await?;
    }
    Ok((status, body))
}

/// What the translator hears in it: the release that its octets get, and where that breaks the one that takes its place. Else the
/// status of an answer that makes the upstream repeat it.
async fn understand(
    gateway: &Arc<Gateway>,
    tenant: &Arc<Tenant>,
    account: &Account,
    request: &WebhookRequest,
) -> Result<Hearing, u16> {
    const INTERNAL_SERVER_ERROR: u16 = 500;
    const SERVICE_UNAVAILABLE: u16 = 503;
    let health = &tenant.releases.health.translator;
    if health.enter(gateway.clock.now()).is_err() {
        tracing::warn!(tenant = %tenant.name, "a webhook is not heard: the translator has failed too often and is left alone for a while");
        return Err(SERVICE_UNAVAILABLE);
    }
    let mut release = tenant.translator.current_for(upstream::sticky(&request.body));
    for _ in 0..RELEASES_PER_ATTEMPT_MAX {
        release.counts.called();
        let context = upstream::context(gateway, tenant, account, &release, "", 1);
        tenant.rest().await;
        let call = || release.component.webhook(&context, request);
        let hearing = health.call(release.component.is_wasi(), call).await;
        if witness::watches(tenant) {
            let work = Work::Webhook(recording::Heard {
                hearing: hearing.clone().map_err(|fault| fault.to_string()),
                request: request.clone(),
                context: context.clone(),
            });
            witness::saw(
                gateway,
                tenant,
                &account.terms().translator_settings,
                &release,
                context.now,
                work,
            );
        }
        let fault = match hearing {
            Ok(hearing) if hearing.heard.len() <= HEARD_MAX => {
                release.counts.ended(End::Taken);
                health.succeeded(gateway.clock.now());
                return Ok(hearing);
            }
            Ok(hearing) => Fault::Trap {
                why: format!("heard {} things in one webhook, {HEARD_MAX} are allowed", hearing.heard.len()),
            },
            Err(fault) => fault,
        };
        match faults::faulted(gateway, tenant, &release, &fault) {
            Some(next) => release = next,
            None => break,
        }
    }
    Err(INTERNAL_SERVER_ERROR)
}

/// The entry of what an ESME is told; the same key is the same thing, whichever URL of the tenant it came to.
fn delivery(tenant: &Tenant, account: &Arc<str>, key: &str, delivery: Delivery) -> NewEntry {
    NewEntry {
        lane: Lane::new(Kind::Deliver, &tenant.name, account).name(),
        key: Some(format!("heard/{}/{account}/{key}", tenant.name).into_bytes()),
        body: entry::encode(&Outgoing { delivery }),
        due: None,
        held: false,
    }
}
