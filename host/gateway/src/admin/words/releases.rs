//! The words about components, releases and trials.

use crate::releases::{journal::State, trial::Trial, world::World};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A component that was taken in.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Component {
    /// SHA-256 of its octets, in hex: its name from now on.
    pub digest: String,
    /// What it is.
    pub world: World,
    /// The version of the contract that it was made by.
    pub contract: String,
    /// It imports WASI, of which it gets an empty box.
    pub wasi: bool,
    /// Its octets.
    pub octets: usize,
}

/// A release to make.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseOrder {
    /// The digest of a component that was uploaded.
    pub component: Option<String>,
    /// Or one that comes with the gateway: `session`, `smsgate`, `vonage` or `http-template`.
    pub builtin: Option<String>,
    /// Its settings; without any, those of the release in use.
    pub settings: Option<Map<String, Value>>,
    /// How to try it first; without, it is put to use at once.
    pub trial: Option<Trial>,
}

/// A release that was made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Deployed {
    /// Of which world.
    pub world: World,
    /// Its number.
    pub revision: u64,
    /// What took how long.
    pub took_ms: TookMs,
}

/// Milliseconds of the stages of a deploy.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct TookMs {
    /// Until the component was there and compiled.
    pub compile: u64,
    /// Until its settings were checked and it had run once.
    pub warm: u64,
    /// Until it was on the disk and in use.
    pub switch: u64,
}

/// The release that is in use from now on, or whose trial is over.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Moved {
    /// Of which world.
    pub world: World,
    /// Its number.
    pub revision: u64,
}

/// A release of a tenant.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Release {
    /// Of which world.
    pub world: World,
    /// Its number; later ones have higher numbers.
    pub revision: u64,
    /// What it is now.
    pub state: State,
    /// SHA-256 of its component, in hex.
    pub digest: String,
    /// The component's name, if it came with the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub builtin: Option<String>,
    /// Its settings, before an account's own.
    pub settings: BTreeMap<String, String>,
    /// When it was deployed, in milliseconds of Unix time.
    pub at: u64,
    /// By whom.
    pub by: String,
    /// Binds and calls that are at it.
    pub users: usize,
    /// Calls since this process began to use it: operations and webhooks, sessions opened or moved to.
    pub calls: u64,
    /// Of these, how many its guest broke.
    pub faults: u64,
    /// How it came to be what it is, where that needs saying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// How it is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<Trial>,
}

/// A trial, as far as it has come.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Comparison {
    /// How it is tried.
    pub trial: Trial,
    /// Since when, in milliseconds of Unix time.
    pub since: u64,
    /// The release in use, since then.
    pub in_use: Side,
    /// The release on trial.
    pub on_trial: Side,
    /// What was seen of it, where it is a shadow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Shadow>,
}

/// What a shadow would have done.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Shadow {
    /// Operations and webhooks that it was told of too.
    pub compared: u64,
    /// Of these, how many it would have done otherwise.
    pub differing: u64,
    /// Those that it was not told of, because it was behind.
    pub dropped: u64,
    /// The last that it would have done otherwise, the latest first.
    pub last: Vec<Differing>,
}

/// One operation or webhook that a shadow would have done otherwise. No text and no number of a message is in it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Differing {
    /// When it began, in milliseconds of Unix time.
    pub at: u64,
    /// What differs; empty where that is in what is not shown.
    pub differences: Vec<Otherwise>,
    /// The fault that it ended with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// One thing that came out otherwise.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Otherwise {
    /// Where, such as `begin.exchange.request.headers[2]`.
    pub at: String,
    /// With the release in use.
    pub before: String,
    /// With the shadow.
    pub after: String,
}

/// One piece of work of a guest that was recorded.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Recorded {
    /// Its name.
    pub id: String,
    /// `operation`, `webhook` or `bind`.
    pub kind: String,
    /// When it began, in milliseconds of Unix time.
    pub at: u64,
    /// Octets that it takes.
    pub octets: u64,
}

/// What one release did.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct Side {
    /// Which release.
    pub revision: u64,
    /// Operations and webhooks begun; sessions opened or moved to.
    pub calls: u64,
    /// Of these, how many its guest broke.
    pub faults: u64,
    /// Operations taken by the upstream and webhooks understood; binds taken.
    pub taken: u64,
    /// Operations to be attempted again.
    pub retried: u64,
    /// Operations given up; binds refused.
    pub dead: u64,
}
