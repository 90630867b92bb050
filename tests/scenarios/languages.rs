//! Components in other people's languages, built by other people's tools: each is begun, built, tested and deployed as the guide says, to
//! the letter. By a translator a message goes up and its receipt comes down; a session takes binds over, and is bound to.

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

use crate::world::World;

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

/// Types these lines before this gateway, all of which must be done; what was answered.
async fn typed(reader: &Arc<Reader>, lines: String) -> String {
    let reader = reader.clone();
    tokio::task::spawn_blocking(move || reader.types(&lines)).await.unwrap()
}

/// Tells the reader where the gateway is.
fn before(mut reader: Reader, home: &Home, edgebind: &Edgebind) -> Arc<Reader> {
    reader.knows("EDGEBIND_URL", edgebind.admin().base_url());
    reader.knows("EDGEBIND_DATA_DIR", home.data_dir());
    Arc::new(reader)
}

async fn bound(edgebind: &Edgebind) -> Esme {
    Esme::bound(edgebind.smpp(), BindKind::Transceiver, SYSTEM_ID, PASSWORD)
        .await
        .unwrap()
}

/// Follows these lines of the guide, and has a message translated and its receipt heard by what was deployed.
async fn serves(reader: Reader, heading: &str, place: usize, language: &str) {
    let (home, upstream) = (Home::new(), Upstream::start().await);
    let edgebind = Edgebind::with_config(&home, &Config::default().toml(&home, &upstream.base_url)).await;
    let reader = before(reader, &home, &edgebind);
    let said = typed(&reader, guide::lines("wit/README.md", heading, place)).await;
    assert!(said.contains("8 cases as expected"), "{said}");

    let esme = bound(&edgebind).await;
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

/// Follows these lines of the guide as they are for a session, and binds to what was deployed.
async fn takes_binds(reader: Reader, heading: &str) {
    let world = World::start(&Config::default()).await;
    let reader = before(reader, &world.home, &world.edgebind);
    let earlier = bound(&world.edgebind).await;
    // What the guide says is different.
    let lines = guide::lines("wit/README.md", heading, 0)
        .replace("edgebind component new", "edgebind component new --world session")
        .replace("translator", "session");
    let said = typed(&reader, lines.clone()).await;
    assert!(said.contains("10 cases as expected"), "{said}");

    // What the built-in one has begun is not for it; who binds now is.
    let stays = "revision 2: restore refused: it was saved by another component";
    binds_become(&world.edgebind, &[(1, Some(stays))]).await;
    let later = bound(&world.edgebind).await;
    binds_become(&world.edgebind, &[(1, Some(stays)), (2, None)]).await;
    submits(&world, &earlier).await;
    submits(&world, &later).await;

    // What itself has saved, it takes over: the same component is deployed again, as a release of its own.
    let deploy = lines.lines().find(|line| line.starts_with("edgebind deploy")).unwrap();
    typed(&reader, format!("cd my-session\n{deploy}")).await;
    let stays = stays.replace("revision 2", "revision 3");
    binds_become(&world.edgebind, &[(1, Some(&stays)), (3, None)]).await;
    submits(&world, &later).await;
}

/// Waits until these are the binds: the revision of the session of each, and why it is not at the latest.
async fn binds_become(edgebind: &Edgebind, expected: &[(u64, Option<&str>)]) {
    let admin = edgebind.admin();
    wait::until(&format!("the binds to be {expected:?}"), PATIENCE, async || {
        let binds = admin.get("/v1/binds").await;
        let mut binds: Vec<_> = binds.as_array().unwrap().iter().map(at).collect();
        binds.sort();
        (binds == expected).then_some(())
    })
    .await;
}

fn at(bind: &Value) -> (u64, Option<&str>) {
    (bind["release"].as_u64().unwrap(), bind["stays"].as_str())
}

/// A message of this ESME is taken under an id, and is the upstream's under the same.
async fn submits(world: &World, esme: &Esme) {
    let submit = Submit::text("EDGEBIND", "+447700900123", "Hello");
    let id = esme.submit(&submit).await.unwrap().remove(0);
    assert_eq!(world.submission(&id).await.text(), Some("Hello"));
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
    serves(python(), "### In Python", 0, "Python").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_in_rust() {
    takes_binds(Reader::new(), "### In Rust").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_in_javascript() {
    takes_binds(Reader::new(), "### In JavaScript").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_in_python() {
    takes_binds(python(), "### In Python").await;
}

/// A reader who has the packages that the guide installs.
fn python() -> Reader {
    let mut reader = Reader::new();
    let templates = program::workspace().join("host/gateway/src/cli/component/templates");
    reader.has_wheels(&templates.join("python/requirements.txt"));
    reader
}
