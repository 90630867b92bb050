//! What a tenant gets of everything, and that one past it nobody else is worse off. Changed while it runs.

use std::time::Duration;

use edgebind_simulator::esme::{BindKind, Esme, Long, Submit};
use edgebind_simulator::smsgate::Smsgate;
use edgebind_tests::admin::Admin;
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID, UPSTREAM};
use edgebind_tests::edgebind::{Edgebind, Home};
use edgebind_tests::guests::component;
use edgebind_tests::openapi::Inspected;
use edgebind_tests::wait::{self, PATIENCE};
use edgebind_tests::wire::{self, Wire};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::world::{OWN_NUMBER, upstream};

/// A gateway with a tenant of the file, and another with two accounts, `beta01` and `beta02`, that the API may change.
struct World {
    edgebind: Edgebind,
    admin: Admin,
    upstream: Inspected<Smsgate>,
    home: Home,
}

impl World {
    /// The second tenant says this too.
    async fn with(more: Value) -> Self {
        let (home, upstream) = (Home::new(), upstream().await);
        let edgebind = Edgebind::with_config(&home, &Config::default().toml(&home, upstream.base_url())).await;
        let admin = edgebind.admin();
        let mut document = json!({
            "name": "beta",
            "secrets": { "upstream.user": UPSTREAM.0, "upstream.password": UPSTREAM.1 },
            "translator_settings": { "api_base_url": upstream.base_url() },
            "accounts": [{ "system_id": "beta01", "password": "beta-pw" }, { "system_id": "beta02", "password": "beta-pw" }],
        });
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        admin.post("/v1/tenants", &document).await;
        Self {
            edgebind,
            admin,
            upstream,
            home,
        }
    }

    async fn try_bind(&self, system_id: &str) -> Result<Esme, String> {
        let password = if system_id == SYSTEM_ID { PASSWORD } else { "beta-pw" };
        let bound = Esme::bound(self.edgebind.smpp(), BindKind::Transceiver, system_id, password).await;
        bound.map_err(|error| error.to_string())
    }

    async fn bind(&self, system_id: &str) -> Esme {
        self.try_bind(system_id).await.unwrap()
    }

    async fn is_refused(&self, system_id: &str) {
        let refused = self.try_bind(system_id).await.err();
        assert!(
            refused.as_ref().is_some_and(|why| why.contains("RBINDFAIL")),
            "{system_id}: {refused:?}"
        );
    }

    /// A bind that the faulty session takes: it answers with what it was sent.
    async fn bind_to_faulty(&self) -> Wire {
        let mut wire = Wire::connect(self.edgebind.smpp()).await;
        wire.send(&wire::bind(wire::id::BIND_TRANSCEIVER, 1, "beta01", "beta-pw"))
            .await;
        assert_eq!(wire.frame().await.id, wire::id::BIND_TRANSCEIVER);
        wire
    }

    async fn change(&self, patch: Value) {
        self.admin.patch("/v1/tenants/beta", &patch).await;
    }

    fn sent(&self) -> usize {
        self.upstream.calls().iter().filter(|call| call.submission.is_some()).count()
    }

    async fn until_sent(&self, count: usize) {
        wait::until(format!("{count} messages to be sent"), PATIENCE, async || {
            (self.sent() >= count).then_some(())
        })
        .await;
        assert_eq!(self.sent(), count);
    }
}

fn enquire_link() -> Vec<u8> {
    wire::pdu(wire::id::ENQUIRE_LINK, 2, &[])
}

