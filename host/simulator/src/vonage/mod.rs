//! A look-alike of Vonage's SMS API: messages, the balance, and webhooks, over real HTTP on the loopback.
//!
//! It stands where an upstream stands: it is asked over HTTP, and calls the webhooks that a message or the account's dashboard names.
//! What it was asked is in [`Vonage::calls`]; what goes wrong is set by [`Vonage::faults`]. It sends no SMS and listens on 127.0.0.1 only.

mod access;
mod calls;
mod config;
mod courier;
mod faults;
mod inbound;
mod receipt;
mod refusal;
mod server;
mod signature;
mod submission;
mod throttle;
mod world;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use calls::Call;
pub use config::{Account, Config, Dashboard, Fate, Ids, Manner, PRICE_UNITS, ThrottleWords};
pub use courier::Attempt;
pub use faults::{Faults, On, refusal};
pub use refusal::STATUSES;
pub use signature::{Method, Parameters, Signature};
pub use submission::Submission;
pub use world::Message;

pub use crate::fault::Fault;
pub use crate::repeats::Repeats;

use crate::wait::lock;
use crate::{TimedOut, clock};
use courier::Courier;
use inbound::Inbound;
use world::World;

/// A running look-alike; dropping it ends it, its connections and its webhooks.
pub struct Vonage {
    address: SocketAddr,
    base_url: String,
    world: Arc<World>,
    server: Option<JoinHandle<()>>,
}

impl Vonage {
    /// Starts listening on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// When the socket cannot be had, or the HTTP client for webhooks cannot be made.
    pub async fn start(config: Config) -> io::Result<Self> {
        let random = Arc::new(Mutex::new(StdRng::seed_from_u64(config.seed)));
        let courier = Courier::new(config.log_max, config.repeats, Arc::clone(&random)).map_err(io::Error::other)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let world = Arc::new(World::new(config, Arc::new(courier), random));
        let server = Some(tokio::spawn(server::serve(listener, Arc::clone(&world))));
        Ok(Self {
            address,
            base_url: format!("http://{address}"),
            world,
            server,
        })
    }

    /// What callers put in front of `/sms/json`: scheme, address, port.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The accounts it was started with.
    pub fn accounts(&self) -> &[Account] {
        &self.world.config.accounts
    }

    /// What goes wrong; settable at any time.
    pub fn faults(&self) -> &Faults {
        &self.world.faults
    }

    /// Sets where an account's webhooks go, and how, from now on.
    pub fn set_dashboard(&self, api_key: &str, dashboard: Dashboard) {
        self.world.set_dashboard(api_key, dashboard);
    }

    /// Every request so far, in order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        self.world.calls.take(|calls| calls.recent().to_vec())
    }

    /// How often each `client-ref` was posted, whatever the answer.
    pub fn posts(&self) -> BTreeMap<String, usize> {
        self.world.calls.read(|calls| calls.posts().clone())
    }

    /// Waits until the requests are what the caller waits for.
    ///
    /// # Errors
    ///
    /// When they are not, in time.
    pub async fn wait_for(&self, until: impl Fn(&[Call]) -> bool, timeout: Duration) -> Result<Vec<Call>, TimedOut> {
        let look = |calls: &mut calls::Calls| until(calls.recent()).then(|| calls.recent().to_vec());
        self.world.calls.wait_for(timeout, look).await
    }

    /// Every message that was taken so far, in order; of some perhaps not all parts.
    pub fn messages(&self) -> Vec<Message> {
        self.world.messages()
    }

    /// Waits until the messages that were taken are what the caller waits for.
    ///
    /// # Errors
    ///
    /// When they are not, in time.
    pub async fn wait_for_messages(
        &self,
        until: impl Fn(&[Message]) -> bool,
        timeout: Duration,
    ) -> Result<Vec<Message>, TimedOut> {
        self.world.wait_for_messages(timeout, until).await
    }

    /// What an account has left, with 8 decimals.
    pub fn balance(&self, api_key: &str) -> String {
        self.world.balance(api_key)
    }

    /// Every try at webhooks so far, in order.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.world.courier.attempts()
    }

    /// Waits until the tries at webhooks are what the caller waits for.
    ///
    /// # Errors
    ///
    /// When they are not, in time.
    pub async fn wait_for_attempts(
        &self,
        until: impl Fn(&[Attempt]) -> bool,
        timeout: Duration,
    ) -> Result<Vec<Attempt>, TimedOut> {
        self.world.courier.wait_for(timeout, until).await
    }

    /// Somebody sends a text to a number of this account. Gives the ids of its parts.
    pub fn incoming(&self, api_key: &str, from: &str, to: &str, text: &str) -> Vec<String> {
        let reference = lock(&self.world.random).random();
        let parts = inbound(api_key, from, to).text(text, reference, || self.world.id());
        parts.into_iter().map(|part| self.receive(api_key, part)).collect()
    }

    /// Somebody sends octets to a number of this account, with a user data header (with its length octet) or an empty one. Gives the id.
    pub fn incoming_binary(&self, api_key: &str, from: &str, to: &str, data: &[u8], udh: &[u8]) -> String {
        let message = inbound(api_key, from, to).binary(data, udh, self.world.id());
        self.receive(api_key, message)
    }

    /// Sends any parameters where this account's receipts go; false where they go nowhere.
    pub fn emit_receipt(&self, api_key: &str, parameters: Parameters) -> bool {
        self.world.emit_receipt(api_key, None, parameters)
    }

    /// Sends any parameters where this account's incoming messages go; false where they go nowhere.
    pub fn emit_inbound(&self, api_key: &str, parameters: Parameters) -> bool {
        self.world.emit_inbound(api_key, parameters)
    }

    /// Closes the port and all connections; what was taken stays, and webhooks go on.
    pub async fn go_dark(&mut self) {
        if let Some(server) = self.server.take() {
            server.abort();
            let _ = server.await;
        }
    }

    /// Opens the same port again.
    ///
    /// # Errors
    ///
    /// When somebody else has taken it.
    pub async fn come_back(&mut self) -> io::Result<()> {
        if self.server.is_none() {
            let listener = TcpListener::bind(self.address).await?;
            self.server = Some(tokio::spawn(server::serve(listener, Arc::clone(&self.world))));
        }
        Ok(())
    }

    fn receive(&self, api_key: &str, parameters: Parameters) -> String {
        let id = parameters["messageId"].clone();
        self.world.emit_inbound(api_key, parameters);
        id
    }
}

fn inbound<'a>(api_key: &'a str, from: &'a str, to: &'a str) -> Inbound<'a> {
    Inbound {
        api_key,
        from,
        to,
        at_ms: clock::now_ms(),
    }
}

impl Drop for Vonage {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
        self.world.stop();
    }
}
