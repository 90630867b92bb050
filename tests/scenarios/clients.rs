//! The main job with the clients that ESMEs have: bind, submit, receipt, incoming message.

use std::collections::BTreeMap;

use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID, UPSTREAM};
use edgebind_tests::script::{Kind, Library, Script, string};
use serde_json::{Value, json};

use crate::world::{OWN_NUMBER, World};

/// Characters of the alphabet's corners: 0x00, the extension table, and what ASCII would take for something else.
const SHORT: &str = "Hi @ {€} [~] Ñañ";
const UNICODE: &str = "Привет, 世界 😀";
/// Not in the GSM alphabet.
const LATIN_1: &str = "Það er ½ ÿ";
/// What UNICODE says, within 16 bits.
const BASIC_PLANE: &str = "Привет, 世界";

const DELIVERED: u64 = 2;
const UNDELIVERABLE: u64 = 5;

#[tokio::test(flavor = "multi_thread")]
async fn smpplib_converses() {
    converse(Library::Smpplib).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aiosmpplib_converses() {
    converse(Library::Aiosmpplib).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn smpp34_converses() {
    converse(Library::Smpp34).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rusmppyc_converses() {
    converse(Library::Rusmppyc).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn node_smpp_converses() {
    converse(Library::NodeSmpp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn net_smpp_converses() {
    converse(Library::NetSmpp).await;
}

async fn converse(library: Library) {
    let world = World::start(&Config::default()).await;
    let mut client = Script::bind(library, world.edgebind.smpp(), SYSTEM_ID, PASSWORD).await;
    world.attached().await;

    // rusmppyc's UCS-2 knows nothing beyond 16 bits.
    let unicode = if library == Library::Rusmppyc { BASIC_PLANE } else { UNICODE };
    for (tag, text) in [("short", SHORT), ("unicode", unicode)] {
        client.submit(tag, "ACME", "447700900100", text).await;
        let id = client.submitted(tag).await;
        let submission = world.submission(&id).await;
        assert_eq!(submission.text(), Some(text), "what the upstream was asked to send for {tag}");
        assert_eq!(submission.phone_numbers, ["+447700900100"]);
        assert_eq!(submission.with_delivery_report, Some(true));
        let receipt = client.receipt(&id).await;
        assert_receipt(&receipt, &id, (DELIVERED, "DELIVRD"));
    }

    client
        .tell(&json!({
            "do": "submit", "tag": "latin1", "source": "ACME", "destination": "447700900100", "text": LATIN_1, "receipt": false,
            "latin1": true,
        }))
        .await;
    let id = client.submitted("latin1").await;
    assert_eq!(world.submission(&id).await.text(), Some(LATIN_1));

    // Its library cuts it, or puts it in message_payload; the upstream sees one message either way, and each submit_sm that asked
    // gets a receipt.
    let long = "Long message number 1: æøå {}. ".repeat(10);
    let parts = match library {
        Library::Smpplib | Library::Smpp34 | Library::Rusmppyc => 3,
        Library::Aiosmpplib | Library::NodeSmpp | Library::NetSmpp => 1,
    };
    client.submit("long", "ACME", "447700900100", &long).await;
    let mut ids = Vec::new();
    for _ in 0..parts {
        ids.push(client.submitted("long").await);
    }
    for id in &ids {
        let receipt = client.receipt(id).await;
        assert_receipt(&receipt, id, (DELIVERED, "DELIVRD"));
    }
    let posts = world.upstream.calls().into_iter().filter_map(|call| call.submission);
    let posts: Vec<_> = posts.filter(|post| post.text() == Some(&long)).collect();
    assert_eq!(posts.len(), 1, "POSTs of the long message");

    // A number whose messages fail, in the simulator's book.
    client.submit("failing", "ACME", "447700900101", "no luck").await;
    let id = client.submitted("failing").await;
    let receipt = client.receipt(&id).await;
    assert_receipt(&receipt, &id, (UNDELIVERABLE, "UNDELIV"));

    for text in [
        "Answer: 5 € @ home",
        UNICODE,
        &"A long answer, in parts. ".repeat(12),
        &UNICODE.repeat(12),
    ] {
        world.upstream.incoming(UPSTREAM.0, "+447700900200", OWN_NUMBER, text);
        assert_eq!(incoming(&mut client).await, text);
    }

    client.enquire().await;
    let unasked = client.unbind().await;
    assert!(unasked.is_empty(), "events that nothing explains: {unasked:#?}");
    assert_eq!(world.upstream.posts().into_values().max(), Some(1), "most POSTs of one id");
}

/// The library cuts the message by itself, and says that it was taken, and delivered, when all of its parts were.
#[tokio::test(flavor = "multi_thread")]
async fn aiosmpplib_follows_the_parts_of_a_message() {
    let world = World::start(&Config::default()).await;
    let mut client = Script::bind(Library::Aiosmpplib, world.edgebind.smpp(), SYSTEM_ID, PASSWORD).await;
    world.attached().await;
    for (tag, text) in [("gsm", SHORT.repeat(20)), ("ucs2", UNICODE.repeat(20))] {
        client
            .tell(&json!({
                "do": "submit", "tag": tag, "source": "ACME", "destination": "447700900100", "text": text, "receipt": true,
                "parts": true,
            }))
            .await;
        client.submitted(tag).await;
        client.event("receipt", |receipt| receipt["tag"] == tag).await;
        let posts = world.upstream.calls().into_iter().filter_map(|call| call.submission);
        assert_eq!(posts.filter(|post| post.text() == Some(&text)).count(), 1, "POSTs of {tag}");
    }
    assert!(client.unbind().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn smpplib_sends_and_receives_over_two_binds() {
    send_and_receive(Library::Smpplib).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aiosmpplib_sends_and_receives_over_two_binds() {
    send_and_receive(Library::Aiosmpplib).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn smpp34_sends_and_receives_over_two_binds() {
    send_and_receive(Library::Smpp34).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rusmppyc_sends_and_receives_over_two_binds() {
    send_and_receive(Library::Rusmppyc).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn node_smpp_sends_and_receives_over_two_binds() {
    send_and_receive(Library::NodeSmpp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn net_smpp_sends_and_receives_over_two_binds() {
    send_and_receive(Library::NetSmpp).await;
}

async fn send_and_receive(library: Library) {
    let world = World::start(&Config::default()).await;
    let smpp = world.edgebind.smpp();
    let mut receiver = Script::bind_as(library, Kind::Receiver, smpp, SYSTEM_ID, PASSWORD).await;
    let mut transmitter = Script::bind_as(library, Kind::Transmitter, smpp, SYSTEM_ID, PASSWORD).await;
    world.attached().await;

    transmitter.submit("short", "ACME", "447700900100", SHORT).await;
    let id = transmitter.submitted("short").await;
    assert_eq!(world.submission(&id).await.text(), Some(SHORT));
    let receipt = receiver.receipt(&id).await;
    assert_receipt(&receipt, &id, (DELIVERED, "DELIVRD"));
    world.upstream.incoming(UPSTREAM.0, "+447700900200", OWN_NUMBER, UNICODE);
    assert_eq!(incoming(&mut receiver).await, UNICODE);

    transmitter.enquire().await;
    for client in [transmitter, receiver] {
        let unasked = client.unbind().await;
        assert!(unasked.is_empty(), "events that nothing explains: {unasked:#?}");
    }
}

fn assert_receipt(receipt: &Value, id: &str, (state, stat): (u64, &str)) {
    assert_eq!(receipt["state"], state, "message_state in {receipt}");
    assert_eq!(
        receipt["destination"], "ACME",
        "a receipt goes back to where the message came from: {receipt}"
    );
    assert!(
        string(&receipt["source"]).starts_with("4477009001"),
        "and comes from where it went: {receipt}"
    );
    assert_eq!(receipt["data_coding"], 0, "{receipt}");
    let text = string(&receipt["text"]);
    assert!(text.starts_with(&format!("id:{id} sub:001 dlvrd:00")), "{text}");
    assert!(text.contains(&format!(" stat:{stat} err:")), "{text}");
    assert!(text.contains(" text:"), "{text}");
}

/// The next incoming message, joined by its user data headers if it came in parts.
async fn incoming(client: &mut Script) -> String {
    let mut parts = BTreeMap::new();
    loop {
        let part = client.event("message", |_| true).await;
        assert_eq!(part["source"], "447700900200", "{part}");
        assert_eq!(part["destination"], "447700900999", "{part}");
        let udh = string(&part["udh"]);
        // The header's own length, 00 03, the reference, the total, the place; one library leaves out the first.
        let (total, place) = match udh.trim_start_matches("05").strip_prefix("0003") {
            Some(element) => (element[2..4].to_owned(), element[4..6].to_owned()),
            None => ("01".to_owned(), String::new()),
        };
        parts.insert(place, string(&part["text"]));
        if parts.len() == usize::from_str_radix(&total, 16).unwrap() {
            return parts.into_values().collect();
        }
    }
}
