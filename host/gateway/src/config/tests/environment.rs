//! A configuration without a file.

use super::*;

#[test]
fn an_empty_environment_is_the_public_cloud() {
    let config = World::new(&[], &[]).env().unwrap();
    assert_eq!(config.data_dir, Path::new("/etc/edgebind/edgebind-data"));
    assert_eq!(config.smpp.plain, Some(Listener::direct("127.0.0.1:2775".parse().unwrap())));
    assert_eq!(config.smpp.tls, None);
    assert_eq!(config.http.addr, "127.0.0.1:3000".parse().unwrap());
    assert_eq!(config.http.webhook_base_url, None);
    let [tenant] = config.tenants.as_slice() else {
        panic!("one tenant")
    };
    assert!(matches!(tenant.mode, Mode::PassThrough));
    assert_eq!(tenant.upstream_timeout, Duration::from_secs(60));
    let origin = Origin::parse("https://api.sms-gate.app").unwrap();
    assert_eq!(
        tenant.origins,
        [Reachable {
            origin,
            is_private: false,
            takes_secrets: true
        }]
    );
    let settings: Vec<_> = tenant
        .translator_settings
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        settings,
        [
            "api_base_url=https://api.sms-gate.app/3rdparty/v1",
            "source_ton=1",
            "source_npi=1",
            "dest_ton=1",
            "dest_npi=1"
        ]
    );
}

#[test]
fn the_environment_is_read_as_smsgates_own_server_reads_it() {
    let world = World::new(
        &[
            ("EDGEBIND_DATA_DIR", "/var/lib/edgebind"),
            ("SMPP__BIND_ADDRESS", ":2775"),
            ("SMPP__TLS_CERT", "cert.pem"),
            ("SMPP__TLS_KEY", "key.pem"),
            ("SMPP__TLS_BIND_ADDRESS", ""),
            ("SMPP__SOURCE_TON", "5"),
            ("SMPP__DEST_NPI", "8"),
            ("GATEWAY__API_BASE_URL", "http://192.168.1.20:8080"),
            ("GATEWAY__WEBHOOK_BASE_URL", "https://sms.example.com/edge"),
            ("GATEWAY__WEBHOOKS", "bind"),
            ("GATEWAY__TIMEOUT", "1m30s"),
            ("HTTP__ADDRESS", "0.0.0.0:3000"),
        ],
        &[("cert.pem", ""), ("key.pem", "")],
    );
    let config = world.env().unwrap();
    assert_eq!(config.data_dir, Path::new("/var/lib/edgebind"));
    assert_eq!(config.smpp.plain, Some(Listener::direct("0.0.0.0:2775".parse().unwrap())));
    let tls = config.smpp.tls.unwrap();
    assert_eq!(
        (tls.listener.addr, tls.files.cert.as_path()),
        ("0.0.0.0:2776".parse().unwrap(), Path::new("/etc/edgebind/cert.pem"))
    );
    assert_eq!(config.http.addr, "0.0.0.0:3000".parse().unwrap());
    assert_eq!(
        config.http.webhook_base_url.as_ref().map(Url::as_str),
        Some("https://sms.example.com/edge")
    );
    let tenant = &config.tenants[0];
    assert_eq!(tenant.webhooks, Webhooks::Bind);
    assert_eq!(tenant.upstream_timeout, Duration::from_secs(90));
    let origin = Origin::parse("http://192.168.1.20:8080").unwrap();
    assert_eq!(
        tenant.origins,
        [Reachable {
            origin,
            is_private: true,
            takes_secrets: true
        }]
    );
    let settings: Vec<_> = tenant.translator_settings.iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!(settings, ["http://192.168.1.20:8080", "5", "1", "1", "8"]);
}

#[test]
fn every_mistake_of_the_environment_is_named_at_once() {
    let world = World::new(
        &[
            ("SMPP__BIND_ADDRESS", "2775"),
            ("SMPP__TLS_CERT", "gone.pem"),
            ("SMPP__DEST_TON", "256"),
            ("GATEWAY__API_BASE_URL", "api.sms-gate.app"),
            ("GATEWAY__WEBHOOK_BASE_URL", "ftp://example.com"),
            ("GATEWAY__WEBHOOKS", "always"),
            ("GATEWAY__TIMEOUT", "forever"),
            ("HTTP__ADDRESS", "nowhere:1"),
        ],
        &[],
    );
    assert_eq!(
        mistakes(world.env()),
        "SMPP__BIND_ADDRESS: `2775` is not an address and port such as 127.0.0.1:2775\n\
         SMPP__TLS_CERT: /etc/edgebind/gone.pem: entity not found\n\
         SMPP__TLS_KEY: is missing, and SMPP__TLS_CERT alone makes no TLS\n\
         HTTP__ADDRESS: `nowhere:1` is not an address and port such as 127.0.0.1:2775\n\
         GATEWAY__WEBHOOK_BASE_URL: not an http or https URL\n\
         GATEWAY__API_BASE_URL: not a URL: relative URL without a base\n\
         SMPP__DEST_TON: `256` is not a number from 0 to 255\n\
         GATEWAY__WEBHOOKS: `always` is not `keep` or `bind`\n\
         GATEWAY__TIMEOUT: `forever` is not a duration such as 30s, 1m30s or 250ms"
    );
}

#[test]
fn tls_needs_certificate_and_key_together() {
    let files = [("a.pem", "")];
    let mistakes_of = |variables: &[(&str, &str)]| mistakes(World::new(variables, &files).env());
    assert_eq!(
        mistakes_of(&[("SMPP__TLS_KEY", "a.pem")]),
        "SMPP__TLS_CERT: is missing, and SMPP__TLS_KEY alone makes no TLS"
    );
    assert_eq!(
        mistakes_of(&[("SMPP__TLS_BIND_ADDRESS", ":2776")]),
        "SMPP__TLS_BIND_ADDRESS: needs SMPP__TLS_CERT and SMPP__TLS_KEY beside it"
    );
    let both = [
        ("SMPP__TLS_CERT", "a.pem"),
        ("SMPP__TLS_KEY", "a.pem"),
        ("SMPP__TLS_BIND_ADDRESS", "127.0.0.1:2775"),
    ];
    assert_eq!(
        mistakes_of(&both),
        "SMPP__BIND_ADDRESS: 127.0.0.1:2775 is where TLS listens too"
    );
}
