//! `edgebind tenants`: who is served, under which bounds.

use super::{
    change::{Change, patch},
    client::{Client, Server},
    document, output,
    table::{Column, Shows},
};
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Make, change, suspend and remove the tenants of a running gateway; without a word, list them
#[derive(Debug, Args)]
pub struct Tenants {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    server: Server,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List them
    List,
    /// Print what one is, as TOML that `create` takes; secrets and passwords are not in it
    Show {
        /// The tenant
        name: String,
    },
    /// Make one, of a table like those under `tenants` in edgebind.toml
    Create {
        /// TOML or JSON; `-` is standard input
        file: PathBuf,
    },
    /// Change some of its keys; what concerns binds and messages holds for the next
    Set {
        /// The tenant
        name: String,
        /// A key with its value as in edgebind.toml (`rate.per_second=50`, `upstream_timeout=30s`); without a value, the key is
        /// removed
        #[arg(required = true, value_name = "KEY=VALUE")]
        changes: Vec<Change>,
    },
    /// Tell its binds to unbind, take no more, and let its messages wait
    Suspend {
        /// The tenant
        name: String,
    },
    /// Let it bind again, and take up what waits
    Resume {
        /// The tenant
        name: String,
    },
    /// Remove it, if no messages wait
    Remove {
        /// The tenant
        name: String,
        /// Also while messages wait: they are kept, and taken up if a tenant of this name comes back
        #[arg(long)]
        force: bool,
    },
}

pub(super) const COLUMNS: &[Column] = &[
    Column::new("tenant", "name", Shows::Text),
    Column::new("", "suspended", Shows::Word("suspended")),
    Column::new("mode", "mode", Shows::Text),
    Column::new("owner", "owner", Shows::Text),
    Column::new("accounts", "accounts", Shows::Number),
    Column::new("binds", "binds", Shows::Number),
    Column::new("waiting", "waiting", Shows::Number),
    Column::new("session", "releases.session", Shows::Number),
    Column::new("translator", "releases.translator", Shows::Number),
];

impl Tenants {
    /// Does it.
    pub async fn run(self) -> Result<(), String> {
        let (server, client) = (&self.server, Client::new(&self.server)?);
        match self.what.unwrap_or(What::List) {
            What::List => {
                let tenants = client.get(&["tenants"], &[]).await?;
                output::list(
                    server,
                    &tenants,
                    COLUMNS,
                    "no tenants: `edgebind tenants create FILE` makes one",
                )
            }
            What::Show { name } => {
                let tenant = client.get(&["tenants", &name], &[]).await?;
                output::either(server, &tenant, || toml_of(&tenant))
            }
            What::Create { file } => {
                let document = document::tenant(&file)?;
                let made = client.post(&["tenants"], Some(&document)).await?;
                let name = document["name"].as_str().unwrap_or_default();
                output::done(server, &made, &format!("tenant {name} is there"))
            }
            What::Set { name, changes } => {
                let changed = client.patch(&["tenants", &name], &patch(&changes)).await?;
                output::done(server, &changed, &format!("tenant {name} is changed"))
            }
            What::Suspend { name } => {
                let said = client.post(&["tenants", &name, "suspend"], None).await?;
                output::done(server, &said, &format!("tenant {name} is suspended: its messages wait"))
            }
            What::Resume { name } => {
                let said = client.post(&["tenants", &name, "resume"], None).await?;
                output::done(server, &said, &format!("tenant {name} is served again"))
            }
            What::Remove { name, force } => {
                let query: &[(&str, &str)] = if force { &[("force", "true")] } else { &[] };
                let said = client.delete(&["tenants", &name], query).await?;
                output::done(server, &said, &format!("tenant {name} is removed"))
            }
        }
    }
}

/// A document as edgebind.toml would say it, without its secrets: of those the API says only that they are set.
pub(super) fn toml_of(document: &Value) -> String {
    let shown = without_secrets(document).unwrap_or_else(|| json!({}));
    toml::to_string_pretty(&shown).unwrap_or_else(|_| format!("{document:#}\n"))
}

fn without_secrets(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        value if *value == json!({ "set": true }) => None,
        Value::Object(members) => {
            let shown = members
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), without_secrets(value)?)));
            let shown: Map<String, Value> = shown.collect();
            // A table that had secrets alone is no table of none.
            (members.is_empty() || !shown.is_empty()).then_some(Value::Object(shown))
        }
        Value::Array(items) => Some(items.iter().filter_map(without_secrets).collect()),
        value => Some(value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_shown_as_toml_without_its_secrets() {
        let document = json!({
            "name": "acme", "incoming_account": null, "rate": { "per_second": 5, "burst": null },
            "accounts": [{ "system_id": "acme01", "password": { "set": true } }],
            "secrets": { "upstream.user": { "set": true } },
        });
        assert_eq!(
            toml_of(&document),
            "name = \"acme\"\n\n[[accounts]]\nsystem_id = \"acme01\"\n\n[rate]\nper_second = 5\n"
        );
    }
}
