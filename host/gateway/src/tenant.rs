//! A tenant at run time: its releases, its accounts, what it may reach and how much of everything it gets.

use crate::{
    clock::millis,
    config::{self, Mode, OverRate, Secrets},
    http::egress::Allowed,
    limits::{MEMO_OCTETS_MAX, MEMOS_MAX},
    rate::{Bucket, Meter},
    receivers::Receivers,
    vault::Credentials,
};
use edgebind_runtime::{SessionComponent, Slot, TranslatorComponent, message::Setting, translator::Memo};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::Semaphore;

/// One customer of the operator.
pub struct Tenant {
    /// Its name, unique in the process.
    pub name: Arc<str>,
    /// What was configured.
    pub config: config::Tenant,
    /// The session release in use.
    pub session: Slot<SessionComponent>,
    /// The translator release in use.
    pub translator: Slot<TranslatorComponent>,
    /// What egress may do for it.
    pub allowed: Allowed,
    /// One place for each submission that may be under way at a time.
    pub places: Arc<Semaphore>,
    /// What its translator asked to have remembered.
    pub memos: Memos,
    /// What all of its accounts together may submit.
    rate_total: Option<Arc<Bucket>>,
    accounts: Mutex<HashMap<Arc<str>, Arc<Account>>>,
}

impl Tenant {
    /// A tenant that uses these releases.
    pub fn new(config: config::Tenant, session: Slot<SessionComponent>, translator: Slot<TranslatorComponent>) -> Self {
        let rate_total = config.rate_total.and_then(Bucket::new).map(Arc::new);
        let accounts = match &config.mode {
            Mode::PassThrough => HashMap::new(),
            Mode::Accounts(accounts) => accounts
                .iter()
                .map(|account| {
                    let account = Arc::new(Account::configured(account, &config, rate_total.clone()));
                    (account.name.clone(), account)
                })
                .collect(),
        };
        Self {
            name: config.name.as_str().into(),
            session,
            translator,
            allowed: Allowed::new(&config),
            places: Arc::new(Semaphore::new(config.egress_concurrency)),
            memos: Memos::default(),
            rate_total,
            accounts: Mutex::new(accounts),
            config,
        }
    }

    /// The account of this name, if it is configured or was let in.
    pub fn account(&self, name: &str) -> Option<Arc<Account>> {
        self.accounts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }

    /// Lets in an account whose credentials the upstream has accepted, with these credentials from now on.
    pub fn let_in(&self, name: &str, credentials: &Credentials) -> Arc<Account> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let account = accounts.entry(name.into()).or_insert_with(|| {
            let config = &self.config;
            Arc::new(Account {
                meter: Meter::new(config.rate, self.rate_total.clone(), millis(config.parts_timeout)),
                ..Account::passing_through(name, config)
            })
        });
        account.set_credentials(credentials);
        account.clone()
    }

    /// The alias of an upstream's id in the ledger.
    pub fn alias(&self, upstream_id: &str) -> Vec<u8> {
        format!("upstream/{}/{upstream_id}", self.name).into_bytes()
    }

    /// The account that an incoming message is for, which came to the URL of `heard`: the one that its destination is routed to,
    /// else the one that gets the rest, else the one whose URL it is.
    pub fn account_of(&self, destination: &str, heard: &Arc<str>) -> Arc<str> {
        let routed = self.config.incoming.iter().find(|route| route.to.is_match(destination));
        routed
            .map(|route| &route.account)
            .or(self.config.incoming_account.as_ref())
            .map_or_else(|| heard.clone(), |account| account.as_str().into())
    }

    /// Whether news of one account's messages may come to the other's URL: configured accounts have one upstream login
    /// between them, pass-through accounts have each their own and must not speak for one another.
    pub fn shares_upstream(&self, one: &str, other: &str) -> bool {
        one == other || matches!(self.config.mode, Mode::Accounts(_))
    }

    /// Counts a guest call that failed.
    pub fn count_fault(&self, world: &'static str) {
        metrics::counter!("edgebind_guest_faults_total", "tenant" => self.name.clone(), "world" => world).increment(1);
    }
}

