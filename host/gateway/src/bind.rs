//! One bind as the host sees it: who it is for and what it may do, from its admission until its connection ends.

use crate::{
    account::Account,
    attach,
    binds::OpenBind,
    config::OverRate,
    gateway::Gateway,
    limits::RELEASES_PER_ATTEMPT_MAX,
    observe::Gauge,
    receivers::Serves,
    releases::{faults, health},
    tenant::Tenant,
    work::{
        entry::{self, Submission},
        inquiry::Asker,
        lane::{Kind, Lane},
    },
};
use edgebind_ledger::{Claim, NewEntry};
use edgebind_runtime::{
    Fault, Release, Session, SessionComponent,
    message::Message,
    session::{self, Readiness, Refusal},
};
use edgebind_smpp::{CommandId, CommandStatus};
use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;

/// An authenticated SMPP session: who it is for, until its connection ends.
pub struct Bind {
    /// What others see of it.
    pub open: Arc<OpenBind>,
    /// Where it lives.
    pub gateway: Arc<Gateway>,
    /// Whose it is.
    pub tenant: Arc<Tenant>,
    /// As whom it is bound.
    pub account: Arc<Account>,
    /// Its lanes, by the names that the ledger knows.
    submit: Arc<str>,
    multi: Arc<str>,
    parts: Arc<str>,
    receives: AtomicBool,
    _gauge: Gauge,
}

impl Bind {
    /// A bind that is counted among its account's, unless it is one too many; then the command_status of the answer.
    pub fn new(
        gateway: &Arc<Gateway>,
        tenant: &Arc<Tenant>,
        account: Arc<Account>,
        kind: CommandId,
        address: IpAddr,
    ) -> Result<Self, CommandStatus> {
        tenant.bind_came(&account).map_err(|open| {
            tracing::info!(tenant = %tenant.name, "bind refused: {open} are open");
            account.terms().over_binds
        })?;
        Ok(Self {
            open: gateway.binds.enter(
                tenant,
                &account,
                kind,
                address,
                gateway.clock.now(),
                gateway.draining.child_token(),
            ),
            gateway: gateway.clone(),
            tenant: tenant.clone(),
            submit: Lane::new(Kind::Submit, &tenant.name, &account.name).name(),
            multi: Lane::new(Kind::Multi, &tenant.name, &account.name).name(),
            parts: Lane::new(Kind::Parts, &tenant.name, &account.name).name(),
            account,
            receives: AtomicBool::new(false),
            _gauge: Gauge::up_for("edgebind_binds", &tenant.name),
        })
    }

    /// The session release that this bind should run now.
    pub fn release(&self) -> Arc<Release<SessionComponent>> {
        self.tenant.session.current_for(self.open.id)
    }

    /// What a session of this release is made with, and the account's revision of it.
    pub fn session_config(&self, release: &Release<SessionComponent>) -> (session::Config, u64) {
        let terms = self.account.terms();
        let config = session::Config {
            tenant: self.tenant.name.to_string(),
            account: self.account.name.to_string(),
            settings: [&*release.settings, &terms.session_settings].concat(),
        };
        (config, terms.settings_revision)
    }

    /// A session of the release that this bind should run. The error is the command_status of the bind's answer.
    pub fn open_session(&self) -> Result<Running, CommandStatus> {
        if let Err(wait_ms) = self.tenant.releases.health.session.enter(self.gateway.clock.now()) {
            tracing::warn!(tenant = %self.tenant.name, wait_ms, "bind refused: sessions have failed too often and are left alone for a while");
            return Err(CommandStatus::RBINDFAIL);
        }
        self.open_session_of(self.release()).map_err(|fault| {
            tracing::error!(tenant = %self.tenant.name, %fault, "bind refused: no session");
            CommandStatus::RBINDFAIL
        })
    }

    /// A session of this release, or of one that takes its place because it broke.
    pub fn open_session_of(&self, mut release: Arc<Release<SessionComponent>>) -> Result<Running, Fault> {
        let mut releases = 0;
        loop {
            let (config, settings_revision) = self.session_config(&release);
            self.open.revision.store(release.revision, Ordering::Relaxed);
            release.counts.called();
            releases += 1;
            let open = || release.component.open(&config);
            let fault = match health::where_it_is_slow(release.component.is_wasi(), open) {
                Ok(session) => {
                    return Ok(Running {
                        session,
                        release,
                        settings_revision,
                        is_new: true,
                    });
                }
                Err(fault) => fault,
            };
            match faults::faulted(&self.gateway, &self.tenant, &release, &fault) {
                Some(next) if releases < RELEASES_PER_ATTEMPT_MAX => release = next,
                _ => return Err(fault),
            }
        }
    }

