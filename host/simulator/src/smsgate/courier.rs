//! Carries webhooks from the phones to whoever registered them: signs, sends one at a time, repeats what was not answered 2xx.
//!
//! It knows nothing of messages: an emission is a body for a URL.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::hmac;
use rand::RngExt;
use rand::rngs::StdRng;
use tokio::time::Instant;

use crate::clock;
use crate::repeats::Repeats;
use crate::wait::{TimedOut, Watched, lock};

/// One try at one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it was begun, in milliseconds since 1970.
    pub at_ms: u64,
    /// The emission's id: the same over its attempts.
    pub id: String,
    /// `sms:sent`, ...
    pub event: String,
    /// Where to.
    pub url: String,
    /// What was sent there.
    pub body: Arc<str>,
    /// 1 for the first.
    pub number: u32,
    /// The answer; none if there was none.
    pub status: Option<u16>,
}

/// A body for a URL.
#[derive(Debug, Clone)]
pub(crate) struct Emission {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) url: String,
    pub(crate) body: Arc<str>,
    pub(crate) key: Option<String>,
}

#[derive(Debug, Clone)]
struct Waiting {
    emission: Emission,
    number: u32,
    /// Comes once more although it was answered.
    again: bool,
}

#[derive(Default)]
struct Queue {
    /// By phone, by due time and order.
    phones: Vec<BTreeMap<(Instant, u64), Waiting>>,
    order: u64,
    held: bool,
    double: f64,
    repeat: f64,
    jitter: Duration,
}

impl Queue {
    fn push(&mut self, phone: usize, due: Instant, waiting: Waiting) {
        self.order += 1;
        let order = self.order;
        if let Some(queue) = self.phones.get_mut(phone) {
            queue.insert((due, order), waiting);
        }
    }
}

enum Due {
    Now(Waiting),
    At(Instant),
    Never,
}

pub(crate) struct Courier {
    queue: Watched<Queue>,
    attempts: Watched<VecDeque<Attempt>>,
    /// The oldest attempts are forgotten beyond this many.
    attempts_max: usize,
    repeats: Repeats,
    client: reqwest::Client,
    random: Arc<Mutex<StdRng>>,
}

