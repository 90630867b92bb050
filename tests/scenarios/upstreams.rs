//! What waits for an upstream: in order, and left waiting where it is out.

use std::time::Duration;

use edgebind_simulator::smsgate::{Fault, On};
use edgebind_tests::config::Config;
use edgebind_tests::wait::{self, PATIENCE};
use edgebind_tests::wire::{Submit, Wire, status};

use crate::world::World;

const DESTINATIONS: [&str; 3] = ["447700900001", "447700900002", "447700900003"];

/// Submits so many messages, to several destinations in turns; their ids.
async fn submit_to_all(esme: &mut Wire, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for destination in DESTINATIONS.iter().cycle().take(count) {
        let response = esme
            .submit(&Submit {
                destination,
                ..Submit::default()
            })
            .await;
        assert_eq!(response.status, status::ROK);
        ids.push(response.string());
    }
    ids
}

/// Ids in the order in which the upstream was given them, the last time each.
fn arrived(world: &World) -> Vec<String> {
    let calls = world.upstream.calls();
    let mut ids: Vec<String> = calls.into_iter().rev().filter_map(|call| call.submission?.id).collect();
    let mut known = std::collections::HashSet::new();
    ids.retain(|id| known.insert(id.clone()));
    ids.reverse();
    ids
}

async fn until_arrived(world: &World, count: usize) -> Vec<String> {
    wait::until("every message to arrive", 3 * PATIENCE, async || {
        let arrived = arrived(world);
        (arrived.len() == count).then_some(arrived)
    })
    .await
}

fn of_destination(ids: &[String], at: usize) -> Vec<String> {
    ids.iter().skip(at).step_by(DESTINATIONS.len()).cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_to_one_destination_go_one_after_the_other_and_those_to_others_beside_them() {
    const ANSWER_MS: u64 = 100;
    let world = World::start(&Config::default()).await;
    world
        .upstream
        .faults()
        .always(On::Submit, Fault::Delay(Duration::from_millis(ANSWER_MS)));
    let mut esme = world.transceiver().await;
    let ids = submit_to_all(&mut esme, 30).await;
    let arrived = until_arrived(&world, ids.len()).await;
    let calls = world.upstream.calls();
    let at = |id: &String| {
        let call = calls.iter().find(|call| {
            call.submission
                .as_ref()
                .is_some_and(|submission| submission.id.as_ref() == Some(id))
        });
        call.unwrap().at_ms
    };
    for destination in 0..DESTINATIONS.len() {
        let expected = of_destination(&ids, destination);
        let got: Vec<String> = arrived.iter().filter(|id| expected.contains(id)).cloned().collect();
        assert_eq!(got, expected);
        // The next one waits for the answer to the one before, which comes so much later.
        assert!(got.windows(2).all(|pair| at(&pair[1]) >= at(&pair[0]) + ANSWER_MS));
    }
    let times: Vec<u64> = arrived.iter().map(at).collect();
    assert!(times.windows(2).any(|pair| pair[1] < pair[0] + ANSWER_MS), "{times:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_is_out_is_asked_by_one_message_at_a_time_and_gets_all_when_it_is_back() {
    let mut world = World::start(&Config::default()).await;
    let mut esme = world.transceiver().await;
    world.attached().await;
    world.upstream.go_dark().await;
    let ids = submit_to_all(&mut esme, 300).await;
    wait::until("the outage to be noticed", PATIENCE, async || {
        let metrics = world.edgebind.metrics().await;
        metrics
            .contains("edgebind_upstream_outages_total{tenant=\"acme\"}")
            .then_some(())
    })
    .await;
    esme.enquire().await;
    world.upstream.come_back().await.unwrap();
    until_arrived(&world, ids.len()).await;
    let posts = world.upstream.posts();
    assert!(ids.iter().all(|id| posts.get(id) == Some(&1)), "each once: {posts:?}");
    // Who finds it out is retried; of the others nobody was tried, and their attempts are not counted.
    let log = world.home.log();
    let tried = log.matches("again_in_ms").count();
    assert!(tried < 100, "{tried} attempts were made at an upstream that is out");
    assert!(log.contains("the upstream answers again"));
}
