//! Long messages: parts come over any bind and in any order, and the upstream sees one message or none.

use edgebind_tests::config::Config;
use edgebind_tests::wire::{Submit, Wire, status, tlv};

use crate::world::World;

/// Part `index` of three under a user data header with an 8-bit reference.
fn part(index: u8, text: &str) -> Vec<u8> {
    [&[5, 0, 3, 0x42, 3, index], text.as_bytes()].concat()
}

async fn submit_part(bind: &mut Wire, index: u8, text: &str) -> String {
    let short_message = part(index, text);
    // Kannel's esm_class: store and forward besides the header.
    let submit = Submit {
        esm_class: 0x43,
        registered_delivery: 1,
        short_message: &short_message,
        ..Submit::default()
    };
    let response = bind.submit(&submit).await;
    assert_eq!(response.status, status::ROK, "every part is durable, and answered, by itself");
    response.string()
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_over_two_binds_in_any_order_and_twice_are_one_message() {
    let world = World::start(&Config::default()).await;
    let mut one = world.transceiver().await;
    let mut other = world.bound(edgebind_tests::wire::id::BIND_TRANSMITTER).await;
    world.attached().await;

    let mut ids = vec![submit_part(&mut one, 3, "and the end.").await];
    ids.push(submit_part(&mut other, 1, "The beginning, ").await);
    ids.push(submit_part(&mut one, 1, "The beginning, ").await);
    ids.push(submit_part(&mut other, 2, "the middle ").await);

    let mut receipted = Vec::new();
    for _ in &ids {
        let receipt = one.delivery().await;
        assert_eq!(receipt.stat(), "DELIVRD");
        receipted.push(receipt.receipted_message_id());
    }
    receipted.sort();
    ids.sort();
    assert_eq!(receipted, ids, "each submit_sm that asked gets its own receipt");
    let posts: Vec<_> = world
        .upstream
        .calls()
        .into_iter()
        .filter_map(|call| call.submission)
        .collect();
    assert_eq!(posts.len(), 1, "{posts:?}");
    assert_eq!(posts[0].text(), Some("The beginning, the middle and the end."));
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_named_by_tlvs_are_joined_too() {
    let world = World::start(&Config::default()).await;
    let mut esme = world.transceiver().await;
    for (index, text) in [(2, "two"), (1, "one, ")] {
        let tail = [tlv(0x020C, &[0x12, 0x34]), tlv(0x020E, &[2]), tlv(0x020F, &[index])].concat();
        let submit = Submit {
            short_message: text.as_bytes(),
            tail,
            ..Submit::default()
        };
        assert_eq!(esme.submit(&submit).await.status, status::ROK);
    }
    let text = |calls: &[edgebind_simulator::smsgate::Call]| calls.iter().any(|call| call.submission.is_some());
    let calls = world
        .upstream
        .wait_for(text, edgebind_tests::wait::PATIENCE)
        .await
        .expect("the message reaches the upstream");
    let post = calls.into_iter().find_map(|call| call.submission).unwrap();
    assert_eq!(post.text(), Some("one, two"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_never_comes_is_not_waited_for_for_ever() {
    let world = World::start(&Config {
        tenant: "parts_timeout = \"1s\"".to_owned(),
        ..Config::default()
    })
    .await;
    let mut esme = world.transceiver().await;
    world.attached().await;
    let mut ids = [
        submit_part(&mut esme, 1, "The beginning, ").await,
        submit_part(&mut esme, 3, "and the end.").await,
    ];
    let mut receipted = Vec::new();
    for _ in &ids {
        let receipt = esme.delivery().await;
        assert_eq!(receipt.stat(), "UNDELIV");
        receipted.push(receipt.receipted_message_id());
    }
    receipted.sort();
    ids.sort();
    assert_eq!(receipted, ids);
    assert!(world.upstream.posts().is_empty(), "half a message is no message");
}
