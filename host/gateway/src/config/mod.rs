//! What the operator wants: one [`Config`], from a TOML file or from environment variables. Deciding code: whatever it needs
//! from outside comes through [`Surroundings`]. A configuration is taken whole or refused whole, naming every mistake.

mod accounts;
mod certificate;
mod environment;
mod file;
mod guest;
mod holding;
mod limits;
mod listeners;
mod mistakes;
mod origin;
mod outbind;
mod parse;
mod preset;
mod rate;
mod reader;
mod recording;
mod routes;
mod secret;
mod secrets;
mod settings;
mod tenants;
mod translator;

pub use certificate::CertificateName;
pub use guest::Guest;
pub use mistakes::{Mistake, Mistakes};
pub use origin::{Origin, Reachable};
pub use outbind::Outbind;
pub use rate::{OverRate, Rate};
pub use recording::Recording;
pub use routes::Route;
pub use secret::{Secret, Secrets};
pub use settings::plain_settings;
pub use translator::Translator;

use edgebind_smpp::CommandStatus;
use ipnet::IpNet;

use std::{
    collections::BTreeMap,
    fmt, io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use toml::Table;
use url::Url;

/// A complete configuration file with a sentence for everything that can be said in it.
pub const EXAMPLE: &str = include_str!("example.toml");

const DATA_DIR: &str = "edgebind-data";

const HTTP_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3_000);

const ADMIN_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3_001);

/// Secrets of an account that binds pass through.
pub const BIND_CREDENTIALS: [&str; 2] = ["upstream.user", "upstream.password"];

/// Everything that the gateway is told at start.
#[derive(Clone, Debug)]
pub struct Config {
    /// What must survive a restart lies under it.
    pub data_dir: PathBuf,
    /// Tells message ids of several gateways apart, 0 to 31.
    pub node: u8,
    /// Where ESMEs connect.
    pub smpp: Smpp,
    /// Where webhooks, health and metrics are heard.
    pub http: Http,
    /// Where the gateway is administered.
    pub admin: Admin,
    /// Bounds that the operator moved.
    pub limits: Limits,
    /// Whether environment variables said all of this, and no file.
    pub is_from_environment: bool,
    /// What `tenants` are to the admin API.
    pub tenants_of_file: TenantsOfFile,
    /// Names differ, system_ids differ across all of them, and at most one is pass-through.
    pub tenants: Vec<Tenant>,
}

/// Whose the tenants are that a file names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TenantsOfFile {
    /// The file's: the admin API does not change them, and SIGHUP has the file read again.
    #[default]
    Own,
    /// The admin API's, from the start that finds them for the first time.
    Seed,
}

impl TenantsOfFile {
    const WORDS: [(&'static str, Self); 2] = [("own", Self::Own), ("seed", Self::Seed)];
}

/// Listeners for ESMEs; at least one of the two is there.
#[derive(Clone, Debug)]
pub struct Smpp {
    /// Without TLS.
    pub plain: Option<Listener>,
    /// With TLS.
    pub tls: Option<TlsListener>,
    /// How long a connection may stay without a bind (session_init_timer, SMPP 3.4 §7.2).
    pub session_init: Duration,
}

/// Where ESMEs connect, and through whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Proxies whose word is taken for who connects, in a PROXY header before everything else. Empty where ESMEs connect
    /// themselves and no header is read.
    pub proxies: Vec<IpNet>,
}

/// A TLS listener of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsListener {
    /// Where it listens, and through whom.
    pub listener: Listener,
    /// What it proves itself with.
    pub files: TlsFiles,
    /// PEM file with the authorities whose certificates an ESME may show; without it none is asked for.
    pub client_ca: Option<PathBuf>,
}

/// Certificate and key of a TLS listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM file with the certificate chain.
    pub cert: PathBuf,
    /// PEM file with the private key.
    pub key: PathBuf,
}

/// The HTTP listener.
#[derive(Clone, Debug)]
pub struct Http {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Speaks TLS when there is one.
    pub tls: Option<TlsFiles>,
    /// What the outside calls this listener; without it no webhook is registered anywhere.
    pub webhook_base_url: Option<Url>,
}

/// The listener of the admin API.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Where it listens; on another than a loopback address only with TLS, or where the operator said that it may be without.
    pub addr: SocketAddr,
    /// Speaks TLS when there is one.
    pub tls: Option<TlsFiles>,
    /// What opens it; without one, the token that the gateway makes for itself in its data directory.
    pub token: Option<Secret>,
}

