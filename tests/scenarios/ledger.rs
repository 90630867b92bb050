//! The ledger in an operator's hands: copied while it works; checked, made small and exported while it does not; damaged, and replaced.

use std::fs;
use std::path::Path;

use edgebind_simulator::esme::{BindKind, Esme, Submit};
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID};
use edgebind_tests::edgebind::{Edgebind, Home, command};
use serde_json::{Value, json};

use crate::world::{submission, upstream};

/// What `edgebind ledger` left: whether it is done, and what it printed.
async fn ledger(edgebind: Option<&Edgebind>, home: &Home, what: &str) -> (bool, String, String) {
    let mut command = command();
    command.args(["ledger", what]).env("EDGEBIND_DATA_DIR", home.data_dir());
    command.envs(edgebind.map(|edgebind| ("EDGEBIND_URL", edgebind.admin().base_url().to_owned())));
    let output = command.output().await.unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

/// Turns over one octet in the middle of each file that is large enough to hold entries.
fn damage(directory: &Path) -> usize {
    let mut damaged = 0;
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            damaged += damage(&path);
            continue;
        }
        let mut octets = fs::read(&path).unwrap();
        let middle = octets.len() / 2;
        if octets.len() > 256 {
            octets[middle] ^= 0xFF;
            fs::write(&path, octets).unwrap();
            damaged += 1;
        }
    }
    damaged
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_is_copied_checked_exported_damaged_and_replaced() {
    let (home, upstream) = (Home::new(), upstream().await);
    let nothing_leaves = Config {
        tenant: "egress_concurrency = 0".into(),
        ..Config::default()
    };
    let edgebind = Edgebind::with_config(&home, &nothing_leaves.toml(&home, upstream.base_url())).await;
    let esme = Esme::bound(edgebind.smpp(), BindKind::Transmitter, SYSTEM_ID, PASSWORD)
        .await
        .unwrap();
    let mut ids = Vec::new();
    for text in ["What was accepted", "is in the copy"] {
        let submit = Submit::text("EDGEBIND", "+447700900123", text);
        ids.extend(esme.submit(&submit).await.unwrap());
    }
    let (done, _, why) = ledger(None, &home, "check").await;
    assert!(!done && why.contains("in use"), "{why}");
    let (done, said, why) = ledger(Some(&edgebind), &home, "backup").await;
    assert!(done, "{why}");
    let copy = said.trim().strip_prefix("copied to ").unwrap().to_owned();
    assert!(edgebind.terminate().await.success());

    let (done, said, why) = ledger(None, &home, "check").await;
    assert!(done && said.contains(" waiting, 0 done, 0 dead"), "{said}{why}");
    let whole = said;
    let (done, said, why) = ledger(None, &home, "export").await;
    assert!(done, "{why}");
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(whole.starts_with(&format!("{} entries", lines.len())), "{whole}");
    let submissions = lines
        .iter()
        .filter(|line| line["lane"].as_str().unwrap().starts_with("submit/"));
    let exported: Vec<&Value> = submissions.map(|line| &line["id"]).collect();
    assert_eq!(exported, [&json!(ids[0]), &json!(ids[1])]);
    let first = lines.iter().find(|line| line["id"] == *ids[0]).unwrap();
    assert_eq!(first["message"]["message"]["destination"]["digits"], "447700900123");
    let (done, said, why) = ledger(None, &home, "compact").await;
    assert!(done && said.ends_with(" now\n"), "{said}{why}");
    let (done, said, _) = ledger(None, &home, "check").await;
    assert!(done && said == whole, "{said}");

    let live = home.data_dir().join("ledger");
    assert!(damage(&live) > 0);
    let (done, said, why) = ledger(None, &home, "check").await;
    assert!(!done, "{said}");
    assert!(why.starts_with("edgebind: ") && why.lines().count() == 1, "{why}");

    // The copy in its place: nothing that was in it is lost.
    fs::remove_dir_all(&live).unwrap();
    fs::rename(copy, &live).unwrap();
    let edgebind = Edgebind::with_config(&home, &Config::default().toml(&home, upstream.base_url())).await;
    for id in &ids {
        submission(&upstream, id).await;
    }
    drop(edgebind);
}
