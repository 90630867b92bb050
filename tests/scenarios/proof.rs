//! Nothing accepted is lost: short forms of the trials that `load crash`, `load chaos` and `load soak` hold at length.

use std::time::Duration;

use edgebind_tests::proof::log::{Whom, now};
use edgebind_tests::proof::{Disk, Mood, Plan, Trial, chaos, crash, seed};

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

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_over_power_cuts() {
    let seed = seed();
    let plan = Plan {
        disk: Some(Disk::new()),
        ..Plan::new(seed)
    };
    let verdict = crash(plan, 6, PATIENCE).await;
    verdict.assert_holds(seed);
    assert!(
        verdict.counts.kills >= 6 && verdict.counts.accepted > 100,
        "{}",
        verdict.counts
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_in_chaos() {
    let seed = seed();
    let verdict = chaos(Plan::new(seed), 12, PATIENCE).await;
    verdict.assert_holds(seed);
    let counts = verdict.counts;
    assert!(counts.accepted > 100 && counts.posted_again > 0, "{counts}");
    eprintln!("{counts}");
}

/// A sync that has failed may have lost anything: nothing more is accepted until the process is started again, and what was accepted before
/// is there then. What the disk forgets is forgotten for good: the kill is a power cut.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_accepted_after_a_failed_sync_and_nothing_before_it_is_lost() {
    nothing_is_accepted_while(Mood::SyncFails).await;
}

/// Every write fails, although there seemed to be room.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_accepted_after_a_failed_write_and_nothing_before_it_is_lost() {
    nothing_is_accepted_while(Mood::Full).await;
}

async fn nothing_is_accepted_while(mood: Mood) {
    let seed = seed();
    let plan = Plan {
        disk: Some(Disk::new()),
        ..Plan::new(seed)
    };
    let mut trial = Trial::start(plan).await;
    trial.go_on(Duration::from_millis(500)).await;
    let answered = |trial: &Trial, accepted: bool| {
        let log = trial.log();
        let answers = log.submitted.iter().filter(|submitted| submitted.answer.is_some());
        answers.filter(|submitted| submitted.accepted().is_some() == accepted).count()
    };
    let first_refused = |trial: &Trial| {
        let log = trial.log();
        let refused = log.submitted.iter().filter(|submitted| submitted.accepted().is_none());
        refused
            .filter_map(|submitted| submitted.answer.as_ref().map(|(at, ..)| *at))
            .min()
    };
    assert!(answered(&trial, true) > 0 && answered(&trial, false) == 0);
    let from = now();
    trial.disk().be(mood);
    for _ in 0..50 {
        trial.go_on(Duration::from_millis(100)).await;
        if answered(&trial, false) > 20 {
            break;
        }
    }
    assert!(answered(&trial, false) > 20, "submit_sm are refused while the disk fails");
    let since = first_refused(&trial).unwrap();
    let late: Vec<_> = trial
        .log()
        .submitted
        .into_iter()
        .filter(|submitted| submitted.at > since)
        .collect();
    let accepted: Vec<_> = late.iter().filter(|submitted| submitted.accepted().is_some()).collect();
    assert!(
        accepted.is_empty(),
        "seed {seed}: accepted on a disk that fails: {accepted:?}"
    );
    trial.kill().await;
    trial.cut(from, Whom::Disk);
    trial.disk().be(Mood::Good);
    trial.up().await;
    let before = answered(&trial, true);
    trial.go_on(Duration::from_millis(500)).await;
    assert!(answered(&trial, true) > before, "seed {seed}: accepted again on a good disk");
    trial.settle(PATIENCE).await.assert_holds(seed);
}
