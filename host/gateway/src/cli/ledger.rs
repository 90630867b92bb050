//! `edgebind ledger`: the directory in which messages are kept, while no gateway has it open; and a copy of it while one has.

use super::{
    client::{Client, Server},
    output, runtime,
};
use crate::work::{
    entry::{self, Note, Outgoing, Submission},
    lane::{Kind, Lane},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::{Args, Subcommand};
use edgebind_ledger::{
    LedgerError, State,
    maintenance::{self, Exported},
};
use serde_json::{Value, json};
use std::{
    io::{self, BufWriter, ErrorKind, Write},
    path::Path,
};

/// The ledger in the data directory: checked, made small and exported while no gateway runs, copied while one does
#[derive(Debug, Args)]
pub struct Ledger {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    server: Server,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Read every file and every entry, change nothing, and name what is damaged; exits with 1 if anything is
    Check,
    /// Make the directory as small as it can be
    Compact,
    /// Write every entry that can be read to standard output, a line of JSON each, with the texts of messages
    Export,
    /// Have a running gateway copy its ledger into `backups` in its data directory
    Backup,
}

impl Ledger {
    /// Does it.
    pub fn run(self) -> Result<(), String> {
        let path = self.server.data_dir().join("ledger");
        let failed = |error: LedgerError| match error {
            LedgerError::InUse { .. } => {
                format!(
                    "{} is in use: stop the gateway first, or have it copied with `edgebind ledger backup`",
                    path.display()
                )
            }
            error => format!("{}: {error}", path.display()),
        };
        match self.what {
            What::Check => {
                let report = maintenance::check(&path).map_err(failed)?;
                output::print(&format!("{report}\n"))?;
                if report.is_whole() {
                    return Ok(());
                }
                Err(
                    "the ledger is damaged: save what can be read with `edgebind ledger export`, and put a backup in its place"
                        .into(),
                )
            }
            What::Compact => {
                let before = octets(&path)?;
                maintenance::compact(&path).map_err(failed)?;
                output::print(&format!("{before} octets before, {} now\n", octets(&path)?))
            }
            What::Export => {
                let mut out = BufWriter::new(io::stdout().lock());
                let mut written = Ok(());
                let report = maintenance::export(&path, |exported| {
                    if written.is_ok() {
                        written = writeln!(out, "{}", line(&exported));
                    }
                });
                let report = report.map_err(failed)?;
                match written.and_then(|()| out.flush()) {
                    // Whoever reads no further has read enough.
                    Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
                    written => written.map_err(|error| format!("failed to write to standard output: {error}"))?,
                }
                eprintln!("{report}");
                if report.is_whole() {
                    return Ok(());
                }
                Err("not everything could be read".into())
            }
            What::Backup => runtime()?.block_on(async {
                let client = Client::new(&self.server)?;
                let copy = client.post(&["ledger", "backups"], None).await?;
                let path = copy["path"].as_str().unwrap_or_default();
                output::done(&self.server, &copy, &format!("copied to {path}"))
            }),
        }
    }
}

/// What the files of a directory take.
fn octets(path: &Path) -> Result<u64, String> {
    let mut octets = 0;
    let mut left = vec![path.to_path_buf()];
    while let Some(path) = left.pop() {
        let failed = |error: io::Error| format!("{}: {error}", path.display());
        for entry in path.read_dir().map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let metadata = entry.metadata().map_err(failed)?;
            if metadata.is_dir() {
                left.push(entry.path());
            }
            octets += metadata.len();
        }
    }
    Ok(octets)
}

/// An entry: its octets in Base64, and what they say where it is known.
fn line(exported: &Exported) -> Value {
    let record = &exported.record;
    let lane = Lane::parse(&record.lane);
    let message = match lane.as_ref().map(|lane| lane.kind) {
        Some(Kind::Submit | Kind::Multi | Kind::Parts) => entry::decode::<Submission>(&record.body).ok().map(|it| json!(it)),
        Some(Kind::Deliver) => entry::decode::<Outgoing>(&record.body).ok().map(|it| json!(it)),
        _ => None,
    };
    json!({
        "id": record.id.to_string(),
        "lane": &*record.lane,
        "state": match record.state {
            State::Waiting | State::Claimed => "waiting",
            State::Done => "done",
            State::Dead => "dead",
        },
        "attempt": record.attempt,
        "appended": record.appended,
        "due": record.due,
        "key": exported.key.as_ref().map(|key| STANDARD.encode(key)),
        "aliases": exported.aliases.iter().map(|alias| STANDARD.encode(alias)).collect::<Vec<_>>(),
        "body": STANDARD.encode(&record.body),
        "message": message,
        "note": entry::decode::<Note>(&record.note).ok().map(|note| json!(note)),
        "lost_body": exported.lost_body,
        "lost_state": exported.lost_state,
    })
}