impl Default for Admin {
    fn default() -> Self {
        Self {
            addr: ADMIN_ADDRESS,
            tls: None,
            token: None,
        }
    }
}

/// Bounds that the operator moved away from what the gateway and the runtime hold by themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// SMPP connections that are open, bound or not.
    pub connections_max: Option<usize>,
    /// Those of them from one address; an IPv6 address stands for its /64.
    pub connections_per_address_max: Option<usize>,
    /// Sessions that are open: one for each bind.
    pub sessions_max: Option<usize>,
    /// Calls to translators, and checks of settings, that run at a time.
    pub calls_max: Option<usize>,
    /// Pass-through checks that one address may cause in a minute.
    pub checks_per_minute: Option<u32>,
    /// How long a drain may take.
    pub drain: Option<Duration>,
    /// Entries that wait, of all tenants.
    pub entries_max: Option<usize>,
    /// Free octets on the disk of the data directory below which nothing more is accepted.
    pub disk_free_bytes: Option<u64>,
    /// How long a settled message is remembered.
    pub retention: Option<Duration>,
    /// How long a dead letter is kept; not shorter than `retention`.
    pub dead_retention: Option<Duration>,
    /// Linear memory of one guest instance, in octets.
    pub guest_memory_bytes: Option<usize>,
    /// How long one call of a session may run, in milliseconds.
    pub session_call_ms: Option<u64>,
    /// How long one call of a translator may run, in milliseconds.
    pub translator_call_ms: Option<u64>,
}

/// One customer: its ESME accounts, its upstream, and how the two are joined.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Lower-case letters, digits, `-`, `_` and `.`, at most 32; stands in webhook URLs, lanes and metrics.
    pub name: String,
    /// Who may bind.
    pub mode: Mode,
    /// Where its translator may send requests: the origins of `api_base_url` and those listed.
    pub origins: Vec<Reachable>,
    /// Its accounts may not bind, and its messages wait.
    pub is_suspended: bool,
    /// By the names that translators mention (`upstream.user`, `webhook`). Empty in a pass-through tenant as far as the
    /// upstream's credentials go: the bind brings those.
    pub secrets: BTreeMap<String, Secret>,
    /// For the session component, in the order of their names.
    pub session_settings: Vec<(String, String)>,
    /// The translator component that it starts with.
    pub translator: Translator,
    /// For the translator component, in the order of their names.
    pub translator_settings: Vec<(String, String)>,
    /// When webhooks are registered with the upstream.
    pub webhooks: Webhooks,
    /// Requests to the upstream under way at a time; 0 leaves messages in the queue.
    pub egress_concurrency: usize,
    /// Messages of one account that wait for the upstream, where the account says nothing else; one more gets ESME_RMSGQFUL.
    pub queue_max: usize,
    /// How deliveries are held for an ESME, where the account says nothing else.
    pub holding: Holding,
    /// What one account may submit, where the account says nothing else; none is no bound.
    pub rate: Option<Rate>,
    /// What all of its accounts together may submit; none is no bound.
    pub rate_total: Option<Rate>,
    /// What becomes of more than the rate, where the account says nothing else.
    pub over_rate: OverRate,
    /// Binds of one account at a time, where the account says nothing else.
    pub binds_max: usize,
    /// Binds of all of its accounts at a time; none is no bound.
    pub binds_total_max: Option<usize>,
    /// Messages of all of its accounts that wait for the upstream; none is no bound. One more gets ESME_RMSGQFUL.
    pub queue_total_max: Option<usize>,
    /// What its guests may use.
    pub guest: Guest,
    /// What is kept of its guests' calls; none is nothing.
    pub recording: Option<Recording>,
    /// Which account an incoming message is for, by its destination: the first that matches. Empty in a pass-through tenant.
    pub incoming: Vec<Route>,
    /// Whom an incoming message is for that none of `incoming` matches; an account of this tenant.
    pub incoming_account: Option<String>,
    /// How long a part waits for the rest of its long message.
    pub parts_timeout: Duration,
    /// What becomes of the parts that are there when the rest did not come.
    pub parts_policy: PartsPolicy,
    /// How long a message without a validity_period is tried.
    pub retry_max_age: Duration,
    /// How long the upstream may take to say what became of a message; after it the ESME that asked is told that nobody knows.
    pub receipt_max_wait: Duration,
    /// How long one exchange with the upstream may take, from connecting to the last octet.
    pub upstream_timeout: Duration,
    /// The table that all of this was read from, its secrets as they were written there.
    pub document: Written,
}

