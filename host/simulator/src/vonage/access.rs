//! Who asks, and whether it may: by key and secret in the form or in Basic credentials, or by signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::config::Account;
use super::refusal::Refusal;
use super::signature::{Parameters, SIG};

/// The account that asks, or the status that it is refused with.
pub(crate) fn caller<'a>(
    accounts: &'a [Account],
    authorization: Option<&str>,
    parameters: &Parameters,
) -> Result<&'a Account, Refusal> {
    let get = |name: &str| parameters.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let invalid = || Refusal::of(4);
    let find = |key: &str| accounts.iter().find(|account| account.api_key == key).ok_or_else(invalid);
    if let Some(authorization) = authorization {
        let (key, secret) = basic(authorization).ok_or_else(invalid)?;
        return with_secret(find(&key)?, &secret);
    }
    let key = get("api_key").ok_or_else(|| Refusal::new(2, "Missing api_key param"))?;
    match (get(SIG), get("api_secret")) {
        (Some(_), Some(_)) => Err(Refusal::of(32)),
        (None, None) => Err(Refusal::new(2, "Missing api_secret param")),
        (None, Some(secret)) => with_secret(find(key)?, secret),
        (Some(_), None) => {
            let account = find(key)?;
            let is_timed = get("timestamp").is_some_and(|timestamp| timestamp.parse::<u64>().is_ok());
            let is_signed = account
                .signature
                .as_ref()
                .is_some_and(|signature| signature.is_of(parameters));
            match is_timed && is_signed {
                true => Ok(account),
                false => Err(Refusal::of(14)),
            }
        }
    }
}

fn with_secret<'a>(account: &'a Account, secret: &str) -> Result<&'a Account, Refusal> {
    match account.api_secret == secret {
        true if account.must_sign => Err(Refusal::of(14)),
        true => Ok(account),
        false => Err(Refusal::of(4)),
    }
}

fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, credentials) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (key, secret) = decoded.split_once(':')?;
    Some((key.to_owned(), secret.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::caller;
    use crate::vonage::config::Account;
    use crate::vonage::signature::{Method, Signature};
    use crate::vonage::submission::Submission;

    #[test]
    fn there_are_three_ways_in_and_no_two_at_once() {
        let signature = Signature::new(Method::Md5, "signing");
        let mut strict = Account::new("strict01", "secret").signature(signature.clone());
        strict.must_sign = true;
        let accounts = [Account::new("a1b2c3d4", "secret").signature(signature.clone()), strict];
        let signed = |form: &str| {
            let sig = signature.of(&Submission::read(form.as_bytes()).parameters);
            format!("{form}&sig={sig}")
        };
        let rows = [
            (None, "api_key=a1b2c3d4&api_secret=secret".to_owned(), 0),
            (None, signed("api_key=a1b2c3d4&timestamp=1461605396"), 0),
            (Some("Basic YTFiMmMzZDQ6c2VjcmV0"), String::new(), 0),
            (None, String::new(), 2),
            (None, "api_key=a1b2c3d4".into(), 2),
            (None, "api_key=a1b2c3d4&api_secret=other".into(), 4),
            (None, "api_key=other&api_secret=secret".into(), 4),
            (Some("Basic YTFiMmMzZDQ6b3RoZXI="), String::new(), 4),
            (Some("Bearer YTFiMmMzZDQ6c2VjcmV0"), String::new(), 4),
            (None, signed("api_key=a1b2c3d4"), 14),
            (None, "api_key=a1b2c3d4&timestamp=1461605396&sig=00".into(), 14),
            (None, "api_key=strict01&api_secret=secret".into(), 14),
            (
                None,
                signed("api_key=a1b2c3d4&timestamp=1461605396") + "&api_secret=secret",
                32,
            ),
        ];
        for (authorization, form, expected) in rows {
            let parameters = Submission::read(form.as_bytes()).parameters;
            let found = caller(&accounts, authorization, &parameters);
            assert_eq!(
                found.as_ref().map_or_else(|refusal| refusal.status, |_| 0),
                expected,
                "{form}: {found:?}"
            );
        }
    }
}
