//! Which account of a tenant an incoming message is for.

use super::{Account, limits, reader::Reader};
use regex_lite::{Regex, RegexBuilder};

/// Incoming messages of one account.
#[derive(Clone, Debug)]
pub struct Route {
    /// Matches their destination address. Anchored only where it is written with anchors.
    pub to: Regex,
    /// The system_id of an account of the same tenant.
    pub account: String,
}

/// `[[tenants.incoming]]` and `incoming_account`.
pub(super) struct Routes {
    /// The first that matches counts.
    pub(super) by_address: Vec<Route>,
    /// Who gets the rest.
    pub(super) otherwise: Option<String>,
}

/// Reads the routes of a tenant that has these accounts.
pub(super) fn routes(reader: &Reader<'_>, accounts: &[Account], is_pass_through: bool) -> Routes {
    if is_pass_through {
        for key in ["incoming", "incoming_account"] {
            if reader.value(key).is_some() {
                reader.mistake(key, "a pass-through tenant has no accounts to choose from");
            }
        }
        return Routes {
            by_address: Vec::new(),
            otherwise: None,
        };
    }
    let account = |text: &str| {
        let is_known = accounts.iter().any(|account| account.system_id == text);
        is_known
            .then(|| text.to_owned())
            .ok_or_else(|| format!("`{text}` is no account of this tenant"))
    };
    let tables = reader.tables("incoming");
    if tables.len() > limits::ROUTES_MAX {
        reader.mistake("incoming", format!("{} exceed {}", tables.len(), limits::ROUTES_MAX));
    }
    let route = |reader: Reader<'_>| {
        reader.require("to");
        let to = reader.text("to", pattern);
        reader.require("account");
        let account = reader.text("account", account);
        reader.finish();
        Some(Route {
            to: to?,
            account: account?,
        })
    };
    Routes {
        by_address: tables.into_iter().filter_map(route).collect(),
        otherwise: reader.text("incoming_account", account),
    }
}

/// A regular expression of bounded size; matching takes time in proportion to the address.
fn pattern(text: &str) -> Result<Regex, String> {
    if text.is_empty() {
        return Err("is empty, and matches everything; incoming_account says who gets the rest".into());
    }
    RegexBuilder::new(text)
        .size_limit(limits::PATTERN_OCTETS_MAX)
        .build()
        .map_err(|error| format!("not a regular expression: {error}"))
}
