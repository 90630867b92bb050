//! `edgebind demo`: everything at work in one process, over real sockets, with nothing but this program.

use super::{
    Log,
    client::Client,
    deploy::{put_in_use, sentence, upload},
    runtime,
};
use crate::{
    admin::TOKEN_FILE,
    components,
    config::{Config, Surroundings},
    observe,
    start::{self, Started},
};
use clap::Args;
use edgebind_simulator::{
    esme::{BindKind, Esme, Failure, Receipt, Submit},
    smsgate::{self, Smsgate},
    vonage::{self, Vonage},
};
use serde_json::{Value, json};
use std::{
    fs,
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};

/// Show everything at work: a gateway with a fresh ledger in a temporary folder, a simulated SMSGate with one phone, and an ESME
/// that binds, submits, and gets its receipts and an incoming message; then the translator and the session are replaced while the bind
/// stays up; then an ESME of another tenant sends by a simulated Vonage. Everything stays up afterwards for you to bind to and to administer, unless told otherwise.
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
const TENANT: &str = "demo";
/// The account of the tenant that sends by Vonage.
const OTHER_SYSTEM_ID: &str = "demo-vonage";
const PATIENCE: Duration = Duration::from_secs(15);
const LOOK: Duration = Duration::from_millis(10);

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
        let vonage = Vonage::start(vonage::Config::default())
            .await
            .map_err(|error| format!("failed to start the simulated Vonage: {error}"))?;
        let started = start::start(config(folder.path(), &smsgate, &vonage)?, None).await?;
        let door = Door::of(&started)?;
        let mut story = Story {
            quiet: self.json,
            admin: Client::at(&door.url, &door.token)?,
            totals: Totals::default(),
        };
        let told = story.tell(&started, &smsgate, &vonage).await;
        let totals = story.totals;
        if self.json {
            println!("{}", totals.json());
        }
        if !self.once && told.is_ok() {
            stay(&started, &door, self.json).await;
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

fn config(folder: &Path, smsgate: &Smsgate, vonage: &Vonage) -> Result<Config, String> {
    let (account, customer) = (&smsgate.accounts()[0], &vonage.accounts()[0]);
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

[[tenants]]
name = "other"
translator = "vonage"
secrets = {{ "upstream.user" = "{}", "upstream.password" = "{}" }}
translator_settings = {{ api_base_url = "{}" }}

[[tenants.accounts]]
system_id = "{OTHER_SYSTEM_ID}"
password = "{PASSWORD}"
"#,
        account.login,
        account.password,
        smsgate.base_url(),
        customer.api_key,
        customer.api_secret,
        vonage.base_url(),
    );
    let surroundings = Surroundings {
        base: folder,
        env: &|_| None,
        file: &|path| fs::read_to_string(path),
        settings: &|_| Vec::new(),
    };
    Config::from_toml(&text, &surroundings).map_err(|mistakes| format!("the demonstration's own configuration: {mistakes}"))
}

/// How the gateway is administered.
struct Door {
    url: String,
    token: String,
}

impl Door {
    fn of(started: &Started) -> Result<Self, String> {
        let path = started.gateway.config.data_dir.join(TOKEN_FILE);
        let token = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self {
            url: format!("http://{}", started.admin),
            token: token.trim().to_owned(),
        })
    }
}

/// What was counted on the way.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    submitted: usize,
    accepted: usize,
    receipts: usize,
    incoming: usize,
    swapped: bool,
    session_swapped: bool,
}

impl Totals {
    fn complete(self) -> bool {
        let Self { accepted, receipts, .. } = self;
        let is_swapped = self.swapped && self.session_swapped;
        accepted == self.submitted && receipts == accepted && self.incoming == 1 && is_swapped
    }

    fn json(self) -> Value {
        let Self {
            submitted,
            accepted,
            receipts,
            incoming,
            swapped,
            session_swapped,
        } = self;
        json!({
            "submitted": submitted, "accepted": accepted, "receipts": receipts, "incoming": incoming,
            "swapped": swapped, "session_swapped": session_swapped,
        })
    }
}

struct Story {
    quiet: bool,
    /// The same that `edgebind deploy` is.
    admin: Client,
    totals: Totals,
}

