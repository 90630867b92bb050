//! How a configuration names the certificate that an ESME shows.

use super::{
    limits,
    reader::{Reader, not_a},
};
use std::fmt;
use toml::Value;

/// Octets of a SHA-256 digest.
const SHA256_OCTETS: usize = 32;

/// A certificate that an account may bind with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateName {
    /// This very certificate, by the SHA-256 digest of its DER form.
    Sha256([u8; SHA256_OCTETS]),
    /// Any with this DNS name, in lower case, among its subject alternative names, or as common name where it has none of those.
    Name(String),
}

impl CertificateName {
    /// Reads `sha256:HEX`, with or without colons between the octets, or `name:DNS-NAME`.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("sha256", hex)) => sha256(hex)
                .map(Self::Sha256)
                .ok_or_else(|| format!("`{hex}` is not {SHA256_OCTETS} octets in hexadecimal")),
            Some(("name", name)) => {
                let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.' | b'*');
                match name.len() {
                    0 => Err("names nothing".into()),
                    length if length > limits::HOST_OCTETS_MAX => {
                        Err(format!("{length} octets exceed {}", limits::HOST_OCTETS_MAX))
                    }
                    _ if !name.bytes().all(is_plain) => Err(format!("`{name}` is not a DNS name")),
                    _ => Ok(Self::Name(name.to_ascii_lowercase())),
                }
            }
            _ => Err("is neither `sha256:HEX` nor `name:DNS-NAME`".into()),
        }
    }
}

impl fmt::Display for CertificateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(digest) => {
                f.write_str("sha256:")?;
                digest.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
            Self::Name(name) => write!(f, "name:{name}"),
        }
    }
}

fn sha256(hex: &str) -> Option<[u8; SHA256_OCTETS]> {
    let digits: Option<Vec<u8>> = hex
        .chars()
        .filter(|character| *character != ':')
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let octets: Vec<u8> = match digits?.as_chunks() {
        (pairs, []) => pairs.iter().map(|[high, low]| high << 4 | low).collect(),
        _ => return None,
    };
    octets.try_into().ok()
}

/// `certificates` of an account; empty where there are none.
pub(super) fn certificates(reader: &Reader<'_>) -> Vec<CertificateName> {
    let listed = reader.list("certificates");
    if listed.len() > limits::CERTIFICATES_MAX {
        reader.mistake(
            "certificates",
            format!("{} certificates exceed {}", listed.len(), limits::CERTIFICATES_MAX),
        );
    }
    let certificate = |(path, value): (String, &Value)| {
        let text = value.as_str().ok_or_else(|| not_a("a string", value));
        text.and_then(CertificateName::parse)
            .map_err(|what| reader.mistake_at(path, what))
            .ok()
    };
    listed.into_iter().filter_map(certificate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_may_be_written_as_openssl_writes_it() {
        let plain = "00".repeat(31) + "Af";
        let with_colons = "00:".repeat(31) + "aF";
        let parsed = CertificateName::parse(&format!("sha256:{plain}")).unwrap();
        assert_eq!(parsed, CertificateName::parse(&format!("sha256:{with_colons}")).unwrap());
        assert_eq!(parsed.to_string(), format!("sha256:{}af", "00".repeat(31)));
    }

    #[test]
    fn names_are_compared_in_lower_case() {
        assert_eq!(
            CertificateName::parse("name:ESME01.example.com"),
            Ok(CertificateName::Name("esme01.example.com".into()))
        );
    }

    #[test]
    fn what_names_no_certificate_is_refused() {
        for text in [
            "",
            "sha256:",
            "sha256:00",
            "sha1:00",
            "name:",
            "name:a b",
            "esme01.example.com",
        ] {
            assert!(CertificateName::parse(text).is_err(), "{text}");
        }
        assert!(CertificateName::parse(&format!("sha256:{}", "0".repeat(63))).is_err());
        assert!(CertificateName::parse(&format!("name:{}", "a".repeat(254))).is_err());
    }
}
