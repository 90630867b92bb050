//! deliver_sm out to one bind: messages come in by webhook while nobody is bound, then a receiver binds and takes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use edgebind_simulator::smsgate::{self, Account, Device, Smsgate};
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID, UPSTREAM};
use edgebind_tests::edgebind::{Edgebind, Home};
use edgebind_tests::wait;
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::{Suite, Table, cores, median};
use crate::client::{Load, Pace, Plan, Role, per};
use crate::process::cpu_time;

const OWN_NUMBER: &str = "+447700900999";

/// Webhooks that wait for their answer.
const POSTS_OPEN: usize = 32;

const PATIENCE: Duration = Duration::from_secs(120);

pub(super) struct Round {
    webhooks: f64,
    rate: f64,
    cpu_us: f64,
}

pub(super) fn table(suite: &Suite, runtime: &Runtime) -> String {
    let mut rounds = Vec::new();
    for round in 1..=suite.rounds {
        suite.said(&format!("delivery: round {round} of {}", suite.rounds));
        rounds.push(runtime.block_on(deliver(suite.messages, |_| ())));
    }
    let title = format!(
        "{} messages come in by webhook while nobody is bound; then one receiver binds and takes them as deliver_sm, window 100. Medians of {} rounds, client on the same {} cores.",
        suite.messages,
        suite.rounds,
        cores()
    );
    let mut table = Table::new(&title, &["server", "webhooks/s", "deliver_sm/s", "CPU us/deliver_sm"]);
    let of = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure));
    table.row(&[
        "edgebind, on disk".to_owned(),
        format!("{:.0}", of(|round| round.webhooks)),
        format!("{:.0}", of(|round| round.rate)),
        format!("{:.1}", of(|round| round.cpu_us)),
    ]);
    table.end()
}

/// Says which process it is when deliveries begin.
pub(super) async fn deliver(messages: u64, begins: impl FnOnce(u32)) -> Round {
    let (login, password) = UPSTREAM;
    let account = Account::new(login, password).device(Device::new("phone-1").number(OWN_NUMBER));
    let upstream = Smsgate::start(smsgate::Config {
        accounts: vec![account],
        ..smsgate::Config::default()
    });
    let upstream = upstream.await.expect("the simulator can listen");
    let home = Home::new();
    let config = Config {
        session: "window_out = \"100\"".to_owned(),
        account: "deliver_queue_max = 10000000".to_owned(),
        ..Config::default()
    };
    let edgebind = Edgebind::with_config(&home, &config.toml(&home, upstream.base_url())).await;
    let plan = Plan {
        role: Role::Receiver,
        pace: Pace::Silent,
        ..Plan::closed(edgebind.smpp_listener(), (SYSTEM_ID, PASSWORD), 1, 1)
    };
    // The gateway tells the phone where to post when somebody is there to hear of it.
    bound(&plan).await.stop().await;
    let url = wait::until("the webhook to be registered", wait::PATIENCE, async || {
        let webhooks = upstream.webhooks(login).into_iter();
        webhooks
            .filter(|webhook| webhook.event == "sms:received")
            .map(|webhook| webhook.url)
            .next()
    })
    .await;
    let posting = Instant::now();
    post(&url, messages).await;
    let webhooks = per(messages, posting.elapsed());

    begins(edgebind.pid());
    let cpu = cpu_time(edgebind.pid());
    let load = bound(&plan).await;
    let binding = Instant::now();
    while load.figures().delivered < messages {
        assert!(
            binding.elapsed() < PATIENCE,
            "only {} of {messages} were delivered",
            load.figures().delivered
        );
        sleep(Duration::from_millis(2)).await;
    }
    let time = binding.elapsed();
    let cpu = cpu_time(edgebind.pid()).saturating_sub(cpu);
    load.stop().await;
    edgebind.kill().await;
    #[expect(clippy::cast_precision_loss, reason = "a count of messages is far below 2^52")]
    Round {
        webhooks,
        rate: per(messages, time),
        cpu_us: cpu.as_secs_f64() * 1e6 / messages as f64,
    }
}

async fn bound(plan: &Plan) -> Load {
    Load::start(plan.clone()).await.unwrap_or_else(|why| panic!("{why}"))
}

/// So many messages come in, each with an id of its own.
async fn post(url: &str, messages: u64) {
    let (client, next) = (reqwest::Client::new(), Arc::new(AtomicU64::new(0)));
    let mut posting = JoinSet::new();
    for _ in 0..POSTS_OPEN {
        let (client, url, next) = (client.clone(), url.to_owned(), next.clone());
        posting.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= messages {
                    return;
                }
                let webhook = json!({
                    "id": format!("incoming-{number}"), "webhookId": "load", "event": "sms:received", "deviceId": "phone-1",
                    "payload": {
                        "messageId": format!("{number:08x}"), "message": "Forty characters of text, more or less..",
                        "sender": format!("+4477009{:05}", number % 10_000), "recipient": OWN_NUMBER, "simNumber": 1,
                        "receivedAt": "2026-08-20T10:15:30.000+02:00",
                    },
                });
                let answer = client.post(&url).body(webhook.to_string()).send().await;
                let status = answer.expect("the gateway hears webhooks").status();
                assert!(status.is_success(), "a webhook was answered with {status}");
            }
        });
    }
    while let Some(posted) = posting.join_next().await {
        posted.expect("posting goes on, see above");
    }
}
