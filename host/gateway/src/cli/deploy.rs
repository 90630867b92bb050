//! `edgebind deploy`, `edgebind rollback`: another release for one tenant, while its binds stay up.

use super::{
    client::{Client, Failure, Server},
    document, output,
    owner::Owner,
    table::DIGITS,
};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::{
    fmt, fs,
    path::PathBuf,
    time::{Duration, Instant},
};

/// Put a component to use for one tenant; it is checked and compiled before anything changes
#[derive(Debug, Args)]
#[command(
    after_help = "Exactly what the component needs is checked first: a session or a translator is known by what it exports."
)]
pub struct Deploy {
    /// The component
    #[arg(value_name = "FILE.wasm", required_unless_present = "builtin")]
    file: Option<PathBuf>,
    /// One that comes with the gateway instead
    #[arg(long, conflicts_with = "file")]
    builtin: Option<Builtin>,
    /// Its settings, TOML or JSON [default: those of the release in use]
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Try it on this share of the binds or messages first
    #[arg(long, value_name = "PERCENT")]
    canary: Option<u8>,
    #[command(flatten)]
    rule: Rule,
    /// Show it live traffic, compare what it would do with what is done, and throw it away; translators only
    #[arg(long, conflicts_with = "canary")]
    shadow: bool,
    #[command(flatten)]
    owner: Owner,
    #[command(flatten)]
    server: Server,
}

/// When a canary is put to use or dismissed; what is not said is the gateway's to choose.
#[derive(Debug, Args)]
struct Rule {
    /// Put the canary to use for all after so many calls, if it does no worse than the release in use; 0 is never by itself
    #[arg(long, value_name = "CALLS", requires = "canary")]
    promote_after: Option<u64>,
    /// And not before so many seconds
    #[arg(long, value_name = "SECONDS", requires = "canary")]
    promote_after_s: Option<u64>,
    /// Roll the canary back at so many faults
    #[arg(long, value_name = "FAULTS", requires = "canary")]
    faults_max: Option<u64>,
    /// Calls of a hundred by which the canary may do worse
    #[arg(long, value_name = "PERCENT", requires = "canary")]
    margin_percent: Option<u8>,
}

/// What comes with the gateway.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Builtin {
    /// The session of a bind
    Session,
    /// The translator for SMSGate
    Smsgate,
    /// The translator for Vonage's SMS API
    Vonage,
    /// The translator for an HTTP API that its settings describe
    HttpTemplate,
}

impl fmt::Display for Builtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Session => "session",
            Self::Smsgate => "smsgate",
            Self::Vonage => "vonage",
            Self::HttpTemplate => "http-template",
        })
    }
}

/// Go back to the release before
#[derive(Debug, Args)]
pub struct Rollback {
    /// Of which of the tenant's two components
    #[arg(long)]
    world: World,
    #[command(flatten)]
    owner: Owner,
    #[command(flatten)]
    server: Server,
}

/// What a release is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum World {
    /// The logic of a bind
    Session,
    /// The upstream's API
    Translator,
}

impl World {
    /// As the admin API calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Translator => "translator",
        }
    }
}

impl Deploy {
    /// Does it.
    pub async fn run(self) -> Result<(), String> {
        let tenant = self.owner.required()?;
        let client = Client::new(&self.server)?;
        let settings = self.settings.as_deref().map(document::settings).transpose()?;
        let began = Instant::now();
        let component = match (&self.file, self.builtin) {
            (Some(file), _) => {
                let octets = fs::read(file).map_err(|error| format!("failed to read {}: {error}", file.display()))?;
                json!({ "component": upload(&client, octets).await?["digest"] })
            }
            (None, Some(builtin)) => json!({ "builtin": builtin.to_string() }),
            (None, None) => return Err("which component? name a file, or --builtin".into()),
        };
        let uploaded = began.elapsed();
        let release = self.release(component, settings);
        let deployed = put_in_use(&client, tenant, &release).await?;
        output::done(&self.server, &deployed, &sentence(tenant, &release, &deployed, uploaded))
    }

    fn release(&self, mut release: Value, settings: Option<Value>) -> Value {
        if let Some(settings) = settings {
            release["settings"] = settings;
        }
        if let Some(percent) = self.canary {
            release["trial"] = json!({ "kind": "canary", "percent": percent });
            let rules = [
                ("promote_after", self.rule.promote_after),
                ("promote_after_s", self.rule.promote_after_s),
                ("faults_max", self.rule.faults_max),
                ("margin_percent", self.rule.margin_percent.map(u64::from)),
            ];
            for (name, value) in rules.into_iter().filter_map(|(name, value)| Some((name, value?))) {
                release["trial"][name] = json!(value);
            }
        } else if self.shadow {
            release["trial"] = json!({ "kind": "shadow" });
        }
        release
    }
}

