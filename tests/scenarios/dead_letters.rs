//! Dead letters: what no upstream and no ESME took is kept, and an operator has it tried again or forgotten.

use edgebind_simulator::esme::{BindKind, Esme, Submit};
use edgebind_simulator::smsgate::{Fault, On, Smsgate};
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID};
use edgebind_tests::edgebind::{Edgebind, Home, command};
use edgebind_tests::wait::{self, PATIENCE};
use serde_json::{Value, json};

use crate::world::upstream;

/// What `edgebind dead-letters` prints, or why it does not.
async fn dead_letters(edgebind: &Edgebind, home: &Home, line: &[&str]) -> Result<String, String> {
    let mut command = command();
    command.arg("dead-letters").args(line);
    command.env("EDGEBIND_URL", edgebind.admin().base_url());
    command.env("EDGEBIND_DATA_DIR", home.data_dir());
    let output = command.output().await.unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}

async fn listed(edgebind: &Edgebind) -> Vec<Value> {
    let letters = edgebind.admin().get("/v1/dead-letters?tenant=acme").await;
    letters.as_array().unwrap().clone()
}

async fn until_dead(edgebind: &Edgebind, count: usize) -> Vec<Value> {
    wait::until(format!("{count} dead letters"), PATIENCE, async || {
        let letters = listed(edgebind).await;
        (letters.len() == count).then_some(letters)
    })
    .await
}

async fn start(home: &Home, upstream: &Smsgate) -> Edgebind {
    Edgebind::with_config(home, &Config::default().toml(home, upstream.base_url())).await
}

async fn bound(edgebind: &Edgebind) -> Esme {
    Esme::bound(edgebind.smpp(), BindKind::Transceiver, SYSTEM_ID, PASSWORD)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_no_upstream_took_are_tried_again_or_forgotten_as_the_operator_says() {
    let (home, upstream) = (Home::new(), upstream().await);
    let edgebind = start(&home, &upstream).await;
    let esme = bound(&edgebind).await;
    upstream
        .faults()
        .always(On::Submit, Fault::status(400, "phone number is not valid"));
    let mut ids = Vec::new();
    for _ in 0..4 {
        let submit = Submit::text("EDGEBIND", "+447700900123", "Dead on arrival");
        let id = esme.submit(&submit).await.unwrap().remove(0);
        esme.receipt_of(&id, PATIENCE).await.unwrap();
        ids.push(id);
    }
    let letters = until_dead(&edgebind, 4).await;
    assert_eq!((&letters[0]["id"], &letters[0]["work"]), (&json!(ids[0]), &json!("submit")));
    let table = dead_letters(&edgebind, &home, &["-t", "acme"]).await.unwrap();
    assert!(table.contains(&ids[3]) && !table.contains("7700900123"), "{table}");
    let shown = dead_letters(&edgebind, &home, &["show", &ids[0]]).await.unwrap();
    assert!(shown.contains(&ids[0]), "{shown}");

    // Across a restart; then what was wrong is put right, and one is tried again, one is forgotten, and then all the rest.
    assert!(edgebind.terminate().await.success());
    let edgebind = start(&home, &upstream).await;
    assert_eq!(listed(&edgebind).await, letters);
    upstream.faults().clear();
    let said = dead_letters(&edgebind, &home, &["retry", &ids[0]]).await.unwrap();
    assert_eq!(said, "1 are tried again\n");
    crate::world::submission(&upstream, &ids[0]).await;
    assert_eq!(
        dead_letters(&edgebind, &home, &["purge", &ids[1], &ids[0]]).await.unwrap(),
        "1 are forgotten\n"
    );
    until_dead(&edgebind, 2).await;
    let said = dead_letters(&edgebind, &home, &["retry", "--all", "-t", "acme"])
        .await
        .unwrap();
    assert_eq!(said, "2 are tried again\n");
    for id in &ids[2..] {
        crate::world::submission(&upstream, id).await;
    }
    assert!(until_dead(&edgebind, 0).await.is_empty());
    let mut posts = upstream.posts();
    posts.retain(|id, _| ids.contains(id));
    assert_eq!(posts.get(&ids[1]), Some(&1), "it was forgotten");
    let esme = bound(&edgebind).await;
    esme.enquire_link().await.unwrap();
    for change in ["dead letters retried: 2", "dead letters purged: 1"] {
        let audit = edgebind.admin().get("/v1/audit?tenant=acme").await;
        let whole = edgebind.admin().get("/v1/audit").await;
        assert!(
            audit.to_string().contains(change) || whole.to_string().contains(change),
            "{whole}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_of_dead_letters_that_is_none_is_refused_in_a_sentence() {
    let (home, upstream) = (Home::new(), upstream().await);
    let edgebind = start(&home, &upstream).await;
    let refused = |said: Result<String, String>| said.unwrap_err();
    let said = refused(dead_letters(&edgebind, &home, &["retry", "--all"]).await);
    assert_eq!(said, "edgebind: whose? name the tenant with --tenant or EDGEBIND_TENANT\n");
    let said = refused(dead_letters(&edgebind, &home, &["purge", "no-id"]).await);
    assert_eq!(said, "edgebind: `no-id` is no id\n");
    let (status, _) = edgebind
        .admin()
        .call(reqwest::Method::POST, "/v1/dead-letters/retry", Some(&json!({})))
        .await;
    assert_eq!(status, reqwest::StatusCode::BAD_REQUEST);
    assert_eq!(
        dead_letters(&edgebind, &home, &["retry", "12345"]).await.unwrap(),
        "0 are tried again\n",
        "there is no such letter"
    );
    assert_eq!(
        dead_letters(&edgebind, &home, &[]).await.unwrap(),
        "there are no dead letters\n"
    );
}
