//! What a simulated Vonage is made of: accounts and what their dashboards say, the pace of things, the fate of numbers.

use std::time::Duration;

use super::refusal::STATUSES;
use super::signature::Signature;
use crate::repeats::Repeats;

/// How webhooks are sent, as the dashboard is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// GET, with a query.
    Get,
    /// POST, with a form.
    Form,
    /// POST, with an object of JSON.
    Json,
}

/// What an account's owner has set in the dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dashboard {
    /// Where receipts go of messages that name no `callback`; nowhere if none.
    pub receipts_url: Option<String>,
    /// Where incoming messages go; nowhere if none.
    pub inbound_url: Option<String>,
    /// The form of both.
    pub manner: Manner,
    /// Whether both are signed; only with an account that has a [`Signature`].
    pub is_signed: bool,
}

impl Default for Dashboard {
    /// Nothing goes anywhere, by GET and unsigned, unless a message says where.
    fn default() -> Self {
        Self {
            receipts_url: None,
            inbound_url: None,
            manner: Manner::Get,
            is_signed: false,
        }
    }
}

/// One customer.
#[derive(Debug, Clone)]
pub struct Account {
    /// 8 characters.
    pub api_key: String,
    /// 6 to 32 characters.
    pub api_secret: String,
    /// What requests may be, and webhooks are, signed with.
    pub signature: Option<Signature>,
    /// Requests must be signed: a secret is answered with status 14.
    pub must_sign: bool,
    /// The credit at the start, in [`PRICE_UNITS`] of a euro; without any left, status 9.
    pub credit: u64,
    /// At the start; see [`Vonage::set_dashboard`](super::Vonage::set_dashboard).
    pub dashboard: Dashboard,
}

/// Prices have 8 decimals.
pub const PRICE_UNITS: u64 = 100_000_000;

impl Account {
    /// An account with plenty of credit that signs nothing.
    pub fn new(api_key: &str, api_secret: &str) -> Self {
        Self {
            api_key: api_key.into(),
            api_secret: api_secret.into(),
            signature: None,
            must_sign: false,
            credit: 1_000_000 * PRICE_UNITS,
            dashboard: Dashboard::default(),
        }
    }

    /// The same account with a signature secret.
    #[must_use]
    pub fn signature(mut self, signature: Signature) -> Self {
        self.signature = Some(signature);
        self
    }

    /// The same account with another dashboard.
    #[must_use]
    pub fn dashboard(mut self, dashboard: Dashboard) -> Self {
        self.dashboard = dashboard;
        self
    }
}

/// What becomes of a message to one number. Each part has a receipt of its own, where receipts were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Taken; receipt `delivered`.
    Delivered,
    /// Taken; receipts `buffered`, then `delivered`.
    Buffered,
    /// Taken; receipt `accepted` and nothing after it.
    Accepted,
    /// Taken; no receipt ever.
    Silent,
    /// Taken; receipt `failed` with this err-code.
    Failed(u16),
    /// Taken; receipt `rejected` with this err-code.
    Rejected(u16),
    /// Taken; receipt `expired`.
    Expired,
    /// Taken; receipt `unknown`.
    Unknown,
    /// Not taken: this status for the message.
    Refused(u16),
    /// The parts from this number (the first is 1) on are not taken, for this status; those before are delivered.
    RefusedFrom(usize, u16),
}

/// How a message above the throughput is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThrottleWords {
    /// `please wait [ 702 ] and retry`.
    Milliseconds,
    /// `please wait and retry`.
    Plain,
    /// With the numbers of the interval.
    Interval,
    /// HTTP 429 instead of an answer in JSON.
    TooManyRequests,
}

/// How message ids look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// 16 hexadecimal digits.
    Hex,
    /// Dashed, as in newer accounts.
    Uuid,
}

/// What [`Vonage::start`](super::Vonage::start) is given.
#[derive(Debug, Clone)]
pub struct Config {
    /// All randomness follows from it.
    pub seed: u64,
    /// Not empty.
    pub accounts: Vec<Account>,
    /// The time before each receipt of a part.
    pub pace: Duration,
    /// The fate of a number is that of the first ending that fits.
    pub fates: Vec<(String, Fate)>,
    /// The fate of all other numbers.
    pub fate: Fate,
    /// Messages of an account in a second; without end if none. Vonage's own is 30.
    pub throughput: Option<usize>,
    /// What is said to those above it.
    pub throttle_words: ThrottleWords,
    /// The look of ids.
    pub ids: Ids,
    /// How webhooks that were answered 429 or 5xx, or not at all, are repeated.
    pub repeats: Repeats,
    /// Requests, messages and tries at webhooks that are remembered, of each so many; of more, the oldest are forgotten.
    pub log_max: usize,
}

impl Default for Config {
    /// One account (`a1b2c3d4`, `simulated-secret`, nothing signed). Numbers ending in 99 and two digits are refused with that status,
    /// in 98 and two digits fail with that err-code, in 97 and two digits are rejected with it; 9601 expires, 9602 is accepted and no
    /// more, 9603 has no receipt, 9604 is buffered first, 9605 is unknown, and of 9606 only the first part is taken (status 5). All
    /// others are delivered.
    fn default() -> Self {
        let rest = [
            ("9601", Fate::Expired),
            ("9602", Fate::Accepted),
            ("9603", Fate::Silent),
            ("9604", Fate::Buffered),
            ("9605", Fate::Unknown),
            ("9606", Fate::RefusedFrom(2, 5)),
        ];
        let refused = STATUSES
            .iter()
            .map(|status| (format!("99{status:02}"), Fate::Refused(*status)));
        let failed = (0..100).map(|code| (format!("98{code:02}"), Fate::Failed(code)));
        let rejected = (0..100).map(|code| (format!("97{code:02}"), Fate::Rejected(code)));
        let rest = rest.into_iter().map(|(ending, fate)| (ending.to_owned(), fate));
        Self {
            seed: 1,
            accounts: vec![Account::new("a1b2c3d4", "simulated-secret")],
            pace: Duration::from_millis(10),
            fates: refused.chain(failed).chain(rejected).chain(rest).collect(),
            fate: Fate::Delivered,
            throughput: None,
            throttle_words: ThrottleWords::Milliseconds,
            ids: Ids::Hex,
            repeats: Repeats {
                first: Duration::from_millis(50),
                most: 15,
                answer_timeout: Duration::from_secs(5),
            },
            log_max: 100_000,
        }
    }
}

impl Config {
    /// What becomes of a message to this number.
    pub(crate) fn fate_of(&self, number: &str) -> Fate {
        self.fates
            .iter()
            .find(|(ending, _)| number.ends_with(ending.as_str()))
            .map_or(self.fate, |(_, fate)| *fate)
    }
}
