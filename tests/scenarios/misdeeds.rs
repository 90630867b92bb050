//! Whatever a peer does, it gets the answer that the specification or custom has for it, and a neighbour bound all along
//! notices nothing.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID};
use edgebind_tests::edgebind::{Edgebind, Home};
use edgebind_tests::wire::{Frame, Submit, Wire, answer, bind, id, pdu, status, tag, tlv};
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::world::{World, upstream};

/// Who is bound while the others misbehave.
const NEIGHBOUR: (&str, &str) = ("neighbor", "quiet123");

type Misdeed = Pin<Box<dyn Future<Output = ()> + Send>>;

#[tokio::test(flavor = "multi_thread")]
async fn every_misdeed_gets_its_answer_and_no_neighbour_notices() {
    let config = Config {
        smpp: "session_init = \"2s\"".to_owned(),
        accounts: vec![NEIGHBOUR],
        tenant: "binds_max = 1000".to_owned(),
        ..Config::default()
    };
    let world = World::start(&config).await;
    let smpp = world.edgebind.smpp();
    let misdeeds: Vec<(&str, Misdeed)> = vec![
        ("wrong password", Box::pin(wrong_password(smpp))),
        ("unknown system_id", Box::pin(unknown_system_id(smpp))),
        ("password that no field holds", Box::pin(password_without_end(smpp))),
        ("bind while bound", Box::pin(bind_while_bound(smpp))),
        ("anything before bind", Box::pin(anything_before_bind(smpp))),
        ("submit_sm on a receiver", Box::pin(submit_on_a_receiver(smpp))),
        ("unknown command_id", Box::pin(unknown_command_id(smpp))),
        ("response to nothing", Box::pin(response_to_nothing(smpp))),
        ("command_length 8", Box::pin(impossible_command_length(smpp, 8))),
        (
            "command_length 0x7fffffff",
            Box::pin(impossible_command_length(smpp, 0x7FFF_FFFF)),
        ),
        ("HTTP on the SMPP port", Box::pin(http_on_the_smpp_port(smpp))),
        ("truncated body", Box::pin(truncated_body(smpp))),
        ("sm_length beyond the body", Box::pin(sm_length_beyond_the_body(smpp))),
        ("TLV beyond the PDU", Box::pin(tlv_beyond_the_pdu(smpp))),
        ("unknown vendor TLV", Box::pin(unknown_vendor_tlv(smpp))),
        ("message_payload of 2000 octets", Box::pin(large_message_payload(smpp))),
        ("empty destination", Box::pin(empty_destination(smpp))),
        ("bad schedule_delivery_time", Box::pin(bad_schedule(smpp))),
        ("octet by octet", Box::pin(octet_by_octet(smpp))),
        (
            "bind, submit_sm and enquire_link in one segment",
            Box::pin(all_in_one_segment(smpp)),
        ),
        (
            "ten submit_sm, then a half-close",
            Box::pin(ten_submits_then_half_close(smpp)),
        ),
        ("unbind", Box::pin(unbind(smpp))),
        ("silence", Box::pin(silence(smpp))),
        ("gone in the middle of a PDU", Box::pin(gone_in_the_middle(smpp))),
    ];

    let (system_id, password) = NEIGHBOUR;
    let mut neighbour = Wire::bound(smpp, id::BIND_TRANSMITTER, system_id, password).await;
    let mut failed = Vec::new();
    for (name, misdeed) in misdeeds {
        if tokio::spawn(misdeed).await.is_err() {
            failed.push(name);
        }
        neighbour.enquire().await;
        assert_eq!(
            neighbour.submit(&Submit::default()).await.status,
            status::ROK,
            "the neighbour after {name}"
        );
    }
    assert!(
        failed.is_empty(),
        "not answered as they should be (what went wrong is above): {failed:?}"
    );
}

async fn wrong_password(smpp: SocketAddr) {
    refused_as(smpp, SYSTEM_ID, "secret09").await;
}

/// The same answers as to a wrong password: who may bind is nobody's to find out.
async fn unknown_system_id(smpp: SocketAddr) {
    refused_as(smpp, "nobody", PASSWORD).await;
}

