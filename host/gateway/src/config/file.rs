//! The TOML file: what its tables and keys mean.

use super::{
    Config, Limits, Mistake, Mistakes, Mode, Surroundings, Tenant, TenantsOfFile, limits,
    listeners::{admin, http, smpp},
    mistakes::Found,
    reader::Reader,
    tenants::tenants,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use toml::Table;

/// Reads a configuration.
pub(super) fn read(text: &str, others: &[Arc<Tenant>], surroundings: &Surroundings<'_>) -> Result<Config, Mistakes> {
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
        admin: admin(&root, surroundings),
        limits: bounds(&root),
        is_from_environment: false,
        tenants_of_file: root.choice("tenants_of_file", &TenantsOfFile::WORDS).unwrap_or_default(),
        tenants: tenants(&root, others, surroundings),
    };
    root.finish();
    certificates_are_asked_for(&config, &found);
    for (index, tenant) in config.tenants.iter().enumerate() {
        for Mistake { at, what } in (surroundings.settings)(tenant) {
            found.mistake(format!("tenants[{index}].{at}"), what);
        }
    }
    found.none_in(config)
}

/// An account that must show a certificate can only do so where one is asked for.
fn certificates_are_asked_for(config: &Config, found: &Found) {
    if config.smpp.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some()) {
        return;
    }
    for (tenant, accounts) in config
        .tenants
        .iter()
        .enumerate()
        .filter_map(|(index, tenant)| match &tenant.mode {
            Mode::Accounts(accounts) => Some((index, accounts)),
            Mode::PassThrough => None,
        })
    {
        for account in (0..accounts.len()).filter(|account| !accounts[*account].certificates.is_empty()) {
            found.mistake(
                format!("tenants[{tenant}].accounts[{account}].certificates"),
                "no listener asks for certificates: smpp.tls.client_ca names no authority",
            );
        }
    }
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

fn bounds(root: &Reader<'_>) -> Limits {
    let Some(reader) = root.table("limits") else {
        return Limits::default();
    };
    let limits = Limits {
        connections_max: reader.number("connections_max", &limits::CONNECTIONS_MAX),
        connections_per_address_max: reader.number("connections_per_address_max", &limits::CONNECTIONS_MAX),
        sessions_max: reader.number("sessions_max", &limits::SESSIONS_MAX),
        calls_max: reader.number("calls_max", &limits::CALLS_MAX),
        checks_per_minute: reader.number("checks_per_minute", &limits::CHECKS_PER_MINUTE),
        drain: reader.duration("drain", &limits::DRAINS),
        entries_max: reader.number("entries_max", &limits::ENTRIES_MAX),
        disk_free_bytes: reader.number("disk_free_bytes", &limits::DISK_FREE_BYTES),
        retention: reader.duration("retention", &limits::RETENTIONS),
        dead_retention: reader.duration("dead_retention", &limits::RETENTIONS),
        guest_memory_bytes: reader.number("guest_memory_bytes", &limits::GUEST_MEMORY_BYTES),
        session_call_ms: reader.number("session_call_ms", &limits::CALL_MS),
        translator_call_ms: reader.number("translator_call_ms", &limits::CALL_MS),
    };
    reader.finish();
    limits
}

/// A path that is not empty.
pub(super) fn path(text: &str) -> Result<PathBuf, String> {
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
