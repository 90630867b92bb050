//! Real files and real handshakes over a pipe in memory.

use super::*;
use crate::limits::TLS_POLL;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ClientConfig, SupportedProtocolVersion, pki_types::ServerName, version};
use std::{fs, time::Duration};
use tempfile::TempDir;
use tokio::{io::AsyncReadExt as _, sync::Notify, time::sleep};
use tokio_rustls::TlsConnector;

/// A directory with `chain.pem`, `key.pem` and `ca.pem`, and who signs them.
struct Pki {
    dir: TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Pki {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pki = Self {
            dir: tempfile::tempdir().unwrap(),
            authority: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap(),
        };
        pki.write("ca.pem", &pki.authority.pem());
        pki.renew();
        pki
    }

    /// A new certificate and key for the listener; the certificate.
    fn renew(&self) -> CertificateDer<'static> {
        let (certificate, key) = self.issue("gateway.example");
        let pem = rcgen::Certificate::pem(&certificate);
        self.write("chain.pem", &pem);
        self.write("key.pem", &key.serialize_pem());
        certificate.der().clone()
    }

    fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.authority).unwrap(), key)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.dir.path().join(name), text).unwrap();
    }

    fn open(&self, asks: bool) -> Result<Arc<Tls>, String> {
        let path = |name| self.dir.path().join(name);
        let files = TlsFiles {
            cert: path("chain.pem"),
            key: path("key.pem"),
        };
        Tls::open(&files, asks.then(|| path("ca.pem")).as_deref())
    }
}

/// What both ends know after a handshake: the listener's certificate, and whether the client's was seen.
async fn shake(
    pki: &Pki,
    tls: &Tls,
    versions: &[&'static SupportedProtocolVersion],
    shows: Option<(CertificateDer<'static>, KeyPair)>,
) -> Result<(CertificateDer<'static>, bool), String> {
    let mut roots = RootCertStore::empty();
    roots.add(pki.authority.der().clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    let config = match shows {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => builder
            .with_client_auth_cert(vec![certificate], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap(),
    };
    let (near, far) = tokio::io::duplex(4_096);
    let name = ServerName::try_from("gateway.example").unwrap();
    let client = TlsConnector::from(Arc::new(config));
    let (client, server) = tokio::join!(client.connect(name, near), tls.acceptor().accept(far));
    let (client, server) = (
        client.map_err(|error| error.to_string())?,
        server.map_err(|error| error.to_string())?,
    );
    let shown = client.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned();
    Ok((shown, server.get_ref().1.peer_certificates().is_some()))
}

#[tokio::test]
async fn both_versions_are_spoken_with_a_client_certificate_and_without() {
    let pki = Pki::new();
    let tls = pki.open(true).unwrap();
    for version in [&version::TLS12, &version::TLS13] {
        let (_, is_shown) = shake(&pki, &tls, &[version], None).await.unwrap();
        assert!(!is_shown);
        let (certificate, key) = pki.issue("esme01.example");
        let shows = (certificate.der().clone(), key);
        let (_, is_shown) = shake(&pki, &tls, &[version], Some(shows)).await.unwrap();
        assert!(is_shown);
    }
}

#[tokio::test]
async fn a_client_certificate_of_another_authority_ends_the_handshake() {
    let (pki, other) = (Pki::new(), Pki::new());
    let tls = pki.open(true).unwrap();
    let (certificate, key) = other.issue("esme01.example");
    let shows = (certificate.der().clone(), key);
    let error = shake(&pki, &tls, &[&version::TLS12], Some(shows)).await.unwrap_err();
    assert!(error.contains("received fatal alert"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn changed_files_are_read_and_open_connections_stay() {
    let pki = Pki::new();
    let before = pki.renew();
    let tls = pki.open(false).unwrap();
    let again = Arc::new(Notify::new());
    let watch = tokio::spawn(watch(vec![("SMPP", tls.clone())], again.clone()));
    let seen = async || shake(&pki, &tls, &[&version::TLS13], None).await.unwrap().0;
    assert_eq!(seen().await, before);

    let after = pki.renew();
    sleep(3 * TLS_POLL).await;
    assert_eq!(seen().await, after);

    // Half a pair, and then a file that is none: what was read well stays.
    let (_, stranger) = pki.issue("gateway.example");
    pki.write("key.pem", &stranger.serialize_pem());
    sleep(3 * TLS_POLL).await;
    assert_eq!(seen().await, after);
    pki.write("chain.pem", "no certificate");
    again.notify_one();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(seen().await, after);

    let latest = pki.renew();
    again.notify_one();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(seen().await, latest, "told to, it does not wait");
    watch.abort();
}

#[tokio::test]
async fn an_open_connection_outlives_the_certificate_it_was_accepted_with() {
    let pki = Pki::new();
    let tls = pki.open(false).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(pki.authority.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (near, far) = tokio::io::duplex(4_096);
    let connector = TlsConnector::from(Arc::new(config));
    let name = ServerName::try_from("gateway.example").unwrap();
    let (client, server) = tokio::join!(connector.connect(name, near), tls.acceptor().accept(far));
    let (mut client, mut server) = (client.unwrap(), server.unwrap());
    pki.renew();
    tls.reload().unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut server, b"still here").await.unwrap();
    tokio::io::AsyncWriteExt::flush(&mut server).await.unwrap();
    let mut heard = [0; 10];
    client.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"still here");
}

#[test]
fn what_is_wrong_with_files_is_said_with_their_names() {
    let pki = Pki::new();
    pki.write("ca.pem", "");
    let error = pki.open(true).err().unwrap();
    assert!(error.contains("ca.pem: no certificate in it"), "{error}");
    pki.write("key.pem", "");
    let error = pki.open(false).err().unwrap();
    assert!(error.contains("key.pem: "), "{error}");
    pki.renew();
    let (_, stranger) = pki.issue("gateway.example");
    pki.write("key.pem", &stranger.serialize_pem());
    let error = pki.open(false).err().unwrap();
    assert!(error.contains("chain.pem with key "), "{error}");
}
