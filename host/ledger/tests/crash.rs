//! A process killed in the middle of its work: everything that was acknowledged is there when the ledger is opened
//! again, and what was not is there whole or not at all. The test runs itself as the process that is killed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use edgebind_ledger::{Embedded, EntryId, Ledger, NewEntry, Options, Record, Records, Settlement, State};

const CHILD: &str = "EDGEBIND_LEDGER_CRASH_DIRECTORY";
const ROUNDS: usize = 4;
const APPENDERS: u64 = 8;
const LEASE: Duration = Duration::from_secs(600);
/// Appends to see before the kill, so that it falls among others.
const ACKNOWLEDGED_MIN: usize = 400;

/// Replacements are due from here on, so that a due time tells which body it came with.
const REPLACED_DUE: u64 = 4_000_000_000_000;
/// Between the number of an entry and that of what replaces it.
const REPLACED: u64 = 1 << 40;

/// What the child has told of an entry.
#[derive(Debug, Clone, Copy)]
struct Told {
    number: u64,
    /// A replacement was begun, and may have been made.
    replacing: bool,
    state: State,
    annotated: bool,
}

#[test]
fn everything_acknowledged_survives_a_kill() {
    if let Ok(directory) = std::env::var(CHILD) {
        work_until_killed(Path::new(&directory));
    }
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged: HashMap<EntryId, Told> = HashMap::new();
    for round in 0..ROUNDS {
        let earlier = acknowledged.len();
        run_and_kill(directory.path(), &mut acknowledged);
        assert!(acknowledged.len() >= earlier + ACKNOWLEDGED_MIN, "round {round}");
        let ledger = open(directory.path());
        for (id, told) in &acknowledged {
            let record = ledger
                .get(*id)
                .unwrap()
                .unwrap_or_else(|| panic!("round {round}: entry {id} is gone"));
            invariant_what_was_told_is_there(&record, *told);
            invariant_a_replacement_is_whole(&record, told.number % REPLACED);
            if told.annotated {
                assert_eq!(ledger.find(&alias(*id)), Ok(Some(*id)), "{told:?}");
            }
        }
        for what in ["replacing", "replaced", "annotated", "done", "dead"] {
            let seen = |told: &Told| match what {
                "replacing" => told.replacing,
                "replaced" => told.number >= REPLACED,
                "annotated" => told.annotated,
                "done" => told.state == State::Done,
                _ => told.state == State::Dead,
            };
            assert!(acknowledged.values().any(seen), "round {round}: nothing {what}");
        }
    }
}

fn invariant_what_was_told_is_there(record: &Record, told: Told) {
    let replaced_untold = told.replacing && record.body == body(told.number + REPLACED);
    assert!(record.body == body(told.number) || replaced_untold, "{told:?}: {record:?}");
    // A settlement may have been written and not told.
    let settled_untold = told.state == State::Waiting && matches!(record.state, State::Done | State::Dead);
    assert!(record.state == told.state || settled_untold, "{told:?}: {record:?}");
    assert!(
        !told.annotated || record.note == told.number.to_be_bytes()[..],
        "{told:?}: {record:?}"
    );
}

fn invariant_a_replacement_is_whole(record: &Record, number: u64) {
    if record.due < REPLACED_DUE {
        assert_eq!((record.due, &record.body), (record.appended, &body(number)), "{record:?}");
    } else {
        let expected = (REPLACED_DUE + number, &body(number + REPLACED));
        assert_eq!((record.due, &record.body), expected, "{record:?}");
    }
}

/// Runs this test as a child, and kills it once it has acknowledged enough. What it told, up to its end, is added.
fn run_and_kill(directory: &Path, acknowledged: &mut HashMap<EntryId, Told>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["everything_acknowledged_survives_a_kill", "--exact", "--nocapture"])
        .env(CHILD, directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap());
    let mut appended = 0;
    let mut line = String::new();
    // The last line may be cut short, and then was not told.
    while told.read_line(&mut line).unwrap() > 0 {
        if let Some(line) = line.strip_suffix('\n')
            && let [verb, id, number] = line.split(' ').collect::<Vec<_>>()[..]
            && let (Ok(id), Ok(number)) = (id.parse::<EntryId>(), number.parse())
        {
            let entry = acknowledged.entry(id).or_insert(Told {
                number,
                replacing: false,
                state: State::Waiting,
                annotated: false,
            });
            match verb {
                "appended" => appended += 1,
                "replacing" => entry.replacing = true,
                "replaced" => (entry.number, entry.replacing) = (number, false),
                "done" => entry.state = State::Done,
                "dead" => entry.state = State::Dead,
                "annotated" => entry.annotated = true,
                verb => panic!("the child told {verb}"),
            }
            if verb == "appended" && appended == ACKNOWLEDGED_MIN * 2 {
                child.kill().unwrap();
            }
        }
        line.clear();
    }
    assert!(!child.wait().unwrap().success(), "the child ended by itself");
}

