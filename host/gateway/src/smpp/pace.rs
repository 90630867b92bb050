//! Deliveries that a bind has in its hands and that its account's rate does not let pass yet, in their order.

use crate::rate::Bucket;
use edgebind_ledger::Claim;
use edgebind_runtime::message::Delivery;
use std::collections::VecDeque;
use tokio::time::Instant;

/// What waits for the rate.
pub struct Pace {
    waiting: VecDeque<(Claim, Delivery)>,
    passes_at: Instant,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            passes_at: Instant::now(),
        }
    }
}

impl Pace {
    /// One more.
    pub fn push(&mut self, claim: Claim, delivery: Delivery) {
        self.waiting.push_back((claim, delivery));
    }

    /// The next that may pass now. None while the rate is used up; [`Pace::passes_at`] says until when.
    pub fn next(&mut self, rate: Option<&Bucket>) -> Option<(Claim, Delivery)> {
        if self.waiting.is_empty() {
            return None;
        }
        if let Some(Err(wait)) = rate.map(Bucket::take_one) {
            self.passes_at = Instant::now() + wait;
            return None;
        }
        self.waiting.pop_front()
    }

    /// When the first of them may pass.
    pub fn passes_at(&self) -> Instant {
        self.passes_at
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// All of them, for others.
    pub fn take_all(&mut self) -> impl Iterator<Item = Claim> {
        self.waiting.drain(..).map(|(claim, _)| claim)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Rate,
        work::{
            deliveries,
            entry::{self, Outgoing},
        },
    };
    use edgebind_ledger::{Ledger as _, Memory, NewEntry, system_clock};
    use edgebind_runtime::message::{Address, Alert};
    use std::time::Duration;

    async fn claims(count: usize) -> Vec<Claim> {
        let address = || Address {
            ton: 1,
            npi: 1,
            digits: "447700900200".into(),
        };
        let alert = Alert {
            source: address(),
            destination: address(),
            availability: None,
        };
        let delivery = Outgoing {
            delivery: Delivery::Alert(alert),
        };
        let ledger = Memory::new(0, system_clock()).unwrap();
        let entries = (0..count).map(|_| NewEntry::new("deliver/acme/esme", entry::encode(&delivery)));
        ledger.append(entries.collect()).await.unwrap();
        ledger
            .claim("deliver/acme/esme", count, Duration::from_secs(60))
            .await
            .unwrap()
    }

    async fn pace(count: usize) -> Pace {
        let mut pace = Pace::default();
        for claim in claims(count).await {
            let delivery = deliveries::read(&claim).unwrap();
            pace.push(claim, delivery);
        }
        pace
    }

    #[tokio::test]
    async fn a_burst_passes_and_the_rest_waits_in_its_order() {
        let mut pace = pace(5).await;
        let rate = Bucket::new(Rate { per_second: 1, burst: 3 });
        let mut passed = Vec::new();
        while let Some((claim, _)) = pace.next(rate.as_ref()) {
            passed.push(claim.id);
        }
        assert_eq!((passed.len(), pace.len()), (3, 2));
        assert!(pace.passes_at() > Instant::now());
        passed.extend(pace.take_all().map(|claim| claim.id));
        assert!(passed.is_sorted() && pace.is_empty());
    }

    #[tokio::test]
    async fn without_a_rate_all_pass() {
        let mut pace = pace(5).await;
        assert_eq!(std::iter::from_fn(|| pace.next(None)).count(), 5);
        assert!(pace.is_empty());
    }
}
