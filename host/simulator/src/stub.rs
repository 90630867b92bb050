//! An upstream for load: takes every message at once, counts ids, and costs as little as it can.
//!
//! It speaks as much HTTP/1.1 as keep-alive clients with `Content-Length` need, looks at nothing but the message's id, checks no
//! credentials and calls no webhook. For behaviour there is [`smsgate`](crate::smsgate).

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::TimedOut;
use crate::wait::lock;

/// A request that is larger ends its connection.
const REQUEST_BYTES_MAX: usize = 1024 * 1024;

/// What is read at once.
const READ_BYTES: usize = 64 * 1024;

const DEVICES: &str = concat!(
    r#"[{"id":"stub-phone-0000000001","name":"Stub","createdAt":"2026-01-02T15:04:05Z","#,
    r#""updatedAt":"2026-01-02T15:04:05Z","lastSeen":"2036-01-02T15:04:05Z","simCards":[]}]"#
);

#[derive(Default)]
struct Counts {
    posts: AtomicU64,
    ids: Mutex<HashMap<Box<str>, u32>>,
    more: Notify,
}

/// A running stub; dropping it ends it and its connections.
pub struct Stub {
    address: SocketAddr,
    counts: Arc<Counts>,
    held: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Stub {
    /// Starts listening on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// When the socket cannot be had.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let counts = Arc::new(Counts::default());
        let held = watch::Sender::new(false);
        let server = tokio::spawn(serve(listener, Arc::clone(&counts), held.subscribe()));
        Ok(Self {
            address,
            counts,
            held,
            server,
        })
    }

    /// What callers put in front of `/messages`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Messages posted, repetitions included.
    pub fn posts(&self) -> u64 {
        self.counts.posts.load(Ordering::Acquire)
    }

    /// How often each id was posted.
    pub fn ids(&self) -> HashMap<Box<str>, u32> {
        lock(&self.counts.ids).clone()
    }

    /// How many different ids were posted.
    pub fn distinct(&self) -> usize {
        lock(&self.counts.ids).len()
    }

    /// Messages posted from now on get no answer, until [`release`](Self::release).
    pub fn hold(&self) {
        self.held.send_replace(true);
    }

    /// Those that wait are answered, and all that come.
    pub fn release(&self) {
        self.held.send_replace(false);
    }

    /// Waits until so many messages were posted.
    ///
    /// # Errors
    ///
    /// When they were not, in time.
    pub async fn wait_for_posts(&self, count: u64, timeout: Duration) -> Result<(), TimedOut> {
        let enough = async {
            loop {
                let more = self.counts.more.notified();
                if self.posts() >= count {
                    return;
                }
                more.await;
            }
        };
        tokio::time::timeout(timeout, enough)
            .await
            .map_err(|_| TimedOut { waited: timeout })
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, counts: Arc<Counts>, held: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            connections.join_next().await;
            continue;
        };
        let (counts, held) = (Arc::clone(&counts), held.clone());
        connections.spawn(async move {
            // An error is the peer's end.
            let _ = converse(stream, &counts, held).await;
        });
    }
}

async fn converse(mut stream: TcpStream, counts: &Counts, mut held: watch::Receiver<bool>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(READ_BYTES);
    let mut answers = Vec::with_capacity(READ_BYTES);
    while stream.read_buf(&mut buffer).await? > 0 {
        let mut used = 0;
        while let Some(request) = Request::read(&buffer[used..])? {
            if request.is_submit() {
                counts.count(request.id());
                // Cannot fail while the stub lives, and then nobody waits.
                let _ = held.wait_for(|held| !held).await;
            }
            request.answer(&mut answers);
            used += request.length;
        }
        buffer.drain(..used);
        stream.write_all(&answers).await?;
        answers.clear();
    }
    Ok(())
}

impl Counts {
    fn count(&self, id: Option<&str>) {
        if let Some(id) = id {
            let mut ids = lock(&self.ids);
            match ids.get_mut(id) {
                Some(count) => *count += 1,
                None => drop(ids.insert(id.into(), 1)),
            }
        }
        self.posts.fetch_add(1, Ordering::Release);
        self.more.notify_waiters();
    }
}

/// One request, whole.
struct Request<'a> {
    line: &'a str,
    body: &'a [u8],
    length: usize,
}

