//! Habits of clients that a gateway has to know, each with its number in our list of them; those that only a codec, a session
//! or a listener sees are tested there.

use std::time::{Duration, Instant};

use edgebind_simulator::smsgate::{Call, Fault, On};
use edgebind_tests::catcher::Catcher;
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID, UPSTREAM};
use edgebind_tests::kannel::Kannel;
use edgebind_tests::script::{Kind, Library, Script, string};
use edgebind_tests::wait::{self, PATIENCE};
use edgebind_tests::wire::{Frame, Submit, Wire, answer, bind, bind_of, id, pdu, status, tlv};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::world::{OWN_NUMBER, World};

/// Who has text for the gateway's number.
const SOMEBODY: &str = "+447700900200";

/// gosmpp wants a body behind a refused bind_transceiver and none behind the others; these take either, and say what they read.
#[tokio::test(flavor = "multi_thread")]
async fn q1_a_refused_bind_is_read_as_one() {
    let world = World::start(&Config::default()).await;
    let smpp = world.edgebind.smpp();
    let kinds = [Kind::Transceiver, Kind::Transmitter, Kind::Receiver];
    let libraries: [(_, &[Kind]); 5] = [
        (Library::Smpplib, &kinds),
        (Library::NodeSmpp, &kinds),
        (Library::NetSmpp, &kinds),
        (Library::Rusmppyc, &kinds),
        // For the others it would like a body too.
        (Library::Aiosmpplib, &kinds[..1]),
    ];
    for (library, kinds) in libraries {
        for &kind in kinds {
            let mut client = Script::start(library, kind, smpp, SYSTEM_ID, "secret09");
            let refused = client.event("refused", |_| true).await;
            assert_eq!(refused["status"], status::RBINDFAIL, "{library:?} as a {kind:?}");
        }
    }
    let bodies = [
        (id::BIND_TRANSMITTER, vec![]),
        (id::BIND_RECEIVER, vec![]),
        (id::BIND_TRANSCEIVER, vec![0]),
    ];
    for (kind, body) in bodies {
        let mut wire = Wire::connect(smpp).await;
        wire.send(&bind(kind, 1, SYSTEM_ID, "secret09")).await;
        assert_eq!(wire.frame().await.body, body, "behind a refused bind {kind:#x}");
    }
}

/// Kannel takes ESME_RALYBND for a bind that is good, and gives up for good on a bad password: it must come again instead.
#[tokio::test(flavor = "multi_thread")]
async fn q2_kannel_comes_again_after_one_bind_too_many() {
    let world = World::start(&Config {
        tenant: "binds_max = 1".to_owned(),
        ..Config::default()
    })
    .await;
    let smpp = world.edgebind.smpp();
    let mut first = world.transceiver().await;
    let catcher = Catcher::start().await;
    let room = async {
        wait::until("Kannel to be refused", PATIENCE, async || {
            world.home.log().contains("refused").then_some(())
        })
        .await;
        first.send(&pdu(id::UNBIND, 9, &[])).await;
        assert_eq!(first.frame().await.status, status::ROK);
        first.closed().await;
    };
    // Waits until Kannel says that it is bound.
    tokio::join!(Kannel::bind(smpp, SYSTEM_ID, PASSWORD, &catcher), room);
}

/// gosmpp and cloudhopper read a whole body behind some refusals, and go-smpp none behind the others.
#[tokio::test(flavor = "multi_thread")]
async fn q3_refusals_have_the_bodies_that_readers_expect() {
    let world = World::start(&Config::default()).await;
    let mut esme = world.transceiver().await;
    let query = b"123456789\0\x05\0ACME\0".to_vec();
    let data = b"\0\x05\0ACME\0\x01\x01nobody\0\0\0\0".to_vec();
    let cancel = b"\x00123456789\0\x05\0ACME\0\x01\x01447700900100\0".to_vec();
    let replace = b"123456789\0\x05\0ACME\0\0\0\0\0\x05hello".to_vec();
    let submit = Submit {
        destination: "nobody",
        ..Submit::default()
    };
    let refusals: [(u32, Vec<u8>, &[u8]); 5] = [
        (id::QUERY_SM, query, &[0; 4]),
        (id::DATA_SM, [data, tlv(0x0424, b"hello")].concat(), &[0]),
        (id::CANCEL_SM, cancel, &[]),
        (id::REPLACE_SM, replace, &[]),
        (id::SUBMIT_SM, submit.pdu(0)[16..].to_vec(), &[]),
    ];
    for (request, body, expected) in refusals {
        let sequence = esme.next_sequence();
        esme.send(&pdu(request, sequence, &body)).await;
        let refusal = esme.frame().await;
        assert_eq!(
            (refusal.id, refusal.sequence),
            (request | id::RESPONSE, sequence),
            "{refusal:?}"
        );
        assert_ne!(refusal.status, status::ROK, "{refusal:?}");
        assert_eq!(refusal.body, expected, "{refusal:?}");
    }
    esme.enquire().await;
}

