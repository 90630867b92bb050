//! `edgebind demo`: everything at work in one process, over real sockets, with nothing but this program.

use super::{Log, runtime};
use crate::{
    components,
    config::{Config, Surroundings},
    observe,
    start::{self, Started},
};
use clap::Args;
use edgebind_runtime::Release;
use edgebind_simulator::{
    esme::{BindKind, Esme, Failure, Receipt, Submit},
    smsgate::{self, Smsgate},
};
use serde_json::json;
use std::{path::Path, time::Duration};

/// Show everything at work: a gateway with a fresh ledger in a temporary folder, a simulated SMSGate with one phone, and an ESME
/// that binds, submits, and gets its receipts and an incoming message; then the translator is replaced while the bind stays up.
/// Stays up afterwards for you to bind to, unless told otherwise.
#[derive(Debug, Args)]
pub struct Demo {
    /// End after the totals: exit 0 if every receipt came, 1 if not
    #[arg(long)]
    once: bool,
    /// Say nothing but the totals, as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    log: Log,
}

const SYSTEM_ID: &str = "demo";
const PASSWORD: &str = "edgebind";
const SENDER: &str = "EDGEBIND";
const SUBSCRIBER: &str = "+447700900123";
const PATIENCE: Duration = Duration::from_secs(15);

impl Demo {
    /// Runs the demonstration.
    pub fn run(self) -> Result<(), String> {
        observe::logs(self.log.log, "warn");
        runtime()?.block_on(self.show())
    }

    async fn show(self) -> Result<(), String> {
        let folder = tempfile::tempdir().map_err(|error| format!("failed to make a temporary folder: {error}"))?;
        let smsgate = Smsgate::start(smsgate::Config::default())
            .await
            .map_err(|error| format!("failed to start the simulated SMSGate: {error}"))?;
        let started = start::start(config(folder.path(), &smsgate)?, None).await?;
        let mut story = Story {
            quiet: self.json,
            totals: Totals::default(),
        };
        let told = story.tell(&started, &smsgate).await;
        let totals = story.totals;
        if self.json {
            println!("{}", totals.json());
        }
        if !self.once && told.is_ok() {
            stay(&started, self.json).await;
        }
        started.drain().await;
        told?;
        if totals.complete() {
            Ok(())
        } else {
            Err(format!("not everything came: {}", totals.json()))
        }
    }
}

fn config(folder: &Path, smsgate: &Smsgate) -> Result<Config, String> {
    let account = &smsgate.accounts()[0];
    let text = format!(
        r#"
data_dir = "data"

[smpp]
plain = "127.0.0.1:0"

[admin]
addr = "127.0.0.1:0"

[http]
addr = "127.0.0.1:0"
webhook_base_url = "http://127.0.0.1:0"

[[tenants]]
name = "demo"
secrets = {{ "upstream.user" = "{}", "upstream.password" = "{}" }}
translator_settings = {{ api_base_url = "{}" }}

[[tenants.accounts]]
system_id = "{SYSTEM_ID}"
password = "{PASSWORD}"
"#,
        account.login,
        account.password,
        smsgate.base_url(),
    );
    let surroundings = Surroundings {
        base: folder,
        env: &|_| None,
        file: &|path| std::fs::read_to_string(path),
        settings: &|_| Vec::new(),
    };
    Config::from_toml(&text, &surroundings).map_err(|mistakes| format!("the demonstration's own configuration: {mistakes}"))
}

/// What was counted on the way.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    submitted: usize,
    accepted: usize,
    receipts: usize,
    incoming: usize,
    swapped: bool,
}

impl Totals {
    fn complete(self) -> bool {
        self.accepted == self.submitted && self.receipts == self.accepted && self.incoming == 1 && self.swapped
    }

    fn json(self) -> serde_json::Value {
        let Self {
            submitted,
            accepted,
            receipts,
            incoming,
            swapped,
        } = self;
        json!({ "submitted": submitted, "accepted": accepted, "receipts": receipts, "incoming": incoming, "swapped": swapped })
    }
}

struct Story {
    quiet: bool,
    totals: Totals,
}

