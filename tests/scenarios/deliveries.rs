//! Receipts and incoming messages wait for their ESME, and are delivered until it says that it has them.

use edgebind_tests::config::{Config, UPSTREAM};
use edgebind_tests::wait::{self, PATIENCE};
use edgebind_tests::wire::{Submit, answer, id, status};

use crate::world::{OWN_NUMBER, World};

/// ESME receiver temporary application error: come again.
const RX_T_APPN: u32 = 0x64;

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
    let mut two = edgebind_tests::wire::Wire::bound(world.edgebind.smpp(), id::BIND_TRANSCEIVER, other.0, other.1).await;
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
