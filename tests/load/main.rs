//! Load for an SMPP server, and the figures of Edgebind that the README shows.
//!
//! `load client` drives any server on this machine; `load suite` starts the release build of `edgebind` beside itself, and other
//! people's servers, and prints tables.

mod churn;
mod client;
mod deploy;
mod drive;
mod idle;
mod neighbours;
mod outage;
mod peers;
mod process;
mod promise;
mod soak;
mod suite;
mod swap;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(version, about = "Load for an SMPP server, and the figures of edgebind")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Drive one server and print what it did
    Client(drive::Client),
    /// Measure the release build of edgebind on this machine, and other servers beside it, and print tables
    Suite(suite::Suite),
    /// Sample where the processor time of edgebind goes on each path, and print the table; needs perf
    Profile(suite::Profile),
    /// Swap both worlds of a tenant under load, and count what that costs its binds
    Swap(swap::Swap),
    /// Swap both worlds thousands of times, and see that nothing is left behind
    Churn(churn::Churn),
    /// Bind many and send nothing: memory and processor time of idle binds
    Idle(idle::Idle),
    /// Measure a healthy tenant beside one whose guests spin, trap and hoard
    Neighbours(neighbours::Neighbours),
    /// Time from a deploy to the first message on the new release
    Deploy(deploy::Deploy),
    /// Kill again and again under load, and judge from outside whether anything was lost
    Crash(promise::Crash),
    /// Trouble everybody at once, and judge from outside whether anything was lost
    Chaos(promise::Chaos),
    /// Run for long, and say whether memory, descriptors and disk stay flat
    Soak(soak::Soak),
    /// Measure a tenant beside another whose upstream is down or silent
    Outage(outage::Outage),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Client(client) => return client.run(),
        Command::Suite(suite) => return suite.run(),
        Command::Profile(profile) => return profile.run(),
        Command::Swap(swap) => swap.run(),
        Command::Churn(churn) => churn.run(),
        Command::Idle(idle) => idle.run(),
        Command::Neighbours(neighbours) => neighbours.run(),
        Command::Deploy(deploy) => deploy.run(),
        Command::Crash(crash) => crash.run(),
        Command::Chaos(chaos) => chaos.run(),
        Command::Soak(soak) => soak.run(),
        Command::Outage(outage) => outage.run(),
    }
    ExitCode::SUCCESS
}
