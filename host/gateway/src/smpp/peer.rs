//! Who is at the other end of a connection, as far as that is known before it binds.

use super::{certificate::Certificate, source::Source};
use std::{net::IpAddr, sync::Arc};

/// The other end of a connection.
pub struct Peer {
    /// Its address, as the socket or a trusted proxy names it.
    pub address: IpAddr,
    /// What it showed over TLS.
    pub certificate: Option<Certificate>,
    /// Whom we called here (outbind): nobody else may bind.
    pub called: Option<Called>,
}

/// An account that was told to bind.
pub struct Called {
    /// Its tenant.
    pub tenant: Arc<str>,
    /// Its system_id.
    pub account: Arc<str>,
}

impl Peer {
    /// Someone of whom only the address is known.
    pub fn at(address: IpAddr) -> Self {
        Self {
            address,
            certificate: None,
            called: None,
        }
    }

    /// Where it counts as coming from.
    pub fn source(&self) -> Source {
        Source::of(self.address)
    }
}
