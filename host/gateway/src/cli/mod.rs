//! The command line.

pub mod accounts;
pub mod audit;
pub mod binds;
pub mod change;
pub mod check;
pub mod client;
pub mod compile;
pub mod component;
pub mod dead_letters;
pub mod demo;
pub mod deploy;
pub mod document;
pub mod ledger;
pub mod load;
pub mod messages;
pub mod moment;
pub mod output;
pub mod owner;
pub mod recordings;
pub mod releases;
pub mod replay;
pub mod secret;
pub mod secrets;
pub mod serve;
pub mod table;
pub mod tenants;
pub mod watch;

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
    Tenants(tenants::Tenants),
    Accounts(accounts::Accounts),
    Secrets(secrets::Secrets),
    Binds(binds::Binds),
    Messages(messages::Messages),
    DeadLetters(dead_letters::DeadLetters),
    Ledger(ledger::Ledger),
    Releases(releases::Releases),
    Deploy(deploy::Deploy),
    Rollback(deploy::Rollback),
    Watch(watch::Watch),
    Recordings(recordings::Recordings),
    Replay(replay::Replay),
    Audit(audit::Audit),
    Component(component::Component),
    #[command(hide = true)]
    Compile(compile::Compile),
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
        Command::Tenants(tenants) => client(tenants.run()),
        Command::Accounts(accounts) => client(accounts.run()),
        Command::Secrets(secrets) => client(secrets.run()),
        Command::Binds(binds) => client(binds.run()),
        Command::Messages(messages) => client(messages.run()),
        Command::DeadLetters(letters) => client(letters.run()),
        Command::Ledger(ledger) => ledger.run(),
        Command::Releases(releases) => client(releases.run()),
        Command::Deploy(deploy) => client(deploy.run()),
        Command::Rollback(rollback) => client(rollback.run()),
        Command::Watch(watch) => client(watch.run()),
        Command::Recordings(recordings) => client(recordings.run()),
        Command::Replay(replay) => replay.run(),
        Command::Audit(audit) => client(audit.run()),
        Command::Component(component) => match component.run() {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
        Command::Compile(compile) => return compile.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("edgebind: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command that asks a running gateway.
fn client(command: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    runtime()?.block_on(command)
}

/// A runtime for the gateway.
pub fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("failed to start: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn every_command_fits_together_and_explains_itself() {
        let mut command = Cli::command();
        command.clone().debug_assert();
        command.build();
        let mut left: Vec<clap::Command> = command.get_subcommands().cloned().collect();
        while let Some(command) = left.pop() {
            assert!(command.get_about().is_some(), "{} has no help", command.get_name());
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{} {} has no help",
                    command.get_name(),
                    argument.get_id()
                );
            }
            left.extend(
                command
                    .get_subcommands()
                    .filter(|command| command.get_name() != "help")
                    .cloned(),
            );
        }
    }

    /// What a table shows is in the document of the API, under the same name.
    #[test]
    fn every_column_is_a_field_of_the_api() {
        let api: serde_json::Value = serde_json::from_str(include_str!("../../openapi.json")).unwrap();
        let schemas = &api["components"]["schemas"];
        for (schema, columns) in [
            ("TenantSummary", tenants::COLUMNS),
            ("Account", accounts::COLUMNS),
            ("Bind", binds::COLUMNS),
            ("Message", messages::COLUMNS),
            ("Message", dead_letters::COLUMNS),
            ("Change", audit::COLUMNS),
            ("Release", releases::COLUMNS),
            ("Side", releases::SIDE),
        ] {
            for column in columns {
                let mut at = &schemas[schema];
                // What the command line itself calls the two sides of a trial.
                for name in column.field.split('.').filter(|name| schema != "Side" || *name != "release") {
                    at = &at["properties"][name];
                    assert!(at.is_object(), "{schema} has no {}", column.field);
                    if let Some(named) = at["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
                        at = &schemas[named];
                    }
                }
            }
        }
    }
}
