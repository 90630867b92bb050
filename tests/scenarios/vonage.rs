//! A tenant of Vonage's: messages go to its SMS API in one request and in parts, receipts and incoming messages come back in all the forms
//! that its dashboard knows, signed and not.

use std::collections::BTreeSet;
use std::time::Duration;

use edgebind_simulator::vonage::{
    Account, Config as Habits, Dashboard, Manner, Method, Parameters, Signature, Submission, Vonage, refusal,
};
use edgebind_simulator::vonage::{Fault, On};
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID};
use edgebind_tests::edgebind::{Edgebind, Home, command};
use edgebind_tests::openapi::Inspected;
use edgebind_tests::wait::{self, PATIENCE};
use edgebind_tests::wire::{Submit, Wire, bind, id, status, tlv};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::world;

const API_KEY: &str = "a1b2c3d4";
/// As long as SMPP's password field can carry, so that an ESME can bind with it.
const API_SECRET: &str = "secret01";
const SIGNATURE_SECRET: &str = "0123456789abcdefghijklmnop";

const SUBSCRIBER: &str = "447700900200";
const OWN_NUMBER: &str = "447700900999";

const MESSAGE_PAYLOAD: u16 = 0x0424;

/// Dropped in this order: the process first.
struct World {
    edgebind: Edgebind,
    upstream: Inspected<Vonage>,
    home: Home,
}

impl World {
    async fn start(config: &Config, account: Account) -> Self {
        let upstream = Vonage::start(Habits {
            accounts: vec![account],
            ..Habits::default()
        });
        let upstream = Inspected::new(upstream.await.expect("the look-alike can listen"));
        let home = Home::new();
        let edgebind = Edgebind::with_config(&home, &toml(config, &home, &upstream)).await;
        Self {
            edgebind,
            upstream,
            home,
        }
    }

    async fn plain() -> Self {
        Self::start(&Config::default(), Account::new(API_KEY, API_SECRET)).await
    }

