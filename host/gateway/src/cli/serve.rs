//! `edgebind serve`: the gateway until SIGTERM.

use super::{Log, load, runtime};
use crate::{
    config::Config,
    observe,
    start::{self, Started},
};
use clap::Args;
use serde_json::json;
use std::{
    io::Write as _,
    path::{Path, PathBuf},
};
use tokio::signal::unix::{SignalKind, signal};

/// What `--help` says of the environment.
const ENVIRONMENT: &str = "\
Without --config the environment variables of SMSGate's own SMPP server make one tenant whose ESMEs bind with their
SMSGate credentials:

  SMPP__BIND_ADDRESS        127.0.0.1:2775
  SMPP__TLS_CERT, _TLS_KEY  PEM files; with both, TLS also on port 2776 of the same host, or SMPP__TLS_BIND_ADDRESS
  SMPP__SOURCE_TON, _SOURCE_NPI, SMPP__DEST_TON, _DEST_NPI   1; addresses of incoming messages
  GATEWAY__API_BASE_URL     https://api.sms-gate.app/3rdparty/v1
  GATEWAY__WEBHOOK_BASE_URL where phones reach HTTP__ADDRESS (https); without it no receipts and no incoming messages
  GATEWAY__WEBHOOKS         keep: webhooks stay registered, what comes while nobody is bound waits here; bind: they are
                            removed when the last receiver leaves, and nothing comes until the next
  GATEWAY__TIMEOUT          60s
  HTTP__ADDRESS             127.0.0.1:3000; webhooks, /health, /metrics
  ADMIN__ADDRESS, _TOKEN    127.0.0.1:3001; the admin API, which the other commands are clients of, and what opens it

With and without it:

  EDGEBIND_CACHE_DIR        where compiled components are kept, instead of the data directory";

/// Run the gateway until SIGTERM or Ctrl-C, which drain it: no new binds, open binds are told to unbind, work is settled.
///
/// Certificates are read again when their files change, and at SIGHUP; tenants of the configuration file at SIGHUP.
#[derive(Debug, Args)]
#[command(after_long_help = ENVIRONMENT)]
pub struct Serve {
    /// The configuration, in TOML; `edgebind check --example` prints one
    #[arg(long, value_name = "FILE", env = "EDGEBIND_CONFIG")]
    config: Option<PathBuf>,
    /// What is kept on disk: messages, sealed credentials and the key to them [default: ./edgebind-data]
    #[arg(long, value_name = "DIR", env = "EDGEBIND_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// Print the addresses listened on, as one JSON line on standard output, once they are
    #[arg(long)]
    print_addresses: bool,
    #[command(flatten)]
    log: Log,
}

impl Serve {
    /// Serves until told to stop.
    pub fn run(self) -> Result<(), String> {
        let file = self.config;
        let mut config = load::config(file.as_deref(), &|_| Vec::new())?;
        if let Some(data_dir) = self.data_dir {
            config.data_dir = data_dir;
        }
        observe::logs(self.log.log, "info");
        runtime()?.block_on(serve(config, file.as_deref(), self.print_addresses))
    }
}

async fn serve(config: Config, file: Option<&Path>, print_addresses: bool) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("failed to wait for signals: {error}");
    let (mut terminate, mut interrupt, mut hangup) = (
        signal(SignalKind::terminate()).map_err(failed)?,
        signal(SignalKind::interrupt()).map_err(failed)?,
        signal(SignalKind::hangup()).map_err(failed)?,
    );
    let metrics = observe::metrics()?;
    let started = start::start(config, Some(metrics)).await?;
    if print_addresses {
        print(&started).map_err(|error| format!("failed to print the addresses: {error}"))?;
    }
    loop {
        tokio::select! {
            _ = terminate.recv() => break tracing::info!("SIGTERM: draining"),
            _ = interrupt.recv() => break tracing::info!("interrupt: draining"),
            _ = hangup.recv() => {
                started.read_certificates_again();
                if let Some(file) = file {
                    started.follow_file(&|others, settings| load::config_beside(Some(file), others, settings)).await;
                }
            }
        }
    }
    started.drain().await;
    Ok(())
}

fn print(started: &Started) -> std::io::Result<()> {
    let addresses = json!({ "smpp": started.smpp, "smpps": started.smpps, "http": started.http, "admin": started.admin });
    let mut out = std::io::stdout().lock();
    writeln!(out, "{addresses}")?;
    out.flush()
}
