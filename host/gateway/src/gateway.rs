//! The running gateway: what everything in it shares, and the questions that cross rooms - who is this peer, whose is this
//! URL, what was left from before.

use crate::{
    account::Account,
    audit::Audit,
    binds::Binds,
    clock::Clock,
    config::Config,
    directory::Directory,
    http::egress::Egress,
    recordings::witness::Witness,
    register::Register,
    releases::depot::Depot,
    smpp::{driver::Append, entrance::Entrance},
    tenant::Tenant,
    vault::{Credentials, Vault},
    work::{
        lane::{Kind, Lane},
        turns::Turns,
        workers::Workers,
    },
};
use edgebind_ledger::{EntryId, Ledger, LedgerError, NewEntry, Records};
use edgebind_smpp::CommandStatus;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool},
};
use tokio::task::spawn_blocking;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// One gateway of a process.
pub struct Gateway {
    /// What it was started with.
    pub config: Config,
    /// Its time.
    pub clock: Clock,
    /// Durable work.
    pub ledger: Arc<dyn Ledger>,
    /// The same ledger, to look things up.
    pub records: Arc<dyn Records>,
    /// Copies the ledger while it works.
    pub backup: Backup,
    /// The only way to an upstream.
    pub egress: Egress,
    /// Sealed credentials and what is derived from the key beside them.
    pub vault: Vault,
    /// Where releases come from.
    pub depot: Arc<Depot>,
    /// Who sees what guests do, for those who want it kept.
    pub witness: Arc<Witness>,
    /// Every tenant.
    pub directory: Directory,
    /// What is changed of tenants while it runs.
    pub register: Register,
    /// Who changed what.
    pub audit: Audit,
    /// Every open bind.
    pub binds: Binds,
    /// What is remembered of those who ask to bind.
    pub entrance: Entrance,
    /// Who works on the ledger's lanes.
    pub workers: Workers,
    /// As many entries wait, of all tenants, as may.
    pub is_crowded: AtomicBool,
    /// Whose turn it is at what is known of a message.
    pub turns: Turns,
    /// Cancelled when a drain begins: no new binds, no new claims, binds told to unbind.
    pub draining: CancellationToken,
    /// Cancelled when the drain is over: webhooks are no longer heard.
    pub stopped: CancellationToken,
    /// Everything that must end before the process does.
    pub tasks: TaskTracker,
    /// Held while credentials are sealed or forgotten.
    sealing: Mutex<()>,
}

/// Copies the ledger into a directory that is not there yet. Blocks for as long as that takes.
pub type Backup = Box<dyn Fn(&Path) -> Result<(), LedgerError> + Send + Sync>;

/// What lies on the disk beside the ledger.
pub struct Kept {
    /// Copies of the ledger.
    pub backup: Backup,
    /// Sealed credentials and the key.
    pub vault: Vault,
    /// Documents of tenants.
    pub register: Register,
    /// Who changed what.
    pub audit: Audit,
    /// Components, and what tenants have of them.
    pub depot: Arc<Depot>,
}

impl Gateway {
    /// A gateway of these parts; nothing runs yet.
    pub fn new(
        config: Config,
        ledger: Arc<dyn Ledger>,
        records: Arc<dyn Records>,
        egress: Egress,
        kept: Kept,
        tenants: Vec<Arc<Tenant>>,
    ) -> Self {
        Self {
            entrance: Entrance::new(config.limits.checks_per_minute),
            witness: Witness::new(config.data_dir.join("recordings")),
            config,
            clock: Clock::start(),
            ledger,
            records,
            backup: kept.backup,
            egress,
            vault: kept.vault,
            depot: kept.depot,
            directory: Directory::new(tenants),
            register: kept.register,
            audit: kept.audit,
            binds: Binds::default(),
            workers: Workers::default(),
            is_crowded: AtomicBool::new(false),
            turns: Turns::default(),
            draining: CancellationToken::new(),
            stopped: CancellationToken::new(),
            tasks: TaskTracker::new(),
            sealing: Mutex::new(()),
        }
    }

    /// Takes up the work that an earlier process left.
    pub fn resume(self: &Arc<Self>) {
        for tenant in &*self.directory.tenants() {
            if tenant.is_pass_through() {
                for account in self
                    .vault
                    .all()
                    .into_iter()
                    .filter(|sealed| *sealed.tenant == *tenant.name)
                    .map(|sealed| sealed.account)
                {
                    match self.vault.recall(&tenant.name, &account) {
                        Ok(Some(credentials)) => drop(tenant.let_in(&account, &credentials)),
                        Ok(None) => {}
                        Err(error) => {
                            tracing::error!(tenant = %tenant.name, %error, "sealed credentials cannot be opened; what waits for them stays");
                        }
                    }
                }
            }
        }
        let left = self.records.lanes("");
        let waiting: usize = left.iter().map(|(_, count)| count).sum();
        if waiting > 0 {
            tracing::info!(waiting, "work from before is taken up");
        }
        self.take_up(&left);
        // Credentials that nothing waits for any more.
        for tenant in &*self.directory.tenants() {
            for sealed in self.vault.all().into_iter().filter(|sealed| *sealed.tenant == *tenant.name) {
                if let Some(account) = tenant.account(&sealed.account) {
                    self.forget_credentials(tenant, &account);
                }
            }
        }
    }

