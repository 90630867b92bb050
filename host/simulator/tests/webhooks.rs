//! The phones' webhooks: registration, content, signature, order, repetition. The receiver is a look-alike of its own making.
#![allow(clippy::unwrap_used, clippy::allow_attributes, reason = "a test that panics has failed")]

use std::time::Duration;

use aws_lc_rs::hmac;
use edgebind_simulator::smsgate::{Account, Config, Device, Repeats, Smsgate};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const SOON: Duration = Duration::from_secs(10);
const NUMBER: &str = "+447700900123";
const KEY: &str = "s1gn-key";

/// A webhook as it came.
struct Heard {
    head: String,
    text: String,
    body: Value,
}

impl Heard {
    fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    fn event(&self) -> &str {
        self.body["event"].as_str().unwrap()
    }
}

/// Hears webhooks; the statuses are answered one after another, then 200.
async fn receiver(statuses: Vec<u16>) -> (String, mpsc::UnboundedReceiver<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut statuses = statuses.into_iter();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut octets = Vec::new();
            let (head, text) = loop {
                assert!(stream.read_buf(&mut octets).await.unwrap() > 0);
                let text = String::from_utf8_lossy(&octets).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else {
                    continue;
                };
                let length = head
                    .lines()
                    .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
                if length == Some(body.len()) {
                    break (head.to_owned(), body.to_owned());
                }
            };
            let status = statuses.next().unwrap_or(200);
            let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            let body = serde_json::from_str(&text).unwrap();
            if sender.send(Heard { head, text, body }).is_err() {
                break;
            }
        }
    });
    (url, heard)
}

async fn hear(heard: &mut mpsc::UnboundedReceiver<Heard>) -> Heard {
    tokio::time::timeout(SOON, heard.recv()).await.unwrap().unwrap()
}

async fn register(smsgate: &Smsgate, body: Value) -> (StatusCode, Value) {
    let account = &smsgate.accounts()[0];
    let request = Client::new()
        .post(format!("{}/webhooks", smsgate.base_url()))
        .basic_auth(&account.login, Some(&account.password));
    let response = request.body(body.to_string()).send().await.unwrap();
    (
        response.status(),
        serde_json::from_str(&response.text().await.unwrap()).unwrap(),
    )
}

async fn submit(smsgate: &Smsgate, body: Value) {
    let request = Client::new()
        .post(format!("{}/messages", smsgate.base_url()))
        .basic_auth("SIMGW1", Some("simulated-pass"));
    assert_eq!(request.body(body.to_string()).send().await.unwrap().status(), 202);
}

fn signed() -> Config {
    let device = Device::new("simulated-phone-00001").number("+447700900999").signing_key(KEY);
    Config {
        accounts: vec![Account::new("SIMGW1", "simulated-pass").device(device)],
        ..Config::default()
    }
}

