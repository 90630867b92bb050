//! Deeds beside a neighbour: whatever peers do to a gateway, somebody who was bound all along goes on without noticing.

use std::net::SocketAddr;
use std::pin::Pin;

use edgebind_tests::config::Config;
use edgebind_tests::wire::{Submit, Wire, id, status};

use crate::world::World;

/// Who is bound while the others do as they like.
const NEIGHBOUR: (&str, &str) = ("neighbor", "quiet123");

/// What a peer does, and what it expects; it panics when that does not come.
pub(crate) type Deed = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Does them one after another to one gateway, where a silent connection has two seconds until its bind; names all that went
/// wrong.
pub(crate) async fn all_are_answered(deeds: impl FnOnce(SocketAddr) -> Vec<(&'static str, Deed)>) {
    let world = World::start(&Config {
        smpp: "session_init = \"2s\"".to_owned(),
        accounts: vec![NEIGHBOUR],
        tenant: "binds_max = 1000".to_owned(),
        ..Config::default()
    })
    .await;
    let smpp = world.edgebind.smpp();
    let (system_id, password) = NEIGHBOUR;
    let mut neighbour = Wire::bound(smpp, id::BIND_TRANSMITTER, system_id, password).await;
    let mut failed = Vec::new();
    for (name, deed) in deeds(smpp) {
        if tokio::spawn(deed).await.is_err() {
            failed.push(name);
        }
        neighbour.enquire().await;
        assert_eq!(
            neighbour.submit(&Submit::default()).await.status,
            status::ROK,
            "the neighbour after {name}"
        );
    }
    assert!(
        failed.is_empty(),
        "not answered as they should be (what went wrong is above): {failed:?}"
    );
}

/// The bind has survived what was done before.
pub(crate) async fn still_up(wire: &mut Wire) {
    wire.enquire().await;
    assert_eq!(wire.submit(&Submit::default()).await.status, status::ROK);
}