    /// Finds workers for what waits of a tenant that may be served again.
    pub fn take_up_of(self: &Arc<Self>, tenant: &Tenant) {
        let mut lanes = self.records.lanes("");
        lanes.retain(|(name, _)| Lane::parse(name).is_some_and(|lane| lane.tenant == tenant.name));
        self.take_up(&lanes);
    }

    fn take_up(self: &Arc<Self>, lanes: &[(Arc<str>, usize)]) {
        let waiting = lanes.iter().filter(|(_, count)| *count > 0);
        for lane in waiting.filter_map(|(name, _)| Lane::parse(name)) {
            self.workers.ensure(self, lane);
        }
    }

    /// Keeps credentials for the work that outlives their bind.
    pub async fn seal(self: &Arc<Self>, tenant: &Tenant, name: &str, credentials: Credentials) -> Result<(), CommandStatus> {
        let (gateway, tenant, name) = (self.clone(), tenant.name.clone(), name.to_owned());
        let sealed = spawn_blocking(move || {
            let _sealing = gateway.sealing.lock().unwrap_or_else(PoisonError::into_inner);
            gateway
                .vault
                .remember(&tenant, &name, &credentials)
                .map_err(|error| error.to_string())
        });
        let sealed = sealed.await.unwrap_or_else(|error| Err(error.to_string()));
        sealed.map_err(|error| {
            tracing::error!(%error, "bind refused, its credentials cannot be kept");
            CommandStatus::RSYSERR
        })
    }

    /// The tenant and the account that a webhook's URL means, if its token is theirs.
    pub fn addressee(&self, tenant: &str, account: &str, token: &str) -> Option<(Arc<Tenant>, Arc<Account>)> {
        if !self.vault.is_webhook_token(tenant, account, token) {
            return None;
        }
        let tenant = self.directory.tenant(tenant)?;
        // A pass-through account whose credentials were forgotten is still one: its receipts wait for its next bind.
        let pass_through = || tenant.is_pass_through().then(|| Arc::new(tenant.passing_through(account)));
        let account = tenant.account(account).or_else(pass_through)?;
        Some((tenant, account))
    }

    /// Where webhooks of an account reach us; none when the operator named no public URL.
    pub fn webhook_url(&self, tenant: &Tenant, account: &Account) -> Option<String> {
        let mut url = self.config.http.webhook_base_url.clone()?;
        let token = self.vault.webhook_token(&tenant.name, &account.name);
        url.path_segments_mut()
            .ok()?
            .pop_if_empty()
            .extend(["webhook", &*tenant.name, &*account.name, &*token]);
        Some(url.into())
    }

    /// Who a lane's work is for.
    pub fn owner(&self, lane: &Lane) -> Option<(Arc<Tenant>, Arc<Account>)> {
        let tenant = self.directory.tenant(&lane.tenant)?;
        let account = tenant.account(&lane.account)?;
        Some((tenant, account))
    }

    /// Appends, if there is anything to append.
    pub async fn append(&self, entries: Vec<NewEntry>) -> Result<(), LedgerError> {
        if entries.is_empty() {
            return Ok(());
        }
        self.ledger.append(entries).await.map(drop)
    }

    /// Waits for appends whose bind is gone: their messages were never answered, but they are on the disk and go out.
    pub fn finish_appends(&self, mut appends: FuturesUnordered<Append>) {
        let ledger = self.ledger.clone();
        self.tasks.spawn(async move {
            while let Some((_, result)) = appends.next().await {
                if let Ok(entries) = result {
                    ledger.release(&entries.into_iter().map(|entry| entry.id).collect::<Vec<EntryId>>());
                }
            }
        });
    }

    /// Forgets the credentials of a pass-through account, if it has no bind and no work.
    pub fn forget_credentials(self: &Arc<Self>, tenant: &Arc<Tenant>, account: &Arc<Account>) {
        if !tenant.is_pass_through() || self.needs_credentials(tenant, account) {
            return;
        }
        let (gateway, tenant, account) = (self.clone(), tenant.clone(), account.clone());
        self.tasks.spawn_blocking(move || {
            let _sealing = gateway.sealing.lock().unwrap_or_else(PoisonError::into_inner);
            if gateway.needs_credentials(&tenant, &account) {
                return;
            }
            if let Err(error) = gateway.vault.forget(&tenant.name, &account.name) {
                tracing::error!(tenant = %tenant.name, %error, "credentials that nothing needs cannot be removed");
            }
        });
    }

    fn needs_credentials(&self, tenant: &Tenant, account: &Account) -> bool {
        let waits = |kind| self.records.pending(&Lane::new(kind, &tenant.name, &account.name).name()) > 0;
        account.binds() > 0 || [Kind::Submit, Kind::Multi, Kind::Parts].into_iter().any(waits)
    }
}
