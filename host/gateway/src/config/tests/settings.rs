//! Settings of guests, and secrets.

use super::*;

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
fn settings_are_given_once() {
    let text = small_with("alphabet = 'gsm'\nsession_settings = { alphabet = 'gsm', 'a.b' = 1, a.b = 2 }");
    assert_eq!(
        mistakes(World::new(&[], &[]).toml(&text)),
        "tenants[0].session_settings: `a.b` is given twice\n\
         tenants[0].session_settings: `alphabet` is given beside it too"
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
