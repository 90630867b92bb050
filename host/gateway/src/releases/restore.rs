//! The releases of a tenant when the gateway starts: those that its journal says, as far as they can still be had.

use super::{
    Releases,
    depot::Depot,
    journal::{Entry, Journal, Page, Standing, State},
    trial::Trial,
    trials,
    world::Code,
};
use crate::{allowance, components, config, config::Mistakes, tenant::Tenant};
use edgebind_runtime::{Allowance, Release, SessionComponent, Slot, TranslatorComponent};
use std::sync::Arc;

/// What one world of a tenant starts with.
struct Found<T> {
    in_use: Release<T>,
    before: Option<Release<T>>,
    on_trial: Option<(Release<T>, Trial)>,
}

impl<T: Code> Found<T> {
    fn within(self, allowance: &Arc<Allowance>) -> Self {
        let within = |release: Release<T>| Release::new(release.component.within(allowance), release.settings, release.revision);
        Self {
            in_use: within(self.in_use),
            before: self.before.map(within),
            on_trial: self.on_trial.map(|(release, trial)| (within(release), trial)),
        }
    }
}

/// A tenant with the releases that it had, or the built-in ones if it had none. Compiles: not for a thread that others wait for.
pub fn tenant(depot: &Depot, config: &config::Tenant, now: u64) -> Result<Arc<Tenant>, String> {
    let before = depot.journal(&config.name)?;
    let mut journal = before.clone().unwrap_or_default();
    let session = find::<SessionComponent>(depot, config, &mut journal, now)?;
    let translator = find::<TranslatorComponent>(depot, config, &mut journal, now)?;
    let limits = &depot.builtin().limits;
    let allowance = allowance::of(config, &limits.guest);
    let (session, translator) = (session.within(&allowance), translator.within(&allowance));
    let mut mistakes = allowance::mistakes(config, limits);
    mistakes.extend(components::mistakes(
        &session.in_use.component,
        &session.in_use.settings,
        config,
    ));
    mistakes.extend(components::mistakes(
        &translator.in_use.component,
        &translator.in_use.settings,
        config,
    ));
    if !mistakes.is_empty() {
        return Err(format!(
            "mistakes in the settings of tenant {}:\n{}",
            config.name,
            Mistakes(mistakes)
        ));
    }
    if before.as_ref() != Some(&journal) {
        depot.keep_journal(&config.name, &journal)?;
    }
    let slots = (
        Slot::with_previous(session.in_use, session.before),
        Slot::with_previous(translator.in_use, translator.before),
    );
    let tenant = Arc::new(Tenant::new(
        config.clone(),
        slots.0,
        slots.1,
        Releases::new(journal),
        (allowance, limits.clone()),
    ));
    try_out(&tenant, session.on_trial, now);
    try_out(&tenant, translator.on_trial, now);
    Ok(tenant)
}

fn try_out<T: Code>(tenant: &Tenant, on_trial: Option<(Release<T>, Trial)>, now: u64) {
    if let Some((release, trial)) = on_trial {
        let revision = release.revision;
        if T::slot(tenant).try_out(release, trial.percent()).is_ok() {
            trials::begin::<T>(tenant, revision, trial, now);
        }
    }
}

/// The release that was in use; if it cannot be had, the one before, and so on back to the built-in one. A release more where the
/// tenant's document or the gateway's own build is another than it was. Brings the page in line.
fn find<T: Code>(depot: &Depot, config: &config::Tenant, journal: &mut Journal, now: u64) -> Result<Found<T>, String> {
    let (named, document) = (
        components::named(config, T::WORLD),
        components::document(config, T::WORLD).to_vec(),
    );
    let page = journal.pages.of_mut(T::WORLD);
    let own = || T::builtin(depot.builtin(), config);
    let names_another = page.names_another(named);
    let (found, component) = match latest_to_be_had::<T>(depot, config, page) {
        None => (None, own()?),
        Some((entry, _)) if names_another => (Some(entry), own()?),
        Some((entry, component)) => (Some(entry), component),
    };
    let news = match &found {
        None => Some(("what a tenant starts with", document.clone())),
        Some(_) if names_another => Some(("the tenant's document names another component", document.clone())),
        Some(_) if page.document != document => Some(("the tenant's document has other settings", document.clone())),
        Some(entry) if component.digest() != entry.digest => {
            Some(("the gateway came with another build of it", entry.settings.clone()))
        }
        Some(_) => None,
    };
    let mut before = page.in_state(State::Before).cloned();
    let in_use = match (news, found) {
        (Some((why, settings)), found) => {
            before = found.or(before);
            let entry = Entry {
                revision: page.next_revision(),
                digest: component.digest().to_owned(),
                builtin: depot.builtin_name(component.digest()),
                settings,
                at: now,
                used_since: None,
                by: "start".into(),
                state: State::Retired,
                why: Some(why.into()),
                trial: None,
            };
            page.add(entry.clone());
            entry
        }
        (None, Some(entry)) => entry,
        (None, None) => unreachable!("without a release there is news"),
    };
    let before = before
        .filter(|entry| entry.revision != in_use.revision)
        .and_then(|entry| released::<T>(depot, &entry));
    let on_trial = page.in_state(State::OnTrial).cloned();
    let on_trial = on_trial.and_then(|entry| Some((released::<T>(depot, &entry)?, entry.trial?)));
    let standing = Standing {
        in_use: in_use.revision,
        before: before.as_ref().map(|release| release.revision),
        on_trial: on_trial.as_ref().map(|(release, _)| release.revision),
    };
    page.stand(standing, now);
    page.follow(named, document);
    Ok(Found {
        in_use: Release::new(component, in_use.settings, in_use.revision),
        before,
        on_trial,
    })
}

/// Looks through the releases that were in use: that one first, the one before it, then the latest.
fn latest_to_be_had<T: Code>(depot: &Depot, config: &config::Tenant, page: &mut Page) -> Option<(Entry, T)> {
    let mut entries: Vec<Entry> = page.entries.iter().rev().cloned().collect();
    entries.retain(|entry| entry.used_since.is_some() && entry.state != State::RolledBack);
    entries.sort_by_key(|entry| match entry.state {
        State::InUse => 0,
        State::Before => 1,
        _ => 2,
    });
    entries.into_iter().find_map(|entry| match load::<T>(depot, &entry) {
        Ok(component) => Some((entry, component)),
        Err(why) => {
            tracing::error!(tenant = config.name, world = %T::WORLD, revision = entry.revision, "a release cannot be had, the one before takes its place: {why}");
            page.rolled_back(entry.revision, &why);
            None
        }
    })
}

/// A release as it was; none if it can not be had, or has become another.
fn released<T: Code>(depot: &Depot, entry: &Entry) -> Option<Release<T>> {
    let component = load::<T>(depot, entry)
        .map_err(|why| tracing::warn!(revision = entry.revision, "a release that is not in use cannot be had: {why}"))
        .ok()
        .filter(|component| component.digest() == entry.digest)?;
    Some(Release::new(component, entry.settings.clone(), entry.revision))
}

fn load<T: Code>(depot: &Depot, entry: &Entry) -> Result<T, String> {
    let loaded = match &entry.builtin {
        Some(name) => depot.builtin().named(name)?,
        None => depot.read(&entry.digest).map_err(|refusal| refusal.to_string())?,
    };
    T::from_loaded(loaded).ok_or_else(|| format!("component {:.16} is not a {}", entry.digest, T::WORLD))
}
