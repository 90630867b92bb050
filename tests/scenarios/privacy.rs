//! What people write, to whom, and with which secrets, is nobody's to read in a log or on a metrics page.

use edgebind_simulator::smsgate::{Fault, On};
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID, UPSTREAM};
use edgebind_tests::edgebind::{Edgebind, Home};
use edgebind_tests::wire::{Submit, Wire, bind, id, status};

use crate::world::{OWN_NUMBER, upstream};

/// All that operators could switch on to find a fault; what compilers say about their work would be gigabytes.
const EVERYTHING: &str = "trace,cranelift=warn,regalloc2=warn,wasmtime=warn,lsm_tree=info,sfa=info";

#[tokio::test(flavor = "multi_thread")]
async fn no_text_number_or_secret_is_ever_logged() {
    let text = "a word that nobody else writes: xylographiccalamondin";
    let incoming = "another one: quinquagesimalzeugma";
    let (destination, failing, sender) = ("447700913100", "447700913101", "+447700913200");
    let upstream = upstream().await;
    let home = Home::new();
    let toml = Config::default().toml(&home, upstream.base_url());
    let edgebind = Edgebind::with_config_and_env(&home, &toml, &[("EDGEBIND_LOG", EVERYTHING)]).await;

    let wrong = "wrongpw1";
    let mut stranger = Wire::connect(edgebind.smpp()).await;
    stranger.send(&bind(id::BIND_TRANSCEIVER, 1, SYSTEM_ID, wrong)).await;
    assert_eq!(stranger.frame().await.status, status::RBINDFAIL);

    let mut esme = Wire::bound(edgebind.smpp(), id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    edgebind_tests::wait::until("a webhook", edgebind_tests::wait::PATIENCE, async || {
        upstream
            .webhooks(UPSTREAM.0)
            .iter()
            .any(|webhook| webhook.event == "sms:failed")
            .then_some(())
    })
    .await;
    // Trouble is when logs talk.
    upstream
        .faults()
        .next(On::Submit, 1, Fault::status(503, "service unavailable"));
    upstream.faults().next(
        On::Submit,
        1,
        Fault::status(400, &format!("+{failing} is not a phone number")),
    );
    for destination in [destination, failing, destination] {
        let submit = Submit {
            destination,
            short_message: text.as_bytes(),
            registered_delivery: 1,
            ..Submit::default()
        };
        assert_eq!(esme.submit(&submit).await.status, status::ROK);
    }
    let malformed = Submit {
        destination: &destination.repeat(3),
        short_message: text.as_bytes(),
        ..Submit::default()
    };
    assert_ne!(esme.submit(&malformed).await.status, status::ROK);
    upstream.incoming(UPSTREAM.0, sender, OWN_NUMBER, incoming);
    for _ in 0..4 {
        esme.delivery().await;
    }
    let metrics = edgebind.metrics().await;
    edgebind.terminate().await;

    let log = home.log();
    assert!(log.lines().count() > 20, "a log at level trace has something to say:\n{log}");
    let token = upstream
        .calls()
        .into_iter()
        .find(|call| call.path == "/webhooks")
        .map(|call| String::from_utf8(call.body).unwrap());
    let token = token
        .unwrap()
        .split("/webhook/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    assert!(token.len() >= 32, "{token}");
    let basic = "QTFCMkMzOnVwc3RyZWFtLXBhc3N3b3JkLTE";
    let private = [
        ("the text of a message", "xylographiccalamondin"),
        ("the text of an incoming message", "quinquagesimalzeugma"),
        ("a destination", destination),
        ("the destination of a failing message", failing),
        ("the sender of an incoming message", sender.trim_start_matches('+')),
        ("a phone's own number", OWN_NUMBER.trim_start_matches('+')),
        ("an ESME's password", PASSWORD),
        ("a wrong password", wrong),
        ("the upstream's password", UPSTREAM.1),
        ("the Authorization header", basic),
        ("the token of a webhook's path", &token),
    ];
    for (what, words) in private {
        let line = log.lines().find(|line| line.contains(words));
        assert!(line.is_none(), "{what} is in the log: {}", line.unwrap());
        assert!(!metrics.contains(words), "{what} is on the metrics page");
    }
}
