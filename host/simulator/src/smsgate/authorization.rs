//! Who calls, and whether they may (smsgate: authentication).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::config::Account;

/// Somebody whose credentials are good.
#[derive(Debug, Clone)]
pub(crate) struct Caller<'a> {
    pub(crate) account: &'a Account,
    /// None where Basic stands for all of them.
    scopes: Option<&'a [String]>,
}

impl Caller<'_> {
    pub(crate) fn may(&self, scope: &str) -> bool {
        self.scopes
            .is_none_or(|scopes| scopes.iter().any(|has| has == scope || has == "all:any"))
    }
}

/// The caller that an `Authorization` header names.
pub(crate) fn caller<'a>(accounts: &'a [Account], header: &str) -> Option<Caller<'a>> {
    let (scheme, credentials) = header.split_once(' ')?;
    match scheme.to_ascii_lowercase().as_str() {
        "basic" => {
            let decoded = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
            let (login, password) = decoded.split_once(':')?;
            let account = accounts
                .iter()
                .find(|account| account.login == login && account.password == password)?;
            Some(Caller { account, scopes: None })
        }
        "bearer" => accounts.iter().find_map(|account| {
            let token = account.tokens.iter().find(|token| token.secret == credentials.trim())?;
            Some(Caller {
                account,
                scopes: Some(&token.scopes),
            })
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::caller;
    use crate::smsgate::config::Account;

    #[test]
    fn basic_may_everything_and_a_token_what_it_says() {
        let accounts = [Account::new("SIMGW1", "pass:word").token("t0ken", &["messages:send"])];
        let basic = caller(&accounts, "Basic U0lNR1cxOnBhc3M6d29yZA==").unwrap();
        assert!(basic.may("messages:send") && basic.may("webhooks:write"));
        let bearer = caller(&accounts, "bearer t0ken").unwrap();
        assert!(bearer.may("messages:send") && !bearer.may("webhooks:write"));
        for header in [
            "Basic U0lNR1cxOnBhc3M=",
            "Basic !",
            "Bearer other",
            "t0ken",
            "Digest t0ken",
            "",
        ] {
            assert!(caller(&accounts, header).is_none(), "{header}");
        }
    }
}
