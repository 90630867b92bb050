//! `edgebind binds`: who is bound, from where, since when and with what.

use super::{
    client::{Client, Server},
    output,
    owner::Owner,
    table::{Column, Shows},
};
use clap::{Args, Subcommand};

/// Who is bound from where, since when, with which windows, rates and release; without a word, list them
#[derive(Debug, Args)]
pub struct Binds {
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
    },
    /// Tell one to unbind
    End {
        /// The number that the list gives it
        id: u64,
    },
}

pub(super) const COLUMNS: &[Column] = &[
    Column {
        heading: "bind",
        field: "id",
        shows: Shows::Number,
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
        heading: "as",
        field: "kind",
        shows: Shows::Text,
    },
    Column {
        heading: "from",
        field: "address",
        shows: Shows::Text,
    },
    Column {
        heading: "since",
        field: "since",
        shows: Shows::Age,
    },
    Column {
        heading: "window",
        field: "window",
        shows: Shows::Number,
    },
    Column {
        heading: "delivering",
        field: "delivering",
        shows: Shows::Number,
    },
    Column {
        heading: "appending",
        field: "appending",
        shows: Shows::Number,
    },
    Column {
        heading: "accepted",
        field: "accepted",
        shows: Shows::Number,
    },
    Column {
        heading: "per s",
        field: "accepted_per_second",
        shows: Shows::Rate,
    },
    Column {
        heading: "delivered",
        field: "delivered",
        shows: Shows::Number,
    },
    Column {
        heading: "release",
        field: "release",
        shows: Shows::Number,
    },
    Column {
        heading: "stays because",
        field: "stays",
        shows: Shows::Text,
    },
];

impl Binds {
    /// Does it.
    pub async fn run(self) -> Result<(), String> {
        let (server, client) = (&self.server, Client::new(&self.server)?);
        match self.what.unwrap_or(What::List { account: None }) {
            What::List { account } => {
                let account = account.as_deref().map(|account| ("account", account));
                let query: Vec<(&str, &str)> = self.owner.narrows().into_iter().chain(account).collect();
                let binds = client.get(&["binds"], &query).await?;
                output::list(server, &binds, COLUMNS, "nobody is bound")
            }
            What::End { id } => {
                let said = client.delete(&["binds", &id.to_string()], &[]).await?;
                output::done(server, &said, &format!("bind {id} is told to unbind"))
            }
        }
    }
}
