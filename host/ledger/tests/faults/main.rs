//! A disk that fails: a sync, a write for want of room, a write cut in half. The test runs itself as a process whose disk does
//! so when it is told; what was acknowledged is there afterwards, and nothing is taken in between.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use edgebind_ledger::{
    Claim, Embedded, EntryId, Ledger, LedgerError, NewEntry, Options, Records, Settlement, State, maintenance,
};

const CHILD: &str = "EDGEBIND_FAULTS_IN";
const FAULT: &str = "EDGEBIND_FAULT";
const LEASE: Duration = Duration::from_secs(600);
const ENTRIES: usize = 20;

#[test]
fn after_a_failed_sync_nothing_is_taken_and_all_that_was_acknowledged_is_there() {
    let Some(World { directory, told, .. }) = World::of(
        "after_a_failed_sync_nothing_is_taken_and_all_that_was_acknowledged_is_there",
        fails("sync"),
    ) else {
        return;
    };
    is_all_there(directory.path(), &told, &[b"in flight"]);
}

#[test]
fn after_a_disk_was_full_in_the_middle_of_a_write_nothing_is_taken_and_all_that_was_acknowledged_is_there() {
    let name = "after_a_disk_was_full_in_the_middle_of_a_write_nothing_is_taken_and_all_that_was_acknowledged_is_there";
    let Some(World { directory, told, .. }) = World::of(name, fails("full")) else {
        return;
    };
    is_all_there(directory.path(), &told, &[b"in flight"]);
}

#[test]
fn a_write_torn_by_a_crash_was_never_made() {
    let torn = |ledger: Embedded, fault: PathBuf| async move {
        tell_some(&ledger).await;
        fs::write(&fault, "torn").unwrap();
        // Longer than one write of the journal's.
        drop(ledger.append(vec![NewEntry::new("lane", vec![7; 100_000])]).await);
        panic!("the process goes on");
    };
    let Some(World { directory, told, output }) = World::of("a_write_torn_by_a_crash_was_never_made", torn) else {
        return;
    };
    assert_eq!(output.status.code(), Some(9));
    assert!(
        maintenance::check(directory.path()).unwrap().is_whole(),
        "a torn last write is no damage"
    );
    is_all_there(directory.path(), &told, &[]);
}

/// A table cannot be written for want of room, after its entries were acknowledged from the journal.
#[test]
fn a_disk_full_behind_the_journal_loses_nothing() {
    let full = |ledger: Embedded, fault: PathBuf| async move {
        tell_some(&ledger).await;
        fs::write(&fault, "tables").unwrap();
        // Tables are due for what is more than is kept in memory.
        for number in 0..400 {
            match ledger.append(vec![NewEntry::new("large", vec![7; 1 << 20])]).await {
                Ok(appended) => println!("large {} {number}", appended[0].id),
                Err(refused) => {
                    assert!(matches!(refused, LedgerError::Broken { .. }), "{refused}");
                    assert!(matches!(ledger.close(), Err(LedgerError::Broken { .. })));
                    return;
                }
            }
        }
        panic!("the tables fail and nobody says so");
    };
    let Some(World { directory, told, output }) = World::of("a_disk_full_behind_the_journal_loses_nothing", full) else {
        return;
    };
    is_all_there(directory.path(), &told, &[]);
    let large = String::from_utf8_lossy(&output.stdout).matches("large ").count();
    assert!(large >= 32, "{large} were taken");
    assert_eq!(open(directory.path()).pending("large"), large);
}

/// In the child: what is acknowledged before the disk fails, when it does, and when it has recovered.
fn fails(fault_name: &'static str) -> impl AsyncFn(Embedded, PathBuf) {
    async move |ledger: Embedded, fault: PathBuf| {
        let mut claims = tell_some(&ledger).await;
        fs::write(&fault, fault_name).unwrap();
        let broken = |result: Result<(), LedgerError>| assert!(matches!(result, Err(LedgerError::Broken { .. })), "{result:?}");
        broken(ledger.append(vec![NewEntry::new("lane", "in flight")]).await.map(drop));
        fs::remove_file(&fault).unwrap();
        broken(ledger.append(vec![NewEntry::new("lane", "late")]).await.map(drop));
        broken(ledger.settle(vec![done(claims.pop().unwrap())]).await);
        broken(ledger.annotate(claims[0].id, "late".into(), Vec::new()).await.map(drop));
        broken(ledger.sync().await);
        broken(ledger.revive(vec![claims[0].id]).await.map(drop));
        broken(ledger.sweep(u64::MAX, u64::MAX, 9).map(drop));
        assert_eq!(ledger.pending("lane"), ENTRIES / 2, "what is there can be read");
        broken(ledger.close());
    }
}

