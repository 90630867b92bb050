//! Every tenant of the process, by the names under which it is looked for. Changed whole: whoever looks sees all of a change or
//! nothing of it.

use crate::{account::Account, tenant::Tenant};
use arc_swap::ArcSwap;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// The tenants that there are now.
#[derive(Default)]
pub struct Directory {
    listing: ArcSwap<Listing>,
    /// Held while the listing is replaced.
    changing: Mutex<()>,
}

#[derive(Default)]
struct Listing {
    /// In the order of their names.
    tenants: Arc<[Arc<Tenant>]>,
    by_name: HashMap<Arc<str>, Arc<Tenant>>,
    /// Configured accounts only: who passes through is known to one tenant's upstream.
    by_system_id: HashMap<Arc<str>, (Arc<Tenant>, Arc<Account>)>,
    pass_through: Option<Arc<Tenant>>,
}

impl Directory {
    /// A directory of these.
    pub fn new(tenants: Vec<Arc<Tenant>>) -> Self {
        Self {
            listing: ArcSwap::from_pointee(Listing::of(tenants)),
            changing: Mutex::default(),
        }
    }

    /// All of them, in the order of their names.
    pub fn tenants(&self) -> Arc<[Arc<Tenant>]> {
        self.listing.load().tenants.clone()
    }

    /// The tenant of this name.
    pub fn tenant(&self, name: &str) -> Option<Arc<Tenant>> {
        self.listing.load().by_name.get(name).cloned()
    }

    /// The configured account of this system_id, and whose it is.
    pub fn account(&self, system_id: &str) -> Option<(Arc<Tenant>, Arc<Account>)> {
        self.listing.load().by_system_id.get(system_id).cloned()
    }

    /// The tenant whose upstream knows who may bind.
    pub fn pass_through(&self) -> Option<Arc<Tenant>> {
        self.listing.load().pass_through.clone()
    }

    /// Puts a tenant in, in the place of one of the same name if there is one; also after its accounts have changed.
    pub fn put(&self, tenant: &Arc<Tenant>) {
        self.replace(&tenant.name, Some(tenant));
    }

    /// Takes a tenant out.
    pub fn remove(&self, name: &str) -> Option<Arc<Tenant>> {
        let removed = self.tenant(name)?;
        self.replace(name, None);
        Some(removed)
    }

    fn replace(&self, name: &str, tenant: Option<&Arc<Tenant>>) {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let tenants = self.tenants();
        let others = tenants.iter().filter(|other| *other.name != *name);
        self.listing
            .store(Arc::new(Listing::of(others.chain(tenant).cloned().collect())));
    }
}

impl Listing {
    fn of(mut tenants: Vec<Arc<Tenant>>) -> Self {
        tenants.sort_by(|one, other| one.name.cmp(&other.name));
        let pass_through = tenants.iter().find(|tenant| tenant.is_pass_through()).cloned();
        let with_accounts = tenants.iter().filter(|tenant| !tenant.is_pass_through());
        let by_system_id = with_accounts
            .flat_map(|tenant| tenant.accounts().into_iter().map(|account| (tenant.clone(), account)))
            .map(|(tenant, account)| (account.name.clone(), (tenant, account)))
            .collect();
        let by_name = tenants.iter().map(|tenant| (tenant.name.clone(), tenant.clone())).collect();
        Self {
            tenants: tenants.into(),
            by_name,
            by_system_id,
            pass_through,
        }
    }
}
