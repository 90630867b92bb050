//! `edgebind audit`: who changed what, and when.

use super::{
    client::{Client, Server},
    output,
    owner::Owner,
    table::{Column, Shows},
};
use clap::Args;

/// Who changed what and when: by the admin API, by the configuration file, or by a rule of the gateway's own
#[derive(Debug, Args)]
pub struct Audit {
    /// Only what came behind this time or entry
    #[arg(long)]
    after: Option<String>,
    /// At most so many
    #[arg(long)]
    limit: Option<u32>,
    #[command(flatten)]
    owner: Owner,
    #[command(flatten)]
    server: Server,
}

pub(super) const COLUMNS: &[Column] = &[
    Column {
        heading: "at",
        field: "at",
        shows: Shows::Time,
    },
    Column {
        heading: "by",
        field: "by",
        shows: Shows::Text,
    },
    Column {
        heading: "action",
        field: "action",
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
        heading: "what",
        field: "what",
        shows: Shows::Text,
    },
];

impl Audit {
    /// Does it.
    pub async fn run(self) -> Result<(), String> {
        let client = Client::new(&self.server)?;
        let limit = self.limit.map(|limit| limit.to_string());
        let mut query: Vec<(&str, &str)> = self.owner.narrows().into_iter().collect();
        query.extend(self.after.as_deref().map(|after| ("after", after)));
        query.extend(limit.as_deref().map(|limit| ("limit", limit)));
        let entries = client.get(&["audit"], &query).await?;
        output::list(&self.server, &entries, COLUMNS, "nothing was changed")
    }
}
