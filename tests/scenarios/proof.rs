//! Nothing accepted is lost: short forms of the trials that `load crash`, `load chaos` and `load soak` hold at length.

use std::time::Duration;

use edgebind_tests::proof::{Plan, crash, seed};

/// How long everything may take to come to its end.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_over_kill_9() {
    let seed = seed();
    let verdict = crash(Plan::new(seed), 8, PATIENCE).await;
    verdict.assert_holds(seed);
    let counts = verdict.counts;
    assert!(counts.kills >= 8 && counts.accepted > 100, "{counts}");
    assert!(counts.receipts > 50 && counts.delivered > 10, "{counts}");
    eprintln!("{counts}");
}