    async fn transceiver(&self) -> Wire {
        Wire::bound(self.edgebind.smpp(), id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await
    }

    /// What was posted for this message id, once it was.
    async fn submission(&self, message_id: &str) -> Submission {
        wait::until(format!("message {message_id} to reach Vonage"), PATIENCE, async || {
            let calls = self.upstream.calls().into_iter();
            calls
                .filter_map(|call| call.submission)
                .find(|submission| submission.client_ref() == Some(message_id))
        })
        .await
    }

    /// The ids that Vonage gave to the parts of this message, once all of it was taken.
    async fn ids(&self, message_id: &str) -> Vec<String> {
        wait::until(format!("message {message_id} to be taken"), PATIENCE, async || {
            let messages = self.upstream.messages().into_iter();
            messages
                .filter(|message| message.submission.client_ref() == Some(message_id))
                .map(|message| message.ids)
                .next()
        })
        .await
    }

    /// How often this message was posted.
    fn posts(&self, message_id: &str) -> usize {
        self.upstream.posts().get(message_id).copied().unwrap_or(0)
    }

    /// Where Vonage reaches the account, as the operator is told.
    async fn webhook(&self) -> String {
        let told = self
            .edgebind
            .admin()
            .get(&format!("/v1/tenants/acme/accounts/{SYSTEM_ID}/webhook"))
            .await;
        told["url"].as_str().unwrap().to_owned()
    }

    async fn has_dashboard(&self, manner: Manner, is_signed: bool) {
        let url = self.webhook().await;
        self.upstream.set_dashboard(
            API_KEY,
            Dashboard {
                receipts_url: Some(url.clone()),
                inbound_url: Some(url),
                manner,
                is_signed,
            },
        );
    }

    /// Says what became of a part, and waits until the gateway has taken it.
    async fn report(&self, message_id: &str, upstream_id: &str, state: &str, err_code: u16) {
        let before = self.upstream.attempts().len();
        let pairs = [
            ("msisdn", SUBSCRIBER),
            ("to", "ACME"),
            ("messageId", upstream_id),
            ("status", state),
            ("err-code", &err_code.to_string()),
            ("client-ref", message_id),
            ("message-timestamp", "2026-08-20 08:15:31"),
        ];
        let parameters: Parameters = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert!(self.upstream.emit_receipt(API_KEY, parameters));
        let is_taken = |attempts: &[edgebind_simulator::vonage::Attempt]| {
            attempts[before..].iter().any(|attempt| {
                attempt.parameters.get("messageId").is_some_and(|id| id == upstream_id) && attempt.status == Some(200)
            })
        };
        self.upstream
            .wait_for_attempts(is_taken, PATIENCE)
            .await
            .expect("the receipt is taken");
    }
}

/// The configuration, with Vonage's names for what it names.
fn toml(config: &Config, home: &Home, upstream: &Vonage) -> String {
    let config = Config {
        tenant: format!("translator = \"vonage\"\n{}", config.tenant),
        ..config.clone()
    };
    let toml = config.toml(home, upstream.base_url());
    let (user, password) = edgebind_tests::config::UPSTREAM;
    toml.replace(user, API_KEY).replace(password, API_SECRET)
}

/// With the secret that requests and webhooks are signed with.
fn signing(method: &str) -> Config {
    Config {
        secrets: format!("signature = \"{SIGNATURE_SECRET}\""),
        translator: format!("auth = \"signature\"\napi_key = \"{API_KEY}\"\nsignature_method = \"{method}\""),
        ..Config::default()
    }
}

/// More than the field for it holds.
fn long(text: &str) -> Submit<'static> {
    Submit {
        registered_delivery: 1,
        short_message: b"",
        tail: tlv(MESSAGE_PAYLOAD, text.as_bytes()),
        ..Submit::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_goes_out_and_its_receipt_comes_back() {
    let world = World::plain().await;
    let mut esme = world.transceiver().await;
    let response = esme
        .submit(&Submit {
            registered_delivery: 1,
            validity: "000000010000000R",
            ..Submit::default()
        })
        .await;
    let message_id = response.string();
    let receipt = esme.delivery().await;
    assert_eq!(
        (receipt.receipted_message_id(), receipt.stat()),
        (message_id.clone(), "DELIVRD".to_owned())
    );
    let submission = world.submission(&message_id).await;
    assert_eq!(
        (submission.from(), submission.to(), submission.text()),
        ("ACME", "447700900100", "hello")
    );
    assert_eq!(
        (submission.kind(), submission.get("callback")),
        ("text", Some(&*world.webhook().await))
    );
    let ttl: u64 = submission.get("ttl").unwrap().parse().unwrap();
    assert!(
        (3_000_000..=3_600_000).contains(&ttl),
        "an hour of validity, less what has passed: {ttl}"
    );
    let call = world.upstream.calls().remove(0);
    assert_eq!(call.account.as_deref(), Some(API_KEY));
    assert!(call.authorization.is_some_and(|way| way.starts_with("Basic ")));
    assert_eq!(world.posts(&message_id), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_message_is_decides_its_type() {
    let world = World::plain().await;
    let mut esme = world.transceiver().await;
    let wide: Vec<u8> = "Да".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let ported = [&[6, 5, 4, 0x0B, 0x84, 0x23, 0xF0], &b"\x01\x06"[..]].concat();
    let rows = [
        (0x00, 0x00, b"Hi".to_vec(), "text", "text=Hi"),
        (0x00, 0x10, b"Hi".to_vec(), "text", "message-class=0"),
        (0x00, 0x08, wide, "unicode", "text=Да"),
        (0x00, 0x04, vec![0x00, 0xFF], "binary", "body=00ff"),
        (0x40, 0x04, ported, "binary", "udh=0605040b8423f0"),
    ];
    for (esm_class, data_coding, short_message, kind, field) in rows {
        let submit = Submit {
            esm_class,
            data_coding,
            short_message: &short_message,
            ..Submit::default()
        };
        let response = esme.submit(&submit).await;
        assert_eq!(response.status, status::ROK, "{field}");
        let submission = world.submission(&response.string()).await;
        let (name, value) = field.split_once('=').unwrap();
        assert_eq!(
            (submission.kind(), submission.get(name)),
            (kind, Some(value)),
            "{submission:?}"
        );
        assert_eq!(submission.get("status-report-req"), Some("false"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_parts_has_arrived_when_all_have() {
    let world = World::plain().await;
    world.has_dashboard(Manner::Get, false).await;
    let mut esme = world.transceiver().await;
    let silent = Submit {
        // Vonage says nothing of it by itself.
        destination: "447700909603",
        ..long(&"a".repeat(400))
    };
    let message_id = esme.submit(&silent).await.string();
    let ids = world.ids(&message_id).await;
    assert_eq!(ids.len(), 3);
    world.report(&message_id, &ids[1], "delivered", 0).await;
    world.report(&message_id, &ids[1], "delivered", 0).await;
    world.report(&message_id, &ids[0], "delivered", 0).await;
    assert!(esme.unasked().await.is_empty(), "one part has not arrived");
    world.report(&message_id, &ids[2], "delivered", 0).await;
    let receipt = esme.delivery().await;
    assert_eq!(
        (receipt.receipted_message_id(), receipt.stat()),
        (message_id, "DELIVRD".to_owned())
    );
    assert!(esme.unasked().await.is_empty(), "one message, one final receipt");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_parts_has_failed_when_one_has() {
    let world = World::plain().await;
    world.has_dashboard(Manner::Json, false).await;
    let mut esme = world.transceiver().await;
    let silent = Submit {
        destination: "447700909603",
        ..long(&"a".repeat(200))
    };
    let message_id = esme.submit(&silent).await.string();
    let ids = world.ids(&message_id).await;
    world.report(&message_id, &ids[0], "delivered", 0).await;
    world.report(&message_id, &ids[1], "failed", 6).await;
    let receipt = esme.delivery().await;
    assert_eq!(
        (receipt.receipted_message_id(), receipt.stat()),
        (message_id.clone(), "UNDELIV".to_owned())
    );
    let text = String::from_utf8(receipt.short_message).unwrap();
    assert!(text.contains(" err:006 "), "{text}");
    assert_eq!(world.posts(&message_id), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_of_parts_that_come_before_the_answer_count() {
    let world = World::plain().await;
    let mut esme = world.transceiver().await;
    world
        .upstream
        .faults()
        .next(On::Submit, 1, Fault::Late(Duration::from_millis(500)));
    let message_id = esme.submit(&long(&"a".repeat(400))).await.string();
    let receipt = esme.delivery().await;
    assert_eq!(
        (receipt.receipted_message_id(), receipt.stat()),
        (message_id.clone(), "DELIVRD".to_owned())
    );
    assert_eq!((world.ids(&message_id).await.len(), world.posts(&message_id)), (3, 1));
    assert!(esme.unasked().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_which_some_parts_were_refused_is_never_sent_again_by_itself() {
    let world = World::plain().await;
    let mut esme = world.transceiver().await;
    // Of its parts only the first is taken; the others meet an error of Vonage's own, after which a whole message is tried again.
    let torn = Submit {
        destination: "447700909606",
        ..long(&"a".repeat(400))
    };
    let message_id = esme.submit(&torn).await.string();
    let receipt = esme.delivery().await;
    assert_eq!(
        (receipt.receipted_message_id(), receipt.stat()),
        (message_id.clone(), "UNDELIV".to_owned())
    );
    let letters = world.edgebind.admin().get("/v1/dead-letters?tenant=acme").await;
    assert_eq!(
        (&letters[0]["id"], &letters[0]["work"]),
        (&json!(message_id), &json!("submit")),
        "{letters}"
    );
    assert_eq!(world.posts(&message_id), 1);
    assert!(
        esme.unasked().await.is_empty(),
        "what becomes of the first part changes nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_told_by_their_numbers() {
    let world = World::plain().await;
    let mut esme = world.transceiver().await;
    let rows = [
        ("447700909915", "REJECTD", "051"),
        ("447700909907", "REJECTD", "014"),
        ("447700909806", "UNDELIV", "006"),
    ];
    for (destination, state, error) in rows {
        let submit = Submit {
            destination,
            registered_delivery: 1,
            ..Submit::default()
        };
        let message_id = esme.submit(&submit).await.string();
        let receipt = esme.delivery().await;
        assert_eq!(
            (receipt.receipted_message_id(), receipt.stat()),
            (message_id.clone(), state.to_owned())
        );
        let text = String::from_utf8(receipt.short_message).unwrap();
        assert!(text.contains(&format!(" err:{error} ")), "{text}");
        assert_eq!(world.posts(&message_id), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_throttled_or_in_trouble_is_sent_again() {
    let world = World::plain().await;
    let mut esme = world.transceiver().await;
    let faults = [
        refusal(1, "Throughput Rate Exceeded - please wait [ 150 ] and retry"),
        Fault::retry_after(429, "1"),
        refusal(5, "Server Error"),
    ];
    for fault in faults {
        world.upstream.faults().next(On::Submit, 1, fault.clone());
        let submit = Submit {
            registered_delivery: 1,
            ..Submit::default()
        };
        let message_id = esme.submit(&submit).await.string();
        let receipt = esme.delivery().await;
        assert_eq!(
            (receipt.receipted_message_id(), receipt.stat()),
            (message_id.clone(), "DELIVRD".to_owned()),
            "{fault:?}"
        );
        assert_eq!(world.posts(&message_id), 2, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_and_webhooks_are_signed_by_every_method_and_in_every_form() {
    let rows = [
        ("md5", Method::Md5, Manner::Get),
        ("hmac-md5", Method::HmacMd5, Manner::Form),
        ("hmac-sha1", Method::HmacSha1, Manner::Json),
        ("hmac-sha256", Method::HmacSha256, Manner::Get),
        ("hmac-sha512", Method::HmacSha512, Manner::Json),
    ];
    for (name, method, manner) in rows {
        let account = Account {
            must_sign: true,
            ..Account::new(API_KEY, API_SECRET).signature(Signature::new(method, SIGNATURE_SECRET))
        };
        let world = World::start(&signing(name), account).await;
        world.has_dashboard(manner, true).await;
        let mut esme = world.transceiver().await;
        let submit = Submit {
            registered_delivery: 1,
            short_message: b"one & two = three",
            ..Submit::default()
        };
        let message_id = esme.submit(&submit).await.string();
        let receipt = esme.delivery().await;
        assert_eq!(
            (receipt.receipted_message_id(), receipt.stat()),
            (message_id.clone(), "DELIVRD".to_owned()),
            "{name}"
        );
        let submission = world.submission(&message_id).await;
        assert!(
            submission.get("sig").is_some() && submission.get("api_secret").is_none(),
            "{submission:?}"
        );
        world.upstream.incoming(API_KEY, SUBSCRIBER, OWN_NUMBER, "a=b & c");
        assert_eq!(esme.delivery().await.short_message, b"a=b & c", "{name}");
        // Somebody else's, who does not know the secret.
        world.has_dashboard(manner, false).await;
        let before = world.upstream.attempts().len();
        world.upstream.incoming(API_KEY, SUBSCRIBER, OWN_NUMBER, "forged");
        let is_answered =
            |attempts: &[edgebind_simulator::vonage::Attempt]| attempts[before..].iter().any(|attempt| attempt.status.is_some());
        let attempts = world.upstream.wait_for_attempts(is_answered, PATIENCE).await.unwrap();
        assert_eq!(attempts[before].status, Some(401), "{name}");
        assert!(esme.unasked().await.is_empty());
        assert!(!world.home.log().contains(SIGNATURE_SECRET));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn key_and_secret_stand_in_the_body_where_the_settings_say_so() {
    let config = Config {
        translator: "auth = \"body\"".to_owned(),
        ..Config::default()
    };
    let world = World::start(&config, Account::new(API_KEY, API_SECRET)).await;
    let mut esme = world.transceiver().await;
    let message_id = esme.submit(&Submit::default()).await.string();
    let submission = world.submission(&message_id).await;
    assert_eq!(
        (submission.get("api_key"), submission.get("api_secret")),
        (Some(API_KEY), Some(API_SECRET))
    );
    world.ids(&message_id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incoming_message_comes_part_by_part_in_every_form() {
    let world = World::plain().await;
    let mut esme = world.transceiver().await;
    let text = "An incoming message that is longer than one. ".repeat(6);
    for manner in [Manner::Get, Manner::Form, Manner::Json] {
        world.has_dashboard(manner, false).await;
        let parts = world.upstream.incoming(API_KEY, SUBSCRIBER, OWN_NUMBER, &text).len();
        assert_eq!(parts, 2);
        let (mut words, mut places, mut references) = (vec![Vec::new(); parts], BTreeSet::new(), BTreeSet::new());
        for _ in 0..parts {
            let delivery = esme.delivery().await;
            assert_eq!((&*delivery.source, &*delivery.destination), (SUBSCRIBER, OWN_NUMBER));
            assert_eq!(delivery.esm_class & 0x40, 0x40, "it has a header");
            let (header, rest) = delivery.short_message.split_at(6);
            assert_eq!((&header[..3], header[4]), (&[5, 0, 3][..], 2));
            references.insert(header[3]);
            places.insert(header[5]);
            words[usize::from(header[5]) - 1] = rest.to_vec();
        }
        assert_eq!((places, references.len()), (BTreeSet::from([1, 2]), 1));
        assert_eq!(words.concat(), text.as_bytes(), "{manner:?}");
    }
    // What is said twice is told once.
    world.upstream.faults().repeat_webhooks(1.0);
    let before = world.upstream.attempts().len();
    world.upstream.incoming_binary(
        API_KEY,
        SUBSCRIBER,
        OWN_NUMBER,
        &[0x01, 0xFF],
        &[6, 5, 4, 0x0B, 0x84, 0x23, 0xF0],
    );
    let delivery = esme.delivery().await;
    assert_eq!(delivery.short_message, [6, 5, 4, 0x0B, 0x84, 0x23, 0xF0, 0x01, 0xFF]);
    let is_repeated = |attempts: &[edgebind_simulator::vonage::Attempt]| {
        attempts[before..]
            .iter()
            .filter(|attempt| attempt.status == Some(200))
            .count()
            >= 2
    };
    world.upstream.wait_for_attempts(is_repeated, PATIENCE).await.unwrap();
    assert!(esme.unasked().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_esme_binds_with_what_vonage_knows() {
    let upstream = Vonage::start(Habits {
        accounts: vec![Account::new(API_KEY, API_SECRET)],
        ..Habits::default()
    });
    let upstream = Inspected::new(upstream.await.unwrap());
    let home = Home::new();
    let (http, url) = (home.http(), upstream.base_url());
    let toml = format!(
        "[admin]\naddr = \"127.0.0.1:0\"\n[smpp]\nplain = \"127.0.0.1:0\"\n[http]\naddr = \"{http}\"\nwebhook_base_url = \"http://{http}\"\n\
         [[tenants]]\nname = \"everyone\"\nmode = \"pass-through\"\ntranslator = \"vonage\"\n\
         translator_settings = {{ api_base_url = \"{url}\" }}\n"
    );
    let edgebind = Edgebind::with_config(&home, &toml).await;
    let mut stranger = Wire::connect(edgebind.smpp()).await;
    stranger.send(&bind(id::BIND_TRANSCEIVER, 1, API_KEY, "wrong")).await;
    assert_eq!(stranger.frame().await.status, status::RBINDFAIL);
    let mut esme = Wire::bound(edgebind.smpp(), id::BIND_TRANSCEIVER, API_KEY, API_SECRET).await;
    let submit = Submit {
        registered_delivery: 1,
        ..Submit::default()
    };
    let message_id = esme.submit(&submit).await.string();
    let receipt = esme.delivery().await;
    assert_eq!(
        (receipt.receipted_message_id(), receipt.stat()),
        (message_id, "DELIVRD".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_moves_from_smsgate_to_vonage_and_its_operator_is_told_the_url() {
    let smsgate = world::upstream().await;
    let vonage = Vonage::start(Habits {
        accounts: vec![Account::new(
            edgebind_tests::config::UPSTREAM.0,
            edgebind_tests::config::UPSTREAM.1,
        )],
        ..Habits::default()
    });
    let vonage = Inspected::new(vonage.await.unwrap());
    let home = Home::new();
    let config = Config::default();
    let edgebind = Edgebind::with_config(&home, &config.toml(&home, smsgate.base_url())).await;
    let mut esme = Wire::bound(edgebind.smpp(), id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    let first = esme.submit(&Submit::default()).await.string();
    world::submission(&smsgate, &first).await;

    // The document names another translator, with settings of its own; the bind stays up.
    let moved = Config {
        tenant: "translator = \"vonage\"".to_owned(),
        ..config
    };
    home.write("edgebind.toml", moved.toml(&home, vonage.base_url()));
    edgebind.signal(Signal::HUP);
    let releases = || edgebind.admin();
    let in_use = wait::until("the release of another translator", PATIENCE, async || {
        let listed = releases().get("/v1/tenants/acme/releases").await;
        let listed = listed.as_array().unwrap().clone();
        let is_it = |release: &Value| release["builtin"] == "vonage" && release["state"] == "in use";
        listed.into_iter().find(is_it)
    })
    .await;
    assert_eq!(in_use["revision"], 2);
    let second = esme.submit(&Submit::default()).await.string();
    wait::until("the second message to reach Vonage", PATIENCE, async || {
        vonage.posts().contains_key(&second).then_some(())
    })
    .await;
    assert_eq!((smsgate.posts().len(), vonage.posts().len()), (1, 1));

    let told = command()
        .args(["accounts", "--tenant", "acme", "webhook", SYSTEM_ID])
        .env("EDGEBIND_URL", edgebind.admin().base_url())
        .env("EDGEBIND_DATA_DIR", home.data_dir())
        .output()
        .await
        .unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(
        told.starts_with(&format!("http://{}/webhook/acme/{SYSTEM_ID}/", home.http())),
        "{told}"
    );

    // A restart finds it so, although the program has another translator that tenants start with.
    assert!(edgebind.terminate().await.success());
    let edgebind = Edgebind::with_config(&home, &moved.toml(&home, vonage.base_url())).await;
    let listed = edgebind.admin().get("/v1/tenants/acme/releases").await;
    let translators = listed
        .as_array()
        .unwrap()
        .iter()
        .filter(|release| release["world"] == "translator");
    let shown: Vec<(&Value, &Value)> = translators.map(|release| (&release["builtin"], &release["state"])).collect();
    assert_eq!(
        shown,
        [(&json!("vonage"), &json!("in use")), (&json!("smsgate"), &json!("before"))]
    );
}
