//! The words of the admin API: what goes over the wire, for the server, for its clients, and for the OpenAPI document.

mod releases;

pub use releases::{
    Comparison, Component, Deployed, Differing, Moved, Otherwise, Recorded, Release, ReleaseOrder, Shadow, Side, TookMs,
};

use crate::register::Owner;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

/// Why a request was refused.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// One sentence that says what to do.
    pub error: String,
    /// Every mistake, where there are several: a path and what is wrong there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<String>,
}

/// One tenant among all.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TenantSummary {
    /// Its name.
    pub name: String,
    /// `accounts` or `pass-through`.
    pub mode: String,
    /// Who may change it.
    pub owner: Owner,
    /// Its accounts may not bind, and its messages wait.
    pub suspended: bool,
    /// Accounts that are configured, or were let in.
    pub accounts: usize,
    /// Open binds.
    pub binds: usize,
    /// Messages and deliveries that wait.
    pub waiting: usize,
    /// Revisions of the releases in use.
    pub releases: Revisions,
}

/// Revisions of the releases in use.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct Revisions {
    /// Of the session.
    pub session: u64,
    /// Of the translator.
    pub translator: u64,
}

/// A tenant: what a table of `[[tenants]]` says, with the same keys, bounds and defaults; `edgebind check --example` explains each.
/// Where it is shown, a secret is `{"set": true}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Tenant {
    /// Lower-case letters, digits, `-`, `_` and `.`, at most 32.
    pub name: String,
    /// `accounts` (the default) or `pass-through`.
    pub mode: Option<String>,
    /// Its accounts may not bind, and its messages wait.
    pub suspended: Option<bool>,
    /// Who may bind.
    pub accounts: Option<Vec<Account>>,
    /// By the names that translators mention.
    pub secrets: Option<Map<String, Value>>,
    /// For the session component.
    pub session_settings: Option<Map<String, Value>>,
    /// The translator that it starts with: `smsgate` (the default), `vonage` or `http-template`.
    pub translator: Option<String>,
    /// For the translator component.
    pub translator_settings: Option<Map<String, Value>>,
    /// The alphabet of data_coding 0.
    pub alphabet: Option<String>,
    /// Where the translator may send requests besides the origin of `api_base_url`.
    pub origins: Option<Vec<Value>>,
    /// `keep` or `bind`.
    pub webhooks: Option<String>,
    /// Requests to the upstream under way at a time.
    pub egress_concurrency: Option<usize>,
    /// Such as `60s`.
    pub upstream_timeout: Option<Value>,
    /// How long a message without validity_period is tried.
    pub retry_max_age: Option<Value>,
    /// How long the upstream may take to say what became of a message.
    pub receipt_max_wait: Option<Value>,
    /// How long a part waits for the rest of its long message.
    pub parts_timeout: Option<Value>,
    /// `reject` or `send`.
    pub parts_policy: Option<String>,
    /// Binds of one account at a time.
    pub binds_max: Option<usize>,
    /// Messages of one account that wait.
    pub queue_max: Option<usize>,
    /// How long a delivery is held for its ESME.
    pub deliver_max_age: Option<Value>,
    /// Deliveries that wait; as many as `queue_max` unless it is written.
    pub deliver_queue_max: Option<usize>,
    /// `refuse` or `drop-oldest`.
    pub deliver_when_full: Option<String>,
    /// Deliveries a second.
    pub deliver_rate: Option<Value>,
    /// Messages a second of one account: a number, or `{"per_second": 50, "burst": 100}`.
    pub rate: Option<Value>,
    /// Messages a second of all accounts together.
    pub rate_total: Option<Value>,
    /// `throttle` or `wait`.
    pub over_rate: Option<String>,
    /// Binds of all accounts at a time.
    pub binds_total_max: Option<usize>,
    /// Messages of all accounts that wait.
    pub queue_total_max: Option<usize>,
    /// What its guests may use.
    pub guest: Option<Guest>,
    /// What is kept of its guests' calls; null for nothing.
    pub recording: Option<Recording>,
    /// Whom incoming messages are for: `{"to": pattern, "account": system_id}`.
    pub incoming: Option<Vec<Value>>,
    /// Whom they are for otherwise.
    pub incoming_account: Option<String>,
}

/// An ESME of a tenant: what a table of `[[tenants.accounts]]` says.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Account {
    /// 1 to 15 octets, unlike any other of the gateway.
    pub system_id: String,
    /// At most 8 octets, unless `allow_long_password`. Write-only: shown as `{"set": true}`.
    pub password: Option<Value>,
    /// Takes what SMPP has no room for.
    pub allow_long_password: Option<bool>,
    /// It may not bind, and its messages wait.
    pub suspended: Option<bool>,
    /// `vonage`: what its SMPP access does, where nothing else is written.
    pub preset: Option<String>,
    /// Binds at a time.
    pub binds_max: Option<usize>,
    /// The answer to one more: `ESME_RBINDFAIL` or `ESME_RALYBND`.
    pub over_binds: Option<String>,
    /// Messages that wait.
    pub queue_max: Option<usize>,
    /// How long a delivery is held for its ESME.
    pub deliver_max_age: Option<Value>,
    /// Deliveries that wait; as many as `queue_max` unless it is written.
    pub deliver_queue_max: Option<usize>,
    /// `refuse` or `drop-oldest`.
    pub deliver_when_full: Option<String>,
    /// Deliveries a second.
    pub deliver_rate: Option<Value>,
    /// Messages a second.
    pub rate: Option<Value>,
    /// `throttle` or `wait`.
    pub over_rate: Option<String>,
    /// The alphabet of data_coding 0.
    pub alphabet: Option<String>,
    /// Over the tenant's.
    pub session_settings: Option<Map<String, Value>>,
    /// Over the tenant's.
    pub translator_settings: Option<Map<String, Value>>,
    /// Networks that it may bind from.
    pub allow_from: Option<Vec<String>>,
    /// Certificates that it may bind with.
    pub certificates: Option<Vec<String>>,
    /// Where to tell it that deliveries wait.
    pub outbind: Option<Value>,
}