/// Who binds: a system_id with what belongs to it.
pub struct Account {
    /// The system_id; octets above 0x7F as the Latin-1 characters of the same number.
    pub name: Arc<str>,
    /// Settings for the session, over those of its release.
    pub session_settings: Vec<Setting>,
    /// Settings for the translator, over those of its release.
    pub translator_settings: Vec<Setting>,
    /// Binds it may have at a time.
    pub binds_max: usize,
    /// Entries that may wait for its upstream, and for its ESME: one more webhook is answered with 503, and the upstream repeats it.
    pub queue_max: usize,
    /// Whether its webhooks are registered, as far as this process knows.
    pub attached: tokio::sync::Mutex<bool>,
    /// How fast it may submit.
    pub meter: Meter,
    /// What becomes of more.
    pub over_rate: OverRate,
    /// Its open binds that take deliveries.
    pub receivers: Receivers,
    secrets: Mutex<Arc<Secrets>>,
    binds: AtomicUsize,
}

impl Account {
    fn configured(account: &config::Account, tenant: &config::Tenant, rate_total: Option<Arc<Bucket>>) -> Self {
        Self {
            session_settings: account.session_settings.clone(),
            translator_settings: account.translator_settings.clone(),
            binds_max: account.binds_max,
            queue_max: account.queue_max,
            meter: Meter::new(account.rate, rate_total, millis(tenant.parts_timeout)),
            over_rate: account.over_rate,
            ..Self::passing_through(&account.system_id, tenant)
        }
    }

    /// An account that is known by its upstream's credentials alone: what every account of its tenant has unless it says
    /// otherwise, and no bound on its rate.
    pub fn passing_through(name: &str, tenant: &config::Tenant) -> Self {
        Self {
            name: name.into(),
            session_settings: Vec::new(),
            translator_settings: Vec::new(),
            binds_max: tenant.binds_max,
            queue_max: tenant.queue_max,
            attached: tokio::sync::Mutex::new(false),
            meter: Meter::default(),
            over_rate: tenant.over_rate,
            receivers: Receivers::default(),
            secrets: Mutex::new(Arc::new(Secrets::new(tenant.secrets.clone()))),
            binds: AtomicUsize::new(0),
        }
    }

    /// From now on these are the upstream's credentials.
    pub fn set_credentials(&self, credentials: &Credentials) {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let upstream = [
            ("upstream.user", &credentials.user),
            ("upstream.password", &credentials.password),
        ];
        *secrets = Arc::new(secrets.with(&upstream));
    }

    /// The secrets that requests for this account may name.
    pub fn secrets(&self) -> Arc<Secrets> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A release's settings with an account's over them.
    pub fn settings(&self, release: &[Setting], own: &[Setting]) -> Vec<Setting> {
        release.iter().chain(own).cloned().collect()
    }

    /// Counts a bind, unless that would be one too many.
    pub fn bind_came(&self) -> bool {
        self.binds
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |binds| {
                (binds < self.binds_max).then_some(binds + 1)
            })
            .is_ok()
    }

    /// A bind that was counted ended.
    pub fn bind_went(&self) {
        self.binds.fetch_sub(1, Ordering::AcqRel);
    }

    /// Its open binds.
    pub fn binds(&self) -> usize {
        self.binds.load(Ordering::Acquire)
    }
}

/// A memo and the time that it is kept until.
type Kept = (u64, Vec<u8>);

/// Bytes that translators asked to have handed back, one memo an account, in memory only.
#[derive(Debug, Default)]
pub struct Memos {
    by_account: Mutex<HashMap<Arc<str>, Kept>>,
}

impl Memos {
    /// The memo of an account, unless its time is over.
    pub fn get(&self, account: &str, now: u64) -> Option<Vec<u8>> {
        let memos = self.by_account.lock().unwrap_or_else(PoisonError::into_inner);
        memos
            .get(account)
            .filter(|(until, _)| *until > now)
            .map(|(_, bytes)| bytes.clone())
    }

    /// Replaces the memo of an account. One that is too large, or one too many, is not kept: the translator asks again.
    pub fn put(&self, account: &Arc<str>, memo: Memo, now: u64) {
        let mut memos = self.by_account.lock().unwrap_or_else(PoisonError::into_inner);
        if memo.bytes.len() > MEMO_OCTETS_MAX {
            memos.remove(account);
            return;
        }
        if memos.len() >= MEMOS_MAX && !memos.contains_key(account) {
            memos.retain(|_, (until, _)| *until > now);
        }
        if memos.len() < MEMOS_MAX || memos.contains_key(account) {
            memos.insert(account.clone(), (now.saturating_add(memo.ttl_ms), memo.bytes));
        }
    }
}
