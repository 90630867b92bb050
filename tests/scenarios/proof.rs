//! Nothing accepted is lost: short forms of the trials that `load crash`, `load chaos` and `load soak` hold at length.

use std::time::Duration;

use edgebind_tests::proof::log::{Submitted, Whom, now};
use edgebind_tests::proof::{Disk, Mood, Plan, Trial, chaos, crash, seed};
use edgebind_tests::wire::status;

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
    let refused = |trial: &Trial| -> Vec<Submitted> {
        let log = trial.log().submitted.into_iter();
        log.filter(|submitted| submitted.answer.is_some() && submitted.accepted().is_none())
            .collect()
    };
    assert!(trial.answered(status::ROK) > 0 && refused(&trial).is_empty(), "seed {seed}");
    let from = now();
    trial.disk().be(mood);
    go_on_until("submit_sm to be refused", &mut trial, async |trial| refused(trial).len() > 20).await;
    assert_eq!(
        trial.edgebind().health().await,
        503,
        "seed {seed}: it says that it is not well"
    );
    let since = refused(&trial)
        .iter()
        .filter_map(|refused| refused.answer.as_ref())
        .map(|(at, ..)| *at)
        .min()
        .unwrap();
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
    let before = trial.answered(status::ROK);
    go_on_until("submit_sm to be accepted again", &mut trial, async |trial| {
        trial.answered(status::ROK) > before
    })
    .await;
    trial.settle(PATIENCE).await.assert_holds(seed);
}

/// The disk is really full, as far as the gateway may fill it: somebody else takes the room that it is to leave, and gives it back.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_and_nothing_is_lost_until_there_is_room_again() {
    let seed = seed();
    let disk = rustix::fs::statvfs(std::env::temp_dir().as_path()).unwrap();
    let free = disk.f_bavail * disk.f_frsize;
    let mut plan = Plan::new(seed);
    plan.config.limits = format!("disk_free_bytes = {}", free - free / 8);
    let mut trial = Trial::start(plan).await;
    go_on_until("submit_sm to be accepted", &mut trial, async |trial| {
        trial.answered(status::ROK) > 20
    })
    .await;
    assert_eq!(trial.edgebind().health().await, 200);

    let path = trial.home.write("ballast", "");
    let ballast = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    rustix::fs::fallocate(&ballast, rustix::fs::FallocateFlags::empty(), 0, free / 4).unwrap();
    go_on_until("ESME_RMSGQFUL", &mut trial, async |trial| {
        trial.answered(status::RMSGQFUL) > 20
    })
    .await;
    assert_eq!(trial.edgebind().health().await, 503);
    go_on_until("a webhook to be put off", &mut trial, async |trial| {
        trial.log().told.iter().any(|told| told.status == Some(503))
    })
    .await;
    std::fs::remove_file(&path).unwrap();
    drop(ballast);
    go_on_until("/health to answer 200", &mut trial, async |trial| {
        trial.edgebind().health().await == 200
    })
    .await;
    let before = trial.answered(status::ROK);
    go_on_until("submit_sm to be accepted again", &mut trial, async |trial| {
        trial.answered(status::ROK) > before
    })
    .await;
    let full = trial.answered(status::RMSGQFUL);
    let verdict = trial.settle(PATIENCE).await;
    verdict.assert_holds(seed);
    assert_eq!(
        verdict.counts.refused, full,
        "seed {seed}: nothing is refused for another reason"
    );
}

async fn go_on_until(what: &str, trial: &mut Trial, mut is_so: impl AsyncFnMut(&Trial) -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !is_so(trial).await {
        assert!(tokio::time::Instant::now() < deadline, "waited {PATIENCE:?} for {what}");
        trial.go_on(Duration::from_millis(100)).await;
    }
}