impl<'a> Request<'a> {
    /// None while octets are missing; an error for what the stub does not speak.
    fn read(buffer: &'a [u8]) -> io::Result<Option<Self>> {
        let Some(head_len) = find(buffer, b"\r\n\r\n").map(|at| at + 4) else {
            return match buffer.len() {
                ..REQUEST_BYTES_MAX => Ok(None),
                _ => Err(io::ErrorKind::InvalidData.into()),
            };
        };
        let head = std::str::from_utf8(&buffer[..head_len]).map_err(|_| io::ErrorKind::InvalidData)?;
        let (line, headers) = head.split_once("\r\n").ok_or(io::ErrorKind::InvalidData)?;
        let mut body_len = 0;
        for header in headers.split("\r\n") {
            match header.split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    body_len = value.trim().parse().map_err(|_| io::ErrorKind::InvalidData)?;
                }
                Some((name, _)) if name.eq_ignore_ascii_case("transfer-encoding") => {
                    return Err(io::ErrorKind::Unsupported.into());
                }
                _ => {}
            }
        }
        if body_len > REQUEST_BYTES_MAX {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let length = head_len + body_len;
        Ok(buffer.get(head_len..length).map(|body| Self { line, body, length }))
    }

    fn is_submit(&self) -> bool {
        self.line.starts_with("POST ") && self.path().ends_with("/messages")
    }

    fn path(&self) -> &'a str {
        let target = self.line.split(' ').nth(1).unwrap_or_default();
        target.split('?').next().unwrap_or_default()
    }

    /// The value of the first `"id"` in the body: no other key of a message is called so.
    fn id(&self) -> Option<&'a str> {
        let behind = &self.body[find(self.body, b"\"id\"")? + 4..];
        let start = find(behind, b"\"")? + 1;
        let end = find(&behind[start..], b"\"")?;
        std::str::from_utf8(&behind[start..start + end]).ok()
    }

    fn answer(&self, out: &mut Vec<u8>) {
        let (status, body) = match () {
            () if self.is_submit() => {
                let id = self.id().unwrap_or("none");
                let rest = r#""deviceId":"stub-phone-0000000001","state":"Pending","isHashed":false,"isEncrypted":false"#;
                (
                    "202 Accepted",
                    format!(r#"{{"id":"{id}",{rest},"recipients":[],"states":{{}}}}"#),
                )
            }
            () if self.line.starts_with("GET ") && self.path().ends_with("/devices") => ("200 OK", DEVICES.into()),
            () if self.line.starts_with("POST ") && self.path().ends_with("/webhooks") => {
                ("201 Created", String::from_utf8_lossy(self.body).into_owned())
            }
            () if self.line.starts_with("DELETE ") => ("204 No Content", String::new()),
            () => ("404 Not Found", r#"{"message":"not found"}"#.into()),
        };
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(body.as_bytes());
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{REQUEST_BYTES_MAX, Request, Stub};

    const POST: &[u8] = b"POST /messages?a=b HTTP/1.1\r\ncontent-length: 28\r\n\r\n{\"deviceId\":\"x\", \"id\": \"17\"}";

    #[test]
    fn a_request_is_whole_or_not_there_yet() {
        for have in 0..POST.len() {
            assert!(Request::read(&POST[..have]).unwrap().is_none(), "{have} octets");
        }
        let request = Request::read(POST).unwrap().unwrap();
        assert_eq!(
            (request.id(), request.length, request.is_submit()),
            (Some("17"), POST.len(), true)
        );
        assert!(Request::read(&vec![b'a'; REQUEST_BYTES_MAX]).is_err(), "one past the bound");
        assert!(Request::read(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
    }

    #[tokio::test]
    async fn posts_are_counted_and_held_on_request() {
        let stub = Stub::start().await.unwrap();
        let client = reqwest::Client::new();
        let post = |id: &str| {
            client
                .post(format!("{}/messages", stub.base_url()))
                .body(format!(r#"{{"id":"{id}"}}"#))
                .send()
        };
        let answer = post("1").await.unwrap();
        assert_eq!(answer.status(), 202);
        assert!(answer.text().await.unwrap().contains(r#""id":"1""#));
        stub.hold();
        let (held, ()) = tokio::join!(post("1"), async {
            stub.wait_for_posts(2, Duration::from_secs(5)).await.unwrap();
            stub.release();
        });
        assert_eq!(held.unwrap().status(), 202);
        assert_eq!((stub.posts(), stub.distinct(), stub.ids()["1"]), (2, 1, 2));
        let devices = client.get(format!("{}/devices", stub.base_url())).send().await.unwrap();
        assert!(devices.text().await.unwrap().starts_with("[{\"id\":"));
        assert!(stub.wait_for_posts(3, Duration::from_millis(1)).await.is_err());
    }
}
