//! TLS for the HTTP listener: handshakes in tasks of their own, so that a slow one holds up nobody.

use crate::{
    limits::{HANDSHAKES_MAX, TLS_HANDSHAKE},
    tls::Tls,
};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
    time::{sleep, timeout},
};
use tokio_rustls::server::TlsStream;

/// Connections whose handshake is done.
pub struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    addr: SocketAddr,
}

impl TlsListener {
    /// Accepts on this listener for as long as the value lives.
    pub fn new(listener: TcpListener, tls: Arc<Tls>) -> io::Result<Self> {
        let addr = listener.local_addr()?;
        let (sender, ready) = mpsc::channel(1);
        tokio::spawn(async move {
            let places = Arc::new(Semaphore::new(HANDSHAKES_MAX));
            while !sender.is_closed() {
                let Ok(place) = places.clone().acquire_owned().await else {
                    return;
                };
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    () = sender.closed() => return,
                };
                let Ok((stream, peer)) = accepted else {
                    // Out of file descriptors, most likely.
                    sleep(Duration::from_millis(100)).await;
                    continue;
                };
                let (acceptor, sender) = (tls.acceptor(), sender.clone());
                tokio::spawn(async move {
                    match timeout(TLS_HANDSHAKE, acceptor.accept(stream)).await {
                        Ok(Ok(stream)) => drop(sender.send((stream, peer)).await),
                        Ok(Err(error)) => tracing::debug!(%peer, %error, "TLS handshake failed"),
                        Err(_) => tracing::debug!(%peer, "TLS handshake took too long"),
                    }
                    drop(place);
                });
            }
        });
        Ok(Self { ready, addr })
    }
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(accepted) => accepted,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.addr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::TlsFiles, limits::TLS_POLL, tls};
    use axum::serve::Listener as _;
    use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
    use std::{fs, path::Path};
    use tokio::sync::Notify;
    use tokio_rustls::TlsConnector;

    /// Writes a new certificate for localhost and its key; what trusts it.
    fn renew(dir: &Path) -> TlsConnector {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(dir.join("chain.pem"), made.cert.pem()).unwrap();
        fs::write(dir.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let config = ClientConfig::builder_with_provider(tls::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        TlsConnector::from(Arc::new(config))
    }

    #[tokio::test]
    async fn connections_are_accepted_with_the_certificate_of_their_time() {
        let dir = tempfile::tempdir().unwrap();
        let before = renew(dir.path());
        let files = TlsFiles {
            cert: dir.path().join("chain.pem"),
            key: dir.path().join("key.pem"),
        };
        let tls = Tls::open(&files, None).unwrap();
        let again = Arc::new(Notify::new());
        let watch = tokio::spawn(tls::watch(vec![("HTTP", tls.clone())], again.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut listener = TlsListener::new(listener, tls).unwrap();
        let addr = listener.local_addr().unwrap();
        let accepts = tokio::spawn(async move {
            loop {
                drop(listener.accept().await);
            }
        });
        let shakes = async |connector: &TlsConnector| {
            let stream = TcpStream::connect(addr).await.unwrap();
            connector.connect(ServerName::try_from("localhost").unwrap(), stream).await
        };
        assert!(shakes(&before).await.is_ok());
        let after = renew(dir.path());
        again.notify_one();
        let renewed = async {
            while shakes(&after).await.is_err() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(TLS_POLL, renewed).await.unwrap();
        assert!(shakes(&before).await.is_err());
        watch.abort();
        accepts.abort();
    }
}
