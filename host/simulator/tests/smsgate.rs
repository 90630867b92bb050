//! The look-alike against the facts about SMSGate: a row for each, asked over real HTTP.
#![allow(clippy::unwrap_used, clippy::allow_attributes, reason = "a test that panics has failed")]

use std::time::Duration;

use edgebind_simulator::smsgate::{Account, Config, Device, Fate, Fault, On, Pace, Smsgate, State};
use reqwest::{Client, Method};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(10);
const NUMBER: &str = "+447700900123";

struct Asked {
    status: u16,
    body: Value,
    text: String,
    headers: reqwest::header::HeaderMap,
}

/// Asks as the first account does.
async fn ask(smsgate: &Smsgate, method: Method, path: &str, body: Option<Value>) -> Asked {
    let account = &smsgate.accounts()[0];
    let mut request = Client::new()
        .request(method, format!("{}{path}", smsgate.base_url()))
        .basic_auth(&account.login, Some(&account.password));
    if let Some(body) = body {
        request = request.body(body.to_string()).header("Content-Type", "application/json");
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    Asked {
        status,
        body: serde_json::from_str(&text).unwrap_or(Value::Null),
        text,
        headers,
    }
}

async fn post(smsgate: &Smsgate, body: Value) -> Asked {
    ask(smsgate, Method::POST, "/messages", Some(body)).await
}

fn message(id: &str, number: &str) -> Value {
    json!({ "id": id, "textMessage": { "text": "Привет" }, "phoneNumbers": [number] })
}

/// A phone that moves only when it is told to wait no more.
fn slow() -> Pace {
    Pace::all(Duration::from_secs(3600))
}

#[tokio::test]
async fn a_message_is_taken_and_comes_to_its_end() {
    let smsgate = Smsgate::start(Config::default()).await.unwrap();
    let asked = post(&smsgate, message("17", NUMBER)).await;
    assert_eq!(asked.status, 202);
    assert_eq!(asked.headers["location"], "/3rdparty/v1/message/17");
    assert_eq!(asked.body["id"], "17");
    assert_eq!(asked.body["deviceId"], "simulated-phone-00001");
    assert_eq!(asked.body["state"], "Pending");
    assert_eq!(asked.body["isHashed"], false);
    assert_eq!(
        asked.body["recipients"],
        json!([{ "phoneNumber": NUMBER, "state": "Pending" }])
    );
    assert_eq!(asked.body["textMessage"]["text"], "Привет");
    assert!(asked.body["states"]["Pending"].as_str().unwrap().ends_with('Z'));
    smsgate.wait_for_state("17", State::Delivered, SOON).await.unwrap();
    let read = ask(&smsgate, Method::GET, "/messages/17", None).await;
    assert_eq!(read.status, 200);
    assert_eq!(read.body["recipients"][0]["state"], "Delivered");
    let states: Vec<&str> = read.body["states"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(states, ["Delivered", "Pending", "Processed", "Sent"]);
}

#[tokio::test]
async fn numbers_have_the_fate_of_their_ending() {
    let smsgate = Smsgate::start(Config::default()).await.unwrap();
    let rows = [
        ("+447700900101", State::Failed, Some("RESULT_ERROR_GENERIC_FAILURE")),
        ("+447700900102", State::Failed, Some("TTL expired")),
        ("+447700900103", State::Sent, None),
        ("+447700900104", State::Failed, Some("Delivery result from SC")),
        ("+447700900105", State::Pending, None),
    ];
    for (number, state, error) in rows {
        assert_eq!(post(&smsgate, message(number, number)).await.status, 202);
        smsgate.wait_for_state(number, state, SOON).await.unwrap();
        let read = ask(&smsgate, Method::GET, &format!("/messages/{number}"), None).await;
        let told = read.body["recipients"][0]["error"].as_str();
        assert_eq!(told.is_some(), error.is_some(), "{number}");
        assert!(
            told.unwrap_or_default().contains(error.unwrap_or_default()),
            "{number}: {told:?}"
        );
    }
}

#[tokio::test]
async fn every_refusal_of_a_message_has_its_status_and_words() {
    let config = Config {
        pace: slow(),
        pending_max: Some(3),
        ..Config::default()
    };
    let smsgate = Smsgate::start(config).await.unwrap();
    assert_eq!(post(&smsgate, message("taken", NUMBER)).await.status, 202);
    let text = json!({ "text": "Hi" });
    let rows = [
        (
            json!({ "textMessage": text }),
            400,
            "failed to validate: Key: 'Message.PhoneNumbers'",
        ),
        (json!({ "phoneNumbers": [NUMBER] }), 400, "must specify exactly one of"),
        (
            json!({ "phoneNumbers": [NUMBER], "textMessage": text, "message": "Hi" }),
            400,
            "conflict fields",
        ),
        (
            json!({ "phoneNumbers": [NUMBER], "textMessage": text, "ttl": 60, "validUntil": "2050-01-01T00:00:00Z" }),
            400,
            "ttl and validUntil",
        ),
        (
            json!({ "phoneNumbers": [NUMBER], "textMessage": text, "scheduleAt": "2020-01-01T00:00:00Z" }),
            400,
            "in the future",
        ),
        (
            json!({ "phoneNumbers": ["12345"], "textMessage": text }),
            400,
            "invalid phone number",
        ),
        (
            json!({ "phoneNumbers": ["ACME"], "textMessage": text }),
            400,
            "can't parse phone number",
        ),
        (
            json!({ "phoneNumbers": ["+74951234567"], "textMessage": text }),
            400,
            "not mobile phone number",
        ),
        (
            json!({ "phoneNumbers": [NUMBER, "+44 7700 900123"], "textMessage": text }),
            400,
            "phone numbers must be unique",
        ),
        (
            json!({ "phoneNumbers": [NUMBER], "textMessage": text, "deviceId": "nobody" }),
            400,
            "failed to select device: record not found",
        ),
        (json!({ "phoneNumbers": 1 }), 400, "failed to parse body"),
        (message("taken", NUMBER), 409, "message with the same ID already exists"),
    ];
    for (body, status, words) in rows {
        let asked = post(&smsgate, body.clone()).await;
        assert_eq!(asked.status, status, "{body}: {}", asked.text);
        assert!(
            asked.body["message"].as_str().unwrap().contains(words),
            "{body}: {}",
            asked.text
        );
    }
    for path in ["/messages?skipPhoneValidation=perhaps", "/messages?deviceActiveWithin=-1"] {
        assert_eq!(
            ask(&smsgate, Method::POST, path, Some(message("q", NUMBER))).await.status,
            400,
            "{path}"
        );
    }
    let skipped = ask(
        &smsgate,
        Method::POST,
        "/messages?skipPhoneValidation=true",
        Some(message("short", "12345")),
    )
    .await;
    assert_eq!(
        (skipped.status, skipped.body["recipients"][0]["phoneNumber"].as_str()),
        (202, Some("12345"))
    );
    assert_eq!(post(&smsgate, message("third", NUMBER)).await.status, 202);
    let full = post(&smsgate, message("fourth", NUMBER)).await;
    assert_eq!(full.status, 503, "one past pending_max");
    assert!(
        full.body["message"]
            .as_str()
            .unwrap()
            .ends_with("too many pending messages: 3 / 3"),
        "{}",
        full.text
    );
    assert_eq!(smsgate.posts()["taken"], 2);
}

#[tokio::test]
async fn an_id_is_one_message_for_each_phone() {
    let account = Account::new("SIMGW1", "simulated-pass")
        .device(Device::new("one"))
        .device(Device::new("two").unseen(Duration::from_secs(7200)));
    let smsgate = Smsgate::start(Config {
        accounts: vec![account],
        ..Config::default()
    })
    .await
    .unwrap();
    let to = |device: &str| {
        let mut body = message("17", NUMBER);
        body["deviceId"] = json!(device);
        body
    };
    assert_eq!(post(&smsgate, to("one")).await.status, 202);
    assert_eq!(post(&smsgate, to("one")).await.status, 409);
    assert_eq!(post(&smsgate, to("two")).await.status, 202);
    assert_eq!(ask(&smsgate, Method::GET, "/messages/17", None).await.status, 500);
    assert_eq!(smsgate.states("17").len(), 2);
    let asleep = ask(&smsgate, Method::POST, "/messages?deviceActiveWithin=1", Some(to("two"))).await;
    assert_eq!(asleep.status, 400, "{}", asleep.text);
}

#[tokio::test]
async fn credentials_and_scopes_are_looked_at() {
    let account = Account::new("SIMGW1", "simulated-pass")
        .device(Device::new("one"))
        .token("t0ken", &["messages:send"])
        .token("m4ster", &["all:any"]);
    let smsgate = Smsgate::start(Config {
        accounts: vec![account],
        ..Config::default()
    })
    .await
    .unwrap();
    let client = Client::new();
    let url = |path: &str| format!("{}{path}", smsgate.base_url());
    let none = client.get(url("/devices")).send().await.unwrap();
    assert_eq!(
        (none.status().as_u16(), none.text().await.unwrap().as_str()),
        (401, r#"{"message":"Unauthorized"}"#)
    );
    let wrong = client
        .get(url("/devices"))
        .basic_auth("SIMGW1", Some("other"))
        .send()
        .await
        .unwrap();
    assert_eq!(wrong.status(), 401);
    let narrow = client.get(url("/devices")).bearer_auth("t0ken").send().await.unwrap();
    assert_eq!(
        (narrow.status().as_u16(), narrow.text().await.unwrap().as_str()),
        (403, r#"{"message":"scope required: devices:list"}"#)
    );
    let enough = client
        .post(url("/messages"))
        .bearer_auth("t0ken")
        .body(message("17", NUMBER).to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(enough.status(), 202);
    assert_eq!(
        client
            .get(url("/devices"))
            .bearer_auth("m4ster")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let calls = smsgate.calls();
    let accounts: Vec<Option<&str>> = calls.iter().map(|call| call.account.as_deref()).collect();
    assert_eq!(accounts, [None, None, Some("SIMGW1"), Some("SIMGW1"), Some("SIMGW1")]);
}

#[tokio::test]
async fn accounts_do_not_see_each_other() {
    let accounts = vec![
        Account::new("FIRST1", "simulated-pass").device(Device::new("one")),
        Account::new("SECOND", "simulated-pass").device(Device::new("two")),
    ];
    let smsgate = Smsgate::start(Config {
        accounts,
        ..Config::default()
    })
    .await
    .unwrap();
    assert_eq!(post(&smsgate, message("17", NUMBER)).await.status, 202);
    let client = Client::new();
    let other = client
        .get(format!("{}/messages/17", smsgate.base_url()))
        .basic_auth("SECOND", Some("simulated-pass"));
    assert_eq!(other.send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn only_what_is_pending_is_cancelled() {
    let smsgate = Smsgate::start(Config::default()).await.unwrap();
    let later = json!({ "id": "later", "message": "Hi", "phoneNumbers": [NUMBER], "scheduleAt": "2050-01-01T00:00:00Z" });
    assert_eq!(post(&smsgate, later).await.status, 202);
    let cancelled = ask(&smsgate, Method::DELETE, "/messages/later", None).await;
    assert_eq!(
        (cancelled.status, cancelled.body["state"].as_str()),
        (200, Some("Cancelling"))
    );
    smsgate.wait_for_state("later", State::Cancelled, SOON).await.unwrap();
    post(&smsgate, message("done", NUMBER)).await;
    smsgate.wait_for_state("done", State::Delivered, SOON).await.unwrap();
    let late = ask(&smsgate, Method::DELETE, "/messages/done", None).await;
    assert_eq!(late.status, 409);
    assert!(late.text.contains("message is not pending"));
    assert_eq!(ask(&smsgate, Method::DELETE, "/messages/nobody", None).await.status, 404);
    let missing = ask(&smsgate, Method::GET, "/messages/nobody", None).await;
    assert_eq!(
        (missing.status, missing.body["message"].as_str()),
        (404, Some("message not found"))
    );
}

#[tokio::test]
async fn a_cancellation_waits_for_the_phone_and_may_come_too_late_there() {
    let smsgate = Smsgate::start(Config {
        pace: slow(),
        ..Config::default()
    })
    .await
    .unwrap();
    let rows = [
        (NUMBER, State::Cancelled),
        ("+447700900105", State::Cancelling),
        ("+447700900106", State::Delivered),
    ];
    for (number, _) in rows {
        assert_eq!(post(&smsgate, message(number, number)).await.status, 202);
        let path = format!("/messages/{number}");
        assert_eq!(ask(&smsgate, Method::DELETE, &path, None).await.status, 200);
        let read = ask(&smsgate, Method::GET, &path, None).await;
        assert_eq!(read.body["state"], "Cancelling");
        assert_eq!(
            ask(&smsgate, Method::DELETE, &path, None).await.status,
            409,
            "not pending any more"
        );
    }
    smsgate.pace(Pace::all(Duration::ZERO));
    for (number, state) in rows {
        smsgate.wait_for_state(number, state, SOON).await.unwrap();
    }
}

#[tokio::test]
async fn number_and_text_are_forgotten_for_their_hashes() {
    let smsgate = Smsgate::start(Config {
        pace: slow(),
        hashing: Duration::ZERO,
        ..Config::default()
    })
    .await
    .unwrap();
    let taken = post(
        &smsgate,
        json!({ "id": "17", "message": "abc", "phoneNumbers": ["+447700900103"] }),
    )
    .await;
    assert_eq!(taken.body["isHashed"], false, "pending: the phone has still to send it");
    smsgate.pace(Pace::all(Duration::ZERO));
    smsgate.wait_for_state("17", State::Sent, SOON).await.unwrap();
    let read = ask(&smsgate, Method::GET, "/messages/17", None).await;
    assert_eq!(read.body["isHashed"], true);
    assert_eq!(
        read.body["hashedMessage"]["hash"],
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert!(read.body.get("textMessage").is_none());
    let number = read.body["recipients"][0]["phoneNumber"].as_str().unwrap();
    assert_eq!(number.len(), 16, "{number}");
    assert!(!read.text.contains("447700900103"));
}

#[tokio::test]
async fn faults_fall_on_questions_and_cancellations_alone() {
    let smsgate = Smsgate::start(Config {
        pace: slow(),
        ..Config::default()
    })
    .await
    .unwrap();
    smsgate.faults().always(On::Query, Fault::status(503, "asleep"));
    smsgate.faults().always(On::Cancel, Fault::status(502, "asleep"));
    assert_eq!(post(&smsgate, message("17", NUMBER)).await.status, 202);
    assert_eq!(ask(&smsgate, Method::GET, "/messages/17", None).await.status, 503);
    assert_eq!(ask(&smsgate, Method::DELETE, "/messages/17", None).await.status, 502);
    assert_eq!(smsgate.states("17"), [State::Pending]);
}

#[tokio::test]
async fn lists_are_paged_and_filtered() {
    let smsgate = Smsgate::start(Config {
        fate: Fate::Sent,
        ..Config::default()
    })
    .await
    .unwrap();
    for id in ["a", "b", "c"] {
        post(&smsgate, message(id, NUMBER)).await;
        smsgate.wait_for_state(id, State::Sent, SOON).await.unwrap();
    }
    let page = ask(&smsgate, Method::GET, "/messages?limit=2&state=Sent", None).await;
    let ids = |body: &Value| {
        body.as_array()
            .unwrap()
            .iter()
            .map(|message| message["id"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&page.body), ["c", "b"]);
    assert_eq!(page.headers["x-total-count"], "3");
    assert!(page.body[0].get("textMessage").is_none());
    let rest = ask(
        &smsgate,
        Method::GET,
        "/messages?offset=2&sort=created_at&includeContent=true",
        None,
    )
    .await;
    assert_eq!(ids(&rest.body), ["c"]);
    assert_eq!(rest.body[0]["textMessage"]["text"], "Привет");
    assert_eq!(
        ask(&smsgate, Method::GET, "/messages?state=Failed", None).await.body,
        json!([])
    );
}

#[tokio::test]
async fn a_phone_of_its_own_has_device_and_no_devices() {
    let smsgate = Smsgate::start(Config::local()).await.unwrap();
    let devices = ask(&smsgate, Method::GET, "/devices", None).await;
    assert_eq!((devices.status, devices.text.as_str()), (404, ""));
    let device = ask(&smsgate, Method::GET, "/device", None).await;
    assert_eq!(
        (device.status, device.body[0]["id"].as_str()),
        (200, Some("simulated-phone-00001"))
    );
    assert_eq!(post(&smsgate, message("17", NUMBER)).await.status, 202);
    smsgate.wait_for_state("17", State::Delivered, SOON).await.unwrap();
    assert_eq!(ask(&smsgate, Method::DELETE, "/messages/17", None).await.status, 400);
    let missing = ask(&smsgate, Method::GET, "/messages/18", None).await;
    assert_eq!((missing.status, missing.text.as_str()), (404, ""));
}

#[tokio::test]
async fn the_log_tells_what_was_asked() {
    let smsgate = Smsgate::start(Config::default()).await.unwrap();
    let body = json!({
        "id": "17", "deviceId": "simulated-phone-00001", "dataMessage": { "data": "SGVsbG8=", "port": 53739 }, "phoneNumbers": [NUMBER],
        "simNumber": 2, "ttl": 3600, "priority": 100, "withDeliveryReport": false,
    });
    ask(&smsgate, Method::POST, "/messages?skipPhoneValidation=true", Some(body)).await;
    let calls = smsgate.wait_for(|calls| calls.len() == 1, SOON).await.unwrap();
    let call = &calls[0];
    assert_eq!(
        (call.path.as_str(), call.query.as_str(), call.status),
        ("/messages", "skipPhoneValidation=true", Some(202))
    );
    let submission = call.submission.as_ref().unwrap();
    assert_eq!(
        (submission.data(), submission.port(), submission.text()),
        (Some(b"Hello".to_vec()), Some(53739), None)
    );
    assert_eq!(
        (submission.sim_number, submission.ttl, submission.priority),
        (Some(2), Some(3600), 100)
    );
    assert_eq!(submission.with_delivery_report, Some(false));
    assert!(
        smsgate
            .wait_for(|calls| calls.len() == 2, Duration::from_millis(1))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn faults_fall_on_the_requests_they_were_set_for() {
    let smsgate = Smsgate::start(Config {
        pace: slow(),
        ..Config::default()
    })
    .await
    .unwrap();
    let faults = smsgate.faults();
    faults.next(On::Submit, 1, Fault::status(503, "queue limits exceeded"));
    faults.next(On::Submit, 1, Fault::retry_after(429, "7"));
    assert_eq!(ask(&smsgate, Method::GET, "/devices", None).await.status, 200);
    let first = post(&smsgate, message("17", NUMBER)).await;
    assert_eq!(
        (first.status, first.body["message"].as_str()),
        (503, Some("queue limits exceeded"))
    );
    let second = post(&smsgate, message("17", NUMBER)).await;
    assert_eq!((second.status, second.headers["retry-after"].to_str().unwrap()), (429, "7"));
    let client = Client::new();
    let send = |id: &str| {
        let request = client
            .post(format!("{}/messages", smsgate.base_url()))
            .basic_auth("SIMGW1", Some("simulated-pass"));
        request.body(message(id, NUMBER).to_string()).send()
    };
    faults.next(On::Submit, 1, Fault::Cut);
    assert!(send("cut").await.is_err());
    assert!(smsgate.states("cut").is_empty());
    faults.next(On::Submit, 1, Fault::CutAfter);
    assert!(send("lost").await.is_err());
    assert_eq!(smsgate.states("lost"), [State::Pending]);
    assert_eq!(post(&smsgate, message("lost", NUMBER)).await.status, 409);
    faults.next(On::Submit, 1, Fault::Garbled);
    let garbled = post(&smsgate, message("garbled", NUMBER)).await;
    assert_eq!((garbled.status, garbled.body), (202, Value::Null));
    faults.next(On::Devices, 1, Fault::Delay(Duration::from_millis(30)));
    let before = std::time::Instant::now();
    assert_eq!(ask(&smsgate, Method::GET, "/devices", None).await.status, 200);
    assert!(before.elapsed() >= Duration::from_millis(30));
    faults.always(On::Everything, Fault::status(502, "bad gateway"));
    assert_eq!(ask(&smsgate, Method::GET, "/devices", None).await.status, 502);
    faults.clear();
    assert_eq!(ask(&smsgate, Method::GET, "/devices", None).await.status, 200);
    faults.share(On::Submit, 0.5, Fault::status(500, "failed to handle request"));
    let mut failed = 0;
    for id in 0..40 {
        failed += usize::from(post(&smsgate, message(&format!("share-{id}"), NUMBER)).await.status == 500);
    }
    assert!((5..36).contains(&failed), "{failed} of 40 with seed 1");
}

#[tokio::test]
async fn a_dark_server_is_unreachable_and_comes_back_with_all_it_knew() {
    let mut smsgate = Smsgate::start(Config {
        pace: slow(),
        ..Config::default()
    })
    .await
    .unwrap();
    post(&smsgate, message("17", NUMBER)).await;
    smsgate.go_dark().await;
    let url = format!("{}/devices", smsgate.base_url());
    assert!(Client::new().get(&url).send().await.unwrap_err().is_connect());
    smsgate.come_back().await.unwrap();
    assert_eq!(ask(&smsgate, Method::GET, "/messages/17", None).await.status, 200);
    drop(smsgate);
    tokio::task::yield_now().await;
    assert!(Client::new().get(&url).send().await.is_err());
}
