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
    Column::new("bind", "id", Shows::Number),
    Column::new("tenant", "tenant", Shows::Text),
    Column::new("account", "account", Shows::Text),
    Column::new("as", "kind", Shows::Text),
    Column::new("from", "address", Shows::Text),
    Column::new("since", "since", Shows::Age),
    Column::new("window", "window", Shows::Number),
    Column::new("delivering", "delivering", Shows::Number),
    Column::new("appending", "appending", Shows::Number),
    Column::new("accepted", "accepted", Shows::Number),
    Column::new("per s", "accepted_per_second", Shows::Rate),
    Column::new("delivered", "delivered", Shows::Number),
    Column::new("per s", "delivered_per_second", Shows::Rate),
    Column::new("release", "release", Shows::Number),
    Column::new("stays because", "stays", Shows::Text),
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