/// Kannel counts a message without an id as sent, and can never match its receipt.
#[tokio::test(flavor = "multi_thread")]
async fn q4_what_is_taken_has_an_id_that_every_converter_leaves_alone() {
    let world = World::start(&Config::default()).await;
    let mut esme = world.transceiver().await;
    for _ in 0..20 {
        let response = esme.submit(&Submit::default()).await;
        assert_eq!(response.status, status::ROK);
        let message_id = response.string();
        assert!((1..=18).contains(&message_id.len()), "{message_id}");
        assert!(message_id.bytes().all(|octet| octet.is_ascii_digit()), "{message_id}");
        assert!(!message_id.starts_with('0'), "{message_id}");
    }
}

/// php-smpp ends short_message with a NUL that sm_length does not count, and answers enquire_link with a NUL too.
#[tokio::test(flavor = "multi_thread")]
async fn q5_stray_octets_of_php_smpp_are_forgiven() {
    let world = World::start(&Config {
        session: "enquire_link = \"200ms\"".to_owned(),
        ..Config::default()
    })
    .await;
    let mut esme = world.transceiver().await;
    let parts = [(1, "one, "), (2, "two")].map(|(index, text)| {
        let sar = [tlv(0x020C, &[0x12, 0x34]), tlv(0x020E, &[2]), tlv(0x020F, &[index])].concat();
        (text, [vec![0], sar].concat())
    });
    for (text, tail) in parts {
        let short_message = text.as_bytes();
        let submit = Submit {
            short_message,
            tail,
            ..Submit::default()
        };
        esme.send(&submit.pdu(4)).await;
        let response = next_but_enquire(&mut esme).await;
        assert_eq!(
            (response.id, response.status),
            (id::SUBMIT_SM | id::RESPONSE, status::ROK),
            "{response:?}"
        );
    }
    let whole = |calls: &[Call]| calls.iter().any(|call| call.submission.is_some());
    let calls = world.upstream.wait_for(whole, PATIENCE).await;
    let post = calls.unwrap().into_iter().find_map(|call| call.submission).unwrap();
    assert_eq!(post.text(), Some("one, two"));
    for _ in 0..3 {
        let enquire = esme.frame().await;
        assert_eq!(enquire.id, id::ENQUIRE_LINK);
        esme.send(&answer(id::ENQUIRE_LINK | id::RESPONSE, status::ROK, enquire.sequence, &[0]))
            .await;
    }
}

/// The next PDU that is no enquire_link; those are answered as php-smpp does.
async fn next_but_enquire(esme: &mut Wire) -> Frame {
    loop {
        let frame = esme.frame().await;
        if frame.id != id::ENQUIRE_LINK {
            return frame;
        }
        esme.send(&answer(id::ENQUIRE_LINK | id::RESPONSE, status::ROK, frame.sequence, &[0]))
            .await;
    }
}

/// smpplib raises on an optional parameter that it does not know, or does not know in this PDU, and its ESME ends.
#[tokio::test(flavor = "multi_thread")]
async fn q7_smpplib_knows_every_parameter_that_it_is_sent() {
    let world = World::start(&Config::default()).await;
    let mut client = Script::bind(Library::Smpplib, world.edgebind.smpp(), SYSTEM_ID, PASSWORD).await;
    world.attached().await;
    // Success and failure, final and intermediate: registered_delivery 0x11.
    for (tag, destination, stat) in [("good", "447700900100", "DELIVRD"), ("bad", "447700900101", "UNDELIV")] {
        client
            .tell(&json!({
                "do": "submit", "tag": tag, "source": "ACME", "destination": destination, "text": "hello", "receipt": 0x11,
            }))
            .await;
        let message_id = client.submitted(tag).await;
        let receipt = client.receipt(&message_id).await;
        assert!(string(&receipt["text"]).contains(stat), "{receipt}");
        // What fails was not under way before.
        if tag == "good" {
            let intermediate = |event: &Value| event["id"] == message_id && event["esm_class"] == 0x20;
            let notice = client.event("receipt", intermediate).await;
            assert!(string(&notice["text"]).contains(" stat:ENROUTE "), "{notice}");
        }
    }
    world
        .upstream
        .incoming(UPSTREAM.0, SOMEBODY, OWN_NUMBER, &"and back ".repeat(40));
    for _ in 0..3 {
        client.event("message", |_| true).await;
    }
    client.enquire().await;
    client.unbind().await;
}

