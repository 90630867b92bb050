//! `edgebind dead-letters`: what no upstream and no ESME took.

use super::{
    client::{Client, Server},
    output,
    owner::Owner,
    table::{Column, Shows},
};
use clap::{Args, Subcommand};
use serde_json::json;

/// Messages that no upstream took and deliveries that no ESME did, until they are forgotten; without a word, list them
#[derive(Debug, Args)]
pub struct DeadLetters {
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
    List {
        /// Only those of this system_id
        #[arg(long, value_name = "SYSTEM_ID")]
        account: Option<String>,
        /// Only those behind this id
        #[arg(long, value_name = "ID")]
        after: Option<String>,
    },
    /// Print what is known of one
    Show {
        /// Its id
        id: String,
    },
    /// Try them again, as if they had just been accepted; nobody gets a second final receipt
    Retry(Chosen),
    /// Forget them
    Purge(Chosen),
}

/// Which.
#[derive(Debug, Args)]
struct Chosen {
    /// Their ids
    #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<String>,
    /// All of the tenant
    #[arg(long)]
    all: bool,
    /// With --all, only those of this system_id
    #[arg(long, value_name = "SYSTEM_ID", requires = "all")]
    account: Option<String>,
}

pub(super) const COLUMNS: &[Column] = &[
    Column::new("id", "id", Shows::Text),
    Column::new("tenant", "tenant", Shows::Text),
    Column::new("account", "account", Shows::Text),
    Column::new("work", "work", Shows::Text),
    Column::new("attempts", "attempt", Shows::Number),
    Column::new("accepted", "appended", Shows::Time),
    Column::new("from", "source", Shows::Text),
    Column::new("to", "destination", Shows::Text),
    Column::new("known as", "message_state", Shows::Text),
    Column::new("why", "why", Shows::Text),
];

impl DeadLetters {
    /// Does it.
    pub async fn run(self) -> Result<(), String> {
        let (server, client) = (&self.server, Client::new(&self.server)?);
        let list = What::List {
            account: None,
            after: None,
        };
        match self.what.unwrap_or(list) {
            What::List { account, after } => {
                let more = [("account", &account), ("after", &after)];
                let more = more.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?)));
                let query: Vec<(&str, &str)> = self.owner.narrows().into_iter().chain(more).collect();
                let letters = client.get(&["dead-letters"], &query).await?;
                output::list(server, &letters, COLUMNS, "there are no dead letters")
            }
            What::Show { id } => {
                let letter = client.get(&["messages", &id], &[]).await?;
                output::one(server, &letter, COLUMNS)
            }
            What::Retry(chosen) => {
                let said = client
                    .post(&["dead-letters", "retry"], Some(&chosen.said(&self.owner)?))
                    .await?;
                output::done(server, &said, &format!("{} are tried again", said["count"]))
            }
            What::Purge(chosen) => {
                let said = client
                    .post(&["dead-letters", "purge"], Some(&chosen.said(&self.owner)?))
                    .await?;
                output::done(server, &said, &format!("{} are forgotten", said["count"]))
            }
        }
    }
}

impl Chosen {
    /// As the API is told.
    fn said(&self, owner: &Owner) -> Result<serde_json::Value, String> {
        Ok(match (self.all, &self.account) {
            (false, _) => json!({ "ids": self.ids }),
            (true, None) => json!({ "tenant": owner.required()? }),
            (true, Some(account)) => json!({ "tenant": owner.required()?, "account": account }),
        })
    }
}
