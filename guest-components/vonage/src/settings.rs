//! The settings of a release, read and refused whole. No secret is among them, only the names of secrets.
//!
//! | name | value | default |
//! |---|---|---|
//! | `api_base_url` | where the API is: `https://rest.nexmo.com` | required |
//! | `auth` | `basic` (HTTP Basic), `body` (key and secret among the parameters), `signature` (signed requests) | `basic` |
//! | `api_key` | the account's key, which is no secret; with `signature` it is signed | the secret `key_secret` |
//! | `key_secret`, `password_secret` | names of the secrets that are the API key and the API secret | `upstream.user`, `upstream.password` |
//! | `signature_secret` | name of the secret that requests and webhooks are signed with | `signature` |
//! | `signature_method` | `md5`, `hmac-md5`, `hmac-sha1`, `hmac-sha256`, `hmac-sha512`, as in Vonage's dashboard | `md5` |
//! | `webhooks_signed` | `auto` (must be, where there is a `signature_secret`), `never` (are not looked at) | `auto` |
//! | `from` | sender of every message | the source address |
//! | `from_default` | sender of messages without a source address | none: they are refused |
//! | `callback` | `auto` (each message says where its receipts go), `never` (the dashboard does) | `auto` |
//! | `entity_id`, `content_id` | India's ids, where the message has none of its own | none |
//! | `entity_id_tag`, `content_id_tag` | the optional parameters that bring them, as `0x1400` or a number | none |
//! | `account_ref`, `pool_id`, `trusted_number` | passed on; the last is `true` or `false` | none |

use crate::bindings::edgebind::{message::types::Setting, translator::types::Algorithm};

/// How requests say who they are from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Auth {
    Basic,
    Body,
    Signature,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    /// Without a trailing slash.
    pub(crate) api_base_url: String,
    pub(crate) auth: Auth,
    pub(crate) api_key: Option<String>,
    pub(crate) key_secret: String,
    pub(crate) password_secret: String,
    pub(crate) signature_secret: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) are_webhooks_signed: bool,
    pub(crate) from: Option<String>,
    pub(crate) from_default: Option<String>,
    pub(crate) has_callback: bool,
    pub(crate) entity_id: Option<String>,
    pub(crate) entity_id_tag: Option<u16>,
    pub(crate) content_id: Option<String>,
    pub(crate) content_id_tag: Option<u16>,
    pub(crate) account_ref: Option<String>,
    pub(crate) pool_id: Option<String>,
    pub(crate) trusted_number: Option<bool>,
}

impl Settings {
    /// Reads them all, or names every mistake. Of two with one name the later wins.
    pub(crate) fn read(settings: &[Setting]) -> Result<Self, Vec<String>> {
        let mut read = Self {
            api_base_url: String::new(),
            auth: Auth::Basic,
            api_key: None,
            key_secret: "upstream.user".into(),
            password_secret: "upstream.password".into(),
            signature_secret: "signature".into(),
            algorithm: Algorithm::Md5,
            are_webhooks_signed: true,
            from: None,
            from_default: None,
            has_callback: true,
            entity_id: None,
            entity_id_tag: None,
            content_id: None,
            content_id_tag: None,
            account_ref: None,
            pool_id: None,
            trusted_number: None,
        };
        let mut mistakes: Vec<String> = settings
            .iter()
            .filter_map(|(name, value)| read.set(name, value).err().map(|mistake| format!("{name}: {mistake}")))
            .collect();
        if !settings.iter().any(|(name, _)| name == "api_base_url") {
            mistakes.push("api_base_url: missing; Vonage's is https://rest.nexmo.com".into());
        }
        if read.auth == Auth::Signature && read.api_key.is_none() {
            mistakes.push("api_key: missing; with auth = signature it is signed, so it cannot be a secret".into());
        }
        if mistakes.is_empty() { Ok(read) } else { Err(mistakes) }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "api_base_url" => self.api_base_url = base_url(value)?,
            "auth" => {
                self.auth = one_of(
                    value,
                    [("basic", Auth::Basic), ("body", Auth::Body), ("signature", Auth::Signature)],
                )?;
            }
            "api_key" => self.api_key = Some(word(value)?),
            "key_secret" => self.key_secret = word(value)?,
            "password_secret" => self.password_secret = word(value)?,
            "signature_secret" => self.signature_secret = word(value)?,
            "signature_method" => {
                self.algorithm = one_of(
                    value,
                    [
                        ("md5", Algorithm::Md5),
                        ("hmac-md5", Algorithm::HmacMd5),
                        ("hmac-sha1", Algorithm::HmacSha1),
                        ("hmac-sha256", Algorithm::HmacSha256),
                        ("hmac-sha512", Algorithm::HmacSha512),
                    ],
                )?;
            }
            "webhooks_signed" => self.are_webhooks_signed = one_of(value, [("auto", true), ("never", false)])?,
            "from" => self.from = Some(word(value)?),
            "from_default" => self.from_default = Some(word(value)?),
            "callback" => self.has_callback = one_of(value, [("auto", true), ("never", false)])?,
            "entity_id" => self.entity_id = Some(word(value)?),
            "entity_id_tag" => self.entity_id_tag = Some(tag(value)?),
            "content_id" => self.content_id = Some(word(value)?),
            "content_id_tag" => self.content_id_tag = Some(tag(value)?),
            "account_ref" => self.account_ref = Some(word(value)?),
            "pool_id" => self.pool_id = Some(word(value)?),
            "trusted_number" => self.trusted_number = Some(one_of(value, [("true", true), ("false", false)])?),
            _ => return Err("no such setting".into()),
        }
        Ok(())
    }
}

