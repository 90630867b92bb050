//! `KEY=VALUE` on a command line, as a merge patch (RFC 7396) of a document of the admin API: keys and values are written as in
//! edgebind.toml.

use serde_json::{Map, Value};
use std::str::FromStr;

/// Keys whose values are secrets: whoever lists the processes of a machine reads command lines.
const HIDDEN: &[(&str, &str)] = &[
    ("secrets", "`edgebind secrets set`"),
    ("password", "`edgebind accounts password`"),
    ("accounts", "`edgebind accounts`"),
];

/// One `KEY=VALUE`.
#[derive(Clone, Debug, PartialEq)]
pub struct Change(Map<String, Value>);

impl FromStr for Change {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("there is no `=` in it")?;
        // A key that has dots of its own is quoted, as in TOML.
        let read = |value: &str| toml::from_str::<Map<String, Value>>(&format!("{key} = {value}"));
        let empty =
            read("\"\"").map_err(|_| format!("`{key}` is no key: write it as in edgebind.toml, a name with dots in quotes"))?;
        if let Some((name, instead)) = HIDDEN.iter().find(|(name, _)| empty.contains_key(*name)) {
            return Err(format!("`{name}` is not set here but by {instead}"));
        }
        if value.is_empty() {
            return Ok(Self(with_null(empty)));
        }
        // What is no value of TOML is text without its quotes.
        let is_one_line = !value.contains(['\n', '\r']);
        let typed = read(value).ok().filter(|read| is_one_line && read.len() == 1);
        let quoted = || read(&toml::Value::from(value).to_string());
        typed
            .map_or_else(quoted, Ok)
            .map(Self)
            .map_err(|error| error.message().to_owned())
    }
}

/// The patch of all changes together.
pub fn patch(changes: &[Change]) -> Value {
    let mut all = Map::new();
    for Change(change) in changes {
        merge(&mut all, change);
    }
    Value::Object(all)
}

fn merge(all: &mut Map<String, Value>, change: &Map<String, Value>) {
    for (name, value) in change {
        match (all.get_mut(name), value) {
            (Some(Value::Object(known)), Value::Object(more)) => merge(known, more),
            _ => {
                all.insert(name.clone(), value.clone());
            }
        }
    }
}

/// The same path with null at its end: in a merge patch, that removes.
fn with_null(path: Map<String, Value>) -> Map<String, Value> {
    let nulled = |value| match value {
        Value::Object(path) => Value::Object(with_null(path)),
        _ => Value::Null,
    };
    path.into_iter().map(|(name, value)| (name, nulled(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patch_of(texts: &[&str]) -> Value {
        let changes: Vec<Change> = texts.iter().map(|text| text.parse().unwrap()).collect();
        patch(&changes)
    }

    #[test]
    fn values_are_written_as_in_the_file() {
        let table = [
            ("egress_concurrency=4", json!({ "egress_concurrency": 4 })),
            ("upstream_timeout=30s", json!({ "upstream_timeout": "30s" })),
            ("upstream_timeout=\"30s\"", json!({ "upstream_timeout": "30s" })),
            ("over_rate=wait", json!({ "over_rate": "wait" })),
            (
                "rate={ per_second = 50, burst = 100 }",
                json!({ "rate": { "per_second": 50, "burst": 100 } }),
            ),
            ("rate.burst=7", json!({ "rate": { "burst": 7 } })),
            ("origins=[\"https://a.example\"]", json!({ "origins": ["https://a.example"] })),
            ("allow_long_password=true", json!({ "allow_long_password": true })),
            (
                "translator_settings.source.\"+44\"=x=y",
                json!({ "translator_settings": { "source": { "+44": "x=y" } } }),
            ),
            ("incoming_account=it's \"so\"", json!({ "incoming_account": "it's \"so\"" })),
            (
                "incoming_account=1\nname = \"b\"",
                json!({ "incoming_account": "1\nname = \"b\"" }),
            ),
            ("rate=", json!({ "rate": null })),
            ("rate.burst=", json!({ "rate": { "burst": null } })),
        ];
        for (text, expected) in table {
            assert_eq!(patch_of(&[text]), expected, "{text}");
        }
    }

    #[test]
    fn changes_of_one_table_are_one() {
        assert_eq!(
            patch_of(&["rate.per_second=5", "rate.burst=7", "rate.per_second=6", "binds_max="]),
            json!({ "rate": { "per_second": 6, "burst": 7 }, "binds_max": null })
        );
    }

    #[test]
    fn mistakes_say_what_to_write() {
        let table = [
            ("binds_max", "there is no `=` in it"),
            (
                "binds max=3",
                "`binds max` is no key: write it as in edgebind.toml, a name with dots in quotes",
            ),
            ("=3", "`` is no key: write it as in edgebind.toml, a name with dots in quotes"),
            (
                "secrets.upstream.user=x",
                "`secrets` is not set here but by `edgebind secrets set`",
            ),
            ("password=x", "`password` is not set here but by `edgebind accounts password`"),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse::<Change>().unwrap_err(), expected, "{text}");
        }
    }
}
