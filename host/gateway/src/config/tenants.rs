//! The tables of tenants.

use super::{
    Account, Holding, Mistake, Mistakes, Mode, Origin, PartsPolicy, Reachable, Secret, Surroundings, Tenant, Translator,
    Webhooks, Written,
    accounts::{Usual, account},
    guest::guest,
    holding::holding,
    limits,
    mistakes::Found,
    parse,
    rate::{over_rate, rate},
    reader::{Reader, not_a},
    recording::recording,
    routes::routes,
    secrets::named_secrets,
    settings::{API_BASE_URL, Settings, settings},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use toml::{Table, Value};

/// Every tenant of the file, beside others that are not in it.
pub(super) fn tenants(root: &Reader<'_>, others: &[Arc<Tenant>], surroundings: &Surroundings<'_>) -> Vec<Tenant> {
    let mut taken = Taken::by(others);
    // Without any here, the admin API makes them.
    root.tables("tenants")
        .into_iter()
        .map(|reader| tenant(reader, surroundings, &mut taken))
        .collect()
}

/// What only one tenant or account may have, and where it was seen first.
#[derive(Default)]
pub(super) struct Taken {
    tenants: HashMap<String, String>,
    pub(super) system_ids: HashMap<String, String>,
    pass_through: Option<String>,
}

impl Taken {
    /// What these tenants have.
    fn by(others: &[Arc<Tenant>]) -> Self {
        let mut taken = Self::default();
        for other in others {
            let place = format!("tenant {}", other.name);
            match &other.mode {
                Mode::PassThrough => taken.pass_through = Some(place.clone()),
                Mode::Accounts(accounts) => taken
                    .system_ids
                    .extend(accounts.iter().map(|account| (account.system_id.clone(), place.clone()))),
            }
            taken.tenants.insert(other.name.clone(), place);
        }
        taken
    }

    /// Notes a name; the error names who has it already.
    pub(super) fn note(names: &mut HashMap<String, String>, name: &str, path: &str) -> Result<(), String> {
        match names.get(name) {
            Some(first) => Err(format!("`{name}` is taken by {first}")),
            None => {
                names.insert(name.to_owned(), path.to_owned());
                Ok(())
            }
        }
    }
}

/// One tenant beside others.
pub(super) fn one(document: &Table, others: &[Arc<Tenant>], surroundings: &Surroundings<'_>) -> Result<Tenant, Mistakes> {
    let mut taken = Taken::by(others);
    let found = Found::default();
    let tenant = tenant(Reader::new(document, String::new(), &found), surroundings, &mut taken);
    for Mistake { at, what } in (surroundings.settings)(&tenant) {
        found.mistake(at, what);
    }
    found.none_in(tenant)
}

fn tenant(reader: Reader<'_>, surroundings: &Surroundings<'_>, taken: &mut Taken) -> Tenant {
    reader.require("name");
    let name = reader.text("name", |text| {
        let name = parse::tenant_name(text)?;
        Taken::note(&mut taken.tenants, &name, reader.path()).map(|()| name)
    });
    let is_pass_through = reader
        .choice("mode", &[("accounts", false), ("pass-through", true)])
        .unwrap_or(false);
    let secrets = reader
        .table("secrets")
        .map(|secrets| named_secrets(&secrets, surroundings))
        .unwrap_or_default();
    let (session_settings, translator_settings) = settings(&reader);
    let queue_max = reader.number("queue_max", &limits::QUEUES_MAX);
    let usual = Usual {
        binds_max: reader
            .number("binds_max", &limits::ALL_BINDS_MAX)
            .unwrap_or(limits::BINDS_MAX),
        queue_max: queue_max.unwrap_or(limits::QUEUE_MAX),
        holding: holding(&reader, queue_max, Holding::default()),
        rate: rate(&reader, "rate"),
        over_rate: over_rate(&reader).unwrap_or_default(),
    };
    let mut origins = Vec::new();
    api_origin(&reader, &translator_settings, &mut origins);
    let mut accounts = Vec::new();
    for account_reader in reader.tables("accounts") {
        let account = account(&account_reader, surroundings, &usual, taken);
        api_origin(&account_reader, &account.translator_settings, &mut origins);
        account_reader.finish();
        accounts.push(account);
    }
    listed_origins(&reader, &mut origins);
    let routes = routes(&reader, &accounts, is_pass_through);
    let mode = if is_pass_through {
        pass_through(&reader, &accounts, &secrets, taken)
    } else {
        if reader.value("accounts").is_none() {
            reader.mistake(
                "accounts",
                "is missing: [[tenants.accounts]] says who may bind, accounts = [] that nobody does yet, or mode = \"pass-through\" that \
                 the upstream knows",
            );
        }
        Mode::Accounts(accounts)
    };
    let tenant = Tenant {
        name: name.unwrap_or_default(),
        mode,
        origins,
        is_suspended: reader.flag("suspended").unwrap_or(false),
        secrets,
        session_settings,
        translator: reader.choice("translator", &Translator::WORDS).unwrap_or_default(),
        translator_settings,
        webhooks: reader.choice("webhooks", &Webhooks::WORDS).unwrap_or(Webhooks::Keep),
        egress_concurrency: reader
            .number("egress_concurrency", &limits::EGRESS_CONCURRENCIES)
            .unwrap_or(limits::EGRESS_CONCURRENCY),
        queue_max: usual.queue_max,
        holding: usual.holding,
        rate: usual.rate,
        rate_total: rate(&reader, "rate_total"),
        over_rate: usual.over_rate,
        binds_max: usual.binds_max,
        binds_total_max: reader.number("binds_total_max", &limits::BINDS_TOTAL_MAX),
        queue_total_max: reader.number("queue_total_max", &limits::QUEUES_MAX),
        guest: guest(&reader),
        recording: recording(&reader),
        incoming: routes.by_address,
        incoming_account: routes.otherwise,
        parts_timeout: reader
            .duration("parts_timeout", &limits::PARTS_TIMEOUTS)
            .unwrap_or(limits::PARTS_TIMEOUT),
        parts_policy: reader
            .choice(
                "parts_policy",
                &[("reject", PartsPolicy::Reject), ("send", PartsPolicy::Send)],
            )
            .unwrap_or(PartsPolicy::Reject),
        retry_max_age: reader
            .duration("retry_max_age", &limits::RETRY_MAX_AGES)
            .unwrap_or(limits::RETRY_MAX_AGE),
        receipt_max_wait: reader
            .duration("receipt_max_wait", &limits::RECEIPT_MAX_WAITS)
            .unwrap_or(limits::RECEIPT_MAX_WAIT),
        document: Written(Arc::new(reader.entries().clone())),
        upstream_timeout: reader
            .duration("upstream_timeout", &limits::UPSTREAM_TIMEOUTS)
            .unwrap_or(limits::UPSTREAM_TIMEOUT),
    };
    reader.finish();
    tenant
}

/// A tenant whose upstream knows who may bind, and what it therefore cannot have.
fn pass_through(reader: &Reader<'_>, accounts: &[Account], secrets: &BTreeMap<String, Secret>, taken: &mut Taken) -> Mode {
    if let Some(first) = taken.pass_through.replace(reader.path().to_owned()) {
        reader.mistake(
            "mode",
            format!("{first} is pass-through already, and a bind does not say which of the two it means"),
        );
    }
    if !accounts.is_empty() {
        reader.mistake(
            "accounts",
            "a pass-through tenant has none: whoever its upstream knows may bind",
        );
    }
    for name in super::BIND_CREDENTIALS.iter().filter(|name| secrets.contains_key(**name)) {
        reader.mistake("secrets", format!("`{name}` of a pass-through tenant comes with each bind"));
    }
    Mode::PassThrough
}

/// The origin of the API that these settings name, if they name one.
fn api_origin(reader: &Reader<'_>, settings: &Settings, origins: &mut Vec<Reachable>) {
    let Some((_, text)) = settings.iter().find(|(name, _)| name == API_BASE_URL) else {
        return;
    };
    match parse::base_url(text).map(|url| Origin::of(&url)) {
        Ok(origin) => {
            if let Some(origin) = origin {
                Reachable::api(origin).add_to(origins);
            }
        }
        Err(what) => reader.mistake("translator_settings", format!("`{API_BASE_URL}`: {what}")),
    }
}

/// `origins`: strings, or tables that say what the operator means by the name.
fn listed_origins(reader: &Reader<'_>, origins: &mut Vec<Reachable>) {
    for (path, value) in reader.list("origins") {
        match value {
            Value::String(text) => match Origin::parse(text) {
                Ok(origin) => Reachable::other(origin).add_to(origins),
                Err(what) => reader.mistake_at(path, what),
            },
            Value::Table(table) => {
                let table = reader.below(table, path);
                table.require("url");
                let usual = table.text("url", Origin::parse).map(Reachable::other);
                let (is_private, takes_secrets) = (table.flag("private"), table.flag("secrets"));
                table.finish();
                if let Some(usual) = usual {
                    let is_private = is_private.unwrap_or(usual.is_private);
                    let takes_secrets = takes_secrets.unwrap_or(usual.takes_secrets);
                    Reachable {
                        is_private,
                        takes_secrets,
                        ..usual
                    }
                    .add_to(origins);
                }
            }
            other => reader.mistake_at(path, not_a("a string or a table", other)),
        }
    }
}
