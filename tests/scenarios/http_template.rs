//! A tenant of a provider that nobody wrote code for: its settings describe the requests, the answers and the webhooks.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID};
use edgebind_tests::edgebind::{Edgebind, Home};
use edgebind_tests::wait::{self, PATIENCE};
use edgebind_tests::wire::{Submit, Wire, id};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What nobody but the provider may read.
const KEY: &str = "k\"ey=1&2";
const TOKEN: &str = "provider-token-1";

/// One request of the gateway's.
#[derive(Debug, Clone)]
struct Asked {
    uri: Uri,
    api_key: String,
    body: Value,
}

type Log = Arc<Mutex<Vec<Asked>>>;

/// A provider that takes everything, under ids of its own: `p-1`, `p-2`. Stops when dropped.
struct Provider {
    address: SocketAddr,
    asked: Log,
    server: JoinHandle<()>,
}

impl Provider {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Log::default();
        let app = Router::new().fallback(take).with_state(asked.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, asked, server }
    }

    async fn wait_for(&self, count: usize) -> Asked {
        wait::until(format!("request {count} to the provider"), PATIENCE, async || {
            let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            asked.get(count - 1).cloned()
        })
        .await
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn take(State(log): State<Log>, uri: Uri, headers: HeaderMap, body: Bytes) -> String {
    let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
    let text = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    log.push(Asked {
        uri,
        api_key: text("x-api-key"),
        body: serde_json::from_slice(&body).unwrap(),
    });
    json!({ "messages": [{ "id": format!("p-{}", log.len()) }] }).to_string()
}

fn config(provider: &Provider) -> Config {
    let url = format!("http://{}", provider.address);
    Config {
        tenant: format!("translator = \"http-template\"\norigins = [{{ url = \"{url}\", secrets = true }}]"),
        secrets: format!("key = '{KEY}'\ntoken = \"{TOKEN}\""),
        translator: format!(
            r#"
submit.url = "{url}/v2/send?key={{secret:key}}"
submit.headers.X-Api-Key = "App {{secret:token}}"
submit.json = '{{"from": "{{source}}", "to": "{{destination}}", "text": "{{text}}", "key": "{{secret:key}}", "hook": "{{webhook_url}}"}}'
submit.numbers = "plus"
submit.id = "/messages/0/id"
receipt.id = "id"
receipt.state = "status"
receipt.states.sent = "enroute"
receipt.states.delivered = "delivered"
incoming.key = "id"
incoming.source = "from"
incoming.destination = "to"
incoming.text = "text"
"#
        ),
        ..Config::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_alone_carry_messages_receipts_and_answers() {
    let provider = Provider::start().await;
    let home = Home::new();
    // This translator has no setting of that name.
    let toml = config(&provider).toml(&home, "-").replace("api_base_url = \"-\"", "");
    let edgebind = Edgebind::with_config(&home, &toml).await;
    let mut esme = Wire::bound(edgebind.smpp(), id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    let submit = Submit {
        registered_delivery: 1,
        short_message: b"say \"secret-0-\"",
        ..Submit::default()
    };
    let message_id = esme.submit(&submit).await.string();
    let asked = provider.wait_for(1).await;
    assert_eq!(asked.uri.path(), "/v2/send");
    assert_eq!(
        asked.uri.query(),
        Some("key=k%22ey%3D1%262"),
        "the host escapes what it writes into a URL"
    );
    assert_eq!(asked.api_key, format!("App {TOKEN}"));
    let hook = asked.body["hook"].as_str().unwrap().to_owned();
    let expected = json!({ "from": "ACME", "to": "+447700900100", "text": "say \"secret-0-\"", "key": KEY, "hook": hook });
    assert_eq!(asked.body, expected);

    let client = reqwest::Client::new();
    let say = async |path: &str, body: Value| {
        let request = client
            .post(format!("{hook}/{path}"))
            .header("content-type", "application/json");
        request.body(body.to_string()).send().await.unwrap().status().as_u16()
    };
    assert_eq!(say("receipt", json!({ "id": "p-1", "status": "sent" })).await, 200);
    assert_eq!(say("receipt", json!({ "id": "p-1", "status": "delivered" })).await, 200);
    let receipt = esme.delivery().await;
    assert_eq!(
        (receipt.receipted_message_id(), receipt.stat()),
        (message_id, "DELIVRD".to_owned())
    );
    let answer = json!({ "id": "i-1", "from": "+447700900100", "to": "12345", "text": "Yes" });
    assert_eq!(say("incoming", answer.clone()).await, 200);
    assert_eq!(say("incoming", answer).await, 200);
    let incoming = esme.delivery().await;
    assert_eq!(
        (&*incoming.source, &incoming.short_message[..]),
        ("447700900100", &b"Yes"[..])
    );
    assert!(esme.unasked().await.is_empty(), "what is said twice is told once");
    assert_eq!(say("elsewhere", json!({})).await, 404);
    for secret in [KEY, TOKEN] {
        assert!(!home.log().contains(secret));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_goes_nowhere_but_to_origins_that_it_belongs_to() {
    let provider = Provider::start().await;
    let home = Home::new();
    let mut config = config(&provider);
    config.tenant = config.tenant.replace(", secrets = true", "");
    let toml = config.toml(&home, "-").replace("api_base_url = \"-\"", "");
    let edgebind = Edgebind::with_config(&home, &toml).await;
    let mut esme = Wire::bound(edgebind.smpp(), id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    esme.submit(&Submit::default()).await;
    wait::until("the log to say why nothing is sent", PATIENCE, async || {
        home.log().contains("takes none of the tenant's secrets").then_some(())
    })
    .await;
    assert!(provider.asked.lock().unwrap().is_empty());
}
