//! An HTTP server that answers 200 to everything and remembers what it was asked: where Kannel's smsbox reports to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

use crate::wait::{self, PATIENCE};

/// One request: its path and the pairs of its query.
#[derive(Debug, Clone)]
pub struct Caught {
    /// The path, with its leading slash.
    pub path: String,
    /// Names and values, percent-decoded to octets.
    pub query: Vec<(String, Vec<u8>)>,
}

impl Caught {
    /// A value as text; empty when there is none.
    pub fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(self.octets(name)).into_owned()
    }

    /// A value as octets; empty when there is none.
    pub fn octets(&self, name: &str) -> &[u8] {
        self.query.iter().find(|(key, _)| key == name).map_or(&[], |(_, value)| value)
    }
}

type Log = Arc<Mutex<Vec<Caught>>>;

/// The server. Stops when dropped.
pub struct Catcher {
    address: SocketAddr,
    caught: Log,
    server: JoinHandle<()>,
}

impl Catcher {
    /// Listens on a free port of the loopback.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let caught = Log::default();
        let app = Router::new().fallback(remember).with_state(Arc::clone(&caught));
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, caught, server }
    }

    /// Its URL, without a trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything so far.
    pub fn caught(&self) -> Vec<Caught> {
        self.caught.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for a request that fits.
    pub async fn wait_for(&self, what: &str, fits: impl Fn(&Caught) -> bool) -> Caught {
        wait::until(what, PATIENCE, async || self.caught().into_iter().find(&fits)).await
    }
}

impl Drop for Catcher {
    fn drop(&mut self) {
        self.server.abort();
        if std::thread::panicking() {
            eprintln!("--- caught by the HTTP server\n{:#?}", self.caught());
        }
    }
}

async fn remember(State(log): State<Log>, uri: Uri) -> &'static str {
    let query = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let query = query.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.to_owned(), percent_decoded(value))
    });
    let caught = Caught {
        path: uri.path().to_owned(),
        query: query.collect(),
    };
    log.lock().unwrap_or_else(PoisonError::into_inner).push(caught);
    ""
}

/// Octets and not text: Kannel escapes UTF-16 as it lies.
fn percent_decoded(value: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = value.bytes();
    while let Some(octet) = rest.next() {
        match octet {
            b'+' => octets.push(b' '),
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                octets.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
            }
            plain => octets.push(plain),
        }
    }
    octets
}

/// A URL with a query, each value percent-encoded.
pub fn url_with(base: &str, query: &[(&str, &str)]) -> Url {
    Url::parse_with_params(base, query).unwrap()
}