fn base_url(value: &str) -> Result<String, String> {
    let trimmed = value.trim_end_matches('/');
    let rest = trimmed
        .strip_prefix("https://")
        .or_else(|| trimmed.strip_prefix("http://"))
        .ok_or("must begin with https:// or http://")?;
    let host = rest.split('/').next().unwrap_or_default();
    if host.is_empty() || host.starts_with(':') {
        return Err("names no host".into());
    }
    if host.contains('@') {
        return Err("credentials do not belong into an URL: name them as secrets".into());
    }
    if rest.contains(|c: char| c == '?' || c == '#' || c == '\\' || c.is_whitespace() || c.is_control()) {
        return Err("must end with a path: no query, no fragment, no space".into());
    }
    Ok(trimmed.to_owned())
}

fn word(value: &str) -> Result<String, String> {
    match value.trim() {
        "" => Err("empty".into()),
        value => Ok(value.to_owned()),
    }
}

fn tag(value: &str) -> Result<u16, String> {
    let number = match value.strip_prefix("0x") {
        Some(digits) => u16::from_str_radix(digits, 16).ok(),
        None => value.parse().ok(),
    };
    number.ok_or_else(|| format!("{value:?} is no tag, such as 0x1400"))
}

fn one_of<T: Copy, const N: usize>(value: &str, known: [(&str, T); N]) -> Result<T, String> {
    let names = || known.map(|(name, _)| name).join(", ");
    known
        .iter()
        .find(|(name, _)| *name == value)
        .map(|(_, meant)| *meant)
        .ok_or_else(|| format!("{value:?} is none of {}", names()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(list: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
        let list: Vec<Setting> = list
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Settings::read(&list)
    }

    #[test]
    fn the_least_that_is_enough_is_the_url() {
        let read = settings(&[("api_base_url", "https://rest.nexmo.com/")]).unwrap();
        assert_eq!(read.api_base_url, "https://rest.nexmo.com");
        assert_eq!((read.auth, read.algorithm), (Auth::Basic, Algorithm::Md5));
    }

    #[test]
    fn tags_are_numbers_in_either_base() {
        let url = ("api_base_url", "https://rest.nexmo.com");
        let read = settings(&[url, ("entity_id_tag", "0x1400"), ("content_id_tag", "5121")]).unwrap();
        assert_eq!((read.entity_id_tag, read.content_id_tag), (Some(0x1400), Some(0x1401)));
    }

    #[test]
    fn each_mistake_has_a_sentence_and_all_are_named_at_once() {
        let mistakes = settings(&[
            ("api_base_uri", "https://x"),
            ("auth", "signature"),
            ("signature_method", "sha1"),
            ("key_secret", ""),
            ("webhooks_signed", "yes"),
            ("entity_id_tag", "0x10000"),
            ("trusted_number", "1"),
        ])
        .unwrap_err();
        insta::assert_snapshot!(mistakes.join("\n"), @r#"
        api_base_uri: no such setting
        signature_method: "sha1" is none of md5, hmac-md5, hmac-sha1, hmac-sha256, hmac-sha512
        key_secret: empty
        webhooks_signed: "yes" is none of auto, never
        entity_id_tag: "0x10000" is no tag, such as 0x1400
        trusted_number: "1" is none of true, false
        api_base_url: missing; Vonage's is https://rest.nexmo.com
        api_key: missing; with auth = signature it is signed, so it cannot be a secret
        "#);
        for url in [
            "rest.nexmo.com",
            "https://",
            "https://:1",
            "https://a:b@rest.nexmo.com",
            "https://rest.nexmo.com/?a=1",
        ] {
            assert_eq!(settings(&[("api_base_url", url)]).unwrap_err().len(), 1, "{url}");
        }
    }
}