impl Story {
    async fn tell(&mut self, started: &Started, smsgate: &Smsgate) -> Result<(), String> {
        let smpp = started.smpp.ok_or("no SMPP listener")?;
        self.say(format_args!("Edgebind {}", env!("CARGO_PKG_VERSION")));
        self.say(format_args!(
            "  SMPP listens on {smpp}, webhooks are heard on http://{}",
            started.http
        ));
        self.say(format_args!(
            "  a simulated SMSGate with one phone answers on {}",
            smsgate.base_url()
        ));

        self.head("An ESME binds as a transceiver");
        let esme = Esme::bound(smpp, BindKind::Transceiver, SYSTEM_ID, PASSWORD)
            .await
            .map_err(|error| format!("bind {error}"))?;
        self.say(format_args!("  bind_transceiver_resp ESME_ROK"));

        self.head("It submits: GSM, Unicode, and a text too long for one message");
        let long = "A long text travels as several submit_sm, each answered by itself once it is on the disk, and goes to the phone as one message. ".repeat(3);
        for text in ["Hello @ €5", "Привет 👋", &long] {
            self.submit(&esme, smsgate, text).await?;
        }

        self.head("Somebody answers");
        let login = smsgate.accounts()[0].login.clone();
        smsgate.incoming(&login, SUBSCRIBER, "+447700900999", "Thanks! 👍");
        let message = esme
            .wait_for(PATIENCE, |inbox| inbox.messages.first().cloned())
            .await
            .map_err(|error| format!("incoming message: {error}"))?;
        self.totals.incoming += 1;
        self.say(format_args!(
            "  deliver_sm from {}: {:?}",
            message.source.digits,
            message.text.unwrap_or_default()
        ));

        self.head("The translator is replaced by a second build; the bind stays up");
        self.swap(started)?;
        self.submit(&esme, smsgate, "Same bind, new code").await?;
        let agents: Vec<String> = smsgate
            .calls()
            .into_iter()
            .filter(|call| call.submission.is_some())
            .filter_map(|call| call.user_agent)
            .collect();
        let (before, after) = (
            agents.first().cloned().unwrap_or_default(),
            agents.last().cloned().unwrap_or_default(),
        );
        self.say(format_args!(
            "  the phone's server saw \"{before}\" before and \"{after}\" after"
        ));
        self.totals.swapped = before != after && !esme.has_ended();

        esme.unbind().await.map_err(|error| format!("unbind {error}"))?;
        self.head("Totals");
        self.say(format_args!("  {}", self.totals.json()));
        Ok(())
    }

    /// Submits a text and waits for the receipt of each of its parts.
    async fn submit(&mut self, esme: &Esme, smsgate: &Smsgate, text: &str) -> Result<(), String> {
        let submit = Submit::text(SENDER, SUBSCRIBER, text);
        let parts = submit.parts(1).len();
        self.totals.submitted += parts;
        let ids = esme
            .submit(&submit)
            .await
            .map_err(|error: Failure| format!("submit_sm {error}"))?;
        self.totals.accepted += ids.len();
        let shown: String = text.chars().take(24).collect();
        let rest = if shown.len() < text.len() { "…" } else { "" };
        self.say(format_args!(
            "  submit_sm {shown:?}{rest} in {parts}: ESME_ROK, message id {}",
            ids.join(", ")
        ));
        for id in &ids {
            let receipt: Receipt = esme
                .receipt_of(id, PATIENCE)
                .await
                .map_err(|error| format!("receipt of {id}: {error}"))?;
            self.totals.receipts += 1;
            self.say(format_args!("    receipt {}", receipt.text));
        }
        let seen = smsgate.calls().iter().rev().find_map(|call| {
            call.submission
                .as_ref()
                .and_then(|submission| submission.text().map(str::to_owned))
        });
        let whole = seen.as_deref() == Some(text);
        self.say(format_args!(
            "    the phone sent {}",
            if whole {
                "the same text, in one message"
            } else {
                "something else"
            }
        ));
        Ok(())
    }

    fn swap(&self, started: &Started) -> Result<(), String> {
        let tenant = started.gateway.directory.tenant("demo").ok_or("no tenant")?;
        let current = tenant.translator.current();
        let begun = std::time::Instant::now();
        let component = components::second_smsgate(&started.engine)?;
        let (old, new) = (current.component.digest().to_owned(), component.digest().to_owned());
        let release = Release::new(component, current.settings.clone(), current.revision + 1);
        tenant.translator.deploy(release).map_err(|error| error.to_string())?;
        tenant.tell();
        self.say(format_args!(
            "  {:.12} -> {:.12}, compiled and switched in {} ms",
            old,
            new,
            begun.elapsed().as_millis()
        ));
        Ok(())
    }

    fn head(&self, what: &str) {
        self.say(format_args!("\n{what}"));
    }

    fn say(&self, what: std::fmt::Arguments<'_>) {
        if !self.quiet {
            println!("{what}");
        }
    }
}

/// Leaves everything up until Ctrl-C.
async fn stay(started: &Started, quiet: bool) {
    if let (Some(smpp), false) = (started.smpp, quiet) {
        println!("\nEverything stays up: bind to {smpp} with system_id {SYSTEM_ID} and password {PASSWORD}.");
        println!("Numbers ending in 01 fail, in 02 expire, in 03 stay sent; all others are delivered. Ctrl-C ends it.");
    }
    if let Err(error) = tokio::signal::ctrl_c().await {
        eprintln!("edgebind: failed to wait for Ctrl-C: {error}");
    }
}
