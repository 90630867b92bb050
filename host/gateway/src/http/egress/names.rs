//! Names of upstreams and the addresses that they may mean.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{
    error::Error,
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

/// Asks the operating system.
pub(super) struct System;

impl Resolve for System {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Leaves out addresses that a public name has no business with: whoever controls a name must not lead us into our own network.
pub(super) struct PublicOnly(pub(super) Arc<dyn Resolve>);

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let answer = self.0.resolve(name);
        Box::pin(async move {
            let (public, other): (Vec<_>, Vec<_>) = answer.await?.partition(|address| is_public(address.ip()));
            match other.first() {
                Some(address) if public.is_empty() => Err(NotPublic(host, address.ip()).into()),
                _ => Ok(Box::new(public.into_iter()) as Addrs),
            }
        })
    }
}

/// A public name led to an address that is not.
#[derive(Debug)]
pub(super) struct NotPublic(String, IpAddr);

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} resolves to {}, which is not a public address; list the origin with private = true if that is meant",
            self.0, self.1
        )
    }
}

impl Error for NotPublic {}

/// Whether an address is one of the open internet (IANA's special-purpose registries, as far as packets could arrive).
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !matches!(
            v4.octets(),
            [0 | 10 | 127 | 224..=255, ..]
                | [100, 64..=127, ..]
                | [169, 254, ..]
                | [172, 16..=31, ..]
                | [192, 168, ..]
                | [192, 0, 0, _]
                | [198, 18 | 19, ..]
        ),
        IpAddr::V6(v6) => match v6.segments() {
            // Mapped, NAT64 and 6to4 carry an IPv4 address.
            [0, 0, 0, 0, 0, 0xFFFF, high, low] | [0x64, 0xFF9B, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
                let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
                is_public(IpAddr::from([a, b, c, d]))
            }
            // Global unicast is 2000::/3, and 64:ff9b:1::/48 is a local NAT64.
            [first, ..] => first & 0xE000 == 0x2000,
        },
    }
}
