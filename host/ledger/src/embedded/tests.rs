//! What only this engine can do wrong: share a directory, run out of disk, fail to write, sync too often.

use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, Waker};

use super::*;
use crate::{Records as _, State};

const LEASE: Duration = Duration::from_secs(60);

fn options() -> Options {
    Options {
        space_min_bytes: 0,
        ..Options::default()
    }
}

fn open(directory: &tempfile::TempDir) -> Embedded {
    Embedded::open(directory.path(), options()).unwrap()
}

fn done(claim: Claim) -> (Claim, Settlement) {
    (
        claim,
        Settlement::Done {
            note: Bytes::new(),
            aliases: Vec::new(),
        },
    )
}

/// Polls once, so that a command is in the queue. Something must keep it from being answered at once.
fn start<'a, T>(mut future: BoxFuture<'a, T>) -> BoxFuture<'a, T> {
    assert!(matches!(
        future.as_mut().poll(&mut Context::from_waker(Waker::noop())),
        Poll::Pending
    ));
    future
}

#[tokio::test]
async fn appends_that_come_together_share_a_sync() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(&directory);
    let before = ledger.stats();
    // Fewer than 128, which is all that tokio lets one poll of a task do.
    let pen = ledger.shared.pen();
    let appends: Vec<_> = (0..100)
        .map(|_| start(ledger.append(vec![NewEntry::new("a", "x")])))
        .collect();
    drop(pen);
    for append in appends {
        append.await.unwrap();
    }
    let after = ledger.stats();
    assert_eq!(after.appended - before.appended, 100);
    // The writer may have taken some into a first group before it met the pen.
    assert!(after.syncs - before.syncs <= 2, "{} syncs", after.syncs - before.syncs);
}

#[tokio::test]
async fn settlements_alone_wait_for_no_sync() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(&directory);
    ledger.append(vec![NewEntry::new("a", "x"); 10]).await.unwrap();
    let before = ledger.stats();
    for claim in ledger.claim("a", 10, LEASE).await.unwrap() {
        ledger.settle(vec![done(claim)]).await.unwrap();
    }
    let after = ledger.stats();
    assert_eq!((after.settled - before.settled, after.syncs - before.syncs), (10, 0));
}

#[tokio::test]
async fn a_sync_waits_for_the_disk_when_there_is_something_to_write_and_not_otherwise() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(&directory);
    let id = ledger.append(vec![NewEntry::new("a", "x"); 3]).await.unwrap()[0].id;
    let syncs = |before: Stats| ledger.stats().syncs - before.syncs;

    let before = ledger.stats();
    ledger.sync().await.unwrap();
    assert_eq!(syncs(before), 0, "the append has synced");
    ledger.annotate(id, "noted".into(), Vec::new()).await.unwrap();
    assert_eq!(syncs(before), 0, "an annotation alone waits for nothing");
    ledger.sync().await.unwrap();
    assert_eq!(syncs(before), 1);

    let mut claims = ledger.claim("a", 3, LEASE).await.unwrap().into_iter();
    ledger.settle(vec![done(claims.next().unwrap())]).await.unwrap();
    ledger.append(vec![NewEntry::new("a", "x")]).await.unwrap();
    let before = ledger.stats();
    ledger.sync().await.unwrap();
    assert_eq!(syncs(before), 0, "the append has synced what was settled before it");

    ledger.settle(vec![done(claims.next().unwrap())]).await.unwrap();
    ledger.sweep(u64::MAX, u64::MAX, 9).unwrap();
    let before = ledger.stats();
    let pen = ledger.shared.pen();
    let together: Vec<_> = (0..50).map(|_| start(ledger.sync())).collect();
    let settling = start(ledger.settle(vec![done(claims.next().unwrap())]));
    drop(pen);
    for sync in together {
        sync.await.unwrap();
    }
    settling.await.unwrap();
    // The writer may have taken some into a first group before it met the pen.
    assert!((1..=2).contains(&syncs(before)), "{} syncs", syncs(before));
}