impl Story {
    async fn tell(&mut self, started: &Started, smsgate: &Smsgate, vonage: &Vonage) -> Result<(), String> {
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
        let began = Instant::now();
        let kept = upload(&self.admin, components::SMSGATE_SECOND.to_vec()).await?;
        self.deploy(&json!({ "component": kept["digest"] }), began.elapsed()).await?;
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

        self.head("The session is replaced by one with other settings; the bind stays up, and moves with all that it knows");
        let deployed = self
            .deploy(
                &json!({ "builtin": "session", "settings": { "message_id": "hex" } }),
                Duration::ZERO,
            )
            .await?;
        let moved = timeout(PATIENCE, self.moved_to(&deployed["revision"])).await;
        moved.map_err(|_| "the bind did not move to the other session")??;
        let ids = self.submit(&esme, smsgate, "Same bind, same code, ids in hex").await?;
        self.totals.session_swapped = ids.iter().all(|id| id.parse::<u64>().is_err()) && !esme.has_ended();

        esme.unbind().await.map_err(|error| format!("unbind {error}"))?;
        self.tell_of_another(smpp, vonage).await?;
        self.head("Totals");
        self.say(format_args!("  {}", self.totals.json()));
        Ok(())
    }

    /// The other tenant's part.
    async fn tell_of_another(&mut self, smpp: SocketAddr, vonage: &Vonage) -> Result<(), String> {
        self.head("An ESME of another tenant sends by another network");
        self.say(format_args!("  a simulated Vonage answers on {}", vonage.base_url()));
        let esme = Esme::bound(smpp, BindKind::Transceiver, OTHER_SYSTEM_ID, PASSWORD)
            .await
            .map_err(|error| format!("bind {error}"))?;
        let long = "Vonage makes the parts itself, and says of each what became of it. ".repeat(3);
        for text in ["Hello @ €5", &long] {
            self.hand_in(&esme, text).await?;
            let sent = vonage.messages().pop();
            let (parts, is_whole) = sent.map_or((0, false), |sent| (sent.ids.len(), sent.submission.text() == text));
            let what = if is_whole { "the same text" } else { "something else" };
            self.say(format_args!("    Vonage sent {what}, in {parts}"));
        }
        esme.unbind().await.map_err(|error| format!("unbind {error}"))
    }

    /// Submits a text, waits for the receipt of each of its parts, and says what the phone had; their ids.
    async fn submit(&mut self, esme: &Esme, smsgate: &Smsgate, text: &str) -> Result<Vec<String>, String> {
        let ids = self.hand_in(esme, text).await?;
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
        Ok(ids)
    }

    /// Submits a text and waits for the receipt of each of its parts; their ids.
    async fn hand_in(&mut self, esme: &Esme, text: &str) -> Result<Vec<String>, String> {
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
        Ok(ids)
    }

    /// Puts a release to use whose component took so long to upload; what the gateway said.
    async fn deploy(&self, release: &Value, uploaded: Duration) -> Result<Value, String> {
        let deployed = put_in_use(&self.admin, TENANT, release).await?;
        self.say(format_args!("  {}", sentence(TENANT, release, &deployed, uploaded)));
        Ok(deployed)
    }

    /// Waits until the bind runs this release.
    async fn moved_to(&self, revision: &Value) -> Result<(), String> {
        loop {
            let binds = self.admin.get(&["binds"], &[]).await?;
            if binds[0]["release"] == *revision {
                return Ok(());
            }
            sleep(LOOK).await;
        }
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
async fn stay(started: &Started, door: &Door, quiet: bool) {
    if let (Some(smpp), false) = (started.smpp, quiet) {
        println!("\nEverything stays up: bind to {smpp} with system_id {SYSTEM_ID} and password {PASSWORD}.");
        println!("Numbers ending in 01 fail, in 02 expire, in 03 stay sent; all others are delivered. Ctrl-C ends it.");
        println!("In another terminal, the gateway is administered with:\n");
        println!("  export EDGEBIND_URL={} EDGEBIND_TOKEN={}", door.url, door.token);
        println!("  edgebind binds");
    }
    if let Err(error) = tokio::signal::ctrl_c().await {
        eprintln!("edgebind: failed to wait for Ctrl-C: {error}");
    }
}
