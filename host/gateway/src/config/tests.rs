//! Whole configurations: what they come to, and every sentence that a wrong one gets.

use super::*;
use std::collections::{BTreeSet, HashMap};

/// Surroundings that are a list: `NAME=value` is a variable, `path: text` a file under `/etc/edgebind`.
struct World {
    variables: HashMap<String, String>,
    files: HashMap<PathBuf, String>,
}

impl World {
    fn new(variables: &[(&str, &str)], files: &[(&str, &str)]) -> Self {
        let base = Path::new("/etc/edgebind");
        Self {
            variables: variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            files: files
                .iter()
                .map(|(path, text)| (base.join(path), (*text).to_owned()))
                .collect(),
        }
    }

    fn with<T>(&self, call: impl FnOnce(&Surroundings<'_>) -> T) -> T {
        let env = |name: &str| self.variables.get(name).cloned();
        let file = |path: &Path| self.files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into());
        call(&Surroundings {
            base: Path::new("/etc/edgebind"),
            env: &env,
            file: &file,
            settings: &|tenant| {
                let unknown = tenant.translator_settings.iter().filter(|(name, _)| name == "unknown");
                unknown
                    .map(|(name, _)| Mistake {
                        at: "translator_settings".into(),
                        what: format!("no setting {name}"),
                    })
                    .collect()
            },
        })
    }

    fn toml(&self, text: &str) -> Result<Config, Mistakes> {
        self.with(|surroundings| Config::from_toml(text, surroundings))
    }

    fn env(&self) -> Result<Config, Mistakes> {
        self.with(Config::from_env)
    }
}

fn accounts(tenant: &Tenant) -> &[Account] {
    match &tenant.mode {
        Mode::Accounts(accounts) => accounts,
        Mode::PassThrough => panic!("{} has no accounts", tenant.name),
    }
}

fn mistakes(read: Result<Config, Mistakes>) -> String {
    match read {
        Ok(config) => panic!("taken: {config:?}"),
        Err(mistakes) => mistakes.to_string(),
    }
}

/// The smallest file: everything else has a value of its own.
const SMALL: &str = r#"
    smpp.plain = "127.0.0.1:2775"

    [[tenants]]
    name = "acme"
    translator_settings.api_base_url = "http://localhost:8080"
    [[tenants.accounts]]
    system_id = "esme"
    password = "secret"
"#;

fn small_with(lines: &str) -> String {
    SMALL.replace("name = \"acme\"", &format!("name = \"acme\"\n{lines}"))
}

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
    assert_eq!((account.allow_from.len(), account.certificates.len()), (3, 2));
    assert!(account.outbind.as_ref().is_some_and(|outbind| outbind.is_tls));
    let tls = written.smpp.tls.unwrap();
    assert_eq!((tls.listener.proxies.len(), tls.client_ca.is_some()), (2, true));
}

#[test]
fn a_small_file_is_enough() {
    let config = World::new(&[], &[]).toml(SMALL).unwrap();
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.http.addr, HTTP_ADDRESS);
    let [tenant] = config.tenants.as_slice() else {
        panic!("one tenant")
    };
    assert_eq!(
        (tenant.egress_concurrency, tenant.rate, tenant.parts_policy),
        (16, None, PartsPolicy::Reject)
    );
    let origin = Origin::parse("http://localhost:8080").unwrap();
    assert_eq!(
        tenant.origins,
        [Reachable {
            origin,
            is_private: true,
            takes_secrets: true
        }]
    );
}

#[test]
fn what_a_tenant_says_holds_for_accounts_that_say_nothing() {
    let text = small_with("binds_max = 3\nqueue_max = 7\nrate = 5")
        + "[[tenants.accounts]]\nsystem_id = 'other'\npassword = 'x'\nbinds_max = 1\nrate = { per_second = 2, burst = 9 }";
    let config = World::new(&[], &[]).toml(&text).unwrap();
    let facts: Vec<_> = accounts(&config.tenants[0])
        .iter()
        .map(|account| (account.binds_max, account.queue_max, account.rate))
        .collect();
    let rate = |per_second, burst| Some(Rate { per_second, burst });
    assert_eq!(facts, [(3, 7, rate(5, 5)), (1, 7, rate(2, 9))]);
}

