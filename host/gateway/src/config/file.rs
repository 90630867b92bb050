//! The TOML file: what its tables and keys mean.

use super::{
    Account, Config, Http, Limits, Mistake, Mistakes, Mode, Origin, PartsPolicy, Rate, Reachable, Secret, Smpp, Surroundings,
    Tenant, TlsFiles, TlsListener, Webhooks, limits,
    mistakes::Found,
    parse,
    reader::{Reader, not_a, number},
};
use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};
use toml::{Table, Value};

/// The setting of a translator that says where its API is.
pub(super) const API_BASE_URL: &str = "api_base_url";

/// The setting of sessions and translators that says what an account's octets of data_coding 0 mean.
const ALPHABET: &str = "alphabet";

/// Reads a configuration.
pub(super) fn read(text: &str, surroundings: &Surroundings<'_>) -> Result<Config, Mistakes> {
    let table: Table = text
        .parse()
        .map_err(|error: toml::de::Error| Mistakes(vec![not_toml(text, &error)]))?;
    let found = Found::default();
    let root = Reader::new(&table, String::new(), &found);
    let config = Config {
        data_dir: surroundings
            .base
            .join(root.text("data_dir", path).unwrap_or_else(|| super::DATA_DIR.into())),
        node: root.number("node", &limits::NODES).unwrap_or(0),
        smpp: smpp(&root, surroundings),
        http: http(&root, surroundings),
        limits: bounds(&root),
        tenants: tenants(&root, surroundings),
    };
    root.finish();
    found.none_in(config)
}

/// Without the line itself, which the error would show: it may be one with a password.
fn not_toml(text: &str, error: &toml::de::Error) -> Mistake {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    Mistake {
        at: format!("line {line}, column {column}"),
        what: error.message().replace('\n', ", "),
    }
}

fn smpp(root: &Reader<'_>, surroundings: &Surroundings<'_>) -> Smpp {
    let Some(reader) = root.table("smpp") else {
        root.require("smpp");
        return Smpp {
            plain: None,
            tls: None,
            session_init: limits::SESSION_INIT,
        };
    };
    let plain = reader.text("plain", parse::address);
    let tls = reader.table("tls").and_then(|reader| {
        reader.require("addr");
        let addr = reader.text("addr", parse::address);
        let files = tls_files(&reader, surroundings);
        reader.finish();
        let TlsFiles { cert, key } = files?;
        Some(TlsListener { addr: addr?, cert, key })
    });
    if reader.value("plain").is_none() && reader.value("tls").is_none() {
        reader.mistake("plain", "neither `plain` nor `tls` says where ESMEs connect");
    }
    if let (Some(plain), Some(tls)) = (plain, &tls)
        && plain == tls.addr
        && plain.port() != 0
    {
        reader.mistake("tls", format!("{plain} is taken by `plain`"));
    }
    let session_init = reader
        .duration("session_init", &limits::SESSION_INITS)
        .unwrap_or(limits::SESSION_INIT);
    reader.finish();
    Smpp {
        plain,
        tls,
        session_init,
    }
}

fn http(root: &Reader<'_>, surroundings: &Surroundings<'_>) -> Http {
    let Some(reader) = root.table("http") else {
        return Http {
            addr: super::HTTP_ADDRESS,
            tls: None,
            webhook_base_url: None,
        };
    };
    let addr = reader.text("addr", parse::address).unwrap_or(super::HTTP_ADDRESS);
    let tls = reader.table("tls").and_then(|reader| {
        let files = tls_files(&reader, surroundings);
        reader.finish();
        files
    });
    let webhook_base_url = reader.text("webhook_base_url", parse::base_url);
    reader.finish();
    Http {
        addr,
        tls,
        webhook_base_url,
    }
}

fn tls_files(reader: &Reader<'_>, surroundings: &Surroundings<'_>) -> Option<TlsFiles> {
    let file = |key| {
        reader.require(key);
        reader.text(key, |text| readable(text, surroundings))
    };
    let (cert, key) = (file("cert"), file("key"));
    Some(TlsFiles { cert: cert?, key: key? })
}