    /// The bind is taken: its work finds workers, and if it takes deliveries its webhooks are wanted, and others of its account
    /// hand it what it serves and they do not.
    pub fn ready(&self, readiness: &Readiness, serves: &Serves, hand: &mpsc::Sender<Box<Claim>>) {
        for kind in [Kind::Submit, Kind::Parts] {
            self.gateway.workers.ensure(&self.gateway, self.lane(kind));
        }
        let receives = readiness.window > 0;
        if receives {
            self.account.receivers.came(self.open.id, serves.clone(), hand.clone());
        } else {
            self.account.receivers.went(self.open.id);
        }
        if self.receives.swap(receives, Ordering::AcqRel) != receives {
            attach::follow(&self.gateway, &self.tenant, &self.account);
        }
    }

    /// Whether a message may pass at this time by the rates of the account and of the tenant.
    pub fn may_pass(&self, message: &Message) -> Result<(), Excess> {
        let now = self.gateway.clock.now();
        let terms = self.account.terms();
        terms.meter.take(now, message).map_err(|wait| match terms.over_rate {
            OverRate::Wait => Excess::Wait(wait),
            OverRate::Throttle => Excess::Refused(self.refuse("rate", Refusal::Throttled)),
        })
    }

    /// The entry for a message, unless the account's queue is full. It is held until its answer is written.
    pub fn entry(&self, message: Message) -> Result<NewEntry, Refusal> {
        let is_multi = !message.also_to.is_empty();
        let lane = match message.part {
            _ if is_multi => &self.multi,
            Some(_) => &self.parts,
            None => &self.submit,
        };
        let mut waiting = self.gateway.records.pending(lane);
        if is_multi {
            waiting += self.gateway.records.pending(&self.submit) + message.also_to.len();
        }
        let is_crowded = self.gateway.is_crowded.load(Ordering::Acquire);
        if is_crowded || waiting >= self.account.terms().queue_max || self.is_tenant_full() {
            return Err(self.refuse("queue", Refusal::QueueFull));
        }
        if is_multi {
            self.gateway.workers.ensure(&self.gateway, self.lane(Kind::Multi));
        }
        Ok(NewEntry {
            lane: lane.clone(),
            key: None,
            due: message.schedule,
            body: entry::encode(&Submission::new(message)),
            held: true,
        })
    }

    /// Who asks about messages here.
    pub fn asker(&self) -> Asker {
        Asker {
            gateway: self.gateway.clone(),
            tenant: self.tenant.clone(),
            account: self.account.clone(),
        }
    }

    /// Whether as many messages of all accounts wait as may.
    fn is_tenant_full(&self) -> bool {
        let Some(max) = self.tenant.config().queue_total_max else {
            return false;
        };
        let waiting = |kind| {
            let lanes = self.gateway.records.lanes(&Lane::all_of(kind, &self.tenant.name));
            lanes.iter().map(|(_, waiting)| waiting).sum::<usize>()
        };
        [Kind::Submit, Kind::Multi, Kind::Parts]
            .into_iter()
            .map(waiting)
            .sum::<usize>()
            >= max
    }

    fn lane(&self, kind: Kind) -> Lane {
        Lane::new(kind, &self.tenant.name, &self.account.name)
    }

    fn refuse(&self, reason: &'static str, refusal: Refusal) -> Refusal {
        metrics::counter!("edgebind_messages_refused_total", "tenant" => self.tenant.name.clone(), "reason" => reason)
            .increment(1);
        refusal
    }
}

/// What becomes of a message that is more than the rate.
#[derive(Debug)]
pub enum Excess {
    /// It is refused.
    Refused(Refusal),
    /// It waits so long, and everything behind it.
    Wait(Duration),
}

/// A session and the release that it is of.
pub struct Running {
    /// The bind's logic.
    pub session: Session,
    /// Its code and settings.
    pub release: Arc<Release<SessionComponent>>,
    /// The account's revision of the settings that it was made with.
    pub settings_revision: u64,
    /// It was told nothing yet.
    pub is_new: bool,
}

impl Drop for Bind {
    fn drop(&mut self) {
        self.gateway.binds.leave(self.open.id);
        self.tenant.bind_went(&self.account);
        if self.receives.load(Ordering::Acquire) {
            self.account.receivers.went(self.open.id);
            attach::follow(&self.gateway, &self.tenant, &self.account);
        }
        // Workers see to it when work is left; without work there may be no worker.
        self.gateway.forget_credentials(&self.tenant, &self.account);
    }
}
