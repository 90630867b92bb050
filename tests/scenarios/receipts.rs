//! Each message that asked for it gets one final receipt, whatever the upstream says, and when: in order or not, twice, too late, or
//! never.

use std::time::Duration;

use edgebind_simulator::smsgate::{Fault, On, State};
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID, UPSTREAM};
use edgebind_tests::edgebind::Edgebind;
use edgebind_tests::wait::{self, PATIENCE};
use edgebind_tests::wire::{Delivery, Submit, Wire, id, status};
use serde_json::{Value, json};

use crate::world::{OWN_NUMBER, World};

/// Its phone says Sent, and then never anything.
const SILENT: &str = "447700900103";

fn asking(destination: &str) -> Submit<'_> {
    Submit {
        registered_delivery: 1,
        destination,
        ..Submit::default()
    }
}

fn impatient() -> Config {
    Config {
        tenant: "receipt_max_wait = \"1s\"".to_owned(),
        ..Config::default()
    }
}

async fn submitted(esme: &mut Wire, submit: &Submit<'_>) -> String {
    let response = esme.submit(submit).await;
    assert_eq!(response.status, status::ROK);
    response.string()
}

fn told(receipt: &Delivery) -> (String, String) {
    assert!(receipt.is_receipt(), "{receipt:?}");
    (receipt.receipted_message_id(), receipt.stat())
}

/// What a phone says of a message; the status of the answer.
async fn says(world: &World, event: &str, message: &str, payload: Value) -> u16 {
    let webhook = world
        .upstream
        .webhooks(UPSTREAM.0)
        .into_iter()
        .find(|webhook| webhook.event == event);
    let mut all =
        json!({ "messageId": message, "phoneNumber": format!("+{SILENT}"), "recipient": format!("+{SILENT}"), "simNumber": 1 });
    all.as_object_mut().unwrap().extend(payload.as_object().unwrap().clone());
    let said = json!({
        "id": format!("{event}-{message}"), "webhookId": "x", "event": event, "deviceId": "phone-1", "payload": all,
    });
    let posted = reqwest::Client::new()
        .post(webhook.unwrap().url)
        .body(said.to_string())
        .send();
    posted.await.unwrap().status().as_u16()
}

async fn delivered(world: &World, message: &str) -> u16 {
    says(
        world,
        "sms:delivered",
        message,
        json!({ "deliveredAt": "2026-08-20T10:15:30.000+02:00" }),
    )
    .await
}

async fn failed(world: &World, message: &str) -> u16 {
    let payload = json!({ "failedAt": "2026-08-20T10:15:35.000+02:00", "reason": "Delivery result from SC: 64" });
    says(world, "sms:failed", message, payload).await
}

