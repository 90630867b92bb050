//! Translators in other people's languages, built by other people's tools: each is begun, built, tested and deployed as the guide says, to
//! the letter, and a message goes up and its receipt comes down.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use base64::Engine as _;
use edgebind_simulator::esme::{BindKind, Esme, Submit};
use edgebind_smpp::MessageState;
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID, UPSTREAM};
use edgebind_tests::edgebind::{Edgebind, Home};
use edgebind_tests::guide::{self, Reader};
use edgebind_tests::wait::{self, PATIENCE};
use edgebind_tests::{program, provision};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// An upstream with one endpoint, that takes every message and remembers it.
struct Upstream {
    base_url: String,
    posts: Posts,
    server: JoinHandle<()>,
}

type Posts = Arc<Mutex<Vec<Post>>>;

#[derive(Clone, Debug)]
struct Post {
    path: String,
    authorization: String,
    body: Value,
}

impl Upstream {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/api", listener.local_addr().unwrap());
        let posts = Posts::default();
        let app = Router::new().fallback(take).with_state(posts.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { base_url, posts, server }
    }

    /// The first message, once it is there.
    async fn post(&self) -> Post {
        wait::until("the upstream to be asked", PATIENCE, async || {
            self.posts.lock().unwrap().first().cloned()
        })
        .await
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn take(State(posts): State<Posts>, uri: Uri, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let post = Post {
        path: uri.path().to_owned(),
        authorization: headers["authorization"].to_str().unwrap().to_owned(),
        body: serde_json::from_slice(&body).unwrap(),
    };
    let answer = json!({ "id": format!("up-{}", post.body["id"].as_str().unwrap()) });
    posts.lock().unwrap().push(post);
    (StatusCode::CREATED, answer.to_string())
}

/// Follows these lines of the guide, and has a message translated and its receipt heard by what was deployed.
async fn serves(mut reader: Reader, heading: &str, place: usize, language: &str) {
    let (home, upstream) = (Home::new(), Upstream::start().await);
    let config = Config::default().toml(&home, &upstream.base_url);
    let edgebind = Edgebind::with_config(&home, &config).await;
    reader.knows("EDGEBIND_URL", edgebind.admin().base_url());
    reader.knows("EDGEBIND_DATA_DIR", home.data_dir());
    let lines = guide::lines("wit/README.md", heading, place);
    let said = tokio::task::spawn_blocking(move || reader.types(&lines)).await.unwrap();
    assert!(said.contains("8 cases as expected"), "{said}");

    let esme = Esme::bound(edgebind.smpp(), BindKind::Transceiver, SYSTEM_ID, PASSWORD)
        .await
        .unwrap();
    let id = esme
        .submit(&Submit::text("EDGEBIND", "+447700900123", "Hello"))
        .await
        .unwrap()
        .remove(0);
    let post = upstream.post().await;
    assert_eq!(post.path, "/api/messages");
    let (user, password) = UPSTREAM;
    let credentials = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    assert_eq!(post.authorization, format!("Basic {credentials}"));
    let said = |name: &str| post.body[name].as_str().unwrap_or_default().trim_start_matches('+');
    assert_eq!((said("id"), said("to"), said("text")), (id.as_str(), "447700900123", "Hello"));

    // What it prints is in the log, and whose it is.
    let printed = format!("submits {id} in {language}, attempt 1");
    let log = home.log();
    let line = log.lines().find(|line| line.contains(&printed));
    assert!(line.is_some_and(|line| line.contains("acme")), "{line:?}");

    let tell = async |event: Value| {
        let request = reqwest::Client::new().post(post.body["report_to"].as_str().unwrap());
        request.body(event.to_string()).send().await.unwrap().status().as_u16()
    };
    assert_eq!(tell(json!({ "event": "weather" })).await, 400);
    let report = json!({ "event": "report", "id": format!("up-{id}"), "state": "delivered" });
    assert_eq!(tell(report).await, 200);
    let receipt = esme.receipt_of(&id, PATIENCE).await.unwrap();
    assert_eq!(receipt.state, Some(MessageState::DELIVERED));
}

#[tokio::test(flavor = "multi_thread")]
async fn rust_by_plain_cargo() {
    serves(Reader::new(), "### In Rust", 0, "Rust").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rust_by_cargo_component() {
    let mut reader = Reader::new();
    reader.finds(provision::cargo_component());
    serves(reader, "### In Rust", 1, "Rust").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn javascript_by_componentize_js() {
    serves(Reader::new(), "### In JavaScript", 0, "JavaScript").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn python_by_componentize_py() {
    let mut reader = Reader::new();
    let templates = program::workspace().join("host/gateway/src/cli/component/templates");
    reader.has_wheels(&templates.join("python/requirements.txt"));
    serves(reader, "### In Python", 0, "Python").await;
}
