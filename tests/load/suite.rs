//! The figures of Edgebind on this machine: medians of several rounds, each with a process and a data directory of its own.

use std::time::{Duration, Instant};

use clap::Args;
use edgebind_simulator::stub::Stub;
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID};
use edgebind_tests::edgebind::{Edgebind, Home};
use tokio::runtime::Runtime;

use crate::client::{Figures, Plan, per, run};
use crate::process::{cpu_time, resident_octets};

/// Binds and window of each row.
const ROWS: [(u32, u32); 4] = [(1, 1), (1, 10), (1, 100), (4, 25)];

/// How long the full path may take for all its messages.
const FULL_PATH: Duration = Duration::from_secs(300);

/// What to measure for how long.
#[derive(Debug, Args)]
pub(crate) struct Suite {
    /// Rounds, of which the median is shown
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    rounds: u32,
    /// How long each round measures
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Messages of a round over the full path
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    messages: u64,
}

impl Suite {
    pub(crate) fn run(self) {
        if cfg!(debug_assertions) {
            eprintln!("figures of a debug build mean nothing: cargo run --release -p edgebind-tests --bin load -- suite");
            std::process::exit(2);
        }
        let runtime = Runtime::new().expect("a runtime can be started");
        let Self {
            rounds,
            seconds,
            messages,
        } = self;
        println!(
            "Accepted durably: submit_sm_resp after fsync. The upstream is not called (egress_concurrency = 0). Median of {rounds} rounds"
        );
        println!("of {seconds} s, client on the same {} cores.\n", cores());
        println!("| binds x window | submit_sm/s | p50 | p99 | gateway CPU us/message |");
        println!("|---|---:|---:|---:|---:|");
        for (binds, window) in ROWS {
            let figures: Vec<_> = (0..rounds).map(|_| accept(&runtime, binds, window, seconds)).collect();
            println!(
                "| {binds} x {window} | {:.0} | {} | {} | {:.1} |",
                median(figures.iter().map(Figures::rate)),
                shown(median(figures.iter().map(|figures| figures.p50.as_secs_f64()))),
                shown(median(figures.iter().map(|figures| figures.p99.as_secs_f64()))),
                median(figures.iter().filter_map(Figures::cpu_us)),
            );
        }
        let figures: Vec<_> = (0..rounds).map(|_| full_path(&runtime, messages)).collect();
        println!(
            "\nFull path: {messages} messages from the first submit_sm to the last POST that a local HTTP stub has answered, 4 x 25, median of {rounds}:"
        );
        println!(
            "{:.0} messages/s, {:.1} us of the gateway's processor time each, {:.0} MiB resident at the end.",
            median(figures.iter().map(|figures| figures.rate)),
            median(figures.iter().map(|figures| figures.cpu_us)),
            median(figures.iter().map(|figures| figures.resident_mib)),
        );
    }
}

fn accept(runtime: &Runtime, binds: u32, window: u32, seconds: u64) -> Figures {
    let home = Home::new();
    // Nothing listens there, and nothing is sent there.
    let toml = unbounded("egress_concurrency = 0").toml(&home, "http://127.0.0.1:9/");
    let edgebind = runtime.block_on(Edgebind::with_config(&home, &toml));
    let plan = Plan {
        warmup: Duration::from_secs(1),
        time: Duration::from_secs(seconds),
        count: None,
        ..plan(&edgebind, binds, window)
    };
    let figures = run(&plan);
    assert_eq!(figures.refused, 0, "a figure of refusals means nothing");
    runtime.block_on(edgebind.kill());
    figures
}

struct FullPath {
    rate: f64,
    cpu_us: f64,
    resident_mib: f64,
}

fn full_path(runtime: &Runtime, messages: u64) -> FullPath {
    let home = Home::new();
    let stub = runtime.block_on(Stub::start()).expect("the stub can listen");
    let toml = unbounded("egress_concurrency = 64").toml(&home, &stub.base_url());
    let edgebind = runtime.block_on(Edgebind::with_config(&home, &toml));
    let plan = Plan {
        warmup: Duration::ZERO,
        time: FULL_PATH,
        count: Some(messages),
        ..plan(&edgebind, 4, 25)
    };
    let before = cpu_time(edgebind.pid());
    let started = Instant::now();
    let figures = run(&plan);
    assert_eq!(figures.accepted, messages, "messages accepted in {FULL_PATH:?}");
    let all = stub.wait_for_posts(messages, FULL_PATH);
    runtime.block_on(all).expect("all messages reach the stub in time");
    let time = started.elapsed();
    assert_eq!(stub.distinct() as u64, messages, "messages of which each was posted once");
    let cpu = cpu_time(edgebind.pid()).saturating_sub(before);
    let resident = resident_octets(edgebind.pid());
    runtime.block_on(edgebind.kill());
    #[expect(clippy::cast_precision_loss, reason = "counts of messages and octets are far below 2^52")]
    FullPath {
        rate: per(messages, time),
        cpu_us: cpu.as_secs_f64() * 1e6 / messages as f64,
        resident_mib: resident as f64 / (1024.0 * 1024.0),
    }
}

/// No bound that the load could meet: the figures are of the path, and not of a refusal.
pub(crate) fn unbounded(tenant: &str) -> Config {
    Config {
        tenant: format!("queue_max = 1000000000\n{tenant}"),
        translator: "device_id = \"stub\"".to_owned(),
        ..Config::default()
    }
}

fn plan(edgebind: &Edgebind, binds: u32, window: u32) -> Plan {
    Plan {
        address: edgebind.smpp_listener(),
        system_id: SYSTEM_ID.to_owned(),
        password: PASSWORD.to_owned(),
        binds,
        window,
        warmup: Duration::ZERO,
        time: Duration::ZERO,
        count: None,
        pid: Some(edgebind.pid()),
    }
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn shown(seconds: f64) -> String {
    format!("{:.2} ms", seconds * 1e3)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
