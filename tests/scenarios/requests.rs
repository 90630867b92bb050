//! What an ESME can ask besides submitting: what became of a message, have it back, another text instead, one text for many.

use std::time::Duration;

use edgebind_simulator::esme::{Address, BindKind, Esme, Failure, Standing, Submit};
use edgebind_simulator::smsgate::{self, Fate, Pace, State};
use edgebind_smpp::{CommandStatus, EsmClass, MessageState, Time};
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID};
use edgebind_tests::edgebind::Edgebind;
use edgebind_tests::wait::{self, PATIENCE};

use crate::world::World;

const SOURCE: &str = "ACME";
const PHONE: &str = "+447700900100";

/// A phone that takes its time before it begins.
fn slow_phone() -> smsgate::Config {
    smsgate::Config {
        pace: Pace {
            processed: Duration::from_secs(60),
            ..Pace::all(Duration::from_millis(10))
        },
        ..smsgate::Config::default()
    }
}

async fn esme(world: &World, kind: BindKind) -> Esme {
    Esme::bound(world.edgebind.smpp(), kind, SYSTEM_ID, PASSWORD).await.unwrap()
}

async fn submitted(esme: &Esme, submit: &Submit) -> String {
    esme.submit(submit).await.unwrap().remove(0)
}

/// A message that waits here until tomorrow.
fn tomorrow(to: &str, text: &str) -> Submit {
    later(to, text, b"000001000000000R")
}

fn later(to: &str, text: &str, when: &[u8]) -> Submit {
    let mut submit = Submit::text(SOURCE, to, text);
    submit.schedule_delivery_time = Time::parse(when).unwrap();
    submit
}

async fn becomes(esme: &Esme, id: &str, state: MessageState) -> Standing {
    wait::until(format!("{id} to be {state:?}"), PATIENCE, async || {
        let standing = esme.query(id, &Address::of(SOURCE)).await.unwrap();
        (standing.state == state).then_some(standing)
    })
    .await
}

/// The texts that the upstream was asked to send, in order.
fn texts(world: &World) -> Vec<String> {
    let calls = world.upstream.calls().into_iter();
    calls
        .filter_map(|call| call.submission)
        .filter_map(|submission| submission.text().map(str::to_owned))
        .collect()
}

