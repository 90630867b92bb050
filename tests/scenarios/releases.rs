//! Releases change while binds stay up: deployed, rolled back, tried out, and taken back by the gateway itself where they break.

use edgebind_simulator::esme::{BindKind, Esme, Submit};
use edgebind_simulator::smsgate::Smsgate;
use edgebind_tests::admin::Admin;
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID};
use edgebind_tests::edgebind::{Edgebind, Home, command, file_with};
use edgebind_tests::guests::{component, noted};
use edgebind_tests::openapi::Inspected;
use edgebind_tests::wait::{self, PATIENCE};
use edgebind_tests::wire::{self, Wire};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::upstream;

/// A gateway with one tenant, and one transceiver bound to it.
struct World {
    home: Home,
    upstream: Inspected<Smsgate>,
    edgebind: Edgebind,
    admin: Admin,
    esme: Esme,
}

impl World {
    async fn new() -> Self {
        Self::with(&Config::default()).await
    }

    async fn with(config: &Config) -> Self {
        Self::start(Home::new(), upstream().await, config).await
    }

    /// On what an earlier one has left.
    async fn again(home: Home, upstream: Inspected<Smsgate>) -> Self {
        Self::start(home, upstream, &Config::default()).await
    }

    async fn start(home: Home, upstream: Inspected<Smsgate>, config: &Config) -> Self {
        let edgebind = Edgebind::with_config(&home, &config.toml(&home, upstream.base_url())).await;
        let esme = Esme::bound(edgebind.smpp(), BindKind::Transceiver, SYSTEM_ID, PASSWORD)
            .await
            .unwrap();
        let admin = edgebind.admin();
        Self {
            home,
            upstream,
            edgebind,
            admin,
            esme,
        }
    }

    /// Submits a message, and waits until the upstream has it; what it called itself there.
    async fn agent_of_a_message(&self) -> String {
        let posts = self.upstream.posts().len();
        self.submit().await;
        let calls = self
            .upstream
            .wait_for(
                |calls| calls.iter().filter(|call| call.submission.is_some()).count() > posts,
                PATIENCE,
            )
            .await
            .unwrap();
        let posted = calls.into_iter().rev().find(|call| call.submission.is_some()).unwrap();
        posted.user_agent.unwrap()
    }

    async fn submit(&self) -> String {
        let submit = Submit::text("EDGEBIND", "+447700900123", "Which release is this?");
        self.esme.submit(&submit).await.unwrap().remove(0)
    }

    /// The releases of one world, the latest first.
    async fn releases(&self, world: &str) -> Vec<Value> {
        let releases = self.admin.get("/v1/tenants/acme/releases").await;
        let releases = releases.as_array().unwrap().iter();
        releases.filter(|release| release["world"] == world).cloned().collect()
    }

    /// Waits until this revision is in this state; the release.
    async fn becomes(&self, world: &str, revision: u64, state: &str) -> Value {
        let what = format!("{world} revision {revision} to be {state}");
        wait::until(&what, PATIENCE, async || {
            let releases = self.releases(world).await;
            releases
                .into_iter()
                .find(|release| release["revision"] == revision && release["state"] == state)
        })
        .await
    }

    /// Waits until the one bind there is runs this revision, or says why it does not; that.
    async fn bind_is_at(&self, revision: u64) -> Value {
        let what = format!("the bind to follow to revision {revision}");
        wait::until(&what, PATIENCE, async || {
            let binds = self.admin.get("/v1/binds").await;
            let bind = binds[0].clone();
            (bind["release"] == revision || bind["stays"].is_string()).then_some(bind)
        })
        .await
    }

    /// The machine code of a component, as the gateway's own compiler makes it.
    async fn compiled(&self, component: &[u8]) -> Vec<u8> {
        let (input, out) = (
            self.home.write("component.wasm", component),
            self.home.data_dir().join("code"),
        );
        let mut compile = command();
        compile.args([
            "compile",
            "--memory-bytes",
            "67108864",
            "--stack-bytes",
            "262144",
            "--seconds",
            "60",
        ]);
        compile
            .args(["--address-space", "4294967296", "--file-bytes", "67108864"])
            .arg(&out);
        let status = compile.stdin(std::fs::File::open(input).unwrap()).status().await.unwrap();
        assert!(status.success());
        std::fs::read(out).unwrap()
    }