fn bounds(root: &Reader<'_>) -> Limits {
    let Some(reader) = root.table("limits") else {
        return Limits::default();
    };
    let limits = Limits {
        connections_max: reader.number("connections_max", &limits::CONNECTIONS_MAX),
        checks_per_minute: reader.number("checks_per_minute", &limits::CHECKS_PER_MINUTE),
        drain: reader.duration("drain", &limits::DRAINS),
        retention: reader.duration("retention", &limits::RETENTIONS),
        guest_memory_bytes: reader.number("guest_memory_bytes", &limits::GUEST_MEMORY_BYTES),
        session_call_ms: reader.number("session_call_ms", &limits::CALL_MS),
        translator_call_ms: reader.number("translator_call_ms", &limits::CALL_MS),
    };
    reader.finish();
    limits
}

fn tenants(root: &Reader<'_>, surroundings: &Surroundings<'_>) -> Vec<Tenant> {
    let mut taken = Taken::default();
    let tenants: Vec<Tenant> = root
        .tables("tenants")
        .into_iter()
        .map(|reader| tenant(reader, surroundings, &mut taken))
        .collect();
    if tenants.is_empty()
        && root
            .value("tenants")
            .is_none_or(|value| value.as_array().is_some_and(Vec::is_empty))
    {
        root.mistake(
            "tenants",
            "is missing: at least one [[tenants]] says whose messages these are",
        );
    }
    tenants
}

/// What only one tenant or account may have, and where it was seen first.
#[derive(Default)]
struct Taken {
    tenants: HashMap<String, String>,
    system_ids: HashMap<String, String>,
    pass_through: Option<String>,
}

impl Taken {
    /// Notes a name; the error names who has it already.
    fn note(names: &mut HashMap<String, String>, name: &str, path: &str) -> Result<(), String> {
        match names.get(name) {
            Some(first) => Err(format!("`{name}` is taken by {first}")),
            None => {
                names.insert(name.to_owned(), path.to_owned());
                Ok(())
            }
        }
    }
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
    let usual = Usual {
        binds_max: reader
            .number("binds_max", &limits::ALL_BINDS_MAX)
            .unwrap_or(limits::BINDS_MAX),
        queue_max: reader.number("queue_max", &limits::QUEUES_MAX).unwrap_or(limits::QUEUE_MAX),
        rate: reader.read("rate", rate),
    };
    let accounts: Vec<Account> = reader
        .tables("accounts")
        .into_iter()
        .map(|account_reader| account(account_reader, surroundings, &usual, taken))
        .collect();
    let mut origins = Vec::new();
    for settings in std::iter::once(&translator_settings).chain(accounts.iter().map(|account| &account.translator_settings)) {
        api_origin(&reader, settings, &mut origins);
    }
    listed_origins(&reader, &mut origins);
    let mode = if is_pass_through {
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
    } else {
        if reader
            .value("accounts")
            .is_none_or(|value| value.as_array().is_some_and(Vec::is_empty))
        {
            reader.mistake(
                "accounts",
                "is missing: at least one [[tenants.accounts]] says who may bind, or mode = \"pass-through\"",
            );
        }
        Mode::Accounts(accounts)
    };
    let usual_webhooks = if is_pass_through { Webhooks::Bind } else { Webhooks::Keep };
    let tenant = Tenant {
        name: name.unwrap_or_default(),
        mode,
        origins,
        secrets,
        session_settings,
        translator_settings,
        webhooks: reader
            .choice("webhooks", &[("keep", Webhooks::Keep), ("bind", Webhooks::Bind)])
            .unwrap_or(usual_webhooks),
        egress_concurrency: reader
            .number("egress_concurrency", &limits::EGRESS_CONCURRENCIES)
            .unwrap_or(limits::EGRESS_CONCURRENCY),
        queue_max: usual.queue_max,
        rate: usual.rate,
        binds_max: usual.binds_max,
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
        upstream_timeout: reader
            .duration("upstream_timeout", &limits::UPSTREAM_TIMEOUTS)
            .unwrap_or(limits::UPSTREAM_TIMEOUT),
    };
    reader.finish();
    tenant
}

