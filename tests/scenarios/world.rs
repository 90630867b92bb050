//! The world of a scenario: an SMSGate with one phone, and a gateway between it and the ESMEs.

use edgebind_simulator::smsgate::{self, Account, Device, Smsgate, Submission};
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID, UPSTREAM};
use edgebind_tests::edgebind::{Edgebind, Home};
use edgebind_tests::openapi::Inspected;
use edgebind_tests::wait::{self, PATIENCE};
use edgebind_tests::wire::{Wire, id};

/// The number of the phone's SIM.
pub(crate) const OWN_NUMBER: &str = "+447700900999";

/// Dropped in this order: the process first.
pub(crate) struct World {
    pub(crate) edgebind: Edgebind,
    pub(crate) upstream: Inspected<Smsgate>,
    pub(crate) home: Home,
}

impl World {
    /// A gateway with this configuration before a phone that does as it is told.
    pub(crate) async fn start(config: &Config) -> Self {
        Self::start_with(config, smsgate::Config::default()).await
    }

    /// The same before a phone with other habits.
    pub(crate) async fn start_with(config: &Config, habits: smsgate::Config) -> Self {
        let upstream = upstream_with(habits).await;
        let home = Home::new();
        let edgebind = Edgebind::with_config(&home, &config.toml(&home, upstream.base_url())).await;
        Self {
            edgebind,
            upstream,
            home,
        }
    }

    /// A bound ESME that speaks octets.
    pub(crate) async fn bound(&self, kind: u32) -> Wire {
        Wire::bound(self.edgebind.smpp(), kind, SYSTEM_ID, PASSWORD).await
    }

    /// The usual one.
    pub(crate) async fn transceiver(&self) -> Wire {
        self.bound(id::BIND_TRANSCEIVER).await
    }

    /// What the upstream was asked to send under this message id, once it was.
    pub(crate) async fn submission(&self, message_id: &str) -> Submission {
        submission(&self.upstream, message_id).await
    }

    /// See [`attached`].
    pub(crate) async fn attached(&self) {
        attached(&self.upstream).await;
    }
}

/// Waits until the phone has been told where incoming messages and reports go.
pub(crate) async fn attached(upstream: &Smsgate) {
    let events = ["sms:received", "sms:sent", "sms:delivered", "sms:failed"];
    wait::until("the webhooks to be registered", PATIENCE, async || {
        let webhooks = upstream.webhooks(UPSTREAM.0);
        events
            .iter()
            .all(|event| webhooks.iter().any(|webhook| webhook.event == *event))
            .then_some(())
    })
    .await;
}

/// An SMSGate with the tenant's account and one phone.
pub(crate) async fn upstream() -> Inspected<Smsgate> {
    upstream_with(smsgate::Config::default()).await
}

/// The same with other habits.
pub(crate) async fn upstream_with(config: smsgate::Config) -> Inspected<Smsgate> {
    let (login, password) = UPSTREAM;
    let account = Account::new(login, password).device(Device::new("phone-1").number(OWN_NUMBER));
    let upstream = Smsgate::start(smsgate::Config {
        accounts: vec![account],
        ..config
    });
    Inspected::new(upstream.await.expect("the simulator can listen"))
}

/// What an upstream was asked to send under this id, once it was.
pub(crate) async fn submission(upstream: &Smsgate, message_id: &str) -> Submission {
    wait::until(format!("message {message_id} to reach the upstream"), PATIENCE, async || {
        let calls = upstream.calls().into_iter();
        calls
            .filter_map(|call| call.submission)
            .find(|submission| submission.id.as_deref() == Some(message_id))
    })
    .await
}