impl Courier {
    pub(crate) fn new(
        phones: usize,
        attempts_max: usize,
        repeats: Repeats,
        random: Arc<Mutex<StdRng>>,
    ) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .user_agent("me.capcom.smsgateway/1.66.1")
            .timeout(repeats.answer_timeout)
            .no_proxy()
            .build()?;
        let queue = Queue {
            phones: vec![BTreeMap::new(); phones],
            ..Queue::default()
        };
        Ok(Self {
            queue: Watched::new(queue),
            attempts: Watched::new(VecDeque::new()),
            attempts_max,
            repeats,
            client,
            random,
        })
    }

    /// Whether this emission shall be followed by a second one of the same payload.
    pub(crate) fn doubles(&self) -> bool {
        let share = self.queue.read(|queue| queue.double);
        share > 0.0 && lock(&self.random).random_bool(share)
    }

    pub(crate) fn send(&self, phone: usize, emission: Emission) {
        let (again, late) = self.queue.read(|queue| {
            let mut random = lock(&self.random);
            let again = queue.repeat > 0.0 && random.random_bool(queue.repeat);
            let late_ms = u64::try_from(queue.jitter.as_millis()).unwrap_or(u64::MAX);
            (
                again,
                Duration::from_millis(if late_ms == 0 { 0 } else { random.random_range(0..=late_ms) }),
            )
        });
        let waiting = Waiting {
            emission,
            number: 1,
            again,
        };
        self.queue.change(|queue| queue.push(phone, Instant::now() + late, waiting));
    }

    /// Sends what this phone has to send, for ever.
    pub(crate) async fn work(&self, phone: usize) {
        loop {
            let mut changes = self.queue.subscribe();
            match self.queue.take(|queue| next(queue, phone, Instant::now())) {
                Due::Now(waiting) => self.attempt(phone, waiting).await,
                Due::At(due) => tokio::select! {
                    () = tokio::time::sleep_until(due) => {}
                    _ = changes.changed() => {}
                },
                Due::Never => {
                    // Cannot fail: `self` holds the sender.
                    let _ = changes.changed().await;
                }
            }
        }
    }

    async fn attempt(&self, phone: usize, mut waiting: Waiting) {
        let at_ms = clock::now_ms();
        let status = self.post(&waiting.emission, at_ms / 1000).await;
        let Emission {
            id, event, url, body, ..
        } = waiting.emission.clone();
        let number = waiting.number;
        self.attempts.change(|attempts| {
            if attempts.len() == self.attempts_max {
                attempts.pop_front();
            }
            attempts.push_back(Attempt {
                at_ms,
                id,
                event,
                url,
                body,
                number,
                status,
            });
        });
        let taken = status.is_some_and(|status| (200..300).contains(&status));
        let due = match taken {
            true if waiting.again => Instant::now(),
            true => return,
            false if number > self.repeats.most => return,
            false => Instant::now() + self.repeats.first * 2_u32.saturating_pow(number - 1),
        };
        waiting.again &= !taken;
        waiting.number += 1;
        self.queue.change(|queue| queue.push(phone, due, waiting));
    }

    async fn post(&self, emission: &Emission, seconds: u64) -> Option<u16> {
        let mut request = self
            .client
            .post(&emission.url)
            .header("Content-Type", "application/json")
            .body(emission.body.to_string());
        if let Some(key) = &emission.key {
            let timestamp = seconds.to_string();
            request = request
                .header("X-Signature", signature(key, &emission.body, &timestamp))
                .header("X-Timestamp", timestamp);
        }
        request.send().await.ok().map(|response| response.status().as_u16())
    }

    pub(crate) fn double(&self, share: f64) {
        self.queue.change(|queue| queue.double = share.clamp(0.0, 1.0));
    }

    pub(crate) fn repeat(&self, share: f64) {
        self.queue.change(|queue| queue.repeat = share.clamp(0.0, 1.0));
    }

    pub(crate) fn jitter(&self, most: Duration) {
        self.queue.change(|queue| queue.jitter = most);
    }

    pub(crate) fn hold(&self) {
        self.queue.change(|queue| queue.held = true);
    }

    pub(crate) fn release(&self, reversed: bool) {
        self.queue.change(|queue| {
            queue.held = false;
            if reversed {
                let now = Instant::now();
                for phone in 0..queue.phones.len() {
                    for waiting in std::mem::take(&mut queue.phones[phone]).into_values().rev() {
                        queue.push(phone, now, waiting);
                    }
                }
            }
        });
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

fn next(queue: &mut Queue, phone: usize, now: Instant) -> Due {
    if queue.held {
        return Due::Never;
    }
    match queue.phones.get_mut(phone).and_then(BTreeMap::first_entry) {
        None => Due::Never,
        Some(first) if first.key().0 <= now => Due::Now(first.remove()),
        Some(first) => Due::At(first.key().0),
    }
}

/// Lower-case hex HMAC-SHA256 over body and timestamp, as the app makes it.
pub(crate) fn signature(key: &str, body: &str, timestamp: &str) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()));
    context.update(body.as_bytes());
    context.update(timestamp.as_bytes());
    context.sign().as_ref().iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::signature;

    #[test]
    fn the_signature_is_the_one_that_openssl_makes() {
        // printf '%s' '{"a":1}1787212532' | openssl dgst -sha256 -hmac secret
        assert_eq!(
            signature("secret", r#"{"a":1}"#, "1787212532"),
            "49d646fa6d8bf726d6bf3f4a14991624bc969ad429a8430d17787960ea7033a0"
        );
    }
}
