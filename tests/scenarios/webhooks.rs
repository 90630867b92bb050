//! Webhooks: only the phone's own are heard, and what it says twice is said once.

use std::time::Duration;

use edgebind_simulator::smsgate::{self, Account, Device, Smsgate};
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID, UPSTREAM};
use edgebind_tests::edgebind::{Edgebind, Home};
use edgebind_tests::openapi::Inspected;
use edgebind_tests::wait::PATIENCE;
use edgebind_tests::wire::{Submit, Wire, id, status};
use serde_json::json;

use crate::world::{OWN_NUMBER, World};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_phone_repeats_is_one_receipt() {
    let upstream = smsgate::Config {
        sent_per_part: true,
        ..smsgate::Config::default()
    };
    let world = World::start_with(&Config::default(), upstream).await;
    let mut esme = world.transceiver().await;
    world.attached().await;
    world.upstream.faults().double_webhooks(1.0);
    world.upstream.faults().repeat_webhooks(0.5);
    world.upstream.faults().jitter_webhooks(Duration::from_millis(200));
    // Two parts for the network: SMSGate reports each by itself.
    let short_message = "Twice as long as one SMS. ".repeat(8);
    let submit = Submit {
        registered_delivery: 1,
        short_message: short_message.as_bytes(),
        ..Submit::default()
    };
    let response = esme.submit(&submit).await;
    assert_eq!(response.status, status::ROK);
    world.upstream.incoming(UPSTREAM.0, "+447700900200", OWN_NUMBER, "hello");

    let answered = |attempts: &[smsgate::Attempt]| attempts.iter().filter(|attempt| attempt.status == Some(200)).count() >= 10;
    world
        .upstream
        .wait_for_attempts(answered, PATIENCE)
        .await
        .expect("the phone says everything at least twice");
    let mut heard = vec![esme.delivery().await, esme.delivery().await];
    heard.extend(esme.unasked().await);
    heard.sort_by_key(|delivery| delivery.esm_class);
    let [incoming, receipt] = heard.as_slice() else {
        panic!("one message and one receipt were to come: {heard:?}")
    };
    assert_eq!(incoming.short_message, b"hello");
    assert_eq!(
        (receipt.receipted_message_id(), receipt.stat()),
        (response.string(), "DELIVRD".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_says_is_not_heard() {
    let (login, password) = UPSTREAM;
    let device = Device::new("phone-1").number(OWN_NUMBER).signing_key("k3y-0f-7h3-ph0n3");
    let account = Account::new(login, password).device(device);
    let upstream = Smsgate::start(smsgate::Config {
        accounts: vec![account],
        ..smsgate::Config::default()
    })
    .await
    .unwrap();
    let upstream = Inspected::new(upstream);
    let home = Home::new();
    let config = Config {
        secrets: "webhook = \"k3y-0f-7h3-ph0n3\"".to_owned(),
        ..Config::default()
    };
    let edgebind = Edgebind::with_config(&home, &config.toml(&home, upstream.base_url())).await;
    let mut esme = Wire::bound(edgebind.smpp(), id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    crate::world::attached(&upstream).await;

    // Whoever has learned the URL still lacks the key.
    let url = upstream
        .webhooks(login)
        .into_iter()
        .find(|webhook| webhook.event == "sms:received")
        .unwrap()
        .url;
    let forged = json!({
        "id": "V1StGXR8_Z5jdHi6B-myT", "webhookId": "x", "event": "sms:received", "deviceId": "phone-1",
        "payload": {
            "messageId": "a80532bb", "message": "forged", "sender": "+447700900123", "recipient": OWN_NUMBER, "simNumber": 1,
            "phoneNumber": "+447700900123", "receivedAt": "2026-08-20T10:15:30.000+02:00",
        },
    });
    let post = async |url: &str, signature: Option<(&str, String)>| {
        let request = reqwest::Client::new().post(url).body(forged.to_string());
        let request = match &signature {
            Some((signature, timestamp)) => request.header("X-Signature", *signature).header("X-Timestamp", timestamp),
            None => request,
        };
        request.send().await.unwrap().status().as_u16()
    };
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
        .to_string();
    assert_eq!(post(&url, None).await, 401, "no signature");
    assert_eq!(
        post(&url, Some((&"0".repeat(64), now.clone()))).await,
        401,
        "a wrong signature"
    );
    assert_eq!(post(&url, Some(("not hexadecimal", now))).await, 401, "no signature at all");
    let (start, token) = url.rsplit_once('/').unwrap();
    let other = if token.starts_with('0') { "1" } else { "0" };
    assert_eq!(
        post(&format!("{start}/{other}{}", &token[1..]), None).await,
        404,
        "a token that is not the account's"
    );
    assert_eq!(
        post(&edgebind.url("/webhook/nobody/nobody/0123"), None).await,
        404,
        "an account that does not exist"
    );

    // The phone itself is heard, and what it says of things unknown here does no harm.
    assert_eq!(upstream.register(login, "app:rebooted", &url).event, "app:rebooted");
    upstream.emit(login, "app:rebooted", &json!({}));
    upstream.incoming(login, "+447700900200", OWN_NUMBER, "genuine");
    assert_eq!(esme.delivery().await.short_message, b"genuine");
    let all = |attempts: &[smsgate::Attempt]| attempts.len() >= 2 && attempts.iter().all(|attempt| attempt.status == Some(200));
    upstream
        .wait_for_attempts(all, PATIENCE)
        .await
        .expect("an unknown event is answered 2xx");
    let unasked = esme.unasked().await;
    assert!(unasked.is_empty(), "{unasked:?}");
}
