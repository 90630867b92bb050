//! An account at run time: who binds, what it may do now, and what is open of it. What it may do changes while it is bound.

use crate::{
    clock::millis,
    config::{self, CertificateName, Holding, Outbind, OverRate, Rate, Secret, Secrets},
    lull::Lull,
    rate::{Bucket, Meter},
    receivers::Receivers,
    vault::Credentials,
};
use arc_swap::ArcSwap;
use edgebind_runtime::message::Setting;
use edgebind_smpp::CommandStatus;
use ipnet::IpNet;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// Who binds: a system_id with what belongs to it. The same value for as long as the account is there, whatever changes.
pub struct Account {
    /// The system_id; octets above 0x7F as the Latin-1 characters of the same number.
    pub name: Arc<str>,
    /// Whether its webhooks are registered, as far as this process knows.
    pub attached: tokio::sync::Mutex<bool>,
    /// Its open binds that take deliveries.
    pub receivers: Receivers,
    /// Until when its work rests because its upstream does not answer.
    pub lull: Lull,
    /// Whether somebody calls its ESME when deliveries wait.
    pub is_called: AtomicBool,
    terms: ArcSwap<Terms>,
    binds: AtomicUsize,
    is_gone: AtomicBool,
}

/// What an account may do now. Replaced whole when something of it changes.
#[derive(Clone)]
pub struct Terms {
    /// None where the upstream knows the password.
    pub password: Option<Secret>,
    /// Settings for the session, over those of its release.
    pub session_settings: Vec<Setting>,
    /// Settings for the translator, over those of its release.
    pub translator_settings: Vec<Setting>,
    /// Counts changes of `session_settings`: binds that were opened with others move.
    pub settings_revision: u64,
    /// Binds it may have at a time.
    pub binds_max: usize,
    /// The answer to one bind more.
    pub over_binds: CommandStatus,
    /// Entries that may wait for its upstream.
    pub queue_max: usize,
    /// How deliveries are held for its ESME.
    pub holding: Holding,
    /// How fast they go; none is as fast as it takes them.
    pub deliver_rate: Option<Arc<Bucket>>,
    /// How fast it may submit.
    pub meter: Arc<Meter>,
    /// What becomes of more.
    pub over_rate: OverRate,
    /// Where it may bind from; empty for everywhere.
    pub allow_from: Vec<IpNet>,
    /// One of these it must show, over TLS; empty if it need not.
    pub certificates: Vec<CertificateName>,
    /// Where to tell it that deliveries wait.
    pub outbind: Option<Outbind>,
    /// The secrets that requests for it may name.
    pub secrets: Arc<Secrets>,
    /// It may not bind, and its messages wait.
    pub is_suspended: bool,
    rate: Option<Rate>,
}

impl Account {
    /// An account that is configured, in a tenant whose accounts share this rate.
    pub fn configured(account: &config::Account, tenant: &config::Tenant, rate_total: Option<&Arc<Bucket>>) -> Self {
        Self::with(&account.system_id, Terms::configured(account, tenant, rate_total))
    }

    /// An account that is known by its upstream's credentials alone.
    pub fn passing_through(name: &str, tenant: &config::Tenant, rate_total: Option<&Arc<Bucket>>) -> Self {
        Self::with(name, Terms::passing_through(tenant, rate_total))
    }

    fn with(name: &str, terms: Terms) -> Self {
        Self {
            name: name.into(),
            attached: tokio::sync::Mutex::new(false),
            receivers: Receivers::default(),
            lull: Lull::default(),
            is_called: AtomicBool::new(false),
            terms: ArcSwap::from_pointee(terms),
            binds: AtomicUsize::new(0),
            is_gone: AtomicBool::new(false),
        }
    }

    /// What it may do now.
    pub fn terms(&self) -> arc_swap::Guard<Arc<Terms>> {
        self.terms.load()
    }

