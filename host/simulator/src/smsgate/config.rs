//! What a simulated SMSGate is made of: accounts, their phones, the pace of things, the fate of numbers.

use std::time::Duration;

use super::message::State;
use crate::repeats::Repeats;

/// Which of SMSGate's two HTTP servers is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The cloud or private server: many accounts, many phones, `/devices`.
    Server,
    /// The server inside one phone: `/device` only, empty bodies where the server has words.
    Local,
}

/// A phone that sends for an account.
#[derive(Debug, Clone)]
pub struct Device {
    /// At most 21 characters.
    pub id: String,
    /// As the owner named it.
    pub name: String,
    /// The number of its first SIM, where it is known.
    pub number: Option<String>,
    /// With a key, webhooks carry `X-Signature` and `X-Timestamp`.
    pub signing_key: Option<String>,
    /// How long ago it was last seen; what `deviceActiveWithin` is measured against.
    pub unseen: Duration,
}

impl Device {
    /// A phone that is there, signs nothing and does not know its number.
    pub fn new(id: &str) -> Self {
        Self {
            id: id.into(),
            name: format!("Phone {id}"),
            number: None,
            signing_key: None,
            unseen: Duration::ZERO,
        }
    }

    /// The same phone with a number of its own.
    #[must_use]
    pub fn number(mut self, number: &str) -> Self {
        self.number = Some(number.into());
        self
    }

    /// The same phone with a key for its webhooks.
    #[must_use]
    pub fn signing_key(mut self, key: &str) -> Self {
        self.signing_key = Some(key.into());
        self
    }

    /// The same phone, last seen so long ago.
    #[must_use]
    pub fn unseen(mut self, unseen: Duration) -> Self {
        self.unseen = unseen;
        self
    }
}

/// A bearer token and what it may do.
#[derive(Debug, Clone)]
pub struct Token {
    /// What stands behind `Bearer`.
    pub secret: String,
    /// `all:any`, `messages:send`, ... (smsgate: JWT scopes).
    pub scopes: Vec<String>,
}

/// One login with its phones.
#[derive(Debug, Clone)]
pub struct Account {
    /// For Basic authentication; cloud logins have 6 characters.
    pub login: String,
    /// For Basic authentication; cloud passwords have 14 characters or more.
    pub password: String,
    /// For Bearer authentication.
    pub tokens: Vec<Token>,
    /// A message without `deviceId` goes to any of them.
    pub devices: Vec<Device>,
}

impl Account {
    /// An account without phones.
    pub fn new(login: &str, password: &str) -> Self {
        Self {
            login: login.into(),
            password: password.into(),
            tokens: Vec::new(),
            devices: Vec::new(),
        }
    }

    /// The same account with one phone more.
    #[must_use]
    pub fn device(mut self, device: Device) -> Self {
        self.devices.push(device);
        self
    }

    /// The same account with one token more.
    #[must_use]
    pub fn token(mut self, secret: &str, scopes: &[&str]) -> Self {
        self.tokens.push(Token {
            secret: secret.into(),
            scopes: scopes.iter().map(ToString::to_string).collect(),
        });
        self
    }
}

/// How a phone does with a message to one number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Processed, Sent, and Delivered where a report was asked for.
    Delivered,
    /// Processed, Sent, and nothing more: the operator returns no reports.
    Sent,
    /// Processed for ever: the radio lost it.
    Processed,
    /// Pending for ever: the phone is off.
    Pending,
    /// Processed, then Failed with this reason.
    Failed(String),
    /// Processed, Sent, then Failed with this reason, as the network's report says.
    Undelivered(String),
    /// Failed from Pending with `TTL expired`.
    Expired,
    /// As Delivered, and a cancellation comes too late: the phone had begun, so from Cancelling too.
    Unstoppable,
}

/// The time between one state and the next. [`Smsgate::pace`](super::Smsgate::pace) changes it for those that wait already, too.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// From Pending to Processed.
    pub processed: Duration,
    /// From Processed to Sent or Failed.
    pub sent: Duration,
    /// From Sent to Delivered or Failed.
    pub delivered: Duration,
    /// From Cancelling to Cancelled.
    pub cancelled: Duration,
}

impl Pace {
    /// All of them so long.
    pub fn all(time: Duration) -> Self {
        Self {
            processed: time,
            sent: time,
            delivered: time,
            cancelled: time,
        }
    }

