//! `cargo run -p edgebind-fuzz -- --seconds 60`: builds the targets with instrumentation and runs each for so long.
//!
//! What was learnt is kept under the target directory and is where the next run begins. Exit status 1 means that something was
//! found, and the input is printed; `--target NAME --input HEX` runs that one again, and a test is what should become of it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser;
use edgebind_fuzz::{
    black_box::BlackBox,
    coverage, hex,
    target::{self, Target},
};

#[derive(Debug, Parser)]
#[command(version, about = "Coverage-guided fuzzing of everything that reads octets from outside")]
struct Cli {
    /// How long each target runs
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// Run this target only; may be given several times
    #[arg(long = "target", value_name = "NAME")]
    targets: Vec<Target>,
    /// Where chance begins; another number each time unless it is given
    #[arg(long)]
    seed: Option<u64>,
    /// Run the target once, with these octets
    #[arg(long, value_name = "HEX", requires = "targets", value_parser = hex::read)]
    input: Option<Octets>,
}

/// A name of its own: clap makes a list of every `Vec`.
type Octets = Vec<u8>;

fn main() -> Result<ExitCode, String> {
    let cli = Cli::parse();
    let targets = if cli.targets.is_empty() {
        target::ALL.to_vec()
    } else {
        cli.targets
    };
    if let Some(input) = cli.input {
        for target in targets {
            (target.run)(&input);
            println!("{}: everything holds", target.name);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let folder = folder()?;
    let worker = build_worker(&folder)?;
    let seed = cli.seed.unwrap_or_else(|| {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    });
    println!(
        "{} targets, {} s each, seed {seed}; corpus in {}",
        targets.len(),
        cli.seconds,
        folder.join("corpus").display()
    );
    let mut found = false;
    for target in targets {
        found |= !run_worker(&worker, target, cli.seconds, seed, &folder)?;
    }
    Ok(if found { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The running program lies in `<target>/<profile>/`; what is built and learnt here goes to `<target>/fuzz/`.
fn folder() -> Result<PathBuf, String> {
    let program = env::current_exe().map_err(|error| format!("failed to find this program: {error}"))?;
    let target = program.ancestors().nth(2).ok_or("this program lies in no target directory")?;
    Ok(target.join("fuzz"))
}

/// The worker, built with instrumentation. A `--target` keeps that away from build scripts and macros.
fn build_worker(folder: &Path) -> Result<PathBuf, String> {
    let triple = host_triple()?;
    let status = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--package",
            "edgebind-fuzz",
            "--bin",
            "fuzz-worker",
            "--profile",
            "fuzz",
        ])
        .args(["--target", &triple, "--target-dir"])
        .arg(folder)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("RUSTFLAGS", coverage::RUSTFLAGS)
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()
        .map_err(|error| format!("failed to start cargo: {error}"))?;
    if status.success() {
        Ok(folder.join(triple).join("fuzz").join("fuzz-worker"))
    } else {
        Err("the worker does not build: cargo's own words are above".to_owned())
    }
}

fn host_triple() -> Result<String, String> {
    let output = Command::new("rustc")
        .args(["--print", "host-tuple"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .map_err(|error| format!("failed to start rustc: {error}"))?;
    let triple = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if triple.is_empty() {
        Err("rustc does not name the host".to_owned())
    } else {
        Ok(triple)
    }
}

/// Whether everything held.
fn run_worker(worker: &Path, target: Target, seconds: u64, seed: u64, folder: &Path) -> Result<bool, String> {
    let status = Command::new(worker)
        .args([target.name, &seconds.to_string(), &seed.to_string()])
        .arg(folder)
        .status()
        .map_err(|error| format!("failed to start {}: {error}", worker.display()))?;
    match status.code() {
        Some(0) => return Ok(true),
        Some(1) => {}
        // It could not say so itself.
        _ => {
            let input = BlackBox::read(folder, target).unwrap_or_default();
            println!(
                "{} ended with {status}\n  {} octets: {}",
                target.name,
                input.len(),
                hex::write(&input)
            );
        }
    }
    println!("  again: cargo run -p edgebind-fuzz -- --target {} --input HEX", target.name);
    Ok(false)
}
