//! A gateway with no configuration file: system_id and password are the upstream's own, as in SMSGate's SMPP server.

use std::fs;
use std::time::Duration;

use edgebind_simulator::smsgate::{Call, Fault, On};
use edgebind_tests::config::UPSTREAM;
use edgebind_tests::edgebind::{Edgebind, Home, file_with};
use edgebind_tests::wait::{self, PATIENCE};
use edgebind_tests::wire::{Submit, Wire, bind, id, status};

use crate::world::{OWN_NUMBER, upstream};

const LOGIN: &str = UPSTREAM.0;
/// Longer than SMPP's password field, as all of SMSGate's are.
const PASSWORD: &str = UPSTREAM.1;

#[tokio::test(flavor = "multi_thread")]
async fn an_esme_binds_with_what_the_upstream_knows() {
    let upstream = upstream().await;
    let home = Home::new();
    let variables = [("GATEWAY__API_BASE_URL", upstream.base_url()), ("GATEWAY__WEBHOOKS", "bind")];
    let edgebind = Edgebind::with_env(&home, &variables).await;

    for (login, password) in [(LOGIN, "not-the-password"), ("NOBODY", PASSWORD)] {
        let mut stranger = Wire::connect(edgebind.smpp()).await;
        stranger.send(&bind(id::BIND_TRANSCEIVER, 1, login, password)).await;
        let refusal = stranger.frame().await;
        assert_eq!((refusal.status, refusal.body), (status::RBINDFAIL, vec![0]));
        stranger.closed().await;
    }

    let mut esme = Wire::bound(edgebind.smpp(), id::BIND_TRANSCEIVER, LOGIN, PASSWORD).await;
    wait::until("the webhooks to be registered", PATIENCE, async || {
        let webhooks = upstream.webhooks(LOGIN);
        ["sms:received", "sms:delivered"]
            .iter()
            .all(|event| webhooks.iter().any(|webhook| webhook.event == *event))
            .then_some(())
    })
    .await;
    let response = esme
        .submit(&Submit {
            registered_delivery: 1,
            ..Submit::default()
        })
        .await;
    assert_eq!(response.status, status::ROK);
    let receipt = esme.delivery().await;
    assert_eq!(
        (receipt.receipted_message_id(), receipt.stat()),
        (response.string(), "DELIVRD".to_owned())
    );
    upstream.incoming(LOGIN, "+447700900200", OWN_NUMBER, "hello");
    assert_eq!(esme.delivery().await.short_message, b"hello");

    let posts = upstream.calls().into_iter().filter(|call| call.submission.is_some());
    assert!(
        posts
            .map(|call| call.account)
            .all(|account| account.as_deref() == Some(LOGIN))
    );

    // When the last receiver leaves, nothing of the gateway's stays at the upstream.
    drop(esme);
    wait::until("the webhooks to be removed", PATIENCE, async || {
        upstream.webhooks(LOGIN).is_empty().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_goes_on_after_a_restart_with_credentials_that_no_file_shows() {
    let upstream = upstream().await;
    let home = Home::new();
    let variables = [("GATEWAY__API_BASE_URL", upstream.base_url())];
    let edgebind = Edgebind::with_env(&home, &variables).await;
    upstream
        .faults()
        .always(On::Submit, Fault::status(503, "service unavailable"));
    let mut esme = Wire::bound(edgebind.smpp(), id::BIND_TRANSMITTER, LOGIN, PASSWORD).await;
    let response = esme.submit(&Submit::default()).await;
    assert_eq!(response.status, status::ROK);
    assert_eq!(
        file_with(&home.data_dir(), PASSWORD.as_bytes()),
        None,
        "the password lies in clear on the disk"
    );
    edgebind.kill().await;
    drop(esme);

    let edgebind = Edgebind::with_env(&home, &variables).await;
    upstream.faults().clear();
    let taken = |calls: &[Call]| calls.iter().any(|call| call.status == Some(202));
    let calls = upstream
        .wait_for(taken, PATIENCE)
        .await
        .expect("the message reaches the upstream");
    let taken = calls.into_iter().find(|call| call.status == Some(202)).unwrap();
    assert_eq!(taken.account.as_deref(), Some(LOGIN));
    assert_eq!(taken.submission.unwrap().id, Some(response.string()));
    assert_eq!(
        file_with(&home.data_dir(), PASSWORD.as_bytes()),
        None,
        "the password lies in clear on the disk"
    );

    // With nothing left to do for this login, nothing of it is kept: a worker that finds no work for a minute sees to that.
    wait::until(
        "the sealed credentials to be forgotten",
        Duration::from_secs(90),
        async || {
            let sealed = fs::read_dir(home.data_dir().join("credentials")).unwrap();
            (sealed.count() == 0).then_some(())
        },
    )
    .await;
    drop(edgebind);
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_from_one_address_are_not_all_passed_on() {
    const CHECKS: usize = 3;
    let upstream = upstream().await;
    let home = Home::new();
    let toml = format!(
        r#"
[smpp]
plain = "127.0.0.1:0"
[http]
addr = "{}"
[limits]
checks_per_minute = {CHECKS}
[[tenants]]
name = "everyone"
mode = "pass-through"
translator_settings = {{ api_base_url = "{}" }}
"#,
        home.http(),
        upstream.base_url()
    );
    let edgebind = Edgebind::with_config(&home, &toml).await;
    for guess in 0..2 * CHECKS {
        let mut wire = Wire::connect(edgebind.smpp()).await;
        wire.send(&bind(id::BIND_TRANSMITTER, 1, LOGIN, &format!("guess-{guess}")))
            .await;
        let refusal = wire.frame().await;
        assert_eq!((refusal.status, refusal.body), (status::RBINDFAIL, vec![]));
        wire.closed().await;
    }
    assert_eq!(upstream.calls().len(), CHECKS, "checks that reached the upstream");
}
