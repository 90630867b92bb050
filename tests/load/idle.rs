//! What a bind costs that says nothing: many of them, of many tenants, each in an instance of its own.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use clap::Args;
use edgebind_tests::edgebind::{Edgebind, Home};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime::Runtime;
use tokio::time::sleep;

use crate::client::{Load, Pace, Plan};
use crate::process::{cpu_time, proportional_octets, resident_octets};

const PASSWORD: &str = "secret08";

/// How many of how many.
#[derive(Debug, Args)]
pub(crate) struct Idle {
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    binds: u32,
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    tenants: u32,
    /// How long to look at the processor time of the silence
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
}

impl Idle {
    pub(crate) fn run(self) {
        // Each connection has an end in this process too.
        let limit = getrlimit(Resource::Nofile);
        let all = Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        };
        setrlimit(Resource::Nofile, all).expect("the soft limit of file descriptors can be as high as the hard one");
        Runtime::new().expect("a runtime can be started").block_on(self.measure());
    }

    async fn measure(self) {
        let Self { binds, tenants, seconds } = self;
        let home = Home::new();
        let edgebind = Edgebind::with_config(&home, &toml(&home, tenants)).await;
        let pid = edgebind.pid();
        let before = proportional_octets(pid);
        let accounts = (0..tenants)
            .map(|tenant| (format!("esme{tenant}"), PASSWORD.to_owned()))
            .collect();
        let binding = Instant::now();
        let load = Load::start(Plan {
            accounts,
            pace: Pace::Silent,
            ..Plan::closed(edgebind.smpp_listener(), ("", PASSWORD), (binds / tenants) as usize, 1)
        })
        .await
        .unwrap_or_else(|why| panic!("{why}"));
        let bound = binding.elapsed();
        sleep(Duration::from_secs(2)).await;
        let (after, resident) = (proportional_octets(pid), resident_octets(pid));
        let cpu = cpu_time(pid);
        sleep(Duration::from_secs(seconds)).await;
        let cpu = cpu_time(pid).saturating_sub(cpu);
        let count = u64::from(binds / tenants * tenants);
        println!(
            "{count} binds of {tenants} tenants, bound one after the other in {:.1} s:",
            bound.as_secs_f64()
        );
        println!(
            "  {:.0} MiB in all, pages that instances share counted once ({:.0} MiB resident, where they count for each; {:.0} MiB before the \
             first bind), {:.1} KiB a bind",
            mib(after),
            mib(resident),
            mib(before),
            mib(after.saturating_sub(before)) * 1024.0 / count as f64
        );
        println!(
            "  silent for {seconds} s: {:.2} % of a core",
            cpu.as_secs_f64() / seconds as f64 * 100.0
        );
        let figures = load.stop().await;
        assert_eq!(figures.ended, 0, "binds that the server has ended");
        drop(edgebind);
    }
}

#[expect(clippy::cast_precision_loss, reason = "octets of memory are far below 2^52")]
fn mib(octets: u64) -> f64 {
    octets as f64 / (1024.0 * 1024.0)
}

fn toml(home: &Home, tenants: u32) -> String {
    let http = home.http();
    let mut toml = format!(
        "[smpp]\nplain = \"127.0.0.1:0\"\n[http]\naddr = \"{http}\"\n[admin]\naddr = \"127.0.0.1:0\"\n\
         [limits]\nconnections_per_address_max = 20000\n"
    );
    for tenant in 0..tenants {
        let _ = write!(
            toml,
            "[[tenants]]\nname = \"tenant{tenant}\"\nbinds_max = 10000\negress_concurrency = 0\n\
             translator_settings = {{ api_base_url = \"http://127.0.0.1:9\" }}\n\
             accounts = [{{ system_id = \"esme{tenant}\", password = \"{PASSWORD}\" }}]\n"
        );
    }
    toml
}
