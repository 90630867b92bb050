//! Everything besides submit_sm that an ESME may ask for, through clients that others wrote: what became of a message, not to
//! send it after all, to send something else; data_sm and submit_multi.

use edgebind_simulator::smsgate::{Call, Fault, On};
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID};
use edgebind_tests::script::{Library, Script, string};
use edgebind_tests::wait::{self, PATIENCE};
use edgebind_tests::wire::status;
use serde_json::{Value, json};

use crate::world::World;

const ENROUTE: u64 = 1;
const DELIVERED: u64 = 2;
const DELETED: u64 = 4;
const UNDELIVERABLE: u64 = 5;

/// An id that no message has.
const NOBODYS: &str = "123456789";

#[tokio::test(flavor = "multi_thread")]
async fn smpplib_asks_what_became_of_its_messages() {
    ask(Library::Smpplib).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn node_smpp_asks_what_became_of_its_messages() {
    ask(Library::NodeSmpp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn net_smpp_asks_what_became_of_its_messages() {
    ask(Library::NetSmpp).await;
}

async fn ask(library: Library) {
    let (world, mut client) = bound(library).await;
    world.attached().await;
    for (destination, state) in [("447700900100", DELIVERED), ("447700900101", UNDELIVERABLE)] {
        client.submit("final", "ACME", destination, "hello").await;
        let id = client.submitted("final").await;
        client.receipt(&id).await;
        let fate = query(&mut client, &id).await;
        assert_eq!(
            (&fate["status"], &fate["state"]),
            (&json!(status::ROK), &json!(state)),
            "{fate}"
        );
        assert_eq!(fate["id"], id.as_str(), "{fate}");
        if library != Library::NodeSmpp {
            // YYMMDDhhmmsstnnp, without an offset; npm's smpp makes a Date of it.
            let done = string(&fate["final_date"]);
            let done = done.trim_end_matches('\0');
            assert!(done.len() == 16 && done.ends_with("00+"), "{fate}");
        }
    }

    busy(&world);
    client.submit("waiting", "ACME", "447700900100", "hello").await;
    let id = client.submitted("waiting").await;
    let fate = query(&mut client, &id).await;
    assert_eq!(
        (&fate["status"], &fate["state"]),
        (&json!(status::ROK), &json!(ENROUTE)),
        "{fate}"
    );

    let fate = query(&mut client, NOBODYS).await;
    assert_eq!(fate["status"], status::RINVMSGID, "{fate}");
    assert!(client.unbind().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn node_smpp_takes_a_message_back() {
    take_back(Library::NodeSmpp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn net_smpp_takes_a_message_back() {
    take_back(Library::NetSmpp).await;
}

async fn take_back(library: Library) {
    let (world, mut client) = bound(library).await;
    world.attached().await;
    // One waits for its time, the other for an upstream that takes messages again.
    let early = later(&mut client, "never mind").await;
    busy(&world);
    client.submit("regretted", "ACME", "447700900100", "never mind").await;
    let late = client.submitted("regretted").await;
    for id in [early, late] {
        assert_eq!(cancel(&mut client, &id).await, status::ROK);
        let receipt = client.receipt(&id).await;
        assert_eq!(receipt["state"], DELETED, "{receipt}");
        assert!(string(&receipt["text"]).contains(" stat:DELETED "), "{receipt}");
        assert_eq!(query(&mut client, &id).await["state"], DELETED);
    }
    world.upstream.faults().clear();

    client.submit("sent", "ACME", "447700900100", "so be it").await;
    let sent = client.submitted("sent").await;
    client.receipt(&sent).await;
    assert_eq!(
        cancel(&mut client, &sent).await,
        status::RCANCELFAIL,
        "a message that was delivered"
    );
    assert_eq!(cancel(&mut client, NOBODYS).await, status::RINVMSGID);
    assert!(
        !taken(&world).contains(&"never mind".to_owned()),
        "what was taken back was not sent"
    );
    assert!(client.unbind().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn node_smpp_says_something_else_instead() {
    say_instead(Library::NodeSmpp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn net_smpp_says_something_else_instead() {
    say_instead(Library::NetSmpp).await;
}

async fn say_instead(library: Library) {
    let (world, mut client) = bound(library).await;
    world.attached().await;
    let id = later(&mut client, "first thought").await;
    assert_eq!(replace(&mut client, &id, "second thought").await, status::ROK);
    let receipt = client.receipt(&id).await;
    assert_eq!(receipt["state"], DELIVERED, "{receipt}");
    assert_eq!(taken(&world), ["second thought"]);

    assert_eq!(
        replace(&mut client, &id, "third").await,
        status::RREPLACEFAIL,
        "a message that was delivered"
    );
    assert_eq!(replace(&mut client, NOBODYS, "what").await, status::RINVMSGID);
    assert!(client.unbind().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn smpplib_sends_by_data_sm() {
    send_by_data_sm(Library::Smpplib).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn node_smpp_sends_by_data_sm() {
    send_by_data_sm(Library::NodeSmpp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn net_smpp_sends_by_data_sm() {
    send_by_data_sm(Library::NetSmpp).await;
}

async fn send_by_data_sm(library: Library) {
    let (world, mut client) = bound(library).await;
    world.attached().await;
    let text = "By data_sm: €5 {and more}. ".repeat(8);
    client
        .tell(&json!({
            "do": "data", "tag": "data", "source": "ACME", "destination": "447700900100", "text": text, "receipt": true,
        }))
        .await;
    let id = client.submitted("data").await;
    assert_eq!(world.submission(&id).await.text(), Some(text.as_str()));
    assert_eq!(client.receipt(&id).await["state"], DELIVERED);
    assert!(client.unbind().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn node_smpp_sends_to_many_by_submit_multi() {
    send_to_many(Library::NodeSmpp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn net_smpp_sends_to_many_by_submit_multi() {
    send_to_many(Library::NetSmpp).await;
}

async fn send_to_many(library: Library) {
    let (world, mut client) = bound(library).await;
    world.attached().await;
    let destinations = ["447700900100", "nobody", "447700900200", "447700900300"];
    client
        .tell(&json!({
            "do": "multi", "tag": "multi", "source": "ACME", "destinations": destinations, "text": "to all", "receipt": false,
        }))
        .await;
    let response = client.event("submitted", |event| event["tag"] == "multi").await;
    assert_eq!(response["status"], status::ROK, "{response}");
    assert_eq!(
        response["unsuccess"],
        json!([{ "destination": "nobody", "status": status::RINVDSTADR }]),
        "{response}"
    );
    let expected = ["+447700900100", "+447700900200", "+447700900300"];
    let reached = wait::until("all of them to be sent to", PATIENCE, async || {
        let posts = world.upstream.calls().into_iter().filter_map(|call| call.submission);
        let posts = posts.filter(|post| post.text() == Some("to all"));
        let mut numbers: Vec<String> = posts.flat_map(|post| post.phone_numbers).collect();
        numbers.sort();
        (numbers.len() >= expected.len()).then_some(numbers)
    })
    .await;
    assert_eq!(reached, expected);
    assert!(client.unbind().await.is_empty());
}

async fn bound(library: Library) -> (World, Script) {
    let world = World::start(&Config::default()).await;
    let client = Script::bind(library, world.edgebind.smpp(), SYSTEM_ID, PASSWORD).await;
    (world, client)
}

/// Has a message taken that is to be sent in an hour.
async fn later(client: &mut Script, text: &str) -> String {
    client
        .tell(&json!({
            "do": "submit", "tag": "later", "source": "ACME", "destination": "447700900100", "text": text, "receipt": true,
            "schedule": "000000010000000R",
        }))
        .await;
    client.submitted("later").await
}

/// Messages stay here for now.
fn busy(world: &World) {
    let busy = Fault::status(503, "service unavailable");
    world.upstream.faults().always(On::Submit, busy);
}

/// The texts of all that the upstream has taken, in order.
fn taken(world: &World) -> Vec<String> {
    let taken = |call: &Call| call.status == Some(202) || call.status == Some(200);
    let calls = world.upstream.calls().into_iter().filter(taken);
    calls.filter_map(|call| call.submission?.text().map(str::to_owned)).collect()
}

async fn query(client: &mut Script, id: &str) -> Value {
    client
        .tell(&json!({ "do": "query", "tag": id, "id": id, "source": "ACME" }))
        .await;
    client.event("queried", |event| event["tag"] == id).await
}

async fn cancel(client: &mut Script, id: &str) -> u32 {
    let command = json!({ "do": "cancel", "tag": id, "id": id, "source": "ACME", "destination": "447700900100" });
    client.tell(&command).await;
    outcome(client, "cancelled", id).await
}

/// By a message to be sent in a second.
async fn replace(client: &mut Script, id: &str, text: &str) -> u32 {
    let command = json!({
        "do": "replace", "tag": id, "id": id, "source": "ACME", "text": text, "receipt": true, "schedule": "000000000001000R",
    });
    client.tell(&command).await;
    outcome(client, "replaced", id).await
}

async fn outcome(client: &mut Script, event: &str, tag: &str) -> u32 {
    let event = client.event(event, |event| event["tag"] == tag).await;
    event["status"].as_u64().unwrap().try_into().unwrap()
}
