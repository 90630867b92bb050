//! The standard set: what Edgebind does on this machine, beside what others do in the same run. Each measurement has a process and a
//! data directory of its own; rounds are interleaved, so that all meet the same machine.

mod accept;
mod delivery;
mod full_path;
mod growth;
mod latency;
mod overload;
mod profile;
mod start;

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::thread::sleep;
use std::time::Duration;

use clap::{Args, ValueEnum};
use edgebind_tests::config::Config;
use tokio::runtime::Runtime;

pub(crate) use profile::Profile;

use crate::client::Watch;

/// What there is to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// submit_sm answered: on disk, in memory, over TLS, and by others
    Accept,
    /// The latency of an answer at half of what one bind can do
    Latency,
    /// From submit_sm to the upstream's answer, and what Jasmin forwards
    Path,
    /// deliver_sm out to one bind
    Delivery,
    /// From the start of the process to the first bind
    Start,
    /// More tenants, more binds, the same rate
    Growth,
    /// More offered than can be taken
    Overload,
}

/// What to measure for how long.
#[derive(Debug, Clone, Args)]
pub(crate) struct Suite {
    /// Only these parts [default: all]
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Rounds, of which the median is shown
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=99))]
    rounds: u32,
    /// How long each round measures
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Messages of a round over the full path, and of one that is delivered
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    messages: u64,
    /// Leave other people's servers out, which the first run fetches
    #[arg(long)]
    alone: bool,
    /// Write the tables to this file too
    #[arg(long, value_name = "FILE.md")]
    out: Option<PathBuf>,
}

impl Suite {
    pub(crate) fn run(self) -> ExitCode {
        if cfg!(debug_assertions) {
            eprintln!("figures of a debug build mean nothing: cargo run --release -p edgebind-tests --bin load -- suite");
            return ExitCode::from(2);
        }
        let runtime = Runtime::new().expect("a runtime can be started");
        let mut page = String::new();
        for part in Part::value_variants() {
            if !self.only.is_empty() && !self.only.contains(part) {
                continue;
            }
            let tables = match part {
                Part::Accept => accept::table(&self, &runtime),
                Part::Latency => latency::table(&self, &runtime),
                Part::Path => full_path::table(&self, &runtime),
                Part::Delivery => delivery::table(&self, &runtime),
                Part::Start => start::table(&self, &runtime),
                Part::Growth => growth::tables(&self, &runtime),
                Part::Overload => overload::table(&self, &runtime),
            };
            println!("{tables}");
            let _ = writeln!(page, "{tables}");
        }
        match self
            .out
            .map(|out| fs::write(&out, &page).map_err(|why| format!("{}: {why}", out.display())))
        {
            Some(Err(why)) => {
                eprintln!("the tables cannot be written to {why}");
                ExitCode::from(2)
            }
            _ => ExitCode::SUCCESS,
        }
    }

    /// One round of a measurement.
    fn watch(&self, pids: Vec<u32>) -> Watch {
        Watch {
            warmup: Duration::from_secs(1),
            time: Duration::from_secs(self.seconds),
            pids,
            progress: false,
        }
    }

    fn said(&self, what: &str) {
        eprintln!("{what}");
    }
}

/// Waits until the disk has done what was left to it before: hundreds of MiB written, and deleted.
fn let_disk_rest() {
    let synced = Command::new("sync").status().expect("sync is on every machine");
    assert!(synced.success(), "the disk cannot be synced");
    sleep(Duration::from_secs(1));
}

/// No bound that the load could meet: the figures are of the path, and not of a refusal.
pub(crate) fn unbounded(tenant: &str) -> Config {
    Config {
        tenant: format!("queue_max = 1000000000\n{tenant}"),
        translator: "device_id = \"stub\"".to_owned(),
        ..Config::default()
    }
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A table in Markdown: the first column of words, the others of figures.
struct Table(String);

impl Table {
    fn new(title: &str, heads: &[&str]) -> Self {
        let rule = "---:|".repeat(heads.len() - 1);
        Self(format!("{title}\n\n| {} |\n|---|{rule}\n", heads.join(" | ")))
    }

    fn row(&mut self, cells: &[String]) {
        let _ = writeln!(self.0, "| {} |", cells.join(" | "));
    }

    fn end(self) -> String {
        self.0
    }
}

fn ms(milliseconds: f64) -> String {
    format!("{milliseconds:.2} ms")
}

#[expect(clippy::cast_precision_loss, reason = "octets of memory are far below 2^52")]
fn mib(octets: u64) -> f64 {
    octets as f64 / f64::from(1 << 20)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
