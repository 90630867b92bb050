//! Accepts connections, plain and TLS at once, and gives each a task of its own. Nothing that one peer does holds up another.

use super::{
    admission::{self, Admission},
    connection::{Reader, Writer},
    driver,
};
use crate::{
    gateway::Gateway,
    limits::{REFUSAL_WRITE, TLS_HANDSHAKE},
};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tracing::Instrument as _;

/// Places for connections, shared by all listeners.
pub fn places(connections_max: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(connections_max))
}

/// Accepts until the gateway drains.
pub async fn listen(gateway: Arc<Gateway>, listener: TcpListener, tls: Option<TlsAcceptor>, places: Arc<Semaphore>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = gateway.draining.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => match places.clone().try_acquire_owned() {
                Ok(place) => {
                    let connection = connect(gateway.clone(), stream, peer, tls.clone(), place);
                    gateway
                        .tasks
                        .spawn(connection.instrument(tracing::info_span!("connection", %peer)));
                }
                Err(_) => {
                    metrics::counter!("edgebind_connections_refused_total").increment(1);
                    tracing::warn!(%peer, "connection refused: too many are open");
                }
            },
            Err(error) => {
                // Out of file descriptors, most likely: waiting lets some be given back, where trying again at once would spin.
                tracing::error!(%error, "failed to accept a connection");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connect(
    gateway: Arc<Gateway>,
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    place: OwnedSemaphorePermit,
) {
    let _place = place;
    let _gauge = crate::observe::Gauge::up("edgebind_connections");
    let opened = Instant::now();
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "failed to set TCP_NODELAY");
    }
    match tls {
        None => {
            let (read, write) = stream.into_split();
            serve(gateway, peer, opened, read, write).await;
        }
        Some(acceptor) => match timeout(TLS_HANDSHAKE, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => {
                let (read, write) = tokio::io::split(stream);
                serve(gateway, peer, opened, read, write).await;
            }
            Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
            Err(_) => tracing::debug!("TLS handshake took too long"),
        },
    }
}

async fn serve<R, W>(gateway: Arc<Gateway>, peer: SocketAddr, opened: Instant, read: R, write: W)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (mut reader, mut writer) = (Reader::new(read), Writer::new(write));
    let admission = tokio::select! {
        admission = admission::admit(&gateway, peer.ip(), opened + gateway.config.smpp.session_init, &mut reader, &mut writer) => admission,
        () = gateway.draining.cancelled() => Admission::Gone(io::ErrorKind::ConnectionAborted.into()),
    };
    let (bind, session, first) = match admission {
        Admission::Taken(taken) => *taken,
        Admission::Refused(status) => {
            tracing::info!(%status, "bind refused");
            let _ = timeout(REFUSAL_WRITE, writer.finish()).await;
            return;
        }
        Admission::Silent => return tracing::info!("connection closed: no bind within session_init"),
        Admission::Gone(error) => return tracing::debug!(%error, "connection ended before a bind"),
    };
    let span = tracing::info_span!("bind", tenant = %bind.tenant.name, bind = bind.id);
    async move {
        tracing::info!(kind = ?bind.kind, release = bind.release, "bind came");
        match driver::drive(&bind, session, first, reader, writer).await {
            driver::End::Fault(fault) => {
                metrics::counter!("edgebind_guest_faults_total", "tenant" => bind.tenant.name.clone(), "world" => "session")
                    .increment(1);
                tracing::error!(%fault, "bind ended by a fault");
            }
            end => tracing::info!(%end, "bind went"),
        }
    }
    .instrument(span)
    .await;
}
