//! From the start of the process to the first bind that was accepted, with components that were compiled before.

use std::time::Instant;

use edgebind_tests::config::{PASSWORD, SYSTEM_ID};
use edgebind_tests::edgebind::{Edgebind, Home};
use tokio::runtime::Runtime;

use super::{Suite, Table, median, ms, unbounded};
use crate::client::{Load, Pace, Plan};

pub(super) fn table(suite: &Suite, runtime: &Runtime) -> String {
    let home = Home::new();
    let toml = unbounded("").toml(&home, "http://127.0.0.1:9/");
    let bind = || async {
        let began = Instant::now();
        let edgebind = Edgebind::with_config(&home, &toml).await;
        let plan = Plan {
            pace: Pace::Silent,
            ..Plan::closed(edgebind.smpp_listener(), (SYSTEM_ID, PASSWORD), 1, 1)
        };
        let load = Load::start(plan).await.unwrap_or_else(|why| panic!("{why}"));
        let took = began.elapsed().as_secs_f64() * 1e3;
        load.stop().await;
        edgebind.terminate().await;
        took
    };
    runtime.block_on(bind());
    let warm = median((0..suite.rounds).map(|_| runtime.block_on(bind())));
    let title = format!(
        "From the start of the process to the first bind accepted, components compiled before; median of {}.",
        suite.rounds
    );
    let mut table = Table::new(&title, &["", "time"]);
    table.row(&["warm compile cache".to_owned(), ms(warm)]);
    table.end()
}
