//! A directory that an earlier version wrote is opened with all that it held.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use edgebind_ledger::{Clock, Embedded, Ledger, Options, Record, Records, State};

/// When the fixtures were written.
const THEN: u64 = 1_790_000_000_000;

/// Written by version 0.1.0: of five entries one waits, one is done, two are dead and one is to be tried again.
#[tokio::test]
async fn a_directory_of_schema_1_is_opened_with_all_that_it_held() {
    let directory = tempfile::tempdir().unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schema-1");
    copy(&fixture, directory.path());
    for opening in ["the first", "the second"] {
        let ledger = open(directory.path());
        let dead = ledger.dead("t/", None, 9).unwrap();
        let told: Vec<_> = dead
            .iter()
            .map(|record| (&*record.lane, &record.body[..], &record.note[..]))
            .collect();
        let expected: [(&str, &[u8], &[u8]); 2] = [("t/a/out", b"dead", b"refused"), ("t/b/out", b"dead too", b"refused")];
        assert_eq!(told, expected, "{opening}");
        assert_eq!(
            ledger.dead_lanes(""),
            [("t/a/out".into(), 1), ("t/b/out".into(), 1)],
            "{opening}"
        );
        assert_eq!(ledger.lanes(""), [("t/a/out".into(), 1), ("t/b/out".into(), 1)], "{opening}");

        let by_key = |key: &[u8]| -> Record { ledger.get(ledger.keyed(key).unwrap().unwrap()).unwrap().unwrap() };
        assert_eq!(
            (by_key(b"k1").state, by_key(b"k1").note),
            (State::Waiting, "note of waits".into())
        );
        assert_eq!((by_key(b"k2").state, by_key(b"k2").note), (State::Done, "sent".into()));
        assert_eq!((by_key(b"k4").state, by_key(b"k4").appended), (State::Dead, THEN));
        let by_alias = |alias: &str| ledger.find(alias.as_bytes()).unwrap().unwrap();
        assert_eq!(by_alias("upstream 7"), by_alias("alias of done"));
        let retried = ledger.get(by_alias("alias of retried")).unwrap().unwrap();
        assert_eq!((retried.attempt, retried.due), (2, THEN + 60_000));
    }
    let ledger = open(directory.path());
    let dead = ledger.dead("t/b", None, 9).unwrap()[0].id;
    assert_eq!(ledger.revive(vec![dead]).await, Ok(vec![dead]));
    assert_eq!(ledger.pending("t/b/out"), 2);
}

fn open(directory: &Path) -> Embedded {
    let clock: Clock = Arc::new(|| THEN);
    let options = Options {
        node: 1,
        clock,
        space_min_bytes: 0,
        ..Options::default()
    };
    Embedded::open(directory, options).unwrap()
}

/// With the empty directories that a repository does not keep.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&to).unwrap();
            copy(&entry.path(), &to);
            if to.join("current").exists() {
                fs::create_dir_all(to.join("tables")).unwrap();
            }
        } else {
            fs::copy(entry.path(), &to).unwrap();
        }
    }
}
