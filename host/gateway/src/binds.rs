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
    pub accepted: AtomicU64,
    /// Deliveries that it has settled.
    pub delivered: AtomicU64,
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
            accepted: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
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