#[tokio::test]
async fn the_first_sync_after_opening_covers_what_was_found() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(&directory));
    let ledger = open(&directory);
    ledger.sync().await.unwrap();
    assert_eq!(ledger.stats().syncs, 1);
}

#[tokio::test]
async fn a_sync_that_fails_is_told_and_nothing_more_is_taken() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(&directory);
    ledger.append(vec![NewEntry::new("a", "x")]).await.unwrap();
    let claim = ledger.claim("a", 1, LEASE).await.unwrap().remove(0);
    let id = claim.id;
    ledger.settle(vec![done(claim)]).await.unwrap();
    ledger.shared.disk.failing.store(true, Relaxed);
    let broken = LedgerError::Broken {
        why: "the test said so".to_owned(),
    };
    assert_eq!(ledger.sync().await, Err(broken.clone()));
    ledger.shared.disk.failing.store(false, Relaxed);
    assert_eq!(ledger.sync().await, Err(broken.clone()));
    assert_eq!(ledger.annotate(id, "late".into(), Vec::new()).await, Err(broken));
    assert_eq!(ledger.get(id).unwrap().unwrap().note, "");
}

#[tokio::test]
async fn an_annotation_that_fails_leaves_note_and_claim_alone() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(&directory);
    let id = ledger.append(vec![NewEntry::new("a", "x")]).await.unwrap()[0].id;
    let claim = ledger.claim("a", 1, LEASE).await.unwrap();
    ledger.shared.disk.failing.store(true, Relaxed);
    assert!(ledger.annotate(id, "noted".into(), Vec::new()).await.is_err());
    let record = ledger.get(id).unwrap().unwrap();
    assert_eq!((&record.note[..], record.state), (&b""[..], State::Claimed));
    drop(claim);
}

#[tokio::test]
async fn aliases_given_before_the_end_outlive_an_opening_and_are_forgotten_with_their_entry() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(&directory);
    let id = ledger.append(vec![NewEntry::new("a", "x")]).await.unwrap()[0].id;
    ledger.annotate(id, "noted".into(), vec![b"early".to_vec()]).await.unwrap();
    drop(ledger);

    let ledger = open(&directory);
    assert_eq!(ledger.get(id).unwrap().unwrap().note, "noted");
    assert_eq!(ledger.find(b"early"), Ok(Some(id)));
    let claim = ledger.claim_entry(id, LEASE).unwrap().unwrap();
    let done = Settlement::Done {
        note: Bytes::new(),
        aliases: vec![b"late".to_vec()],
    };
    ledger.settle(vec![(claim, done)]).await.unwrap();
    ledger.annotate(id, Bytes::new(), vec![b"last".to_vec()]).await.unwrap();
    let found = |alias: &str| ledger.find(alias.as_bytes()).unwrap().is_some();
    assert!(found("early") && found("late") && found("last"));
    assert!(ledger.shared.disk.aliased.is_empty().unwrap());
    assert_eq!(ledger.sweep(u64::MAX, u64::MAX, 9), Ok(1));
    assert!(!found("early") && !found("late") && !found("last"));
}

#[tokio::test]
async fn a_directory_has_one_owner_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let first = open(&directory);
    let second = Embedded::open(directory.path(), options()).unwrap_err();
    assert_eq!(
        second,
        LedgerError::InUse {
            path: directory.path().display().to_string()
        }
    );
    drop(first);
    open(&directory);
}

#[test]
fn a_later_schema_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    schema::write(&open(&directory).shared.disk, 3).unwrap();
    let error = Embedded::open(directory.path(), options()).unwrap_err();
    assert_eq!(error, LedgerError::LaterSchema { found: 3, known: 2 });
}

