//! What is full says so, with the command_status that has clients come again later.

use std::time::Duration;

use edgebind_simulator::smsgate::{self, Fault, On};
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID, UPSTREAM};
use edgebind_tests::wait::{self, PATIENCE};
use edgebind_tests::wire::{Submit, Wire, bind, id, status};

use crate::world::{OWN_NUMBER, World};

#[tokio::test(flavor = "multi_thread")]
async fn over_the_rate_is_throttled() {
    let config = Config {
        tenant: "rate = { per_second = 5, burst = 10 }".to_owned(),
        ..Config::default()
    };
    let world = World::start(&config).await;
    let mut esme = world.transceiver().await;
    let mut taken = 0;
    for _ in 0..30 {
        match esme.submit(&Submit::default()).await.status {
            status::ROK => taken += 1,
            other => assert_eq!(other, status::RTHROTTLED),
        }
    }
    assert!((10..25).contains(&taken), "{taken} of 30 were taken with a burst of 10");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(
        esme.submit(&Submit::default()).await.status,
        status::ROK,
        "and later there is room again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn over_the_queue_is_full() {
    const QUEUE: usize = 5;
    let config = Config {
        tenant: format!("queue_max = {QUEUE}"),
        ..Config::default()
    };
    let world = World::start(&config).await;
    world
        .upstream
        .faults()
        .always(On::Submit, Fault::status(503, "service unavailable"));
    let mut esme = world.transceiver().await;
    for _ in 0..QUEUE {
        assert_eq!(esme.submit(&Submit::default()).await.status, status::ROK);
    }
    assert_eq!(esme.submit(&Submit::default()).await.status, status::RMSGQFUL);
    esme.enquire().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bind_too_many_is_refused_and_the_next_after_an_unbind_is_not() {
    let world = World::start(&Config {
        tenant: "binds_max = 2".to_owned(),
        ..Config::default()
    })
    .await;
    let mut binds = [world.transceiver().await, world.transceiver().await];
    let mut third = Wire::connect(world.edgebind.smpp()).await;
    third.send(&bind(id::BIND_TRANSCEIVER, 1, SYSTEM_ID, PASSWORD)).await;
    assert_eq!(third.frame().await.status, status::RBINDFAIL);
    third.closed().await;
    for bind in &mut binds {
        bind.enquire().await;
    }
    let [one, _] = &mut binds;
    one.send(&edgebind_tests::wire::pdu(id::UNBIND, 99, &[])).await;
    assert_eq!(one.frame().await.status, status::ROK);
    one.closed().await;
    world.transceiver().await.enquire().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_for_an_esme_that_is_away_waits_here_and_then_at_the_phone() {
    const QUEUE: usize = 3;
    let config = Config {
        tenant: format!("queue_max = {QUEUE}"),
        ..Config::default()
    };
    let world = World::start(&config).await;
    let esme = world.transceiver().await;
    world.attached().await;
    drop(esme);
    let texts: Vec<String> = (0..=QUEUE).map(|number| format!("message {number}")).collect();
    for text in &texts {
        world.upstream.incoming(UPSTREAM.0, "+447700900200", OWN_NUMBER, text);
    }
    wait::until("the phone to be told to come again", PATIENCE, async || {
        let attempts = world.upstream.attempts();
        attempts.iter().any(|attempt| attempt.status == Some(503)).then_some(())
    })
    .await;
    let mut esme = world.bound(id::BIND_RECEIVER).await;
    let mut heard = Vec::new();
    for _ in &texts {
        heard.push(String::from_utf8(esme.delivery().await.short_message).unwrap());
    }
    heard.sort();
    assert_eq!(heard, texts, "nothing is lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_entry_too_many_of_all_tenants_is_refused_until_there_is_room() {
    let config = Config {
        limits: "entries_max = 3".to_owned(),
        ..Config::default()
    };
    let world = World::start(&config).await;
    world
        .upstream
        .faults()
        .always(On::Submit, Fault::status(503, "service unavailable"));
    let mut esme = world.transceiver().await;
    let mut status_becomes = async |wanted: u32| {
        wait::until(format!("submits to be answered {wanted:#x}"), PATIENCE, async || {
            let status = esme.submit(&Submit::default()).await.status;
            assert!([status::ROK, status::RMSGQFUL].contains(&status), "{status:#x}");
            (status == wanted).then_some(())
        })
        .await;
    };
    status_becomes(status::RMSGQFUL).await;
    world.attached().await;
    world.upstream.incoming(UPSTREAM.0, "+447700900200", OWN_NUMBER, "hello");
    let refused = |attempts: &[smsgate::Attempt]| attempts.iter().any(|attempt| attempt.status == Some(503));
    world
        .upstream
        .wait_for_attempts(refused, PATIENCE)
        .await
        .expect("webhooks are refused too");
    world.upstream.faults().clear();
    status_becomes(status::ROK).await;
}
