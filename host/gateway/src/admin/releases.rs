//! Releases of a tenant: listed, deployed, rolled back, tried out.

use super::{
    refusal::Refused,
    words::{self, Problem},
};
use crate::{
    audit::ADMIN,
    config,
    document::{self, Document},
    gateway::Gateway,
    releases::{
        deploy::{self, Order},
        journal::Entry,
        shadow::Shown,
        trials,
        world::{Code, World},
    },
    tenant::Tenant,
};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use edgebind_runtime::{SessionComponent, Tally, TranslatorComponent, recording::Difference};
use std::{sync::Arc, time::Duration};

pub(super) fn routes() -> Router<Arc<Gateway>> {
    Router::new()
        .route("/v1/tenants/{tenant}/releases", get(list).post(deploy))
        .route("/v1/tenants/{tenant}/releases/{world}/rollback", post(roll_back))
        .route("/v1/tenants/{tenant}/releases/{world}/promote", post(promote))
        .route("/v1/tenants/{tenant}/releases/{world}/dismiss", post(dismiss))
        .route("/v1/tenants/{tenant}/releases/{world}/trial", get(trial))
}

/// The releases of a tenant that are remembered, of both worlds, the latest first.
#[utoipa::path(get, path = "/v1/tenants/{tenant}/releases", tag = "releases", params(("tenant" = String, Path)),
    responses((status = 200, body = [words::Release]), (status = 404, body = Problem)))]
pub(super) async fn list(
    State(gateway): State<Arc<Gateway>>,
    Path(tenant): Path<String>,
) -> Result<Json<Vec<words::Release>>, Refused> {
    let tenant = named(&gateway, &tenant)?;
    let journal = tenant.releases.journal().clone();
    let (session, translator) = (seen::<SessionComponent>(&tenant), seen::<TranslatorComponent>(&tenant));
    let of = |world: World, seen: Vec<Seen>| {
        let entries = journal.pages.of(world).entries.clone().into_iter().rev();
        entries.map(move |entry| shown(world, entry, &seen)).collect::<Vec<_>>()
    };
    Ok(Json(
        [of(World::Session, session), of(World::Translator, translator)].concat(),
    ))
}

/// Makes a release of a component, and puts it to use or on trial. Binds move to it while they stay up; what is under way ends
/// where it began.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/releases", tag = "releases", params(("tenant" = String, Path)),
    request_body = words::ReleaseOrder,
    responses((status = 201, body = words::Deployed), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem), (status = 503, body = Problem), (status = 507, body = Problem)))]
