//! A tap on the line before a listener: hands on every octet, half-close and reset, and keeps a capture of it all.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;

use crate::capture::{Capture, Id, Side};

type Shared = Arc<Mutex<Capture>>;

/// A listener in front of another. Takes no more connections once it is dropped.
pub struct Tap {
    address: SocketAddr,
    capture: Shared,
    listener: JoinHandle<()>,
}

impl Tap {
    /// Listens in front of `behind`: a gateway's, or that of an ESME that waits for outbind.
    pub async fn before(behind: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let capture = Shared::default();
        let shared = Arc::clone(&capture);
        let listener = tokio::spawn(async move {
            loop {
                let (caller, peer) = listener.accept().await.unwrap();
                tokio::spawn(relay(caller, peer.ip(), behind, Arc::clone(&shared)));
            }
        });
        Self {
            address,
            capture,
            listener,
        }
    }

    /// Where callers connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was captured since the last time; what was heard is in it.
    pub fn take(&self) -> Capture {
        std::mem::take(&mut self.capture.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

async fn relay(mut caller: TcpStream, from: IpAddr, behind: SocketAddr, capture: Shared) {
    let Ok(mut listener) = connect(from, behind).await else {
        return reset(&caller);
    };
    let id = capture.lock().unwrap_or_else(PoisonError::into_inner).open();
    let record = |side, octets: &[u8]| record(&capture, id, side, octets);
    let (from_caller, to_caller) = caller.split();
    let (from_listener, to_listener) = listener.split();
    let both = tokio::try_join!(
        hand_on(from_caller, to_listener, |octets| record(Side::Caller, octets)),
        hand_on(from_listener, to_caller, |octets| record(Side::Listener, octets)),
    );
    if both.is_err() {
        reset(&caller);
        reset(&listener);
    }
}

/// From the caller's own address, of which a loopback has many: a gateway may count by it.
async fn connect(from: IpAddr, behind: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(from, 0))?;
    let stream = socket.connect(behind).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Until the end, which is handed on too.
async fn hand_on(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, record: impl Fn(&[u8])) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return to.shutdown().await;
        }
        record(&buffer[..length]);
        to.write_all(&buffer[..length]).await?;
    }
}

fn record(capture: &Shared, id: Id, side: Side, octets: &[u8]) {
    capture
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .record(id, side, octets);
}

/// The other side hears that the line is dead, and not that it has ended well.
fn reset(stream: &TcpStream) {
    // Nothing is lost when this fails: the line is dead all the same.
    let _ = stream.set_zero_linger();
}