/// Clients read a refusal of a transceiver with a body and those of the others without one (gosmpp), and give up for good
/// on more telling codes (Kannel).
async fn refused_as(smpp: SocketAddr, system_id: &str, password: &str) {
    let kinds = [
        (id::BIND_TRANSMITTER, vec![]),
        (id::BIND_RECEIVER, vec![]),
        (id::BIND_TRANSCEIVER, vec![0]),
    ];
    for (kind, body) in kinds {
        let mut wire = Wire::connect(smpp).await;
        wire.send(&bind(kind, 7, system_id, password)).await;
        let refusal = Frame {
            id: kind | id::RESPONSE,
            status: status::RBINDFAIL,
            sequence: 7,
            body,
        };
        assert_eq!(wire.frame().await, refusal);
        wire.closed().await;
    }
}

async fn password_without_end(smpp: SocketAddr) {
    let mut wire = Wire::connect(smpp).await;
    let body = [SYSTEM_ID.as_bytes(), &[0], &[b'x'; 300]].concat();
    wire.send(&pdu(id::BIND_TRANSCEIVER, 1, &body)).await;
    let refusal = wire.frame().await;
    assert_eq!(
        (refusal.id, refusal.status),
        (id::BIND_TRANSCEIVER | id::RESPONSE, status::RINVPASWD),
        "{refusal:?}"
    );
    wire.closed().await;
}

async fn bind_while_bound(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    wire.send(&bind(id::BIND_TRANSMITTER, 77, SYSTEM_ID, PASSWORD)).await;
    let refusal = Frame {
        id: id::BIND_TRANSMITTER | id::RESPONSE,
        status: status::RALYBND,
        sequence: 77,
        body: vec![],
    };
    assert_eq!(wire.frame().await, refusal);
    still_up(&mut wire).await;
}

async fn anything_before_bind(smpp: SocketAddr) {
    let mut wire = Wire::connect(smpp).await;
    wire.send(&Submit::default().pdu(5)).await;
    let refusal = Frame {
        id: id::SUBMIT_SM | id::RESPONSE,
        status: status::RINVBNDSTS,
        sequence: 5,
        body: vec![],
    };
    assert_eq!(wire.frame().await, refusal);
    wire.send(&pdu(id::UNBIND, 6, &[])).await;
    let refusal = Frame {
        id: id::UNBIND | id::RESPONSE,
        status: status::RINVBNDSTS,
        sequence: 6,
        body: vec![],
    };
    assert_eq!(wire.frame().await, refusal);
    wire.send(&pdu(id::ENQUIRE_LINK, 7, &[])).await;
    let alive = Frame {
        id: id::ENQUIRE_LINK | id::RESPONSE,
        status: status::ROK,
        sequence: 7,
        body: vec![],
    };
    assert_eq!(wire.frame().await, alive);
    wire.send(&bind(id::BIND_TRANSCEIVER, 8, SYSTEM_ID, PASSWORD)).await;
    assert_eq!(
        wire.frame().await.status,
        status::ROK,
        "none of this was a reason not to let it bind"
    );
    still_up(&mut wire).await;
}

async fn submit_on_a_receiver(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_RECEIVER, SYSTEM_ID, PASSWORD).await;
    let refusal = wire.submit(&Submit::default()).await;
    assert_eq!((refusal.status, refusal.body), (status::RINVBNDSTS, vec![]));
    wire.enquire().await;
}

async fn unknown_command_id(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    for unknown in [0x0000_0400, 0x0001_0200, 0x0000_000B] {
        wire.send(&pdu(unknown, 0x7FFF_FFFF, b"whatever it means")).await;
        let nack = Frame {
            id: id::GENERIC_NACK,
            status: status::RINVCMDID,
            sequence: 0x7FFF_FFFF,
            body: vec![],
        };
        assert_eq!(wire.frame().await, nack);
    }
    still_up(&mut wire).await;
}

async fn response_to_nothing(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    wire.send(&answer(id::DELIVER_SM | id::RESPONSE, status::ROK, 4711, &[0]))
        .await;
    wire.send(&answer(id::GENERIC_NACK, status::RINVCMDID, 4712, &[])).await;
    still_up(&mut wire).await;
}

