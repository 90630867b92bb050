//! `edgebind recordings`: what the guests of a tenant were asked and answered, where it is recorded.

use super::{
    client::{Client, Server},
    output,
    owner::Owner,
    table::{Column, Shows},
};
use clap::{Args, Subcommand};
use std::{fs::OpenOptions, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::PathBuf};

/// What the guests of a tenant were asked and answered, where the tenant has it recorded; without a word, list the recordings
#[derive(Debug, Args)]
pub struct Recordings {
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
    /// Fetch one, for `edgebind replay`
    Get {
        /// The recording, as the list names it
        id: String,
        /// Where to write it, for nobody else to read [default: standard output]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Remove one
    Remove {
        /// The recording, as the list names it
        id: String,
    },
}

pub(super) const COLUMNS: &[Column] = &[
    Column::new("recording", "id", Shows::Text),
    Column::new("kind", "kind", Shows::Text),
    Column::new("at", "at", Shows::Time),
    Column::new("octets", "octets", Shows::Number),
];

impl Recordings {
    /// Does it.
    pub async fn run(self) -> Result<(), String> {
        let tenant = self.owner.required()?;
        let (server, client) = (&self.server, Client::new(&self.server)?);
        let recordings = ["tenants", tenant, "recordings"];
        let of = |id| [&recordings[..], &[id]].concat();
        match &self.what {
            None | Some(What::List) => {
                let listed = client.get(&recordings, &[]).await?;
                let empty = format!("nothing is recorded: `edgebind tenants set {tenant} recording.octets_max=10000000` begins");
                output::list(server, &listed, COLUMNS, &empty)
            }
            Some(What::Get { id, output: None }) => {
                let recorded = client.octets(&of(id)).await?;
                output::print(&format!("{}\n", String::from_utf8_lossy(&recorded).trim_end()))
            }
            Some(What::Get { id, output: Some(path) }) => {
                let recorded = client.octets(&of(id)).await?;
                let mut options = OpenOptions::new();
                let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
                let written = file.and_then(|mut file| file.write_all(&recorded));
                written.map_err(|error| format!("failed to write {}: {error}", path.display()))
            }
            Some(What::Remove { id }) => {
                let said = client.delete(&of(id), &[]).await?;
                output::done(server, &said, &format!("recording {id} is removed"))
            }
        }
    }
}
