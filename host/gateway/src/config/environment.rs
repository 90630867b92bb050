//! The environment variables of SMSGate's own SMPP server, read as it reads them, so that this gateway can stand in its place:
//! one pass-through tenant, no file. A variable that is set to nothing is not set.

use super::{
    Admin, Config, Guest, HTTP_ADDRESS, Holding, Http, Limits, Listener, Mistakes, Mode, Origin, OverRate, PartsPolicy,
    Reachable, Secret, Smpp, Surroundings, Tenant, TenantsOfFile, TlsFiles, TlsListener, Translator, Webhooks, Written,
    file::readable, limits, mistakes::Found, parse, reader::within, settings::API_BASE_URL,
};
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};
use toml::{Table, Value};

const SMPP_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 2_775);

/// Where TLS is heard beside a plain listener: the port that IANA and the SMSGate cloud have for it.
const TLS_PORT: u16 = 2_776;

const TENANT: &str = "default";

const API: &str = "https://api.sms-gate.app/3rdparty/v1";

/// Variables that say how addresses of incoming messages are marked, the translator's names for them, and 1, the usual value
/// (international; E.164).
const ADDRESS_SETTINGS: [(&str, &str); 4] = [
    ("SMPP__SOURCE_TON", "source_ton"),
    ("SMPP__SOURCE_NPI", "source_npi"),
    ("SMPP__DEST_TON", "dest_ton"),
    ("SMPP__DEST_NPI", "dest_npi"),
];

/// Reads a configuration.
pub(super) fn read(surroundings: &Surroundings<'_>) -> Result<Config, Mistakes> {
    let variables = Variables {
        surroundings,
        found: Found::default(),
    };
    let config = Config {
        data_dir: surroundings
            .base
            .join(variables.text("EDGEBIND_DATA_DIR").unwrap_or_else(|| super::DATA_DIR.into())),
        node: 0,
        smpp: smpp(&variables),
        http: Http {
            addr: variables.read("HTTP__ADDRESS", parse::address).unwrap_or(HTTP_ADDRESS),
            tls: None,
            webhook_base_url: variables.read("GATEWAY__WEBHOOK_BASE_URL", parse::base_url),
        },
        admin: admin(&variables),
        limits: Limits::default(),
        is_from_environment: true,
        tenants_of_file: TenantsOfFile::Own,
        tenants: vec![tenant(&variables)],
    };
    variables.found.none_in(config)
}

struct Variables<'a> {
    surroundings: &'a Surroundings<'a>,
    found: Found,
}

impl Variables<'_> {
    fn text(&self, name: &str) -> Option<String> {
        (self.surroundings.env)(name).filter(|text| !text.is_empty())
    }

    fn read<T>(&self, name: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        read(&self.text(name)?).map_err(|what| self.found.mistake(name, what)).ok()
    }
}

fn smpp(variables: &Variables<'_>) -> Smpp {
    let plain = variables.read("SMPP__BIND_ADDRESS", parse::address).unwrap_or(SMPP_ADDRESS);
    let named = ["SMPP__TLS_CERT", "SMPP__TLS_KEY"].map(|name| variables.text(name).is_some());
    let tls_addr = variables.read("SMPP__TLS_BIND_ADDRESS", parse::address);
    let file = |name| variables.read(name, |text| readable(text, variables.surroundings));
    let (cert, key) = (file("SMPP__TLS_CERT"), file("SMPP__TLS_KEY"));
    match named {
        [true, false] => variables
            .found
            .mistake("SMPP__TLS_KEY", "is missing, and SMPP__TLS_CERT alone makes no TLS"),
        [false, true] => variables
            .found
            .mistake("SMPP__TLS_CERT", "is missing, and SMPP__TLS_KEY alone makes no TLS"),
        [false, false] if tls_addr.is_some() => {
            variables
                .found
                .mistake("SMPP__TLS_BIND_ADDRESS", "needs SMPP__TLS_CERT and SMPP__TLS_KEY beside it");
        }
        _ => {}
    }
    let addr = tls_addr.unwrap_or(SocketAddr::new(plain.ip(), TLS_PORT));
    let tls = cert.zip(key).map(|(cert, key)| TlsListener {
        listener: Listener::direct(addr),
        files: TlsFiles { cert, key },
        client_ca: None,
    });
    if tls.is_some() && addr == plain && addr.port() != 0 {
        variables
            .found
            .mistake("SMPP__BIND_ADDRESS", format!("{addr} is where TLS listens too"));
    }
    Smpp {
        plain: Some(Listener::direct(plain)),
        tls,
        session_init: limits::SESSION_INIT,
    }
}

