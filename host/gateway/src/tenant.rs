//! A tenant at run time: its releases, its accounts, what it may reach and how much of everything it gets. The same value for as
//! long as the tenant is there; what is configured of it may change under those who hold it.

use crate::{
    account::{Account, Terms},
    allowance,
    config::{self, Mode},
    http::egress::Allowed,
    memos::Memos,
    outages::Outages,
    rate::Bucket,
    releases::Releases,
    vault::Credentials,
};
use arc_swap::{ArcSwap, ArcSwapOption};
use edgebind_runtime::{Allowance, Limits, SessionComponent, Slot, TranslatorComponent};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tokio::{
    sync::{Semaphore, watch},
    time::timeout,
};

/// One customer of the operator.
pub struct Tenant {
    /// Its name, unique in the process.
    pub name: Arc<str>,
    /// The session release in use.
    pub session: Slot<SessionComponent>,
    /// The translator release in use.
    pub translator: Slot<TranslatorComponent>,
    /// How these fare, and what was before them.
    pub releases: Releases,
    /// What its guests may use together: every component that is put in a slot is taken within it.
    pub allowance: Arc<Allowance>,
    /// What guests may use of which nothing else is configured.
    limits: Limits,
    /// One place for each submission that may be under way at a time.
    pub places: Arc<Semaphore>,
    /// Its upstreams that do not answer.
    pub outages: Outages,
    /// What its translator asked to have remembered.
    pub memos: Memos,
    /// Told when a release or anything configured has changed; binds and workers look then.
    pub changes: watch::Sender<()>,
    config: ArcSwap<config::Tenant>,
    /// What egress may do for it.
    allowed: ArcSwap<Allowed>,
    /// What all of its accounts together may submit.
    rate_total: ArcSwapOption<Bucket>,
    accounts: Mutex<HashMap<Arc<str>, Arc<Account>>>,
    binds: AtomicUsize,
    is_gone: AtomicBool,
}

impl Tenant {
    /// A tenant that uses these releases.
    pub fn new(
        config: config::Tenant,
        session: Slot<SessionComponent>,
        translator: Slot<TranslatorComponent>,
        releases: Releases,
        (allowance, limits): (Arc<Allowance>, Limits),
    ) -> Self {
        let tenant = Self {
            name: config.name.as_str().into(),
            session,
            translator,
            releases,
            allowance,
            limits,
            allowed: ArcSwap::from_pointee(Allowed::new(&config)),
            places: Arc::new(Semaphore::new(config.egress_concurrency)),
            outages: Outages::default(),
            memos: Memos::default(),
            changes: watch::Sender::new(()),
            rate_total: ArcSwapOption::new(config.rate_total.and_then(Bucket::new).map(Arc::new)),
            accounts: Mutex::default(),
            binds: AtomicUsize::new(0),
            is_gone: AtomicBool::new(false),
            config: ArcSwap::from_pointee(config),
        };
        tenant.bring_accounts_in_line();
        tenant
    }

    /// What is configured now.
    pub fn config(&self) -> arc_swap::Guard<Arc<config::Tenant>> {
        self.config.load()
    }

    /// What egress may do for it now.
    pub fn allowed(&self) -> Arc<Allowed> {
        self.allowed.load_full()
    }

    /// From now on this is configured. Its name and its mode stay what they are.
    pub fn change(&self, config: config::Tenant) {
        let before = self.config.load_full();
        if config.rate_total != before.rate_total {
            self.rate_total.store(config.rate_total.and_then(Bucket::new).map(Arc::new));
        }
        self.allowed.store(Arc::new(Allowed::new(&config)));
        let (places, places_before) = (config.egress_concurrency, before.egress_concurrency);
        self.allowance.change(allowance::limits(&config.guest, &self.limits.guest));
        self.config.store(Arc::new(config));
        self.bring_accounts_in_line();
        if places > places_before {
            self.places.add_permits(places - places_before);
        } else if places < places_before {
            let fewer = u32::try_from(places_before - places).unwrap_or(u32::MAX);
            let all = self.places.clone();
            // As they are given back: nothing under way is cut off.
            tokio::spawn(async move {
                if let Ok(taken) = all.acquire_many_owned(fewer).await {
                    taken.forget();
                }
            });
        }
        self.tell();
    }

    /// Tells everybody who waits for a change of this tenant that there is one.
    pub fn tell(&self) {
        self.changes.send_replace(());
    }

    /// It was removed, with its accounts: whoever still holds them lets go of them.
    pub fn remove(&self) {
        self.is_gone.store(true, Ordering::Release);
        for account in self.accounts() {
            account.remove();
        }
        self.tell();
    }

