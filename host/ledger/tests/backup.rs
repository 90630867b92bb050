//! A copy taken while the ledger works: everything acknowledged before it was begun is in it, and every entry is whole.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use edgebind_ledger::{Embedded, EntryId, Ledger, LedgerError, NewEntry, Options, Records, Settlement, State, maintenance};

const LEASE: Duration = Duration::from_secs(600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_has_all_that_was_acknowledged_before_it() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = Arc::new(open(&directory.path().join("ledger")));
    let stop = Arc::new(AtomicBool::new(false));
    let appending: Vec<_> = (0..4)
        .map(|task| tokio::spawn(work(ledger.clone(), task, stop.clone())))
        .collect();
    for turn in 0..3 {
        let (dead, done) = (settled(&ledger, true).await, settled(&ledger, false).await);
        ledger.sync().await.unwrap();
        let waiting = ledger.list("lane 0", None, usize::MAX).unwrap();
        let to = directory.path().join(format!("backup {turn}"));
        tokio::task::spawn_blocking({
            let (ledger, to) = (ledger.clone(), to.clone());
            move || ledger.backup(to).unwrap()
        })
        .await
        .unwrap();
        let refused = ledger.backup(&to).unwrap_err();
        assert!(refused.to_string().contains("is there already"), "{refused}");

        let report = maintenance::check(&to).unwrap();
        assert!(report.is_whole(), "{report}");
        let copy = open(&to);
        for record in waiting {
            let copied = copy.get(record.id).unwrap().unwrap();
            assert_eq!((copied.body, copied.lane), (record.body, record.lane));
        }
        assert_eq!(copy.get(dead).unwrap().unwrap().state, State::Dead);
        assert_eq!(copy.get(done).unwrap().unwrap().state, State::Done);
        assert_eq!(copy.find(&done.as_u64().to_be_bytes()), Ok(Some(done)));
        assert!(copy.dead("", None, 9).unwrap().iter().any(|record| record.id == dead));
        let next = copy.append(vec![NewEntry::new("lane", "")]).await.unwrap()[0].id;
        assert!(next > done, "ids go on");
    }
    stop.store(true, Relaxed);
    for task in appending {
        assert!(task.await.unwrap() > 0, "appends went on");
    }
}

#[test]
fn a_backup_that_was_cut_short_is_made_again() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(&directory.path().join("ledger"));
    let to = directory.path().join("backup");
    drop(open(&directory.path().join("backup.unfinished")));
    ledger.backup(&to).unwrap();
    assert!(to.exists() && !directory.path().join("backup.unfinished").exists());
    let nowhere = ledger.backup("/proc/nowhere/backup").unwrap_err();
    assert!(matches!(nowhere, LedgerError::Disk { .. }), "{nowhere}");
}

async fn work(ledger: Arc<Embedded>, task: usize, stop: Arc<AtomicBool>) -> usize {
    let lane = format!("lane {task}");
    let mut appended = 0;
    while !stop.load(Relaxed) {
        ledger
            .append(vec![NewEntry::new(lane.as_str(), vec![7; 300]); 3])
            .await
            .unwrap();
        let claim = ledger.claim(&lane, 1, LEASE).await.unwrap().remove(0);
        let done = Settlement::Done {
            note: "".into(),
            aliases: Vec::new(),
        };
        ledger.settle(vec![(claim, done)]).await.unwrap();
        appended += 3;
    }
    appended
}

async fn settled(ledger: &Embedded, dead: bool) -> EntryId {
    let id = ledger.append(vec![NewEntry::new("settled", "x")]).await.unwrap()[0].id;
    let claim = ledger.claim_entry(id, LEASE).unwrap().unwrap();
    let settlement = if dead {
        Settlement::Dead { note: "dead".into() }
    } else {
        Settlement::Done {
            note: "done".into(),
            aliases: vec![id.as_u64().to_be_bytes().to_vec()],
        }
    };
    ledger.settle(vec![(claim, settlement)]).await.unwrap();
    id
}

fn open(path: &Path) -> Embedded {
    let options = Options {
        space_min_bytes: 0,
        ..Options::default()
    };
    Embedded::open(path, options).unwrap()
}