/// Where an upstream reaches an account.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WebhookUrl {
    /// Without a trailing slash; a translator may expect more behind it.
    pub url: String,
}

/// What the guests of a tenant may use, where that is not what holds for all.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Guest {
    /// Linear memory of one instance.
    pub memory_bytes: Option<usize>,
    /// Milliseconds of one call to a session.
    pub session_call_ms: Option<u64>,
    /// Milliseconds of one call to a translator.
    pub translator_call_ms: Option<u64>,
    /// Actions from one batch of events.
    pub actions_max: Option<usize>,
    /// Octets in these actions.
    pub action_bytes_max: Option<usize>,
    /// Octets of a saved session.
    pub saved_bytes_max: Option<usize>,
    /// Octets that a translator returns from one call.
    pub translation_bytes_max: Option<usize>,
    /// Instances at a time: one for each bind, one for each call of a translator.
    pub instances_max: Option<usize>,
    /// Thousandths of a processor.
    pub cpu_share: Option<u32>,
}

/// What is kept of a tenant's calls, to be replayed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Recording {
    /// Octets that are kept; beyond it the oldest go.
    pub octets_max: Option<u64>,
    /// Whether text and numbers are taken out before anything is written; they are unless this is false.
    pub redact: Option<bool>,
}

/// Which to remove.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
pub struct Removal {
    /// Also while messages wait: they stay until there is a tenant or account of this name again.
    #[serde(default)]
    pub force: bool,
}

/// A secret to set.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SecretValue {
    /// Never shown again.
    pub value: String,
}

/// An open bind.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Bind {
    /// Unique in the process.
    pub id: u64,
    /// Whose it is.
    pub tenant: String,
    /// As whom it is bound.
    pub account: String,
    /// `transmitter`, `receiver` or `transceiver`.
    pub kind: String,
    /// Where it comes from.
    pub address: String,
    /// Since when, in milliseconds of Unix time.
    pub since: u64,
    /// Deliveries that it takes at a time.
    pub window: usize,
    /// Deliveries that it has not settled.
    pub delivering: usize,
    /// Messages that wait for the disk.
    pub appending: usize,
    /// Messages that were accepted of it.
    pub accepted: u64,
    /// Deliveries that it has settled.
    pub delivered: u64,
    /// Messages accepted a second, over the last ten seconds or so.
    pub accepted_per_second: f64,
    /// Deliveries settled a second, likewise.
    pub delivered_per_second: f64,
    /// The revision of the session release that it runs.
    pub release: u64,
    /// Why it does not run the release in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stays: Option<String>,
}

/// Which binds, messages or changes to list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
pub struct Selection {
    /// Of this tenant only.
    pub tenant: Option<String>,
    /// Of this account only.
    pub account: Option<String>,
    /// Those behind this one: an id of messages, a time of changes.
    pub after: Option<u64>,
    /// At most so many.
    pub limit: Option<usize>,
}

/// Which dead letters: either these, or all of a tenant or an account.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    /// These.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<String>>,
    /// All of this tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Of that tenant all of this account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// A copy of the ledger.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Backup {
    /// The directory on the gateway's machine, which opens as a ledger: put it in the place of `ledger` in a data directory.
    pub path: String,
}

/// What was done with dead letters.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeadLettersDone {
    /// To how many.
    pub count: usize,
}

/// A message or a delivery in the ledger. Never its text; of numbers the beginning.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Message {
    /// Its id: for a submission, the message id that the ESME was given.
    pub id: String,
    /// Whose it is.
    pub tenant: String,
    /// As whom.
    pub account: String,
    /// `submit`, `multi`, `parts` or `deliver`.
    pub work: String,
    /// `waiting`, `claimed`, `done` or `dead`.
    pub state: String,
    /// The try that it is at, waits for or ended with.
    pub attempt: u32,
    /// When it was accepted, in milliseconds of Unix time.
    pub appended: u64,
    /// When it can be done.
    pub due: u64,
    /// What is known of it: `ENROUTE`, `DELIVERED`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_state: Option<String>,
    /// Why nobody will get it, where that is not an upstream's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What the upstream calls it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub upstream_ids: Vec<String>,
    /// The address that it comes from, masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The address that it goes to, masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// The entries in which it goes on, where it was joined, split or replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub goes_on_in: Vec<String>,
}
