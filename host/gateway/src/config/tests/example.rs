//! The example: that it is one, and that it tells everything.

use super::*;

#[test]
fn the_example_is_a_configuration() {
    let world = World::new(
        &[("ACME_SMSGATE_PASSWORD", "hunter2hunter2"), ("ACME01_PASSWORD", "pw123456")],
        &[],
    );
    let config = world.toml(EXAMPLE).unwrap();
    assert_eq!(config.data_dir, Path::new("/etc/edgebind/edgebind-data"));
    assert_eq!(config.smpp.plain, Some(Listener::direct("127.0.0.1:2775".parse().unwrap())));
    assert_eq!(
        config.http.webhook_base_url.as_ref().map(Url::as_str),
        Some("https://sms.example.com/")
    );
    let [acme, everyone] = config.tenants.as_slice() else {
        panic!("two tenants")
    };
    assert_eq!(acme.secrets["upstream.user"].bytes(), b"A1B2C3");
    assert_eq!(acme.secrets["upstream.password"].bytes(), b"hunter2hunter2");
    assert_eq!(acme.webhooks, Webhooks::Keep);
    let [account] = accounts(acme) else { panic!("one account") };
    assert_eq!(
        (account.system_id.as_str(), account.password.bytes(), account.binds_max),
        ("acme01", &b"pw123456"[..], 4)
    );
    assert!(matches!(everyone.mode, Mode::PassThrough));
    assert_eq!(everyone.webhooks, Webhooks::Keep);
}

/// What the example shows as a comment and the gateway does anyway must stay the same thing.

#[test]
fn what_the_example_leaves_out_it_describes() {
    let world = World::new(
        &[
            ("ACME_SMSGATE_PASSWORD", "hunter2hunter2"),
            ("ACME01_PASSWORD", "pw123456"),
            ("ACME01_OUTBIND", "out"),
            ("EDGEBIND_ADMIN_TOKEN", "sixteen octets..."),
            ("BETA_SECRET", "Abcdef0123456789"),
            ("BETA_SIGNATURE", "0123456789abcdef"),
            ("BETA01_PASSWORD", "pw234567"),
            ("GAMMA_KEY", "key"),
            ("GAMMA01_PASSWORD", "pw345678"),
        ],
        &[
            ("tls/chain.pem", ""),
            ("tls/key.pem", ""),
            ("tls/esmes.pem", ""),
            ("secrets/acme-webhook", "key\n"),
        ],
    );
    let is_line = |line: &str| line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    let written: Vec<&str> = EXAMPLE
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|line| is_line(line)).unwrap_or(line))
        .collect();
    let written = world.toml(&written.join("\n")).unwrap();
    let left_out = world.toml(EXAMPLE).unwrap();
    let facts = |config: &Config| {
        let acme = &config.tenants[0];
        let times = [
            config.smpp.session_init,
            acme.upstream_timeout,
            acme.retry_max_age,
            acme.receipt_max_wait,
            acme.parts_timeout,
        ];
        (
            config.node,
            times,
            acme.webhooks,
            acme.parts_policy,
            acme.over_rate,
            (acme.holding.max_age, acme.holding.queue_max, acme.holding.when_full),
            [acme.egress_concurrency, acme.binds_max, acme.queue_max],
        )
    };
    assert_eq!(facts(&written), facts(&left_out));
    assert!(written.smpp.tls.is_some() && written.http.tls.is_some());
    assert_eq!(
        written.tenants[0].rate,
        Some(Rate {
            per_second: 50,
            burst: 100
        })
    );
    assert_eq!(written.tenants[0].secrets["webhook"].bytes(), b"key");
    assert_eq!(written.limits.drain, Some(Duration::from_secs(20)));
    assert_eq!(written.tenants[0].origins.len(), 3);
    assert_eq!(
        (left_out.tenants[0].rate_total, written.tenants[0].rate_total),
        (
            None,
            Some(Rate {
                per_second: 200,
                burst: 400
            })
        )
    );
    let routes: Vec<_> = written.tenants[0]
        .incoming
        .iter()
        .map(|route| route.account.as_str())
        .collect();
    assert_eq!(
        (routes, written.tenants[0].incoming_account.as_deref()),
        (vec!["acme01"], Some("acme01"))
    );
    let [account] = accounts(&written.tenants[0]) else {
        panic!("one account")
    };
    let translators: Vec<Translator> = written.tenants.iter().map(|tenant| tenant.translator).collect();
    assert_eq!(
        translators,
        [
            Translator::Smsgate,
            Translator::Smsgate,
            Translator::Vonage,
            Translator::HttpTemplate
        ]
    );
    assert_eq!((account.allow_from.len(), account.certificates.len()), (3, 2));
    assert!(account.outbind.as_ref().is_some_and(|outbind| outbind.is_tls));
    let tls = written.smpp.tls.unwrap();
    assert_eq!((tls.listener.proxies.len(), tls.client_ca.is_some()), (2, true));
}
