//! The look-alike of Vonage's SMS API from outside: what it takes, what it answers, what it calls.
#![allow(clippy::unwrap_used, clippy::allow_attributes, reason = "a test that panics has failed")]

use std::time::Duration;

use edgebind_simulator::vonage::{
    Account, Attempt, Config, Dashboard, Fate, Fault, Ids, Manner, Method, On, PRICE_UNITS, Parameters, STATUSES, Signature,
    ThrottleWords, Vonage, refusal,
};
use reqwest::{Client, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const SOON: Duration = Duration::from_secs(10);
const KEY: &str = "a1b2c3d4";
const SECRET: &str = "simulated-secret";
const TO: &str = "447700900000";

/// A webhook as it came.
struct Heard {
    /// `GET /hook?msisdn=...`
    line: String,
    head: String,
    body: String,
}

impl Heard {
    fn query(&self) -> Parameters {
        let target = self.line.split(' ').nth(1).unwrap();
        form(target.split_once('?').map_or("", |(_, query)| query))
    }
}

fn form(text: &str) -> Parameters {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

/// Hears webhooks; the statuses are answered one after another, then 200.
async fn receiver(statuses: Vec<u16>) -> (String, mpsc::UnboundedReceiver<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, heard) = mpsc::unbounded_channel();
    let mut statuses = statuses.into_iter();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut octets = Vec::new();
            let (head, body) = loop {
                assert!(stream.read_buf(&mut octets).await.unwrap() > 0);
                let text = String::from_utf8_lossy(&octets).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else {
                    continue;
                };
                let length = head
                    .lines()
                    .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
                if length.unwrap_or(0) == body.len() {
                    break (head.to_owned(), body.to_owned());
                }
            };
            let status = statuses.next().unwrap_or(200);
            let answer = format!("HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            let line = head.lines().next().unwrap().to_owned();
            if sender.send(Heard { line, head, body }).is_err() {
                return;
            }
        }
    });
    (url, heard)
}

async fn hear(heard: &mut mpsc::UnboundedReceiver<Heard>) -> Heard {
    tokio::time::timeout(SOON, heard.recv()).await.unwrap().unwrap()
}

async fn send(upstream: &Vonage, parameters: &[(&str, &str)]) -> Value {
    let with_secret = [("api_key", KEY), ("api_secret", SECRET), ("from", "ACME")];
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(with_secret)
        .extend_pairs(parameters)
        .finish();
    let (status, answer) = post(upstream, None, form).await;
    assert_eq!(status, StatusCode::OK);
    answer
}

async fn post(upstream: &Vonage, basic: Option<(&str, &str)>, form: String) -> (StatusCode, Value) {
    let mut request = Client::new()
        .post(format!("{}/sms/json", upstream.base_url()))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form);
    if let Some((key, secret)) = basic {
        request = request.basic_auth(key, Some(secret));
    }
    let answer = request.send().await.unwrap();
    let status = answer.status();
    (
        status,
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default(),
    )
}

fn statuses(answer: &Value) -> Vec<&str> {
    let items = answer["messages"].as_array().unwrap();
    assert_eq!(answer["message-count"], items.len().to_string());
    items.iter().map(|item| item["status"].as_str().unwrap()).collect()
}

