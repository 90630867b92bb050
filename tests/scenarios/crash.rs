//! A power cut in the middle of traffic: what was answered with ROK reaches the upstream all the same.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use edgebind_simulator::smsgate::Smsgate;
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID};
use edgebind_tests::edgebind::{Edgebind, Home};
use edgebind_tests::wait;
use edgebind_tests::wire::{Submit, Wire, id, status};

use crate::world::upstream;

const ROUNDS: u32 = 3;
const BINDS: u32 = 2;
/// So many of each bind may wait for their answer.
const WINDOW: u32 = 10;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_survives_kill_9_and_keeps_its_id() {
    let upstream = upstream().await;
    let home = Home::new();
    let toml = Config::default().toml(&home, upstream.base_url());
    let mut accepted = BTreeMap::new();
    for round in 0..ROUNDS {
        let edgebind = Edgebind::with_config(&home, &toml).await;
        let smpp = edgebind.smpp();
        let binds: Vec<_> = (0..BINDS)
            .map(|bind| tokio::spawn(traffic(smpp, format!("round {round} bind {bind}"))))
            .collect();
        // Early in one round, late in another; what is killed is always in the middle of something.
        let before = u32::try_from(upstream.posts().len()).unwrap();
        wait::until("traffic to reach the upstream", Duration::from_secs(30), async || {
            (upstream.posts().len() as u32 > before + 20 + 100 * round).then_some(())
        })
        .await;
        edgebind.kill().await;
        for bind in binds {
            accepted.extend(bind.await.unwrap());
        }
    }
    assert!(accepted.len() > 100, "{} messages were accepted", accepted.len());

    let edgebind = Edgebind::with_config(&home, &toml).await;
    wait::until(
        "all that was accepted to reach the upstream",
        Duration::from_secs(60),
        async || {
            let posts = upstream.posts();
            accepted.keys().all(|message_id| posts.contains_key(message_id)).then_some(())
        },
    )
    .await;
    drop(edgebind);

    for (text, ids) in ids_by_text(&upstream) {
        assert_eq!(ids.len(), 1, "{text} was posted under {ids:?}");
    }
    let by_text = ids_by_text(&upstream);
    for (message_id, text) in &accepted {
        assert_eq!(by_text.get(text), Some(&BTreeSet::from([message_id.clone()])), "{text}");
    }
}

/// Submits until the connection ends; ids and texts of what was answered with ROK.
async fn traffic(smpp: std::net::SocketAddr, name: String) -> BTreeMap<String, String> {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSMITTER, SYSTEM_ID, PASSWORD).await;
    let text = |sequence: u32| format!("{name} message {sequence}");
    let mut accepted = BTreeMap::new();
    let (mut sent, mut answered) = (0, 0);
    loop {
        if sent < answered + WINDOW {
            let short_message = text(sent).into_bytes();
            let submit = Submit {
                short_message: &short_message,
                ..Submit::default()
            };
            if wire.try_send(&submit.pdu(sent)).await.is_err() {
                break;
            }
            sent += 1;
            continue;
        }
        let Some(response) = wire.next().await else { break };
        assert_eq!(
            (response.id, response.status),
            (id::SUBMIT_SM | id::RESPONSE, status::ROK),
            "{response:?}"
        );
        accepted.insert(response.string(), text(response.sequence));
        answered += 1;
    }
    accepted
}

fn ids_by_text(upstream: &Smsgate) -> BTreeMap<String, BTreeSet<String>> {
    let mut ids = BTreeMap::<String, BTreeSet<String>>::new();
    for submission in upstream.calls().into_iter().filter_map(|call| call.submission) {
        ids.entry(submission.text().unwrap().to_owned())
            .or_default()
            .insert(submission.id.unwrap());
    }
    ids
}
