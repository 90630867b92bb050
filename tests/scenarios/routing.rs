//! Which account and which bind an incoming message goes to, and how fast an account may submit.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use edgebind_simulator::esme::{BindKind, Esme, Failure, Submit};
use edgebind_smpp::{Bind, CommandStatus, Pdu};
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID, UPSTREAM};
use edgebind_tests::wait::PATIENCE;
use serde_json::json;

use crate::world::{OWN_NUMBER, World};

const OTHER: (&str, &str) = ("esme02", "secret09");
const SENDER: &str = "+447700900200";

async fn bound(world: &World, account: (&str, &str)) -> Esme {
    Esme::bound(world.edgebind.smpp(), BindKind::Transceiver, account.0, account.1)
        .await
        .unwrap()
}

/// A text comes to a phone, for one of its numbers.
fn arrives(world: &World, number: &str, text: &str) {
    let payload = json!({
        "messageId": text,
        "message": text,
        "sender": SENDER,
        "phoneNumber": SENDER,
        "recipient": number,
        "simNumber": 1,
        "receivedAt": "2026-08-20T10:15:35.002+02:00",
    });
    assert_ne!(world.upstream.emit(UPSTREAM.0, "sms:received", &payload), 0);
}

async fn has_heard(esme: &Esme, text: &str) {
    esme.wait_for(PATIENCE, |inbox| {
        let mut texts = inbox.messages.iter().filter_map(|message| message.text.as_deref());
        texts.any(|heard| heard == text).then_some(())
    })
    .await
    .unwrap_or_else(|_| panic!("{text:?} did not come"));
}

#[tokio::test(flavor = "multi_thread")]
async fn incoming_messages_go_to_the_account_of_their_destination() {
    let world = World::start(&Config {
        tenant: "incoming_account = \"esme01\"\n[[tenants.incoming]]\nto = \"900777$\"\naccount = \"esme02\"".to_owned(),
        accounts: vec![OTHER],
        ..Config::default()
    })
    .await;
    let usual = bound(&world, (SYSTEM_ID, PASSWORD)).await;
    let other = bound(&world, OTHER).await;
    world.attached().await;
    arrives(&world, "+447700900777", "for the other");
    arrives(&world, OWN_NUMBER, "for the usual one");
    has_heard(&other, "for the other").await;
    has_heard(&usual, "for the usual one").await;
    assert_eq!(
        (usual.inbox().messages.len(), other.inbox().messages.len()),
        (1, 1),
        "each once"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn incoming_messages_go_to_a_bind_whose_address_range_they_match() {
    let world = World::start(&Config {
        session: "address_range = \"route\"".to_owned(),
        ..Config::default()
    })
    .await;
    let serving = async |range: &str| {
        let esme = Esme::connect(world.edgebind.smpp()).await.unwrap();
        let bind = Pdu::BindReceiver(Bind {
            system_id: SYSTEM_ID.as_bytes(),
            password: PASSWORD.as_bytes(),
            interface_version: 0x34,
            address_range: range.as_bytes(),
            ..Bind::default()
        });
        esme.request(&bind).await.unwrap();
        esme
    };
    let sevens = serving("777$").await;
    let nines = serving("999$").await;
    world.attached().await;
    for number in 0..5 {
        arrives(&world, "+447700900777", &format!("seven {number}"));
        arrives(&world, OWN_NUMBER, &format!("nine {number}"));
    }
    for number in 0..5 {
        has_heard(&sevens, &format!("seven {number}")).await;
        has_heard(&nines, &format!("nine {number}")).await;
    }
    assert_eq!((sevens.inbox().messages.len(), nines.inbox().messages.len()), (5, 5));

    // Nobody serves it: it waits for one who does.
    arrives(&world, "+447700900888", "eight");
    drop(sevens);
    let eights = serving("888$").await;
    has_heard(&eights, "eight").await;
    assert_eq!(nines.inbox().messages.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn incoming_messages_are_spread_over_the_binds_of_an_account() {
    let world = World::start(&Config {
        session: "window_out = 1".to_owned(),
        ..Config::default()
    })
    .await;
    let binds = [
        bound(&world, (SYSTEM_ID, PASSWORD)).await,
        bound(&world, (SYSTEM_ID, PASSWORD)).await,
    ];
    world.attached().await;
    let all: BTreeSet<String> = (0..40).map(|number| format!("message {number}")).collect();
    for text in &all {
        arrives(&world, OWN_NUMBER, text);
    }
    let heard = edgebind_tests::wait::until("all to be heard", PATIENCE, async || {
        let heard: Vec<Vec<String>> = binds
            .iter()
            .map(|esme| esme.inbox().messages.into_iter().filter_map(|message| message.text).collect())
            .collect();
        (heard.concat().len() >= all.len()).then_some(heard)
    })
    .await;
    assert_eq!(heard.concat().into_iter().collect::<BTreeSet<_>>(), all);
    assert_eq!(heard.concat().len(), all.len(), "each once");
    assert!(heard.iter().all(|heard| !heard.is_empty()), "both binds had work");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_the_rate_is_throttled_and_a_long_message_is_never_cut() {
    let world = World::start(&Config {
        tenant: "rate = { per_second = 1, burst = 3 }".to_owned(),
        ..Config::default()
    })
    .await;
    let esme = bound(&world, (SYSTEM_ID, PASSWORD)).await;
    let long = "a long text in several parts ".repeat(20);
    let parts = esme.submit(&Submit::text("ACME", "+447700900100", &long)).await.unwrap();
    assert!(parts.len() > 3, "more parts than the burst, and all were taken");
    let short = Submit::text("ACME", "+447700900100", "short");
    let refused = esme.submit(&short).await.unwrap_err();
    assert_eq!(refused, Failure::Refused(CommandStatus::RTHROTTLED));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_the_rate_waits_where_the_operator_prefers_it() {
    let world = World::start(&Config {
        tenant: "rate = { per_second = 20, burst = 1 }\nover_rate = \"wait\"".to_owned(),
        ..Config::default()
    })
    .await;
    let esme = bound(&world, (SYSTEM_ID, PASSWORD)).await;
    let begun = Instant::now();
    for number in 0..10 {
        let submit = Submit::text("ACME", "+447700900100", &format!("text {number}"));
        esme.submit(&submit).await.expect("nothing is refused");
    }
    // One at once and nine at 20 a second: waiting is what is asked for here.
    assert!(begun.elapsed() >= Duration::from_millis(400), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_share_the_rate_of_their_tenant() {
    let world = World::start(&Config {
        tenant: "rate_total = { per_second = 1, burst = 4 }".to_owned(),
        accounts: vec![OTHER],
        ..Config::default()
    })
    .await;
    let (one, other) = (bound(&world, (SYSTEM_ID, PASSWORD)).await, bound(&world, OTHER).await);
    let short = Submit::text("ACME", "+447700900100", "short");
    let mut taken = 0;
    for _ in 0..5 {
        for esme in [&one, &other] {
            match esme.submit(&short).await {
                Ok(_) => taken += 1,
                Err(Failure::Refused(CommandStatus::RTHROTTLED)) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
    assert!((4..10).contains(&taken), "{taken} of 10 were taken");
}
