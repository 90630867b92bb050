//! One bind as the host sees it: who it is for and what it may do, from its admission until its connection ends.

use crate::{
    attach,
    gateway::Gateway,
    observe::Gauge,
    tenant::{Account, Tenant},
    work::{
        entry::{self, Submission},
        lane::{Kind, Lane},
    },
};
use edgebind_ledger::NewEntry;
use edgebind_runtime::{
    Session,
    message::Message,
    session::{self, Refusal},
};
use edgebind_smpp::{CommandId, CommandStatus};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// An authenticated SMPP session: who it is for, until its connection ends.
pub struct Bind {
    /// For the log.
    pub id: u64,
    /// Where it lives.
    pub gateway: Arc<Gateway>,
    /// Whose it is.
    pub tenant: Arc<Tenant>,
    /// As whom it is bound.
    pub account: Arc<Account>,
    /// The bind request that it came with.
    pub kind: CommandId,
    /// The revision of the session release that it runs.
    pub release: u64,
    /// Its lanes, by the names that the ledger knows.
    submit: Arc<str>,
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
    ) -> Result<Self, CommandStatus> {
        if !account.bind_came() {
            tracing::info!(tenant = %tenant.name, "bind refused: {} are open", account.binds_max);
            return Err(CommandStatus::RBINDFAIL);
        }
        Ok(Self {
            id: gateway.next_bind(),
            gateway: gateway.clone(),
            tenant: tenant.clone(),
            submit: Lane::new(Kind::Submit, &tenant.name, &account.name).name(),
            parts: Lane::new(Kind::Parts, &tenant.name, &account.name).name(),
            account,
            kind,
            release: tenant.session.current().revision,
            receives: AtomicBool::new(false),
            _gauge: Gauge::up_for("edgebind_binds", &tenant.name),
        })
    }

    /// A session of the release in use. The error is the command_status of the bind's answer.
    pub fn open_session(&self) -> Result<Session, CommandStatus> {
        let release = self.tenant.session.current();
        let config = session::Config {
            tenant: self.tenant.name.to_string(),
            account: self.account.name.to_string(),
            settings: self.account.settings(&release.settings, &self.account.session_settings),
        };
        release.component.open(&config).map_err(|fault| {
            self.tenant.count_fault("session");
            tracing::error!(tenant = %self.tenant.name, %fault, "bind refused: no session");
            CommandStatus::RBINDFAIL
        })
    }

    /// The bind is taken: its work finds workers, and if it takes deliveries its webhooks are wanted.
    pub fn ready(&self, receives: bool) {
        for kind in [Kind::Submit, Kind::Parts] {
            self.gateway
                .workers
                .ensure(&self.gateway, Lane::new(kind, &self.tenant.name, &self.account.name));
        }
        if receives && !self.receives.swap(true, Ordering::AcqRel) {
            self.account.receiver_came();
            attach::follow(&self.gateway, &self.tenant, &self.account);
        }
    }

    /// The entry for a message, unless the account's rate or its queue is full. It is held until its answer is written.
    pub fn entry(&self, message: Message) -> Result<NewEntry, Refusal> {
        let refuse = |reason, refusal| {
            metrics::counter!("edgebind_messages_refused_total", "tenant" => self.tenant.name.clone(), "reason" => reason)
                .increment(1);
            Err(refusal)
        };
        if !self.account.takes_one() {
            return refuse("rate", Refusal::Throttled);
        }
        let lane = if message.part.is_some() { &self.parts } else { &self.submit };
        if self.gateway.records.pending(lane) >= self.account.queue_max {
            return refuse("queue", Refusal::QueueFull);
        }
        let body = entry::encode(&Submission {
            message,
            members: Vec::new(),
        });
        Ok(NewEntry {
            lane: lane.clone(),
            key: None,
            body,
            due: None,
            held: true,
        })
    }
}

impl Drop for Bind {
    fn drop(&mut self) {
        self.account.bind_went();
        if self.receives.load(Ordering::Acquire) {
            self.account.receiver_went();
            attach::follow(&self.gateway, &self.tenant, &self.account);
        }
        // Workers see to it when work is left; without work there may be no worker.
        self.gateway.forget_credentials(&self.tenant, &self.account);
    }
}