#[test]
fn rates_of_one_account_and_of_all_are_two_things() {
    let text = small_with("rate = 5\nrate_total = { per_second = 8, burst = 20 }\nover_rate = 'wait'")
        + "[[tenants.accounts]]\nsystem_id = 'other'\npassword = 'x'\nover_rate = 'throttle'";
    let config = World::new(&[], &[]).toml(&text).unwrap();
    let [tenant] = config.tenants.as_slice() else {
        panic!("one tenant")
    };
    let rate = |per_second, burst| Some(Rate { per_second, burst });
    assert_eq!(
        (tenant.rate, tenant.rate_total, tenant.over_rate),
        (rate(5, 5), rate(8, 20), OverRate::Wait)
    );
    let facts: Vec<_> = accounts(tenant)
        .iter()
        .map(|account| (account.rate, account.over_rate))
        .collect();
    assert_eq!(facts, [(rate(5, 5), OverRate::Wait), (rate(5, 5), OverRate::Throttle)]);
}

#[test]
fn incoming_messages_are_routed_in_order() {
    let text = small_with("incoming_account = 'esme'")
        + "[[tenants.accounts]]\nsystem_id = 'other'\npassword = 'x'\n\
           [[tenants.incoming]]\nto = '^4477'\naccount = 'other'\n[[tenants.incoming]]\nto = '99'\naccount = 'esme'";
    let config = World::new(&[], &[]).toml(&text).unwrap();
    let route = |address: &str| {
        let mut routes = config.tenants[0].incoming.iter();
        routes
            .find(|route| route.to.is_match(address))
            .map(|route| route.account.as_str())
    };
    assert_eq!(route("447700900999"), Some("other"));
    assert_eq!(route("+447700900999"), Some("esme"));
    assert_eq!(route("4917"), None);
    assert_eq!(config.tenants[0].incoming_account.as_deref(), Some("esme"));
}

#[test]
fn an_account_says_where_and_with_what_it_may_bind() {
    let text = SMALL.replace(
        "smpp.plain = \"127.0.0.1:2775\"",
        "smpp.plain = { addr = ':2775', proxy_protocol = true, proxy_protocol_from = ['10.0.0.1'] }\n\
         smpp.tls = { addr = ':2776', cert = 'pem', key = 'pem', client_ca = 'pem' }\n\
         limits.connections_per_address_max = 9",
    ) + "allow_from = ['192.0.2.0/24', '2001:db8::1']\ncertificates = ['name:ESME.example']\n\
         outbind = { address = '[2001:db8::1]:2775', system_id = 'gw', password = { env = 'OUT' } }";
    let config = World::new(&[("OUT", "hunter2")], &[("pem", "")]).toml(&text).unwrap();
    let shown = |networks: &[IpNet]| networks.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(shown(&config.smpp.plain.unwrap().proxies), ["10.0.0.1/32"]);
    let tls = config.smpp.tls.unwrap();
    assert_eq!(
        (shown(&tls.listener.proxies), tls.client_ca.as_deref()),
        (vec![], Some(Path::new("/etc/edgebind/pem")))
    );
    assert_eq!(config.limits.connections_per_address_max, Some(9));
    let [account] = accounts(&config.tenants[0]) else {
        panic!("one account")
    };
    assert_eq!(shown(&account.allow_from), ["192.0.2.0/24", "2001:db8::1/128"]);
    assert_eq!(account.certificates, [CertificateName::Name("esme.example".into())]);
    let outbind = account.outbind.as_ref().unwrap();
    assert_eq!(
        (
            outbind.host.as_str(),
            outbind.port,
            outbind.is_tls,
            outbind.system_id.as_str()
        ),
        ("2001:db8::1", 2_775, false, "gw")
    );
    assert_eq!(outbind.password.bytes(), b"hunter2");
}

