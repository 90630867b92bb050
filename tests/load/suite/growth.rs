//! More tenants, and more binds, at the same rate: what each costs by being there.

use std::fmt::Write as _;
use std::time::Duration;

use edgebind_tests::config::PASSWORD;
use edgebind_tests::edgebind::{Edgebind, Home};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime::Runtime;
use tokio::time::sleep;

use super::{Suite, Table, mib};
use crate::client::{Load, Pace, Plan};
use crate::process::{cpu_time, proportional_octets};

/// submit_sm a second, of all binds together.
const RATE: u32 = 5_000;

const TENANTS: [usize; 4] = [1, 10, 100, 1_000];
const BINDS: [usize; 4] = [1, 100, 1_000, 10_000];

pub(super) fn tables(suite: &Suite, runtime: &Runtime) -> String {
    // Each connection has an end in this process too.
    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, all).expect("the soft limit of file descriptors can be as high as the hard one");
    let title = |what: &str| {
        format!(
            "{what}, at {RATE} submit_sm/s of all together for {} s, on disk, nothing sent upstream.",
            suite.seconds
        )
    };
    let heads = ["", "MiB", "a core", "p50 ms", "p99 ms", "refused or lost"];
    let mut tenants = Table::new(&title("Tenants with one bind each"), &heads);
    for count in TENANTS {
        suite.said(&format!("growth: {count} tenants"));
        tenants.row(&row(count, suite, runtime, count, 1));
    }
    let mut binds = Table::new(&title("Binds of one tenant"), &heads);
    for count in BINDS {
        suite.said(&format!("growth: {count} binds"));
        binds.row(&row(count, suite, runtime, 1, count));
    }
    format!("{}\n{}", tenants.end(), binds.end())
}

fn row(count: usize, suite: &Suite, runtime: &Runtime, tenants: usize, binds: usize) -> [String; 6] {
    let home = Home::new();
    let edgebind = runtime.block_on(Edgebind::with_config(&home, &toml(&home, tenants)));
    let plan = Plan {
        accounts: (0..tenants)
            .map(|tenant| (format!("esme{tenant}"), PASSWORD.to_owned()))
            .collect(),
        pace: Pace::Open(f64::from(RATE)),
        ..Plan::closed(edgebind.smpp_listener(), ("", PASSWORD), binds, 1_000)
    };
    let (figures, cpu, memory) = runtime.block_on(async {
        let mut load = Load::start(plan).await.unwrap_or_else(|why| panic!("{why}"));
        sleep(Duration::from_secs(1)).await;
        let cpu = cpu_time(edgebind.pid());
        load.forget();
        sleep(Duration::from_secs(suite.seconds)).await;
        let cpu = cpu_time(edgebind.pid()).saturating_sub(cpu);
        let memory = proportional_octets(edgebind.pid());
        (load.stop().await, cpu, memory)
    });
    runtime.block_on(edgebind.kill());
    [
        count.to_string(),
        format!("{:.0}", mib(memory)),
        format!("{:.0} %", 100.0 * cpu.as_secs_f64() / figures.time.as_secs_f64()),
        format!("{:.2}", figures.latency.ms(0.5)),
        format!("{:.2}", figures.latency.ms(0.99)),
        (figures.refusals() + figures.lost).to_string(),
    ]
}

fn toml(home: &Home, tenants: usize) -> String {
    let http = home.http();
    let mut toml = format!(
        "[admin]\naddr = \"127.0.0.1:0\"\n[smpp]\nplain = \"127.0.0.1:0\"\n[limits]\nconnections_max = 12000\n\
         connections_per_address_max = 12000\n[http]\naddr = \"{http}\"\nwebhook_base_url = \"http://{http}\"\n"
    );
    for tenant in 0..tenants {
        let _ = write!(
            toml,
            "[[tenants]]\nname = \"tenant{tenant}\"\nqueue_max = 1000000000\negress_concurrency = 0\n\
             accounts = [{{ system_id = \"esme{tenant}\", password = \"{PASSWORD}\", binds_max = 10000 }}]\n\
             translator_settings = {{ api_base_url = \"http://127.0.0.1:9\", device_id = \"stub\" }}\n"
        );
    }
    toml
}