#[tokio::test]
async fn registrations_are_checked_replaced_and_deleted() {
    let mut config = Config {
        insecure_webhooks: false,
        ..Config::default()
    };
    config.events.retain(|event| event != "sms:cancelled");
    let smsgate = Smsgate::start(config).await.unwrap();
    let hook = |id: &str, url: &str, event: &str| json!({ "id": id, "url": url, "event": event });
    let rows = [
        (hook("1", "http://example.com/", "sms:sent"), "https://"),
        (hook("1", "", "sms:sent"), "'URL'"),
        (hook("1", "https://example.com/", "sms:cancelled"), "invalid enum value"),
        (hook(&"x".repeat(37), "https://example.com/", "sms:sent"), "'ID'"),
        (
            json!({ "url": "https://example.com/", "event": "sms:sent", "deviceId": "nobody" }),
            "device not found",
        ),
        (json!({ "url": 1 }), "failed to parse body"),
    ];
    for (body, words) in rows {
        let (status, answer) = register(&smsgate, body.clone()).await;
        assert_eq!(status, 400, "{body}");
        assert!(answer["message"].as_str().unwrap().contains(words), "{body}: {answer}");
    }
    assert_eq!(
        register(&smsgate, hook("1", "https://example.com/a", "sms:sent")).await.0,
        201
    );
    let (_, replaced) = register(&smsgate, hook("1", "https://example.com/b", "sms:sent")).await;
    assert_eq!(replaced["url"], "https://example.com/b");
    let (_, named) = register(&smsgate, json!({ "url": "https://example.com/", "event": "sms:failed" })).await;
    assert_eq!(named["id"].as_str().unwrap().len(), 21);
    assert_eq!(smsgate.webhooks("SIMGW1").len(), 2);
    for _ in 0..2 {
        let request = Client::new()
            .delete(format!("{}/webhooks/1", smsgate.base_url()))
            .basic_auth("SIMGW1", Some("simulated-pass"));
        assert_eq!(request.send().await.unwrap().status(), 204);
    }
    let left = Client::new()
        .get(format!("{}/webhooks", smsgate.base_url()))
        .basic_auth("SIMGW1", Some("simulated-pass"));
    let left: Value = serde_json::from_str(&left.send().await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(left.as_array().unwrap().len(), 1);
    let local = Smsgate::start(Config {
        insecure_webhooks: false,
        ..Config::local()
    })
    .await
    .unwrap();
    assert_eq!(register(&local, hook("1", "http://127.0.0.1:9/", "sms:sent")).await.0, 201);
    assert_eq!(register(&local, hook("1", "http://example.com/", "sms:sent")).await.0, 400);
}

#[tokio::test]
async fn a_phone_tells_in_order_and_signs_what_it_says() {
    let smsgate = Smsgate::start(signed()).await.unwrap();
    let (url, mut heard) = receiver(Vec::new()).await;
    for event in ["sms:sent", "sms:delivered", "sms:failed"] {
        assert_eq!(register(&smsgate, json!({ "url": url, "event": event })).await.0, 201);
    }
    submit(
        &smsgate,
        json!({ "id": "17", "message": "a".repeat(161), "phoneNumbers": [NUMBER], "simNumber": 2 }),
    )
    .await;
    let sent = hear(&mut heard).await;
    assert_eq!(sent.event(), "sms:sent");
    let payload = &sent.body["payload"];
    assert_eq!(
        (payload["messageId"].as_str(), payload["partsCount"].as_u64()),
        (Some("17"), Some(2))
    );
    assert_eq!(
        (payload["recipient"].as_str(), payload["sender"].as_str()),
        (Some(NUMBER), Some("+447700900999"))
    );
    assert_eq!(payload["simNumber"], 2);
    assert!(payload["sentAt"].as_str().unwrap().ends_with("+02:00"));
    assert_eq!(sent.body["deviceId"], "simulated-phone-00001");
    assert!(sent.header("user-agent").unwrap().starts_with("me.capcom.smsgateway/"));
    let timestamp = sent.header("x-timestamp").unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, KEY.as_bytes());
    let signature: Vec<u8> = sent
        .header("x-signature")
        .unwrap()
        .as_bytes()
        .chunks(2)
        .map(|hex| u8::from_str_radix(std::str::from_utf8(hex).unwrap(), 16).unwrap())
        .collect();
    hmac::verify(&key, format!("{}{timestamp}", sent.text).as_bytes(), &signature).unwrap();
    let (first, second) = (hear(&mut heard).await, hear(&mut heard).await);
    assert_eq!(
        (first.event(), second.event()),
        ("sms:delivered", "sms:delivered"),
        "one for each part"
    );
    assert_ne!(first.body["id"], second.body["id"]);
    submit(
        &smsgate,
        json!({ "id": "18", "message": "Hi", "phoneNumbers": ["+447700900102"] }),
    )
    .await;
    let failed = hear(&mut heard).await;
    assert_eq!(
        (failed.event(), failed.body["payload"]["reason"].as_str()),
        ("sms:failed", Some("TTL expired"))
    );
}

#[tokio::test]
async fn what_comes_in_is_told_with_its_content() {
    let smsgate = Smsgate::start(Config::default()).await.unwrap();
    let (url, mut heard) = receiver(Vec::new()).await;
    for event in ["sms:received", "sms:data-received"] {
        register(&smsgate, json!({ "url": url, "event": event })).await;
    }
    let id = smsgate.incoming("SIMGW1", NUMBER, "+447700900999", "Hi");
    let text = hear(&mut heard).await;
    assert_eq!(text.body["payload"]["messageId"], id);
    assert_eq!(text.body["payload"]["message"], "Hi");
    assert_eq!(
        (
            text.body["payload"]["sender"].as_str(),
            text.body["payload"]["recipient"].as_str()
        ),
        (Some(NUMBER), Some("+447700900999"))
    );
    assert!(text.header("x-signature").is_none(), "no key, no signature");
    smsgate.incoming_data("SIMGW1", NUMBER, "", b"Hello");
    assert_eq!(hear(&mut heard).await.body["payload"]["data"], "SGVsbG8=");
    smsgate.register("SIMGW1", "sms:unheard-of", &url);
    assert_eq!(smsgate.emit("SIMGW1", "sms:unheard-of", &json!({ "a": 1 })), 1);
    assert_eq!(hear(&mut heard).await.body["payload"], json!({ "a": 1 }));
    assert_eq!(smsgate.emit("NOBODY", "sms:received", &json!({})), 0);
}

