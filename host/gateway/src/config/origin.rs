//! Where an upstream is: scheme, host and port, compared as a whole.

use super::parse;
use std::fmt;
use url::{Host, Url};

/// Scheme, host and port of an http or https URL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    is_https: bool,
    host: Host,
    port: u16,
}

/// An origin that a tenant's translator may reach, and under what conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reachable {
    /// The origin.
    pub origin: Origin,
    /// Its name may resolve to loopback and private addresses.
    pub is_private: bool,
    /// The tenant's secrets may be sent to it.
    pub takes_secrets: bool,
}

/// Names under these belong to local networks by RFC 6761, RFC 6762, RFC 8375 and the reservations of `.internal` and `.lan`.
const LOCAL_DOMAINS: [&str; 7] = ["localhost", "local", "internal", "lan", "home.arpa", "test", "intranet"];

impl Origin {
    /// The origin of a URL; none unless it is http or https.
    pub fn of(url: &Url) -> Option<Self> {
        let is_https = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        Some(Self {
            is_https,
            host: url.host()?.to_owned(),
            port: url.port_or_known_default()?,
        })
    }

    /// Reads `scheme://host[:port]`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = parse::base_url(text)?;
        if url.path() != "/" {
            return Err("has a path, and an origin ends with its host or port".into());
        }
        Self::of(&url).ok_or_else(|| "not an http or https URL".into())
    }

    /// Whether its operator can only have meant something near: an address, a name without a dot, or one under a local domain.
    fn looks_private(&self) -> bool {
        let Host::Domain(name) = &self.host else { return true };
        let name = name.trim_end_matches('.');
        !name.contains('.')
            || LOCAL_DOMAINS
                .iter()
                .any(|domain| name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, port) = if self.is_https { ("https", 443) } else { ("http", 80) };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port == port {
            Ok(())
        } else {
            write!(f, ":{}", self.port)
        }
    }
}

impl Reachable {
    /// Where the tenant's API is: its secrets go there.
    pub fn api(origin: Origin) -> Self {
        Self {
            is_private: origin.looks_private(),
            takes_secrets: true,
            origin,
        }
    }

    /// Another place to reach, without secrets.
    pub fn other(origin: Origin) -> Self {
        Self {
            is_private: origin.looks_private(),
            takes_secrets: false,
            origin,
        }
    }

    /// Adds it to a tenant's; said twice, it may what either may.
    pub fn add_to(self, all: &mut Vec<Self>) {
        match all.iter_mut().find(|known| known.origin == self.origin) {
            Some(known) => {
                known.is_private |= self.is_private;
                known.takes_secrets |= self.takes_secrets;
            }
            None => all.push(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let of = |text| Origin::of(&Url::parse(text).unwrap()).map(|origin| origin.to_string());
        assert_eq!(
            of("https://API.sms-gate.app/3rdparty/v1"),
            Some("https://api.sms-gate.app".into())
        );
        assert_eq!(of("https://api.sms-gate.app:443/"), Some("https://api.sms-gate.app".into()));
        assert_eq!(of("http://0x7f.1:8080/a?b"), Some("http://127.0.0.1:8080".into()));
        assert_eq!(of("http://[::1]/"), Some("http://[::1]".into()));
        assert_eq!(of("ftp://example.com/"), None);
    }

    #[test]
    fn origins_differ_by_each_of_the_three() {
        let same = Origin::parse("https://example.com").unwrap();
        assert_eq!(Origin::parse("https://example.com:443/"), Ok(same.clone()));
        for other in [
            "http://example.com",
            "https://example.com:8443",
            "https://example.com.",
            "https://www.example.com",
            "https://1.2.3.4",
        ] {
            assert_ne!(Origin::parse(other).unwrap(), same, "{other}");
        }
        assert!(Origin::parse("https://example.com/api").is_err());
    }

    #[test]
    fn what_is_named_as_near_may_be_near() {
        for near in [
            "http://127.0.0.1:8080",
            "http://10.0.0.5",
            "http://8.8.8.8",
            "http://[fd00::1]",
            "http://localhost",
            "http://smsgate:3000",
            "http://phone.local",
            "http://a.home.arpa.",
            "http://x.localhost",
        ] {
            assert!(Reachable::api(Origin::parse(near).unwrap()).is_private, "{near}");
        }
        for far in [
            "https://api.sms-gate.app",
            "https://notlocal.example",
            "https://mylocal.com",
            "https://fakelan.net",
        ] {
            assert!(!Reachable::api(Origin::parse(far).unwrap()).is_private, "{far}");
        }
    }
}