/// A table as it was written, secrets and all: not shown.
#[derive(Clone)]
pub struct Written(pub Arc<Table>);

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Who may bind to a tenant.
#[derive(Clone, Debug)]
pub enum Mode {
    /// The accounts listed, with passwords of the gateway's own.
    Accounts(Vec<Account>),
    /// Whoever the upstream knows: system_id and password are its own credentials.
    PassThrough,
}

/// An ESME of a tenant.
#[derive(Clone, Debug)]
pub struct Account {
    /// 1 to 15 octets (SMPP 3.4 §5.2.1); octets above 0x7F as the Latin-1 characters of the same number.
    pub system_id: String,
    /// At most 8 octets (SMPP 3.4 §5.2.2) unless the operator allowed more.
    pub password: Secret,
    /// It may not bind, and its messages wait.
    pub is_suspended: bool,
    /// Binds at a time.
    pub binds_max: usize,
    /// The answer to one bind more.
    pub over_binds: CommandStatus,
    /// What it may submit; none is no bound.
    pub rate: Option<Rate>,
    /// What becomes of more.
    pub over_rate: OverRate,
    /// Where it may bind from; empty for everywhere.
    pub allow_from: Vec<IpNet>,
    /// One of these it must show, over TLS; empty if it need not.
    pub certificates: Vec<CertificateName>,
    /// Where to tell it that deliveries wait.
    pub outbind: Option<Outbind>,
    /// Its messages that wait for the upstream.
    pub queue_max: usize,
    /// How deliveries are held for it.
    pub holding: Holding,
    /// To go behind the tenant's.
    pub session_settings: Vec<(String, String)>,
    /// To go behind the tenant's.
    pub translator_settings: Vec<(String, String)>,
}

/// How deliveries are held for an ESME.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// How long one is worth something; after it, it is given up.
    pub max_age: Duration,
    /// How many wait.
    pub queue_max: usize,
    /// What becomes of more.
    pub when_full: WhenFull,
    /// How fast they are delivered, over all binds of the account; none is as fast as it takes them.
    pub rate: Option<Rate>,
}

/// What becomes of a delivery that is one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// Its webhook is answered 503, and the upstream says it again later. Receipts of our own are always held.
    Refuse,
    /// The oldest is given up for it.
    DropOldest,
}

impl WhenFull {
    const WORDS: [(&'static str, Self); 2] = [("refuse", Self::Refuse), ("drop-oldest", Self::DropOldest)];
}

/// When webhooks are registered with the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Webhooks {
    /// From the first receiver on, for the tenant's life: what comes while nobody is bound waits here.
    Keep,
    /// While a receiver is bound: removed when the last one leaves.
    Bind,
}

impl Webhooks {
    const WORDS: [(&'static str, Self); 2] = [("keep", Self::Keep), ("bind", Self::Bind)];
}

/// What becomes of a long message that never got whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartsPolicy {
    /// Its parts are given up, with a receipt for each that asked.
    Reject,
    /// What is there is sent, in order.
    Send,
}

/// What a configuration may ask of its surroundings.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Relative paths start here.
    pub base: &'a Path,
    /// An environment variable by its name.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// The text of a file.
    pub file: &'a dyn Fn(&Path) -> io::Result<String>,
    /// What the components say of a tenant's settings, by their places below the tenant. Asked also of a tenant that was
    /// not read whole, so that every mistake is named at once.
    pub settings: &'a dyn Fn(&Tenant) -> Vec<Mistake>,
}

impl Config {
    /// What a TOML file says; [`EXAMPLE`] is one.
    pub fn from_toml(text: &str, surroundings: &Surroundings<'_>) -> Result<Self, Mistakes> {
        Self::from_toml_beside(text, &[], surroundings)
    }

    /// The same beside tenants that are not the file's, whose names it cannot have.
    pub fn from_toml_beside(text: &str, others: &[Arc<Tenant>], surroundings: &Surroundings<'_>) -> Result<Self, Mistakes> {
        file::read(text, others, surroundings)
    }

    /// What the environment variables of SMSGate's own SMPP server say: one pass-through tenant named `default`.
    pub fn from_env(surroundings: &Surroundings<'_>) -> Result<Self, Mistakes> {
        environment::read(surroundings)
    }
}

impl Tenant {
    /// What one table of `[[tenants]]` says, beside tenants that there are already. Names in the table start the paths of mistakes.
    pub fn from_document(document: &Table, others: &[Arc<Self>], surroundings: &Surroundings<'_>) -> Result<Self, Mistakes> {
        tenants::one(document, others, surroundings)
    }
}

#[cfg(test)]
mod tests;
