//! `load client`: one run of the load client against a server on this machine.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use rustls::pki_types::ServerName;

use crate::client::{Mix, Pace, Plan, Role, SlowReaders, Watch, run, trusting};

/// What to do to whom.
#[derive(Debug, Args)]
pub(crate) struct Client {
    /// Where the server listens, on this machine
    #[arg(long, default_value = "127.0.0.1:2775")]
    address: SocketAddr,
    #[arg(long, default_value = "esme01")]
    system_id: String,
    #[arg(long, default_value = "secret08")]
    password: String,
    #[arg(long, value_enum, default_value = "transmitter")]
    role: Role,
    /// Connections, each of them a bind
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    binds: u32,
    /// submit_sm that wait for their answer, on each bind
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    window: u32,
    /// submit_sm a second of all binds together, whatever the server does [default: as many as the windows let through]; 0 sends none
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=10_000_000))]
    rate: Option<u32>,
    /// How long to measure
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// How long to run before measuring
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(0..=60))]
    warmup: u64,
    /// Stop after so many messages, of all binds together
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    count: Option<u64>,
    /// Kinds of messages and how often each comes: short, unicode, long, payload
    #[arg(long, default_value = "short", value_name = "KIND:WEIGHT,...")]
    mix: Mix,
    /// Ask for receipts, and wait for each; binds must be transceivers
    #[arg(long)]
    receipts: bool,
    /// All binds drop their connections every so many seconds, and bind again
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    rebind_every: Option<u64>,
    /// So many binds read 512 octets at a time, a tenth of a second apart
    #[arg(long, value_name = "BINDS", default_value_t = 0)]
    slow_readers: u32,
    /// Speak TLS, and trust the certificates in this PEM file
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// What the server's certificate is for
    #[arg(long, default_value = "localhost")]
    tls_name: String,
    /// The server's process on this machine, whose processor time is to be counted
    #[arg(long)]
    pid: Option<u32>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// No line a second
    #[arg(long)]
    quiet: bool,
}

const SIP_PAUSE: Duration = Duration::from_millis(100);

impl Client {
    pub(crate) fn run(self) -> ExitCode {
        let (json, watch) = (self.json, self.watch());
        let figures = self.plan().and_then(|plan| run(plan, watch).map_err(|why| why.to_string()));
        match figures {
            Ok(figures) if json => println!("{}", figures.json()),
            Ok(figures) => println!("{figures}"),
            Err(why) => {
                eprintln!("{why}");
                return ExitCode::from(2);
            }
        }
        ExitCode::SUCCESS
    }

    fn watch(&self) -> Watch {
        Watch {
            warmup: Duration::from_secs(self.warmup),
            time: Duration::from_secs(self.seconds),
            pids: self.pid.into_iter().collect(),
            progress: !self.quiet,
        }
    }

    fn plan(self) -> Result<Plan, String> {
        if !self.address.ip().is_loopback() {
            return Err(format!(
                "{} is another machine: this client loads servers on the loopback only",
                self.address
            ));
        }
        if self.receipts && self.role != Role::Transceiver {
            return Err("receipts come to receivers: add --role transceiver".to_owned());
        }
        let tls = match self.tls_ca {
            None => None,
            Some(file) => {
                let name = ServerName::try_from(self.tls_name.clone());
                let name = name.map_err(|_| format!("{} is no name that a certificate could be for", self.tls_name))?;
                Some((trusting(&file)?, name))
            }
        };
        Ok(Plan {
            tls,
            role: self.role,
            pace: match self.rate {
                _ if self.role == Role::Receiver => Pace::Silent,
                None => Pace::Closed,
                Some(0) => Pace::Silent,
                Some(rate) => Pace::Open(f64::from(rate)),
            },
            mix: self.mix,
            receipts: self.receipts,
            count: self.count,
            rebind_every: self.rebind_every.map(Duration::from_secs),
            slow: (self.slow_readers > 0).then_some(SlowReaders {
                binds: self.slow_readers as usize,
                pause: SIP_PAUSE,
            }),
            ..Plan::closed(
                self.address,
                (&self.system_id, &self.password),
                self.binds as usize,
                self.window,
            )
        })
    }
}
