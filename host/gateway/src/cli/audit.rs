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
    /// Only what came behind this time, in milliseconds of Unix time as --json shows it
    #[arg(long, value_name = "MS")]
    after: Option<u64>,
    /// At most so many
    #[arg(long)]
    limit: Option<u32>,
    #[command(flatten)]
    owner: Owner,
    #[command(flatten)]
    server: Server,
}

pub(super) const COLUMNS: &[Column] = &[
    Column::new("at", "at", Shows::Time),
    Column::new("by", "by", Shows::Text),
    Column::new("action", "action", Shows::Text),
    Column::new("tenant", "tenant", Shows::Text),
    Column::new("account", "account", Shows::Text),
    Column::new("what", "what", Shows::Summary),
];

impl Audit {
    /// Does it.
    pub async fn run(self) -> Result<(), String> {
        let client = Client::new(&self.server)?;
        let (after, limit) = (
            self.after.map(|after| after.to_string()),
            self.limit.map(|limit| limit.to_string()),
        );
        let mut query: Vec<(&str, &str)> = self.owner.narrows().into_iter().collect();
        query.extend(after.as_deref().map(|after| ("after", after)));
        query.extend(limit.as_deref().map(|limit| ("limit", limit)));
        let entries = client.get(&["audit"], &query).await?;
        output::list(&self.server, &entries, COLUMNS, "nothing was changed")
    }
}