/// Several tasks work and tell, for ever.
fn work_until_killed(directory: &Path) -> ! {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    let ledger = Arc::new(open(directory));
    runtime.block_on(async move {
        let mut tasks = tokio::task::JoinSet::new();
        for appender in 0..APPENDERS {
            tasks.spawn(work(ledger.clone(), appender));
        }
        tasks.join_next().await.unwrap().unwrap();
    });
    panic!("an appender ended");
}

/// Appends three entries a turn: the first is replaced, and every other time buried; the second is annotated; and one of
/// those not replaced is done. The first task never waits for its replacements to be on disk, nor says that they are.
async fn work(ledger: Arc<Embedded>, appender: u64) {
    let lane: Arc<str> = format!("lane {appender}").into();
    for turn in 0.. {
        let numbers: Vec<u64> = (0..3).map(|part| (turn * 3 + part) * APPENDERS + appender).collect();
        let batch = numbers
            .iter()
            .map(|number| NewEntry::new(lane.clone(), body(*number)))
            .collect();
        let appended = ledger.append(batch).await.unwrap();
        for (appended, number) in appended.iter().zip(&numbers) {
            tell("appended", appended.id, *number);
        }

        let (id, number) = (appended[0].id, numbers[0]);
        tell("replacing", id, number);
        let replace = Settlement::Replace {
            body: body(number + REPLACED),
            due: Some(REPLACED_DUE + number),
        };
        settle_one(&ledger, id, replace).await;
        if appender > 0 {
            ledger.sync().await.unwrap();
            tell("replaced", id, number + REPLACED);
            if turn % 2 == 1 {
                settle_one(&ledger, id, Settlement::Dead { note: Bytes::new() }).await;
                ledger.sync().await.unwrap();
                tell("dead", id, number);
            }
        }

        let (id, number) = (appended[1].id, numbers[1]);
        assert!(ledger.annotate(id, note(number), vec![alias(id)]).await.unwrap());
        ledger.sync().await.unwrap();
        tell("annotated", id, number);

        let claim = ledger.claim(&lane, 1, LEASE).await.unwrap().remove(0);
        let (id, number) = (claim.id, u64::from_be_bytes(claim.body[..8].try_into().unwrap()));
        let done = Settlement::Done {
            note: note(number),
            aliases: Vec::new(),
        };
        ledger.settle(vec![(claim, done)]).await.unwrap();
        tell("done", id, number);
    }
}

async fn settle_one(ledger: &Embedded, id: EntryId, settlement: Settlement) {
    let claim = ledger.claim_entry(id, LEASE).unwrap().unwrap();
    ledger.settle(vec![(claim, settlement)]).await.unwrap();
}

fn alias(id: EntryId) -> Vec<u8> {
    id.as_u64().to_be_bytes().to_vec()
}

fn note(number: u64) -> Bytes {
    number.to_be_bytes().to_vec().into()
}

/// One line in one write: libtest's capture is not in the way, and a kill cuts between lines at most.
fn tell(verb: &str, id: EntryId, number: u64) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{verb} {id} {number}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// 8 octets of number and 0 to 499 more that follow from it.
fn body(number: u64) -> Bytes {
    let filler = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
    let length = usize::try_from(number * 7 % 500).unwrap();
    number
        .to_be_bytes()
        .into_iter()
        .chain(filler.into_iter().cycle().take(length))
        .collect()
}

fn open(directory: &Path) -> Embedded {
    Embedded::open(
        directory,
        Options {
            space_min_bytes: 0,
            ..Options::default()
        },
    )
    .unwrap()
}
