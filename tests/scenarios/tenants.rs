//! Tenants come, change and go while the gateway runs, and are there after a restart. Nobody learns a secret by asking.

use edgebind_simulator::esme::{BindKind, Esme, Submit};
use edgebind_tests::admin::Admin;
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID, UPSTREAM};
use edgebind_tests::edgebind::{Edgebind, Home, file_with};
use edgebind_tests::wait::{self, PATIENCE};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{attached, upstream};

/// No tenant at all.
fn empty(home: &Home) -> String {
    let http = home.http();
    format!(
        "[smpp]\nplain = \"127.0.0.1:0\"\n[http]\naddr = \"{http}\"\nwebhook_base_url = \"http://{http}\"\n[admin]\naddr = \"127.0.0.1:0\"\n"
    )
}

fn document(api_base_url: &str) -> Value {
    json!({
        "name": "beta",
        "secrets": { "upstream.user": UPSTREAM.0, "upstream.password": UPSTREAM.1 },
        "translator_settings": { "api_base_url": api_base_url },
        "accounts": [{ "system_id": "beta01", "password": "beta-pw1" }],
    })
}

async fn bound(edgebind: &Edgebind, system_id: &str, password: &str) -> Esme {
    Esme::bound(edgebind.smpp(), BindKind::Transceiver, system_id, password)
        .await
        .unwrap_or_else(|error| panic!("{system_id} cannot bind: {error}"))
}

async fn is_refused(edgebind: &Edgebind, system_id: &str, password: &str) {
    let bound = Esme::bound(edgebind.smpp(), BindKind::Transceiver, system_id, password).await;
    assert!(bound.is_err(), "{system_id} is let in");
}