#[tokio::test]
async fn a_webhook_is_repeated_with_its_id_until_it_is_taken() {
    let repeats = Repeats {
        first: Duration::from_millis(20),
        most: 15,
        answer_timeout: SOON,
    };
    let smsgate = Smsgate::start(Config { repeats, ..signed() }).await.unwrap();
    let (url, mut heard) = receiver(vec![500, 404, 204]).await;
    register(&smsgate, json!({ "url": url, "event": "sms:received" })).await;
    smsgate.incoming("SIMGW1", NUMBER, "", "taken at last");
    let tries = [hear(&mut heard).await, hear(&mut heard).await, hear(&mut heard).await];
    assert!(tries.iter().all(|heard| heard.text == tries[0].text));
    let attempts = smsgate.wait_for_attempts(|attempts| attempts.len() == 3, SOON).await.unwrap();
    let statuses: Vec<Option<u16>> = attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [Some(500), Some(404), Some(204)]);
    assert!(
        attempts[1].at_ms - attempts[0].at_ms >= 19 && attempts[2].at_ms - attempts[1].at_ms >= 39,
        "{attempts:?}"
    );
}

#[tokio::test]
async fn a_webhook_that_nobody_takes_is_given_up() {
    let repeats = Repeats {
        first: Duration::ZERO,
        most: 2,
        answer_timeout: SOON,
    };
    let smsgate = Smsgate::start(Config {
        repeats,
        ..Config::default()
    })
    .await
    .unwrap();
    let (url, mut heard) = receiver(vec![503; 3]).await;
    register(&smsgate, json!({ "url": url, "event": "sms:received" })).await;
    smsgate.incoming("SIMGW1", NUMBER, "", "given up");
    for _ in 0..3 {
        hear(&mut heard).await;
    }
    smsgate.wait_for_attempts(|attempts| attempts.len() == 3, SOON).await.unwrap();
    smsgate.incoming("SIMGW1", NUMBER, "", "next");
    assert_eq!(hear(&mut heard).await.body["payload"]["message"], "next");
}

#[tokio::test]
async fn webhooks_are_doubled_repeated_and_reversed_on_request() {
    let smsgate = Smsgate::start(Config::default()).await.unwrap();
    let (url, mut heard) = receiver(Vec::new()).await;
    register(&smsgate, json!({ "url": url, "event": "sms:received" })).await;
    smsgate.faults().double_webhooks(1.0);
    smsgate.incoming("SIMGW1", NUMBER, "", "twice");
    let (first, second) = (hear(&mut heard).await, hear(&mut heard).await);
    assert_eq!(first.body["payload"], second.body["payload"]);
    assert_ne!(first.body["id"], second.body["id"]);
    smsgate.faults().double_webhooks(0.0);
    smsgate.faults().repeat_webhooks(1.0);
    smsgate.incoming("SIMGW1", NUMBER, "", "again");
    let (first, second) = (hear(&mut heard).await, hear(&mut heard).await);
    assert_eq!(first.text, second.text);
    smsgate.faults().repeat_webhooks(0.0);
    smsgate.faults().hold_webhooks();
    for text in ["one", "two", "three"] {
        smsgate.incoming("SIMGW1", NUMBER, "", text);
    }
    smsgate.faults().release_webhooks(true);
    let mut texts = Vec::new();
    for _ in 0..3 {
        texts.push(hear(&mut heard).await.body["payload"]["message"].as_str().unwrap().to_owned());
    }
    assert_eq!(texts, ["three", "two", "one"]);
}

#[tokio::test]
async fn late_webhooks_are_overtaken_and_none_is_lost() {
    let smsgate = Smsgate::start(Config::default()).await.unwrap();
    let (url, mut heard) = receiver(Vec::new()).await;
    register(&smsgate, json!({ "url": url, "event": "sms:received" })).await;
    smsgate.faults().jitter_webhooks(Duration::from_millis(200));
    let sent: Vec<String> = (0..20).map(|number| format!("{number:02}")).collect();
    for text in &sent {
        smsgate.incoming("SIMGW1", NUMBER, "", text);
    }
    let mut texts = Vec::new();
    for _ in &sent {
        texts.push(hear(&mut heard).await.body["payload"]["message"].as_str().unwrap().to_owned());
    }
    assert_ne!(texts, sent);
    texts.sort_unstable();
    assert_eq!(texts, sent);
}

#[tokio::test]
async fn a_cancelled_message_is_told_of() {
    let smsgate = Smsgate::start(Config::default()).await.unwrap();
    let (url, mut heard) = receiver(Vec::new()).await;
    register(&smsgate, json!({ "url": url, "event": "sms:cancelled" })).await;
    submit(
        &smsgate,
        json!({ "id": "17", "message": "Hi", "phoneNumbers": [NUMBER], "scheduleAt": "2050-01-01T00:00:00Z" }),
    )
    .await;
    let request = Client::new()
        .delete(format!("{}/messages/17", smsgate.base_url()))
        .basic_auth("SIMGW1", Some("simulated-pass"));
    assert_eq!(request.send().await.unwrap().status(), 200);
    let cancelled = hear(&mut heard).await;
    assert_eq!(
        (cancelled.event(), cancelled.body["payload"]["messageId"].as_str()),
        ("sms:cancelled", Some("17"))
    );
    assert!(cancelled.body["payload"]["cancelledAt"].is_string());
}