    /// Whether an account may bind, and its work be done: neither it nor the tenant is suspended or removed.
    pub fn serves(&self, account: &Account) -> bool {
        !self.is_gone.load(Ordering::Acquire)
            && !account.is_gone()
            && !self.config.load().is_suspended
            && !account.terms().is_suspended
    }

    /// What guests may use of which nothing else is configured, and what they share.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// An allowance like its own of which nothing is used: for calls that try something out, and neither take a place from those that
    /// serve nor want for one.
    pub fn apart(&self) -> Arc<Allowance> {
        Allowance::new((**self.allowance.limits()).clone(), self.allowance.voice().clone())
    }

    /// Waits while the share of a processor that its guests have is used up: to be called before one of them is.
    pub async fn rest(&self) {
        let mut changes = None;
        while let Some(rest) = self.allowance.wait() {
            let changes = changes.get_or_insert_with(|| self.changes.subscribe());
            // Another share may be configured meanwhile.
            let _ = timeout(rest, changes.changed()).await;
        }
    }

    /// Counts a bind of this account, unless that would be one too many of it or of all; then how many are open that may be.
    pub fn bind_came(&self, account: &Account) -> Result<(), usize> {
        if !account.bind_came() {
            return Err(account.terms().binds_max);
        }
        let max = self.config.load().binds_total_max.unwrap_or(usize::MAX);
        let one_more = |binds| (binds < max).then_some(binds + 1);
        if self
            .binds
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more)
            .is_err()
        {
            account.bind_went();
            return Err(max);
        }
        Ok(())
    }

    /// A bind that was counted ended.
    pub fn bind_went(&self, account: &Account) {
        self.binds.fetch_sub(1, Ordering::AcqRel);
        account.bind_went();
    }

    /// The account of this name, if it is configured or was let in.
    pub fn account(&self, name: &str) -> Option<Arc<Account>> {
        self.accounts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }

    /// Whether more than one account shares what the tenant has.
    pub fn has_several_accounts(&self) -> bool {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner).len() > 1
    }

    /// Every account that is configured or was let in.
    pub fn accounts(&self) -> Vec<Arc<Account>> {
        let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.values().cloned().collect()
    }

    /// Lets in an account whose credentials the upstream has accepted, with these credentials from now on.
    pub fn let_in(&self, name: &str, credentials: &Credentials) -> Arc<Account> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let account = accounts
            .entry(name.into())
            .or_insert_with(|| Arc::new(self.passing_through(name)));
        account.set_credentials(credentials);
        account.clone()
    }

    /// An account that is known by its upstream's credentials alone, and that nobody let in.
    pub fn passing_through(&self, name: &str) -> Account {
        Account::passing_through(name, &self.config.load(), self.rate_total.load_full().as_ref())
    }

    /// Whether its accounts are its upstream's.
    pub fn is_pass_through(&self) -> bool {
        matches!(self.config.load().mode, Mode::PassThrough)
    }

    /// The alias of an upstream's id in the ledger.
    pub fn alias(&self, upstream_id: &str) -> Vec<u8> {
        format!("upstream/{}/{upstream_id}", self.name).into_bytes()
    }

    /// The account that an incoming message is for, which came to the URL of `heard`: the one that its destination is routed to,
    /// else the one that gets the rest, else the one whose URL it is.
    pub fn account_of(&self, destination: &str, heard: &Arc<str>) -> Arc<str> {
        let config = self.config.load();
        let routed = config.incoming.iter().find(|route| route.to.is_match(destination));
        routed
            .map(|route| &route.account)
            .or(config.incoming_account.as_ref())
            .map_or_else(|| heard.clone(), |account| account.as_str().into())
    }

    /// Whether news of one account's messages may come to the other's URL: configured accounts have one upstream login
    /// between them, pass-through accounts have each their own and must not speak for one another.
    pub fn shares_upstream(&self, one: &str, other: &str) -> bool {
        one == other || !self.is_pass_through()
    }

    /// Gives every account what is configured for it now, and removes those that are configured no more.
    fn bring_accounts_in_line(&self) {
        let (config, rate_total) = (self.config.load(), self.rate_total.load_full());
        let rate_total = rate_total.as_ref();
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let Mode::Accounts(configured) = &config.mode else {
            for account in accounts.values() {
                account.change(Terms::passing_through(&config, rate_total));
            }
            return;
        };
        for account in configured {
            match accounts.get(account.system_id.as_str()) {
                Some(known) => known.change(Terms::configured(account, &config, rate_total)),
                None => {
                    let new = Arc::new(Account::configured(account, &config, rate_total));
                    accounts.insert(new.name.clone(), new);
                }
            }
        }
        accounts.retain(|name, account| {
            let stays = configured.iter().any(|configured| *configured.system_id == **name);
            if !stays {
                account.remove();
            }
            stays
        });
    }
}