/// go-smpp and others hang up on data_sm and alert_notification.
#[tokio::test(flavor = "multi_thread")]
async fn q8_whatever_comes_unasked_comes_by_deliver_sm() {
    let world = World::start(&Config::default()).await;
    let mut esme = world.transceiver().await;
    world.attached().await;
    let submit = Submit {
        registered_delivery: 0x11,
        ..Submit::default()
    };
    let response = esme.submit(&submit).await;
    assert_eq!(response.status, status::ROK);
    world.upstream.incoming(UPSTREAM.0, SOMEBODY, OWN_NUMBER, "hello");
    let (mut receipts, mut messages) = (0, 0);
    while receipts == 0 || messages == 0 {
        let frame = esme.frame().await;
        assert_eq!(frame.id, id::DELIVER_SM, "{frame:?}");
        let delivery = frame.delivery();
        if delivery.is_receipt() {
            receipts += 1;
        } else if delivery.esm_class == 0 {
            messages += 1;
        }
        esme.send(&answer(id::DELIVER_SM | id::RESPONSE, status::ROK, frame.sequence, &[0]))
            .await;
    }
}

/// Any 32 bits come from somewhere; what comes from here is what the specification allows.
#[tokio::test(flavor = "multi_thread")]
async fn q9_sequence_numbers_come_back_as_they_were() {
    let world = World::start(&Config::default()).await;
    let mut esme = world.transceiver().await;
    world.attached().await;
    for sequence in [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF] {
        esme.send(&pdu(id::ENQUIRE_LINK, sequence, &[])).await;
        let response = esme.frame().await;
        assert_eq!((response.id, response.sequence), (id::ENQUIRE_LINK | id::RESPONSE, sequence));
        esme.send(&Submit::default().pdu(sequence)).await;
        let response = esme.frame().await;
        assert_eq!(
            (response.id, response.status, response.sequence),
            (id::SUBMIT_SM | id::RESPONSE, status::ROK, sequence)
        );
    }
    world.upstream.incoming(UPSTREAM.0, SOMEBODY, OWN_NUMBER, "hello");
    let delivery = esme.frame().await;
    assert!((1..=0x7FFF_FFFF).contains(&delivery.sequence), "{delivery:?}");
}

/// npm's smpp says 5.0 and old clients 3.3; sc_interface_version goes to those who may know it.
#[tokio::test(flavor = "multi_thread")]
async fn q10_every_interface_version_is_taken() {
    let world = World::start(&Config::default()).await;
    for version in [0x00, 0x33, 0x34, 0x50] {
        let mut wire = Wire::connect(world.edgebind.smpp()).await;
        let credentials = (SYSTEM_ID, PASSWORD);
        wire.send(&bind_of(id::BIND_TRANSCEIVER, 1, credentials, "", version)).await;
        let response = wire.frame().await;
        assert_eq!(response.status, status::ROK, "interface_version {version:#x}");
        let parameters = &response.body[response.string().len() + 1..];
        let expected = if version >= 0x34 { tlv(0x0210, &[0x34]) } else { vec![] };
        assert_eq!(parameters, expected, "interface_version {version:#x}");
        assert_eq!(wire.submit(&Submit::default()).await.status, status::ROK);
    }
}

