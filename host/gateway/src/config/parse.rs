//! Words of a configuration: text in, value or a fragment that says what is wrong out.

use ipnet::IpNet;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};
use url::{Host, Url};

/// Where to listen: `127.0.0.1:2775`, `[::1]:2775`, `localhost:2775`, or `:2775` for every IPv4 address.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let wrong = || format!("`{text}` is not an address and port such as 127.0.0.1:2775");
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let ip = match host {
        "" => Ipv4Addr::UNSPECIFIED,
        "localhost" => Ipv4Addr::LOCALHOST,
        _ => return Err(wrong()),
    };
    Ok(SocketAddr::new(IpAddr::V4(ip), port.parse().map_err(|_| wrong())?))
}

/// A network such as `192.0.2.0/24`, or one address.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let wrong = |_| format!("`{text}` is not a network such as 192.0.2.0/24 or 2001:db8::/32, nor an address");
    if !text.contains('/') {
        return text
            .parse()
            .map(|address: IpAddr| address.to_canonical().into())
            .map_err(|_| wrong(()));
    }
    let network: IpNet = text.parse().map_err(|_| wrong(()))?;
    if network.addr() == network.network() {
        Ok(network)
    } else {
        Err(format!(
            "`{text}` has bits behind its prefix; the network is {}",
            network.trunc()
        ))
    }
}

/// Whom to connect to: `esme.example.com:2775`, `192.0.2.7:2775` or `[2001:db8::7]:2775`.
pub(super) fn host_and_port(text: &str) -> Result<(String, u16), String> {
    let wrong = || format!("`{text}` is not a host and port such as esme.example.com:2775");
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?;
    if host.len() > super::limits::HOST_OCTETS_MAX {
        return Err(format!("{} octets exceed {}", host.len(), super::limits::HOST_OCTETS_MAX));
    }
    match Host::parse(host).map_err(|_| wrong())? {
        Host::Domain(name) => Ok((name, port)),
        Host::Ipv4(address) => Ok((address.to_string(), port)),
        Host::Ipv6(address) => Ok((address.to_string(), port)),
    }
}

/// A duration as Go writes it (`1m30s`, `1.5h`, `250ms`), or seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration such as 30s, 1m30s or 250ms");
    if !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit()) {
        return text.parse().map(Duration::from_secs).map_err(|_| wrong());
    }
    let mut rest = text;
    let mut total = Duration::ZERO;
    loop {
        let (number, behind) = split_where(rest, |c| !c.is_ascii_digit() && c != '.');
        let (unit, next) = split_where(behind, |c| c.is_ascii_digit() || c == '.');
        let seconds = match unit {
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" | "μs" => 1e-6,
            "ns" => 1e-9,
            _ => return Err(wrong()),
        };
        let number: f64 = number.parse().map_err(|_| wrong())?;
        let part = Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())?;
        total = total.checked_add(part).ok_or_else(wrong)?;
        if next.is_empty() {
            return Ok(total);
        }
        rest = next;
    }
}

/// An http or https URL to put paths behind: no credentials, no query, no fragment.
pub(super) fn base_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("not a URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err("not an http or https URL".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("credentials in a URL would be shown; name them as secrets".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("has a query or a fragment, and paths are put behind it".into());
    }
    Ok(url)
}

/// The name of a tenant.
pub(super) fn tenant_name(text: &str) -> Result<String, String> {
    let max = super::limits::TENANT_NAME_MAX;
    let is_plain = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || matches!(octet, b'-' | b'_' | b'.');
    match text {
        "" => Err("is empty".into()),
        _ if text.len() > max => Err(format!("{} characters exceed {max}", text.len())),
        "." | ".." => Err(format!("`{text}` means something else in a URL")),
        _ if !text.bytes().all(is_plain) => Err(format!("`{text}` is not only lower-case letters, digits, `-`, `_` and `.`")),
        _ => Ok(text.into()),
    }
}

/// The name of an account, an octet of a bind request for each character.
pub(super) fn system_id(text: &str) -> Result<String, String> {
    let max = super::limits::SYSTEM_ID_OCTETS_MAX;
    match text.chars().count() {
        0 => Err("is empty".into()),
        length if length > max => Err(format!("{length} octets exceed {max}")),
        _ if text.chars().any(char::is_control) => Err("has control characters".into()),
        _ if text.chars().any(|c| c > 'ÿ') => Err("has characters beyond Latin-1, and no octets for them".into()),
        _ => Ok(text.into()),
    }
}

