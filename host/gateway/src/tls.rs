//! TLS for listeners: certificate, key and the authorities of clients from PEM files, read again while connections go on.

mod watch;

pub use watch::watch;

use crate::config::TlsFiles;
use arc_swap::ArcSwap;
use rustls::{
    RootCertStore, ServerConfig,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{NoClientAuth, WebPkiClientVerifier, danger::ClientCertVerifier},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_rustls::TlsAcceptor;
use watch::Stamp;

/// What a listener speaks TLS with: the files as they were when they were last read well.
pub struct Tls {
    files: TlsFiles,
    client_ca: Option<PathBuf>,
    /// What the files were when they were first read.
    opened: Stamp,
    current: ArcSwap<ServerConfig>,
}

impl Tls {
    /// Reads the files; TLS 1.2 and 1.3. With authorities, clients are asked for a certificate and may have none. The error names
    /// the file and what is wrong with it.
    pub fn open(files: &TlsFiles, client_ca: Option<&Path>) -> Result<Arc<Self>, String> {
        let opened = Stamp::of(paths(files, client_ca));
        Ok(Arc::new(Self {
            current: ArcSwap::from_pointee(server_config(files, client_ca)?),
            files: files.clone(),
            client_ca: client_ca.map(Path::to_owned),
            opened,
        }))
    }

    /// Accepts a connection with what was read last.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.load_full())
    }

    /// Reads the files again, for connections from now on. An error leaves what was read before.
    fn reload(&self) -> Result<(), String> {
        let config = server_config(&self.files, self.client_ca.as_deref())?;
        self.current.store(Arc::new(config));
        Ok(())
    }

    fn stamp(&self) -> Stamp {
        Stamp::of(paths(&self.files, self.client_ca.as_deref()))
    }
}

fn paths<'a>(files: &'a TlsFiles, client_ca: Option<&'a Path>) -> impl Iterator<Item = &'a Path> {
    [&*files.cert, &*files.key].into_iter().chain(client_ca)
}

fn server_config(TlsFiles { cert, key }: &TlsFiles, client_ca: Option<&Path>) -> Result<ServerConfig, String> {
    let chain = certificates(cert)?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| format!("key {}: {error}", key.display()))?;
    let provider = provider();
    let clients = match client_ca {
        None => Arc::new(NoClientAuth),
        Some(path) => client_verifier(path, provider.clone())?,
    };
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_client_cert_verifier(clients).with_single_cert(chain, secret))
        .map_err(|error| format!("certificate {} with key {}: {error}", cert.display(), key.display()))
}

fn client_verifier(path: &Path, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(path)? {
        roots
            .add(authority)
            .map_err(|error| format!("certificate {}: {error}", path.display()))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .allow_unauthenticated()
        .build()
        .map_err(|error| format!("certificate {}: {error}", path.display()))
}

/// Every certificate of a PEM file, of which there must be one.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| format!("certificate {}: {error}", path.display()))?;
    if chain.is_empty() {
        return Err(format!("certificate {}: no certificate in it", path.display()));
    }
    Ok(chain)
}

/// The cryptography that all TLS of this process uses.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

#[cfg(test)]
mod tests;
