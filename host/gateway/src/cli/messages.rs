//! `edgebind messages`: what the ledger holds of messages, never their text.

use super::{
    client::{Client, Server},
    output,
    owner::Owner,
    table::{Column, Shows},
};
use clap::{Args, Subcommand};

/// Messages of the ledger, with numbers masked and never their text; without a word, list the first
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
    /// Only those in this state
    #[arg(long)]
    state: Option<String>,
    /// Only those behind this id
    #[arg(long, value_name = "ID")]
    after: Option<String>,
    /// At most so many
    #[arg(long)]
    limit: Option<u32>,
}

pub(super) const COLUMNS: &[Column] = &[
    Column {
        heading: "message",
        field: "id",
        shows: Shows::Text,
    },
    Column {
        heading: "tenant",
        field: "tenant",
        shows: Shows::Text,
    },
    Column {
        heading: "account",
        field: "account",
        shows: Shows::Text,
    },
    Column {
        heading: "work",
        field: "work",
        shows: Shows::Text,
    },
    Column {
        heading: "state",
        field: "state",
        shows: Shows::Text,
    },
    Column {
        heading: "attempts",
        field: "attempts",
        shows: Shows::Number,
    },
    Column {
        heading: "appended",
        field: "appended",
        shows: Shows::Time,
    },
    Column {
        heading: "due",
        field: "due",
        shows: Shows::Age,
    },
    Column {
        heading: "from",
        field: "source",
        shows: Shows::Text,
    },
    Column {
        heading: "to",
        field: "destination",
        shows: Shows::Text,
    },
    Column {
        heading: "why",
        field: "why",
        shows: Shows::Text,
    },
];

impl Messages {
    /// Does it.
    pub async fn run(self) -> Result<(), String> {
        let (server, client) = (&self.server, Client::new(&self.server)?);
        match self.what.unwrap_or_else(|| What::List(Narrowed::default())) {
            What::List(narrowed) => {
                let limit = narrowed.limit.map(|limit| limit.to_string());
                let of = |name, value: &'_ Option<String>| value.clone().map(|value| (name, value));
                let more = [
                    of("account", &narrowed.account),
                    of("state", &narrowed.state),
                    of("after", &narrowed.after),
                    of("limit", &limit),
                ];
                let mut query: Vec<(&str, &str)> = self.owner.narrows().into_iter().collect();
                query.extend(more.iter().flatten().map(|(name, value)| (*name, value.as_str())));
                let messages = client.get(&["messages"], &query).await?;
                output::list(server, &messages, COLUMNS, "no messages")
            }
            What::Show { id } => {
                let message = client.get(&["messages", &id], &[]).await?;
                output::one(server, &message, COLUMNS)
            }
        }
    }
}
