//! What accounts may do, and who may connect as them.

use super::*;

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
fn a_preset_is_what_an_account_gets_that_says_nothing_itself() {
    let account = |name: &str, lines: &str| format!("[[tenants.accounts]]\nsystem_id = '{name}'\npassword = 'x'\n{lines}\n");
    let own =
        "preset = 'vonage'\nbinds_max = 5\nover_binds = 'ESME_RBINDFAIL'\nrate = 90\nsession_settings = { receipt_text = true }";
    let text = small_with("binds_max = 3\nrate = 5\nsession_settings = { message_id = 'decimal' }")
        + &account("theirs", "preset = 'vonage'")
        + &account("mixed", own)
        + &account("one", "over_binds = 'ESME_RALYBND'");
    let config = World::new(&[], &[]).toml(&text).unwrap();
    let facts: Vec<_> = accounts(&config.tenants[0])
        .iter()
        .map(|account| {
            let setting = |name: &str| {
                let mut settings = account.session_settings.iter();
                settings.find(|(known, _)| known == name).map(|(_, value)| value.as_str())
            };
            (
                account.binds_max,
                account.over_binds,
                account.rate.map(|rate| rate.per_second),
                setting("message_id"),
                setting("receipt_text"),
            )
        })
        .collect();
    assert_eq!(
        facts,
        [
            (3, CommandStatus::RBINDFAIL, Some(5), None, None),
            (2, CommandStatus::RALYBND, Some(30), Some("hex"), Some("none")),
            (5, CommandStatus::RBINDFAIL, Some(90), Some("hex"), Some("true")),
            (3, CommandStatus::RALYBND, Some(5), None, None),
        ]
    );
    let mistakes = World::new(&[], &[]).toml(&(small_with("") + &account("other", "preset = 'twilio'\nover_binds = 'ESME_ROK'")));
    assert_eq!(mistakes.unwrap_err().to_string().lines().count(), 2);
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
fn long_passwords_are_taken_when_that_is_meant() {
    let text = SMALL.replace("\"secret\"", "'fourteen-octet'\nallow_long_password = true");
    assert!(World::new(&[], &[]).toml(&text).is_ok());
    let text = SMALL.replace("\"secret\"", &format!("'{}'\nallow_long_password = true", "x".repeat(256)));
    assert_eq!(
        mistakes(World::new(&[], &[]).toml(&text)),
        "tenants[0].accounts[0].password: 256 octets exceed 255"
    );
}