fn split_where(text: &str, stop: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(stop).unwrap_or(text.len()))
}

/// What a word stands for.
pub(super) fn choice<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, String> {
    let known = || {
        choices
            .iter()
            .map(|(word, _)| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(" or ")
    };
    let choice = choices.iter().find(|(word, _)| *word == text);
    choice
        .map(|(_, choice)| *choice)
        .ok_or_else(|| format!("`{text}` is not {}", known()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        let table = [
            ("60s", 60_000),
            ("1m30s", 90_000),
            ("1h15m30.5s", 4_530_500),
            ("1.5h", 5_400_000),
            ("250ms", 250),
            ("1000us", 1),
            ("1000µs", 1),
            ("2000000ns", 2),
            ("60", 60_000),
            ("0", 0),
            ("0s", 0),
        ];
        for (text, milliseconds) in table {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "s",
            "-1s",
            "1.5",
            "1 s",
            "1d",
            "1s2",
            "..s",
            "1e3s",
            "99999999999999999999h",
            "18446744073709551615s1s",
        ] {
            let read = duration(text);
            assert!(read.is_err(), "{text}: {read:?}");
        }
    }

    #[test]
    fn addresses_are_read_as_listeners_write_them() {
        let table = [
            ("127.0.0.1:2775", "127.0.0.1:2775"),
            ("[::1]:2775", "[::1]:2775"),
            (":2775", "0.0.0.0:2775"),
            ("localhost:0", "127.0.0.1:0"),
        ];
        for (text, expected) in table {
            assert_eq!(
                address(text).map(|address| address.to_string()),
                Ok(expected.into()),
                "{text}"
            );
        }
        for text in ["", "2775", "127.0.0.1", "example.com:2775", ":65536", "localhost:"] {
            assert!(address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_base_url_takes_paths_behind_it() {
        for text in [
            "https://api.sms-gate.app/3rdparty/v1",
            "http://192.168.1.20:8080",
            "http://[::1]:3000/",
        ] {
            assert!(base_url(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "/3rdparty/v1",
            "ftp://example.com",
            "https://user:pw@example.com",
            "https://example.com/?a=b",
            "https://example.com/#a",
        ] {
            assert!(base_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn networks_and_addresses() {
        let shown = |text| network(text).map(|network| network.to_string());
        assert_eq!(shown("192.0.2.0/24"), Ok("192.0.2.0/24".into()));
        assert_eq!(shown("2001:db8::/32"), Ok("2001:db8::/32".into()));
        assert_eq!(shown("198.51.100.7"), Ok("198.51.100.7/32".into()));
        assert_eq!(shown("::ffff:198.51.100.7"), Ok("198.51.100.7/32".into()));
        assert_eq!(
            shown("192.0.2.1/24"),
            Err("`192.0.2.1/24` has bits behind its prefix; the network is 192.0.2.0/24".into())
        );
        for text in ["", "192.0.2", "192.0.2.0/33", "example.com", "192.0.2.0/", "/24"] {
            assert!(network(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_host_is_a_name_or_an_address() {
        for (text, host) in [
            ("ESME.example.com:2775", "esme.example.com"),
            ("192.0.2.7:2775", "192.0.2.7"),
            ("[2001:db8::7]:2775", "2001:db8::7"),
        ] {
            assert_eq!(host_and_port(text), Ok((host.into(), 2_775)), "{text}");
        }
        for text in [
            "",
            ":2775",
            "esme.example.com",
            "esme:0",
            "esme:65536",
            "a b:1",
            "2001:db8::7:2775",
        ] {
            assert!(host_and_port(text).is_err(), "{text}");
        }
        assert!(host_and_port(&format!("{}:1", "a".repeat(254))).is_err());
    }

    #[test]
    fn tenant_names_fit_into_paths() {
        assert!(tenant_name("acme-2.eu_west").is_ok());
        for text in ["", "Acme", "a/b", "..", "a b", "ümlaut", &"a".repeat(33)] {
            assert!(tenant_name(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_system_id_fits_into_a_bind_request() {
        assert!(system_id(&"a".repeat(15)).is_ok());
        assert_eq!(system_id(&"a".repeat(16)), Err("16 octets exceed 15".into()));
        assert!(system_id("müller").is_ok());
        assert!(system_id("").is_err());
        assert!(system_id("mйller").is_err());
        assert!(system_id("a\0b").is_err());
    }
}
