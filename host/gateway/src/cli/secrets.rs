//! `edgebind secrets`: what requests to a tenant's upstream name and nobody here reads back.

use super::{
    client::{Client, Server},
    output,
    owner::Owner,
    secret,
};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Set and remove the secrets of a tenant, which nobody can read back; without a word, list their names
#[derive(Debug, Args)]
pub struct Secrets {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    owner: Owner,
    #[command(flatten)]
    server: Server,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List their names
    List,
    /// Set one, from standard input unless a file is named; the next request uses it
    Set {
        /// Its name, such as upstream.password or webhook
        name: String,
        /// A file that holds it [default: standard input]
        #[arg(long, value_name = "FILE")]
        from_file: Option<PathBuf>,
    },
    /// Remove one
    Remove {
        /// Its name
        name: String,
    },
}

impl Secrets {
    /// Does it.
    pub async fn run(self) -> Result<(), String> {
        let tenant = self.owner.required()?;
        let (server, client) = (&self.server, Client::new(&self.server)?);
        let secrets = ["tenants", tenant, "secrets"];
        let of = |name| [&secrets[..], &[name]].concat();
        match &self.what {
            None | Some(What::List) => {
                let names = client.get(&secrets, &[]).await?;
                output::either(server, &names, || lines(&names))
            }
            Some(What::Set { name, from_file }) => {
                let value = match from_file {
                    Some(path) => secret::of_file(path)?,
                    None => secret::of_stdin("no secret: write it to standard input, or name a file with --from-file")?,
                };
                let said = client.put(&of(name), &json!({ "value": value })).await?;
                output::done(server, &said, &format!("secret {name} is set"))
            }
            Some(What::Remove { name }) => {
                let said = client.delete(&of(name), &[]).await?;
                output::done(server, &said, &format!("secret {name} is removed"))
            }
        }
    }
}

fn lines(names: &Value) -> String {
    let names = names.as_array().map_or(&[][..], Vec::as_slice);
    if names.is_empty() {
        return "no secrets\n".into();
    }
    let names = names.iter().filter_map(Value::as_str);
    names.map(|name| format!("{}\n", name.escape_debug())).collect()
}
