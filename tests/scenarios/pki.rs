//! Authorities, the certificates that they sign, and TLS with them.

use std::path::PathBuf;
use std::sync::Arc;

use edgebind_tests::edgebind::Home;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion, version};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// TLS 1.2.
pub(crate) static V12: &SupportedProtocolVersion = &version::TLS12;
/// TLS 1.3.
pub(crate) static V13: &SupportedProtocolVersion = &version::TLS13;

/// An authority.
pub(crate) struct Pki(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key.
pub(crate) struct Issued {
    pub(crate) name: String,
    pub(crate) der: CertificateDer<'static>,
    pem: String,
    key: KeyPair,
}

impl Pki {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Its own certificate.
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for this DNS name.
    pub(crate) fn issue(&self, name: &str) -> Issued {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Issued {
            name: name.to_owned(),
            der: certificate.der().clone(),
            pem: certificate.pem(),
            key,
        }
    }

    /// TLS over a connection to `gateway.example`, who must be of this authority; with a certificate to show, or none.
    ///
    /// # Errors
    /// The handshake failed.
    pub(crate) async fn over(
        &self,
        stream: TcpStream,
        version: &'static SupportedProtocolVersion,
        shows: Option<&Issued>,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots);
        let config = match shows {
            None => builder.with_no_client_auth(),
            Some(Issued { der, key, .. }) => {
                let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
                builder.with_client_auth_cert(vec![der.clone()], key).unwrap()
            }
        };
        let name = ServerName::try_from("gateway.example").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    /// The certificate that the other end of a connection shows.
    pub(crate) async fn shown(&self, stream: TcpStream) -> CertificateDer<'static> {
        let stream = self.over(stream, V13, None).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
    }
}

impl Issued {
    /// TLS as a listener speaks it with this certificate.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.der.clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    /// Writes certificate and key; where they are.
    pub(crate) fn write(&self, home: &Home, name: &str) -> [PathBuf; 2] {
        [
            home.write(&format!("{name}.pem"), &self.pem),
            home.write(&format!("{name}.key"), self.key.serialize_pem()),
        ]
    }

    /// As a configuration names it.
    pub(crate) fn sha256(&self) -> String {
        let digest = Sha256::digest(&self.der);
        let hex: String = digest.iter().map(|octet| format!("{octet:02x}")).collect();
        format!("sha256:{hex}")
    }
}
