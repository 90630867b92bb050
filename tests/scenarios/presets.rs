//! An ESME that was written for another provider's SMPP access works unchanged.

use edgebind_simulator::smsgate;
use edgebind_tests::catcher::Catcher;
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID, UPSTREAM};
use edgebind_tests::kannel::{Kannel, Sms};
use edgebind_tests::wire::{Submit, Wire, answer, bind, id, status};

use crate::world::{OWN_NUMBER, World};

/// Kannel's `msg-id-type` for Vonage: hexadecimal in submit_sm_resp, decimal in receipts.
const HEX_AND_DECIMAL: &str = "msg-id-type = 0x01";

/// As Kannel sends it for a temporary error; not among the answers after which Vonage comes again.
const RX_T_APPN: u32 = 0x64;

fn vonage() -> Config {
    Config {
        account: "preset = \"vonage\"\nsession_settings = { retry_deliver_ms = 100 }".to_owned(),
        ..Config::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kannel_that_is_set_up_for_vonage_converses() {
    let world = World::start(&vonage()).await;
    let catcher = Catcher::start().await;
    let kannel = Kannel::bind_with(HEX_AND_DECIMAL, world.edgebind.smpp(), SYSTEM_ID, PASSWORD, &catcher).await;
    world.attached().await;
    let sms = Sms {
        tag: "short",
        from: "ACME",
        to: "+447700900100",
        text: "Hi @ {€} Ñ",
        coding: 0,
    };
    kannel.send(&sms, &catcher).await;
    // Kannel knows the receipt by the number that both ids are: only then does it report that the message was delivered.
    for kind in ["8", "1"] {
        catcher
            .wait_for(&format!("report {kind}"), |caught| {
                caught.path == "/report" && caught.text("tag") == "short" && caught.text("type") == kind
            })
            .await;
    }
    world.upstream.incoming(UPSTREAM.0, "+447700900200", OWN_NUMBER, "Answer");
    catcher
        .wait_for("the incoming message", |caught| {
            caught.path == "/incoming" && caught.text("text") == "Answer"
        })
        .await;
    kannel.unbind().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_third_bind_is_one_too_many() {
    let world = World::start(&vonage()).await;
    let smpp = world.edgebind.smpp();
    let mut first = world.transceiver().await;
    let _second = world.bound(id::BIND_RECEIVER).await;
    let mut third = Wire::connect(smpp).await;
    third.send(&bind(id::BIND_TRANSCEIVER, 1, SYSTEM_ID, PASSWORD)).await;
    assert_eq!(third.frame().await.status, status::RALYBND);
    first.enquire().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_and_receipts_are_written_as_vonage_writes_them() {
    let world = World::start_with(&vonage(), smsgate::Config::default()).await;
    let mut esme = world.transceiver().await;
    world.attached().await;
    let submit = Submit {
        registered_delivery: 1,
        ..Submit::default()
    };
    let taken = esme.submit(&submit).await.string();
    let number = u64::from_str_radix(&taken, 16).expect("the response has a hexadecimal id");
    let receipt = esme.delivery().await;
    let text = String::from_utf8(receipt.short_message.clone()).unwrap();
    assert!(
        text.starts_with(&format!("id:{number} sub:001 dlvrd:001 submit date:")),
        "{text}"
    );
    assert!(text.ends_with(" stat:DELIVRD err:000 text:none "), "{text}");
    assert_eq!(receipt.receipted_message_id(), number.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_comes_again_after_vonages_codes_only() {
    let world = World::start(&vonage()).await;
    let mut esme = world.transceiver().await;
    world.attached().await;
    world.upstream.incoming(UPSTREAM.0, "+447700900200", OWN_NUMBER, "again");
    for again in [status::RTHROTTLED, status::RSYSERR, status::RMSGQFUL] {
        let frame = esme.frame().await;
        assert_eq!(frame.delivery().short_message, b"again");
        esme.send(&answer(frame.id | id::RESPONSE, again, frame.sequence, &[])).await;
    }
    assert_eq!(esme.delivery().await.short_message, b"again");
    world.upstream.incoming(UPSTREAM.0, "+447700900200", OWN_NUMBER, "never");
    let frame = esme.frame().await;
    assert_eq!(frame.delivery().short_message, b"never");
    esme.send(&answer(frame.id | id::RESPONSE, RX_T_APPN, frame.sequence, &[]))
        .await;
    world.upstream.incoming(UPSTREAM.0, "+447700900200", OWN_NUMBER, "next");
    assert_eq!(esme.delivery().await.short_message, b"next");
    assert!(
        esme.unasked().await.is_empty(),
        "what was refused for good does not come again"
    );
}