#[test]
fn mistakes_about_who_may_connect_are_named() {
    let world = World::new(&[], &[("pem", "")]);
    let text = r#"
        [smpp]
        plain = { addr = ":2775", proxy_protocol = true }
        [smpp.tls]
        addr = ":2776"
        cert = "pem"
        key = "pem"
        proxy_protocol_from = ["10.0.0.1/8"]

        [limits]
        connections_per_address_max = 0

        [[tenants]]
        name = "acme"
        over_rate = "drop"
        rate_total = { burst = 5 }
        incoming_account = "nobody"
        incoming = [{ to = "(", account = "esme" }, { to = "", account = "other" }, { acount = "esme" }]
        [[tenants.accounts]]
        system_id = "esme"
        password = "x"
        allow_from = []
        certificates = ["esme.example", 7, "name:ok.example"]
        outbind = { address = "esme.example", password = "ninechars" }

        [[tenants]]
        name = "everyone"
        mode = "pass-through"
        incoming_account = "esme"
        incoming = []
    "#;
    assert_eq!(
        mistakes(world.toml(text)),
        "smpp.plain.proxy_protocol_from: is missing, and a PROXY header from anyone would let everyone name any address\n\
         smpp.tls.proxy_protocol_from[0]: `10.0.0.1/8` has bits behind its prefix; the network is 10.0.0.0/8\n\
         smpp.tls.proxy_protocol: is not true, and proxy_protocol_from means nothing without it\n\
         limits.connections_per_address_max: 0 is not within 1 and 1000000\n\
         tenants[0].over_rate: `drop` is not `throttle` or `wait`\n\
         tenants[0].accounts[0].allow_from: is empty, and nobody could connect\n\
         tenants[0].accounts[0].certificates[0]: is neither `sha256:HEX` nor `name:DNS-NAME`\n\
         tenants[0].accounts[0].certificates[1]: is an integer, not a string\n\
         tenants[0].accounts[0].outbind.address: `esme.example` is not a host and port such as esme.example.com:2775\n\
         tenants[0].accounts[0].outbind.system_id: is missing\n\
         tenants[0].accounts[0].outbind.password: 9 octets exceed 8\n\
         tenants[0].incoming[0].to: not a regular expression: found open group without closing ')'\n\
         tenants[0].incoming[1].to: is empty, and matches everything; incoming_account says who gets the rest\n\
         tenants[0].incoming[1].account: `other` is no account of this tenant\n\
         tenants[0].incoming[2].to: is missing\n\
         tenants[0].incoming[2].account: is missing\n\
         tenants[0].incoming[2].acount: unknown; `account` is near\n\
         tenants[0].incoming_account: `nobody` is no account of this tenant\n\
         tenants[0].rate_total.per_second: is missing\n\
         tenants[1].incoming: a pass-through tenant has no accounts to choose from\n\
         tenants[1].incoming_account: a pass-through tenant has no accounts to choose from\n\
         tenants[0].accounts[0].certificates: no listener asks for certificates: smpp.tls.client_ca names no authority"
    );
}

#[test]
fn what_a_list_may_hold_is_bounded() {
    let world = World::new(&[], &[]);
    let many = |count: usize, item: &str| format!("[{}]", vec![item; count].join(", "));
    let with_nets = |count| SMALL.to_owned() + &format!("allow_from = {}", many(count, "'192.0.2.1'"));
    assert!(world.toml(&with_nets(limits::NETWORKS_MAX)).is_ok());
    assert_eq!(
        mistakes(world.toml(&with_nets(limits::NETWORKS_MAX + 1))),
        "tenants[0].accounts[0].allow_from: 1001 networks exceed 1000"
    );
    let certificates = many(limits::CERTIFICATES_MAX + 1, "'name:esme.example'");
    let what = mistakes(world.toml(&(SMALL.to_owned() + &format!("certificates = {certificates}"))));
    assert!(
        what.starts_with("tenants[0].accounts[0].certificates: 101 certificates exceed 100\n"),
        "{what}"
    );
    let with_routes = |count| small_with(&format!("incoming = {}", many(count, "{ to = '1', account = 'esme' }")));
    assert!(world.toml(&with_routes(limits::ROUTES_MAX)).is_ok());
    assert_eq!(
        mistakes(world.toml(&with_routes(limits::ROUTES_MAX + 1))),
        "tenants[0].incoming: 1001 exceed 1000"
    );
    let with_pattern = |to: &str| small_with(&format!("incoming = [{{ to = '{to}', account = 'esme' }}]"));
    assert!(world.toml(&with_pattern("^[0-9]{1,20}$")).is_ok());
    let what = mistakes(world.toml(&with_pattern("((a{100}){100}){100}")));
    assert!(
        what.starts_with("tenants[0].incoming[0].to: not a regular expression: "),
        "{what}"
    );
}