impl Rollback {
    /// Does it.
    pub async fn run(self) -> Result<(), String> {
        let (tenant, world) = (self.owner.required()?, self.world.name());
        let client = Client::new(&self.server)?;
        let back = client.post(&["tenants", tenant, "releases", world, "rollback"], None).await?;
        let sentence = format!("{tenant} {world}: back at revision {}", back["revision"]);
        output::done(&self.server, &back, &sentence)
    }
}

/// Has a component checked, compiled and kept; what the gateway says of it.
pub async fn upload(client: &Client, octets: Vec<u8>) -> Result<Value, Failure> {
    client.upload(&["components"], octets).await
}

/// Puts a release to use, or on trial.
pub async fn put_in_use(client: &Client, tenant: &str, release: &Value) -> Result<Value, Failure> {
    client.post(&["tenants", tenant, "releases"], Some(release)).await
}

/// What was deployed and how, and how long that took after an upload that took so long.
pub fn sentence(tenant: &str, release: &Value, deployed: &Value, uploaded: Duration) -> String {
    let world = deployed["world"].as_str().unwrap_or_default();
    let state = match (&release["trial"]["kind"], &release["trial"]["percent"]) {
        (Value::Null, _) => "in use".to_owned(),
        (kind, percent) if kind == "canary" => format!("on trial with {percent} % of what comes"),
        _ => "on trial in the shadow of the release in use".to_owned(),
    };
    let name: String = match (release["component"].as_str(), release["builtin"].as_str()) {
        (Some(digest), _) => digest.chars().take(DIGITS).collect(),
        (None, builtin) => format!("built-in {}", builtin.unwrap_or_default()),
    };
    let took = &deployed["took_ms"];
    let compile = u128::from(took["compile"].as_u64().unwrap_or(0)) + uploaded.as_millis();
    format!(
        "{tenant} {world}: revision {} ({name}) is {state}: compiled in {compile} ms, warm in {} ms, switched in {} ms",
        deployed["revision"], took["warm"], took["switch"]
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        deploy: Deploy,
    }

    fn release_of(arguments: &[&str]) -> Value {
        let line = [&["deploy", "--tenant", "acme", "x.wasm"], arguments].concat();
        let deploy = Line::try_parse_from(line).unwrap_or_else(|error| panic!("{error}")).deploy;
        deploy.release(json!({ "component": "d" }), None)
    }

    #[test]
    fn what_is_said_on_the_line_is_what_is_asked() {
        assert_eq!(release_of(&[]), json!({ "component": "d" }));
        assert_eq!(
            release_of(&["--canary", "5", "--promote-after", "1000"]),
            json!({ "component": "d", "trial": { "kind": "canary", "percent": 5, "promote_after": 1000 } })
        );
        assert_eq!(
            release_of(&["--shadow"]),
            json!({ "component": "d", "trial": { "kind": "shadow" } })
        );
    }

    #[test]
    fn lines_that_mean_nothing_are_refused() {
        for line in [
            &["deploy"][..],
            &["deploy", "x.wasm", "--builtin", "smsgate"],
            &["deploy", "x.wasm", "--canary", "5", "--shadow"],
            &["deploy", "x.wasm", "--promote-after", "5"],
        ] {
            assert!(Line::try_parse_from(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn a_release_in_one_sentence() {
        let deployed = json!({ "world": "translator", "revision": 3, "took_ms": { "compile": 20, "switch": 1, "warm": 2 } });
        let said = |release: Value| sentence("acme", &release, &deployed, Duration::from_millis(100));
        assert_eq!(
            said(json!({ "component": "0123456789abcdef" })),
            "acme translator: revision 3 (0123456789ab) is in use: compiled in 120 ms, warm in 2 ms, switched in 1 ms"
        );
        for (trial, expected) in [
            (json!({ "kind": "canary", "percent": 5 }), "on trial with 5 % of what comes"),
            (json!({ "kind": "shadow" }), "on trial in the shadow of the release in use"),
        ] {
            let said = said(json!({ "builtin": "smsgate", "trial": trial }));
            let expected = format!("acme translator: revision 3 (built-in smsgate) is {expected}: ");
            assert!(said.starts_with(&expected), "{said}");
        }
    }
}