#[tokio::test]
async fn after_a_failed_write_nothing_more_is_taken_and_what_was_acknowledged_stays() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(&directory);
    let kept = ledger.append(vec![NewEntry::new("a", "kept")]).await.unwrap()[0].id;
    let claim = ledger.claim("a", 1, LEASE).await.unwrap().remove(0);

    ledger.shared.disk.failing.store(true, Relaxed);
    let broken = LedgerError::Broken {
        why: "the test said so".to_owned(),
    };
    assert_eq!(ledger.append(vec![NewEntry::new("a", "lost")]).await, Err(broken.clone()));
    ledger.shared.disk.failing.store(false, Relaxed);
    assert_eq!(ledger.append(vec![NewEntry::new("a", "late")]).await, Err(broken.clone()));
    assert_eq!(ledger.settle(vec![done(claim)]).await, Err(broken.clone()));
    assert_eq!(ledger.sweep(u64::MAX, u64::MAX, 1), Err(broken.clone()));
    assert_eq!(ledger.pending("a"), 1);
    assert_eq!(
        ledger.get(kept).unwrap().unwrap().state,
        State::Waiting,
        "the settling did not happen"
    );
    assert_eq!(
        ledger.claim("a", 1, LEASE).await.err(),
        Some(broken.clone()),
        "what cannot be settled is not handed out again and again"
    );
    assert_eq!(ledger.claim_entry(kept, LEASE).err(), Some(broken.clone()));
    assert_eq!(ledger.close(), Err(broken));

    drop(ledger);
    let claims = open(&directory).claim("a", 9, LEASE).await.unwrap();
    assert_eq!(claims.iter().map(|claim| &claim.body[..]).collect::<Vec<_>>(), [b"kept"]);
}

#[tokio::test]
async fn when_the_disk_is_nearly_full_appends_are_refused_and_settling_and_forgetting_go_on() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(&directory);
    ledger.append(vec![NewEntry::new("a", "x")]).await.unwrap();
    drop(ledger);
    let options = Options {
        space_min_bytes: u64::MAX,
        ..options()
    };
    let ledger = Embedded::open(directory.path(), options).unwrap();
    let refused = ledger.append(vec![NewEntry::new("a", "y")]).await;
    assert!(matches!(refused, Err(LedgerError::Full { .. })), "{refused:?}");
    let claim = ledger.claim("a", 1, LEASE).await.unwrap().remove(0);
    let id = claim.id;
    let replace = Settlement::Replace {
        body: "other".into(),
        due: None,
    };
    let refused = ledger.settle(vec![(claim, replace)]).await;
    assert!(matches!(refused, Err(LedgerError::Full { .. })), "{refused:?}");
    assert_eq!(ledger.get(id).unwrap().unwrap().body, "x");
    ledger.release(&[id]);
    let claim = ledger.claim("a", 1, LEASE).await.unwrap().remove(0);
    assert_eq!(ledger.annotate(id, "noted".into(), Vec::new()).await, Ok(true));
    ledger.settle(vec![done(claim)]).await.unwrap();
    assert_eq!(ledger.pending("a"), 0);
    assert_eq!(ledger.sweep(u64::MAX, u64::MAX, 9), Ok(1), "room is made");
}

#[test]
fn a_body_out_of_memory_is_read_back_and_a_claim_dropped_meanwhile_claims_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .max_blocking_threads(1)
        .build();
    runtime.unwrap().block_on(async {
        let directory = tempfile::tempdir().unwrap();
        let options = Options {
            bodies_bytes_max: 0,
            ..options()
        };
        let ledger = Embedded::open(directory.path(), options).unwrap();
        let id = ledger.append(vec![NewEntry::new("a", "cold")]).await.unwrap()[0].id;
        // The only thread that could read has something else to do.
        let (go_on, wait) = std::sync::mpsc::channel::<()>();
        let busy = tokio::task::spawn_blocking(move || wait.recv().is_err());
        let reading = start(ledger.claim("a", 1, LEASE));
        assert_eq!(ledger.get(id).unwrap().unwrap().state, State::Claimed);
        drop(reading);
        drop(go_on);
        assert!(busy.await.unwrap());

        let claim = ledger.claim_entry(id, LEASE).unwrap().unwrap();
        assert_eq!(claim.body, "cold");
        ledger.release(&[id]);
        let claims = ledger.claim("a", 1, LEASE).await.unwrap();
        assert_eq!((&claims[0].body[..], claims[0].attempt), (&b"cold"[..], 1));
    });
}

