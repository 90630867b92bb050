//! The command line.

pub mod check;
pub mod demo;
pub mod load;
pub mod serve;

use crate::observe::LogFormat;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Edgebind: a multi-tenant SMPP v3.4 gateway to HTTP SMS APIs.
#[derive(Debug, Parser)]
#[command(name = "edgebind", version, about, long_about = None)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show everything at work, with no file and no network: a gateway, a simulated SMSGate and an ESME over real sockets
    Demo(demo::Demo),
    /// Run the gateway
    Serve(serve::Serve),
    /// Read a configuration and name every mistake in it
    Check(check::Check),
}

/// Where the log goes and how.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Log {
    /// How the log on standard error is written; EDGEBIND_LOG filters it (for example "debug" or "warn")
    #[arg(long, value_enum, default_value = "text", env = "EDGEBIND_LOG_FORMAT")]
    pub log: LogFormat,
}

/// Parses the command line and does what it says. Errors are one sentence on standard error.
pub fn run() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Demo(demo) => demo.run(),
        Command::Serve(serve) => serve.run(),
        Command::Check(check) => check.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("edgebind: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A runtime for the gateway.
pub fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("failed to start: {error}"))
}
