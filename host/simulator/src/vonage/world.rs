//! What the API and the webhooks share: messages, credit, dashboards, the log, the seed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::calls::Calls;
use super::config::{Account, Config, Dashboard, Fate, Ids, PRICE_UNITS, ThrottleWords};
use super::courier::{Courier, Emission};
use super::faults::Faults;
use super::receipt::{NETWORK, Told, script};
use super::refusal::Refusal;
use super::signature::Parameters;
use super::submission::Submission;
use super::throttle::{self, Throttle};
use crate::clock;
use crate::wait::{Watched, lock};

/// The price of a short message.
const PRICE: u64 = 3_330_000;

/// A message that was taken, with all that were taken of its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The account that sent it.
    pub api_key: String,
    /// The ids of the parts that were taken, in order.
    pub ids: Vec<String>,
    /// What was posted.
    pub submission: Submission,
}

struct Stored {
    messages: VecDeque<Message>,
    credit: BTreeMap<String, u64>,
    dashboards: BTreeMap<String, Dashboard>,
    throttle: Throttle,
}

pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) calls: Watched<Calls>,
    pub(crate) faults: Faults,
    pub(crate) courier: Arc<Courier>,
    pub(crate) random: Arc<Mutex<StdRng>>,
    stored: Watched<Stored>,
    /// None once the look-alike has stopped.
    tasks: Mutex<Option<JoinSet<()>>>,
}

/// What a message is answered with: one item for each part, or HTTP 429.
pub(crate) enum Answer {
    Items(Vec<Value>),
    TooManyRequests,
}

impl World {
    pub(crate) fn new(config: Config, courier: Arc<Courier>, random: Arc<Mutex<StdRng>>) -> Self {
        let of_accounts = || config.accounts.iter().map(|account| (account.api_key.clone(), account));
        let stored = Stored {
            messages: VecDeque::new(),
            credit: of_accounts().map(|(key, account)| (key, account.credit)).collect(),
            dashboards: of_accounts().map(|(key, account)| (key, account.dashboard.clone())).collect(),
            throttle: Throttle::default(),
        };
        Self {
            calls: Watched::new(Calls::new(config.log_max)),
            faults: Faults::new(Arc::clone(&courier)),
            courier,
            random,
            stored: Watched::new(stored),
            tasks: Mutex::new(Some(JoinSet::new())),
            config,
        }
    }

    /// Takes a message, or those of its parts that fate allows.
    pub(crate) fn submit(self: &Arc<Self>, account: &Account, submission: &Submission) -> Answer {
        let now_ms = clock::now_ms();
        let is_within = |most| {
            self.stored
                .change(|stored| stored.throttle.count(&account.api_key, most, now_ms))
        };
        if let Some(most) = self.config.throughput
            && !is_within(most)
        {
            return match self.config.throttle_words {
                ThrottleWords::TooManyRequests => Answer::TooManyRequests,
                words => Answer::Items(vec![Refusal::new(1, throttle::words(words, most, now_ms)).item()]),
            };
        }
        if let Some(refusal) = submission.mistake() {
            return Answer::Items(vec![refusal.item()]);
        }
        let fate = self.config.fate_of(submission.to());
        if let Fate::Refused(status) = fate {
            return Answer::Items(vec![Refusal::of(status).item()]);
        }
        let mut ids = Vec::new();
        let items = (1..=submission.parts())
            .map(|part| match (fate, self.charge(&account.api_key)) {
                (Fate::RefusedFrom(first, status), _) if part >= first => Refusal::of(status).item(),
                (_, None) => Refusal::of(9).item(),
                (_, Some(left)) => {
                    let id = self.id();
                    ids.push(id.clone());
                    taken(submission, &id, left)
                }
            })
            .collect();
        if !ids.is_empty() {
            self.taken(account, submission, ids, fate);
        }
        Answer::Items(items)
    }

    fn taken(self: &Arc<Self>, account: &Account, submission: &Submission, ids: Vec<String>, fate: Fate) {
        if submission.wants_receipts() {
            for id in &ids {
                let told = Told {
                    api_key: account.api_key.clone(),
                    from: submission.from().to_owned(),
                    to: submission.to().to_owned(),
                    id: id.clone(),
                    price: decimals(PRICE),
                    client_ref: submission.client_ref().map(str::to_owned),
                };
                let callback = submission.get("callback").map(str::to_owned);
                self.spawn(tell(Arc::clone(self), told, callback, fate));
            }
        }
        self.stored.change(|stored| {
            if stored.messages.len() == self.config.log_max {
                stored.messages.pop_front();
            }
            stored.messages.push_back(Message {
                api_key: account.api_key.clone(),
                ids,
                submission: submission.clone(),
            });
        });
    }

    /// Takes the price of one short message from an account; what is left, or none if there was not enough.
    fn charge(&self, api_key: &str) -> Option<u64> {
        self.stored.change(|stored| {
            let credit = stored.credit.get_mut(api_key)?;
            *credit = credit.checked_sub(PRICE)?;
            Some(*credit)
        })
    }

