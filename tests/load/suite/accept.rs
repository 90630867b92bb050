//! submit_sm answered: durably, in memory, over TLS, and by other people's servers.

use std::net::SocketAddr;
use std::path::Path;

use edgebind_tests::config::{PASSWORD, SYSTEM_ID};
use edgebind_tests::edgebind::{Edgebind, Home};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::ServerName;
use tokio::runtime::Runtime;

use super::{Suite, Table, cores, let_disk_rest, median, mib, ms, unbounded};
use crate::client::{Figures, Pace, Plan, run, trusting};
use crate::peers::{Jasmin, Library};
use crate::process::proportional_octets;

/// A file system in memory: what is written there is not durable.
const IN_MEMORY: &str = "/dev/shm";

/// What the server's certificate is for.
const NAME: &str = "gateway.example";

/// How an edgebind takes messages.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Server {
    Durable,
    InMemory,
    Tls,
}

const ROWS: [(Server, &str, usize, u32); 6] = [
    (Server::Durable, "edgebind, on disk", 1, 1),
    (Server::Durable, "edgebind, on disk", 1, 10),
    (Server::Durable, "edgebind, on disk", 1, 100),
    (Server::Durable, "edgebind, on disk", 4, 25),
    (Server::InMemory, "edgebind, ledger in memory", 1, 100),
    (Server::Tls, "edgebind, on disk, over TLS", 1, 100),
];

/// What each of the others is measured with.
const OTHERS: (usize, u32) = (1, 100);

const LIBRARIES: [(Library, &str); 3] = [
    (Library::Smpp34Crate, "smpp34 crate, empty handler"),
    (Library::NodeSmpp, "node-smpp, empty handler"),
    (Library::Smpp34Python, "smpp34 of PyPI, empty handler"),
];

pub(super) struct Round {
    pub(super) figures: Figures,
    resident_mib: f64,
}

pub(super) fn table(suite: &Suite, runtime: &Runtime) -> String {
    let edgebinds = ROWS.map(|(_, name, binds, window)| (name, binds, window));
    let others = LIBRARIES.map(|(_, name)| name).into_iter().chain(["Jasmin, into RabbitMQ"]);
    let others = others.map(|name| (name, OTHERS.0, OTHERS.1)).filter(|_| !suite.alone);
    let mut rows: Vec<_> = edgebinds.into_iter().chain(others).map(|row| (row, Vec::new())).collect();
    for round in 1..=suite.rounds {
        suite.said(&format!("accept: round {round} of {}", suite.rounds));
        for (index, (_, rounds)) in rows.iter_mut().enumerate() {
            rounds.push(match ROWS.get(index) {
                Some((server, _, binds, window)) => accept(suite, runtime, *server, Pace::Closed, (*binds, *window), |_| ()),
                None => match LIBRARIES.get(index - ROWS.len()) {
                    Some((library, _)) => {
                        let server = library.start();
                        other(suite, server.address, server.pids())
                    }
                    None => {
                        let jasmin = Jasmin::start();
                        other(suite, jasmin.address, jasmin.pids())
                    }
                },
            });
        }
    }
    let title = format!(
        "submit_sm answered with ESME_ROK. The upstream is not called. Medians of {} rounds of {} s by turns, client on the same {} cores; memory after the round.",
        suite.rounds,
        suite.seconds,
        cores()
    );
    let heads = [
        "server",
        "binds x window",
        "submit_sm/s",
        "p50",
        "p99",
        "CPU us/message",
        "MiB",
    ];
    let mut table = Table::new(&title, &heads);
    for ((name, binds, window), rounds) in &rows {
        let of = |figure: &dyn Fn(&Round) -> f64| median(rounds.iter().map(figure));
        table.row(&[
            (*name).to_owned(),
            format!("{binds} x {window}"),
            format!("{:.0}", of(&|round| round.figures.rate())),
            ms(of(&|round| round.figures.latency.ms(0.5))),
            ms(of(&|round| round.figures.latency.ms(0.99))),
            format!("{:.1}", of(&|round| round.figures.cpu_us().unwrap_or_default())),
            format!("{:.0}", of(&|round| round.resident_mib)),
        ]);
    }
    table.end()
}

/// Says which process it is when the load begins.
pub(super) fn accept(
    suite: &Suite,
    runtime: &Runtime,
    server: Server,
    pace: Pace,
    (binds, window): (usize, u32),
    begins: impl FnOnce(u32),
) -> Round {
    let home = match server {
        Server::InMemory => Home::within(Path::new(IN_MEMORY)),
        Server::Durable | Server::Tls => Home::new(),
    };
    let mut config = unbounded("egress_concurrency = 0");
    let trust = (server == Server::Tls).then(|| {
        let (lines, ca) = certificate(&home);
        config.smpp = lines;
        ca
    });
    let_disk_rest();
    // Nothing listens there, and nothing is sent there.
    let edgebind = runtime.block_on(Edgebind::with_config(&home, &config.toml(&home, "http://127.0.0.1:9/")));
    let plan = Plan {
        pace,
        ..Plan::closed(edgebind.smpp_listener(), (SYSTEM_ID, PASSWORD), binds, window)
    };
    let plan = match trust {
        None => plan,
        Some(ca) => {
            let name = ServerName::try_from(NAME).expect("it is a name");
            Plan {
                address: edgebind.smpps(),
                tls: Some((trusting(&ca).expect("it was just written"), name)),
                ..plan
            }
        }
    };
    begins(edgebind.pid());
    let figures = run(plan, suite.watch(vec![edgebind.pid()])).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(figures.refusals(), 0, "a figure of refusals means nothing");
    let resident_mib = mib(proportional_octets(edgebind.pid()));
    runtime.block_on(edgebind.kill());
    Round { figures, resident_mib }
}

fn other(suite: &Suite, address: SocketAddr, pids: Vec<u32>) -> Round {
    let plan = Plan::closed(address, (SYSTEM_ID, PASSWORD), OTHERS.0, OTHERS.1);
    let figures = run(plan, suite.watch(pids.clone())).unwrap_or_else(|why| panic!("{why}"));
    Round {
        figures,
        resident_mib: pids.into_iter().map(proportional_octets).map(mib).sum(),
    }
}

/// Lines of `[smpp]` for a listener with a certificate, and the file of who has signed it.
fn certificate(home: &Home) -> (String, std::path::PathBuf) {
    let key = || KeyPair::generate().expect("a key can be made");
    let mut authority = CertificateParams::new(Vec::new()).expect("it names nobody");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, key()).expect("it can sign for itself");
    let own = key();
    let certificate = CertificateParams::new(vec![NAME.to_owned()]).and_then(|params| params.signed_by(&own, &authority));
    let chain = home.write("chain.pem", certificate.expect("it can be signed").pem());
    let key = home.write("key.pem", own.serialize_pem());
    let ca = home.write("ca.pem", authority.pem());
    let lines = format!("tls = {{ addr = \"127.0.0.1:0\", cert = {chain:?}, key = {key:?} }}");
    (lines, ca)
}
