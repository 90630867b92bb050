//! Changes of releases that somebody asks for: deploy, roll back, promote, dismiss. Each is durable before it is answered.

use super::{
    audit,
    depot::Loaded,
    from_to,
    journal::{Entry, State},
    keep,
    refusal::Refusal,
    remember, standing,
    trial::Trial,
    trials,
    world::{Code, World},
};
use crate::{audit::Difference, components, gateway::Gateway, tenant::Tenant};
use edgebind_runtime::{Release, SessionComponent, TranslatorComponent, message::Setting};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::spawn_blocking;

/// What is to be deployed.
#[derive(Clone, Debug)]
pub struct Order {
    /// The digest of a component that was taken in, or the name of one that came with the gateway.
    pub component: String,
    /// None for those of the release in use.
    pub settings: Option<Vec<Setting>>,
    /// How it is tried first; none to put it to use at once.
    pub trial: Option<Trial>,
    /// By whom.
    pub by: String,
}

/// What was deployed, and what took how long.
#[derive(Clone, Copy, Debug)]
pub struct Deployed {
    /// Of which world it is.
    pub world: World,
    /// Its number.
    pub revision: u64,
    /// Until the component was there and compiled.
    pub compile: Duration,
    /// Until its first calls were made.
    pub warm: Duration,
    /// Until it was on the disk and in use.
    pub switch: Duration,
}

/// Makes a release of a component, and puts it to use or on trial.
pub async fn deploy(gateway: &Arc<Gateway>, tenant: &Arc<Tenant>, order: Order) -> Result<Deployed, Refusal> {
    let began = Instant::now();
    if let Some(mistakes) = order
        .trial
        .as_ref()
        .map(Trial::mistakes)
        .filter(|mistakes| !mistakes.is_empty())
    {
        return Err(Refusal::Mistakes("there are mistakes in the trial".into(), mistakes));
    }
    let loaded = gateway.depot.get(&order.component).await?;
    let compile = began.elapsed();
    let _changing = tenant.releases.changing.lock().await;
    match loaded {
        Loaded::Session(component) => put(gateway, tenant, component, order, compile).await,
        Loaded::Translator(component) => put(gateway, tenant, component, order, compile).await,
    }
}

/// Makes releases of the settings that the tenant's document has now, where they are others than it had.
pub async fn follow_document(gateway: &Arc<Gateway>, tenant: &Arc<Tenant>, by: &str) -> Result<(), Refusal> {
    let _changing = tenant.releases.changing.lock().await;
    follow::<SessionComponent>(gateway, tenant, by).await?;
    follow::<TranslatorComponent>(gateway, tenant, by).await
}

async fn follow<T: Code>(gateway: &Arc<Gateway>, tenant: &Arc<Tenant>, by: &str) -> Result<(), Refusal> {
    let config = tenant.config();
    let (named, wanted) = (
        components::named(&config, T::WORLD),
        components::document(&config, T::WORLD).to_vec(),
    );
    let names_another = {
        let journal = tenant.releases.journal();
        let page = journal.pages.of(T::WORLD);
        if !page.is_behind(named, &wanted) {
            return Ok(());
        }
        page.names_another(named)
    };
    let component = match names_another {
        true => T::from_loaded(gateway.depot.get(named).await?)
            .ok_or_else(|| Refusal::NotFound(format!("component {named} is not a {}", T::WORLD)))?,
        false => T::slot(tenant).current().component.clone(),
    };
    let order = Order {
        component: component.digest().to_owned(),
        settings: Some(wanted.clone()),
        trial: None,
        by: by.to_owned(),
    };
    put(gateway, tenant, component, order, Duration::ZERO).await?;
    remember(gateway, tenant, |journal| {
        journal.pages.of_mut(T::WORLD).follow(named, wanted);
    })
    .await
}

