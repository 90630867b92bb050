//! Receipts and incoming messages wait for their ESME, and are delivered until it says that it has them.

use std::time::Duration;

use edgebind_simulator::smsgate;
use edgebind_tests::config::{Config, UPSTREAM};
use edgebind_tests::wait::{self, PATIENCE};
use edgebind_tests::wire::{Submit, Wire, answer, id, status};
use serde_json::json;

use crate::world::{OWN_NUMBER, World};

/// ESME receiver temporary application error: come again.
const RX_T_APPN: u32 = 0x64;
/// ESME receiver permanent application error.
const RX_P_APPN: u32 = 0x65;
/// ESME receiver reject message error.
const RX_R_APPN: u32 = 0x66;

/// The gateway with these lines of its tenant, its webhooks registered and nobody bound.
async fn nobody_bound(tenant: &str, habits: smsgate::Config) -> World {
    let config = Config {
        tenant: tenant.to_owned(),
        ..Config::default()
    };
    let world = World::start_with(&config, habits).await;
    let esme = world.transceiver().await;
    world.attached().await;
    drop(esme);
    world
}

/// A phone has got this text; the status of the webhook's answer.
async fn arrives(world: &World, text: &str) -> u16 {
    let webhooks = world.upstream.webhooks(UPSTREAM.0);
    let url = &webhooks.iter().find(|webhook| webhook.event == "sms:received").unwrap().url;
    let webhook = json!({
        "id": text, "webhookId": "x", "event": "sms:received", "deviceId": "phone-1",
        "payload": {
            "messageId": text, "message": text, "sender": "+447700900200", "recipient": OWN_NUMBER, "simNumber": 1,
            "phoneNumber": "+447700900200", "receivedAt": "2026-08-20T10:15:30.000+02:00",
        },
    });
    let posted = reqwest::Client::new().post(url).body(webhook.to_string()).send();
    posted.await.unwrap().status().as_u16()
}

async fn counts(world: &World, outcome: &str, count: usize) {
    let line = format!("edgebind_deliveries_total{{tenant=\"acme\",outcome=\"{outcome}\"}} {count}\n");
    wait::until(format!("{line:?} on the metrics page"), PATIENCE, async || {
        world.edgebind.metrics().await.contains(&line).then_some(())
    })
    .await;
}

/// The text of the next delivery, which is answered like this.
async fn answered(esme: &mut Wire, status: u32) -> String {
    let frame = esme.frame().await;
    let text = String::from_utf8(frame.delivery().short_message).unwrap();
    let body: &[u8] = if status == 0 { &[0] } else { &[] };
    esme.send(&answer(frame.id | id::RESPONSE, status, frame.sequence, body))
        .await;
    text
}

