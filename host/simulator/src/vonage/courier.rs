//! Carries webhooks, in any of their three forms: signs, sends each on its own, repeats what was answered 429 or 5xx or not at all.
//!
//! It knows nothing of messages: an emission is parameters for a URL.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::sleep;
use url::Url;

use super::config::Manner;
use super::signature::{Parameters, SIG, Signature};
use super::world::uuid;
use crate::clock;
use crate::repeats::Repeats;
use crate::wait::{TimedOut, Watched, lock};

/// One try at one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it was begun, in milliseconds since 1970.
    pub at_ms: u64,
    /// Where to, without the parameters.
    pub url: String,
    /// What was sent there, `sig` and all.
    pub parameters: Parameters,
    /// In which form.
    pub manner: Manner,
    /// 1 for the first.
    pub number: u32,
    /// The answer; none if there was none.
    pub status: Option<u16>,
}

/// Parameters for a URL.
#[derive(Debug, Clone)]
pub(crate) struct Emission {
    pub(crate) url: String,
    pub(crate) parameters: Parameters,
    pub(crate) manner: Manner,
    pub(crate) signature: Option<Signature>,
}

/// How webhooks go, at present.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Habits {
    pub(crate) repeat: f64,
    pub(crate) jitter: Duration,
    pub(crate) is_held: bool,
}

pub(crate) struct Courier {
    habits: watch::Sender<Habits>,
    attempts: Watched<VecDeque<Attempt>>,
    /// The oldest attempts are forgotten beyond this many.
    attempts_max: usize,
    repeats: Repeats,
    client: reqwest::Client,
    random: Arc<Mutex<StdRng>>,
}

impl Courier {
    pub(crate) fn new(attempts_max: usize, repeats: Repeats, random: Arc<Mutex<StdRng>>) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .user_agent("Vonage/MessagingHUB/v1.0")
            .timeout(repeats.answer_timeout)
            .no_proxy()
            .build()?;
        Ok(Self {
            habits: watch::Sender::new(Habits::default()),
            attempts: Watched::new(VecDeque::new()),
            attempts_max,
            repeats,
            client,
            random,
        })
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Habits)) {
        self.habits.send_modify(change);
    }

    /// Takes an emission to its end: taken, refused, or tried often enough.
    pub(crate) async fn carry(&self, emission: Emission) {
        let (mut again, late) = {
            let Habits { repeat, jitter, .. } = *self.habits.borrow();
            let mut random = lock(&self.random);
            let again = repeat > 0.0 && random.random_bool(repeat);
            (
                again,
                if jitter.is_zero() {
                    jitter
                } else {
                    random.random_range(Duration::ZERO..=jitter)
                },
            )
        };
        sleep(late).await;
        for number in 1.. {
            // Cannot fail: `self` holds the sender.
            let _ = self.habits.subscribe().wait_for(|habits| !habits.is_held).await;
            match self.attempt(&emission, number).await {
                Some(429 | 500..=599) | None => {
                    if number > self.repeats.most {
                        return;
                    }
                    sleep(self.repeats.first * 2_u32.saturating_pow(number - 1)).await;
                }
                // Any other answer is an end, whether it pleased or not.
                Some(_) if again => again = false,
                Some(_) => return,
            }
        }
    }

    async fn attempt(&self, emission: &Emission, number: u32) -> Option<u16> {
        let at_ms = clock::now_ms();
        let parameters = self.at(emission, at_ms);
        let status = self.send(&emission.url, &parameters, emission.manner).await;
        self.attempts.change(|attempts| {
            if attempts.len() == self.attempts_max {
                attempts.pop_front();
            }
            attempts.push_back(Attempt {
                at_ms,
                url: emission.url.clone(),
                parameters,
                manner: emission.manner,
                number,
                status,
            });
        });
        status
    }

    /// Signed anew at every try, as a signature has a time.
    fn at(&self, emission: &Emission, at_ms: u64) -> Parameters {
        let mut parameters = emission.parameters.clone();
        if let Some(signature) = &emission.signature {
            parameters.insert("timestamp".into(), (at_ms / 1000).to_string());
            parameters.insert("nonce".into(), uuid(&mut lock(&self.random)));
            let sig = signature.of(&parameters);
            parameters.insert(SIG.into(), sig);
        }
        parameters
    }

    async fn send(&self, url: &str, parameters: &Parameters, manner: Manner) -> Option<u16> {
        let mut url = Url::parse(url).ok()?;
        let form = || {
            url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(parameters)
                .finish()
        };
        let request = match manner {
            Manner::Get => {
                url.query_pairs_mut().extend_pairs(parameters);
                self.client.get(url)
            }
            Manner::Form => self
                .client
                .post(url)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body(form()),
            Manner::Json => {
                let object: serde_json::Map<String, Value> = parameters
                    .iter()
                    .map(|(name, value)| (name.clone(), Value::String(value.clone())))
                    .collect();
                self.client
                    .post(url)
                    .header("Content-Type", "application/json")
                    .body(Value::Object(object).to_string())
            }
        };
        request.send().await.ok().map(|response| response.status().as_u16())
    }

    pub(crate) fn attempts(&self) -> Vec<Attempt> {
        self.attempts.read(|attempts| attempts.iter().cloned().collect())
    }

    pub(crate) async fn wait_for(&self, timeout: Duration, until: impl Fn(&[Attempt]) -> bool) -> Result<Vec<Attempt>, TimedOut> {
        self.attempts
            .wait_for(timeout, |attempts| {
                let attempts = attempts.make_contiguous();
                until(attempts).then(|| attempts.to_vec())
            })
            .await
    }
}
