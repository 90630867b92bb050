//! Who may connect and bind: by certificate, by address, through a proxy, and not by guessing; and an ESME that is called.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use edgebind_tests::capture::Side;
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID, UPSTREAM};
use edgebind_tests::edgebind::{Edgebind, Home};
use edgebind_tests::tap::Tap;
use edgebind_tests::tshark;
use edgebind_tests::wait::{self, PATIENCE};
use edgebind_tests::wire::{Frame, Wire, answer, bind, id, pdu, status};
use rustix::process::Signal;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::pki::{Pki, V12, V13};
use crate::world::{OWN_NUMBER, World, attached, upstream};

/// A second account, which may do whatever the first may not.
const OTHER: (&str, &str) = ("esme02", "secret02");

/// A world whose file was changed before it was read; the lines of its last account are at its end.
async fn world(config: &Config, change: impl FnOnce(&Home, String) -> String) -> World {
    let upstream = upstream().await;
    let home = Home::new();
    let toml = change(&home, config.toml(&home, upstream.base_url()));
    World {
        edgebind: Edgebind::with_config(&home, &toml).await,
        upstream,
        home,
    }
}

/// A connection from one of the loopback's many addresses.
async fn from(address: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(address.parse().unwrap(), 0)).unwrap();
    socket.connect(to).await.expect("the listener takes connections")
}

/// What a bind request over this connection is answered.
async fn answered(wire: &mut Wire, (system_id, password): (&str, &str)) -> Frame {
    let sequence = wire.next_sequence();
    wire.send(&bind(id::BIND_TRANSCEIVER, sequence, system_id, password)).await;
    wire.frame().await
}

/// The same from this address, over a connection of its own.
async fn bound_from(address: &str, to: SocketAddr, credentials: (&str, &str)) -> (Wire, u32) {
    let mut wire = Wire::over(from(address, to).await);
    let status = answered(&mut wire, credentials).await.status;
    (wire, status)
}