async fn until_attempts(upstream: &Vonage, count: usize) -> Vec<Attempt> {
    upstream
        .wait_for_attempts(|attempts| attempts.len() == count, SOON)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_message_is_answered_part_by_part_and_costs_as_much() {
    let upstream = Vonage::start(Config {
        accounts: vec![Account {
            credit: 15 * PRICE_UNITS,
            ..Account::new(KEY, SECRET)
        }],
        ..Config::default()
    })
    .await
    .unwrap();
    let answer = send(&upstream, &[("to", TO), ("text", &"a".repeat(400)), ("client-ref", "17")]).await;
    assert_eq!(statuses(&answer), ["0", "0", "0"]);
    let item = &answer["messages"][2];
    assert_eq!(
        (&item["to"], &item["client-ref"], &item["message-price"], &item["network"]),
        (&TO.into(), &"17".into(), &"0.03330000".into(), &"23410".into())
    );
    assert_eq!(item["remaining-balance"], "14.90010000");
    assert_eq!(upstream.balance(KEY), "14.90010000");
    let messages = upstream.messages();
    assert_eq!((messages.len(), messages[0].ids.len()), (1, 3));
    let ids: Vec<&str> = messages[0].ids.iter().map(String::as_str).collect();
    let answered: Vec<&str> = (0..3)
        .map(|part| answer["messages"][part]["message-id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, answered);
    assert!(
        ids.iter().all(|id| id.len() == 16 && u64::from_str_radix(id, 16).is_ok()),
        "{ids:?}"
    );
    assert_eq!(upstream.posts()["17"], 1);
    let call = &upstream.calls()[0];
    assert_eq!(
        (call.status, &call.statuses[..], call.account.as_deref()),
        (Some(200), &[0, 0, 0][..], Some(KEY))
    );
}

#[tokio::test]
async fn every_status_has_a_number_that_is_refused_with_it() {
    let upstream = Vonage::start(Config::default()).await.unwrap();
    for status in STATUSES {
        let to = format!("4477009099{status:02}");
        let answer = send(&upstream, &[("to", &to), ("text", "Hi")]).await;
        assert_eq!(statuses(&answer), [status.to_string()]);
        assert!(!answer["messages"][0]["error-text"].as_str().unwrap().is_empty());
    }
    let answer = send(&upstream, &[("to", "447700909606"), ("text", &"a".repeat(400))]).await;
    assert_eq!(statuses(&answer), ["0", "5", "5"]);
    assert_eq!(upstream.messages().len(), 1);
    assert_eq!(upstream.messages()[0].ids.len(), 1);
}

#[tokio::test]
async fn credentials_come_in_three_ways() {
    let signature = Signature::new(Method::HmacSha256, "signing");
    let account = Account::new(KEY, SECRET).signature(signature.clone());
    let config = Config {
        accounts: vec![account],
        ids: Ids::Uuid,
        ..Config::default()
    };
    let upstream = Vonage::start(config).await.unwrap();
    let message = format!("from=ACME&to={TO}&text=a%26b");
    let (_, answer) = post(&upstream, Some((KEY, SECRET)), message.clone()).await;
    assert_eq!(statuses(&answer), ["0"]);
    assert_eq!(answer["messages"][0]["message-id"].as_str().unwrap().split('-').count(), 5);
    let signed = format!("{message}&api_key={KEY}&timestamp=1461605396");
    let sig = signature.of(&form(&signed));
    let (_, answer) = post(&upstream, None, format!("{signed}&sig={sig}")).await;
    assert_eq!(statuses(&answer), ["0"]);
    let (_, answer) = post(&upstream, None, format!("{signed}1&sig={sig}")).await;
    assert_eq!(statuses(&answer), ["14"]);
    let (_, answer) = post(&upstream, Some((KEY, "other")), message).await;
    assert_eq!(statuses(&answer), ["4"]);

    let balance = |basic: Option<(&'static str, &'static str)>, query: &str| {
        let request = Client::new().get(format!("{}/account/get-balance{query}", upstream.base_url()));
        match basic {
            Some((key, secret)) => request.basic_auth(key, Some(secret)),
            None => request,
        }
        .send()
    };
    let query = format!("?api_key={KEY}&api_secret={SECRET}");
    for (basic, query, expected) in [
        (Some((KEY, SECRET)), "", 200),
        (None, query.as_str(), 200),
        (Some((KEY, "other")), "", 401),
        (None, "", 401),
    ] {
        assert_eq!(balance(basic, query).await.unwrap().status(), expected, "{query}");
    }
}

#[tokio::test]
async fn without_credit_parts_are_refused() {
    let account = Account {
        credit: PRICE_UNITS / 20,
        ..Account::new(KEY, SECRET)
    };
    let upstream = Vonage::start(Config {
        accounts: vec![account],
        ..Config::default()
    })
    .await
    .unwrap();
    let answer = send(&upstream, &[("to", TO), ("text", &"a".repeat(200))]).await;
    assert_eq!(statuses(&answer), ["0", "9"]);
}

#[tokio::test]
async fn above_the_throughput_it_says_how_long_to_wait() {
    for words in [ThrottleWords::Milliseconds, ThrottleWords::Plain, ThrottleWords::Interval] {
        let upstream = Vonage::start(Config {
            throughput: Some(0),
            throttle_words: words,
            ..Config::default()
        });
        let upstream = upstream.await.unwrap();
        let answer = send(&upstream, &[("to", TO), ("text", "Hi")]).await;
        assert_eq!(statuses(&answer), ["1"]);
        let text = answer["messages"][0]["error-text"].as_str().unwrap();
        assert!(text.contains("hroughput"), "{text}");
    }
    let upstream = Vonage::start(Config {
        throughput: Some(0),
        throttle_words: ThrottleWords::TooManyRequests,
        ..Config::default()
    });
    let (status, _) = post(&upstream.await.unwrap(), None, format!("api_key={KEY}&api_secret={SECRET}")).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn faults_fall_on_messages_as_they_are_set() {
    let mut upstream = Vonage::start(Config::default()).await.unwrap();
    upstream
        .faults()
        .next(On::Submit, 1, refusal(1, "please wait [ 50 ] and retry"));
    upstream.faults().next(On::Submit, 1, Fault::CutAfter);
    upstream.faults().next(On::Balance, 1, Fault::status(500, "no"));
    let message = [("to", TO), ("text", "Hi"), ("client-ref", "17")];
    assert_eq!(statuses(&send(&upstream, &message).await), ["1"]);
    assert!(upstream.messages().is_empty());
    let url = format!("{}/sms/json", upstream.base_url());
    let form = format!("api_key={KEY}&api_secret={SECRET}&from=ACME&to={TO}&text=Hi&client-ref=17");
    let request = Client::new()
        .post(&url)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form);
    assert!(request.try_clone().unwrap().send().await.is_err());
    assert_eq!(
        (upstream.messages().len(), upstream.posts()["17"]),
        (1, 2),
        "taken, and not answered"
    );
    upstream.go_dark().await;
    assert!(request.try_clone().unwrap().send().await.unwrap_err().is_connect());
    upstream.come_back().await.unwrap();
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn each_part_has_its_receipts_where_the_message_wants_them() {
    let (callback, mut heard) = receiver(Vec::new()).await;
    let upstream = Vonage::start(Config {
        fate: Fate::Buffered,
        ..Config::default()
    })
    .await
    .unwrap();
    let text = "a".repeat(200);
    let message = [
        ("to", TO),
        ("text", text.as_str()),
        ("client-ref", "17"),
        ("callback", &callback),
    ];
    let answer = send(&upstream, &message).await;
    let mut receipts = Vec::new();
    for _ in 0..4 {
        let webhook = hear(&mut heard).await;
        assert!(webhook.line.starts_with("GET /hook?"), "{}", webhook.line);
        assert!(webhook.head.contains("Vonage/MessagingHUB/v1.0"), "{}", webhook.head);
        receipts.push(webhook.query());
    }
    for part in 0..2 {
        let id = answer["messages"][part]["message-id"].as_str().unwrap();
        let of_part: Vec<&Parameters> = receipts.iter().filter(|receipt| receipt["messageId"] == id).collect();
        let told: Vec<&str> = of_part.iter().map(|receipt| receipt["status"].as_str()).collect();
        assert_eq!(told, ["buffered", "delivered"]);
        let last = of_part[1];
        assert_eq!(
            [
                &last["msisdn"],
                &last["to"],
                &last["err-code"],
                &last["client-ref"],
                &last["api-key"]
            ],
            [TO, "ACME", "0", "17", KEY]
        );
        assert_eq!((last["scts"].len(), last["message-timestamp"].len()), (10, 19));
    }
    let unwanted = [
        ("to", TO),
        ("text", "Hi"),
        ("callback", callback.as_str()),
        ("status-report-req", "false"),
    ];
    send(&upstream, &unwanted).await;
    send(&upstream, &[("to", "447700909812"), ("text", "Hi"), ("callback", &callback)]).await;
    let failed = hear(&mut heard).await.query();
    assert_eq!((failed["status"].as_str(), failed["err-code"].as_str()), ("failed", "12"));
}

#[tokio::test]
async fn incoming_messages_come_in_three_forms_signed_or_not() {
    let (url, mut heard) = receiver(Vec::new()).await;
    let signature = Signature::new(Method::Md5, "signing");
    let upstream = Vonage::start(Config {
        accounts: vec![Account::new(KEY, SECRET).signature(signature.clone())],
        ..Config::default()
    })
    .await
    .unwrap();
    assert!(!upstream.emit_inbound(KEY, Parameters::new()), "no URL is set");
    for (manner, is_signed) in [
        (Manner::Get, false),
        (Manner::Get, true),
        (Manner::Form, true),
        (Manner::Json, false),
        (Manner::Json, true),
    ] {
        upstream.set_dashboard(
            KEY,
            Dashboard {
                inbound_url: Some(url.clone()),
                manner,
                is_signed,
                ..Dashboard::default()
            },
        );
        let ids = upstream.incoming(KEY, "447700900123", "447700900999", "Stop & go = 2 é");
        let webhook = hear(&mut heard).await;
        let parameters: Parameters = match manner {
            Manner::Get => webhook.query(),
            Manner::Form => form(&webhook.body),
            Manner::Json => serde_json::from_str(&webhook.body).unwrap(),
        };
        assert_eq!(webhook.line.starts_with("GET"), manner == Manner::Get);
        assert_eq!(parameters["messageId"], ids[0]);
        assert_eq!(
            (parameters["text"].as_str(), parameters["keyword"].as_str()),
            ("Stop & go = 2 é", "STOP")
        );
        assert_eq!(signature.is_of(&parameters), is_signed);
        assert_eq!(parameters.contains_key("nonce"), is_signed);
    }
    let ids = upstream.incoming(KEY, "447700900123", "447700900999", &"a".repeat(161));
    assert_eq!(ids.len(), 2);
    let mut parts = Vec::new();
    for _ in 0..2 {
        let part: Parameters = serde_json::from_str(&hear(&mut heard).await.body).unwrap();
        parts.push(part["concat-part"].clone());
        assert_eq!(part["concat-total"], "2");
    }
    parts.sort_unstable();
    assert_eq!(parts, ["1", "2"]);
    upstream.incoming_binary(KEY, "447700900123", "447700900999", &[1, 2], &[]);
    let binary: Parameters = serde_json::from_str(&hear(&mut heard).await.body).unwrap();
    assert_eq!((binary["type"].as_str(), binary["data"].as_str()), ("binary", "0102"));
}

#[tokio::test]
async fn only_what_may_succeed_later_comes_again() {
    let (url, mut heard) = receiver(vec![500, 429, 200, 404]).await;
    let dashboard = Dashboard {
        inbound_url: Some(url),
        ..Dashboard::default()
    };
    let upstream = Vonage::start(Config {
        accounts: vec![Account::new(KEY, SECRET).dashboard(dashboard)],
        ..Config::default()
    })
    .await
    .unwrap();
    upstream.incoming(KEY, "447700900123", "447700900999", "one");
    let attempts = until_attempts(&upstream, 3).await;
    let answers: Vec<_> = attempts.iter().map(|attempt| (attempt.number, attempt.status)).collect();
    assert_eq!(answers, [(1, Some(500)), (2, Some(429)), (3, Some(200))]);
    upstream.incoming(KEY, "447700900123", "447700900999", "two");
    until_attempts(&upstream, 4).await;
    upstream.faults().hold_webhooks();
    upstream.faults().repeat_webhooks(1.0);
    upstream.incoming(KEY, "447700900123", "447700900999", "three");
    upstream.faults().release_webhooks();
    let attempts = until_attempts(&upstream, 6).await;
    let texts: Vec<&str> = attempts.iter().map(|attempt| attempt.parameters["text"].as_str()).collect();
    assert_eq!(
        texts,
        ["one", "one", "one", "two", "three", "three"],
        "404 is final, and an answer can be lost"
    );
    assert_eq!(attempts[4].parameters["messageId"], attempts[5].parameters["messageId"]);
    for _ in 0..6 {
        hear(&mut heard).await;
    }
}
