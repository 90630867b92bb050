//! Every target with its seeds and some thousand inputs made from them, without instrumentation: that the targets themselves stay
//! alive, and a first look at what changed. `FUZZ_SEED=7` plays one run again.
#![allow(clippy::unwrap_used, clippy::allow_attributes, reason = "a test that panics has failed")]

use std::env;

use edgebind_fuzz::{
    engine::{Budget, Engine, hear_panics},
    target,
};

const EXECUTIONS: u64 = 4_000;

#[test]
fn everything_holds_for_what_chance_makes_of_the_seeds() {
    let seed = env::var("FUZZ_SEED").map_or(1, |seed| seed.parse().unwrap());
    println!("FUZZ_SEED={seed}");
    let ordinary = std::panic::take_hook();
    hear_panics();
    let findings: Vec<String> = target::ALL
        .into_iter()
        .filter_map(|target| {
            let mut engine = Engine::new(target, seed);
            let finding = engine.run(Vec::new(), Budget::Executions(EXECUTIONS)).unwrap();
            println!("{:<10} {}", target.name, engine.progress());
            finding.map(|finding| format!("{} {finding}", target.name))
        })
        .collect();
    std::panic::set_hook(ordinary);
    assert!(findings.is_empty(), "seed {seed}:\n{}", findings.join("\n"));
}