    /// How long a message stays in this state.
    pub(crate) fn stay(&self, state: State) -> Duration {
        match state {
            State::Pending => self.processed,
            State::Cancelling => self.cancelled,
            State::Processed => self.sent,
            State::Sent | State::Delivered | State::Failed | State::Cancelled => self.delivered,
        }
    }
}

/// What [`Smsgate::start`](super::Smsgate::start) is given.
#[derive(Debug, Clone)]
pub struct Config {
    /// All randomness follows from it.
    pub seed: u64,
    /// Which server is played.
    pub mode: Mode,
    /// In front of every path: `/3rdparty/v1`, or nothing.
    pub prefix: String,
    /// In [`Mode::Local`] only the first phone of the first account is there.
    pub accounts: Vec<Account>,
    /// The time between states.
    pub pace: Pace,
    /// The fate of a number is that of the first ending that fits.
    pub fates: Vec<(String, Fate)>,
    /// The fate of all other numbers.
    pub fate: Fate,
    /// One `sms:sent` for each part instead of one for the message: both have been seen.
    pub sent_per_part: bool,
    /// Accept webhooks to `http:` addresses, as the insecure build of the app does.
    pub insecure_webhooks: bool,
    /// The events that may be registered; an older server lacks `sms:cancelled`.
    pub events: Vec<String>,
    /// How webhooks that were not answered 2xx are repeated.
    pub repeats: Repeats,
    /// A phone with this many pending messages takes no more: 503.
    pub pending_max: Option<usize>,
    /// How long after a message has left its phone's queue the server forgets number and text for their hashes; never in [`Mode::Local`].
    pub hashing: Duration,
    /// The phones' distance from UTC in minutes, for the times in webhooks.
    pub utc_offset_minutes: i32,
    /// Requests, and tries at webhooks, that are remembered; of more, the oldest are forgotten.
    pub log_max: usize,
}

/// Every event that SMSGate lets one register.
pub const EVENTS: [&str; 14] = [
    "sms:received",
    "sms:data-received",
    "sms:sent",
    "sms:delivered",
    "sms:failed",
    "sms:cancelled",
    "system:ping",
    "mms:received",
    "mms:downloaded",
    "app:started",
    "sms:batch:received",
    "sms:batch:data-received",
    "mms:batch:received",
    "mms:batch:downloaded",
];

impl Default for Config {
    /// One account (`SIMGW1`, `simulated-pass`) with one phone (`simulated-phone-00001`); numbers ending in 01 fail, 02 expire, 03 stay Sent,
    /// 04 fail by the network's report, 05 find the phone off, 06 cannot be cancelled, all others are delivered.
    fn default() -> Self {
        Self {
            seed: 1,
            mode: Mode::Server,
            prefix: "/3rdparty/v1".into(),
            accounts: vec![
                Account::new("SIMGW1", "simulated-pass").device(Device::new("simulated-phone-00001").number("+447700900999")),
            ],
            pace: Pace::all(Duration::from_millis(10)),
            fates: vec![
                (
                    "01".into(),
                    Fate::Failed("Send result: RESULT_ERROR_GENERIC_FAILURE (Generic failure cause)".into()),
                ),
                ("02".into(), Fate::Expired),
                ("03".into(), Fate::Sent),
                (
                    "04".into(),
                    Fate::Undelivered("Delivery result from SC +447785016005: 64".into()),
                ),
                ("05".into(), Fate::Pending),
                ("06".into(), Fate::Unstoppable),
            ],
            fate: Fate::Delivered,
            sent_per_part: false,
            insecure_webhooks: true,
            events: EVENTS.iter().map(ToString::to_string).collect(),
            repeats: Repeats {
                first: Duration::from_millis(50),
                most: 15,
                answer_timeout: Duration::from_secs(5),
            },
            pending_max: None,
            hashing: Duration::from_secs(60),
            utc_offset_minutes: 120,
            log_max: 100_000,
        }
    }
}

impl Config {
    /// The server inside a phone: no prefix, `/device`, user `sms`.
    pub fn local() -> Self {
        Self {
            mode: Mode::Local,
            prefix: String::new(),
            accounts: vec![Account::new("sms", "phone-pw").device(Device::new("simulated-phone-00001"))],
            ..Self::default()
        }
    }

    /// What becomes of a message to this number.
    pub(crate) fn fate_of(&self, number: &str) -> &Fate {
        self.fates
            .iter()
            .find(|(ending, _)| number.ends_with(ending.as_str()))
            .map_or(&self.fate, |(_, fate)| fate)
    }
}
