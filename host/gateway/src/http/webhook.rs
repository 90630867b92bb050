//! Webhooks: whose is it, what does the translator hear in it, is it durable - and only then the 2xx.

use crate::{
    gateway::Gateway,
    limits::HEARD_MAX,
    tenant::{Account, Tenant},
    upstream, vault,
    work::{
        entry::{self, Outgoing, Submission},
        lane::{Kind, Lane},
        receipts::{self, News},
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
    message::Delivery,
    translator::{Heard, Hearing, Report, WebhookRequest},
};
use std::sync::Arc;

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
    const INTERNAL_SERVER_ERROR: u16 = 500;
    const UNAUTHORIZED: u16 = 401;
    let release = tenant.translator.current();
    let secrets = account.secrets();
    let context = upstream::context(gateway, tenant, account, &release, "", 1);
    let Hearing {
        proof,
        heard,
        status,
        body,
        ignored,
    } = match release.component.webhook(&context, request) {
        Ok(hearing) => hearing,
        Err(fault) => {
            tenant.count_fault("translator");
            tracing::error!(tenant = %tenant.name, %fault, "the translator failed on a webhook");
            return Ok((INTERNAL_SERVER_ERROR, Vec::new()));
        }
    };
    if heard.len() > HEARD_MAX {
        tenant.count_fault("translator");
        tracing::error!(tenant = %tenant.name, "the translator heard {} things in one webhook, {HEARD_MAX} are allowed", heard.len());
        return Ok((INTERNAL_SERVER_ERROR, Vec::new()));
    }
    if let Some(proof) = proof {
        let proven = secrets
            .get(&proof.secret)
            .is_some_and(|secret| vault::hmac_sha256_verify(secret.bytes(), &proof.message, &proof.expected));
        if !proven {
            tracing::warn!(tenant = %tenant.name, "webhook with a wrong signature");
            return Ok((UNAUTHORIZED, Vec::new()));
        }
    }
    if let Some(why) = ignored {
        tracing::debug!(tenant = %tenant.name, "webhook ignored: {why}");
        metrics::counter!("edgebind_webhooks_ignored_total", "tenant" => tenant.name.clone()).increment(1);
    }
    let mut entries = Vec::new();
    for heard in heard {
        match heard {
            Heard::Incoming((key, incoming)) => entries.push(NewEntry {
                lane: Lane::new(Kind::Deliver, &tenant.name, &account.name).name(),
                key: Some(format!("heard/{}/{}/{key}", tenant.name, account.name).into_bytes()),
                body: entry::encode(&Outgoing {
                    delivery: Delivery::Incoming(incoming),
                }),
                due: None,
                held: false,
            }),
            Heard::Alert((key, alert)) => entries.push(NewEntry {
                lane: Lane::new(Kind::Deliver, &tenant.name, &account.name).name(),
                key: Some(format!("heard/{}/{}/{key}", tenant.name, account.name).into_bytes()),
                body: entry::encode(&Outgoing {
                    delivery: Delivery::Alert(alert),
                }),
                due: None,
                held: false,
            }),
            Heard::Report(report) => entries.extend(follow(gateway, tenant, account, &report)?),
        }
    }
    if entries
        .iter()
        .any(|entry| gateway.records.pending(&entry.lane) >= account.queue_max)
    {
        return Err(LedgerError::Full {
            what: format!("{} deliveries wait for the account", account.queue_max),
        });
    }
    gateway.append(entries).await?;
    Ok((status, body))
}

/// The receipts that follow from a report.
fn follow(gateway: &Gateway, tenant: &Tenant, account: &Account, report: &Report) -> Result<Vec<NewEntry>, LedgerError> {
    let unmatched = || {
        tracing::debug!(tenant = %tenant.name, "a report of a message that is not ours, or forgotten");
        metrics::counter!("edgebind_reports_unmatched_total", "tenant" => tenant.name.clone()).increment(1);
        Ok(Vec::new())
    };
    let by_alias = gateway.records.find(&tenant.alias(&report.upstream_id))?;
    let Some(id) = by_alias.or_else(|| report.upstream_id.parse().ok()) else {
        return unmatched();
    };
    let Some(record) = gateway.records.get(id)? else {
        return unmatched();
    };
    let lane = match Lane::parse(&record.lane) {
        Some(lane)
            if lane.kind == Kind::Submit
                && lane.tenant == tenant.name
                && tenant.shares_upstream(&lane.account, &account.name) =>
        {
            lane
        }
        _ => return unmatched(),
    };
    let submission = match entry::decode::<Submission>(&record.body) {
        Ok(submission) => submission,
        Err(error) => {
            tracing::error!(entry = %id, %error, "a submission cannot be read");
            return unmatched();
        }
    };
    tracing::debug!(entry = %id, state = ?report.state, last = report.final_, "report: {}", report.why);
    let news = News {
        state: report.state,
        last: report.final_,
        error: report.error,
        at: report.at,
    };
    let mut receipts = receipts::receipts(&lane.deliver(), id, record.appended, &submission, news);
    if !news.last {
        // An earlier word that comes late would contradict the last one.
        let members = submission.members(id, record.appended);
        let stale = members
            .iter()
            .any(|(id, _, _)| matches!(gateway.records.keyed(&receipts::last_key(id)), Ok(Some(_))));
        if stale {
            receipts.clear();
        }
    }
    Ok(receipts)
}
