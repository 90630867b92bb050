//! Whatever a peer does, it gets the answer that the specification or custom has for it, and a neighbour bound all along
//! notices nothing.

use std::net::SocketAddr;
use std::sync::Arc;

use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID};
use edgebind_tests::edgebind::{Edgebind, Home};
use edgebind_tests::wire::{Frame, Submit, Wire, answer, bind, id, pdu, status};
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::neighbour::{Deed, all_are_answered, still_up};
use crate::world::upstream;

#[tokio::test(flavor = "multi_thread")]
async fn every_misdeed_gets_its_answer_and_no_neighbour_notices() {
    all_are_answered(|smpp| {
        let misdeeds: [(_, Deed); 8] = [
            ("wrong password", Box::pin(wrong_password(smpp))),
            ("unknown system_id", Box::pin(unknown_system_id(smpp))),
            ("password that no field holds", Box::pin(password_without_end(smpp))),
            ("anything before bind", Box::pin(anything_before_bind(smpp))),
            ("response to nothing", Box::pin(response_to_nothing(smpp))),
            ("HTTP on the SMPP port", Box::pin(http_on_the_smpp_port(smpp))),
            ("octet by octet", Box::pin(octet_by_octet(smpp))),
            ("gone in the middle of a PDU", Box::pin(gone_in_the_middle(smpp))),
        ];
        misdeeds.into()
    })
    .await;
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

async fn response_to_nothing(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    wire.send(&answer(id::DELIVER_SM | id::RESPONSE, status::ROK, 4711, &[0]))
        .await;
    wire.send(&answer(id::GENERIC_NACK, status::RINVCMDID, 4712, &[])).await;
    still_up(&mut wire).await;
}

async fn http_on_the_smpp_port(smpp: SocketAddr) {
    let mut wire = Wire::connect(smpp).await;
    wire.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let nack = wire.frame().await;
    assert_eq!((nack.id, nack.status), (id::GENERIC_NACK, status::RINVCMDLEN), "{nack:?}");
    wire.closed().await;
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

async fn gone_in_the_middle(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    wire.send(&Submit::default().pdu(2)[..30]).await;
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