/// Goes back to the release before the one in use.
pub async fn roll_back(gateway: &Arc<Gateway>, tenant: &Arc<Tenant>, world: World, by: &str) -> Result<u64, Refusal> {
    let _changing = tenant.releases.changing.lock().await;
    match world {
        World::Session => roll_back_in::<SessionComponent>(gateway, tenant, by).await,
        World::Translator => roll_back_in::<TranslatorComponent>(gateway, tenant, by).await,
    }
}

/// Puts the release to use that is on trial.
pub async fn promote(gateway: &Arc<Gateway>, tenant: &Arc<Tenant>, world: World, by: &str) -> Result<u64, Refusal> {
    let _changing = tenant.releases.changing.lock().await;
    match world {
        World::Session => promote_in::<SessionComponent>(gateway, tenant, by).await,
        World::Translator => promote_in::<TranslatorComponent>(gateway, tenant, by).await,
    }
}

/// Ends a trial; the release in use stays.
pub async fn dismiss(gateway: &Arc<Gateway>, tenant: &Arc<Tenant>, world: World, by: &str) -> Result<u64, Refusal> {
    let _changing = tenant.releases.changing.lock().await;
    match world {
        World::Session => dismiss_in::<SessionComponent>(gateway, tenant, by).await,
        World::Translator => dismiss_in::<TranslatorComponent>(gateway, tenant, by).await,
    }
}

/// To be called while the tenant's releases are being changed, as everything below.
async fn put<T: Code>(
    gateway: &Arc<Gateway>,
    tenant: &Arc<Tenant>,
    component: T,
    order: Order,
    compile: Duration,
) -> Result<Deployed, Refusal> {
    let slot = T::slot(tenant);
    if let Some(candidate) = slot.candidate() {
        return Err(Refusal::Conflict(format!(
            "revision {} is on trial: promote or dismiss it first",
            candidate.revision
        )));
    }
    if order.trial == Some(Trial::Shadow) && T::WORLD == World::Session {
        return Err(Refusal::Mistakes(
            "only a translator can be a shadow: try a session out as a canary".into(),
            Vec::new(),
        ));
    }
    let began = Instant::now();
    let settings = order.settings.unwrap_or_else(|| slot.current().settings.clone());
    warm(tenant, &component.within(&tenant.apart()), &settings).await?;
    let component = component.within(&tenant.allowance);
    let (warmed, now) = (began.elapsed(), gateway.clock.now());

    let began = Instant::now();
    let (mut journal, mut standing) = (tenant.releases.journal().clone(), standing(slot));
    let page = journal.pages.of_mut(T::WORLD);
    let revision = page.next_revision();
    page.add(Entry {
        revision,
        digest: component.digest().to_owned(),
        builtin: gateway.depot.builtin_name(component.digest()),
        settings: settings.clone(),
        at: now,
        used_since: None,
        by: order.by.clone(),
        state: State::Retired,
        why: None,
        trial: order.trial.clone(),
    });
    match order.trial {
        Some(_) => standing.on_trial = Some(revision),
        None => (standing.in_use, standing.before) = (revision, Some(standing.in_use)),
    }
    page.stand(standing, now);
    // On the disk before anybody gets it: a restart must not go back behind what was seen.
    keep(gateway, tenant, journal.clone()).await?;
    let what = [("digest", slot.current().component.digest(), component.digest())]
        .into_iter()
        .map(|(path, before, after)| Difference {
            path: path.into(),
            before: before.into(),
            after: after.into(),
        })
        .chain(from_to(slot.current().revision, revision))
        .collect();
    let action = if order.trial.is_some() {
        "release on trial"
    } else {
        "release deployed"
    };
    audit(gateway, tenant, &order.by, T::WORLD, action.into(), what).await?;
    *tenant.releases.journal() = journal;
    let release = Release::new(component, settings, revision);
    match order.trial {
        Some(trial) => {
            slot.try_out(release, trial.percent()).map_err(Refusal::release)?;
            trials::begin::<T>(tenant, revision, trial, now);
        }
        None => {
            slot.switch(release).map_err(Refusal::release)?;
            tenant.releases.health.of(T::WORLD).put_to_use(revision, now);
        }
    }
    tenant.tell();
    let switch = began.elapsed();
    Ok(Deployed {
        world: T::WORLD,
        revision,
        compile,
        warm: warmed,
        switch,
    })
}

