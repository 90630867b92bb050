//! Where secrets of the file come from.

use super::{
    Secret, Surroundings,
    reader::{Reader, not_a},
    settings::flatten,
};
use std::collections::BTreeMap;
use toml::{Table, Value};

/// Secrets by name, tables in the table joined with dots.
pub(super) fn named_secrets(reader: &Reader<'_>, surroundings: &Surroundings<'_>) -> BTreeMap<String, Secret> {
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
pub(super) fn is_reference(table: &Table) -> bool {
    table.len() == 1 && ["env", "file"].iter().any(|key| table.get(*key).is_some_and(Value::is_str))
}

/// The text itself, `{ env = "NAME" }`, or `{ file = "path" }` (without the line's end that editors put there).
pub(super) fn secret(value: &Value, surroundings: &Surroundings<'_>) -> Result<Secret, String> {
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