/// Decided as soon as the length is there, before a bind and after it.
async fn impossible_command_length(smpp: SocketAddr, length: u32) {
    for mut wire in [
        Wire::connect(smpp).await,
        Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await,
    ] {
        wire.send(&length.to_be_bytes()).await;
        let nack = wire.frame().await;
        assert_eq!((nack.id, nack.status), (id::GENERIC_NACK, status::RINVCMDLEN), "{nack:?}");
        wire.closed().await;
    }
}

async fn http_on_the_smpp_port(smpp: SocketAddr) {
    let mut wire = Wire::connect(smpp).await;
    wire.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let nack = wire.frame().await;
    assert_eq!((nack.id, nack.status), (id::GENERIC_NACK, status::RINVCMDLEN), "{nack:?}");
    wire.closed().await;
}

async fn truncated_body(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    let whole = Submit::default().pdu(0);
    for length in 16..whole.len() {
        let sequence = wire.next_sequence();
        wire.send(&pdu(id::SUBMIT_SM, sequence, &whole[16..length])).await;
        let refusal = wire.frame().await;
        assert_eq!(
            (refusal.id, refusal.sequence),
            (id::SUBMIT_SM | id::RESPONSE, sequence),
            "{refusal:?}"
        );
        assert_ne!(refusal.status, status::ROK, "a submit_sm cut to {length} octets");
    }
    still_up(&mut wire).await;
}

async fn sm_length_beyond_the_body(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    let refusal = wire
        .submit(&Submit {
            sm_length: Some(200),
            ..Submit::default()
        })
        .await;
    assert!(
        [status::RINVMSGLEN, status::RINVCMDLEN].contains(&refusal.status),
        "{refusal:?}"
    );
    still_up(&mut wire).await;
}

async fn tlv_beyond_the_pdu(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    let mut tail = tlv(tag::MESSAGE_PAYLOAD, b"said to be longer");
    tail[3] += 100;
    let refusal = wire
        .submit(&Submit {
            tail,
            ..Submit::default()
        })
        .await;
    assert_eq!(refusal.status, status::RINVOPTPARSTREAM, "{refusal:?}");
    still_up(&mut wire).await;
}

async fn unknown_vendor_tlv(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    let tail = [tlv(0x1400, b"ours alone"), tlv(0x3FFF, &[])].concat();
    assert_eq!(
        wire.submit(&Submit {
            tail,
            ..Submit::default()
        })
        .await
        .status,
        status::ROK
    );
}

async fn large_message_payload(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    let tail = tlv(tag::MESSAGE_PAYLOAD, &[b'x'; 2000]);
    assert_eq!(
        wire.submit(&Submit {
            short_message: b"",
            tail,
            ..Submit::default()
        })
        .await
        .status,
        status::ROK
    );
}

async fn empty_destination(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    let refusal = wire
        .submit(&Submit {
            destination: "",
            ..Submit::default()
        })
        .await;
    assert_eq!((refusal.status, refusal.body), (status::RINVDSTADR, vec![]));
    still_up(&mut wire).await;
}

async fn bad_schedule(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    for schedule in ["261399000000000+", "tomorrow", "2611220000000"] {
        let refusal = wire
            .submit(&Submit {
                schedule,
                ..Submit::default()
            })
            .await;
        assert_eq!(refusal.status, status::RINVSCHED, "schedule_delivery_time {schedule}");
    }
    still_up(&mut wire).await;
}

async fn octet_by_octet(smpp: SocketAddr) {
    let mut wire = Wire::connect(smpp).await;
    let octets = [bind(id::BIND_TRANSCEIVER, 1, SYSTEM_ID, PASSWORD), Submit::default().pdu(2)].concat();
    for octet in octets {
        wire.send(&[octet]).await;
        tokio::task::yield_now().await;
    }
    for sequence in 1..=2 {
        let response = wire.frame().await;
        assert_eq!((response.sequence, response.status), (sequence, status::ROK), "{response:?}");
    }
}