/// The first calls: what the component says of the settings that it will be given, and one instance.
async fn warm<T: Code>(tenant: &Arc<Tenant>, component: &T, settings: &[Setting]) -> Result<(), Refusal> {
    let (component, settings, tenant) = (component.clone(), settings.to_vec(), tenant.clone());
    let warmed = spawn_blocking(move || {
        let mistakes: Vec<String> = components::mistakes(&component, &settings, &tenant.config())
            .into_iter()
            .map(|mistake| mistake.to_string())
            .collect();
        if !mistakes.is_empty() {
            return Err(Refusal::Mistakes("the component does not take its settings".into(), mistakes));
        }
        component
            .try_one(&settings)
            .map_err(|fault| Refusal::Mistakes(format!("its first instance {fault}"), Vec::new()))
    });
    warmed.await.unwrap_or_else(|error| Err(Refusal::Busy(error.to_string())))
}

async fn roll_back_in<T: Code>(gateway: &Arc<Gateway>, tenant: &Arc<Tenant>, by: &str) -> Result<u64, Refusal> {
    let slot = T::slot(tenant);
    let from = slot.current().revision;
    let back = slot.roll_back_from(from).ok_or_else(|| {
        Refusal::Conflict(format!(
            "there is no {} release before revision {from} to go back to",
            T::WORLD
        ))
    })?;
    tenant
        .releases
        .health
        .of(T::WORLD)
        .put_to_use(back.revision, gateway.clock.now());
    tenant.tell();
    let why = format!("by {by}");
    remember(gateway, tenant, |journal| {
        journal.pages.of_mut(T::WORLD).rolled_back(from, &why);
    })
    .await?;
    audit(
        gateway,
        tenant,
        by,
        T::WORLD,
        "release rolled back".into(),
        from_to(from, back.revision),
    )
    .await?;
    Ok(back.revision)
}

async fn promote_in<T: Code>(gateway: &Arc<Gateway>, tenant: &Arc<Tenant>, by: &str) -> Result<u64, Refusal> {
    let slot = T::slot(tenant);
    let from = slot.current().revision;
    let promoted = slot.candidate().and_then(|candidate| slot.promote(candidate.revision));
    let promoted = promoted.ok_or_else(nothing_on_trial::<T>)?;
    trials::end(tenant, T::WORLD);
    tenant
        .releases
        .health
        .of(T::WORLD)
        .put_to_use(promoted.revision, gateway.clock.now());
    tenant.tell();
    remember(gateway, tenant, |_| {}).await?;
    let what = from_to(from, promoted.revision);
    audit(gateway, tenant, by, T::WORLD, "release promoted".into(), what).await?;
    Ok(promoted.revision)
}

async fn dismiss_in<T: Code>(gateway: &Arc<Gateway>, tenant: &Arc<Tenant>, by: &str) -> Result<u64, Refusal> {
    let slot = T::slot(tenant);
    let dismissed = slot.candidate().and_then(|candidate| slot.dismiss(candidate.revision));
    let dismissed = dismissed.ok_or_else(nothing_on_trial::<T>)?;
    trials::end(tenant, T::WORLD);
    tenant.tell();
    let why = format!("dismissed by {by}");
    let note = |journal: &mut super::journal::Journal| journal.pages.of_mut(T::WORLD).rolled_back(dismissed.revision, &why);
    remember(gateway, tenant, note).await?;
    let action = format!("revision {} dismissed", dismissed.revision);
    audit(gateway, tenant, by, T::WORLD, action, Vec::new()).await?;
    Ok(dismissed.revision)
}

fn nothing_on_trial<T: Code>() -> Refusal {
    Refusal::Conflict(format!("no {} release is on trial", T::WORLD))
}
