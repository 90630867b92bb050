//! The command line: a drain, a configuration full of mistakes, the demonstration.

use std::process::Stdio;

use edgebind_simulator::smsgate::{Fault, On};
use edgebind_tests::config::Config;
use edgebind_tests::edgebind::{Edgebind, Home, command};
use edgebind_tests::wire::{Submit, Wire, answer, id, status};
use rustix::process::Signal;
use tokio::net::TcpStream;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_unbinds_keeps_the_work_and_exits_with_0() {
    let World {
        edgebind,
        upstream,
        home,
    } = World::start(&Config::default()).await;
    let smpp = edgebind.smpp();
    upstream
        .faults()
        .always(On::Submit, Fault::status(503, "service unavailable"));
    let mut esme = Wire::bound(
        smpp,
        id::BIND_TRANSCEIVER,
        edgebind_tests::config::SYSTEM_ID,
        edgebind_tests::config::PASSWORD,
    )
    .await;
    let response = esme.submit(&Submit::default()).await;
    assert_eq!(response.status, status::ROK);

    edgebind.signal(Signal::TERM);
    let unbind = esme.frame().await;
    assert_eq!((unbind.id, unbind.status), (id::UNBIND, status::ROK), "{unbind:?}");
    assert!(
        TcpStream::connect(edgebind.smpp_listener()).await.is_err(),
        "a draining gateway takes no connections"
    );
    esme.send(&answer(id::UNBIND | id::RESPONSE, status::ROK, unbind.sequence, &[]))
        .await;
    esme.closed().await;
    let exit = edgebind.terminate().await;
    assert!(exit.success(), "{exit}");

    upstream.faults().clear();
    let again = Edgebind::with_config(&home, &Config::default().toml(&home, upstream.base_url())).await;
    crate::world::submission(&upstream, &response.string()).await;
    drop(again);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_names_every_mistake_at_once() {
    let home = Home::new();
    let config = Config {
        smpp: "session_init = \"soon\"".to_owned(),
        tenant: "egress_concurency = 3".to_owned(),
        session: "window_out = \"many\"".to_owned(),
        translator: "alphabet = \"klingon\"".to_owned(),
        secrets: "webhook = { env = \"NOT_SET_ANYWHERE\" }".to_owned(),
        accounts: vec![("a-system-id-that-is-too-long", "secret08"), ("esme01", "much-too-long")],
        ..Config::default()
    };
    let (success, text) = check(&home, &config.toml(&home, "http://127.0.0.1:1/")).await;
    assert!(!success);
    for expected in [
        "session_init",
        "egress_concurency",
        "egress_concurrency",
        "NOT_SET_ANYWHERE",
        "accounts[1].system_id",
        "accounts[2]",
    ] {
        assert!(text.contains(expected), "{expected} is not named:\n{text}");
    }

    // What the components have to say comes once the file can be read.
    let config = Config {
        session: config.session,
        translator: config.translator,
        ..Config::default()
    };
    let (success, text) = check(&home, &config.toml(&home, "http://127.0.0.1:1/")).await;
    assert!(!success);
    for expected in ["window_out", "alphabet"] {
        assert!(text.contains(expected), "{expected} is not named:\n{text}");
    }

    let (success, text) = check(&home, &Config::default().toml(&home, "http://127.0.0.1:1/")).await;
    assert!(success, "{text}");
}

async fn check(home: &Home, toml: &str) -> (bool, String) {
    let file = home.write("checked.toml", toml);
    let output = command()
        .args(["check", "--config"])
        .arg(file)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn demo_shows_the_main_job_and_counts_it() {
    let output = command()
        .args(["demo", "--once", "--json"])
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{}\n{stdout}{stderr}", output.status);
    let totals: serde_json::Value =
        serde_json::from_str(&stdout).unwrap_or_else(|why| panic!("not one JSON object ({why}): {stdout}"));
    let total = |name: &str| totals[name].as_u64().unwrap_or_else(|| panic!("no {name} in {totals}"));
    assert!(total("submitted") >= 3, "{totals}");
    assert_eq!(total("accepted"), total("submitted"), "{totals}");
    assert_eq!(total("receipts"), total("accepted"), "{totals}");
    assert!(total("incoming") >= 1, "{totals}");
    assert!(totals["swapped"] == true || total("swapped") >= 1, "{totals}");
}