/// What each account of a tenant gets unless it says otherwise.
struct Usual {
    binds_max: usize,
    queue_max: usize,
    rate: Option<Rate>,
}

fn account(reader: Reader<'_>, surroundings: &Surroundings<'_>, usual: &Usual, taken: &mut Taken) -> Account {
    reader.require("system_id");
    let system_id = reader.text("system_id", |text| {
        let system_id = parse::system_id(text)?;
        Taken::note(&mut taken.system_ids, &system_id, reader.path()).map(|()| system_id)
    });
    let (octets_max, hint) = match reader.flag("allow_long_password") {
        Some(true) => (limits::LONG_PASSWORD_OCTETS_MAX, ""),
        _ => (
            limits::PASSWORD_OCTETS_MAX,
            "; allow_long_password = true takes what SMPP has no room for",
        ),
    };
    reader.require("password");
    let password = reader.read("password", |value| {
        let password = secret(value, surroundings)?;
        match password.bytes() {
            [] => Err("is empty, and a bind with an empty password is refused".into()),
            octets if octets.contains(&0) => Err("has a NUL, where SMPP ends it".into()),
            octets if octets.len() > octets_max => Err(format!("{} octets exceed {octets_max}{hint}", octets.len())),
            _ => Ok(password),
        }
    });
    let (session_settings, translator_settings) = settings(&reader);
    let account = Account {
        system_id: system_id.unwrap_or_default(),
        password: password.unwrap_or_else(|| Secret::new("")),
        binds_max: reader.number("binds_max", &limits::ALL_BINDS_MAX).unwrap_or(usual.binds_max),
        rate: reader.read("rate", rate).or(usual.rate),
        queue_max: reader.number("queue_max", &limits::QUEUES_MAX).unwrap_or(usual.queue_max),
        session_settings,
        translator_settings,
    };
    reader.finish();
    account
}

/// Messages per second, or a table that says what may come at once too.
fn rate(value: &Value) -> Result<Rate, String> {
    let Value::Table(table) = value else {
        return number(value, &limits::RATES).map(|per_second| Rate {
            per_second,
            burst: per_second,
        });
    };
    if let Some(unknown) = table.keys().find(|key| !["per_second", "burst"].contains(&key.as_str())) {
        return Err(format!("`{unknown}` is neither per_second nor burst"));
    }
    let field = |key: &str| {
        table
            .get(key)
            .map(|value| number(value, &limits::RATES).map_err(|what| format!("{key} {what}")))
            .transpose()
    };
    let per_second = field("per_second")?.ok_or("per_second is missing")?;
    Ok(Rate {
        per_second,
        burst: field("burst")?.unwrap_or(per_second),
    })
}

type Settings = Vec<(String, String)>;

/// Settings for the session and for the translator; `alphabet` is for both.
fn settings(reader: &Reader<'_>) -> (Settings, Settings) {
    let alphabet = reader.text(ALPHABET, |text| Ok(text.to_owned()));
    let read = |key| {
        let mut settings = BTreeMap::new();
        if let Some(value) = reader.read(key, |value| value.as_table().ok_or_else(|| not_a("a table", value))) {
            flatten(value, "", &mut |name, value| match setting(value) {
                Some(_) if settings.contains_key(name) => reader.mistake(key, format!("`{name}` is given twice")),
                Some(text) => drop(settings.insert(name.to_owned(), text)),
                None => reader.mistake(
                    key,
                    format!(
                        "`{name}`: {}",
                        not_a("a string, a number, true or false, or an array of them", value)
                    ),
                ),
            });
        }
        if let Some(alphabet) = &alphabet
            && settings.insert(ALPHABET.to_owned(), alphabet.clone()).is_some()
        {
            reader.mistake(key, format!("`{ALPHABET}` is given beside it too"));
        }
        settings.into_iter().collect()
    };
    (read("session_settings"), read("translator_settings"))
}

/// Calls `each` with every value of a table and of the tables in it, whose names are joined with dots.
fn flatten<'a>(table: &'a Table, prefix: &str, each: &mut dyn FnMut(&str, &'a Value)) {
    for (key, value) in table {
        let name = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}.{key}")
        };
        match value {
            Value::Table(table) if !is_reference(table) => flatten(table, &name, each),
            value => each(&name, value),
        }
    }
}

