//! The tables of listeners: where ESMEs and webhooks come in.

use super::{
    Admin, Http, Listener, Smpp, Surroundings, TlsFiles, TlsListener,
    file::readable,
    limits, parse,
    reader::{Reader, not_a},
    secrets::secret,
};
use ipnet::IpNet;
use std::net::SocketAddr;
use toml::Value;

impl Listener {
    /// One that ESMEs connect to themselves.
    pub fn direct(addr: SocketAddr) -> Self {
        Self {
            addr,
            proxies: Vec::new(),
        }
    }
}

/// `[smpp]`.
pub(super) fn smpp(root: &Reader<'_>, surroundings: &Surroundings<'_>) -> Smpp {
    let Some(reader) = root.table("smpp") else {
        root.require("smpp");
        return Smpp {
            plain: None,
            tls: None,
            session_init: limits::SESSION_INIT,
        };
    };
    let plain = plain(&reader);
    let tls = reader.table("tls").and_then(|reader| tls(reader, surroundings));
    if reader.value("plain").is_none() && reader.value("tls").is_none() {
        reader.mistake("plain", "neither `plain` nor `tls` says where ESMEs connect");
    }
    if let (Some(Listener { addr, .. }), Some(tls)) = (&plain, &tls)
        && *addr == tls.listener.addr
        && addr.port() != 0
    {
        reader.mistake("tls", format!("{addr} is taken by `plain`"));
    }
    let session_init = reader
        .duration("session_init", &limits::SESSION_INITS)
        .unwrap_or(limits::SESSION_INIT);
    reader.finish();
    Smpp {
        plain,
        tls,
        session_init,
    }
}

/// An address, or a table that says who connects there too.
fn plain(reader: &Reader<'_>) -> Option<Listener> {
    if !matches!(reader.value("plain"), Some(Value::Table(_))) {
        return reader.text("plain", parse::address).map(Listener::direct);
    }
    let reader = reader.table("plain")?;
    let listener = listener(&reader);
    reader.finish();
    listener
}

fn tls(reader: Reader<'_>, surroundings: &Surroundings<'_>) -> Option<TlsListener> {
    let listener = listener(&reader);
    let files = tls_files(&reader, surroundings);
    let client_ca = reader.text("client_ca", |text| readable(text, surroundings));
    reader.finish();
    Some(TlsListener {
        listener: listener?,
        files: files?,
        client_ca,
    })
}

fn listener(reader: &Reader<'_>) -> Option<Listener> {
    reader.require("addr");
    Some(Listener {
        addr: reader.text("addr", parse::address)?,
        proxies: proxies(reader),
    })
}

/// `proxy_protocol` and `proxy_protocol_from`, which make no sense without each other: a header is believed or it is not there.
fn proxies(reader: &Reader<'_>) -> Vec<IpNet> {
    let asks = reader.flag("proxy_protocol").unwrap_or(false);
    let proxies = networks(reader, "proxy_protocol_from");
    let is_named = reader.value("proxy_protocol_from").is_some();
    if asks && !is_named {
        reader.mistake(
            "proxy_protocol_from",
            "is missing, and a PROXY header from anyone would let everyone name any address",
        );
    } else if is_named && !asks {
        reader.mistake(
            "proxy_protocol",
            "is not true, and proxy_protocol_from means nothing without it",
        );
    }
    proxies
}

/// An array of networks and addresses; empty where there is none, and one that is written has something in it.
pub(super) fn networks(reader: &Reader<'_>, key: &'static str) -> Vec<IpNet> {
    let listed = reader.list(key);
    if reader
        .value(key)
        .is_some_and(|value| value.as_array().is_some_and(Vec::is_empty))
    {
        reader.mistake(key, "is empty, and nobody could connect");
    }
    if listed.len() > limits::NETWORKS_MAX {
        reader.mistake(key, format!("{} networks exceed {}", listed.len(), limits::NETWORKS_MAX));
    }
    let network = |(path, value): (String, &Value)| {
        let text = value.as_str().ok_or_else(|| not_a("a string", value));
        text.and_then(parse::network)
            .map_err(|what| reader.mistake_at(path, what))
            .ok()
    };
    listed.into_iter().filter_map(network).collect()
}

/// `[http]`.
pub(super) fn http(root: &Reader<'_>, surroundings: &Surroundings<'_>) -> Http {
    let Some(reader) = root.table("http") else {
        return Http {
            addr: super::HTTP_ADDRESS,
            tls: None,
            webhook_base_url: None,
        };
    };
    let addr = reader.text("addr", parse::address).unwrap_or(super::HTTP_ADDRESS);
    let tls = reader.table("tls").and_then(|reader| {
        let files = tls_files(&reader, surroundings);
        reader.finish();
        files
    });
    let webhook_base_url = reader.text("webhook_base_url", parse::base_url);
    reader.finish();
    Http {
        addr,
        tls,
        webhook_base_url,
    }
}

/// `[admin]`.
pub(super) fn admin(root: &Reader<'_>, surroundings: &Surroundings<'_>) -> Admin {
    let usual = Admin::default();
    let Some(reader) = root.table("admin") else {
        return usual;
    };
    let addr = reader.text("addr", parse::address).unwrap_or(usual.addr);
    let tls = reader.table("tls").and_then(|reader| {
        let files = tls_files(&reader, surroundings);
        reader.finish();
        files
    });
    let is_open = reader.flag("insecure").unwrap_or(false);
    if tls.is_none() && !addr.ip().is_loopback() && !is_open {
        reader.mistake(
            "addr",
            format!(
                "{addr} is no loopback address, and without tls the token could be read on the way; insecure = true allows that"
            ),
        );
    }
    let token = reader.read("token", |value| {
        let token = secret(value, surroundings)?;
        match token.bytes().len() {
            0..limits::ADMIN_TOKEN_OCTETS_MIN => Err(format!("is shorter than {} octets", limits::ADMIN_TOKEN_OCTETS_MIN)),
            _ => Ok(token),
        }
    });
    reader.finish();
    Admin { addr, tls, token }
}

fn tls_files(reader: &Reader<'_>, surroundings: &Surroundings<'_>) -> Option<TlsFiles> {
    let file = |key| {
        reader.require(key);
        reader.text(key, |text| readable(text, surroundings))
    };
    let (cert, key) = (file("cert"), file("key"));
    Some(TlsFiles { cert: cert?, key: key? })
}