async fn all_in_one_segment(smpp: SocketAddr) {
    let mut wire = Wire::connect(smpp).await;
    let all = [
        bind(id::BIND_TRANSMITTER, 1, SYSTEM_ID, PASSWORD),
        Submit::default().pdu(2),
        pdu(id::ENQUIRE_LINK, 3, &[]),
    ];
    wire.send(&all.concat()).await;
    let first = wire.frame().await;
    assert_eq!(
        (first.id, first.status),
        (id::BIND_TRANSMITTER | id::RESPONSE, status::ROK),
        "{first:?}"
    );
    let mut others = [wire.frame().await, wire.frame().await];
    others.sort_by_key(|frame| frame.sequence);
    assert_eq!(
        others.map(|frame| (frame.id & !id::RESPONSE, frame.status)),
        [(id::SUBMIT_SM, 0), (id::ENQUIRE_LINK, 0)]
    );
}

async fn ten_submits_then_half_close(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSMITTER, SYSTEM_ID, PASSWORD).await;
    let submits: Vec<_> = (10..20).map(|sequence| Submit::default().pdu(sequence)).collect();
    wire.send(&submits.concat()).await;
    wire.half_close().await;
    let mut answered = Vec::new();
    while let Some(response) = wire.next().await {
        assert_eq!(
            (response.id, response.status),
            (id::SUBMIT_SM | id::RESPONSE, status::ROK),
            "{response:?}"
        );
        answered.push(response.sequence);
    }
    answered.sort_unstable();
    assert_eq!(answered, (10..20).collect::<Vec<_>>());
}

async fn unbind(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    wire.send(&pdu(id::UNBIND, 9, &[])).await;
    let response = Frame {
        id: id::UNBIND | id::RESPONSE,
        status: status::ROK,
        sequence: 9,
        body: vec![],
    };
    assert_eq!(wire.frame().await, response);
    wire.closed().await;
}

async fn silence(smpp: SocketAddr) {
    Wire::connect(smpp).await.closed().await;
    let mut halfway = Wire::connect(smpp).await;
    halfway.send(&bind(id::BIND_TRANSCEIVER, 1, SYSTEM_ID, PASSWORD)[..20]).await;
    halfway.closed().await;
}

async fn gone_in_the_middle(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    wire.send(&Submit::default().pdu(2)[..30]).await;
}

/// The bind has survived what was done before.
async fn still_up(wire: &mut Wire) {
    wire.enquire().await;
    assert_eq!(wire.submit(&Submit::default()).await.status, status::ROK);
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_and_tls_listeners_stand_side_by_side() {
    let upstream = upstream().await;
    let home = Home::new();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let cert = home.write("cert.pem", made.cert.pem());
    let key = home.write("key.pem", made.signing_key.serialize_pem());
    let smpp = format!("tls = {{ addr = \"127.0.0.1:0\", cert = {cert:?}, key = {key:?} }}");
    let config = Config {
        smpp,
        ..Config::default()
    };
    let edgebind = Edgebind::with_config(&home, &config.toml(&home, upstream.base_url())).await;

    let mut plain = Wire::bound(edgebind.smpp(), id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    // Octets that are no handshake end their own connection.
    let mut stranger = Wire::connect(edgebind.smpps()).await;
    stranger.send(&bind(id::BIND_TRANSCEIVER, 1, SYSTEM_ID, PASSWORD)).await;
    let mut encrypted = over_tls(edgebind.smpps(), made.cert.der().clone()).await;
    encrypted.send(&bind(id::BIND_TRANSCEIVER, 1, SYSTEM_ID, PASSWORD)).await;
    assert_eq!(encrypted.frame().await.status, status::ROK);
    for wire in [&mut plain, &mut encrypted] {
        wire.enquire().await;
        let response = wire.submit(&Submit::default()).await;
        assert_eq!(response.status, status::ROK);
        crate::world::submission(&upstream, &response.string()).await;
    }
}

async fn over_tls(smpps: SocketAddr, certificate: CertificateDer<'static>) -> Wire {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(smpps).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    Wire::over(
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .expect("the handshake succeeds"),
    )
}
