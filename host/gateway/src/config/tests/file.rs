//! The file as a whole: what it needs, and how its mistakes are named.

use super::*;

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
