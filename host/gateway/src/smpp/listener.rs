//! Accepts connections, plain and TLS at once, and gives each a task of its own. Nothing that one peer does holds up another.

use super::{
    certificate::Certificate,
    connection::{Reader, Writer},
    peer::Peer,
    places::{Place, Places},
    proxy, visit,
};
use crate::{
    gateway::Gateway,
    limits::{PROXY_HEADER, TLS_HANDSHAKE},
    tls::Tls,
};
use ipnet::IpNet;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{Instant, sleep, timeout, timeout_at},
};
use tracing::Instrument as _;

/// What a connection comes in through.
pub struct Door {
    /// Whose PROXY header comes first; empty where none does.
    pub proxies: Vec<IpNet>,
    /// What TLS is spoken with; none for a plain listener.
    pub tls: Option<Arc<Tls>>,
    /// Shared by all doors.
    pub places: Arc<Places>,
}

/// Accepts until the gateway drains.
pub async fn listen(gateway: Arc<Gateway>, listener: TcpListener, door: Door) {
    let door = Arc::new(door);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = gateway.draining.cancelled() => return,
        };
        match accepted {
            Ok((stream, socket)) => match door.places.take() {
                Some(place) => {
                    gateway
                        .tasks
                        .spawn(connect(gateway.clone(), stream, socket, door.clone(), place));
                }
                None => refused(socket, "too many are open"),
            },
            Err(error) => {
                // Out of file descriptors, most likely: waiting lets some be given back, where trying again at once would spin.
                tracing::error!(%error, "failed to accept a connection");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

fn refused(peer: SocketAddr, why: &str) {
    metrics::counter!("edgebind_connections_refused_total").increment(1);
    tracing::warn!(%peer, "connection refused: {why}");
}

async fn connect(gateway: Arc<Gateway>, mut stream: TcpStream, socket: SocketAddr, door: Arc<Door>, mut place: Place) {
    let _gauge = crate::observe::Gauge::up("edgebind_connections");
    let deadline = Instant::now() + gateway.config.smpp.session_init;
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "failed to set TCP_NODELAY");
    }
    let named = named(&mut stream, socket, &door.proxies, deadline);
    let Some(peer) = gateway.draining.run_until_cancelled(named).await.flatten() else {
        return;
    };
    let mut from = Peer::at(peer.ip().to_canonical());
    if !place.assign(from.source()) {
        return refused(peer, "too many from there are open");
    }
    async {
        let Some(tls) = &door.tls else {
            let (read, write) = stream.into_split();
            visit::serve(&gateway, &from, deadline, Reader::unbound(read), Writer::new(write)).await;
            return;
        };
        let handshake = timeout_at(deadline.min(Instant::now() + TLS_HANDSHAKE), tls.acceptor().accept(stream));
        match gateway.draining.run_until_cancelled(handshake).await {
            Some(Ok(Ok(stream))) => {
                from.certificate = Certificate::shown(stream.get_ref().1);
                let (read, write) = tokio::io::split(stream);
                visit::serve(&gateway, &from, deadline, Reader::unbound(read), Writer::new(write)).await;
            }
            Some(Ok(Err(error))) => tracing::debug!(%error, "TLS handshake failed"),
            Some(Err(_)) => tracing::debug!("TLS handshake took too long"),
            None => {}
        }
    }
    .instrument(tracing::info_span!("connection", %peer))
    .await;
    drop(place);
}

/// Who connects: the socket's other end, or whom a trusted proxy names there. None when the connection is to be closed.
async fn named(stream: &mut TcpStream, socket: SocketAddr, proxies: &[IpNet], deadline: Instant) -> Option<SocketAddr> {
    if proxies.is_empty() {
        return Some(socket);
    }
    let proxy = socket.ip().to_canonical();
    if !proxies.iter().any(|network| network.contains(&proxy)) {
        tracing::debug!(%socket, "connection closed: it comes from no proxy of proxy_protocol_from");
        return None;
    }
    match timeout(PROXY_HEADER.min(deadline - Instant::now()), proxy::read(stream)).await {
        Ok(Ok(source)) => Some(source.unwrap_or(socket)),
        Ok(Err(error)) => {
            tracing::debug!(%socket, %error, "connection closed: its PROXY header is not good");
            None
        }
        Err(_) => {
            tracing::debug!(%socket, "connection closed: no PROXY header within {PROXY_HEADER:?}");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use tokio::io::AsyncWriteExt as _;

    /// Both ends of a connection, and the address of the one that has connected.
    async fn connection() -> (TcpStream, TcpStream, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let far = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (near, socket) = listener.accept().await.unwrap();
        (near, far, socket)
    }

    fn proxies(network: &str) -> Vec<IpNet> {
        vec![network.parse().unwrap()]
    }

    #[tokio::test(start_paused = true)]
    async fn a_proxy_that_says_nothing_is_not_waited_for() {
        for (session_init, waited) in [(2 * PROXY_HEADER, PROXY_HEADER), (PROXY_HEADER / 2, PROXY_HEADER / 2)] {
            let (mut near, mut far, socket) = connection().await;
            far.write_all(b"PROXY TCP4 192.0.2.1").await.unwrap();
            let opened = Instant::now();
            let named = named(&mut near, socket, &proxies("127.0.0.0/8"), opened + session_init).await;
            assert_eq!(named, None);
            assert_eq!(opened.elapsed().as_secs(), waited.as_secs());
        }
    }

    #[tokio::test]
    async fn only_a_proxy_of_the_list_is_believed() {
        for (network, expected) in [("127.0.0.0/8", Some("192.0.2.1:7")), ("10.0.0.0/8", None)] {
            let (mut near, mut far, socket) = connection().await;
            far.write_all(b"PROXY TCP4 192.0.2.1 198.51.100.1 7 2775\r\n").await.unwrap();
            let named = named(&mut near, socket, &proxies(network), Instant::now() + PROXY_HEADER).await;
            assert_eq!(named, expected.map(|address| address.parse().unwrap()), "{network}");
        }
        let (mut near, _far, socket) = connection().await;
        assert_eq!(
            named(&mut near, socket, &[], Instant::now()).await,
            Some(socket),
            "nothing is read where none is asked for"
        );
    }
}