fn hello() -> Submit {
    Submit::text("EDGEBIND", "+447700900123", "Hello")
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bind_too_many_of_all_accounts_is_refused() {
    let world = World::with(json!({ "binds_total_max": 2 })).await;
    let (one, two) = (world.bind("beta01").await, world.bind("beta02").await);
    world.is_refused("beta01").await;
    world.bind(SYSTEM_ID).await.unbind().await.unwrap();
    two.unbind().await.unwrap();
    let two = wait::until("the place to be free", PATIENCE, async || world.try_bind("beta02").await.ok()).await;
    world.is_refused("beta02").await;
    world.change(json!({ "binds_total_max": 3 })).await;
    world.bind("beta02").await;
    for esme in [one, two] {
        esme.enquire_link().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_message_too_many_of_all_accounts_is_refused() {
    let world = World::with(json!({ "queue_total_max": 2, "egress_concurrency": 0 })).await;
    let (one, two) = (world.bind("beta01").await, world.bind("beta02").await);
    one.submit(&hello()).await.unwrap();
    two.submit(&hello()).await.unwrap();
    let full = one.submit(&hello()).await.unwrap_err().to_string();
    assert!(full.contains("RMSGQFUL"), "{full}");
    world.bind(SYSTEM_ID).await.submit(&hello()).await.unwrap();
    // As many requests at a time as it is given now.
    world.change(json!({ "egress_concurrency": 1 })).await;
    world.until_sent(3).await;
    one.submit(&hello()).await.unwrap();
    world.until_sent(4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_instance_too_many_is_not_opened() {
    let world = World::with(json!({ "guest": { "instances_max": 1 } })).await;
    let esme = world.bind("beta01").await;
    world.is_refused("beta02").await;
    // Its translator would be the second: the message waits, and nothing is wrong with it.
    esme.submit(&hello()).await.unwrap();
    let neighbour = world.bind(SYSTEM_ID).await;
    neighbour.submit(&hello()).await.unwrap();
    world.until_sent(1).await;
    world.change(json!({ "guest": { "instances_max": 4 } })).await;
    world.until_sent(2).await;
    world.bind("beta02").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_as_much_as_the_tenant_has() {
    const PAGE: usize = 64 << 10;
    let world = World::with(json!({})).await;
    let (esme, neighbour) = (world.bind("beta01").await, world.bind(SYSTEM_ID).await);
    let large = || Submit::octets("EDGEBIND", "+447700900123", &[b'x'; 60_000]).long(Long::Payload);
    for (memory_bytes, why) in [
        (PAGE, "exceeds memory limits"),
        (1 << 30, "guest.memory_bytes: 1073741824 exceeds "),
    ] {
        let patch = json!({ "guest": { "memory_bytes": memory_bytes } });
        let (status, said) = world.admin.call(Method::PATCH, "/v1/tenants/beta", Some(&patch)).await;
        assert_eq!(
            status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "no guest starts in {memory_bytes}, or no place is so large"
        );
        assert!(said["mistakes"].to_string().contains(why), "{said}");
    }
    // As little as the components take.
    let mut memory_bytes = PAGE;
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    while status == StatusCode::UNPROCESSABLE_ENTITY {
        memory_bytes += PAGE;
        let patch = json!({ "guest": { "memory_bytes": memory_bytes } });
        (status, _) = world.admin.call(Method::PATCH, "/v1/tenants/beta", Some(&patch)).await;
    }
    let message = large();
    let submit = || esme.submit(&message);
    let answers = tokio::join!(submit(), submit(), submit(), submit(), submit(), submit());
    assert!(format!("{answers:?}").contains("Err"), "{answers:?}");
    wait::until("the bind to end", PATIENCE, async || esme.has_ended().then_some(())).await;
    neighbour.enquire_link().await.unwrap();
    world.change(json!({ "guest": null })).await;
    world.bind("beta01").await.submit(&large()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_used_its_share_of_a_processor_waits_and_nobody_else_does() {
    let world = World::with(json!({ "guest": { "cpu_share": 1 } })).await;
    // A thousandth of a processor: what two binds and some messages take is more than a second's worth of it.
    let resting = wait::until("the share to be used up", PATIENCE, async || {
        let esme = timeout(PATIENCE, world.try_bind("beta01")).await.ok()?.ok()?;
        for _ in 0..100 {
            if timeout(Duration::from_secs(1), esme.submit(&hello())).await.is_err() {
                return Some(esme);
            }
        }
        None
    })
    .await;
    let neighbour = world.bind(SYSTEM_ID).await;
    neighbour.submit(&hello()).await.unwrap();
    neighbour.enquire_link().await.unwrap();
    assert!(!resting.has_ended(), "it is not read, and stays bound");
    world.change(json!({ "guest": { "cpu_share": null } })).await;
    resting.enquire_link().await.unwrap();
    resting.submit(&hello()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_action_or_octet_too_many_and_a_call_too_long_end_the_bind_and_nothing_else() {
    let world = World::with(json!({})).await;
    let session = component("edgebind-faulty", &[], &[]);
    let neighbour = world.bind(SYSTEM_ID).await;
    // The session returns one more than `count`, or returns never.
    for (misdeed, limit, at, said) in [
        (
            "flood",
            "actions_max",
            64,
            "65 actions from one batch of events, more than 64",
        ),
        ("giant-action", "action_bytes_max", 4_096, "more than 4096 octets"),
        ("spin", "session_call_ms", 50, "more than 50 ms"),
    ] {
        world.change(json!({ "guest": { limit: at } })).await;
        let settings = json!({ "misdeed": misdeed, "count": at.to_string() });
        world.admin.deploy_with("beta", &session, Some(settings)).await;
        let mut wire = world.bind_to_faulty().await;
        wire.send(&enquire_link()).await;
        wire.closed().await;
        assert!(world.home.log().contains(said), "nothing says {said}");
        world.change(json!({ "guest": null })).await;
        neighbour.enquire_link().await.unwrap();
        neighbour.submit(&hello()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_upstream_and_other_networks_hold_from_the_next_message_and_bind_on() {
    let world = World::with(json!({})).await;
    let other = upstream().await;
    let esme = world.bind("beta01").await;
    esme.submit(&hello()).await.unwrap();
    world.until_sent(1).await;
    world
        .change(json!({ "translator_settings": { "api_base_url": other.base_url() } }))
        .await;
    let id = esme.submit(&hello()).await.unwrap().remove(0);
    crate::world::submission(&other, &id).await;
    world.until_sent(1).await;
    let account = "/v1/tenants/beta/accounts/beta02";
    world.admin.patch(account, &json!({ "allow_from": ["192.0.2.0/24"] })).await;
    world.is_refused("beta02").await;
    world.admin.patch(account, &json!({ "allow_from": ["127.0.0.0/8"] })).await;
    world.bind("beta02").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn how_deliveries_are_held_may_change_while_they_wait() {
    let world = World::with(json!({})).await;
    let esme = world.bind("beta01").await;
    crate::world::attached(&world.upstream).await;
    drop(esme);
    world.upstream.incoming(UPSTREAM.0, "+447700900200", OWN_NUMBER, "old");
    let counts = async |line: &str| {
        wait::until(format!("{line:?} on the metrics page"), PATIENCE, async || {
            world.edgebind.metrics().await.contains(line).then_some(())
        })
        .await;
    };
    counts("edgebind_entries_waiting{work=\"deliver\",tenant=\"beta\"} 1").await;
    world.change(json!({ "deliver_max_age": "1s" })).await;
    counts("edgebind_deliveries_total{tenant=\"beta\",outcome=\"expired\"} 1").await;
    counts("edgebind_entries_waiting{work=\"deliver\",tenant=\"beta\"} 0").await;
}
