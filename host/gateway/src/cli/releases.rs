//! `edgebind releases`: what each tenant runs, ran, and tries.

use super::{
    client::{Client, Server},
    deploy::World,
    moment::now,
    output,
    owner::Owner,
    table::{Column, Shows, fields, table},
};
use clap::{Args, Subcommand};
use serde_json::Value;

/// The releases of a tenant, and what becomes of one on trial; without a word, list them
#[derive(Debug, Args)]
pub struct Releases {
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
    /// Print all that is known of one
    Show {
        /// Of which of the tenant's two components
        #[arg(long)]
        world: World,
        /// Its revision, as the list gives it
        revision: u64,
    },
    /// Put the release on trial to use for all
    Promote {
        /// Of which of the tenant's two components
        #[arg(long)]
        world: World,
    },
    /// End the trial
    Dismiss {
        /// Of which of the tenant's two components
        #[arg(long)]
        world: World,
    },
    /// Compare the release on trial with the one in use
    Trial {
        /// Of which of the tenant's two components
        #[arg(long)]
        world: World,
    },
}

pub(super) const COLUMNS: &[Column] = &[
    Column::new("world", "world", Shows::Text),
    Column::new("revision", "revision", Shows::Number),
    Column::new("state", "state", Shows::Text),
    Column::new("built-in", "builtin", Shows::Text),
    Column::new("digest", "digest", Shows::Digest),
    Column::new("at", "at", Shows::Time),
    Column::new("by", "by", Shows::Text),
    Column::new("users", "users", Shows::Number),
    Column::new("calls", "calls", Shows::Number),
    Column::new("faults", "faults", Shows::Number),
    Column::new("why", "why", Shows::Text),
];

/// What a comparison says of the trial itself.
const TRIAL: &[Column] = &[Column::new("since", "since", Shows::Age)];

/// What it says of each release.
pub(super) const SIDE: &[Column] = &[
    Column::new("release", "release", Shows::Text),
    Column::new("revision", "revision", Shows::Number),
    Column::new("calls", "calls", Shows::Number),
    Column::new("taken", "taken", Shows::Number),
    Column::new("put off", "retried", Shows::Number),
    Column::new("given up", "dead", Shows::Number),
    Column::new("faults", "faults", Shows::Number),
];

impl Releases {
    /// Does it.
    pub async fn run(self) -> Result<(), String> {
        let tenant = self.owner.required()?;
        let (server, client) = (&self.server, Client::new(&self.server)?);
        let releases = ["tenants", tenant, "releases"];
        let of = |world: World, verb| [&releases[..], &[world.name(), verb]].concat();
        match self.what.unwrap_or(What::List) {
            What::List => {
                let listed = client.get(&releases, &[]).await?;
                output::list(server, &listed, COLUMNS, "no releases")
            }
            What::Show { world, revision } => {
                let listed = client.get(&releases, &[]).await?;
                let release = find(&listed, world, revision).ok_or_else(|| {
                    format!(
                        "no {} release {revision} of {tenant}: `edgebind releases` lists them",
                        world.name()
                    )
                })?;
                output::one(server, release, COLUMNS)
            }
            What::Promote { world } => {
                let said = client.post(&of(world, "promote"), None).await?;
                let sentence = format!("{tenant} {}: revision {} is in use", world.name(), said["revision"]);
                output::done(server, &said, &sentence)
            }
            What::Dismiss { world } => {
                let said = client.post(&of(world, "dismiss"), None).await?;
                output::done(server, &said, &format!("{tenant} {}: the trial is over", world.name()))
            }
            What::Trial { world } => {
                let comparison = client.get(&of(world, "trial"), &[]).await?;
                output::either(server, &comparison, || side_by_side(&comparison, now()))
            }
        }
    }
}

/// A trial: what it is, and under it both releases.
fn side_by_side(comparison: &Value, now: u64) -> String {
    let mut trial = comparison.clone();
    let mut sides = Vec::new();
    for (key, name) in [("in_use", "in use"), ("on_trial", "on trial")] {
        let side = trial.as_object_mut().and_then(|trial| trial.remove(key));
        let mut side = side.unwrap_or_default();
        side["release"] = Value::from(name);
        sides.push(side);
    }
    format!("{}\n{}", fields(&trial, TRIAL, now), table(&sides, SIDE, now))
}

fn find(releases: &Value, world: World, revision: u64) -> Option<&Value> {
    let mut releases = releases.as_array()?.iter();
    releases.find(|release| release["world"] == world.name() && release["revision"] == revision)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_release_is_known_by_world_and_revision() {
        let releases = json!([
            { "world": "session", "revision": 1, "digest": "a" },
            { "world": "translator", "revision": 1, "digest": "b" },
        ]);
        assert_eq!(find(&releases, World::Translator, 1).unwrap()["digest"], "b");
        assert_eq!(find(&releases, World::Translator, 2), None);
    }

    #[test]
    fn a_trial_is_shown_side_by_side() {
        let side = |revision, calls| json!({ "revision": revision, "calls": calls, "taken": calls, "faults": 0 });
        let comparison = json!({
            "trial": { "kind": "canary", "percent": 10 }, "since": 1_000, "in_use": side(1, 90), "on_trial": side(2, 11),
        });
        assert_eq!(
            side_by_side(&comparison, 61_000),
            "since          1m ago\n\
             trial.kind     canary\n\
             trial.percent  10\n\
             \n\
             release   revision  calls  taken  faults\n\
             in use           1     90     90       0\n\
             on trial         2     11     11       0\n"
        );
    }
}