#[test]
fn settings_are_flat_names_and_text() {
    let text = small_with(
        "alphabet = 'latin1'\nsession_settings = { window_out = 5, strict = true, bind_types = ['tx', 'rx'], ratio = 0.5 }\n\
         translator_settings.source.default = 'device:1'\ntranslator_settings.source.\"+4477\" = ':2'",
    );
    let config = World::new(&[], &[]).toml(&text).unwrap();
    let pairs = |settings: &[(String, String)]| {
        settings
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        pairs(&config.tenants[0].session_settings),
        [
            "alphabet=latin1",
            "bind_types=tx,rx",
            "ratio=0.5",
            "strict=true",
            "window_out=5"
        ]
    );
    assert_eq!(
        pairs(&config.tenants[0].translator_settings),
        [
            "api_base_url=http://localhost:8080",
            "source.+4477=:2",
            "source.default=device:1"
        ]
    );
}

#[test]
fn secrets_come_from_text_variables_and_files() {
    let world = World::new(
        &[("TOKEN", "from env")],
        &[("keys/a", "from file\r\n"), ("keys/b", "two\n\n")],
    );
    let text = small_with(
        "secrets.plain = 'as written'\nsecrets.upstream.token = { env = 'TOKEN' }\n\
         secrets.webhook = { file = 'keys/a' }\nsecrets.\"webhook.PyDm\" = { file = 'keys/b' }",
    );
    let config = world.toml(&text).unwrap();
    let secrets: Vec<_> = config.tenants[0]
        .secrets
        .iter()
        .map(|(name, secret)| (name.as_str(), str::from_utf8(secret.bytes()).unwrap()))
        .collect();
    assert_eq!(
        secrets,
        [
            ("plain", "as written"),
            ("upstream.token", "from env"),
            ("webhook", "from file"),
            ("webhook.PyDm", "two\n")
        ]
    );
}

