//! `edgebind tenants`: who is served, under which bounds.

use super::{
    change::{Change, patch},
    client::{Client, Server},
    document, output,
    table::{Column, Shows},
};
use clap::{Args, Subcommand};
use serde_json::Value;
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
    /// Make one, of a table as [[tenants]] of edgebind.toml is
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
    Column {
        heading: "tenant",
        field: "name",
        shows: Shows::Text,
    },
    Column {
        heading: "",
        field: "suspended",
        shows: Shows::Word("suspended"),
    },
    Column {
        heading: "mode",
        field: "mode",
        shows: Shows::Text,
    },
    Column {
        heading: "owner",
        field: "owner",
        shows: Shows::Text,
    },
    Column {
        heading: "accounts",
        field: "accounts",
        shows: Shows::Number,
    },
    Column {
        heading: "binds",
        field: "binds",
        shows: Shows::Number,
    },
    Column {
        heading: "waiting",
        field: "waiting",
        shows: Shows::Number,
    },
    Column {
        heading: "session",
        field: "releases.session",
        shows: Shows::Number,
    },
    Column {
        heading: "translator",
        field: "releases.translator",
        shows: Shows::Number,
    },
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

/// A document as edgebind.toml would say it: what is null is not there.
pub(super) fn toml_of(document: &Value) -> String {
    toml::to_string_pretty(&without_nulls(document)).unwrap_or_else(|_| format!("{document:#}\n"))
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let there = members.iter().filter(|(_, value)| !value.is_null());
            Value::Object(there.map(|(name, value)| (name.clone(), without_nulls(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        value => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_is_shown_as_toml() {
        let document = json!({
            "name": "acme", "incoming_account": null, "rate": { "per_second": 5, "burst": null },
            "accounts": [{ "system_id": "acme01", "password": null }],
        });
        assert_eq!(
            toml_of(&document),
            "name = \"acme\"\n\n[[accounts]]\nsystem_id = \"acme01\"\n\n[rate]\nper_second = 5\n"
        );
    }
}