async fn texts(esme: &mut Wire, count: usize) -> Vec<String> {
    let mut texts = Vec::new();
    for _ in 0..count {
        texts.push(String::from_utf8(esme.delivery().await.short_message).unwrap());
    }
    texts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_waits_for_an_esme_that_is_away() {
    let world = World::start(&Config::default()).await;
    let esme = world.transceiver().await;
    world.attached().await;
    drop(esme);
    let mut transmitter = world.bound(id::BIND_TRANSMITTER).await;
    let response = transmitter
        .submit(&Submit {
            registered_delivery: 1,
            ..Submit::default()
        })
        .await;
    wait::until("the phone's report to be taken", PATIENCE, async || {
        world
            .upstream
            .attempts()
            .iter()
            .any(|attempt| attempt.event == "sms:delivered" && attempt.status == Some(200))
            .then_some(())
    })
    .await;
    assert!(
        transmitter.unasked().await.is_empty(),
        "nothing is delivered to a transmitter"
    );
    let receipt = world.bound(id::BIND_RECEIVER).await.delivery().await;
    assert_eq!(
        (receipt.receipted_message_id(), receipt.stat()),
        (response.string(), "DELIVRD".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incoming_message_comes_until_it_is_taken() {
    let config = Config {
        session: "retry_deliver_ms = 100".to_owned(),
        ..Config::default()
    };
    let world = World::start(&config).await;
    let mut esme = world.transceiver().await;
    world.attached().await;
    world.upstream.incoming(UPSTREAM.0, "+447700900200", OWN_NUMBER, "hello");
    let first = esme.frame().await;
    assert_eq!(first.delivery().short_message, b"hello");
    esme.send(&answer(id::DELIVER_SM | id::RESPONSE, RX_T_APPN, first.sequence, &[]))
        .await;
    let second = esme.frame().await;
    assert_eq!(second.delivery().short_message, b"hello");
    // This bind ends with the delivery in its hands: the next one gets it.
    drop(esme);
    let mut successor = world.transceiver().await;
    assert_eq!(successor.delivery().await.short_message, b"hello");
    assert!(successor.unasked().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_account_asked_for_goes_to_no_other() {
    let other = ("esme02", "secret09");
    let world = World::start(&Config {
        accounts: vec![other],
        ..Config::default()
    })
    .await;
    let mut one = world.transceiver().await;
    let mut two = Wire::bound(world.edgebind.smpp(), id::BIND_TRANSCEIVER, other.0, other.1).await;
    world.attached().await;
    for _ in 0..5 {
        for esme in [&mut one, &mut two] {
            let response = esme
                .submit(&Submit {
                    registered_delivery: 1,
                    ..Submit::default()
                })
                .await;
            assert_eq!(response.status, status::ROK);
            let receipt = esme.delivery().await;
            assert_eq!(receipt.receipted_message_id(), response.string());
        }
    }
    assert!(one.unasked().await.is_empty() && two.unasked().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_esme_never_takes_is_a_dead_letter_that_names_the_code() {
    let world = World::start(&Config::default()).await;
    let mut esme = world.transceiver().await;
    world.attached().await;
    assert_eq!(arrives(&world, "hello").await, 200);
    assert_eq!(answered(&mut esme, RX_R_APPN).await, "hello");
    counts(&world, "dead", 1).await;
    let unasked = esme.unasked().await;
    assert!(unasked.is_empty(), "{unasked:?}");
    assert!(
        world
            .home
            .log()
            .contains("refused by the ESME with command_status 0x00000066")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn which_answers_mean_again_and_which_never_is_said_by_settings() {
    let config = Config {
        session: format!("retry_deliver_ms = 100\ndeliver_again = \"all\"\ndeliver_never = [{RX_T_APPN}, \"ESME_RX_R_APPN\"]"),
        ..Config::default()
    };
    let world = World::start(&config).await;
    let mut esme = world.transceiver().await;
    world.attached().await;
    assert_eq!(arrives(&world, "again").await, 200);
    assert_eq!(answered(&mut esme, RX_P_APPN).await, "again");
    assert_eq!(answered(&mut esme, status::ROK).await, "again");
    assert_eq!(arrives(&world, "never").await, 200);
    assert_eq!(answered(&mut esme, RX_T_APPN).await, "never");
    counts(&world, "dead", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_answered_comes_again() {
    let config = Config {
        session: "response_timeout = \"500ms\"\nretry_deliver_ms = 100".to_owned(),
        ..Config::default()
    };
    let world = World::start(&config).await;
    let mut esme = world.transceiver().await;
    world.attached().await;
    assert_eq!(arrives(&world, "hello").await, 200);
    assert_eq!(esme.frame().await.delivery().short_message, b"hello");
    assert_eq!(answered(&mut esme, status::ROK).await, "hello");
    counts(&world, "done", 1).await;
    let unasked = esme.unasked().await;
    assert!(unasked.is_empty(), "{unasked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_too_long_is_given_up() {
    let world = nobody_bound("deliver_max_age = \"1s\"", smsgate::Config::default()).await;
    assert_eq!(arrives(&world, "old").await, 200);
    counts(&world, "expired", 1).await;
    let mut esme = world.transceiver().await;
    assert_eq!(arrives(&world, "new").await, 200);
    assert_eq!(texts(&mut esme, 1).await, ["new"]);
    let unasked = esme.unasked().await;
    assert!(unasked.is_empty(), "{unasked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_too_many_is_refused_so_that_the_upstream_says_it_again() {
    let habits = smsgate::Config {
        repeats: smsgate::Repeats {
            first: Duration::from_millis(500),
            ..smsgate::Config::default().repeats
        },
        ..smsgate::Config::default()
    };
    let world = nobody_bound("deliver_queue_max = 2", habits).await;
    for text in ["one", "two"] {
        assert_eq!(arrives(&world, text).await, 200);
    }
    assert_eq!(arrives(&world, "three").await, 503);
    world.upstream.incoming(UPSTREAM.0, "+447700900200", OWN_NUMBER, "four");
    let refused = |attempts: &[smsgate::Attempt]| attempts.iter().any(|attempt| attempt.status == Some(503));
    world
        .upstream
        .wait_for_attempts(refused, PATIENCE)
        .await
        .expect("the fourth is refused");
    let mut esme = world.transceiver().await;
    assert_eq!(texts(&mut esme, 3).await, ["one", "two", "four"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_too_many_pushes_out_the_oldest_where_the_operator_prefers_it() {
    let tenant = "deliver_queue_max = 2\ndeliver_when_full = \"drop-oldest\"";
    let world = nobody_bound(tenant, smsgate::Config::default()).await;
    for text in ["one", "two", "three", "four"] {
        assert_eq!(arrives(&world, text).await, 200);
    }
    counts(&world, "dropped", 2).await;
    let mut esme = world.transceiver().await;
    assert_eq!(texts(&mut esme, 2).await, ["three", "four"]);
    let unasked = esme.unasked().await;
    assert!(unasked.is_empty(), "{unasked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_come_in_the_order_in_which_they_were_heard() {
    let world = nobody_bound("deliver_rate = 200", smsgate::Config::default()).await;
    let all: Vec<String> = (0..60).map(|number| format!("number {number}")).collect();
    for text in &all[..40] {
        assert_eq!(arrives(&world, text).await, 200);
    }
    // Some have waited for the bind, some come while it is there.
    let mut esme = world.transceiver().await;
    for text in &all[40..] {
        assert_eq!(arrives(&world, text).await, 200);
    }
    assert_eq!(texts(&mut esme, all.len()).await, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_its_rate_goes_to_the_next_bind() {
    let world = nobody_bound("deliver_rate = { per_second = 1, burst = 3 }", smsgate::Config::default()).await;
    for number in 0..5 {
        assert_eq!(arrives(&world, &number.to_string()).await, 200);
    }
    let mut esme = world.transceiver().await;
    assert_eq!(texts(&mut esme, 3).await, ["0", "1", "2"]);
    // This bind ends with the others in its hands.
    drop(esme);
    let mut successor = world.transceiver().await;
    assert_eq!(texts(&mut successor, 2).await, ["3", "4"]);
}
