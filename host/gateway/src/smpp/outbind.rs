//! Tells an ESME that deliveries wait for it (outbind, SMPP 3.4 §2.7.1): connects, says who we are, and serves the connection as if
//! the ESME had opened it. An ESME is no upstream; nothing but SMPP is spoken here.

use super::{
    certificate::Certificate,
    connection::{Reader, Writer},
    peer::{Called, Peer},
    visit,
};
use crate::{
    account::Account,
    config::Outbind,
    gateway::Gateway,
    limits::{OUTBIND_CONNECT, OUTBIND_POLL},
    tenant::Tenant,
    tls,
    work::{
        backoff,
        lane::{Kind, Lane},
    },
};
use edgebind_smpp::{CommandStatus, Pdu, encode};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use std::{
    io,
    net::IpAddr,
    path::Path,
    sync::{Arc, atomic::Ordering},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{Instant, sleep, timeout, timeout_at},
};
use tokio_rustls::TlsConnector;
use tracing::Instrument as _;

/// Everything that is needed to call one ESME.
struct Call {
    gateway: Arc<Gateway>,
    tenant: Arc<Tenant>,
    account: Arc<Account>,
    tls: TlsConnector,
    /// The lane of its deliveries.
    lane: Arc<str>,
}

/// A task for each account of the tenant that wants to be told and has none: until the gateway drains, or the account is removed
/// or wants it no more.
///
/// # Errors
/// No TLS can be spoken with ESMEs; a sentence.
pub fn follow(gateway: &Arc<Gateway>, tenant: &Arc<Tenant>) -> Result<(), String> {
    for account in tenant.accounts() {
        if account.terms().outbind.is_none() || account.is_called.swap(true, Ordering::AcqRel) {
            continue;
        }
        let client_ca = gateway.config.smpp.tls.as_ref().and_then(|tls| tls.client_ca.as_deref());
        let call = Call {
            gateway: gateway.clone(),
            tenant: tenant.clone(),
            lane: Lane::new(Kind::Deliver, &tenant.name, &account.name).name(),
            account,
            tls: connector(client_ca)?,
        };
        let span = tracing::info_span!("outbind", tenant = %tenant.name, account = %call.account.name);
        gateway
            .tasks
            .spawn(async move { call.whenever_wanted().await }.instrument(span));
    }
    Ok(())
}

impl Call {
    /// Calls whenever deliveries wait and nobody takes them, one call at a time, until the gateway drains.
    async fn whenever_wanted(&self) {
        let draining = &self.gateway.draining;
        let (mut failures, mut wait) = (0, OUTBIND_POLL);
        loop {
            tokio::select! {
                () = sleep(wait) => {}
                () = draining.cancelled() => return,
            }
            let outbind = self.account.terms().outbind.clone().filter(|_| !self.account.is_gone());
            let Some(outbind) = outbind else {
                self.account.is_called.store(false, Ordering::Release);
                return;
            };
            if !self.is_wanted() {
                (failures, wait) = (0, OUTBIND_POLL);
                continue;
            }
            let called = tokio::select! {
                called = timeout(OUTBIND_CONNECT, self.connect(&outbind)) => called,
                () = draining.cancelled() => return,
            };
            let is_bound = match called {
                Ok(Ok(connection)) => self.serve(&outbind, connection).await,
                Ok(Err(error)) => {
                    tracing::info!(%error, "failed to reach the ESME");
                    false
                }
                Err(_) => {
                    tracing::info!("failed to reach the ESME: it did not answer within {OUTBIND_CONNECT:?}");
                    false
                }
            };
            failures = if is_bound { 1 } else { failures + 1 };
            wait = backoff::pause(failures, rand::random());
        }
    }

    fn is_wanted(&self) -> bool {
        self.tenant.serves(&self.account) && self.account.receivers.count() == 0 && self.gateway.records.pending(&self.lane) > 0
    }

    async fn connect(&self, outbind: &Outbind) -> io::Result<Connection> {
        let Outbind { host, port, is_tls, .. } = outbind;
        let stream = TcpStream::connect((host.as_str(), *port)).await?;
        stream.set_nodelay(true)?;
        let address = stream.peer_addr()?.ip().to_canonical();
        if !is_tls {
            let (read, write) = stream.into_split();
            return Ok((address, None, Box::new(read), Box::new(write)));
        }
        let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
        let stream = self.tls.connect(name, stream).await?;
        let certificate = Certificate::shown(stream.get_ref().1);
        let (read, write) = tokio::io::split(stream);
        Ok((address, certificate, Box::new(read), Box::new(write)))
    }

    /// Says outbind, then serves. Whether a bind came of it.
    async fn serve(&self, outbind: &Outbind, (address, certificate, read, write): Connection) -> bool {
        let mut writer = Writer::new(write);
        let mut frame = Vec::new();
        let system_id: Option<Vec<u8>> = outbind.system_id.chars().map(|octet| u8::try_from(octet).ok()).collect();
        let request = Pdu::Outbind(edgebind_smpp::Outbind {
            system_id: &system_id.unwrap_or_default(),
            password: outbind.password.bytes(),
        });
        if let Err(error) = encode(&mut frame, CommandStatus::ROK, 1, &request) {
            tracing::error!(%error, "failed to say outbind");
            return false;
        }
        writer.push(&frame);
        let deadline = Instant::now() + self.gateway.config.smpp.session_init;
        while !writer.is_empty() {
            match timeout_at(deadline, writer.write()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return false,
            }
        }
        let peer = Peer {
            address,
            certificate,
            called: Some(Called {
                tenant: self.tenant.name.clone(),
                account: self.account.name.clone(),
            }),
        };
        tracing::info!(%address, "outbind: deliveries wait and no receiver is bound");
        visit::serve(&self.gateway, &peer, deadline, Reader::unbound(read), writer).await
    }
}

/// A connection that we opened: to which address, what was shown there, and its two halves.
type Connection = (
    IpAddr,
    Option<Certificate>,
    Box<dyn AsyncRead + Send + Unpin>,
    Box<dyn AsyncWrite + Send + Unpin>,
);

/// TLS towards ESMEs: the public's authorities, and those whose certificates ESMEs may show us.
fn connector(client_ca: Option<&Path>) -> Result<TlsConnector, String> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    for authority in client_ca.map(tls::certificates).transpose()?.into_iter().flatten() {
        roots
            .add(authority)
            .map_err(|error| format!("failed to trust an authority of client_ca: {error}"))?;
    }
    let config = ClientConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("failed to set up TLS for ESMEs: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
