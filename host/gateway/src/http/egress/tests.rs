//! Egress against upstreams that are a few octets each: real sockets on 127.0.0.1, names that resolve as a test says.

use super::{names::is_public, *};
use crate::{
    account::Account,
    config::{Config, Surroundings},
};
use reqwest::dns::{Addrs, Name, Resolving};
use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// What an upstream does with a request that it has read.
#[derive(Clone, Copy)]
enum Does {
    /// Writes this and reads the next request.
    Answers(&'static str),
    /// Writes this and closes.
    Closes(&'static str),
    /// Nothing, for ever.
    Waits,
}

/// An upstream on 127.0.0.1 that does the same to every request.
struct Upstream {
    port: u16,
    /// Requests as they came.
    requests: mpsc::UnboundedReceiver<String>,
    connections: Arc<AtomicUsize>,
}

impl Upstream {
    async fn that(does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, requests) = mpsc::unbounded_channel();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = connections.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, does, sender.clone()));
            }
        });
        Self {
            port,
            requests,
            connections,
        }
    }

    fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A request that has come already.
    fn request(&mut self) -> Option<String> {
        self.requests.try_recv().ok()
    }
}

async fn serve(mut stream: TcpStream, does: Does, requests: mpsc::UnboundedSender<String>) -> io::Result<()> {
    while let Some(request) = read_request(&mut stream).await? {
        requests.send(request).unwrap();
        match does {
            Does::Answers(answer) => stream.write_all(answer.as_bytes()).await?,
            Does::Closes(answer) => return stream.write_all(answer.as_bytes()).await,
            Does::Waits => std::future::pending().await,
        }
    }
    Ok(())
}

/// One request with its body; none when the client closed.
async fn read_request(stream: &mut TcpStream) -> io::Result<Option<String>> {
    let mut octets = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&octets).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |text| text.parse().unwrap());
            if body.len() >= length {
                return Ok(Some(text));
            }
        }
        if stream.read_buf(&mut octets).await? == 0 {
            return Ok(None);
        }
    }
}

