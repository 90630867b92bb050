//! What to do to whom.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use super::Mix;

/// What the binds are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Role {
    Transmitter,
    Receiver,
    Transceiver,
}

/// When a submit_sm is sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Pace {
    /// When the window has room: the server sets the pace.
    Closed,
    /// So many a second of all binds together, due at even distances; what finds the window full waits, and its latency counts.
    Open(f64),
    /// Never.
    Silent,
}

/// Binds that take their time to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SlowReaders {
    /// The first so many binds.
    pub(crate) binds: usize,
    /// Before each read, of at most 512 octets.
    pub(crate) pause: Duration,
}

/// What to do to whom.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) address: SocketAddr,
    pub(crate) tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    /// system_id and password; each binds as often as `binds` says.
    pub(crate) accounts: Vec<(String, String)>,
    pub(crate) binds: usize,
    pub(crate) role: Role,
    /// submit_sm that wait for their answers, on each bind.
    pub(crate) window: u32,
    pub(crate) pace: Pace,
    pub(crate) mix: Mix,
    /// Ask for receipts, and wait for each.
    pub(crate) receipts: bool,
    /// Of all binds together, warm-up included.
    pub(crate) count: Option<u64>,
    /// All binds drop their connections, and bind again.
    pub(crate) rebind_every: Option<Duration>,
    pub(crate) slow: Option<SlowReaders>,
}

impl Plan {
    /// One account whose binds keep their windows full.
    pub(crate) fn closed(address: SocketAddr, (system_id, password): (&str, &str), binds: usize, window: u32) -> Self {
        Self {
            address,
            tls: None,
            accounts: vec![(system_id.to_owned(), password.to_owned())],
            binds,
            role: Role::Transmitter,
            window,
            pace: Pace::Closed,
            mix: Mix::default(),
            receipts: false,
            count: None,
            rebind_every: None,
            slow: None,
        }
    }
}