/// smpplib and go-smpp never answer unbind.
#[tokio::test(flavor = "multi_thread")]
async fn q11_nobody_waits_long_for_unbind_resp() {
    let world = World::start(&Config {
        session: "unbind_timeout = \"500ms\"".to_owned(),
        ..Config::default()
    })
    .await;
    let mut esme = world.transceiver().await;
    let started = Instant::now();
    world.edgebind.signal(Signal::TERM);
    assert_eq!(esme.frame().await.id, id::UNBIND);
    esme.closed().await;
    let exit = world.edgebind.terminate().await;
    assert!(exit.success(), "{exit}");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

/// smpplib takes the first PDU for the response to its bind, whatever it is.
#[tokio::test(flavor = "multi_thread")]
async fn q12_what_waits_for_an_esme_waits_for_its_bind_response_too() {
    let world = World::start(&Config::default()).await;
    let smpp = world.edgebind.smpp();
    let esme = world.transceiver().await;
    world.attached().await;
    drop(esme);
    let libraries = [Library::Smpplib, Library::NetSmpp, Library::Aiosmpplib];
    for (round, library) in (1..).zip(libraries) {
        for number in 0..5 {
            let text = format!("message {number}");
            world.upstream.incoming(UPSTREAM.0, SOMEBODY, OWN_NUMBER, &text);
        }
        wait::until("the phone to be rid of them", PATIENCE, async || {
            let attempts = world.upstream.attempts();
            let done = attempts
                .iter()
                .filter(|attempt| attempt.event == "sms:received" && attempt.status == Some(200));
            (done.count() == 5 * round).then_some(())
        })
        .await;
        let mut client = Script::bind_as(library, Kind::Receiver, smpp, SYSTEM_ID, PASSWORD).await;
        for _ in 0..5 {
            client.event("message", |_| true).await;
        }
        client.unbind().await;
    }
}

/// php-smpp and cloudhopper have one request under way, and answer ours when they come to it.
#[tokio::test(flavor = "multi_thread")]
async fn q13_a_client_that_is_busy_is_waited_for() {
    let world = World::start(&Config {
        session: "enquire_link = \"200ms\"".to_owned(),
        ..Config::default()
    })
    .await;
    let mut esme = world.transceiver().await;
    world.attached().await;
    world.upstream.incoming(UPSTREAM.0, SOMEBODY, OWN_NUMBER, "hello");
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut heard = Vec::new();
    while !heard.contains(&id::DELIVER_SM) || !heard.contains(&id::ENQUIRE_LINK) {
        let frame = esme.frame().await;
        heard.push(frame.id);
        let body: &[u8] = if frame.id == id::DELIVER_SM { &[0] } else { &[] };
        esme.send(&answer(frame.id | id::RESPONSE, status::ROK, frame.sequence, body))
            .await;
    }
    assert_eq!(
        esme.submit(&Submit::default()).await.status,
        status::ROK,
        "and it is still bound"
    );
}

/// Kannel's TON is 2 unless told otherwise; others leave it 0, or write a plus or two noughts in front.
#[tokio::test(flavor = "multi_thread")]
async fn q14_numbers_come_in_every_shape() {
    let world = World::start(&Config::default()).await;
    let mut esme = world.transceiver().await;
    for destination in ["447700900100", "+447700900100", "00447700900100"] {
        for destination_kind in [[0, 0], [0, 1], [1, 1], [2, 1]] {
            for (source_kind, source) in [([2, 1], "+447700900999"), ([5, 0], "ACME"), ([0, 0], "ACME"), ([0, 0], "")] {
                let submit = Submit {
                    source_kind,
                    source,
                    destination_kind,
                    destination,
                    ..Submit::default()
                };
                let response = esme.submit(&submit).await;
                assert_eq!(response.status, status::ROK, "{submit:?}");
                let submission = world.submission(&response.string()).await;
                assert_eq!(submission.phone_numbers, ["+447700900100"], "{submit:?}");
            }
        }
    }
}

/// Which statuses of deliver_sm_resp mean later, and which mean never.
#[tokio::test(flavor = "multi_thread")]
async fn q15_some_refusals_are_for_now_and_some_are_for_good() {
    let world = World::start(&Config {
        session: "retry_deliver_ms = 100".to_owned(),
        ..Config::default()
    })
    .await;
    let mut esme = world.transceiver().await;
    world.attached().await;
    let outcomes = [
        (0x64, true),
        (0x08, true),
        (0x14, true),
        (0x58, true),
        (0x65, false),
        (0x66, false),
    ];
    for (command_status, again) in outcomes {
        let text = format!("refused with {command_status:#x}");
        world.upstream.incoming(UPSTREAM.0, SOMEBODY, OWN_NUMBER, &text);
        let first = esme.frame().await;
        assert_eq!(first.delivery().short_message, text.as_bytes());
        esme.send(&answer(id::DELIVER_SM | id::RESPONSE, command_status, first.sequence, &[]))
            .await;
        if again {
            let second = esme.frame().await;
            assert_eq!(second.delivery().short_message, text.as_bytes());
            esme.send(&answer(id::DELIVER_SM | id::RESPONSE, status::ROK, second.sequence, &[0]))
                .await;
        }
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(esme.unasked().await.is_empty(), "what was refused for good comes again");
}

/// Kannel says VMA, php-smpp WWW, samples say smpp.
#[tokio::test(flavor = "multi_thread")]
async fn q19_system_type_is_nobodys_business() {
    let world = World::start(&Config::default()).await;
    for system_type in ["", "VMA", "WWW", "smpp", "twelve chars"] {
        let mut wire = Wire::connect(world.edgebind.smpp()).await;
        let credentials = (SYSTEM_ID, PASSWORD);
        wire.send(&bind_of(id::BIND_TRANSCEIVER, 1, credentials, system_type, 0x34))
            .await;
        assert_eq!(wire.frame().await.status, status::ROK, "system_type {system_type}");
    }
}

/// jsmpp and go-smpp submit again after one or two seconds without an answer.
#[tokio::test(flavor = "multi_thread")]
async fn q21_submit_sm_is_answered_before_the_upstream_answers() {
    let world = World::start(&Config::default()).await;
    let late = Duration::from_secs(4);
    world.upstream.faults().always(On::Submit, Fault::Delay(late));
    let mut esme = world.transceiver().await;
    let started = Instant::now();
    let response = esme.submit(&Submit::default()).await;
    assert_eq!(response.status, status::ROK);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert_eq!(world.submission(&response.string()).await.text(), Some("hello"));
}