/// Names and what they resolve to, `port` in the address or 0; every other name does not exist.
struct Names(HashMap<&'static str, Vec<SocketAddr>>);

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let addresses = self.0.get(name.as_str()).cloned();
        Box::pin(async move {
            let addresses = addresses.ok_or_else(|| io::Error::other("no such name"))?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

fn egress_with_names(names: &[(&'static str, &[&str])]) -> Egress {
    let addresses = |texts: &[&str]| texts.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 0)).collect();
    let names = names.iter().map(|(name, texts)| (*name, addresses(texts))).collect();
    let limits = Limits {
        body_octets_max: 1_000,
        ..Limits::default()
    };
    Egress::resolving(limits, &(Arc::new(Names(names)) as _)).unwrap()
}

fn egress() -> Egress {
    egress_with_names(&[])
}

fn allowed(origins: &[&str]) -> Allowed {
    let origins = origins
        .iter()
        .map(|origin| Reachable::api(Origin::parse(origin).unwrap()))
        .collect();
    Allowed {
        origins,
        timeout: Duration::from_secs(10),
    }
}

/// As an account has them whose tenant is configured so.
fn secrets() -> Arc<Secrets> {
    const TENANT: &str = r#"
        smpp.plain = "127.0.0.1:0"
        [[tenants]]
        name = "acme"
        accounts = [{ system_id = "esme", password = "secret" }]
        secrets = { upstream.user = "ABC123", upstream.password = "pa:ss", upstream.token = "t0ken", odd = "a:b", bad = "a\nb" }
    "#;
    let nothing = Surroundings {
        base: Path::new(""),
        env: &|_| None,
        file: &|_| Err(io::ErrorKind::NotFound.into()),
        settings: &|_| Vec::new(),
    };
    let config = Config::from_toml(TENANT, &nothing).unwrap();
    Account::passing_through("esme", &config.tenants[0], None).secrets()
}

fn get(url: impl Into<String>) -> Request {
    Request {
        method: "GET".into(),
        url: url.into(),
        headers: Vec::new(),
        authorization: None,
        body: Vec::new(),
        blanks: Vec::new(),
    }
}

fn basic() -> Option<Authorization> {
    Some(Authorization::Basic(("upstream.user".into(), "upstream.password".into())))
}

async fn refusal(allowed: &Allowed, request: Request) -> String {
    let failure = egress().exchange(allowed, &secrets(), request).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Refused, "{}", failure.why);
    failure.why
}

#[tokio::test]
async fn a_request_goes_out_as_it_stands_with_its_secrets() {
    let mut upstream = Upstream::that(Does::Answers(
        "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nX-Latin: \u{e9}\r\nX-Two: a\r\nX-Two: b\r\n\r\n{}",
    ))
    .await;
    let request = Request {
        method: "POST".into(),
        url: format!("{}/3rdparty/v1/messages?skip=true", upstream.origin()),
        headers: vec![
            ("Content-Type".into(), "application/json".into()),
            ("user-agent".into(), "guest/1".into()),
        ],
        authorization: basic(),
        body: b"{\"id\":\"1\"}".to_vec(),
        blanks: Vec::new(),
    };
    let response = egress()
        .exchange(&allowed(&[&upstream.origin()]), &secrets(), request)
        .await
        .unwrap();
    assert_eq!((response.status, response.body.as_slice()), (202, &b"{}"[..]));
    let header = |name: &str| {
        response
            .headers
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!((header("x-two"), header("x-latin")), (vec!["a", "b"], vec!["\u{c3}\u{a9}"]));
    let sent = upstream.request().unwrap();
    let expected = format!(
        "POST /3rdparty/v1/messages?skip=true HTTP/1.1\r\n\
         content-type: application/json\r\n\
         user-agent: guest/1\r\n\
         authorization: Basic QUJDMTIzOnBhOnNz\r\n\
         accept: */*\r\n\
         host: 127.0.0.1:{}\r\n\
         content-length: 10\r\n\
         \r\n\
         {{\"id\":\"1\"}}",
        upstream.port
    );
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn a_bearer_token_is_filled_in() {
    let mut upstream = Upstream::that(Does::Answers("HTTP/1.1 204 No Content\r\n\r\n")).await;
    let request = Request {
        authorization: Some(Authorization::Bearer("upstream.token".into())),
        ..get(upstream.origin())
    };
    egress()
        .exchange(&allowed(&[&upstream.origin()]), &secrets(), request)
        .await
        .unwrap();
    assert!(upstream.request().unwrap().contains("authorization: Bearer t0ken\r\n"));
}

#[tokio::test]
async fn connections_are_used_again() {
    let upstream = Upstream::that(Does::Answers("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n.")).await;
    let (egress, allowed) = (egress(), allowed(&[&upstream.origin()]));
    for _ in 0..5 {
        egress.exchange(&allowed, &secrets(), get(upstream.origin())).await.unwrap();
    }
    assert_eq!(upstream.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let mut upstream = Upstream::that(Does::Answers(
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
    ))
    .await;
    let response = egress()
        .exchange(&allowed(&[&upstream.origin()]), &secrets(), get(upstream.origin()))
        .await
        .unwrap();
    assert_eq!(response.status, 307);
    assert!(response.headers.contains(&("location".into(), "/elsewhere".into())));
    assert!(upstream.request().is_some() && upstream.request().is_none());
}

#[tokio::test]
async fn an_origin_that_the_tenant_may_not_reach_is_refused_without_a_connection() {
    let upstream = Upstream::that(Does::Waits).await;
    let allowed = allowed(&[
        "http://127.0.0.1:1",
        &format!("https://127.0.0.1:{}", upstream.port),
        &format!("http://localhost:{}", upstream.port),
    ]);
    let why = refusal(&allowed, get(format!("{}/path?number=447700900123", upstream.origin()))).await;
    assert_eq!(why, format!("{} is not among the tenant's origins", upstream.origin()));
    assert_eq!(upstream.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn secrets_go_only_where_they_belong() {
    let mut upstream = Upstream::that(Does::Answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).await;
    let elsewhere = Allowed {
        origins: vec![Reachable::other(Origin::parse(&upstream.origin()).unwrap())],
        ..allowed(&[])
    };
    let why = refusal(
        &elsewhere,
        Request {
            authorization: basic(),
            ..get(upstream.origin())
        },
    )
    .await;
    assert_eq!(why, format!("{} takes none of the tenant's secrets", upstream.origin()));
    egress()
        .exchange(&elsewhere, &secrets(), get(upstream.origin()))
        .await
        .unwrap();
    assert!(!upstream.request().unwrap().contains("authorization"));
}

#[tokio::test]
async fn secrets_that_cannot_be_sent_are_refused_by_name() {
    let allowed = allowed(&["http://127.0.0.1:1"]);
    let table = [
        (Authorization::Bearer("gone".into()), "the tenant has no secret gone"),
        (
            Authorization::Basic(("upstream.user".into(), "gone".into())),
            "the tenant has no secret gone",
        ),
        (
            Authorization::Basic(("odd".into(), "upstream.password".into())),
            "the secret odd has a colon, which ends a user name in HTTP Basic",
        ),
        (
            Authorization::Bearer("bad".into()),
            "a secret has octets that no header takes",
        ),
    ];
    for (authorization, expected) in table {
        let request = Request {
            authorization: Some(authorization),
            ..get("http://127.0.0.1:1")
        };
        assert_eq!(refusal(&allowed, request).await, expected);
    }
}

#[tokio::test]
async fn what_no_translator_may_say_is_refused() {
    let allowed = allowed(&["http://127.0.0.1:1"]);
    let url = || get("http://127.0.0.1:1/");
    let mut table = vec![
        (
            Request {
                method: "CONNECT".into(),
                ..url()
            },
            "the method CONNECT is not for APIs",
        ),
        (
            Request {
                method: "TRACE".into(),
                ..url()
            },
            "the method TRACE is not for APIs",
        ),
        (
            Request {
                method: "GET /".into(),
                ..url()
            },
            "the method is not one",
        ),
        (
            Request {
                method: String::new(),
                ..url()
            },
            "the method is not one",
        ),
        (get("/messages"), "the URL is not one: relative URL without a base"),
        (get("file:///etc/passwd"), "the URL is neither http nor https"),
        (get("http://user:pw@127.0.0.1:1/"), "the URL carries credentials"),
        (get("http://user@127.0.0.1:1/"), "the URL carries credentials"),
        (
            Request {
                headers: vec![("a b".into(), "c".into())],
                ..url()
            },
            "the name of a header is not one",
        ),
        (
            Request {
                headers: vec![(String::new(), "c".into())],
                ..url()
            },
            "the name of a header is not one",
        ),
        (
            Request {
                headers: vec![("a".into(), "b\r\nc: d".into())],
                ..url()
            },
            "the value of the header a is not one",
        ),
    ];
    for name in RESERVED.into_iter().chain(["proxy-authorization", "proxy-connection"]) {
        let why = format!("the header {name} is not a translator's to set").leak();
        table.push((
            Request {
                headers: vec![(name.to_uppercase(), "x".into())],
                ..url()
            },
            why,
        ));
    }
    for (request, expected) in table {
        assert_eq!(refusal(&allowed, request).await, expected);
    }
}

#[tokio::test]
async fn a_body_as_large_as_allowed_is_taken_and_one_octet_more_is_not() {
    let answer = |octets: usize, is_chunked: bool| -> &'static str {
        let body = "x".repeat(octets);
        let text = if is_chunked {
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{octets:x}\r\n{body}\r\n0\r\n\r\n")
        } else {
            format!("HTTP/1.1 200 OK\r\nContent-Length: {octets}\r\n\r\n{body}")
        };
        text.leak()
    };
    for is_chunked in [false, true] {
        for (octets, expected) in [(1_000, Ok(1_000)), (1_001, Err(FailureKind::TooLarge))] {
            let upstream = Upstream::that(Does::Answers(answer(octets, is_chunked))).await;
            let got = egress()
                .exchange(&allowed(&[&upstream.origin()]), &secrets(), get(upstream.origin()))
                .await;
            assert_eq!(
                got.map(|response| response.body.len()).map_err(|failure| failure.kind),
                expected
            );
        }
    }
}

#[tokio::test]
async fn a_body_without_an_end_is_too_large_and_not_waited_for() {
    let endless = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", "x".repeat(2_000)).leak();
    let upstream = Upstream::that(Does::Answers(endless)).await;
    let got = egress()
        .exchange(&allowed(&[&upstream.origin()]), &secrets(), get(upstream.origin()))
        .await;
    assert_eq!(got.unwrap_err().kind, FailureKind::TooLarge);
}

#[tokio::test]
async fn silence_is_unanswered_after_the_tenants_timeout() {
    for does in [
        Does::Waits,
        Does::Answers("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
    ] {
        let mut upstream = Upstream::that(does).await;
        let allowed = Allowed {
            timeout: Duration::from_millis(200),
            ..allowed(&[&upstream.origin()])
        };
        let failure = egress()
            .exchange(&allowed, &secrets(), get(upstream.origin()))
            .await
            .unwrap_err();
        assert_eq!(
            (failure.kind, failure.why.as_str()),
            (FailureKind::Unanswered, "no answer within 0.2 s")
        );
        assert!(upstream.request().is_some());
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_is_unanswered_and_nothing_is_repeated() {
    for does in [
        Does::Closes(""),
        Does::Closes("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
        Does::Closes("SMTP?\r\n"),
    ] {
        let mut upstream = Upstream::that(does).await;
        let request = get(format!("{}/messages/447700900123", upstream.origin()));
        let failure = egress()
            .exchange(&allowed(&[&upstream.origin()]), &secrets(), request)
            .await
            .unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unanswered, "{}", failure.why);
        assert!(
            !failure.why.contains("447700900123") && !failure.why.is_empty(),
            "{}",
            failure.why
        );
        assert!(upstream.request().is_some() && upstream.request().is_none());
    }
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let origin = format!("http://127.0.0.1:{port}");
    let failure = egress()
        .exchange(&allowed(&[&origin]), &secrets(), get(&origin))
        .await
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable);
    assert!(failure.why.contains("Connection refused"), "{}", failure.why);
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_unreachable() {
    let origin = "http://gone.example";
    let failure = egress()
        .exchange(&allowed(&[origin]), &secrets(), get(origin))
        .await
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable, "{}", failure.why);
}

#[tokio::test]
async fn a_peer_that_speaks_no_tls_is_unreachable() {
    let upstream = Upstream::that(Does::Waits).await;
    let origin = format!("https://127.0.0.1:{}", upstream.port);
    let allowed = Allowed {
        timeout: Duration::from_secs(5),
        ..allowed(&[&origin])
    };
    let egress = Egress::new(Limits {
        connect: Duration::from_millis(200),
        ..Limits::default()
    })
    .unwrap();
    let failure = egress.exchange(&allowed, &secrets(), get(&origin)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable, "{}", failure.why);
}

#[tokio::test]
async fn a_public_name_that_leads_into_our_own_network_is_refused() {
    let upstream = Upstream::that(Does::Answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).await;
    let egress = egress_with_names(&[
        ("api.example.com", &["127.0.0.1"]),
        ("smsgate", &["127.0.0.1"]),
        ("localhost", &["127.0.0.1"]),
    ]);
    let origin = format!("http://api.example.com:{}", upstream.port);
    let failure = egress
        .exchange(&allowed(&[&origin]), &secrets(), get(&origin))
        .await
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Refused, "{}", failure.why);
    assert!(
        failure
            .why
            .contains("api.example.com resolves to 127.0.0.1, which is not a public address"),
        "{}",
        failure.why
    );
    assert_eq!(upstream.connections.load(Ordering::SeqCst), 0);

    let meant = Reachable {
        is_private: true,
        ..Reachable::api(Origin::parse(&origin).unwrap())
    };
    let meant = Allowed {
        origins: vec![meant],
        ..allowed(&[])
    };
    assert_eq!(egress.exchange(&meant, &secrets(), get(&origin)).await.unwrap().status, 200);
    for name in ["smsgate", "localhost"] {
        let origin = format!("http://{name}:{}", upstream.port);
        assert_eq!(
            egress
                .exchange(&allowed(&[&origin]), &secrets(), get(&origin))
                .await
                .unwrap()
                .status,
            200,
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_connection_of_one_who_may_is_not_lent_to_one_who_may_not() {
    let upstream = Upstream::that(Does::Answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).await;
    let egress = egress_with_names(&[("api.example.com", &["127.0.0.1"])]);
    let origin = format!("http://api.example.com:{}", upstream.port);
    let usual = Reachable::api(Origin::parse(&origin).unwrap());
    let may = Allowed {
        origins: vec![Reachable {
            is_private: true,
            ..usual.clone()
        }],
        ..allowed(&[])
    };
    let may_not = Allowed {
        origins: vec![usual],
        ..allowed(&[])
    };
    assert!(egress.exchange(&may, &secrets(), get(&origin)).await.is_ok());
    assert_eq!(
        egress.exchange(&may_not, &secrets(), get(&origin)).await.unwrap_err().kind,
        FailureKind::Refused
    );
}

#[tokio::test]
async fn of_mixed_answers_only_public_ones_are_used() {
    let names: Arc<dyn Resolve> = Arc::new(Names(HashMap::from([(
        "api.example.com",
        ["10.0.0.1", "93.184.216.34", "::1", "2606:4700::1"]
            .map(|text| SocketAddr::new(text.parse().unwrap(), 0))
            .to_vec(),
    )])));
    let addresses = PublicOnly(names).resolve("api.example.com".parse().unwrap()).await.unwrap();
    assert_eq!(
        addresses.map(|address| address.ip().to_string()).collect::<Vec<_>>(),
        ["93.184.216.34", "2606:4700::1"]
    );
}

#[test]
fn addresses_of_the_open_internet_are_told_from_others() {
    let public = [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.0.1",
        "172.32.0.1",
        "192.169.0.1",
        "223.255.255.255",
    ];
    let public_v6 = [
        "2606:4700::1111",
        "2a00::1",
        "::ffff:1.1.1.1",
        "64:ff9b::1.1.1.1",
        "2002:101:101::1",
    ];
    for text in public.into_iter().chain(public_v6) {
        assert!(is_public(text.parse().unwrap()), "{text}");
    }
    let other = [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
    ];
    let other_v6 = [
        "::",
        "::1",
        "::1.1.1.1",
        "fe80::1",
        "fc00::1",
        "fd12::1",
        "fec0::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "2002:7f00:1::1",
        "2002:a00:1::",
    ];
    for text in other.into_iter().chain(other_v6) {
        assert!(!is_public(text.parse().unwrap()), "{text}");
    }
}
