//! A configuration file with one tenant, as plain as can be; a scenario adds what it is about.

use std::fmt::Write;

use crate::edgebind::Home;

/// The system_id of the account that every configuration has.
pub const SYSTEM_ID: &str = "esme01";
/// Its password.
pub const PASSWORD: &str = "secret08";

/// What the upstream calls the tenant, and what only Edgebind and the upstream may know.
pub const UPSTREAM: (&str, &str) = ("A1B2C3", "upstream-password-1");

/// The pieces of a configuration, each in TOML.
#[derive(Debug, Default, Clone)]
pub struct Config {
    /// Lines of `[smpp]`.
    pub smpp: String,
    /// Lines of `[limits]`.
    pub limits: String,
    /// Lines of the tenant.
    pub tenant: String,
    /// Lines of `[tenants.session_settings]`.
    pub session: String,
    /// Lines of `[tenants.translator_settings]`.
    pub translator: String,
    /// Lines of `[tenants.secrets]`.
    pub secrets: String,
    /// Lines of the account that every configuration has.
    pub account: String,
    /// More accounts: system_id and password.
    pub accounts: Vec<(&'static str, &'static str)>,
}

impl Config {
    /// The file, with listeners on free ports of the loopback and an SMSGate at `api_base_url`.
    pub fn toml(&self, home: &Home, api_base_url: &str) -> String {
        let Self {
            smpp,
            limits,
            tenant,
            session,
            translator,
            secrets,
            account,
            accounts,
        } = self;
        let http = home.http();
        let (user, password) = UPSTREAM;
        let mut toml = format!(
            r#"
[admin]
addr = "127.0.0.1:0"
[smpp]
plain = "127.0.0.1:0"
{smpp}
[limits]
{limits}
[http]
addr = "{http}"
webhook_base_url = "http://{http}"
[[tenants]]
name = "acme"
{tenant}
[tenants.secrets]
upstream.user = "{user}"
upstream.password = "{password}"
{secrets}
[tenants.session_settings]
{session}
[tenants.translator_settings]
api_base_url = "{api_base_url}"
{translator}
"#
        );
        for (system_id, password) in [(SYSTEM_ID, PASSWORD)].iter().chain(accounts) {
            let lines = if *system_id == SYSTEM_ID { account } else { "" };
            write!(
                toml,
                "[[tenants.accounts]]\nsystem_id = \"{system_id}\"\npassword = \"{password}\"\n{lines}\n"
            )
            .unwrap();
        }
        toml
    }
}
