//! An SMSGate look-alike: the server and its phones in one, over real HTTP on the loopback.
//!
//! It stands where an upstream stands: it is asked over HTTP and calls the webhooks that were registered with it. What it was asked
//! is in [`Smsgate::calls`]; what goes wrong is set by [`Smsgate::faults`]. It sends no SMS and listens on 127.0.0.1 only.

mod authorization;
mod calls;
mod config;
mod courier;
mod event;
mod faults;
mod message;
mod phone;
mod server;
mod submission;
mod webhook;
mod world;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use calls::Call;
pub use config::{Account, Config, Device, EVENTS, Fate, Mode, Pace, Token};
pub use courier::Attempt;
pub use faults::{Faults, On};
pub use message::State;
pub use submission::Submission;
pub use webhook::Webhook;

pub use crate::fault::Fault;
pub use crate::repeats::Repeats;

use crate::TimedOut;
use crate::wait::lock;
use courier::Courier;
use world::World;

/// A running look-alike; dropping it ends it, its connections and its phones.
pub struct Smsgate {
    address: SocketAddr,
    base_url: String,
    world: Arc<World>,
    server: Option<JoinHandle<()>>,
}

impl Smsgate {
    /// Starts listening on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// When the socket cannot be had, or the HTTP client for webhooks cannot be made.
    pub async fn start(config: Config) -> io::Result<Self> {
        let random = Arc::new(Mutex::new(StdRng::seed_from_u64(config.seed)));
        let phones = config.accounts.iter().map(|account| account.devices.len()).sum();
        let courier =
            Arc::new(Courier::new(phones, config.log_max, config.repeats, Arc::clone(&random)).map_err(io::Error::other)?);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let base_url = format!("http://{address}{}", config.prefix);
        let world = Arc::new(World::new(config, Arc::clone(&courier), random));
        for phone in 0..phones {
            let courier = Arc::clone(&courier);
            world.spawn(async move { courier.work(phone).await });
        }
        let server = Some(tokio::spawn(server::serve(listener, Arc::clone(&world))));
        Ok(Self {
            address,
            base_url,
            world,
            server,
        })
    }

    /// What callers put in front of `/messages`: scheme, address, port, prefix.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Which of the two servers it plays.
    pub fn mode(&self) -> Mode {
        self.world.config.mode
    }

    /// The accounts it was started with.
    pub fn accounts(&self) -> &[Account] {
        &self.world.config.accounts
    }

    /// What goes wrong; settable at any time.
    pub fn faults(&self) -> &Faults {
        &self.world.faults
    }

    /// Every request so far, in order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        self.world.calls.take(|calls| calls.recent().to_vec())
    }

    /// How often each message id was posted, whatever the answer: a retry must not have an id of its own.
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

    /// The states of all messages under this id: one for each phone that was given it.
    pub fn states(&self, id: &str) -> Vec<State> {
        self.world.states_of(id)
    }

    /// Waits until the message of this id is in this state.
    ///
    /// # Errors
    ///
    /// When it is not, in time.
    pub async fn wait_for_state(&self, id: &str, state: State, timeout: Duration) -> Result<(), TimedOut> {
        self.world.wait_for_state(id, state, timeout).await
    }

    /// The time between states from now on, for messages that are on their way too.
    pub fn pace(&self, pace: Pace) {
        self.world.pace.send_replace(pace);
    }

    /// What this login has registered.
    pub fn webhooks(&self, login: &str) -> Vec<Webhook> {
        self.world.webhooks(login)
    }

    /// Every try at a webhook so far, in order.
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

    /// Somebody sends a text to a phone of this login: to the one with the number `to`, else to its first. Gives the message's id.
    pub fn incoming(&self, login: &str, from: &str, to: &str, text: &str) -> String {
        self.receive(login, from, to, "sms:received", ("message", json!(text)))
    }

    /// Somebody sends octets to a phone of this login; SMSGate does not say to which port.
    pub fn incoming_data(&self, login: &str, from: &str, to: &str, data: &[u8]) -> String {
        self.receive(login, from, to, "sms:data-received", ("data", json!(STANDARD.encode(data))))
    }

    /// Has the first phone of this login emit any event with any payload to those who registered it; gives the number of emissions.
    pub fn emit(&self, login: &str, event: &str, payload: &Value) -> usize {
        let Some(device) = self.phone_of(login, "") else {
            return 0;
        };
        self.world.emit(login, &device.id, event, payload)
    }

    /// Registers a webhook as the API would, but for any event and any URL: what the gateway never asked for can be sent to it.
    pub fn register(&self, login: &str, event: &str, url: &str) -> Webhook {
        let (event, url, account) = (event.to_owned(), url.to_owned(), login.to_owned());
        self.world.register(Webhook {
            id: String::new(),
            device_id: None,
            url,
            event,
            account,
        })
    }

    /// Closes the port and all connections; what is stored stays, and the phones go on.
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

    fn receive(&self, login: &str, from: &str, to: &str, event: &str, content: (&str, Value)) -> String {
        let message_id = format!("{:08x}", lock(&self.world.random).random::<u32>());
        if let Some(device) = self.phone_of(login, to) {
            let own = device.number.clone().or_else(|| (!to.is_empty()).then(|| to.to_owned()));
            let payload = event::incoming(&message_id, from, own.as_deref(), content, &self.world.local_time());
            self.world.emit(login, &device.id, event, &payload);
        }
        message_id
    }

    fn phone_of(&self, login: &str, number: &str) -> Option<&Device> {
        let account = self.accounts().iter().find(|account| account.login == login)?;
        let called = account.devices.iter().find(|device| device.number.as_deref() == Some(number));
        called.or(account.devices.first())
    }
}

impl Drop for Smsgate {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
        self.world.stop();
    }
}