#[tokio::test]
async fn closing_writes_what_was_asked_and_ends_those_who_wait() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(&directory);
    let waiting = start(ledger.claim("b", 1, LEASE));
    let pen = ledger.shared.pen();
    let asked = start(ledger.append(vec![NewEntry::new("a", "x")]));
    drop(pen);
    ledger.close().unwrap();
    assert!(asked.await.is_ok());
    assert_eq!(waiting.await, Err(LedgerError::Closed));
    assert_eq!(ledger.append(Vec::new()).await, Err(LedgerError::Closed));
    assert_eq!(ledger.claim("a", 1, LEASE).await, Err(LedgerError::Closed));
    let id = EntryId::from_u64(1).unwrap();
    assert_eq!(ledger.claim_entry(id, LEASE), Err(LedgerError::Closed));
    assert_eq!(ledger.annotate(id, Bytes::new(), Vec::new()).await, Err(LedgerError::Closed));
    assert_eq!(ledger.sync().await, Err(LedgerError::Closed));
    ledger.close().unwrap();
    drop(ledger);
    assert_eq!(open(&directory).pending("a"), 1);
}

#[tokio::test]
async fn ids_go_on_above_those_that_were_swept() {
    let directory = tempfile::tempdir().unwrap();
    let fixed: Clock = Arc::new(|| 1_790_000_000_000);
    let options = Options {
        clock: fixed,
        ..options()
    };
    let ledger = Embedded::open(directory.path(), options.clone()).unwrap();
    let swept = ledger.append(vec![NewEntry::new("a", "x")]).await.unwrap()[0].id;
    let claim = ledger.claim("a", 1, LEASE).await.unwrap().remove(0);
    ledger.settle(vec![done(claim)]).await.unwrap();
    assert_eq!(ledger.sweep(u64::MAX, u64::MAX, 9), Ok(1));
    assert_eq!(ledger.get(swept), Ok(None));
    drop(ledger);
    let ledger = Embedded::open(directory.path(), options).unwrap();
    assert!(ledger.append(vec![NewEntry::new("a", "x")]).await.unwrap()[0].id > swept);
}

#[tokio::test]
async fn lanes_that_nobody_uses_are_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(&directory);
    let waiting = start(ledger.claim("waited at", 1, LEASE));
    drop(start(ledger.claim("left", 1, LEASE)));
    ledger.sweep(0, 0, 1).unwrap();
    assert_eq!(ledger.shared.index().lanes_known(), ["waited at"]);
    ledger.append(vec![NewEntry::new("waited at", "x")]).await.unwrap();
    assert_eq!(waiting.await.unwrap().len(), 1);
}

#[tokio::test]
async fn when_the_writer_ends_by_itself_nobody_waits_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(&directory);
    let waiting = start(ledger.claim("a", 1, LEASE));
    let pen = ledger.shared.pen();
    let taken = start(ledger.append(vec![NewEntry::new("a", "x")]));
    drop(End(&ledger.shared));
    drop(pen);
    // What the writer had in hand is answered; what it had not is refused.
    let answered = taken.await;
    assert!(answered.is_ok() || answered == Err(LedgerError::Closed), "{answered:?}");
    assert_eq!(waiting.await, Err(LedgerError::Closed));
    assert_eq!(ledger.append(Vec::new()).await, Err(LedgerError::Closed));
}