fn hello() -> Submit {
    Submit::text("EDGEBIND", "+447700900123", "Hello")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_the_api_makes_serves_and_outlives_a_restart() {
    let (home, upstream) = (Home::new(), upstream().await);
    let edgebind = Edgebind::with_config(&home, &empty(&home)).await;
    let admin = edgebind.admin();
    let made = admin.post("/v1/tenants", &document(upstream.base_url())).await;
    assert_eq!(made["secrets"]["upstream.password"], json!({ "set": true }));
    assert_eq!(made["accounts"][0]["password"], json!({ "set": true }));

    let esme = bound(&edgebind, "beta01", "beta-pw1").await;
    attached(&upstream).await;
    let id = esme.submit(&hello()).await.unwrap().remove(0);
    esme.receipt_of(&id, PATIENCE).await.unwrap();
    esme.unbind().await.unwrap();
    edgebind.terminate().await;

    for secret in ["beta-pw1", UPSTREAM.1] {
        assert_eq!(
            file_with(&home.data_dir(), secret.as_bytes()),
            None,
            "{secret} lies on the disk"
        );
    }
    let edgebind = Edgebind::with_config(&home, &empty(&home)).await;
    let esme = bound(&edgebind, "beta01", "beta-pw1").await;
    let id = esme.submit(&hello()).await.unwrap().remove(0);
    esme.receipt_of(&id, PATIENCE).await.unwrap();
    let tenants = edgebind.admin().get("/v1/tenants").await;
    assert_eq!(
        (&tenants[0]["name"], &tenants[0]["owner"], &tenants[0]["binds"]),
        (&json!("beta"), &json!("api"), &json!(1))
    );
    let trail = edgebind.admin().get("/v1/audit?tenant=beta").await;
    assert_eq!(trail[0]["action"], "tenant created");
    assert!(!trail.to_string().contains("beta-pw1") && !home.log().contains("beta-pw1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_token_learns_nothing() {
    let home = Home::new();
    let edgebind = Edgebind::with_config(&home, &empty(&home)).await;
    let stranger = Admin::new(edgebind.admin().base_url(), "0123456789abcdef0123456789abcdef");
    for path in ["/v1/tenants", "/v1/binds", "/v1/audit", "/v1/tenants/acme/secrets"] {
        let (status, said) = stranger.call(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(
            said["error"].as_str().unwrap().starts_with("the token is missing or wrong"),
            "{said}"
        );
    }
    let (status, api) = stranger.call(Method::GET, "/v1/openapi.json", None).await;
    assert_eq!((status, &api["openapi"]), (StatusCode::OK, &json!("3.1.0")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_all_at_once_and_nothing_is_made() {
    let home = Home::new();
    let edgebind = Edgebind::with_config(&home, &Config::default().toml(&home, "http://127.0.0.1:9")).await;
    let admin = edgebind.admin();
    let wrong = json!({
        "name": "Beta",
        "colour": "red",
        "translator_settings": { "api_base_url": "ftp://sms.example" },
        "secrets": { "webhook": { "env": "HOME" } },
        "accounts": [{ "system_id": SYSTEM_ID, "password": "far too long" }],
    });
    let (status, said) = admin.call(Method::POST, "/v1/tenants", Some(&wrong)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let mistakes: Vec<&str> = said["mistakes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    for place in [
        "name:",
        "colour:",
        "translator_settings:",
        "secrets.webhook:",
        "accounts[0].system_id:",
        "accounts[0].password:",
    ] {
        assert!(
            mistakes.iter().any(|mistake| mistake.starts_with(place)),
            "{place} in {mistakes:?}"
        );
    }
    let (status, said) = admin
        .call(Method::PATCH, "/v1/tenants/acme", Some(&json!({ "queue_max": 5 })))
        .await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(said["error"].as_str().unwrap().contains("the configuration file's"), "{said}");
    assert_eq!(admin.get("/v1/tenants").await.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_in_effect_at_once() {
    let (home, upstream) = (Home::new(), upstream().await);
    let edgebind = Edgebind::with_config(&home, &empty(&home)).await;
    let admin = edgebind.admin();
    admin.post("/v1/tenants", &document(upstream.base_url())).await;
    let esme = bound(&edgebind, "beta01", "beta-pw1").await;
    esme.submit(&hello()).await.unwrap();

    // A rate, for a bind that is open.
    admin
        .patch(
            "/v1/tenants/beta/accounts/beta01",
            &json!({ "rate": { "per_second": 1, "burst": 1 } }),
        )
        .await;
    esme.submit(&hello()).await.unwrap();
    let throttled = esme.submit(&hello()).await.unwrap_err().to_string();
    assert!(throttled.contains("RTHROTTLED"), "{throttled}");
    admin
        .patch("/v1/tenants/beta/accounts/beta01", &json!({ "rate": null }))
        .await;
    esme.submit(&hello()).await.unwrap();

    // A password, for the next bind.
    admin
        .patch("/v1/tenants/beta/accounts/beta01", &json!({ "password": "beta-pw2" }))
        .await;
    is_refused(&edgebind, "beta01", "beta-pw1").await;
    bound(&edgebind, "beta01", "beta-pw2").await.unbind().await.unwrap();

    // Another account.
    admin
        .post(
            "/v1/tenants/beta/accounts",
            &json!({ "system_id": "beta02", "password": "beta-pw3" }),
        )
        .await;
    bound(&edgebind, "beta02", "beta-pw3").await.unbind().await.unwrap();

    // The upstream's password: what is refused with the wrong one goes out with the right one.
    let set = |value: &str| json!({ "value": value });
    let path = "/v1/tenants/beta/secrets/upstream.password";
    let calls = || upstream.calls().iter().filter(|call| call.submission.is_some()).count();
    wait::until("what was accepted to be sent", PATIENCE, async || {
        (calls() == 3).then_some(())
    })
    .await;
    let (status, _) = admin.call(Method::PUT, path, Some(&set("a wrong one"))).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    esme.submit(&hello()).await.unwrap();
    wait::until("the upstream to refuse", PATIENCE, async || {
        upstream.calls().iter().any(|call| call.status == Some(401)).then_some(())
    })
    .await;
    admin.call(Method::PUT, path, Some(&set(UPSTREAM.1))).await;
    wait::until("the message to be sent", PATIENCE, async || (calls() == 4).then_some(())).await;
    assert_eq!(
        admin.get("/v1/tenants/beta/secrets").await,
        json!(["upstream.password", "upstream.user"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_suspended_is_told_to_unbind_and_its_messages_wait() {
    let (home, upstream) = (Home::new(), upstream().await);
    let edgebind = Edgebind::with_config(&home, &empty(&home)).await;
    let admin = edgebind.admin();
    admin.post("/v1/tenants", &document(upstream.base_url())).await;
    let esme = bound(&edgebind, "beta01", "beta-pw1").await;
    attached(&upstream).await;
    admin.post("/v1/tenants/beta/suspend", &Value::Null).await;
    wait::until("the bind to end", PATIENCE, async || esme.has_ended().then_some(())).await;
    is_refused(&edgebind, "beta01", "beta-pw1").await;

    // What comes meanwhile is kept.
    upstream.incoming(UPSTREAM.0, "+447700900123", crate::world::OWN_NUMBER, "Anybody there?");
    wait::until("the message to be kept", PATIENCE, async || {
        let waiting = admin.get("/v1/messages?tenant=beta").await;
        (waiting[0]["work"] == "deliver").then_some(())
    })
    .await;
    let shown = admin.get("/v1/messages?tenant=beta").await;
    assert!(
        !shown.to_string().contains("7700900123") && !shown.to_string().contains("Anybody"),
        "{shown}"
    );
    let (status, said) = admin.call(Method::DELETE, "/v1/tenants/beta", None).await;
    assert_eq!(status, StatusCode::CONFLICT, "{said}");

    admin.post("/v1/tenants/beta/resume", &Value::Null).await;
    let esme = bound(&edgebind, "beta01", "beta-pw1").await;
    let message = esme
        .wait_for(PATIENCE, |inbox| inbox.messages.first().cloned())
        .await
        .unwrap();
    assert_eq!(message.text.as_deref(), Some("Anybody there?"));

    let (status, _) = admin.call(Method::DELETE, "/v1/tenants/beta?force=true", None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    wait::until("the bind to end", PATIENCE, async || esme.has_ended().then_some(())).await;
    is_refused(&edgebind, "beta01", "beta-pw1").await;
    assert_eq!(admin.get("/v1/tenants").await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bind_is_listed_and_ended() {
    let home = Home::new();
    let edgebind = Edgebind::with_config(&home, &Config::default().toml(&home, "http://127.0.0.1:9")).await;
    let admin = edgebind.admin();
    let esme = bound(&edgebind, SYSTEM_ID, PASSWORD).await;
    esme.submit(&hello()).await.unwrap();
    let binds = admin.get("/v1/binds?tenant=acme").await;
    let bind = &binds[0];
    assert_eq!(
        (&bind["account"], &bind["kind"], &bind["accepted"], &bind["release"]),
        (&json!(SYSTEM_ID), &json!("transceiver"), &json!(1), &json!(1))
    );
    assert_eq!(bind["address"], "127.0.0.1");
    assert!(bind["accepted_per_second"].as_f64().unwrap() > 0.0 && bind["window"].as_u64().unwrap() > 0);
    let (status, _) = admin.call(Method::DELETE, &format!("/v1/binds/{}", bind["id"]), None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    wait::until("the bind to end", PATIENCE, async || esme.has_ended().then_some(())).await;
    wait::until("nobody to be bound", PATIENCE, async || {
        (admin.get("/v1/binds").await == json!([])).then_some(())
    })
    .await;
}
