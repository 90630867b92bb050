//! What one tenant notices of another whose guests misbehave: the latency of a healthy tenant at a steady rate, without a neighbour
//! and beside one that spins, traps or hoards as often as it can, in its sessions and in its translator.

use std::time::Duration;

use clap::Args;
use edgebind_simulator::stub::Stub;
use edgebind_tests::config::{PASSWORD, SYSTEM_ID};
use edgebind_tests::edgebind::{Edgebind, Home};
use edgebind_tests::guests::component;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::client::{Figures, Frames, Load, Mix, Pace, Plan, Role, bind_request};
use crate::suite::{median, unbounded};

/// The neighbour's account.
const NEIGHBOUR: (&str, &str) = ("rowdy", "secret09");

/// Its connections: each binds, sends a frame, and does so again as soon as its bind has ended.
const CONNECTIONS: usize = 8;

/// More than a bind has open at its rate, unless the gateway stands still.
const WINDOW: u32 = 1_000;

const MISDEEDS: [&str; 3] = ["spin", "trap", "hoard"];

/// How long, how often.
#[derive(Debug, Args)]
pub(crate) struct Neighbours {
    /// submit_sm a second of the healthy tenant, over 10 binds
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Rounds, of which the median is shown
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    rounds: u32,
}

/// One row of the table.
struct Row {
    name: String,
    p50: Vec<f64>,
    p99: Vec<f64>,
    lost: u64,
}

impl Neighbours {
    pub(crate) fn run(self) {
        Runtime::new().expect("a runtime can be started").block_on(self.measure());
    }

    async fn measure(self) {
        let worlds = [
            ("session", component("edgebind-faulty", &[], &[])),
            ("translator", component("edgebind-faulty", &["translator"], &[])),
        ];
        let mut rows = vec![Row::new("no neighbour")];
        self.beside(None).await; // The first start compiles what the others find compiled.
        for _ in 0..self.rounds {
            let figures = self.beside(None).await;
            rows[0].add(&figures);
            let mut at = 1;
            for (world, component) in &worlds {
                for misdeed in MISDEEDS {
                    if rows.len() == at {
                        rows.push(Row::new(&format!("{world} that would {misdeed}")));
                    }
                    let figures = self.beside(Some((component, misdeed))).await;
                    rows[at].add(&figures);
                    at += 1;
                }
            }
        }
        println!(
            "A healthy tenant, {} submit_sm/s over 10 binds and the full path, beside a neighbour with {CONNECTIONS} connections;",
            self.rate
        );
        println!("median of {} rounds of {} s.\n", self.rounds, self.seconds);
        println!("| neighbour | p50 ms | p99 ms | p99 against none | refused or lost |");
        println!("|---|---:|---:|---:|---:|");
        let alone = median(rows[0].p99.iter().copied());
        for row in rows {
            let (p50, p99) = (median(row.p50.iter().copied()), median(row.p99.iter().copied()));
            println!("| {} | {p50:.2} | {p99:.2} | {:.2} | {} |", row.name, p99 / alone, row.lost);
        }
    }

    async fn beside(&self, neighbour: Option<(&Vec<u8>, &str)>) -> Figures {
        let (home, stub) = (Home::new(), Stub::start().await.expect("the stub can listen"));
        let toml = unbounded("egress_concurrency = 64").toml(&home, &stub.base_url())
            + &format!(
                "[[tenants]]\nname = \"rowdy\"\nbinds_max = 100\n\
                 accounts = [{{ system_id = \"{}\", password = \"{}\" }}]\n\
                 translator_settings = {{ api_base_url = \"{}\" }}\n",
                NEIGHBOUR.0,
                NEIGHBOUR.1,
                stub.base_url()
            );
        let edgebind = Edgebind::with_config(&home, &toml).await;
        if let Some((component, misdeed)) = neighbour {
            let settings = json!({ "misdeed": misdeed });
            edgebind.admin().deploy_with("rowdy", component, Some(settings)).await;
        }
        let mut rowdies = JoinSet::new();
        if neighbour.is_some() {
            for _ in 0..CONNECTIONS {
                rowdies.spawn(provoke(edgebind.smpp_listener()));
            }
        }
        let load = Load::start(Plan {
            pace: Pace::Open(f64::from(self.rate)),
            ..Plan::closed(edgebind.smpp_listener(), (SYSTEM_ID, PASSWORD), 10, WINDOW)
        })
        .await
        .unwrap_or_else(|why| panic!("{why}"));
        sleep(Duration::from_secs(self.seconds)).await;
        let figures = load.stop().await;
        rowdies.abort_all();
        edgebind.kill().await;
        figures
    }
}

impl Row {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            p50: Vec::new(),
            p99: Vec::new(),
            lost: 0,
        }
    }

    fn add(&mut self, figures: &Figures) {
        self.p50.push(figures.latency.ms(0.5));
        self.p99.push(figures.latency.ms(0.99));
        self.lost += figures.lost + figures.refusals() + figures.ended;
    }
}

/// Binds and sends messages, again and again: every frame is work for the neighbour's guests.
async fn provoke(address: std::net::SocketAddr) {
    loop {
        let visit = async {
            let mut stream = TcpStream::connect(address).await?;
            let request = bind_request(Role::Transmitter, NEIGHBOUR.0, NEIGHBOUR.1).expect("it fits");
            stream.write_all(&request).await?;
            let mut answer = [0; 1024];
            if stream.read(&mut answer).await? == 0 {
                return Ok(());
            }
            let mut frames = Frames::new(&Mix::default(), false, 0);
            for number in 1..=10 {
                let mut submit = Vec::new();
                frames.write(number, &mut submit);
                stream.write_all(&submit).await?;
                if stream.read(&mut answer).await? == 0 {
                    break;
                }
            }
            Ok::<_, std::io::Error>(())
        };
        // Whether it is refused or cut off is not the question here.
        let _ = timeout(Duration::from_secs(2), visit).await;
        sleep(Duration::from_millis(2)).await;
    }
}
