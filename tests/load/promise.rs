//! The trials of the promise at length: killed two hundred times, troubled for minutes.

use std::time::Duration;

use clap::Args;
use edgebind_tests::proof::{Disk, Plan, Verdict, chaos, crash, seed};
use tokio::runtime::Runtime;

/// How long everything may take to come to its end: what was tried in vain a few times waits longer each time.
const PATIENCE: Duration = Duration::from_secs(300);

/// How often.
#[derive(Debug, Args)]
pub(crate) struct Crash {
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rounds: u32,
    /// Every kill is a power cut besides: what was not synced is torn off the journal
    #[arg(long)]
    power_cuts: bool,
}

impl Crash {
    pub(crate) fn run(self) {
        let mut plan = Plan::new(seed());
        plan.pause = Duration::from_millis(5);
        plan.disk = self.power_cuts.then(Disk::new);
        let seed = plan.seed;
        let runtime = Runtime::new().expect("a runtime can be started");
        say(seed, &runtime.block_on(crash(plan, self.rounds, PATIENCE)));
    }
}

/// How often.
#[derive(Debug, Args)]
pub(crate) struct Chaos {
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    troubles: u32,
}

impl Chaos {
    pub(crate) fn run(self) {
        let mut plan = Plan::new(seed());
        plan.garbles = true;
        let seed = plan.seed;
        let runtime = Runtime::new().expect("a runtime can be started");
        say(seed, &runtime.block_on(chaos(plan, self.troubles, PATIENCE)));
    }
}

/// The figures, and what does not hold.
pub(crate) fn say(seed: u64, verdict: &Verdict) {
    println!("seed {seed}");
    println!("{}", verdict.counts);
    for breach in &verdict.breaches {
        println!("{breach}");
    }
    if verdict.breaches.is_empty() {
        println!("every invariant holds");
    } else {
        println!("{} breaches", verdict.breaches.len());
        std::process::exit(1);
    }
}