async fn logged(home: &Home, what: &str) {
    wait::until(format!("the log to say {what:?}"), PATIENCE, async || {
        home.log().contains(what).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_certificates_binds_with_one_of_them_only() {
    let (pki, strangers) = (Pki::new("our authority"), Pki::new("another authority"));
    let (own, other) = (pki.issue("esme01.example.com"), pki.issue("esme02.example.com"));
    let pinned = format!("\"name:ESME01.example.com\", \"{}\"", pki.issue("unused").sha256());
    let config = Config {
        accounts: vec![OTHER, ("esme03", "secret03")],
        ..Config::default()
    };
    let exact = own.sha256();
    let world = world(&config, |home, toml| {
        let [chain, key] = pki.issue("gateway.example").write(home, "gateway");
        let ca = home.write("ca.pem", pki.pem());
        let tls = format!("tls = {{ addr = \"127.0.0.1:0\", cert = {chain:?}, key = {key:?}, client_ca = {ca:?} }}\n[limits]");
        with_account_lines(&toml, &format!("certificates = [{pinned}]")).replace("[limits]", &tls)
            + &format!("certificates = [\"{exact}\"]\n")
    })
    .await;
    let smpps = world.edgebind.smpps();
    for version in [V12, V13] {
        for (shows, credentials, expected) in [
            (Some(&own), (SYSTEM_ID, PASSWORD), status::ROK),
            (Some(&other), (SYSTEM_ID, PASSWORD), status::RBINDFAIL),
            (Some(&other), ("esme03", "secret03"), status::RBINDFAIL),
            (Some(&own), ("esme03", "secret03"), status::ROK),
            (Some(&other), OTHER, status::ROK),
            (None, (SYSTEM_ID, PASSWORD), status::RBINDFAIL),
            (None, OTHER, status::ROK),
        ] {
            let stream = from("127.0.0.1", smpps).await;
            let mut wire = Wire::over(pki.over(stream, version, shows).await.unwrap());
            let (name, shown) = (credentials.0, shows.map(|shown| shown.name.as_str()));
            assert_eq!(
                answered(&mut wire, credentials).await.status,
                expected,
                "{name} who shows {shown:?}"
            );
        }
    }
    // Without TLS there is nothing to show, and it looks like any other refusal.
    let mut plain = Wire::connect(world.edgebind.smpp()).await;
    let refused = answered(&mut plain, (SYSTEM_ID, PASSWORD)).await;
    plain.closed().await;
    let mut unknown = Wire::connect(world.edgebind.smpp()).await;
    assert_eq!(answered(&mut unknown, ("nobody", PASSWORD)).await, refused);
    unknown.closed().await;
    logged(&world.home, "without a certificate").await;
    logged(&world.home, "with a certificate that is none of its own").await;

    let stream = from("127.0.0.1", smpps).await;
    let foreign = strangers.issue("esme01.example.com");
    // In TLS 1.3 a client is done before its certificate is looked at.
    if let Ok(stream) = pki.over(stream, V13, Some(&foreign)).await {
        Wire::over(stream).closed().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_shown_without_a_restart_and_open_binds_stay() {
    let pki = Pki::new("our authority");
    let before = pki.issue("gateway.example");
    let world = world(&Config::default(), |home, toml| {
        let [chain, key] = before.write(home, "gateway");
        toml.replace(
            "[limits]",
            &format!("tls = {{ addr = \"127.0.0.1:0\", cert = {chain:?}, key = {key:?} }}\n[limits]"),
        )
    })
    .await;
    let smpps = world.edgebind.smpps();
    let shown = async || pki.shown(from("127.0.0.1", smpps).await).await;
    assert_eq!(shown().await, before.der);
    let stream = pki.over(from("127.0.0.1", smpps).await, V13, None).await.unwrap();
    let mut esme = Wire::over(stream);
    assert_eq!(answered(&mut esme, (SYSTEM_ID, PASSWORD)).await.status, status::ROK);

    let after = pki.issue("gateway.example");
    after.write(&world.home, "gateway");
    wait::until("the new certificate to be shown", PATIENCE, async || {
        (shown().await == after.der).then_some(())
    })
    .await;

    world.home.write("gateway.pem", "no certificate at all");
    world.edgebind.signal(Signal::HUP);
    logged(&world.home, "the new certificate cannot be used and the old one stays").await;
    assert_eq!(shown().await, after.der);

    let latest = pki.issue("gateway.example");
    latest.write(&world.home, "gateway");
    world.edgebind.signal(Signal::HUP);
    wait::until("the latest certificate to be shown", PATIENCE, async || {
        (shown().await == latest.der).then_some(())
    })
    .await;
    esme.enquire().await;
}

/// Both versions of the header.
fn headers(source: [u8; 4]) -> [Vec<u8>; 2] {
    let line = format!("PROXY TCP4 {} 192.0.2.1 51234 2775\r\n", IpAddr::from(source));
    let binary = [
        &b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C"[..],
        &source,
        &[192, 0, 2, 1, 0xC8, 0x22, 0x0A, 0xD7],
    ];
    [line.into_bytes(), binary.concat()]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_says_who_connects() {
    let pki = Pki::new("our authority");
    let world = world(&Config::default(), |home, toml| {
        let [chain, key] = pki.issue("gateway.example").write(home, "gateway");
        let proxied = "addr = \"127.0.0.1:0\", proxy_protocol = true, proxy_protocol_from = [\"127.0.0.0/30\"]";
        let tls = format!("tls = {{ {proxied}, cert = {chain:?}, key = {key:?} }}\n[limits]");
        let plain = format!("plain = {{ {proxied} }}");
        toml.replace("[limits]", &tls).replace("plain = \"127.0.0.1:0\"", &plain) + "allow_from = [\"198.51.100.0/24\"]\n"
    })
    .await;
    let (smpp, smpps) = (world.edgebind.smpp_listener(), world.edgebind.smpps());
    let credentials = (SYSTEM_ID, PASSWORD);
    for (source, expected) in [([198, 51, 100, 7], status::ROK), ([203, 0, 113, 7], status::RBINDFAIL)] {
        for header in headers(source) {
            let mut wire = Wire::connect(smpp).await;
            wire.send(&header).await;
            assert_eq!(answered(&mut wire, credentials).await.status, expected, "{source:?}");

            let mut stream = from("127.0.0.1", smpps).await;
            tokio::io::AsyncWriteExt::write_all(&mut stream, &header).await.unwrap();
            let mut wire = Wire::over(pki.over(stream, V13, None).await.unwrap());
            assert_eq!(answered(&mut wire, credentials).await.status, expected, "{source:?} by TLS");
        }
    }
    logged(&world.home, "peer=198.51.100.7:51234").await;
    logged(&world.home, "from an address that allow_from does not name").await;

    // The proxy's own health check has the proxy's own address.
    let mut wire = Wire::connect(smpp).await;
    wire.send(b"PROXY UNKNOWN\r\n").await;
    assert_eq!(answered(&mut wire, credentials).await.status, status::RBINDFAIL);

    // Somebody else's word is nobody's.
    let mut wire = Wire::over(from("127.0.0.9", smpp).await);
    let [header, _] = headers([198, 51, 100, 7]);
    let _ = wire.try_send(&header).await;
    wire.closed().await;
}

/// No client sends a PROXY header; who expects one hangs up on them, and who does not is not confused by one.
#[tokio::test(flavor = "multi_thread")]
async fn q22_a_proxy_header_comes_where_it_is_asked_for_and_nowhere_else() {
    let world = world(&Config::default(), |_, toml| {
        let proxied = "{ addr = \"127.0.0.1:0\", proxy_protocol = true, proxy_protocol_from = [\"127.0.0.1\"] }";
        toml.replace("plain = \"127.0.0.1:0\"", &format!("plain = {proxied}"))
    })
    .await;
    let mut client = Wire::connect(world.edgebind.smpp_listener()).await;
    client.send(&bind(id::BIND_TRANSCEIVER, 1, SYSTEM_ID, PASSWORD)).await;
    client.closed().await;

    let world = World::start(&Config::default()).await;
    world.transceiver().await.enquire().await;
    for header in headers([198, 51, 100, 7]) {
        let mut proxy = Wire::connect(world.edgebind.smpp()).await;
        proxy.send(&header).await;
        let nack = proxy.frame().await;
        assert_eq!((nack.id, nack.status), (id::GENERIC_NACK, status::RINVCMDLEN));
        proxy.closed().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_cannot_take_every_place() {
    let world = World::start(&Config {
        limits: "connections_per_address_max = 2".to_owned(),
        ..Config::default()
    })
    .await;
    let smpp = world.edgebind.smpp_listener();
    let credentials = (SYSTEM_ID, PASSWORD);
    let (mut first, one) = bound_from("127.0.0.2", smpp, credentials).await;
    let silent = from("127.0.0.2", smpp).await;
    let mut third = Wire::over(from("127.0.0.2", smpp).await);
    third.closed().await;
    let (_elsewhere, other) = bound_from("127.0.0.3", smpp, credentials).await;
    assert_eq!((one, other), (status::ROK, status::ROK));
    drop(silent);
    wait::until("the place to be given back", PATIENCE, async || {
        let mut wire = Wire::over(from("127.0.0.2", smpp).await);
        let _ = wire.try_send(&pdu(id::ENQUIRE_LINK, 1, &[])).await;
        wire.next().await
    })
    .await;
    first.enquire().await;
}

/// A PDU that no bind request can be is not even read while nobody has bound.
#[tokio::test(flavor = "multi_thread")]
async fn before_a_bind_a_pdu_is_small() {
    let world = World::start(&Config::default()).await;
    let mut wire = Wire::connect(world.edgebind.smpp()).await;
    wire.send(&pdu(id::SUBMIT_SM, 1, &[0; 1_024 - 16])).await;
    assert_eq!(wire.frame().await.status, status::RINVBNDSTS);
    wire.send(&pdu(id::SUBMIT_SM, 2, &[0; 1_025 - 16])[..16]).await;
    let nack = wire.frame().await;
    assert_eq!((nack.id, nack.status), (id::GENERIC_NACK, status::RINVCMDLEN));
    wire.closed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_guesses_is_locked_out_and_no_customer_is() {
    let world = World::start(&Config {
        accounts: vec![OTHER],
        ..Config::default()
    })
    .await;
    let smpp = world.edgebind.smpp_listener();
    let customer = (SYSTEM_ID, PASSWORD);
    assert_eq!(bound_from("127.0.0.2", smpp, customer).await.1, status::ROK);

    let mut answers = Vec::new();
    for guess in 0..10 {
        let mut wire = Wire::over(from("127.0.0.2", smpp).await);
        answers.push(answered(&mut wire, (OTHER.0, &format!("guess{guess}"))).await);
        wire.closed().await;
    }
    // The eleventh guess is right, and hears what the others heard.
    let mut wire = Wire::over(from("127.0.0.2", smpp).await);
    let locked_out = answered(&mut wire, OTHER).await;
    assert_eq!(locked_out.status, status::RBINDFAIL);
    assert!(answers.iter().all(|answer| *answer == locked_out), "{answers:?}");
    logged(&world.home, "too many binds with wrong credentials").await;
    assert!(world.edgebind.metrics().await.contains("edgebind_lock_outs_total 1"));

    assert_eq!(bound_from("127.0.0.3", smpp, OTHER).await.1, status::ROK, "from elsewhere");
    assert_eq!(
        bound_from("127.0.0.2", smpp, customer).await.1,
        status::ROK,
        "from the same address as before"
    );
}

/// SMPP's password has room for eight octets; who issued longer ones can have them taken, and who did not is not fooled by one.
#[tokio::test(flavor = "multi_thread")]
async fn q20_a_long_password_is_taken_where_that_is_meant() {
    let long = "fourteen-octet";
    let world = world(&Config::default(), |_, toml| {
        toml + &format!("[[tenants.accounts]]\nsystem_id = \"long\"\npassword = \"{long}\"\nallow_long_password = true\n")
    })
    .await;
    let smpp = world.edgebind.smpp();
    assert_eq!(bound_from("127.0.0.1", smpp, ("long", long)).await.1, status::ROK);
    // What a client sends that cuts it silently.
    assert_eq!(bound_from("127.0.0.1", smpp, ("long", &long[..8])).await.1, status::RBINDFAIL);
    let longer = format!("{PASSWORD}9");
    assert_eq!(bound_from("127.0.0.1", smpp, (SYSTEM_ID, &longer)).await.1, status::RBINDFAIL);
    assert_eq!(bound_from("127.0.0.1", smpp, (SYSTEM_ID, PASSWORD)).await.1, status::ROK);
}

/// Where outbind is waited for.
async fn esme_listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// The next connection from the gateway.
async fn called(listener: &TcpListener) -> TcpStream {
    let (stream, _) = timeout(PATIENCE, listener.accept()).await.expect("a call").unwrap();
    stream
}

/// What a call says first: system_id and password.
async fn outbind(wire: &mut Wire) -> Vec<u8> {
    let outbind = wire.frame().await;
    assert_eq!((outbind.id, outbind.status), (id::OUTBIND, status::ROK), "{outbind:?}");
    outbind.body
}

/// Lets a message wait for the usual account.
async fn deliveries_wait(world: &World) {
    drop(world.transceiver().await);
    attached(&world.upstream).await;
    world.upstream.incoming(UPSTREAM.0, "+447700900200", OWN_NUMBER, "hello");
}

/// The usual account with these lines more.
fn with_account_lines(toml: &str, lines: &str) -> String {
    let password = format!("password = \"{PASSWORD}\"\n");
    toml.replace(&password, &format!("{password}{lines}\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_esme_is_called_when_deliveries_wait_for_it() {
    let (listener, address) = esme_listener().await;
    let tap = Tap::before(address).await;
    let address = tap.address();
    let config = Config {
        accounts: vec![OTHER],
        ..Config::default()
    };
    let world = world(&config, |_, toml| {
        let outbind = format!("outbind = {{ address = \"{address}\", system_id = \"acmegw\", password = \"letmein\" }}");
        with_account_lines(&toml, &outbind)
    })
    .await;
    deliveries_wait(&world).await;

    // Somebody else answers: the message is not theirs.
    let mut wire = Wire::over(called(&listener).await);
    assert_eq!(outbind(&mut wire).await, b"acmegw\0letmein\0");
    assert_eq!(answered(&mut wire, OTHER).await.status, status::RBINDFAIL);
    wire.closed().await;

    let mut wire = Wire::over(called(&listener).await);
    outbind(&mut wire).await;
    wire.send(&bind(id::BIND_RECEIVER, 1, SYSTEM_ID, PASSWORD)).await;
    let response = wire.frame().await;
    assert_eq!(
        (response.id, response.status),
        (id::BIND_RECEIVER | id::RESPONSE, status::ROK)
    );
    assert_eq!(wire.delivery().await.short_message, b"hello");

    // While it is bound nobody calls, whatever comes.
    world.upstream.incoming(UPSTREAM.0, "+447700900200", OWN_NUMBER, "again");
    assert_eq!(wire.delivery().await.short_message, b"again");
    assert!(timeout(Duration::from_secs(3), listener.accept()).await.is_err());

    // A drain ends this bind as it ends any other.
    world.edgebind.signal(Signal::TERM);
    let unbind = wire.frame().await;
    assert_eq!(unbind.id, id::UNBIND);
    wire.send(&answer(id::UNBIND | id::RESPONSE, status::ROK, unbind.sequence, &[]))
        .await;
    wire.closed().await;
    assert!(world.edgebind.terminate().await.success());
    if let Err(why) = tshark::judge(&tap.take(), Side::Caller, "outbind") {
        panic!("tshark on what the gateway sent: {why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_esme_that_is_called_by_tls_proves_who_it_is() {
    let (pki, strangers) = (Pki::new("our authority"), Pki::new("another authority"));
    let (listener, address) = esme_listener().await;
    let world = world(&Config::default(), |home, toml| {
        let [chain, key] = pki.issue("gateway.example").write(home, "gateway");
        let ca = home.write("ca.pem", pki.pem());
        let tls = format!("tls = {{ addr = \"127.0.0.1:0\", cert = {chain:?}, key = {key:?}, client_ca = {ca:?} }}\n[limits]");
        let port = address.port();
        let outbind = format!("outbind = {{ address = \"localhost:{port}\", system_id = \"acmegw\", tls = true }}");
        with_account_lines(&toml, &outbind).replace("[limits]", &tls)
    })
    .await;
    deliveries_wait(&world).await;

    for stranger in [strangers.issue("localhost"), pki.issue("elsewhere.example")] {
        let stream = stranger.acceptor().accept(called(&listener).await).await;
        match stream {
            Ok(stream) => Wire::over(stream).closed().await,
            Err(_) => logged(&world.home, "failed to reach the ESME").await,
        }
    }
    let stream = pki.issue("localhost").acceptor().accept(called(&listener).await).await;
    let mut wire = Wire::over(stream.expect("the gateway trusts authorities of client_ca"));
    assert_eq!(outbind(&mut wire).await, b"acmegw\0\0");
    assert_eq!(answered(&mut wire, (SYSTEM_ID, PASSWORD)).await.status, status::ROK);
    assert_eq!(wire.delivery().await.short_message, b"hello");
}
