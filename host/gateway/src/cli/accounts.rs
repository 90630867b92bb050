//! `edgebind accounts`: who may bind for a tenant.

use super::{
    change::{Change, patch},
    client::{Client, Server},
    output,
    owner::Owner,
    secret::PasswordSource,
    table::{Column, Shows},
    tenants::toml_of,
};
use clap::{Args, Subcommand};
use serde_json::json;

/// Make, change, suspend and remove the accounts of a tenant; without a word, list them
#[derive(Debug, Args)]
pub struct Accounts {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    owner: Owner,
    #[command(flatten)]
    server: Server,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List them
    List,
    /// Print what one is, as TOML
    Show {
        /// The account
        system_id: String,
    },
    /// Make one; its password comes from standard input unless something else is said
    Add {
        /// The account: at most 15 octets, unlike any other of this gateway
        system_id: String,
        /// Keys with their values, as in edgebind.toml (`binds_max=2`)
        #[arg(value_name = "KEY=VALUE")]
        changes: Vec<Change>,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Change some of its keys
    Set {
        /// The account
        system_id: String,
        /// A key with its value as in edgebind.toml (`rate.per_second=50`); without a value, the key is removed
        #[arg(required = true, value_name = "KEY=VALUE")]
        changes: Vec<Change>,
    },
    /// Give it another password, which its next bind must show; from standard input unless something else is said
    Password {
        /// The account
        system_id: String,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Tell its binds to unbind, take no more, and let its messages wait
    Suspend {
        /// The account
        system_id: String,
    },
    /// Let it bind again, and take up what waits
    Resume {
        /// The account
        system_id: String,
    },
    /// Print the URL by which the upstream reaches it, for a dashboard that wants one
    Webhook {
        /// The account
        system_id: String,
    },
    /// Remove it, if no messages wait
    Remove {
        /// The account
        system_id: String,
        /// Also while messages wait
        #[arg(long)]
        force: bool,
    },
}

pub(super) const COLUMNS: &[Column] = &[
    Column::new("system_id", "system_id", Shows::Text),
    Column::new("", "suspended", Shows::Word("suspended")),
    Column::new("binds max", "binds_max", Shows::Number),
    Column::new("queue max", "queue_max", Shows::Number),
    Column::new("rate", "rate", Shows::Text),
    Column::new("over rate", "over_rate", Shows::Text),
    Column::new("from", "allow_from", Shows::Text),
];

impl Accounts {
    /// Does it.
    pub async fn run(self) -> Result<(), String> {
        let tenant = self.owner.required()?;
        let (server, client) = (&self.server, Client::new(&self.server)?);
        let accounts = ["tenants", tenant, "accounts"];
        let of = |system_id| [&accounts[..], &[system_id]].concat();
        match &self.what {
            None | Some(What::List) => {
                let listed = client.get(&accounts, &[]).await?;
                let empty = format!("no accounts: `edgebind accounts add SYSTEM_ID --tenant {tenant}` makes one");
                output::list(server, &listed, COLUMNS, &empty)
            }
            Some(What::Show { system_id }) => {
                let account = client.get(&of(system_id), &[]).await?;
                output::either(server, &account, || toml_of(&account))
            }
            Some(What::Add {
                system_id,
                changes,
                password,
            }) => {
                let password = password.read()?;
                let mut account = patch(changes);
                account["system_id"] = json!(system_id);
                account["password"] = json!(password.text);
                let made = client.post(&accounts, Some(&account)).await?;
                output::done(server, &made, &format!("account {system_id} is there"))?;
                password.show_if_new()
            }
            Some(What::Set { system_id, changes }) => {
                let changed = client.patch(&of(system_id), &patch(changes)).await?;
                output::done(server, &changed, &format!("account {system_id} is changed"))
            }
            Some(What::Password { system_id, password }) => {
                let password = password.read()?;
                let changed = client.patch(&of(system_id), &json!({ "password": password.text })).await?;
                output::done(server, &changed, &format!("account {system_id} has another password"))?;
                password.show_if_new()
            }
            Some(What::Suspend { system_id }) => {
                let said = client.post(&[&of(system_id)[..], &["suspend"]].concat(), None).await?;
                output::done(server, &said, &format!("account {system_id} is suspended: its messages wait"))
            }
            Some(What::Resume { system_id }) => {
                let said = client.post(&[&of(system_id)[..], &["resume"]].concat(), None).await?;
                output::done(server, &said, &format!("account {system_id} is served again"))
            }
            Some(What::Webhook { system_id }) => {
                let webhook = client.get(&[&of(system_id)[..], &["webhook"]].concat(), &[]).await?;
                output::either(server, &webhook, || {
                    format!("{}\n", webhook["url"].as_str().unwrap_or_default())
                })
            }
            Some(What::Remove { system_id, force }) => {
                let query: &[(&str, &str)] = if *force { &[("force", "true")] } else { &[] };
                let said = client.delete(&of(system_id), query).await?;
                output::done(server, &said, &format!("account {system_id} is removed"))
            }
        }
    }
}