/// Acknowledges entries, of which every other one is done; returns claims of the others.
async fn tell_some(ledger: &Embedded) -> Vec<Claim> {
    let mut claims = Vec::new();
    for number in 0..ENTRIES {
        let id = ledger
            .append(vec![NewEntry::new("lane", format!("entry {number}"))])
            .await
            .unwrap()[0]
            .id;
        let claim = ledger.claim_entry(id, LEASE).unwrap().unwrap();
        if number % 2 == 0 {
            ledger.settle(vec![done(claim)]).await.unwrap();
        } else {
            claims.push(claim);
        }
        println!("told {id} {number}");
    }
    ledger.sync().await.unwrap();
    claims
}

fn done(claim: Claim) -> (Claim, Settlement) {
    let done = Settlement::Done {
        note: "done".into(),
        aliases: Vec::new(),
    };
    (claim, done)
}

/// Opened again on a disk that works: every entry that was told, and of what was not told only what was in flight.
fn is_all_there(directory: &Path, told: &[(EntryId, usize)], in_flight: &[&[u8]]) {
    assert_eq!(told.len(), ENTRIES);
    let ledger = open(directory);
    for (id, number) in told {
        let record = ledger.get(*id).unwrap().unwrap();
        let state = if number % 2 == 0 { State::Done } else { State::Waiting };
        assert_eq!((record.state, record.body), (state, format!("entry {number}").into()));
    }
    let known = |id: &EntryId| told.iter().any(|(told, _)| told == id);
    let others = ledger
        .list("lane", None, usize::MAX)
        .unwrap()
        .into_iter()
        .filter(|record| !known(&record.id));
    others.for_each(|record| assert!(in_flight.contains(&&record.body[..]), "{} octets", record.body.len()));
    run(async { ledger.append(vec![NewEntry::new("lane", "goes on")]).await.unwrap() });
    drop(ledger);
    let report = maintenance::check(directory).unwrap();
    assert!(report.is_whole(), "{report}");
}

/// What a child left, and what it told.
struct World {
    directory: tempfile::TempDir,
    told: Vec<(EntryId, usize)>,
    output: Output,
}

impl World {
    /// Runs this test again as a child that does `work`, on a disk that can be told to fail. None in the child.
    fn of(test: &str, work: impl AsyncFnOnce(Embedded, PathBuf)) -> Option<Self> {
        if let (Ok(directory), Ok(fault)) = (std::env::var(CHILD), std::env::var(FAULT)) {
            run(work(open(Path::new(&directory)), fault.into()));
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let aside = tempfile::tempdir().unwrap();
        let library = aside.path().join("disk.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/disk.c");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&library)
            .arg(source)
            .arg("-ldl")
            .status();
        assert!(compiled.unwrap().success(), "the failing disk does not compile");
        let output = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture"])
            .env("LD_PRELOAD", &library)
            .env(CHILD, directory.path().canonicalize().unwrap())
            .env(FAULT, aside.path().join("fault"))
            .output()
            .unwrap();
        let out = String::from_utf8_lossy(&output.stdout);
        let told = out.lines().filter_map(|line| {
            let (id, number) = line.split_once("told ")?.1.split_once(' ')?;
            Some((id.parse().ok()?, number.parse().ok()?))
        });
        let told = told.collect();
        let is_crash = output.status.code() == Some(9);
        assert!(
            output.status.success() || is_crash,
            "{out}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Some(Self { directory, told, output })
    }
}

fn open(directory: &Path) -> Embedded {
    let options = Options {
        space_min_bytes: 0,
        ..Options::default()
    };
    Embedded::open(directory, options).unwrap()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build();
    runtime.unwrap().block_on(future)
}
