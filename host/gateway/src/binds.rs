//! Every open bind, for those who list them and those who end them. What is counted here is written by the bind's driver and read
//! by nobody on the way of a message.

use crate::{account::Account, tenant::Tenant};
use edgebind_smpp::CommandId;
use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};
use tokio_util::sync::CancellationToken;

/// How many, and how fast lately.
#[derive(Default)]
pub struct Pace {
    total: AtomicU64,
    /// Number of the span of time that `now` counts in; `before` is of the one before it.
    span: AtomicU64,
    now: AtomicU64,
    before: AtomicU64,
}

/// The span of time that a pace is told from.
const SPAN_MS: u64 = 10_000;

impl Pace {
    /// So many more at this time. By one thread at a time.
    pub fn count(&self, now: u64, more: u64) {
        self.total.fetch_add(more, Ordering::Relaxed);
        let span = now / SPAN_MS;
        let counted = self.span.swap(span, Ordering::Relaxed);
        if counted != span {
            let last = self.now.swap(0, Ordering::Relaxed);
            self.before
                .store(if counted + 1 == span { last } else { 0 }, Ordering::Relaxed);
        }
        self.now.fetch_add(more, Ordering::Relaxed);
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// How many a second, over the span before this time.
    pub fn per_second(&self, now: u64) -> f64 {
        let (span, part) = (now / SPAN_MS, (now % SPAN_MS) as f64 / SPAN_MS as f64);
        let counted = self.span.load(Ordering::Relaxed);
        let (current, before) = (
            self.now.load(Ordering::Relaxed) as f64,
            self.before.load(Ordering::Relaxed) as f64,
        );
        let lately = match span.saturating_sub(counted) {
            0 => current + before * (1.0 - part),
            1 => current * (1.0 - part),
            _ => 0.0,
        };
        lately * 1e3 / SPAN_MS as f64
    }
}

/// The binds that are open now.
#[derive(Default)]
pub struct Binds {
    open: Mutex<BTreeMap<u64, Arc<OpenBind>>>,
    last: AtomicU64,
}

/// What is known of one of them.
pub struct OpenBind {
    /// Unique in the process.
    pub id: u64,
    /// Whose it is.
    pub tenant: Arc<Tenant>,
    /// As whom it is bound.
    pub account: Arc<Account>,
    /// The bind request that it came with.
    pub kind: CommandId,
    /// Where it came from.
    pub address: IpAddr,
    /// Since when, in milliseconds of Unix time.
    pub since: u64,
    /// Cancelled when it is to unbind.
    pub end: CancellationToken,
    /// The session release that it runs.
    pub revision: AtomicU64,
    /// Why it does not run the release in use.
    pub stays: Mutex<Option<String>>,
    /// Deliveries that it takes at a time.
    pub window: AtomicUsize,
    /// Deliveries that it has not settled.
    pub delivering: AtomicUsize,
    /// Messages that wait for the disk.
    pub appending: AtomicUsize,
    /// Messages that were accepted of it.
    pub accepted: Pace,
    /// Deliveries that it has settled.
    pub delivered: Pace,
}

impl Binds {
    /// Enters a bind.
    pub fn enter(
        &self,
        tenant: &Arc<Tenant>,
        account: &Arc<Account>,
        kind: CommandId,
        address: IpAddr,
        now: u64,
        end: CancellationToken,
    ) -> Arc<OpenBind> {
        let bind = Arc::new(OpenBind {
            id: self.last.fetch_add(1, Ordering::Relaxed) + 1,
            tenant: tenant.clone(),
            account: account.clone(),
            kind,
            address,
            since: now,
            end,
            revision: AtomicU64::new(0),
            stays: Mutex::default(),
            window: AtomicUsize::new(0),
            delivering: AtomicUsize::new(0),
            appending: AtomicUsize::new(0),
            accepted: Pace::default(),
            delivered: Pace::default(),
        });
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.insert(bind.id, bind.clone());
        bind
    }

    /// Takes a bind out.
    pub fn leave(&self, id: u64) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    /// All of them, in the order in which they came.
    pub fn all(&self) -> Vec<Arc<OpenBind>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.values().cloned().collect()
    }

    /// One of them.
    pub fn get(&self, id: u64) -> Option<Arc<OpenBind>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Tells those to unbind that are not served any more: their tenant or account was suspended or removed.
    pub fn end_unserved(&self) {
        for bind in self.all() {
            if !bind.tenant.serves(&bind.account) {
                bind.end.cancel();
            }
        }
    }
}

impl OpenBind {
    /// Why it does not run the release in use.
    pub fn stays_because(&self, why: Option<String>) {
        *self.stays.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_that_of_the_last_ten_seconds() {
        let pace = Pace::default();
        for second in 0..20 {
            pace.count(1_000_000 + second * 1_000, 100);
        }
        assert_eq!(pace.total(), 2_000);
        let lately = pace.per_second(1_020_000);
        assert!((lately - 100.0).abs() < 1.0, "{lately}");
        let half = pace.per_second(1_025_000);
        assert!((half - 50.0).abs() < 1.0, "{half}");
        assert_eq!(pace.per_second(1_060_000), 0.0);
    }
}
