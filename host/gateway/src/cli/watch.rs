//! `edgebind watch`: a developer's loop. Each save of a component is live a moment later, or what is wrong with it is shown.

use super::{
    client::{Client, Failure, Server},
    deploy::{put_in_use, upload},
    document,
    moment::{hour, now, of_clock},
    output::print,
    owner::Owner,
    table::DIGITS,
};
use clap::Args;
use serde_json::{Value, json};
use std::{fs, path::PathBuf, time::Duration};
use tokio::time::sleep;

/// How often the files are looked at; what stood still for so long is saved whole.
const LOOK: Duration = Duration::from_millis(50);
/// How long a gateway that does not answer is left alone.
const REST: Duration = Duration::from_secs(1);

/// Put a component to use each time it is saved, and say how long after the save it was live; what is wrong with it is said, and the
/// release before goes on
#[derive(Debug, Args)]
pub struct Watch {
    /// The component
    #[arg(value_name = "FILE.wasm")]
    file: PathBuf,
    /// Its settings, TOML or JSON, watched too [default: those of the release in use]
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    #[command(flatten)]
    owner: Owner,
    #[command(flatten)]
    server: Server,
}

/// What can be seen of a file without reading it: its length, and when it was changed, in milliseconds of Unix time.
type Look = (u64, u64);

/// A component and its settings, as they were sent last.
#[derive(Clone, Debug, Default, PartialEq)]
struct Sent {
    /// What the gateway says of the component.
    component: Value,
    settings: Option<Value>,
}

impl Watch {
    /// Watches until it is ended.
    pub async fn run(self) -> Result<(), String> {
        let tenant = self.owner.required()?;
        let client = Client::new(&self.server)?;
        let (mut seen, mut sent, mut said) = (None, None, String::new());
        if self.look().is_none() {
            print(&format!("waiting for {}\n", self.file.display()))?;
        }
        loop {
            let looks = self.next_save(seen.as_ref()).await;
            let saved = looks.iter().map(|(_, changed)| *changed).max().unwrap_or(0);
            // A file that lay there before has been saved for somebody else.
            let since = if seen.is_none() { now() } else { saved };
            let line = match self.deploy(&client, tenant, &mut sent).await {
                Err(Failure::Unreachable(why)) => {
                    if why != said {
                        print(&format!("{} {why}\n", hour(now())))?;
                        said = why;
                    }
                    sleep(REST).await;
                    continue;
                }
                Err(Failure::Refused(why)) => format!("refused: {why}"),
                Ok(None) => "nothing differs from what is in use".to_owned(),
                Ok(Some((answer, differs))) => {
                    let late = now().saturating_sub(since);
                    let (world, revision) = (answer["world"].as_str().unwrap_or_default(), &answer["revision"]);
                    format!("{tenant} {world}: revision {revision} is live after {late} ms: {differs}")
                }
            };
            print(&format!("{} {line}\n", hour(now())))?;
            said.clear();
            seen = Some(looks);
        }
    }

    /// Waits until the files are others than these, and stand still.
    async fn next_save(&self, seen: Option<&Vec<Look>>) -> Vec<Look> {
        let mut before = None;
        loop {
            let look = self.look();
            if look == before
                && let Some(look) = look
                && seen != Some(&look)
            {
                return look;
            }
            before = self.look();
            sleep(LOOK).await;
        }
    }

    /// None while a build has taken a file away.
    fn look(&self) -> Option<Vec<Look>> {
        let files = [Some(&self.file), self.settings.as_ref()].into_iter().flatten();
        files
            .map(|file| {
                let known = fs::metadata(file).ok()?;
                Some((known.len(), of_clock(known.modified().ok()?)))
            })
            .collect()
    }

    /// Puts the files as they are to use, unless they are in use; what the gateway said, and what differs.
    async fn deploy(&self, client: &Client, tenant: &str, sent: &mut Option<Sent>) -> Result<Option<(Value, String)>, Failure> {
        let octets = fs::read(&self.file);
        let octets = octets.map_err(|error| Failure::Refused(format!("failed to read {}: {error}", self.file.display())))?;
        let settings = self.settings.as_deref().map(document::settings).transpose();
        let new = Sent {
            settings: settings.map_err(Failure::Refused)?,
            component: upload(client, octets).await?,
        };
        let old = match sent.take() {
            Some(sent) => sent,
            None => in_use(client, tenant, &new).await?,
        };
        if old == new {
            *sent = Some(old);
            return Ok(None);
        }
        let mut release = json!({ "component": new.component["digest"] });
        if let Some(settings) = &new.settings {
            release["settings"] = settings.clone();
        }
        let answer = put_in_use(client, tenant, &release).await?;
        let differs = differences(&old, &new);
        *sent = Some(new);
        Ok(Some((answer, differs)))
    }
}

/// The release in use of the same world, as far as the gateway tells; its settings are taken to be others than those of a file.
async fn in_use(client: &Client, tenant: &str, new: &Sent) -> Result<Sent, Failure> {
    let releases = client.get(&["tenants", tenant, "releases"], &[]).await?;
    let mut releases = releases.as_array().into_iter().flatten();
    let release = releases.find(|release| release["world"] == new.component["world"] && release["state"] == "in use");
    let digest = release.map(|release| release["digest"].clone()).unwrap_or_default();
    if digest == new.component["digest"] {
        return Ok(Sent {
            component: new.component.clone(),
            settings: None,
        });
    }
    Ok(Sent {
        component: json!({ "digest": digest }),
        settings: new.settings.clone(),
    })
}

fn differences(old: &Sent, new: &Sent) -> String {
    let short = |digest: &Value| -> String { digest.as_str().unwrap_or("nothing").chars().take(DIGITS).collect() };
    let (before, after) = (&old.component, &new.component);
    let mut differs = Vec::new();
    if before["digest"] != after["digest"] {
        differs.push(format!("{} -> {}", short(&before["digest"]), short(&after["digest"])));
    }
    if let (Some(before), Some(after)) = (before["octets"].as_u64(), after["octets"].as_u64()) {
        match after.cmp(&before) {
            std::cmp::Ordering::Less => differs.push(format!("{} octets fewer", before - after)),
            std::cmp::Ordering::Equal => {}
            std::cmp::Ordering::Greater => differs.push(format!("{} octets more", after - before)),
        }
    }
    if !before["contract"].is_null() && before["contract"] != after["contract"] {
        differs.push(format!("contract {} -> {}", before["contract"], after["contract"]));
    }
    if old.settings != new.settings {
        differs.push("other settings".into());
    }
    differs.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(digest: &str, octets: u64, settings: Option<Value>) -> Sent {
        Sent {
            component: json!({ "digest": digest, "octets": octets }),
            settings,
        }
    }

    #[test]
    fn what_differs_is_named() {
        let first = sent("0123456789abcdef", 100, None);
        let table = [
            (sent("fedcba9876543210", 100, None), "0123456789ab -> fedcba987654"),
            (
                sent("fedcba9876543210", 112, None),
                "0123456789ab -> fedcba987654, 12 octets more",
            ),
            (
                sent("fedcba9876543210", 1, None),
                "0123456789ab -> fedcba987654, 99 octets fewer",
            ),
            (sent("0123456789abcdef", 100, Some(json!({ "a": 1 }))), "other settings"),
        ];
        for (second, expected) in table {
            assert_eq!(differences(&first, &second), expected);
        }
    }
}
