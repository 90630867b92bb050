//! Settings for components: tables of the file become flat names and text.

use super::{
    reader::{Reader, not_a},
    secrets::is_reference,
};
use std::collections::BTreeMap;
use toml::{Table, Value};

/// The setting of a translator that says where its API is.
pub(super) const API_BASE_URL: &str = "api_base_url";

/// The setting of sessions that says what an account's octets of data_coding 0 mean. Translators read it in each message.
const ALPHABET: &str = "alphabet";

const SESSION_SETTINGS: &str = "session_settings";

/// Names and values.
pub(super) type Settings = Vec<(String, String)>;

/// Settings for the session, `alphabet` among them, and for the translator.
pub(super) fn settings(reader: &Reader<'_>) -> (Settings, Settings) {
    let alphabet = reader.text(ALPHABET, |text| Ok(text.to_owned()));
    let read = |key| {
        let mut settings = BTreeMap::<String, String>::new();
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
        settings
    };
    let mut session = read(SESSION_SETTINGS);
    if let Some(alphabet) = alphabet
        && session.insert(ALPHABET.to_owned(), alphabet).is_some()
    {
        reader.mistake(SESSION_SETTINGS, format!("`{ALPHABET}` is given beside it too"));
    }
    (
        session.into_iter().collect(),
        read("translator_settings").into_iter().collect(),
    )
}

/// Settings as a component gets them, of a table like `translator_settings`; else every mistake.
pub fn plain_settings(table: &Table) -> Result<Settings, Vec<String>> {
    let (mut settings, mut mistakes) = (BTreeMap::new(), Vec::new());
    flatten(table, "", &mut |name, value| match setting(value) {
        Some(_) if settings.contains_key(name) => mistakes.push(format!("{name}: is given twice")),
        Some(text) => drop(settings.insert(name.to_owned(), text)),
        None => mistakes.push(format!("{name}: is no string, number, true or false, nor an array of them")),
    });
    if mistakes.is_empty() {
        Ok(settings.into_iter().collect())
    } else {
        Err(mistakes)
    }
}

/// Calls `each` with every value of a table and of the tables in it, whose names are joined with dots.
pub(super) fn flatten<'a>(table: &'a Table, prefix: &str, each: &mut dyn FnMut(&str, &'a Value)) {
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
