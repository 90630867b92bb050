//! What the server and its phones share: messages, registrations, the log, the seed.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::calls::Calls;
use super::config::{Account, Config, Device, Mode, Pace};
use super::courier::{Courier, Emission};
use super::event::Outgoing;
use super::faults::Faults;
use super::message::{Message, Recipient, State};
use super::phone;
use super::submission::{Submission, clean_number};
use super::webhook::Webhook;
use crate::clock;
use crate::wait::{Watched, lock};

const NANOID: &[u8; 64] = b"useandom-26T198340PX75pxJACKVERYMINDBUSHWOLF_GQZbfghjklqvwyzrict";
const NANOID_LEN: usize = 21;

#[derive(Default)]
pub(crate) struct Stored {
    messages: Vec<Message>,
    /// By account and id: more than one where phones differ.
    by_id: HashMap<(String, String), Vec<usize>>,
    webhooks: Vec<Webhook>,
}

pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) calls: Watched<Calls>,
    pub(crate) faults: Faults,
    pub(crate) courier: Arc<Courier>,
    pub(crate) random: Arc<Mutex<StdRng>>,
    pub(crate) pace: watch::Sender<Pace>,
    stored: Watched<Stored>,
    /// None once the look-alike has stopped.
    tasks: Mutex<Option<JoinSet<()>>>,
}

/// Why a message was not stored: status and words.
pub(crate) type Refusal = (u16, String);

/// How many messages an account has under one id.
pub(crate) enum Found<T> {
    One(T),
    None,
    Many,
}

impl World {
    pub(crate) fn new(config: Config, courier: Arc<Courier>, random: Arc<Mutex<StdRng>>) -> Self {
        Self {
            pace: watch::Sender::new(config.pace),
            calls: Watched::new(Calls::new(config.log_max)),
            config,
            faults: Faults::new(Arc::clone(&courier)),
            courier,
            random,
            stored: Watched::new(Stored::default()),
            tasks: Mutex::new(Some(JoinSet::new())),
        }
    }

    /// Stores a message and hands it to a phone.
    pub(crate) fn submit(
        self: &Arc<Self>,
        account: &Account,
        submission: Submission,
        skip_validation: bool,
        active_hours: u64,
    ) -> Result<Value, Refusal> {
        let now_ms = clock::now_ms();
        if let Some(mistake) = submission.mistake(now_ms) {
            return Err((400, mistake));
        }
        let device = self
            .pick(account, submission.device_id.as_deref(), active_hours)
            .ok_or_else(|| (400, "failed to select device: record not found".to_owned()))?;
        let numbers = self.numbers(&submission, skip_validation)?;
        let id = submission
            .id
            .clone()
            .filter(|id| !id.is_empty())
            .unwrap_or_else(|| self.nanoid());
        let recipients: Vec<Recipient> = numbers
            .into_iter()
            .map(|number| Recipient {
                number,
                state: State::Pending,
                error: None,
            })
            .collect();
        let count = recipients.len();
        let message = Message {
            account: account.login.clone(),
            device: device.id.clone(),
            id,
            posted_ms: now_ms,
            recipients,
            states: BTreeMap::from([(State::Pending, now_ms)]),
            submission,
        };
        let answer = self.tell_of(&message, true);
        let index = self.stored.change(|stored| self.insert(stored, message))?;
        for recipient in 0..count {
            self.spawn(phone::carry(Arc::clone(self), index, recipient));
        }
        Ok(answer)
    }

    fn insert(&self, stored: &mut Stored, message: Message) -> Result<usize, Refusal> {
        let key = (message.account.clone(), message.id.clone());
        let same = stored
            .by_id
            .get(&key)
            .into_iter()
            .flatten()
            .any(|index| stored.messages[*index].device == message.device);
        if same {
            return Err((409, "message with the same ID already exists".into()));
        }
        if let Some(most) = self.config.pending_max {
            let pending = stored
                .messages
                .iter()
                .filter(|other| other.device == message.device && other.state() == State::Pending)
                .count();
            if pending >= most {
                let words =
                    format!("failed to enqueue message: queue limits exceeded: too many pending messages: {pending} / {most}");
                return Err((503, words));
            }
        }
        let index = stored.messages.len();
        stored.by_id.entry(key).or_default().push(index);
        stored.messages.push(message);
        Ok(index)
    }

