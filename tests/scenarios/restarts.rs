//! A gateway that is restarted under load: its ESMEs are told to unbind, and what it has answered is kept.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID};
use edgebind_tests::edgebind::{Edgebind, Home};
use edgebind_tests::wait;
use edgebind_tests::wire::{Submit, Wire, answer, id, status};

use crate::world::upstream;

const RESTARTS: u32 = 3;
const BINDS: usize = 4;
/// So many of each bind may wait for their answer.
const WINDOW: u32 = 10;

/// Submits until the gateway says unbind, then hears it out; the ids of what was answered with ROK.
async fn traffic(smpp: SocketAddr) -> BTreeSet<String> {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSMITTER, SYSTEM_ID, PASSWORD).await;
    let mut accepted = BTreeSet::new();
    let (mut sent, mut answered, mut is_told) = (0, 0, false);
    loop {
        if !is_told && sent < answered + WINDOW {
            let digits = format!("4477009{sent:05}");
            let submit = Submit {
                destination: &digits,
                ..Submit::default()
            };
            sent += 1;
            wire.send(&submit.pdu(sent)).await;
            continue;
        }
        let Some(frame) = wire.next().await else { break };
        match frame.id {
            id::UNBIND => {
                is_told = true;
                wire.send(&answer(id::UNBIND | id::RESPONSE, status::ROK, frame.sequence, &[]))
                    .await;
            }
            _ => {
                answered += 1;
                assert_eq!(frame.id, id::SUBMIT_SM | id::RESPONSE, "{frame:?}");
                match frame.status {
                    status::ROK => drop(accepted.insert(frame.string())),
                    // What comes while the bind is being finished is said to be not taken: it is for the next one.
                    status::RSYSERR => {}
                    _ => panic!("{frame:?}"),
                }
            }
        }
    }
    assert!(
        is_told,
        "the connection ended after {answered} answers, and nobody said unbind"
    );
    assert_eq!(answered, sent, "everything sent before is answered");
    accepted
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_under_load_says_unbind_and_loses_nothing() {
    let (home, upstream) = (Home::new(), upstream().await);
    let toml = Config::default().toml(&home, upstream.base_url());
    let mut accepted = BTreeSet::new();
    for restart in 0..RESTARTS {
        let edgebind = Edgebind::with_config(&home, &toml).await;
        let smpp = edgebind.smpp();
        let binds: Vec<_> = (0..BINDS).map(|_| tokio::spawn(traffic(smpp))).collect();
        let before = upstream.posts().len();
        wait::until("traffic to reach the upstream", Duration::from_secs(30), async || {
            (upstream.posts().len() > before + 50 * (restart as usize + 1)).then_some(())
        })
        .await;
        assert!(edgebind.terminate().await.success());
        for bind in binds {
            let ids = bind.await.unwrap();
            assert!(!ids.is_empty());
            accepted.extend(ids);
        }
    }
    let edgebind = Edgebind::with_config(&home, &toml).await;
    wait::until(
        "all that was accepted to reach the upstream",
        Duration::from_secs(60),
        async || {
            let posts = upstream.posts();
            accepted.iter().all(|id| posts.contains_key(id)).then_some(())
        },
    )
    .await;
    let posts = upstream.posts();
    assert!(
        accepted.iter().all(|id| posts[id] == 1),
        "a drain cuts nothing off: each is sent once"
    );
    drop(edgebind);
}
