//! An upstream in trouble: what was accepted is tried again, under the same id and within its time, and binds go on.

use std::time::Duration;

use edgebind_simulator::smsgate::{Fault, On, State};
use edgebind_tests::config::Config;
use edgebind_tests::wait::PATIENCE;
use edgebind_tests::wire::{Submit, status};

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_is_down_is_tried_again() {
    let mut world = World::start(&Config::default()).await;
    let mut esme = world.transceiver().await;
    world.attached().await;
    world.upstream.go_dark().await;

    let response = esme
        .submit(&Submit {
            registered_delivery: 1,
            ..Submit::default()
        })
        .await;
    assert_eq!(
        response.status,
        status::ROK,
        "accepted because it is durable, whatever the upstream does"
    );
    for _ in 0..3 {
        esme.enquire().await;
    }
    world.upstream.come_back().await.unwrap();
    let receipt = esme.delivery().await;
    assert_eq!(
        (receipt.receipted_message_id(), receipt.stat()),
        (response.string(), "DELIVRD".to_owned())
    );
    assert_eq!(world.upstream.posts().get(&response.string()), Some(&1));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_trouble_is_retried_under_the_same_id() {
    let world = World::start(&Config::default()).await;
    let mut esme = world.transceiver().await;
    world.attached().await;
    let troubles = [
        Fault::status(503, "service unavailable"),
        Fault::retry_after(429, "1"),
        Fault::Cut,
        Fault::CutAfter,
    ];
    for trouble in &troubles {
        world.upstream.faults().next(On::Submit, 1, trouble.clone());
    }
    let response = esme
        .submit(&Submit {
            registered_delivery: 1,
            ..Submit::default()
        })
        .await;
    assert_eq!(response.status, status::ROK);
    esme.enquire().await;
    let id = response.string();

    // The fourth attempt got there, and its answer did not come back: the receipt may overtake the fifth, which is told 409.
    let receipt = esme.delivery().await;
    assert_eq!(
        (receipt.receipted_message_id(), receipt.stat()),
        (id.clone(), "DELIVRD".to_owned())
    );
    let attempts = troubles.len() + 1;
    let posts = |calls: &[edgebind_simulator::smsgate::Call]| {
        calls
            .iter()
            .filter(|call| call.submission.as_ref().is_some_and(|post| post.id.as_ref() == Some(&id)))
            .count()
            == attempts
    };
    let calls = world
        .upstream
        .wait_for(posts, PATIENCE)
        .await
        .expect("each trouble is followed by one more attempt");
    let times: Vec<u64> = calls
        .iter()
        .filter(|call| call.submission.is_some())
        .map(|call| call.at_ms)
        .collect();
    let pauses: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Doubling from a second, each drawn from its upper half; Retry-After of a second is a lower bound.
    for (pause, least) in pauses.iter().zip([500, 1_000, 2_000, 4_000]) {
        assert!(*pause >= least, "pauses between the attempts: {pauses:?} ms");
    }
    assert_eq!(
        world.upstream.states(&id),
        [State::Delivered],
        "one message for the phone, whatever was repeated"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_time_is_over_gets_a_receipt_that_says_so() {
    let world = World::start(&Config::default()).await;
    let mut esme = world.transceiver().await;
    world
        .upstream
        .faults()
        .always(On::Submit, Fault::status(503, "service unavailable"));
    let three_seconds = "000000000003000R";
    let submit = Submit {
        registered_delivery: 1,
        validity: three_seconds,
        ..Submit::default()
    };
    let response = esme.submit(&submit).await;
    assert_eq!(response.status, status::ROK);
    let receipt = tokio::time::timeout(Duration::from_secs(10), esme.delivery())
        .await
        .expect("the receipt comes when the time is over");
    assert!(receipt.is_receipt(), "{receipt:?}");
    assert_eq!(
        (receipt.receipted_message_id(), receipt.stat()),
        (response.string(), "EXPIRED".to_owned())
    );
    assert_eq!(world.upstream.states(&response.string()), [], "the phone never had it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_upstream_holds_up_no_bind() {
    let world = World::start(&Config::default()).await;
    let mut esme = world.transceiver().await;
    world.attached().await;
    world
        .upstream
        .faults()
        .always(On::Submit, Fault::Delay(Duration::from_secs(5)));
    let started = tokio::time::Instant::now();
    for _ in 0..20 {
        assert_eq!(esme.submit(&Submit::default()).await.status, status::ROK);
        esme.enquire().await;
    }
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "20 messages were accepted in {:?}",
        started.elapsed()
    );
}