fn admin(variables: &Variables<'_>) -> Admin {
    let usual = Admin::default();
    let addr = variables.read("ADMIN__ADDRESS", |text| {
        let addr = parse::address(text)?;
        if addr.ip().is_loopback() {
            Ok(addr)
        } else {
            Err(format!(
                "{addr} is no loopback address, and without TLS the token could be read on the way"
            ))
        }
    });
    Admin {
        addr: addr.unwrap_or(usual.addr),
        token: variables.text("ADMIN__TOKEN").map(Secret::new),
        ..usual
    }
}

fn tenant(variables: &Variables<'_>) -> Tenant {
    let url = variables.text("GATEWAY__API_BASE_URL").unwrap_or_else(|| API.into());
    let mut origins = Vec::new();
    match parse::base_url(&url).map(|url| Origin::of(&url)) {
        Ok(origin) => origins.extend(origin.map(Reachable::api)),
        Err(what) => variables.found.mistake("GATEWAY__API_BASE_URL", what),
    }
    let mut translator_settings = vec![(API_BASE_URL.to_owned(), url)];
    translator_settings.extend(ADDRESS_SETTINGS.map(|(variable, setting)| {
        let read = |text: &str| {
            text.parse::<u8>()
                .map_err(|_| format!("`{text}` is not a number from 0 to 255"))
        };
        (setting.to_owned(), variables.read(variable, read).unwrap_or(1).to_string())
    }));
    let webhooks = variables
        .read("GATEWAY__WEBHOOKS", |text| parse::choice(text, &Webhooks::WORDS))
        .unwrap_or(Webhooks::Keep);
    let timeout = variables.read("GATEWAY__TIMEOUT", |text| {
        within(parse::duration(text)?, &limits::UPSTREAM_TIMEOUTS)
    });
    let settings: Table = translator_settings
        .iter()
        .map(|(name, value)| (name.clone(), Value::String(value.clone())))
        .collect();
    let document = Table::from_iter([
        ("name".to_owned(), Value::String(TENANT.to_owned())),
        ("mode".to_owned(), Value::String("pass-through".to_owned())),
        ("translator_settings".to_owned(), Value::Table(settings)),
    ]);
    Tenant {
        name: TENANT.into(),
        mode: Mode::PassThrough,
        origins,
        is_suspended: false,
        secrets: BTreeMap::new(),
        session_settings: Vec::new(),
        translator: Translator::Smsgate,
        translator_settings,
        webhooks,
        egress_concurrency: limits::EGRESS_CONCURRENCY,
        queue_max: limits::QUEUE_MAX,
        holding: Holding::default(),
        rate: None,
        rate_total: None,
        over_rate: OverRate::default(),
        binds_max: limits::BINDS_MAX,
        incoming: Vec::new(),
        incoming_account: None,
        binds_total_max: None,
        queue_total_max: None,
        guest: Guest::default(),
        recording: None,
        parts_timeout: limits::PARTS_TIMEOUT,
        parts_policy: PartsPolicy::Reject,
        retry_max_age: limits::RETRY_MAX_AGE,
        receipt_max_wait: limits::RECEIPT_MAX_WAIT,
        upstream_timeout: timeout.unwrap_or(limits::UPSTREAM_TIMEOUT),
        document: Written(document.into()),
    }
}