fn setting(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Boolean(flag) => Some(flag.to_string()),
        Value::Array(values) => values
            .iter()
            .map(setting)
            .collect::<Option<Vec<_>>>()
            .map(|texts| texts.join(",")),
        Value::Datetime(_) | Value::Table(_) => None,
    }
}

/// Secrets by name, tables in the table joined with dots.
fn named_secrets(reader: &Reader<'_>, surroundings: &Surroundings<'_>) -> BTreeMap<String, Secret> {
    let mut secrets = BTreeMap::new();
    flatten(reader.entries(), "", &mut |name, value| match secret(value, surroundings) {
        Ok(secret) if secret.bytes().is_empty() => reader.mistake(name, "is empty"),
        Ok(_) if secrets.contains_key(name) => reader.mistake(name, "is given twice"),
        Ok(secret) => drop(secrets.insert(name.to_owned(), secret)),
        Err(what) => reader.mistake(name, what),
    });
    secrets
}

/// `{ env = "NAME" }` or `{ file = "path" }`: not a table of more.
fn is_reference(table: &Table) -> bool {
    table.len() == 1 && ["env", "file"].iter().any(|key| table.get(*key).is_some_and(Value::is_str))
}

/// The text itself, `{ env = "NAME" }`, or `{ file = "path" }` (without the line's end that editors put there).
fn secret(value: &Value, surroundings: &Surroundings<'_>) -> Result<Secret, String> {
    let table = match value {
        Value::String(text) => return Ok(Secret::new(text)),
        Value::Table(table) if is_reference(table) => table,
        Value::Table(_) => return Err("is neither { env = \"NAME\" } nor { file = \"path\" }".into()),
        other => return Err(not_a("a string, { env = \"NAME\" } or { file = \"path\" }", other)),
    };
    if let Some(name) = table.get("env").and_then(Value::as_str) {
        return (surroundings.env)(name)
            .map(Secret::new)
            .ok_or_else(|| format!("the environment has no {name}"));
    }
    let path = surroundings
        .base
        .join(table.get("file").and_then(Value::as_str).unwrap_or_default());
    let text = (surroundings.file)(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Secret::new(line.strip_suffix('\r').unwrap_or(line)))
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
    let Some(values) = reader.read("origins", |value| value.as_array().ok_or_else(|| not_a("an array", value))) else {
        return;
    };
    for (index, value) in values.iter().enumerate() {
        match listed_origin(value) {
            Ok(reachable) => reachable.add_to(origins),
            Err(what) => reader.mistake("origins", format!("entry {index}: {what}")),
        }
    }
}

fn listed_origin(value: &Value) -> Result<Reachable, String> {
    let table = match value {
        Value::String(text) => return Origin::parse(text).map(Reachable::other),
        Value::Table(table) => table,
        other => return Err(not_a("a string or a table", other)),
    };
    if let Some(unknown) = table
        .keys()
        .find(|key| !["url", "private", "secrets"].contains(&key.as_str()))
    {
        return Err(format!("`{unknown}` is neither url, private nor secrets"));
    }
    let flag = |key: &str| {
        table
            .get(key)
            .map(|value| {
                value
                    .as_bool()
                    .ok_or_else(|| format!("{key} {}", not_a("true or false", value)))
            })
            .transpose()
    };
    let url = table.get("url").and_then(Value::as_str).ok_or("url is missing")?;
    let usual = Reachable::other(Origin::parse(url)?);
    Ok(Reachable {
        is_private: flag("private")?.unwrap_or(usual.is_private),
        takes_secrets: flag("secrets")?.unwrap_or(usual.takes_secrets),
        ..usual
    })
}

fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        Err("is empty".into())
    } else {
        Ok(text.into())
    }
}

/// The path of a file that can be read.
pub(super) fn readable(text: &str, surroundings: &Surroundings<'_>) -> Result<PathBuf, String> {
    let path: PathBuf = surroundings.base.join(path(text)?);
    (surroundings.file)(Path::new(&path)).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}
