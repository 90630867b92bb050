//! A process killed in the middle of its appends: everything that was acknowledged is there when the ledger is opened
//! again. The test runs itself as the process that is killed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use edgebind_ledger::{Embedded, EntryId, Ledger, NewEntry, Options, Records, Settlement, State};

const CHILD: &str = "EDGEBIND_LEDGER_CRASH_DIRECTORY";
const ROUNDS: usize = 4;
const APPENDERS: u64 = 8;
/// Acknowledgements to see before the kill, so that it falls among others.
const ACKNOWLEDGED_MIN: usize = 400;

#[test]
fn everything_acknowledged_survives_a_kill() {
    if let Ok(directory) = std::env::var(CHILD) {
        append_until_killed(Path::new(&directory));
    }
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged: HashMap<EntryId, (u64, State)> = HashMap::new();
    for round in 0..ROUNDS {
        let earlier = acknowledged.len();
        run_and_kill(directory.path(), &mut acknowledged);
        assert!(acknowledged.len() >= earlier + ACKNOWLEDGED_MIN, "round {round}");
        let ledger = open(directory.path());
        for (id, (number, state)) in &acknowledged {
            let record = ledger
                .get(*id)
                .unwrap()
                .unwrap_or_else(|| panic!("round {round}: entry {id} is gone"));
            assert_eq!(record.body, body(*number), "round {round}: body of {id}");
            // A settlement may have been written and not told.
            let settled_untold = *state == State::Waiting && record.state == State::Done;
            assert!(
                record.state == *state || settled_untold,
                "round {round}: {id} is {:?}",
                record.state
            );
        }
    }
}

/// Runs this test as a child, and kills it once it has acknowledged enough. What it told, up to its end, is added.
fn run_and_kill(directory: &Path, acknowledged: &mut HashMap<EntryId, (u64, State)>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["everything_acknowledged_survives_a_kill", "--exact", "--nocapture"])
        .env(CHILD, directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap());
    let mut lines = 0;
    let mut line = String::new();
    // The last line may be cut short, and then was not told.
    while told.read_line(&mut line).unwrap() > 0 {
        if let Some(line) = line.strip_suffix('\n')
            && let [verb @ ("appended" | "settled"), id, number] = line.split(' ').collect::<Vec<_>>()[..]
        {
            let state = if verb == "appended" { State::Waiting } else { State::Done };
            acknowledged.insert(id.parse().unwrap(), (number.parse().unwrap(), state));
            lines += 1;
            if lines == ACKNOWLEDGED_MIN * 2 {
                child.kill().unwrap();
            }
        }
        line.clear();
    }
    assert!(!child.wait().unwrap().success(), "the child ended by itself");
}

/// Several tasks append, tell, claim, settle and tell, for ever.
fn append_until_killed(directory: &Path) -> ! {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    let ledger = Arc::new(open(directory));
    runtime.block_on(async move {
        let mut tasks = tokio::task::JoinSet::new();
        for appender in 0..APPENDERS {
            tasks.spawn(append_and_settle(ledger.clone(), appender));
        }
        tasks.join_next().await.unwrap().unwrap();
    });
    panic!("an appender ended");
}

async fn append_and_settle(ledger: Arc<Embedded>, appender: u64) {
    let lane: Arc<str> = format!("lane {appender}").into();
    for turn in 0.. {
        let numbers: Vec<u64> = (0..3).map(|part| (turn * 3 + part) * APPENDERS + appender).collect();
        let batch = numbers
            .iter()
            .map(|number| NewEntry::new(lane.clone(), body(*number)))
            .collect();
        for (appended, number) in ledger.append(batch).await.unwrap().iter().zip(&numbers) {
            tell(&format!("appended {} {number}", appended.id));
        }
        let claim = ledger.claim(&lane, 1, Duration::from_secs(600)).await.unwrap().remove(0);
        let (id, body) = (claim.id, claim.body.clone());
        ledger
            .settle(vec![(
                claim,
                Settlement::Done {
                    note: Bytes::new(),
                    aliases: Vec::new(),
                },
            )])
            .await
            .unwrap();
        tell(&format!("settled {id} {}", u64::from_be_bytes(body[..8].try_into().unwrap())));
    }
}

/// One line in one write: libtest's capture is not in the way, and a kill cuts between lines at most.
fn tell(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).unwrap();
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
