//! `edgebind component`: for those who write components, and need no gateway for it. A project to begin with, what a component would be
//! refused for and what it costs, its cases, and its unit tests inside wasm.

mod bench;
mod cases;
mod check;
mod cost;
mod junit;
mod new;
mod run_tests;
mod sandbox;
mod test;
mod wrap;

use clap::{Args, Subcommand};
use std::process::ExitCode;

/// Write, check, test and measure components: translators and sessions of your own
#[derive(Debug, Args)]
pub struct Component {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(new::New),
    Check(check::Check),
    Test(test::Test),
    Bench(bench::Bench),
    RunTests(run_tests::RunTests),
    Wrap(wrap::Wrap),
}

impl Component {
    /// Does it.
    pub fn run(self) -> Result<ExitCode, String> {
        match self.command {
            Command::New(new) => new.run()?,
            Command::Check(check) => check.run()?,
            Command::Test(test) => test.run()?,
            Command::Bench(bench) => bench.run()?,
            Command::Wrap(wrap) => wrap.run()?,
            Command::RunTests(tests) => return tests.run(),
        }
        Ok(ExitCode::SUCCESS)
    }
}
