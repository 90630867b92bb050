//! TLS for listeners: certificate and key from PEM files.

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{path::Path, sync::Arc};
use tokio_rustls::TlsAcceptor;

/// An acceptor with this certificate chain and key; TLS 1.2 and 1.3. The error names the file and what is wrong with it.
pub fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, String> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| format!("certificate {}: {error}", certificate.display()))?;
    if chain.is_empty() {
        return Err(format!("certificate {}: no certificate in it", certificate.display()));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| format!("key {}: {error}", key.display()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, secret))
        .map_err(|error| format!("certificate {} with key {}: {error}", certificate.display(), key.display()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