#[test]
fn no_secret_is_shown_by_a_configuration_or_its_mistakes() {
    let world = World::new(&[("TOKEN", "hunter2")], &[("key", "hunter2\n")]);
    let text = small_with("secrets.a = 'hunter2'\nsecrets.b = { env = 'TOKEN' }\nsecrets.c = { file = 'key' }")
        .replace("\"secret\"", "\"hunter2\"");
    let shown = format!("{:?}", world.toml(&text).unwrap());
    assert!(!shown.contains("hunter2") && shown.contains("***"), "{shown}");
    for broken in [
        text.replace("\"hunter2\"", "\"hunter2-is-too-long\""),
        text.replace("\"hunter2\"", "\"hunter2\" x"),
        text.replace("\"hunter2\"", "{ env = \"TOKEN\", fill = \"hunter2\" }"),
        text.replace("\"hunter2\"", "\"hunter2\\q\""),
    ] {
        let shown = mistakes(world.toml(&broken));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn origins_say_what_their_operator_means() {
    let text = small_with(
        "origins = ['https://a.example', { url = 'https://b.example', private = true }, { url = 'https://a.example', secrets = true }]",
    ) + "translator_settings = { api_base_url = 'https://c.example/api' }";
    let config = World::new(&[], &[]).toml(&text).unwrap();
    let shown: Vec<_> = config.tenants[0]
        .origins
        .iter()
        .map(|reachable| {
            format!(
                "{} private {} secrets {}",
                reachable.origin, reachable.is_private, reachable.takes_secrets
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "http://localhost:8080 private true secrets true",
            "https://c.example private false secrets true",
            "https://a.example private false secrets true",
            "https://b.example private true secrets false",
        ]
    );
}

#[test]
fn every_mistake_is_named_at_once() {
    let world = World::new(&[], &[("chain.pem", "")]);
    let text = r#"
        node = 32
        dta_dir = "x"

        [smpp]
        plain = "127.0.0.1"
        session_init = "soon"
        tls = { addr = "127.0.0.1:2776", cert = "chain.pem", key = "gone.pem" }

        [http]
        addr = "127.0.0.1:3000"
        webhook_base_url = "sms.example.com"

        [limits]
        drain = 0
        connections_max = "many"

        [[tenants]]
        name = "Acme"
        webhooks = "always"
        rate = { per_second = 0 }
        origins = ["https://example.com/api", 7, { url = "https://x.example", privat = true }]
        translator_settings = { api_base_url = "https://user:pw@example.com", when = 1979-05-27 }
        [tenants.secrets]
        a = { env = "GONE" }
        b.c = { file = "gone" }
        d = 7
        e = ""

        [[tenants.accounts]]
        system_id = "seventeen-octets-"
        password = "ninechars"

        [[tenants.accounts]]
        sytem_id = "x"
        password = { env = "GONE", or = "file" }

        [[tenants]]
        name = "empty"
    "#;
    assert_eq!(
        mistakes(world.toml(text)),
        "node: 32 is not within 0 and 31\n\
         smpp.plain: `127.0.0.1` is not an address and port such as 127.0.0.1:2775\n\
         smpp.tls.key: /etc/edgebind/gone.pem: entity not found\n\
         smpp.session_init: `soon` is not a duration such as 30s, 1m30s or 250ms\n\
         http.webhook_base_url: not a URL: relative URL without a base\n\
         limits.connections_max: is a string, not a whole number\n\
         limits.drain: 0ns is not within 100ms and 3600s\n\
         tenants[0].name: `Acme` is not only lower-case letters, digits, `-`, `_` and `.`\n\
         tenants[0].secrets.a: the environment has no GONE\n\
         tenants[0].secrets.\"b.c\": /etc/edgebind/gone: entity not found\n\
         tenants[0].secrets.d: is an integer, not a string, { env = \"NAME\" } or { file = \"path\" }\n\
         tenants[0].secrets.e: is empty\n\
         tenants[0].translator_settings: `when`: is a datetime, not a string, a number, true or false, or an array of them\n\
         tenants[0].rate.per_second: 0 is not within 1 and 1000000\n\
         tenants[0].translator_settings: `api_base_url`: credentials in a URL would be shown; name them as secrets\n\
         tenants[0].accounts[0].system_id: 17 octets exceed 15\n\
         tenants[0].accounts[0].password: 9 octets exceed 8; allow_long_password = true takes what SMPP has no room for\n\
         tenants[0].accounts[1].system_id: is missing\n\
         tenants[0].accounts[1].password: is neither { env = \"NAME\" } nor { file = \"path\" }\n\
         tenants[0].accounts[1].sytem_id: unknown; `system_id` is near\n\
         tenants[0].origins[0]: has a path, and an origin ends with its host or port\n\
         tenants[0].origins[1]: is an integer, not a string or a table\n\
         tenants[0].origins[2].privat: unknown; `private` is near\n\
         tenants[0].webhooks: `always` is not `keep` or `bind`\n\
         tenants[1].accounts: is missing: [[tenants.accounts]] says who may bind, accounts = [] that nobody does yet, or mode = \"pass-through\" that the upstream knows\n\
         dta_dir: unknown; `data_dir` is near"
    );
}

#[test]
fn names_are_given_once() {
    let tenant = |name: &str, rest: &str| format!("[[tenants]]\nname = '{name}'\n{rest}\n");
    let account = |system_id: &str| format!("[[tenants.accounts]]\nsystem_id = '{system_id}'\npassword = 'x'");
    let text = String::from("smpp.plain = ':2775'\n")
        + &tenant("a", &account("one"))
        + &tenant("a", &account("two"))
        + &tenant("b", &format!("{}\n{}", account("three"), account("one")))
        + &tenant("c", "mode = 'pass-through'")
        + &tenant(
            "d",
            &format!("mode = 'pass-through'\nsecrets.upstream.user = 'x'\n{}", account("four")),
        );
    assert_eq!(
        mistakes(World::new(&[], &[]).toml(&text)),
        "tenants[1].name: `a` is taken by tenants[0]\n\
         tenants[2].accounts[1].system_id: `one` is taken by tenants[0].accounts[0]\n\
         tenants[4].mode: tenants[3] is pass-through already, and a bind does not say which of the two it means\n\
         tenants[4].accounts: a pass-through tenant has none: whoever its upstream knows may bind\n\
         tenants[4].secrets: `upstream.user` of a pass-through tenant comes with each bind"
    );
}

#[test]
fn settings_are_given_once() {
    let text = small_with("alphabet = 'gsm'\nsession_settings = { alphabet = 'gsm', 'a.b' = 1, a.b = 2 }");
    assert_eq!(
        mistakes(World::new(&[], &[]).toml(&text)),
        "tenants[0].session_settings: `a.b` is given twice\n\
         tenants[0].session_settings: `alphabet` is given beside it too"
    );
}

#[test]
fn listeners_must_be_there() {
    let world = World::new(&[], &[("pem", "")]);
    assert_eq!(mistakes(world.toml("")), "smpp: is missing");
    assert_eq!(
        mistakes(world.toml(&SMALL.replace("smpp.plain = \"127.0.0.1:2775\"", "[smpp]"))),
        "smpp.plain: neither `plain` nor `tls` says where ESMEs connect"
    );
    let taken = SMALL.replace(
        "smpp.plain",
        "smpp.tls = { addr = '127.0.0.1:2775', cert = 'pem', key = 'pem' }\nsmpp.plain",
    );
    assert_eq!(mistakes(world.toml(&taken)), "smpp.tls: 127.0.0.1:2775 is taken by `plain`");
    assert!(world.toml(&taken.replace(":2775", ":0")).is_ok());
}

#[test]
fn the_admin_api_is_for_this_machine_unless_it_is_sealed() {
    let world = World::new(&[], &[("pem", "")]);
    let with = |admin: &str| world.toml(&format!("{SMALL}\n[admin]\n{admin}"));
    assert_eq!(world.toml(SMALL).unwrap().admin.addr.to_string(), "127.0.0.1:3001");
    assert_eq!(
        mistakes(with("addr = '0.0.0.0:3001'")),
        "admin.addr: 0.0.0.0:3001 is no loopback address, and without tls the token could be read on the way; insecure = true allows that"
    );
    assert!(with("addr = '0.0.0.0:3001'\ninsecure = true").is_ok());
    assert!(with("addr = '0.0.0.0:3001'\ntls = { cert = 'pem', key = 'pem' }").is_ok());
    assert_eq!(
        mistakes(with("token = 'fifteen octets!'")),
        "admin.token: is shorter than 16 octets"
    );
}

#[test]
fn what_guests_may_use_is_bounded_and_recording_is_off() {
    let world = World::new(&[], &[]);
    let tenant = world.toml(SMALL).unwrap().tenants.remove(0);
    assert_eq!((tenant.guest, tenant.recording), (Guest::default(), None));
    let text = small_with("guest = { cpu_share = 250, instances_max = 7 }\nrecording = { octets_max = 65536, redact = false }");
    let tenant = world.toml(&text).unwrap().tenants.remove(0);
    let expected = Guest {
        cpu_share: Some(250),
        instances_max: Some(7),
        ..Guest::default()
    };
    assert_eq!(tenant.guest, expected);
    let recording = Recording {
        octets_max: 65_536,
        is_redacted: false,
    };
    assert_eq!(tenant.recording, Some(recording));
    let text = small_with(
        "binds_total_max = 0\nqueue_total_max = 0\nguest = { cpu_share = 0, memory_bytes = 1, actions_max = 1, colour = 'red' }\n\
         recording = { octets_max = 1 }",
    );
    assert_eq!(
        mistakes(world.toml(&text)),
        "tenants[0].binds_total_max: 0 is not within 1 and 1000000\n\
         tenants[0].queue_total_max: 0 is not within 1 and 1000000000\n\
         tenants[0].guest.memory_bytes: 1 is not within 65536 and 4294967296\n\
         tenants[0].guest.actions_max: 1 is not within 64 and 1000000\n\
         tenants[0].guest.cpu_share: 0 is not within 1 and 1000000\n\
         tenants[0].guest.colour: unknown\n\
         tenants[0].recording.octets_max: 1 is not within 65536 and 68719476736"
    );
}

#[test]
fn a_file_stands_beside_tenants_that_are_not_its_own() {
    let world = World::new(&[], &[]);
    let other = world.toml(&SMALL.replace("acme", "beta")).unwrap().tenants.remove(0);
    let others = [Arc::new(other)];
    let beside = |text: &str| world.with(|surroundings| Config::from_toml_beside(text, &others, surroundings));
    assert_eq!(
        mistakes(beside(SMALL)),
        "tenants[0].accounts[0].system_id: `esme` is taken by tenant beta"
    );
    assert!(beside(&SMALL.replace("\"esme\"", "\"other\"")).is_ok());
    assert_eq!(world.toml(SMALL).unwrap().tenants_of_file, TenantsOfFile::Own);
    let seed = world.toml(&format!("tenants_of_file = \"seed\"\n{SMALL}")).unwrap();
    assert_eq!(seed.tenants_of_file, TenantsOfFile::Seed);
}

/// The API's document of a tenant, the reader of tables and the example have the same keys.
#[test]
fn the_words_of_the_admin_api_are_those_of_the_file() {
    use crate::admin::words;
    let words = |word: serde_json::Value| -> BTreeSet<String> { word.as_object().unwrap().keys().cloned().collect() };
    let of_tenant = words(serde_json::to_value(words::Tenant::default()).unwrap());
    let of_account = words(serde_json::to_value(words::Account::default()).unwrap());
    let shown: BTreeSet<&str> = EXAMPLE
        .split(|character: char| !character.is_ascii_lowercase() && character != '_')
        .collect();
    for (place, known) in [("", &of_tenant), ("[[tenants.accounts]]\n", &of_account)] {
        for word in known {
            assert!(shown.contains(word.as_str()), "the example does not show {word}");
            // A date is what no key takes: whatever knows the word says so.
            let text = format!("smpp.plain = ':2775'\n[[tenants]]\n{place}{word} = 2001-01-01");
            let said = mistakes(World::new(&[], &[]).toml(&text));
            let path = if place.is_empty() {
                "tenants[0]"
            } else {
                "tenants[0].accounts[0]"
            };
            assert!(
                said.contains(&format!("{path}.{word}: ")) && !said.contains(&format!("{word}: unknown")),
                "{said}"
            );
        }
    }
    let commented = EXAMPLE.lines().map(|line| line.strip_prefix("# ").unwrap_or(line));
    let table = commented.skip_while(|line| *line != "[[tenants]]");
    let mut known = &of_tenant;
    for line in table {
        match line {
            "[[tenants]]" => known = &of_tenant,
            "[[tenants.accounts]]" => known = &of_account,
            _ if line.starts_with('[') => known = &NONE,
            _ => {
                let key = line
                    .split_once(" = ")
                    .map(|(key, _)| key)
                    .filter(|key| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
                assert!(
                    key.is_none_or(|key| known.is_empty() || known.contains(key)),
                    "the admin API has no word for {line}"
                );
            }
        }
    }
}

/// The keys of tables whose keys are anybody's.
static NONE: BTreeSet<String> = BTreeSet::new();

#[test]
fn a_file_that_is_no_toml_is_pointed_at() {
    let world = World::new(&[], &[]);
    assert_eq!(mistakes(world.toml("node = 1\nnode = 2")), "line 2, column 1: duplicate key");
    assert!(mistakes(world.toml("[smpp\nplain = 'x'")).starts_with("line 1, column "));
}

#[test]
fn long_passwords_are_taken_when_that_is_meant() {
    let text = SMALL.replace("\"secret\"", "'fourteen-octet'\nallow_long_password = true");
    assert!(World::new(&[], &[]).toml(&text).is_ok());
    let text = SMALL.replace("\"secret\"", &format!("'{}'\nallow_long_password = true", "x".repeat(256)));
    assert_eq!(
        mistakes(World::new(&[], &[]).toml(&text)),
        "tenants[0].accounts[0].password: 256 octets exceed 255"
    );
}

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

#[test]
fn what_components_say_of_settings_stands_beside_all_other_mistakes() {
    let text = r#"
        smpp = { plain = "nowhere" }
        [[tenants]]
        name = "acme"
        accounts = [{ system_id = "esme", password = "secret" }]
        translator_settings = { api_base_url = "https://sms.example.com", unknown = "x" }
    "#;
    let mistakes = World::new(&[], &[]).toml(text).unwrap_err().to_string();
    assert!(mistakes.contains("smpp.plain: "), "{mistakes}");
    assert!(
        mistakes.ends_with("tenants[0].translator_settings: no setting unknown"),
        "{mistakes}"
    );
}