async fn counts(edgebind: &Edgebind, line: &str) {
    wait::until(format!("{line:?} on the metrics page"), PATIENCE, async || {
        edgebind.metrics().await.contains(line).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_never_comes_is_said_by_the_clock_and_the_later_one_is_not() {
    let world = World::start(&impatient()).await;
    let mut esme = world.transceiver().await;
    world.attached().await;
    let message = submitted(&mut esme, &asking(SILENT)).await;
    assert_eq!(told(&esme.delivery().await), (message.clone(), "UNKNOWN".to_owned()));
    counts(&world.edgebind, "edgebind_receipts_by_clock_total{tenant=\"acme\"} 1").await;

    // Now it comes after all, and is taken.
    assert_eq!(delivered(&world, &message).await, 200);
    counts(&world.edgebind, "edgebind_reports_late_total{tenant=\"acme\"} 1").await;
    let unasked = esme.unasked().await;
    assert!(unasked.is_empty(), "{unasked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_by_the_clock_survives_kill_9() {
    let world = World::start(&impatient()).await;
    let mut esme = world.bound(id::BIND_TRANSMITTER).await;
    world
        .upstream
        .faults()
        .always(On::Query, Fault::status(503, "service unavailable"));
    let message = submitted(&mut esme, &asking(SILENT)).await;
    world.submission(&message).await;
    let World {
        edgebind,
        upstream,
        home,
    } = world;
    edgebind.kill().await;

    let edgebind = Edgebind::with_config(&home, &impatient().toml(&home, upstream.base_url())).await;
    let mut esme = Wire::bound(edgebind.smpp(), id::BIND_RECEIVER, SYSTEM_ID, PASSWORD).await;
    assert_eq!(told(&esme.delivery().await), (message, "UNKNOWN".to_owned()));
    counts(&edgebind, "edgebind_entries_waiting{work=\"deliver\",tenant=\"acme\"} 0").await;
    edgebind.kill().await;

    // It was said, and is not said again.
    let edgebind = Edgebind::with_config(&home, &impatient().toml(&home, upstream.base_url())).await;
    let mut esme = Wire::bound(edgebind.smpp(), id::BIND_RECEIVER, SYSTEM_ID, PASSWORD).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let unasked = esme.unasked().await;
    assert!(unasked.is_empty(), "{unasked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_had_a_time_of_its_own_is_expired_and_a_receipt_after_that_is_not_told() {
    let world = World::start(&Config::default()).await;
    let mut esme = world.transceiver().await;
    world.attached().await;
    let submit = Submit {
        validity: "000000000005000R",
        ..asking(SILENT)
    };
    let message = submitted(&mut esme, &submit).await;
    world.submission(&message).await;
    assert_eq!(told(&esme.delivery().await), (message.clone(), "EXPIRED".to_owned()));
    assert_eq!(failed(&world, &message).await, 200);
    let unasked = esme.unasked().await;
    assert!(unasked.is_empty(), "{unasked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_was_lost_is_asked_for_in_the_end() {
    let world = World::start(&impatient()).await;
    // Without a receiver no webhooks are registered: what the phone reports reaches nobody.
    let mut esme = world.bound(id::BIND_TRANSMITTER).await;
    let message = submitted(&mut esme, &asking("447700900100")).await;
    wait::until("the phone to report into the void", PATIENCE, async || {
        world.upstream.states(&message).contains(&State::Delivered).then_some(())
    })
    .await;
    let receipt = world.bound(id::BIND_RECEIVER).await.delivery().await;
    assert_eq!(told(&receipt), (message, "DELIVRD".to_owned()));
    assert!(world.upstream.attempts().is_empty(), "no webhook was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_final_word_is_the_last() {
    let world = World::start(&Config::default()).await;
    let mut esme = world.transceiver().await;
    world.attached().await;
    let message = submitted(&mut esme, &asking(SILENT)).await;
    world.submission(&message).await;
    assert_eq!(delivered(&world, &message).await, 200);
    assert_eq!(told(&esme.delivery().await), (message.clone(), "DELIVRD".to_owned()));
    // Twice, and out of order: what comes behind it contradicts it, or is older.
    assert_eq!(delivered(&world, &message).await, 200);
    assert_eq!(failed(&world, &message).await, 200);
    let unasked = esme.unasked().await;
    assert!(unasked.is_empty(), "{unasked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_may_come_before_the_upstreams_answer() {
    let world = World::start(&Config::default()).await;
    let mut esme = world.transceiver().await;
    world.attached().await;
    world
        .upstream
        .faults()
        .next(On::Submit, 1, Fault::Late(Duration::from_secs(5)));
    let message = submitted(&mut esme, &asking("447700900100")).await;
    assert_eq!(told(&esme.delivery().await), (message.clone(), "DELIVRD".to_owned()));
    let is_taken = async || {
        world
            .edgebind
            .metrics()
            .await
            .contains("edgebind_submits_total{tenant=\"acme\",outcome=\"taken\"} 1")
    };
    assert!(!is_taken().await, "the upstream has not answered yet");
    wait::until("the upstream to answer", PATIENCE, async || is_taken().await.then_some(())).await;
    // Its answer takes nothing back.
    assert_eq!(failed(&world, &message).await, 200);
    counts(&world.edgebind, "edgebind_reports_late_total{tenant=\"acme\"} 1").await;
    let unasked = esme.unasked().await;
    assert!(unasked.is_empty(), "{unasked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn intermediate_news_are_for_who_asked_and_come_before_the_last_word() {
    let world = World::start(&Config::default()).await;
    let mut esme = world.transceiver().await;
    world.attached().await;
    let curious = Submit {
        registered_delivery: 0x11,
        ..asking(SILENT)
    };
    let (curious, other) = (
        submitted(&mut esme, &curious).await,
        submitted(&mut esme, &asking(SILENT)).await,
    );
    let notice = esme.delivery().await;
    assert_eq!(
        (notice.esm_class & 0x3C, notice.receipted_message_id()),
        (0x20, curious.clone()),
        "{notice:?}"
    );
    for message in [&curious, &other] {
        world.submission(message).await;
        assert_eq!(delivered(&world, message).await, 200);
        let receipt = esme.delivery().await;
        assert_eq!(told(&receipt), (message.clone(), "DELIVRD".to_owned()));
    }
    // Out of order: what was before the last word is said no more behind it.
    for message in [&curious, &other] {
        let sent = json!({ "partsCount": 1, "sentAt": "2026-08-20T10:15:31.120+02:00", "sender": OWN_NUMBER });
        assert_eq!(says(&world, "sms:sent", message, sent).await, 200);
    }
    let unasked = esme.unasked().await;
    assert!(unasked.is_empty(), "{unasked:?}");
}