    async fn order(&self, order: Value) -> Value {
        self.admin.post("/v1/tenants/acme/releases", &order).await
    }
}

/// A component that imports an empty instance of this name, and exports that as the translator's functions.
fn importing(name: &str) -> Vec<u8> {
    let of_instance = |id, name: &str, rest: &[u8]| {
        let content = [&[1, 0, name.len() as u8], name.as_bytes(), rest].concat();
        [&[id, content.len() as u8], &content[..]].concat()
    };
    let header = b"\0asm\x0d\0\x01\0";
    let types = [7, 3, 1, 0x42, 0];
    let import = of_instance(10, name, &[5, 0]);
    let export = of_instance(11, "edgebind:translator/translation@0.3.0", &[5, 0, 0]);
    [&header[..], &types, &import, &export].concat()
}

fn smsgate() -> Vec<u8> {
    component("edgebind-smsgate", &[], &[])
}

fn second_smsgate() -> Vec<u8> {
    component("edgebind-smsgate", &[], &[("EDGEBIND_BUILD", "second")])
}

fn faulty_translator() -> Vec<u8> {
    component("edgebind-faulty", &["translator"], &[])
}

fn faulty_session() -> Vec<u8> {
    component("edgebind-faulty", &[], &[])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployed_translator_has_the_next_message_and_a_restart_keeps_it() {
    let world = World::new().await;
    let first = world.agent_of_a_message().await;
    let deployed = world.admin.deploy("acme", &second_smsgate()).await;
    assert_eq!((&deployed["world"], &deployed["revision"]), (&json!("translator"), &json!(2)));
    let second = world.agent_of_a_message().await;
    assert_ne!(second, first);
    let releases = world.releases("translator").await;
    assert_eq!(
        (&releases[0]["state"], &releases[1]["state"]),
        (&json!("in use"), &json!("before"))
    );
    assert_eq!(
        (&releases[0]["by"], &releases[1]["builtin"]),
        (&json!("admin"), &json!("smsgate"))
    );
    assert_eq!(
        releases[0]["settings"], releases[1]["settings"],
        "a deploy without settings keeps them"
    );

    let World {
        home,
        upstream,
        edgebind,
        ..
    } = world;
    edgebind.terminate().await;
    let world = World::again(home, upstream).await;
    assert_eq!(world.agent_of_a_message().await, second, "the release is still in use");

    let back = world
        .admin
        .post("/v1/tenants/acme/releases/translator/rollback", &Value::Null)
        .await;
    assert_eq!(back["revision"], 1);
    assert_eq!(world.agent_of_a_message().await, first);
    let (status, said) = world
        .admin
        .call(Method::POST, "/v1/tenants/acme/releases/translator/rollback", None)
        .await;
    assert_eq!(status, StatusCode::CONFLICT, "{said}");
    let trail = world.admin.get("/v1/audit?tenant=acme").await;
    let actions: Vec<&str> = trail
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|change| change["action"].as_str())
        .collect();
    assert_eq!(actions, ["translator release deployed", "translator release rolled back"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_was_lost_gives_way_to_the_release_before() {
    let world = World::new().await;
    let first = world.agent_of_a_message().await;
    let digest = world.admin.upload(&second_smsgate()).await;
    world.order(json!({ "component": digest })).await;
    assert_ne!(world.agent_of_a_message().await, first);
    let World {
        home,
        upstream,
        edgebind,
        ..
    } = world;
    edgebind.terminate().await;
    let file = home.data_dir().join("components").join(format!("{digest}.wasm"));
    std::fs::write(&file, b"damaged").unwrap();
    let world = World::again(home, upstream).await;
    assert_eq!(world.agent_of_a_message().await, first);
    let lost = world.becomes("translator", 2, "rolled back").await;
    assert!(lost["why"].as_str().unwrap().contains("is damaged"), "{lost}");
    assert!(world.home.log().contains("a release cannot be had"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_release_is_refused_with_what_is_wrong() {
    let world = World::new().await;
    let (status, said) = world.admin.try_upload(b"not wasm at all").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
    let (status, said) = world.admin.try_upload(b"\0asm\x01\0\0\0").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(said["error"].as_str().unwrap().contains("core module"), "{said}");
    // Machine code that somebody compiled is nobody's to run here.
    let compiled = world.compiled(&smsgate()).await;
    let (status, said) = world.admin.try_upload(&compiled).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(said["error"].as_str().unwrap().contains("precompiled"), "{said}");
    // An import that nobody here has.
    let (status, said) = world.admin.try_upload(&importing("acme:tools/files")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let mistakes = said["mistakes"].to_string();
    assert!(
        mistakes.contains("imports acme:tools/files") && mistakes.contains("lacks begin"),
        "{said}"
    );
    // A component with nothing in it.
    let (status, said) = world.admin.try_upload(b"\0asm\x0d\0\x01\0").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(said["mistakes"][0].as_str().unwrap().starts_with("exports neither"), "{said}");
    let (status, said) = world.admin.try_upload(&vec![0; (32 << 20) + 1]).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{said}");

    let unknown = json!({ "component": "0".repeat(64) });
    let (status, _) = world
        .admin
        .call(Method::POST, "/v1/tenants/acme/releases", Some(&unknown))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let digest = world.admin.upload(&second_smsgate()).await;
    let settings = json!({ "component": digest, "settings": { "api_base_url": "ftp://x", "colour": "red" } });
    let (status, said) = world
        .admin
        .call(Method::POST, "/v1/tenants/acme/releases", Some(&settings))
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(said["mistakes"].as_array().unwrap().len(), 2, "{said}");
    let digest = world.admin.upload(&faulty_session()).await;
    let born_dead = json!({ "component": digest, "settings": { "misdeed": "trap-at-birth" } });
    let (status, said) = world
        .admin
        .call(Method::POST, "/v1/tenants/acme/releases", Some(&born_dead))
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        said["error"].as_str().unwrap().starts_with("its first instance trapped"),
        "{said}"
    );
    assert_eq!(world.releases("translator").await.len(), 1);
    assert_eq!(world.releases("session").await.len(), 1);
    world.agent_of_a_message().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_bind_moves_to_a_deployed_session_or_says_why_it_stays() {
    let world = World::new().await;
    let session = component("edgebind-session", &[], &[]);
    world.admin.deploy("acme", &noted(&session, "another digest")).await;
    assert_eq!(world.bind_is_at(2).await["release"], 2);
    world.agent_of_a_message().await;

    let refusing = json!({ "misdeed": "refuse-restore" });
    world.admin.deploy_with("acme", &faulty_session(), Some(refusing)).await;
    let bind = world.bind_is_at(3).await;
    assert_eq!(
        (&bind["release"], &bind["stays"]),
        (&json!(2), &json!("revision 3: restore refused: I will not"))
    );
    world.agent_of_a_message().await;
    let users: Vec<Value> = world
        .releases("session")
        .await
        .iter()
        .map(|release| release["users"].clone())
        .collect();
    assert_eq!(users[..2], [json!(0), json!(1)]);

    world
        .admin
        .post("/v1/tenants/acme/releases/session/rollback", &Value::Null)
        .await;
    wait::until("the bind to be where it should be", PATIENCE, async || {
        world.admin.get("/v1/binds").await[0]["stays"].is_null().then_some(())
    })
    .await;
    world.agent_of_a_message().await;
    assert!(!world.esme.has_ended());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_breaks_as_binds_move_to_it_is_rolled_back_by_itself() {
    let world = World::new().await;
    let breaking = json!({ "misdeed": "trap-in-restore" });
    world.admin.deploy_with("acme", &faulty_session(), Some(breaking)).await;
    world.becomes("session", 2, "rolled back").await;
    world.becomes("session", 1, "in use").await;
    world.agent_of_a_message().await;
    assert!(!world.esme.has_ended());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_translator_that_breaks_is_rolled_back_and_the_message_is_sent_by_the_release_before() {
    let world = World::new().await;
    let first = world.agent_of_a_message().await;
    world
        .admin
        .deploy_with("acme", &faulty_translator(), Some(json!({ "misdeed": "trap" })))
        .await;
    let id = world.submit().await;
    world.esme.receipt_of(&id, PATIENCE).await.unwrap();
    let rolled_back = world.becomes("translator", 2, "rolled back").await;
    assert!(
        rolled_back["why"]
            .as_str()
            .unwrap()
            .starts_with("its first call failed: trapped"),
        "{rolled_back}"
    );
    assert_eq!(world.agent_of_a_message().await, first);
    let trail = world.admin.get("/v1/audit?tenant=acme").await;
    let by_rule = trail.as_array().unwrap().iter().any(|change| change["by"] == "rule");
    assert!(by_rule, "{trail}");
    let World {
        home,
        upstream,
        edgebind,
        ..
    } = world;
    edgebind.terminate().await;
    let world = World::again(home, upstream).await;
    assert_eq!(world.agent_of_a_message().await, first, "a restart does not bring it back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_does_as_well_is_promoted_and_one_that_breaks_harms_no_message() {
    let world = World::new().await;
    let first = world.agent_of_a_message().await;
    let digest = world.admin.upload(&second_smsgate()).await;
    let trial = json!({ "kind": "canary", "percent": 50, "promote_after": 5, "promote_after_s": 0 });
    world.order(json!({ "component": digest, "trial": trial })).await;
    let comparison = world.admin.get("/v1/tenants/acme/releases/translator/trial").await;
    assert_eq!(
        (&comparison["in_use"]["revision"], &comparison["on_trial"]["revision"]),
        (&json!(1), &json!(2))
    );
    let digest = world.admin.upload(&smsgate()).await;
    let (status, said) = world
        .admin
        .call(
            Method::POST,
            "/v1/tenants/acme/releases",
            Some(&json!({ "component": digest })),
        )
        .await;
    assert_eq!(status, StatusCode::CONFLICT, "{said}");
    for _ in 0..30 {
        world.agent_of_a_message().await;
    }
    world.becomes("translator", 2, "in use").await;
    assert_ne!(world.agent_of_a_message().await, first);

    let digest = world.admin.upload(&faulty_translator()).await;
    let trial = json!({ "kind": "canary", "percent": 50, "faults_max": 3 });
    world
        .order(json!({ "component": digest, "settings": { "misdeed": "trap" }, "trial": trial }))
        .await;
    for _ in 0..20 {
        let id = world.submit().await;
        world.esme.receipt_of(&id, PATIENCE).await.unwrap();
    }
    let gone = world.becomes("translator", 3, "rolled back").await;
    assert_eq!(gone["why"], "3 faults on trial, 3 are too many");
    world.becomes("translator", 2, "in use").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_ends_when_somebody_says_so() {
    let world = World::new().await;
    let first = world.agent_of_a_message().await;
    let digest = world.admin.upload(&second_smsgate()).await;
    let trial = json!({ "kind": "canary", "percent": 100, "promote_after": 0 });
    let order = json!({ "component": digest, "trial": trial });
    world.order(order.clone()).await;
    let second = world.agent_of_a_message().await;
    assert_ne!(second, first);
    world
        .admin
        .post("/v1/tenants/acme/releases/translator/dismiss", &Value::Null)
        .await;
    assert_eq!(world.agent_of_a_message().await, first);
    world.order(order).await;
    world
        .admin
        .post("/v1/tenants/acme/releases/translator/promote", &Value::Null)
        .await;
    assert_eq!(world.agent_of_a_message().await, second);
    let (status, _) = world
        .admin
        .call(Method::GET, "/v1/tenants/acme/releases/translator/trial", None)
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_swaps_leave_memory_flat() {
    let world = World::new().await;
    let session = component("edgebind-session", &[], &[]);
    let (mut digests, mut revision) = (Vec::new(), 1);
    for component in [&noted(&session, "one"), &noted(&session, "two")] {
        digests.push(world.admin.upload(component).await);
    }
    let mut resident = Vec::new();
    for _ in 0..2 {
        for swap in 0..200 {
            world.order(json!({ "component": digests[swap % 2] })).await;
            revision += 1;
        }
        assert_eq!(world.bind_is_at(revision).await["release"], revision);
        resident.push(resident_pages(world.edgebind.pid()));
    }
    // The first half warms every cache there is; what a release cost would show in the second: a compiled session is a megabyte.
    let grown = resident[1].saturating_sub(resident[0]);
    assert!(grown < 4_096, "200 swaps have taken {grown} pages");
    world.agent_of_a_message().await;
}

/// Pages of memory that a process has resident.
fn resident_pages(pid: u32) -> usize {
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).unwrap();
    statm.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_is_compared_and_nobody_outside_hears_of_it() {
    const TEXT: &str = "Which release is this?";
    let world = World::new().await;
    let first = world.agent_of_a_message().await;
    let digest = world.admin.upload(&second_smsgate()).await;
    world
        .order(json!({ "component": digest, "trial": { "kind": "shadow" } }))
        .await;
    let before = world.esme.inbox().receipts.len();
    for _ in 0..5 {
        let id = world.submit().await;
        world.esme.receipt_of(&id, PATIENCE).await.unwrap();
    }
    // Five messages, and a webhook for each receipt.
    let shadow = wait::until("the shadow to be told of everything", PATIENCE, async || {
        let comparison = world.admin.get("/v1/tenants/acme/releases/translator/trial").await;
        let shadow = comparison["shadow"].clone();
        (shadow["compared"].as_u64() >= Some(10)).then_some(shadow)
    })
    .await;
    assert_eq!(shadow["dropped"], 0);
    assert!(shadow["differing"].as_u64() >= Some(5), "{shadow}");
    let differences = shadow["last"][0]["differences"].as_array().unwrap();
    let agent = differences
        .iter()
        .find(|difference| difference["at"].as_str().unwrap().contains("headers"));
    assert!(agent.is_some_and(|agent| agent["before"] != agent["after"]), "{shadow}");
    let shown = shadow.to_string();
    assert!(!shown.contains(TEXT) && !shown.contains("7700900123"), "{shown}");

    let agents: Vec<String> = world
        .upstream
        .calls()
        .into_iter()
        .filter_map(|call| call.user_agent)
        .collect();
    assert!(
        agents.iter().all(|agent| *agent == first),
        "the upstream has heard of the shadow: {agents:?}"
    );
    assert_eq!(world.upstream.posts().values().sum::<usize>(), 6);
    assert_eq!(world.esme.inbox().receipts.len(), before + 5);
    assert_eq!(world.releases("translator").await[1]["state"], "in use");

    let (status, said) = world
        .admin
        .call(
            Method::POST,
            "/v1/tenants/acme/releases",
            Some(&json!({ "builtin": "session", "trial": { "kind": "shadow" } })),
        )
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_that_breaks_is_counted_and_harms_nobody() {
    let world = World::new().await;
    let first = world.agent_of_a_message().await;
    let digest = world.admin.upload(&faulty_translator()).await;
    world
        .order(json!({ "component": digest, "settings": { "misdeed": "trap" }, "trial": { "kind": "shadow" } }))
        .await;
    assert_eq!(world.agent_of_a_message().await, first);
    let comparison = wait::until("the shadow to break", PATIENCE, async || {
        let comparison = world.admin.get("/v1/tenants/acme/releases/translator/trial").await;
        (comparison["on_trial"]["faults"].as_u64() >= Some(1)).then_some(comparison)
    })
    .await;
    assert!(
        comparison["shadow"]["last"][0]["fault"].as_str().unwrap().contains("trapped"),
        "{comparison}"
    );
    assert_eq!(comparison["in_use"]["faults"], 0);
    world
        .admin
        .post("/v1/tenants/acme/releases/translator/dismiss", &Value::Null)
        .await;
    assert_eq!(world.agent_of_a_message().await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_guests_do_is_recorded_where_the_tenant_wants_it_and_without_what_was_said() {
    let config = Config {
        tenant: "recording = { octets_max = 200000, redact = true }".into(),
        ..Config::default()
    };
    let world = World::with(&config).await;
    let id = world.submit().await;
    world.esme.receipt_of(&id, PATIENCE).await.unwrap();
    let kinds = async |wanted: &str| {
        wait::until(format!("a recorded {wanted}"), PATIENCE, async || {
            let recordings = world.admin.get("/v1/tenants/acme/recordings").await;
            let recordings = recordings.as_array().unwrap().clone();
            recordings.into_iter().find(|recording| recording["kind"] == wanted)
        })
        .await
    };
    kinds("webhook").await;
    let operation = kinds("operation").await;
    let path = format!("/v1/tenants/acme/recordings/{}", operation["id"].as_str().unwrap());
    let line = world.admin.get(&path).await;
    assert_eq!(
        (&line["format"], &line["redacted"], &line["revision"]),
        (&json!(2), &json!(true), &json!(1))
    );
    world.esme.unbind().await.unwrap();
    kinds("bind").await;
    for secret in ["Which release is this", "7700900123", PASSWORD] {
        let at = file_with(&world.home.data_dir().join("recordings"), secret.as_bytes());
        assert_eq!(at, None, "{secret} lies on the disk");
    }
    let (status, _) = world.admin.call(Method::DELETE, &path, None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, _) = world.admin.call(Method::GET, &path, None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_translator_that_keeps_breaking_is_left_alone_and_its_messages_wait_for_a_better_one() {
    let world = World::new().await;
    let first = world.agent_of_a_message().await;
    // Somebody goes back to a release that breaks: there is none before it to go back to by itself.
    world
        .admin
        .deploy_with("acme", &faulty_translator(), Some(json!({ "misdeed": "trap" })))
        .await;
    let settings = world.releases("translator").await[1]["settings"].clone();
    let good = json!({ "builtin": "smsgate", "settings": settings });
    world.order(good.clone()).await;
    world
        .admin
        .post("/v1/tenants/acme/releases/translator/rollback", &Value::Null)
        .await;

    let mut ids = Vec::new();
    for _ in 0..12 {
        ids.push(world.submit().await);
    }
    wait::until("the breaker to open", PATIENCE, async || {
        let metrics = world.edgebind.metrics().await;
        metrics
            .contains("edgebind_breaker_opened_total{tenant=\"acme\",world=\"translator\"}")
            .then_some(())
    })
    .await;
    let releases = world.releases("translator").await;
    assert_eq!(
        (&releases[1]["state"], &releases[1]["revision"]),
        (&json!("in use"), &json!(2))
    );
    world.order(good).await;
    for id in ids {
        world.esme.receipt_of(&id, 3 * PATIENCE).await.unwrap();
    }
    assert_eq!(world.agent_of_a_message().await, first);
    assert!(!world.esme.has_ended());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_keeps_breaking_is_left_alone_and_binds_are_refused_until_there_is_a_better_one() {
    let world = World::new().await;
    let smpp = world.edgebind.smpp();
    world
        .admin
        .deploy_with("acme", &faulty_session(), Some(json!({ "misdeed": "trap" })))
        .await;
    // Somebody goes back to what breaks: the release before it is good, and still nothing is done behind their back.
    let good = json!({ "builtin": "session", "settings": {} });
    world.order(good.clone()).await;
    world
        .admin
        .post("/v1/tenants/acme/releases/session/rollback", &Value::Null)
        .await;
    let refused = wait::until("a bind to be refused", PATIENCE, async || {
        let mut wire = Wire::connect(smpp).await;
        wire.send(&wire::bind(wire::id::BIND_TRANSCEIVER, 1, SYSTEM_ID, PASSWORD))
            .await;
        let answer = wire.frame().await;
        if answer.id == wire::id::BIND_TRANSCEIVER {
            wire.send(&wire::pdu(wire::id::ENQUIRE_LINK, 2, &[])).await;
            wire.closed().await;
            return None;
        }
        Some(answer)
    })
    .await;
    assert_eq!(
        (refused.id, refused.status),
        (wire::id::BIND_TRANSCEIVER | wire::id::RESPONSE, wire::status::RBINDFAIL)
    );
    let metrics = world.edgebind.metrics().await;
    assert!(metrics.contains("edgebind_breaker_opened_total{tenant=\"acme\",world=\"session\"}"));
    world.order(good).await;
    Esme::bound(smpp, BindKind::Transmitter, SYSTEM_ID, PASSWORD).await.unwrap();
}
