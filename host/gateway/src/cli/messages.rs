//! `edgebind messages`: what the ledger holds of messages, never their text.

use super::{
    client::{Client, Server},
    output,
    owner::Owner,
    table::{Column, Shows},
};
use clap::{Args, Subcommand};

/// Messages that wait or are under way, with numbers masked and never their text; without a word, list them
#[derive(Debug, Args)]
pub struct Messages {
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
    List(Narrowed),
    /// Print what is known of one
    Show {
        /// The id that its submit_sm_resp gave
        id: String,
    },
}

#[derive(Debug, Default, Args)]
struct Narrowed {
    /// Only those of this system_id
    #[arg(long, value_name = "SYSTEM_ID")]
    account: Option<String>,
    /// Only those behind this id
    #[arg(long, value_name = "ID")]
    after: Option<u64>,
    /// At most so many
    #[arg(long)]
    limit: Option<u32>,
}

pub(super) const COLUMNS: &[Column] = &[
    Column::new("message", "id", Shows::Text),
    Column::new("tenant", "tenant", Shows::Text),
    Column::new("account", "account", Shows::Text),
    Column::new("work", "work", Shows::Text),
    Column::new("state", "state", Shows::Text),
    Column::new("attempt", "attempt", Shows::Number),
    Column::new("appended", "appended", Shows::Time),
    Column::new("due", "due", Shows::Age),
    Column::new("from", "source", Shows::Text),
    Column::new("to", "destination", Shows::Text),
    Column::new("known as", "message_state", Shows::Text),
];

impl Messages {
    /// Does it.
    pub async fn run(self) -> Result<(), String> {
        let (server, client) = (&self.server, Client::new(&self.server)?);
        match self.what.unwrap_or_else(|| What::List(Narrowed::default())) {
            What::List(narrowed) => {
                let (after, limit) = (
                    narrowed.after.map(|after| after.to_string()),
                    narrowed.limit.map(|limit| limit.to_string()),
                );
                let of = |name, value: &'_ Option<String>| value.clone().map(|value| (name, value));
                let more = [of("account", &narrowed.account), of("after", &after), of("limit", &limit)];
                let mut query: Vec<(&str, &str)> = self.owner.narrows().into_iter().collect();
                query.extend(more.iter().flatten().map(|(name, value)| (*name, value.as_str())));
                let messages = client.get(&["messages"], &query).await?;
                output::list(server, &messages, COLUMNS, "no messages wait")
            }
            What::Show { id } => {
                let message = client.get(&["messages", &id], &[]).await?;
                output::one(server, &message, COLUMNS)
            }
        }
    }
}
