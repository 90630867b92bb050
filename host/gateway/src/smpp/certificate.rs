//! The certificate that a peer has shown, and whether it is one that an account may bind with.

use crate::config::CertificateName;
use aws_lc_rs::digest;
use rustls::{CommonState, pki_types::CertificateDer};
use std::fmt;
use x509_parser::{extensions::GeneralName, prelude::FromDer as _, prelude::X509Certificate};

/// A certificate that TLS has verified.
#[derive(Clone, Debug)]
pub struct Certificate {
    sha256: Vec<u8>,
    /// DNS names among its subject alternative names, or its common names where it has none of those; in lower case.
    names: Vec<String>,
}

impl Certificate {
    /// The certificate that the other end of a connection has shown; none where it has shown none.
    pub fn shown(connection: &CommonState) -> Option<Self> {
        connection.peer_certificates()?.first().map(Self::new)
    }

    /// What a certificate in DER says. One that cannot be read has no names: TLS would have refused it.
    pub fn new(der: &CertificateDer<'_>) -> Self {
        let names = X509Certificate::from_der(der).map(|(_, certificate)| names(&certificate));
        Self {
            sha256: digest::digest(&digest::SHA256, der).as_ref().to_vec(),
            names: names.unwrap_or_default(),
        }
    }

    /// Whether one of these names means it.
    pub fn is_one_of(&self, names: &[CertificateName]) -> bool {
        names.iter().any(|name| match name {
            CertificateName::Sha256(digest) => self.sha256 == digest,
            CertificateName::Name(name) => self.names.contains(name),
        })
    }
}

/// As it would stand in the configuration.
impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.sha256.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

/// RFC 6125 §6.4.4: the common name counts only where there is no DNS name.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let alternatives = certificate.subject_alternative_name().ok().flatten();
    let dns = alternatives.iter().flat_map(|extension| &extension.value.general_names);
    let dns: Vec<String> = dns
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
            _ => None,
        })
        .collect();
    if !dns.is_empty() {
        return dns;
    }
    let common = certificate.subject().iter_common_name();
    common
        .filter_map(|name| Some(name.as_str().ok()?.to_ascii_lowercase()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, KeyPair};

    fn certificate(common_name: &str, names: &[&str]) -> CertificateDer<'static> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    fn named(text: &str) -> Vec<CertificateName> {
        vec![CertificateName::parse(text).unwrap()]
    }

    #[test]
    fn a_certificate_goes_by_its_dns_names() {
        let shown = Certificate::new(&certificate("common.example", &["ESME01.example.com", "esme02.example.com"]));
        for (name, expected) in [
            ("name:esme01.example.com", true),
            ("name:Esme02.Example.Com", true),
            ("name:example.com", false),
            ("name:common.example", false),
        ] {
            assert_eq!(shown.is_one_of(&named(name)), expected, "{name}");
        }
        assert!(!shown.is_one_of(&[]));
    }

    #[test]
    fn a_certificate_without_dns_names_goes_by_its_common_name() {
        let shown = Certificate::new(&certificate("ESME01", &[]));
        assert!(shown.is_one_of(&named("name:esme01")));
        let shown = Certificate::new(&certificate("esme01", &["192.0.2.1"]));
        assert!(shown.is_one_of(&named("name:esme01")), "an address is no DNS name");
    }

    #[test]
    fn a_digest_means_one_certificate() {
        let (one, other) = (certificate("esme", &[]), certificate("esme", &[]));
        let (one, other) = (Certificate::new(&one), Certificate::new(&other));
        assert!(one.is_one_of(&named(&one.to_string())));
        assert!(!other.is_one_of(&named(&one.to_string())));
    }

    #[test]
    fn octets_that_are_no_certificate_have_no_name() {
        let shown = Certificate::new(&CertificateDer::from(vec![0x30, 0x82, 0xFF]));
        assert!(!shown.is_one_of(&named("name:esme01")));
    }
}
