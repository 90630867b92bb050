//! Load for an SMPP server, and the figures of Edgebind that the README shows.
//!
//! `load client` drives any server on the loopback or elsewhere; `load suite` starts the release build of `edgebind` beside itself
//! and prints a table. A closed loop: each bind keeps its window full and sends no more, so the server sets the pace.

mod churn;
mod client;
mod deploy;
mod frames;
mod idle;
mod neighbours;
mod outage;
mod process;
mod promise;
mod soak;
mod steady;
mod suite;
mod swap;

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::client::{Plan, run};

#[derive(Debug, Parser)]
#[command(version, about = "Load for an SMPP server: a closed loop of submit_sm")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Drive one server and print what it did
    Client(Client),
    /// Measure the release build of edgebind on this machine and print the table
    Suite(suite::Suite),
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

#[derive(Debug, Args)]
struct Client {
    /// Where the server listens
    #[arg(long, default_value = "127.0.0.1:2775")]
    address: SocketAddr,
    #[arg(long, default_value = "esme01")]
    system_id: String,
    #[arg(long, default_value = "secret08")]
    password: String,
    /// Connections, each bound as a transmitter
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    binds: u32,
    /// submit_sm that wait for their answer, on each bind
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    window: u32,
    /// How long to measure
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// How long to run before measuring
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(0..=60))]
    warmup: u64,
    /// Stop after so many messages, of all binds together
    #[arg(long)]
    count: Option<u64>,
    /// The server's process on this machine, whose processor time is to be counted
    #[arg(long)]
    pid: Option<u32>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

fn main() {
    match Cli::parse().command {
        Command::Client(client) => {
            let Client {
                address,
                system_id,
                password,
                binds,
                window,
                seconds,
                warmup,
                count,
                pid,
                json,
            } = client;
            let plan = Plan {
                address,
                system_id,
                password,
                binds,
                window,
                warmup: Duration::from_secs(warmup),
                time: Duration::from_secs(seconds),
                count,
                pid,
            };
            let figures = run(&plan);
            if json {
                println!("{}", figures.json());
            } else {
                println!("{figures}");
            }
        }
        Command::Suite(suite) => suite.run(),
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
}
