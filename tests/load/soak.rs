//! A long steady run over the full path: what the process holds at the start, in the middle and at the end, and whether that is flat.

use std::fs;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use edgebind_tests::edgebind;
use edgebind_tests::proof::{Plan, Trial, seed};
use tokio::runtime::Runtime;
use tokio::time::{Instant, sleep};

use crate::process::resident_octets;
use crate::promise::say;
use crate::suite::median;

/// Settled messages are remembered as briefly as the configuration allows: what is kept on purpose would hide what leaks.
const RETENTION: Duration = Duration::from_secs(60);

/// Growth from the middle to the end that still is flat: a share, and what is noise whatever the share.
const FLAT: f64 = 0.10;

/// See [`FLAT`]: MiB, and descriptors.
const NOISE: f64 = 8.0;

/// A gateway's first sweep is over so long after its first minute.
const SWEEP: Duration = Duration::from_secs(20);

/// Between two looks.
const EVERY: Duration = Duration::from_secs(1);

/// How long.
#[derive(Debug, Args)]
pub(crate) struct Soak {
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(10..=86_400))]
    seconds: u64,
    /// submit_sm a second, of three binds together: at much fewer the ledger's bounds are not met in ten minutes
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=3_000))]
    rate: u64,
}

/// What the process holds at one moment: MiB of memory, MiB of disk, descriptors.
type Sample = [f64; 3];

const NAMES: [&str; 3] = ["resident MiB", "on disk MiB", "descriptors"];

/// The place of what is on disk among them.
const DISK: usize = 1;

impl Soak {
    pub(crate) fn run(self) {
        Runtime::new().expect("a runtime can be started").block_on(self.measure());
    }

    async fn measure(self) {
        let mut plan = Plan::new(seed());
        plan.config.limits = format!("retention = \"{}s\"", RETENTION.as_secs());
        plan.pause = Duration::from_secs_f64(3.0 / self.rate as f64);
        plan.window = 100;
        // Each waits for the answer to a webhook before its next: what they are late with must not outlast the retention.
        plan.phones = 8;
        let seed = plan.seed;
        let mut trial = Trial::start(plan).await;
        let (pid, data_dir) = (trial.edgebind().pid(), trial.home.data_dir());
        let until = Instant::now() + Duration::from_secs(self.seconds);
        let mut samples = Vec::new();
        while Instant::now() < until {
            trial.go_on(EVERY).await;
            samples.push(sample(pid, &data_dir));
        }
        println!(
            "{} s at {} submit_sm/s, medians of a fifth of the run each:\n",
            self.seconds, self.rate
        );
        println!("| | start | middle | end | |");
        println!("|---|---:|---:|---:|---|");
        let fifth = samples.len() / 5;
        for (column, name) in NAMES.iter().enumerate() {
            let part = |from: usize| median(samples[from..from + fifth].iter().map(|sample| sample[column]));
            let (start, middle, end) = (part(0), part(2 * fifth), part(samples.len() - fifth));
            let said = match () {
                // What the ledger has written rises until a bound, falls, and rises again: it is judged when it is compacted.
                () if column == DISK => "",
                () if end <= middle * (1.0 + FLAT) + NOISE => "flat",
                // The first messages are forgotten after their retention and the next sweep: before that nothing can be flat.
                () if Duration::from_secs(self.seconds) < RETENTION * 5 => "too short to say",
                () => "grows",
            };
            println!("| {name} | {start:.1} | {middle:.1} | {end:.1} | {said} |");
        }
        let verdict = trial.settle(Duration::from_secs(60)).await;
        let left = compacted(&mut trial, &data_dir).await;
        let said = if left <= NOISE { "flat" } else { "grows" };
        println!("| on disk, all forgotten and compacted, MiB | | | {left:.1} | {said} |\n");
        say(seed, &verdict);
    }
}

/// MiB that are left on the disk when every message is forgotten and the ledger is compacted.
async fn compacted(trial: &mut Trial, data_dir: &Path) -> f64 {
    trial.up().await;
    sleep(RETENTION + SWEEP).await;
    trial.down().await;
    let mut compact = edgebind::command();
    compact.args(["ledger", "compact"]).env("EDGEBIND_DATA_DIR", data_dir);
    let done = compact.output().await.expect("the program can be started");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    mib(octets_below(data_dir))
}

fn sample(pid: u32, data_dir: &Path) -> Sample {
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd"))
        .expect("the process runs on this machine")
        .count();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    [mib(resident_octets(pid)), mib(octets_below(data_dir)), descriptors as f64]
}

fn mib(octets: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    {
        octets as f64 / f64::from(1 << 20)
    }
}

/// Octets that the files below take on the disk: a journal is longer than what it holds.
fn octets_below(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    // What is removed while we look takes nothing.
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let octets = entries.flatten().map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => octets_below(&entry.path()),
        Ok(metadata) => metadata.blocks() * 512,
        Err(_) => 0,
    });
    octets.sum()
}
