//! A tenant's document: the table of `[[tenants]]` as JSON. Between the admin API, which speaks JSON, and the reader of the
//! configuration, which reads tables; what leaves here for others to see has no secret in it.

use serde_json::{Map, Value, json};
use toml::Table;

/// An object of JSON.
pub type Document = Map<String, Value>;

/// What stands in the place of a secret that is set. No value that anything may be set to.
fn hidden() -> Value {
    json!({ "set": true })
}

/// The table that a document says.
///
/// # Errors
/// It has something that a table cannot have; where, and what.
pub fn table(document: &Document) -> Result<Table, String> {
    document
        .iter()
        .map(|(key, value)| Ok((key.clone(), table_value(key, value)?)))
        .collect()
}

fn table_value(at: &str, value: &Value) -> Result<toml::Value, String> {
    Ok(match value {
        Value::Null => return Err(format!("{at}: is null; leave it out, or null it in a PATCH")),
        Value::Bool(flag) => toml::Value::Boolean(*flag),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => toml::Value::Integer(whole),
            (None, Some(float)) => toml::Value::Float(float),
            (None, None) => return Err(format!("{at}: {number} is too large")),
        },
        Value::String(text) => toml::Value::String(text.clone()),
        Value::Array(values) => {
            let values = values.iter().enumerate();
            let values: Result<_, String> = values
                .map(|(index, value)| table_value(&format!("{at}[{index}]"), value))
                .collect();
            toml::Value::Array(values?)
        }
        Value::Object(object) => {
            let entries: Result<_, String> = object
                .iter()
                .map(|(key, value)| Ok((key.clone(), table_value(&format!("{at}.{key}"), value)?)))
                .collect();
            toml::Value::Table(entries?)
        }
    })
}

/// The document that a table says.
pub fn document(table: &Table) -> Document {
    table.iter().map(|(key, value)| (key.clone(), json_value(value))).collect()
}

fn json_value(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(flag) => json!(flag),
        toml::Value::Datetime(time) => json!(time.to_string()),
        toml::Value::Array(values) => values.iter().map(json_value).collect(),
        toml::Value::Table(table) => Value::Object(document(table)),
    }
}

/// The document as anybody may see it: that secrets are set, and not what they are.
pub fn shown(document: &Document) -> Document {
    let mut shown = document.clone();
    if let Some(Value::Object(secrets)) = shown.get_mut("secrets") {
        *secrets = secret_names(secrets).into_iter().map(|name| (name, hidden())).collect();
    }
    if let Some(Value::Array(accounts)) = shown.get_mut("accounts") {
        for account in accounts.iter_mut().filter_map(Value::as_object_mut) {
            *account = shown_account(account);
        }
    }
    shown
}

/// An account of a document, likewise.
pub fn shown_account(account: &Document) -> Document {
    let mut shown = account.clone();
    let outbind = shown.get_mut("outbind").and_then(Value::as_object_mut);
    if let Some(password) = outbind.and_then(|outbind| outbind.get_mut("password")) {
        *password = hidden();
    }
    if let Some(password) = shown.get_mut("password") {
        *password = hidden();
    }
    shown
}

/// The names of secrets, tables in the table joined with dots.
pub fn secret_names(secrets: &Document) -> Vec<String> {
    let mut names = Vec::new();
    for (key, value) in secrets {
        match value {
            Value::Object(table) if !is_reference(table) => {
                names.extend(secret_names(table).into_iter().map(|name| format!("{key}.{name}")));
            }
            _ => names.push(key.clone()),
        }
    }
    names
}

fn is_reference(table: &Document) -> bool {
    table.len() == 1
        && ["env", "file"]
            .iter()
            .any(|key| table.get(*key).is_some_and(Value::is_string))
}

/// Merges a patch into a document: what is null in it is removed (RFC 7396).
pub fn merge(document: &mut Document, patch: &Document) {
    for (key, value) in patch {
        match (document.get_mut(key), value) {
            (_, Value::Null) => drop(document.remove(key)),
            (Some(Value::Object(inner)), Value::Object(patch)) => merge(inner, patch),
            (_, Value::Object(patch)) => {
                let mut fresh = Document::new();
                merge(&mut fresh, patch);
                document.insert(key.clone(), Value::Object(fresh));
            }
            (_, value) => drop(document.insert(key.clone(), value.clone())),
        }
    }
}

/// What differs between two documents as shown, as paths with the value before and after; null where there is none.
pub fn differences(before: &Value, after: &Value) -> Vec<(String, Value, Value)> {
    let mut found = Vec::new();
    differ("", before, after, &mut found);
    found
}

fn differ(at: &str, before: &Value, after: &Value, found: &mut Vec<(String, Value, Value)>) {
    match (before, after) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                let value = |object: &Document| object.get(key).cloned().unwrap_or(Value::Null);
                differ(&path, &value(one), &value(other), found);
            }
        }
        (before, after) if before == after => {}
        (before, after) => found.push((at.to_owned(), before.clone(), after.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Document {
        let Value::Object(object) = value else {
            panic!("{value} is no object")
        };
        object
    }

    #[test]
    fn a_document_is_a_table_and_back() {
        let given = object(json!({
            "name": "acme", "suspended": false, "rate": { "per_second": 5, "burst": 7 }, "origins": ["https://a.example", { "url": "https://b.example" }],
        }));
        assert_eq!(document(&table(&given).unwrap()), given);
        assert_eq!(
            table(&object(json!({ "rate": { "burst": null } }))).unwrap_err(),
            "rate.burst: is null; leave it out, or null it in a PATCH"
        );
    }

    #[test]
    fn nothing_that_is_shown_is_a_secret() {
        let given = object(json!({
            "secrets": { "upstream": { "user": "hunter2", "password": { "env": "hunter2" } }, "webhook": "hunter2" },
            "accounts": [{ "system_id": "esme", "password": "hunter2", "outbind": { "password": "hunter2", "tls": true } }],
        }));
        let shown = Value::Object(shown(&given));
        assert!(!shown.to_string().contains("hunter2"), "{shown}");
        assert_eq!(shown["secrets"]["upstream.password"], hidden());
        assert_eq!(shown["accounts"][0]["outbind"]["tls"], true);
    }

    #[test]
    fn a_patch_changes_what_it_names_and_removes_what_it_nulls() {
        let mut given = object(json!({ "a": 1, "b": { "c": 2, "d": 3 }, "e": [1] }));
        merge(
            &mut given,
            &object(json!({ "a": null, "b": { "c": null, "x": { "y": null, "z": 1 } }, "e": [2] })),
        );
        assert_eq!(Value::Object(given), json!({ "b": { "d": 3, "x": { "z": 1 } }, "e": [2] }));
    }

    #[test]
    fn differences_are_paths() {
        let (before, after) = (json!({ "a": 1, "b": { "c": 2 } }), json!({ "b": { "c": 3, "d": [1] } }));
        let paths: Vec<String> = differences(&before, &after).into_iter().map(|(path, ..)| path).collect();
        assert_eq!(paths, ["a", "b.c", "b.d"]);
    }
}