pub(super) async fn deploy(
    State(gateway): State<Arc<Gateway>>,
    Path(tenant): Path<String>,
    Json(order): Json<words::ReleaseOrder>,
) -> Result<(StatusCode, Json<words::Deployed>), Refused> {
    let tenant = named(&gateway, &tenant)?;
    let component = match (order.component, order.builtin) {
        (Some(digest), None) => digest,
        (None, Some(name)) if gateway.depot.builtin().names().any(|there| there == name) => name,
        (None, Some(name)) => {
            let there: Vec<&str> = gateway.depot.builtin().names().collect();
            return Err(Refused::unknown(format!(
                "no component {name} comes with the gateway, only {}",
                there.join(", ")
            )));
        }
        _ => {
            return Err(Refused::bad_request(
                "name one component: a digest as `component`, or a name as `builtin`",
            ));
        }
    };
    let order = Order {
        component,
        settings: order.settings.as_ref().map(settings).transpose()?,
        trial: order.trial,
        by: ADMIN.into(),
    };
    let deployed = deploy::deploy(&gateway, &tenant, order).await?;
    let took_ms = words::TookMs {
        compile: ms(deployed.compile),
        warm: ms(deployed.warm),
        switch: ms(deployed.switch),
    };
    let answer = words::Deployed {
        world: deployed.world,
        revision: deployed.revision,
        took_ms,
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Goes back to the release before the one in use. Once: nobody goes forward to the one that was left.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/releases/{world}/rollback", tag = "releases",
    params(("tenant" = String, Path), ("world" = World, Path)),
    responses((status = 200, body = words::Moved), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn roll_back(
    State(gateway): State<Arc<Gateway>>,
    Path((tenant, world)): Path<(String, World)>,
) -> Result<Json<words::Moved>, Refused> {
    let tenant = named(&gateway, &tenant)?;
    let revision = deploy::roll_back(&gateway, &tenant, world, ADMIN).await?;
    Ok(Json(words::Moved { world, revision }))
}

/// Puts the release to use that is on trial.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/releases/{world}/promote", tag = "releases",
    params(("tenant" = String, Path), ("world" = World, Path)),
    responses((status = 200, body = words::Moved), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn promote(
    State(gateway): State<Arc<Gateway>>,
    Path((tenant, world)): Path<(String, World)>,
) -> Result<Json<words::Moved>, Refused> {
    let tenant = named(&gateway, &tenant)?;
    let revision = deploy::promote(&gateway, &tenant, world, ADMIN).await?;
    Ok(Json(words::Moved { world, revision }))
}

/// Ends a trial; the release in use stays.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/releases/{world}/dismiss", tag = "releases",
    params(("tenant" = String, Path), ("world" = World, Path)),
    responses((status = 200, body = words::Moved), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn dismiss(
    State(gateway): State<Arc<Gateway>>,
    Path((tenant, world)): Path<(String, World)>,
) -> Result<Json<words::Moved>, Refused> {
    let tenant = named(&gateway, &tenant)?;
    let revision = deploy::dismiss(&gateway, &tenant, world, ADMIN).await?;
    Ok(Json(words::Moved { world, revision }))
}

/// What both releases of a trial did since it began.
#[utoipa::path(get, path = "/v1/tenants/{tenant}/releases/{world}/trial", tag = "releases",
    params(("tenant" = String, Path), ("world" = World, Path)),
    responses((status = 200, body = words::Comparison), (status = 404, body = Problem)))]
pub(super) async fn trial(
    State(gateway): State<Arc<Gateway>>,
    Path((tenant, world)): Path<(String, World)>,
) -> Result<Json<words::Comparison>, Refused> {
    let tenant = named(&gateway, &tenant)?;
    let comparison = match world {
        World::Session => trials::comparison::<SessionComponent>(&tenant),
        World::Translator => trials::comparison::<TranslatorComponent>(&tenant),
    };
    let comparison = comparison.ok_or_else(|| Refused::unknown(format!("no {world} release of {} is on trial", tenant.name)))?;
    Ok(Json(words::Comparison {
        since: comparison.running.began,
        in_use: side(comparison.revision_in_use, comparison.in_use),
        on_trial: side(comparison.running.revision, comparison.on_trial),
        shadow: comparison.running.shadow.map(|shadow| seen_of(shadow.shown())),
        trial: comparison.running.trial,
    }))
}

fn named(gateway: &Gateway, tenant: &str) -> Result<Arc<Tenant>, Refused> {
    gateway
        .directory
        .tenant(tenant)
        .ok_or_else(|| Refused::unknown(format!("there is no tenant {tenant}")))
}

/// Settings as a file has them: flat names and text.
fn settings(given: &Document) -> Result<Vec<(String, String)>, Refused> {
    let table = document::table(given).map_err(Refused::bad_request)?;
    config::plain_settings(&table).map_err(Refused::mistakes)
}

fn seen_of(shadow: Shown) -> words::Shadow {
    let otherwise = |difference: Difference| words::Otherwise {
        at: difference.at,
        before: difference.before,
        after: difference.after,
    };
    let last = shadow.last.into_iter().map(|differing| words::Differing {
        at: differing.at,
        differences: differing.differences.into_iter().map(otherwise).collect(),
        fault: differing.fault,
    });
    words::Shadow {
        compared: shadow.compared,
        differing: shadow.differing,
        dropped: shadow.dropped,
        last: last.collect(),
    }
}

fn side(revision: u64, tally: Tally) -> words::Side {
    words::Side {
        revision,
        calls: tally.calls,
        faults: tally.faults,
        taken: tally.taken,
        retried: tally.retried,
        dead: tally.dead,
    }
}

/// What can be seen of a release in memory: its revision, who is at it, and what it did.
type Seen = (u64, usize, Tally);

fn seen<T: Code>(tenant: &Tenant) -> Vec<Seen> {
    let slot = T::slot(tenant);
    let all = slot.all();
    all.iter()
        .map(|release| {
            // Not those that only keep it at hand: this list, and the slot.
            let kept = 1 + usize::from(slot.keeps(release.revision));
            let users = Arc::strong_count(release).saturating_sub(kept);
            (release.revision, users, release.counts.tally())
        })
        .collect()
}

fn shown(world: World, entry: Entry, seen: &[Seen]) -> words::Release {
    let (users, tally) = seen
        .iter()
        .find(|(revision, ..)| *revision == entry.revision)
        .map_or_else(Default::default, |(_, users, tally)| (*users, *tally));
    words::Release {
        world,
        revision: entry.revision,
        state: entry.state,
        digest: entry.digest,
        builtin: entry.builtin,
        settings: entry.settings.into_iter().collect(),
        at: entry.at,
        by: entry.by,
        users,
        calls: tally.calls,
        faults: tally.faults,
        why: entry.why,
        trial: entry.trial,
    }
}

fn ms(duration: Duration) -> u64 {
    crate::clock::millis(duration)
}
