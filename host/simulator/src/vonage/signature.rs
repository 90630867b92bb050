//! Signatures of parameters (vonage: signing messages): what is signed, by which method, and how it is written.

use std::collections::BTreeMap;

use ::hmac::{Hmac, Mac as _};
use aws_lc_rs::hmac;
use md5::{Digest as _, Md5};

/// Requests, receipts and incoming messages: names and values, as they stand in a form.
pub type Parameters = BTreeMap<String, String>;

pub(crate) const SIG: &str = "sig";

/// How it is signed, as the dashboard is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// MD5 of the text with the secret behind it.
    Md5,
    /// HMAC with MD5.
    HmacMd5,
    /// HMAC with SHA-1.
    HmacSha1,
    /// HMAC with SHA-256.
    HmacSha256,
    /// HMAC with SHA-512.
    HmacSha512,
}

/// A signature secret, and what is done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Not the API secret.
    pub secret: String,
    /// For requests and webhooks alike.
    pub method: Method,
}

impl Signature {
    /// A secret for this method.
    pub fn new(method: Method, secret: &str) -> Self {
        Self {
            secret: secret.into(),
            method,
        }
    }

    /// What `sig` must be beside these parameters: MD5 in lower case, all others in upper case.
    pub fn of(&self, parameters: &Parameters) -> String {
        let text = signed_text(parameters);
        let (text, secret) = (text.as_bytes(), self.secret.as_bytes());
        let hmac = |kind| upper(hmac::sign(&hmac::Key::new(kind, secret), text).as_ref());
        match self.method {
            Method::Md5 => upper(&Md5::new().chain_update(text).chain_update(secret).finalize()).to_lowercase(),
            // HMAC takes keys of any length.
            Method::HmacMd5 => Hmac::<Md5>::new_from_slice(secret)
                .map(|mac| upper(&mac.chain_update(text).finalize().into_bytes()))
                .unwrap_or_default(),
            Method::HmacSha1 => hmac(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
            Method::HmacSha256 => hmac(hmac::HMAC_SHA256),
            Method::HmacSha512 => hmac(hmac::HMAC_SHA512),
        }
    }

    /// Whether the parameters have the `sig` that they must have, in either case.
    pub fn is_of(&self, parameters: &Parameters) -> bool {
        parameters
            .get(SIG)
            .is_some_and(|sig| sig.eq_ignore_ascii_case(&self.of(parameters)))
    }
}

/// By name, without `sig`; no value is encoded, and none has what parts parameters.
fn signed_text(parameters: &Parameters) -> String {
    parameters
        .iter()
        .filter(|(name, _)| *name != SIG)
        .map(|(name, value)| format!("&{name}={}", value.replace(['&', '='], "_")))
        .collect()
}

fn upper(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{Method, Parameters, Signature};

    fn parameters() -> Parameters {
        [
            ("to", "447700900000"),
            ("text", "a&b=c"),
            ("from", "ACME"),
            ("timestamp", "1461605396"),
            ("api_key", "a1b2c3d4"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// `printf '%s' '&api_key=a1b2c3d4&from=ACME&text=a_b_c&timestamp=1461605396&to=447700900000' | openssl dgst -sha256 -hmac secret`,
    /// and so on; for the first method the secret stands behind the text.
    #[test]
    fn signatures_are_those_that_openssl_makes() {
        let rows = [
            (Method::Md5, "10a983521f2a639b918ad47d1a23ae35"),
            (Method::HmacMd5, "88C9BED7B5E518C8FE3B033F2E38F7D3"),
            (Method::HmacSha1, "1313797D52BF76EB8A7606A29D7E79C6367090B1"),
            (
                Method::HmacSha256,
                "E8EAE45464102837923BCD9017FF64922DB519557AFD6C9613238EE967224F66",
            ),
            (
                Method::HmacSha512,
                "B0907C43D36E2A7C64D4D472B6209522D0491E0F591F27701808B1C81D9AA89F9D7E17E41C225652FDD1A690AAF8A3D5FDC9BB5B698761FC51733EE41F2EAD58",
            ),
        ];
        for (method, expected) in rows {
            assert_eq!(Signature::new(method, "secret").of(&parameters()), expected, "{method:?}");
        }
    }

    #[test]
    fn case_does_not_matter_and_everything_else_does() {
        let signature = Signature::new(Method::HmacSha256, "secret");
        let mut signed = parameters();
        assert!(!signature.is_of(&signed), "no sig");
        signed.insert("sig".into(), signature.of(&signed).to_lowercase());
        assert!(signature.is_of(&signed));
        assert!(!Signature::new(Method::HmacSha256, "other").is_of(&signed));
        signed.insert("text".into(), "another".into());
        assert!(!signature.is_of(&signed));
    }
}
