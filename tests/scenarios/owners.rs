//! Whose a tenant is: the file's, which is read again at SIGHUP, or the admin API's, which a file only seeds.

use edgebind_simulator::esme::{BindKind, Esme};
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID};
use edgebind_tests::edgebind::{Edgebind, Home, command};
use edgebind_tests::wait::{self, PATIENCE};
use reqwest::{Certificate, Client, Method, StatusCode};
use rustix::process::Signal;
use serde_json::json;

use crate::pki::Pki;

/// Nobody listens there: nothing is sent in these scenarios.
const NOWHERE: &str = "http://127.0.0.1:9";

async fn can_bind(edgebind: &Edgebind, system_id: &str, password: &str) -> bool {
    let bound = Esme::bound(edgebind.smpp(), BindKind::Transceiver, system_id, password).await;
    match bound {
        Ok(esme) => esme.unbind().await.is_ok(),
        Err(_) => false,
    }
}

/// Writes the file, sends SIGHUP, and waits for the log to say what came of it.
async fn follow(edgebind: &Edgebind, home: &Home, toml: &str, said: &str) {
    let before = home.log().matches(said).count();
    home.write("edgebind.toml", toml);
    edgebind.signal(Signal::HUP);
    wait::until(format!("the log to say that {said}"), PATIENCE, async || {
        (home.log().matches(said).count() > before).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_is_followed_at_sighup() {
    let home = Home::new();
    let config = Config::default();
    let toml = config.toml(&home, NOWHERE);
    let edgebind = Edgebind::with_config(&home, &toml).await;
    let admin = edgebind.admin();
    let of_api = json!({
        "name": "beta",
        "translator_settings": { "api_base_url": NOWHERE },
        "accounts": [{ "system_id": "beta01", "password": "beta-pw1" }],
    });
    admin.post("/v1/tenants", &of_api).await;
    let esme = Esme::bound(edgebind.smpp(), BindKind::Transceiver, SYSTEM_ID, PASSWORD)
        .await
        .unwrap();

    // Another password, another account and another tenant; who is bound stays bound.
    let more = format!(
        "{}[[tenants.accounts]]\nsystem_id = \"esme02\"\npassword = \"second-2\"\n[[tenants]]\nname = \"gamma\"\n\
         translator_settings.api_base_url = \"{NOWHERE}\"\naccounts = [{{ system_id = \"gamma01\", password = \"gamma-pw\" }}]\n",
        toml.replace(PASSWORD, "changed8")
    );
    follow(&edgebind, &home, &more, "the configuration file is followed").await;
    assert!(!can_bind(&edgebind, SYSTEM_ID, PASSWORD).await, "the password before");
    for (system_id, password) in [
        (SYSTEM_ID, "changed8"),
        ("esme02", "second-2"),
        ("gamma01", "gamma-pw"),
        ("beta01", "beta-pw1"),
    ] {
        assert!(can_bind(&edgebind, system_id, password).await, "{system_id}");
    }
    esme.enquire_link().await.unwrap();

    // A mistake changes nothing, and neither does a name that the API has taken.
    let wrong = more
        .replace("gamma-pw", "gamma-is-too-long")
        .replace("\"esme02\"", "\"beta01\"");
    follow(&edgebind, &home, &wrong, "the configuration file is not followed").await;
    for sentence in ["17 octets exceed 8", "`beta01` is taken by tenant beta"] {
        assert!(home.log().contains(sentence), "{sentence}");
    }
    assert!(can_bind(&edgebind, "esme02", "second-2").await && can_bind(&edgebind, "gamma01", "gamma-pw").await);

    // What the file has no more is gone; what is the API's stays.
    follow(&edgebind, &home, &toml, "the configuration file is followed").await;
    assert!(can_bind(&edgebind, SYSTEM_ID, PASSWORD).await && can_bind(&edgebind, "beta01", "beta-pw1").await);
    assert!(!can_bind(&edgebind, "esme02", "second-2").await && !can_bind(&edgebind, "gamma01", "gamma-pw").await);
    let tenants = admin.get("/v1/tenants").await;
    let owners: Vec<_> = tenants
        .as_array()
        .unwrap()
        .iter()
        .map(|tenant| (tenant["name"].clone(), tenant["owner"].clone()))
        .collect();
    assert_eq!(owners, [(json!("acme"), json!("file")), (json!("beta"), json!("api"))]);
    let trail = admin.get("/v1/audit?tenant=gamma").await;
    let done: Vec<_> = trail
        .as_array()
        .unwrap()
        .iter()
        .map(|change| (change["by"].clone(), change["action"].clone()))
        .collect();
    assert_eq!(
        done,
        [
            (json!("file"), json!("tenant created")),
            (json!("file"), json!("tenant removed"))
        ]
    );
    assert!(!admin.get("/v1/audit").await.to_string().contains("gamma-pw"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_seeds_is_taken_over_once() {
    let home = Home::new();
    let toml = format!("tenants_of_file = \"seed\"\n{}", Config::default().toml(&home, NOWHERE));
    let edgebind = Edgebind::with_config(&home, &toml).await;
    let admin = edgebind.admin();
    assert_eq!(admin.get("/v1/tenants").await[0]["owner"], "api");
    assert!(can_bind(&edgebind, SYSTEM_ID, PASSWORD).await);
    let path = format!("/v1/tenants/acme/accounts/{SYSTEM_ID}");
    admin.patch(&path, &json!({ "password": "changed8" })).await;
    edgebind.terminate().await;

    let edgebind = Edgebind::with_config(&home, &toml).await;
    assert!(
        can_bind(&edgebind, SYSTEM_ID, "changed8").await,
        "what was changed stays changed"
    );
    let (status, said) = edgebind.admin().call(Method::DELETE, "/v1/tenants/acme", None).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{said}");
    edgebind.terminate().await;

    let edgebind = Edgebind::with_config(&home, &toml).await;
    assert_eq!(
        edgebind.admin().get("/v1/tenants").await,
        json!([]),
        "what was removed stays removed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_document_is_named_and_left_alone() {
    let home = Home::new();
    let toml = format!("tenants_of_file = \"seed\"\n{}", Config::default().toml(&home, NOWHERE));
    Edgebind::with_config(&home, &toml).await.terminate().await;
    let document = home.data_dir().join("tenants/acme");
    let mut octets = std::fs::read(&document).unwrap();
    assert!(
        !octets.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes()),
        "it is sealed"
    );
    *octets.last_mut().unwrap() ^= 1;
    std::fs::write(&document, &octets).unwrap();

    let config = home.write("edgebind.toml", &toml);
    let start = command()
        .arg("serve")
        .arg("--config")
        .arg(config)
        .arg("--data-dir")
        .arg(home.data_dir())
        .output();
    let ended = start.await.unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(
        said.contains(&format!("{} was damaged", document.display())) && said.contains("bring it back from a backup"),
        "{said}"
    );
    assert_eq!(std::fs::read(&document).unwrap(), octets);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admin_api_speaks_tls() {
    let (home, pki) = (Home::new(), Pki::new("our authority"));
    let [cert, key] = pki.issue("localhost").write(&home, "admin");
    let tls = format!("[admin]\ntls = {{ cert = {cert:?}, key = {key:?} }}\n");
    let toml = Config::default().toml(&home, NOWHERE).replace("[admin]\n", &tls);
    let edgebind = Edgebind::with_config(&home, &toml).await;
    let plain = edgebind.admin();
    let url = format!(
        "{}/v1/tenants",
        plain.base_url().replace("http://127.0.0.1", "https://localhost")
    );
    let ca = Certificate::from_pem(pki.pem().as_bytes()).unwrap();
    let client = Client::builder().tls_certs_only([ca]).build().unwrap();
    let answer = client.get(&url).bearer_auth(plain.token()).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(
        Client::new().get(&url).bearer_auth(plain.token()).send().await.is_err(),
        "it shows no certificate of a known authority"
    );
}