async fn is_sent(world: &World, text: &str) {
    wait::until(format!("{text:?} to be sent"), PATIENCE, async || {
        texts(world).iter().any(|sent| sent == text).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn query_sm_tells_what_became_of_a_message() {
    let world = World::start(&Config::default()).await;
    let esme = esme(&world, BindKind::Transceiver).await;
    world.attached().await;
    let id = submitted(&esme, &Submit::text(SOURCE, PHONE, "hello")).await;
    let standing = becomes(&esme, &id, MessageState::DELIVERED).await;
    assert_eq!(standing.id, id);
    assert!(standing.final_date != Time::None, "a message that is final says since when");
    let waiting = submitted(&esme, &tomorrow(PHONE, "later")).await;
    let standing = esme.query(&waiting, &Address::of(SOURCE)).await.unwrap();
    assert_eq!((standing.state, standing.final_date), (MessageState::ENROUTE, Time::None));

    let refused = Failure::Refused(CommandStatus::RINVMSGID);
    assert_eq!(esme.query("123456", &Address::of(SOURCE)).await.unwrap_err(), refused);
    assert_eq!(esme.query(&id, &Address::of("OTHER")).await.unwrap_err(), refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn query_sm_asks_the_upstream_where_no_webhook_says_it() {
    let world = World::start(&Config::default()).await;
    // Without a receiver no webhooks are registered.
    let esme = esme(&world, BindKind::Transmitter).await;
    let id = submitted(&esme, &Submit::text(SOURCE, PHONE, "hello")).await;
    becomes(&esme, &id, MessageState::DELIVERED).await;
    assert!(world.upstream.attempts().is_empty(), "no webhook was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_account_is_told_nothing() {
    let other = ("esme02", "secret09");
    let world = World::start(&Config {
        accounts: vec![other],
        ..Config::default()
    })
    .await;
    let id = submitted(&esme(&world, BindKind::Transmitter).await, &tomorrow(PHONE, "mine")).await;
    let stranger = Esme::bound(world.edgebind.smpp(), BindKind::Transmitter, other.0, other.1)
        .await
        .unwrap();
    let (source, destination) = (Address::of(SOURCE), Address::of(PHONE));
    let unknown = Failure::Refused(CommandStatus::RINVMSGID);
    assert_eq!(stranger.query(&id, &source).await.unwrap_err(), unknown);
    assert_eq!(stranger.cancel(&id, &source, &destination).await.unwrap_err(), unknown);
    let other_text = Submit::text(SOURCE, PHONE, "theirs");
    assert_eq!(stranger.replace(&id, &other_text).await.unwrap_err(), unknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_sm_takes_back_what_has_not_left() {
    let world = World::start(&Config::default()).await;
    let esme = esme(&world, BindKind::Transceiver).await;
    let (source, destination) = (Address::of(SOURCE), Address::of(PHONE));
    let id = submitted(&esme, &later(PHONE, "never", b"000000000002000R")).await;
    esme.cancel(&id, &source, &destination).await.unwrap();
    assert_eq!(becomes(&esme, &id, MessageState::DELETED).await.id, id);
    let receipt = esme.receipt_of(&id, PATIENCE).await.unwrap();
    assert_eq!(receipt.state, Some(MessageState::DELETED));
    esme.cancel(&id, &source, &destination).await.expect("cancelled is cancelled");
    // What was due after it went out: it was passed over, and not only late.
    let after = submitted(&esme, &later(PHONE, "after", b"000000000003000R")).await;
    esme.receipt_of(&after, PATIENCE).await.unwrap();
    assert_eq!(texts(&world), ["after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_sm_without_an_id_takes_back_all_that_match() {
    let world = World::start(&Config::default()).await;
    let esme = esme(&world, BindKind::Transceiver).await;
    let (source, destination) = (Address::of(SOURCE), Address::of(PHONE));
    let mut cancelled = Vec::new();
    for number in 0..3 {
        cancelled.push(submitted(&esme, &tomorrow(PHONE, &format!("text {number}"))).await);
    }
    let elsewhere = submitted(&esme, &tomorrow("+447700900199", "elsewhere")).await;
    esme.cancel("", &source, &destination).await.unwrap();
    for id in cancelled {
        becomes(&esme, &id, MessageState::DELETED).await;
    }
    becomes(&esme, &elsewhere, MessageState::ENROUTE).await;
    let again = esme.cancel("", &source, &destination).await.unwrap_err();
    assert_eq!(again, Failure::Refused(CommandStatus::RCANCELFAIL));
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_sm_asks_the_upstream_for_what_has_left() {
    let world = World::start_with(&Config::default(), slow_phone()).await;
    let esme = esme(&world, BindKind::Transceiver).await;
    world.attached().await;
    let source = Address::of(SOURCE);
    let waiting = submitted(&esme, &Submit::text(SOURCE, PHONE, "waits for its phone")).await;
    world.submission(&waiting).await;
    wait::until("the cancellation to be taken", PATIENCE, async || {
        // While the POST is under way the answer is "not now".
        esme.cancel(&waiting, &source, &Address::of(PHONE)).await.ok()
    })
    .await;
    let receipt = esme.receipt_of(&waiting, PATIENCE).await.unwrap();
    assert_eq!(receipt.state, Some(MessageState::DELETED));

    world.upstream.pace(Pace::all(Duration::from_millis(10)));
    let delivered = submitted(&esme, &Submit::text(SOURCE, PHONE, "gone")).await;
    esme.receipt_of(&delivered, PATIENCE).await.unwrap();
    let refused = esme.cancel(&delivered, &source, &Address::of(PHONE)).await.unwrap_err();
    assert_eq!(refused, Failure::Refused(CommandStatus::RCANCELFAIL));
}

#[tokio::test(flavor = "multi_thread")]
async fn replace_sm_sends_the_other_text_under_the_same_id() {
    let world = World::start(&Config::default()).await;
    let esme = esme(&world, BindKind::Transceiver).await;
    let id = submitted(&esme, &tomorrow(PHONE, "old")).await;
    esme.replace(&id, &later(PHONE, "new", b"000000000001000R")).await.unwrap();
    let receipt = esme.receipt_of(&id, PATIENCE).await.unwrap();
    assert_eq!(receipt.state, Some(MessageState::DELIVERED));
    assert_eq!(texts(&world), ["new"]);
    let refused = esme.replace(&id, &Submit::text(SOURCE, PHONE, "too late")).await.unwrap_err();
    assert_eq!(refused, Failure::Refused(CommandStatus::RREPLACEFAIL));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_and_answered_holds_after_kill_9() {
    let World {
        edgebind,
        upstream,
        home,
    } = World::start(&Config::default()).await;
    let bound = async |edgebind: &Edgebind| {
        Esme::bound(edgebind.smpp(), BindKind::Transceiver, SYSTEM_ID, PASSWORD)
            .await
            .unwrap()
    };
    let esme = bound(&edgebind).await;
    crate::world::attached(&upstream).await;
    let gone = submitted(&esme, &Submit::text(SOURCE, PHONE, "gone")).await;
    assert_eq!(
        esme.receipt_of(&gone, PATIENCE).await.unwrap().state,
        Some(MessageState::DELIVERED)
    );
    let cancelled = submitted(&esme, &tomorrow(PHONE, "cancelled")).await;
    esme.cancel(&cancelled, &Address::of(SOURCE), &Address::of(PHONE))
        .await
        .unwrap();
    let replaced = submitted(&esme, &tomorrow(PHONE, "old")).await;
    esme.replace(&replaced, &tomorrow(PHONE, "new")).await.unwrap();
    let waiting = submitted(&esme, &tomorrow(PHONE, "waiting")).await;
    edgebind.kill().await;

    let edgebind = Edgebind::with_config(&home, &Config::default().toml(&home, upstream.base_url())).await;
    let esme = bound(&edgebind).await;
    for (id, state) in [
        (&gone, MessageState::DELIVERED),
        (&cancelled, MessageState::DELETED),
        (&replaced, MessageState::ENROUTE),
        (&waiting, MessageState::ENROUTE),
    ] {
        assert_eq!(esme.query(id, &Address::of(SOURCE)).await.unwrap().state, state, "{id}");
    }
    let too_late = esme
        .cancel(&gone, &Address::of(SOURCE), &Address::of(PHONE))
        .await
        .unwrap_err();
    assert_eq!(too_late, Failure::Refused(CommandStatus::RCANCELFAIL));
    esme.cancel(&waiting, &Address::of(SOURCE), &Address::of(PHONE))
        .await
        .unwrap();
    esme.replace(&replaced, &later(PHONE, "newest", b"000000000001000R"))
        .await
        .unwrap();
    wait::until("the newest text to be sent", PATIENCE, async || {
        let mut sent = upstream.calls().into_iter().filter_map(|call| call.submission);
        sent.any(|submission| submission.text() == Some("newest")).then_some(())
    })
    .await;
    let ids = upstream.posts().into_keys().collect::<Vec<_>>();
    assert_eq!(ids, [gone, replaced], "what was cancelled has not left");
}

#[tokio::test(flavor = "multi_thread")]
async fn replace_sm_has_the_upstream_give_back_what_has_left() {
    let world = World::start_with(&Config::default(), slow_phone()).await;
    let esme = esme(&world, BindKind::Transceiver).await;
    world.attached().await;
    let id = submitted(&esme, &Submit::text(SOURCE, PHONE, "old")).await;
    world.submission(&id).await;
    wait::until("the message to be replaced", PATIENCE, async || {
        esme.replace(&id, &Submit::text(SOURCE, PHONE, "new")).await.ok()
    })
    .await;
    is_sent(&world, "new").await;
    assert!(esme.inbox().receipts.is_empty(), "nobody hears that the old text was deleted");
    becomes(&esme, &id, MessageState::ENROUTE).await;
    wait::until("the replacement to be cancelled", PATIENCE, async || {
        esme.cancel(&id, &Address::of(SOURCE), &Address::of(PHONE)).await.ok()
    })
    .await;
    let receipt = esme.receipt_of(&id, PATIENCE).await.unwrap();
    assert_eq!(receipt.state, Some(MessageState::DELETED));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_phone_has_begun_is_neither_cancelled_nor_replaced() {
    let habits = smsgate::Config {
        fate: Fate::Unstoppable,
        fates: Vec::new(),
        pace: Pace {
            processed: Duration::from_secs(1),
            ..slow_phone().pace
        },
        ..slow_phone()
    };
    let world = World::start_with(&Config::default(), habits).await;
    let esme = esme(&world, BindKind::Transceiver).await;
    world.attached().await;
    let id = submitted(&esme, &Submit::text(SOURCE, PHONE, "old")).await;
    world.upstream.wait_for_state(&id, State::Pending, PATIENCE).await.unwrap();
    let refused = esme.replace(&id, &Submit::text(SOURCE, PHONE, "new")).await.unwrap_err();
    assert!(
        matches!(
            refused,
            Failure::Refused(CommandStatus::RREPLACEFAIL | CommandStatus::RSYSERR)
        ),
        "{refused}"
    );
    let receipt = esme.receipt_of(&id, PATIENCE).await.unwrap();
    assert_eq!(receipt.state, Some(MessageState::DELIVERED));
    assert_eq!(texts(&world), ["old"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn replace_if_present_takes_the_place_of_what_waits_or_is_sent_itself() {
    let world = World::start(&Config::default()).await;
    let esme = esme(&world, BindKind::Transceiver).await;
    let replacing = |text: &str, when: &[u8]| {
        let mut submit = later(PHONE, text, when);
        submit.replace_if_present = true;
        submit
    };
    let first = submitted(&esme, &replacing("first", b"000001000000000R")).await;
    let second = submitted(&esme, &replacing("second", b"000000000001000R")).await;
    assert_eq!(first, second, "the message keeps its id");
    esme.receipt_of(&first, PATIENCE).await.unwrap();
    assert_eq!(texts(&world), ["second"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn submit_multi_reaches_each_destination_and_names_those_it_cannot() {
    let world = World::start(&Config::default()).await;
    let esme = esme(&world, BindKind::Transceiver).await;
    world.attached().await;
    let good = ["+447700900110", "+447700900111", "+447700900112"];
    let numbers: Vec<Address> = good.into_iter().chain(["+"]).map(Address::of).collect();
    let answers = esme
        .submit_multi(&Submit::text(SOURCE, PHONE, "to all"), &numbers, &[])
        .await
        .unwrap();
    let [answer] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!(answer.refused.len(), 1, "{answer:?}");
    assert_eq!(answer.refused[0].1, CommandStatus::RINVDSTADR);
    let told = esme
        .wait_for(PATIENCE, |inbox| (inbox.receipts.len() == 3).then(|| inbox.receipts.clone()))
        .await
        .unwrap();
    let mut from: Vec<String> = told.iter().map(|receipt| format!("+{}", receipt.source.digits)).collect();
    from.sort();
    assert_eq!(from, good);
    assert!(told.iter().all(|receipt| receipt.id == answer.id && receipt.is_final()));
    assert_eq!(texts(&world), ["to all"; 3]);
    becomes(&esme, &answer.id, MessageState::DELIVERED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_submit_multi_arrives_whole_everywhere() {
    let world = World::start(&Config::default()).await;
    let esme = esme(&world, BindKind::Transceiver).await;
    world.attached().await;
    let text = "one text for two ".repeat(20);
    let numbers = ["+447700900110", "+447700900111"].map(Address::of);
    let answers = esme
        .submit_multi(&Submit::text(SOURCE, PHONE, &text), &numbers, &[])
        .await
        .unwrap();
    assert!(answers.len() > 1, "it took several parts");
    let receipts = answers.len() * numbers.len();
    esme.wait_for(PATIENCE, |inbox| (inbox.receipts.len() == receipts).then_some(()))
        .await
        .unwrap();
    assert_eq!(texts(&world), [text.clone(), text]);
}

#[tokio::test(flavor = "multi_thread")]
async fn data_sm_goes_both_ways() {
    let world = World::start(&Config {
        session: "deliver_with = \"data_sm\"".to_owned(),
        ..Config::default()
    })
    .await;
    let esme = esme(&world, BindKind::Transceiver).await;
    world.attached().await;
    let id = esme.submit_data(&Submit::text(SOURCE, PHONE, "as data")).await.unwrap();
    let receipt = esme.receipt_of(&id, PATIENCE).await.unwrap();
    assert_eq!(receipt.state, Some(MessageState::DELIVERED));
    assert_eq!(texts(&world), ["as data"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_message_waits_here_until_its_time() {
    let world = World::start(&Config::default()).await;
    let esme = esme(&world, BindKind::Transceiver).await;
    let late = submitted(&esme, &later(PHONE, "late", b"000000000002000R")).await;
    let now = submitted(&esme, &Submit::text(SOURCE, PHONE, "now")).await;
    esme.receipt_of(&now, PATIENCE).await.unwrap();
    assert_eq!(texts(&world), ["now"]);
    esme.receipt_of(&late, PATIENCE).await.unwrap();
    assert_eq!(texts(&world), ["now", "late"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_datagram_is_tried_once() {
    let mut world = World::start(&Config::default()).await;
    let esme = esme(&world, BindKind::Transceiver).await;
    world.attached().await;
    world.upstream.go_dark().await;
    let mut datagram = Submit::text(SOURCE, PHONE, "once");
    datagram.esm_class = EsmClass::new(1).unwrap();
    let id = submitted(&esme, &datagram).await;
    let receipt = esme.receipt_of(&id, PATIENCE).await.unwrap();
    assert_eq!(receipt.state, Some(MessageState::UNDELIVERABLE));
    world.upstream.come_back().await.unwrap();
}