    /// From now on it may do this.
    pub fn change(&self, terms: Terms) {
        let before = self.terms.load();
        self.terms.store(Arc::new(terms.after(&before)));
    }

    /// From now on these are the upstream's credentials.
    pub fn set_credentials(&self, credentials: &Credentials) {
        self.terms.rcu(|terms| Terms {
            secrets: Arc::new(terms.secrets.with(&credentials.named())),
            ..(**terms).clone()
        });
    }

    /// The secrets that requests for this account may name.
    pub fn secrets(&self) -> Arc<Secrets> {
        self.terms.load().secrets.clone()
    }

    /// Counts a bind, unless that would be one too many.
    pub fn bind_came(&self) -> bool {
        let max = self.terms.load().binds_max;
        self.binds
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |binds| {
                (binds < max).then_some(binds + 1)
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

    /// It was removed: whoever still holds it lets go of it.
    pub fn remove(&self) {
        self.is_gone.store(true, Ordering::Release);
    }

    /// Whether it was removed.
    pub fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Acquire)
    }
}

impl Terms {
    /// What is configured for an account.
    pub fn configured(account: &config::Account, tenant: &config::Tenant, rate_total: Option<&Arc<Bucket>>) -> Self {
        Self {
            password: Some(account.password.clone()),
            session_settings: account.session_settings.clone(),
            translator_settings: account.translator_settings.clone(),
            binds_max: account.binds_max,
            over_binds: account.over_binds,
            queue_max: account.queue_max,
            holding: account.holding,
            deliver_rate: account.holding.rate.and_then(Bucket::new).map(Arc::new),
            meter: meter(account.rate, tenant, rate_total),
            rate: account.rate,
            over_rate: account.over_rate,
            allow_from: account.allow_from.clone(),
            certificates: account.certificates.clone(),
            outbind: account.outbind.clone(),
            is_suspended: account.is_suspended,
            ..Self::passing_through(tenant, rate_total)
        }
    }

    /// What every account of a tenant may do unless it says otherwise.
    pub fn passing_through(tenant: &config::Tenant, rate_total: Option<&Arc<Bucket>>) -> Self {
        Self {
            password: None,
            session_settings: Vec::new(),
            translator_settings: Vec::new(),
            settings_revision: 0,
            binds_max: tenant.binds_max,
            over_binds: CommandStatus::RBINDFAIL,
            queue_max: tenant.queue_max,
            holding: tenant.holding,
            deliver_rate: tenant.holding.rate.and_then(Bucket::new).map(Arc::new),
            meter: meter(tenant.rate, tenant, rate_total),
            rate: tenant.rate,
            over_rate: tenant.over_rate,
            allow_from: Vec::new(),
            certificates: Vec::new(),
            outbind: None,
            secrets: Arc::new(Secrets::new(tenant.secrets.clone())),
            is_suspended: false,
        }
    }

    /// These terms in the place of those before: what is counted goes on where the rates are the same, and credentials that a
    /// bind brought stay.
    fn after(mut self, before: &Self) -> Self {
        if self.rate == before.rate && self.meter.shares_with(&before.meter) {
            self.meter = before.meter.clone();
        }
        if self.holding.rate == before.holding.rate {
            self.deliver_rate = before.deliver_rate.clone();
        }
        let changed = u64::from(self.session_settings != before.session_settings);
        self.settings_revision = before.settings_revision + changed;
        if self.password.is_none() {
            let brought: Vec<(&str, &Secret)> = config::BIND_CREDENTIALS
                .iter()
                .filter_map(|name| Some((*name, before.secrets.get(name)?)))
                .collect();
            self.secrets = Arc::new(self.secrets.with(&brought));
        }
        self
    }
}

fn meter(rate: Option<Rate>, tenant: &config::Tenant, rate_total: Option<&Arc<Bucket>>) -> Arc<Meter> {
    Arc::new(Meter::new(rate, rate_total.cloned(), millis(tenant.parts_timeout)))
}