    /// What an account has left, in whole euros and their parts.
    pub(crate) fn balance(&self, api_key: &str) -> String {
        decimals(self.stored.read(|stored| stored.credit.get(api_key).copied().unwrap_or(0)))
    }

    pub(crate) fn messages(&self) -> Vec<Message> {
        self.stored.read(|stored| stored.messages.iter().cloned().collect())
    }

    pub(crate) async fn wait_for_messages(
        &self,
        timeout: std::time::Duration,
        until: impl Fn(&[Message]) -> bool,
    ) -> Result<Vec<Message>, crate::TimedOut> {
        self.stored
            .wait_for(timeout, |stored| {
                let messages = stored.messages.make_contiguous();
                until(messages).then(|| messages.to_vec())
            })
            .await
    }

    pub(crate) fn set_dashboard(&self, api_key: &str, dashboard: Dashboard) {
        self.stored.change(|stored| {
            stored.dashboards.insert(api_key.to_owned(), dashboard);
        });
    }

    fn dashboard(&self, api_key: &str) -> Dashboard {
        self.stored
            .read(|stored| stored.dashboards.get(api_key).cloned().unwrap_or_default())
    }

    /// Sends a webhook with the account's receipts, or to where the message wanted them.
    pub(crate) fn emit_receipt(self: &Arc<Self>, api_key: &str, callback: Option<&str>, parameters: Parameters) -> bool {
        let dashboard = self.dashboard(api_key);
        let url = callback.map(str::to_owned).or_else(|| dashboard.receipts_url.clone());
        self.emit(api_key, &dashboard, url, parameters)
    }

    /// Sends a webhook with the account's incoming messages.
    pub(crate) fn emit_inbound(self: &Arc<Self>, api_key: &str, parameters: Parameters) -> bool {
        let dashboard = self.dashboard(api_key);
        let url = dashboard.inbound_url.clone();
        self.emit(api_key, &dashboard, url, parameters)
    }

    fn emit(self: &Arc<Self>, api_key: &str, dashboard: &Dashboard, url: Option<String>, parameters: Parameters) -> bool {
        let Some(url) = url else {
            return false;
        };
        let account = self.config.accounts.iter().find(|account| account.api_key == api_key);
        let emission = Emission {
            url,
            parameters,
            manner: dashboard.manner,
            signature: account
                .filter(|_| dashboard.is_signed)
                .and_then(|account| account.signature.clone()),
        };
        let courier = Arc::clone(&self.courier);
        self.spawn(async move { courier.carry(emission).await });
        true
    }

    /// An id for a short message.
    pub(crate) fn id(&self) -> String {
        let mut random = lock(&self.random);
        match self.config.ids {
            Ids::Hex => format!("{:016X}", random.random::<u64>()),
            Ids::Uuid => uuid(&mut random),
        }
    }

    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(tasks) = &mut *lock(&self.tasks) {
            while tasks.try_join_next().is_some() {}
            tasks.spawn(task);
        }
    }

    /// Ends all that goes on by itself.
    pub(crate) fn stop(&self) {
        drop(lock(&self.tasks).take());
    }
}

/// Tells of a part what there is to tell, at the world's pace.
async fn tell(world: Arc<World>, told: Told, callback: Option<String>, fate: Fate) {
    for news in script(fate) {
        tokio::time::sleep(world.config.pace).await;
        let receipt = told.receipt(news, clock::now_ms());
        world.emit_receipt(&told.api_key, callback.as_deref(), receipt);
    }
}

fn taken(submission: &Submission, id: &str, left: u64) -> Value {
    let mut item = json!({
        "to": submission.to(),
        "message-id": id,
        "status": "0",
        "remaining-balance": decimals(left),
        "message-price": decimals(PRICE),
        "network": NETWORK,
    });
    for name in ["client-ref", "account-ref"] {
        if let Some(value) = submission.get(name) {
            item[name] = json!(value);
        }
    }
    item
}

/// Prices and balances as the API writes them.
fn decimals(units: u64) -> String {
    format!("{}.{:08}", units / PRICE_UNITS, units % PRICE_UNITS)
}

/// A random UUID (RFC 9562 §5.4).
pub(crate) fn uuid(random: &mut StdRng) -> String {
    let bits: u128 = random.random();
    let bits = bits & !(0xF << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let digits = format!("{bits:032x}");
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::{decimals, uuid};

    #[test]
    fn prices_have_eight_decimals() {
        assert_eq!(
            [0, 3_330_000, 1_553_590_000].map(decimals),
            ["0.00000000", "0.03330000", "15.53590000"]
        );
    }

    #[test]
    fn a_uuid_says_that_it_is_random() {
        let mut random = StdRng::seed_from_u64(1);
        for _ in 0..100 {
            let id = uuid(&mut random);
            assert_eq!((id.len(), &id[14..15]), (36, "4"), "{id}");
            assert!(["8", "9", "a", "b"].contains(&&id[19..20]), "{id}");
        }
    }
}
