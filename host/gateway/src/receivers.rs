//! The open binds of one account that take deliveries. Each claims for itself; what it does not serve it hands to one that does.

use crate::limits::ADDRESS_RANGE_OCTETS_MAX;
use edgebind_ledger::Claim;
use regex_lite::{Regex, RegexBuilder};
use std::sync::{Mutex, PoisonError};
use tokio::sync::mpsc;

/// Open binds that take deliveries.
#[derive(Default)]
pub struct Receivers {
    open: Mutex<Vec<Receiver>>,
}

/// One of them.
struct Receiver {
    bind: u64,
    serves: Serves,
    /// Boxed: a channel keeps room for some of them from the beginning, in every bind.
    hand: mpsc::Sender<Box<Claim>>,
}

/// Which incoming messages a bind takes, by their destination.
#[derive(Clone, Debug, Default)]
pub struct Serves(Option<Regex>);

impl Serves {
    /// What a session said of it. An expression that cannot be read is as none.
    pub fn new(addresses: Option<&str>) -> Self {
        Self(addresses.and_then(|addresses| {
            RegexBuilder::new(addresses)
                .size_limit(ADDRESS_RANGE_OCTETS_MAX)
                .build()
                .inspect_err(|error| tracing::warn!("address_range is ignored: {error}"))
                .ok()
        }))
    }

    /// Whether a message to this address is one of them.
    pub fn takes(&self, destination: &str) -> bool {
        self.0.as_ref().is_none_or(|serves| serves.is_match(destination))
    }
}

impl Receivers {
    /// A bind takes deliveries from now on, or takes others than before.
    pub fn came(&self, bind: u64, serves: Serves, hand: mpsc::Sender<Box<Claim>>) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|receiver| receiver.bind != bind);
        open.push(Receiver { bind, serves, hand });
    }

    /// A bind takes none any more.
    pub fn went(&self, bind: u64) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|receiver| receiver.bind != bind);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Hands a message for this destination to a bind that serves it, the one that was handed something longest ago. The error
    /// is the claim: none serves it, or those that do have their hands full.
    pub fn hand_over(&self, claim: Claim, destination: &str) -> Result<(), Claim> {
        let mut claim = Box::new(claim);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for place in 0..open.len() {
            if !open[place].serves.takes(destination) {
                continue;
            }
            match open[place].hand.try_send(claim) {
                Ok(()) => {
                    let receiver = open.remove(place);
                    open.push(receiver);
                    return Ok(());
                }
                Err(mpsc::error::TrySendError::Full(refused) | mpsc::error::TrySendError::Closed(refused)) => claim = refused,
            }
        }
        Err(*claim)
    }
}