    fn numbers(&self, submission: &Submission, skip_validation: bool) -> Result<Vec<String>, Refusal> {
        let mut numbers: Vec<String> = Vec::new();
        for number in &submission.phone_numbers {
            let number = match skip_validation || submission.is_encrypted {
                true => number.clone(),
                false => clean_number(number).map_err(|why| (400, why))?,
            };
            if numbers.contains(&number) {
                return Err((400, "phone numbers must be unique".into()));
            }
            numbers.push(number);
        }
        Ok(numbers)
    }

    /// The phone asked for, or any that was seen lately.
    fn pick<'a>(&self, account: &'a Account, id: Option<&str>, active_hours: u64) -> Option<&'a Device> {
        let fits = |device: &&Device| {
            let named = id.is_none_or(|id| id.is_empty() || id == device.id);
            named && (active_hours == 0 || device.unseen.as_secs() <= active_hours.saturating_mul(3600))
        };
        let fitting: Vec<&Device> = account.devices.iter().filter(fits).collect();
        fitting.choose(&mut *lock(&self.random)).copied()
    }

    /// The state of an account's message as JSON.
    pub(crate) fn state(&self, login: &str, id: &str) -> Found<Value> {
        self.stored.read(|stored| match indices(stored, login, id) {
            [] => Found::None,
            [one] => Found::One(self.tell_of(&stored.messages[*one], true)),
            _ => Found::Many,
        })
    }

    /// What the API says of a message.
    pub(crate) fn tell_of(&self, message: &Message, with_content: bool) -> Value {
        let hashed = self.config.mode == Mode::Server && message.is_hashed(clock::now_ms(), self.config.hashing);
        message.json(with_content, hashed)
    }

    /// Cancels an account's message; the flag says whether it could be.
    pub(crate) fn cancel(self: &Arc<Self>, login: &str, id: &str) -> Found<(bool, Value)> {
        let found = self.stored.change(|stored| match *indices(stored, login, id) {
            [] => Found::None,
            [one] => {
                let cancelled = stored.messages[one].cancel(clock::now_ms());
                Found::One((one, cancelled, self.tell_of(&stored.messages[one], true)))
            }
            _ => Found::Many,
        });
        match found {
            Found::One((index, cancelled, state)) => {
                if cancelled {
                    self.spawn(phone::cancel(Arc::clone(self), index));
                }
                Found::One((cancelled, state))
            }
            Found::None => Found::None,
            Found::Many => Found::Many,
        }
    }

    /// An account's messages that `keep` keeps, newest first.
    pub(crate) fn list(&self, login: &str, keep: impl Fn(&Message) -> bool) -> Vec<Message> {
        self.stored.read(|stored| {
            stored
                .messages
                .iter()
                .rev()
                .filter(|message| message.account == login && keep(message))
                .cloned()
                .collect()
        })
    }

    pub(crate) fn message<R>(&self, index: usize, look: impl FnOnce(&Message) -> R) -> Option<R> {
        self.stored.read(|stored| stored.messages.get(index).map(look))
    }

    pub(crate) fn advance(&self, index: usize, recipient: usize, from: State, to: State, error: Option<&str>) -> bool {
        self.stored.change(|stored| {
            stored
                .messages
                .get_mut(index)
                .is_some_and(|message| message.advance(recipient, from, to, error, clock::now_ms()))
        })
    }

    /// Waits as long as a message stays in this state at the present pace, whatever it was when the waiting began.
    pub(crate) async fn stay(&self, state: State) {
        let since = Instant::now();
        let mut pace = self.pace.subscribe();
        loop {
            let until = since + pace.borrow_and_update().stay(state);
            tokio::select! {
                () = tokio::time::sleep_until(until) => return,
                // Cannot fail: `self` holds the sender.
                _ = pace.changed() => {}
            }
        }
    }

    /// Waits until every message under this id is in this state.
    pub(crate) async fn wait_for_state(
        &self,
        id: &str,
        state: State,
        timeout: std::time::Duration,
    ) -> Result<(), crate::TimedOut> {
        self.stored
            .wait_for(timeout, |stored| {
                let mut found = stored.messages.iter().filter(|message| message.id == id).peekable();
                (found.peek().is_some() && found.all(|message| message.state() == state)).then_some(())
            })
            .await
    }

    /// Every message under this id, whatever its account and phone.
    pub(crate) fn states_of(&self, id: &str) -> Vec<State> {
        self.stored.read(|stored| {
            stored
                .messages
                .iter()
                .filter(|message| message.id == id)
                .map(Message::state)
                .collect()
        })
    }

    /// Registers a webhook, in place of the one of the same id.
    pub(crate) fn register(&self, mut webhook: Webhook) -> Webhook {
        if webhook.id.is_empty() {
            webhook.id = self.nanoid();
        }
        self.stored.change(|stored| {
            stored
                .webhooks
                .retain(|other| other.account != webhook.account || other.id != webhook.id);
            stored.webhooks.push(webhook.clone());
        });
        webhook
    }

    pub(crate) fn deregister(&self, login: &str, id: &str) {
        self.stored
            .change(|stored| stored.webhooks.retain(|webhook| webhook.account != login || webhook.id != id));
    }

    pub(crate) fn webhooks(&self, login: &str) -> Vec<Webhook> {
        self.stored.read(|stored| {
            stored
                .webhooks
                .iter()
                .filter(|webhook| webhook.account == login)
                .cloned()
                .collect()
        })
    }

    /// Has the phone of a message tell what became of one recipient.
    pub(crate) fn tell(&self, index: usize, recipient: usize, news: &Outgoing) {
        let told = self.message(index, |message| {
            let number = message
                .recipients
                .get(recipient)
                .map_or_else(String::new, |recipient| recipient.number.clone());
            (
                message.account.clone(),
                message.device.clone(),
                message.id.clone(),
                number,
                message.submission.sim_number.unwrap_or(1),
            )
        });
        let Some((account, device, id, number, sim)) = told else {
            return;
        };
        let own = self.device(&account, &device).and_then(|(_, device)| device.number.clone());
        let payload = news.payload(&id, &number, own.as_deref(), sim, &self.local_time());
        self.emit(&account, &device, news.name(), &payload);
    }

    /// Has a phone emit an event to all that registered it; gives the number of emissions.
    pub(crate) fn emit(&self, login: &str, device: &str, event: &str, payload: &Value) -> usize {
        let Some((phone, key)) = self
            .device(login, device)
            .map(|(phone, device)| (phone, device.signing_key.clone()))
        else {
            return 0;
        };
        let hearing: Vec<Webhook> = self.stored.read(|stored| {
            stored
                .webhooks
                .iter()
                .filter(|webhook| webhook.hears(login, device, event))
                .cloned()
                .collect()
        });
        let mut emissions = 0;
        for webhook in hearing {
            let times = if self.courier.doubles() { 2 } else { 1 };
            for _ in 0..times {
                let id = self.nanoid();
                let envelope = json!({
                    "id": id, "webhookId": webhook.id, "event": event, "deviceId": device, "payload": payload,
                });
                let (event, url, key) = (event.to_owned(), webhook.url.clone(), key.clone());
                let body = envelope.to_string().into();
                self.courier.send(
                    phone,
                    Emission {
                        id,
                        event,
                        url,
                        body,
                        key,
                    },
                );
                emissions += 1;
            }
        }
        emissions
    }

    /// The phone's number in the courier's queues, and the phone.
    fn device(&self, login: &str, id: &str) -> Option<(usize, &Device)> {
        let mut all = self
            .config
            .accounts
            .iter()
            .flat_map(|account| account.devices.iter().map(move |device| (account, device)));
        let found = all.position(|(account, device)| account.login == login && device.id == id)?;
        let device = self.config.accounts.iter().flat_map(|account| &account.devices).nth(found)?;
        Some((found, device))
    }

    /// Now, as the phones write it.
    pub(crate) fn local_time(&self) -> String {
        clock::local(clock::now_ms(), self.config.utc_offset_minutes)
    }

    pub(crate) fn nanoid(&self) -> String {
        let mut random = lock(&self.random);
        (0..NANOID_LEN)
            .map(|_| char::from(NANOID[random.random_range(0..NANOID.len())]))
            .collect()
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

fn indices<'a>(stored: &'a Stored, login: &str, id: &str) -> &'a [usize] {
    stored
        .by_id
        .get(&(login.to_owned(), id.to_owned()))
        .map_or(&[], Vec::as_slice)
}
