//! Files damaged on purpose: what was changed is noticed at the opening or by the check, said in a sentence, and everything
//! else can be exported. A last write that was cut short is no damage.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use edgebind_ledger::maintenance::{self, Exported};
use edgebind_ledger::{Embedded, EntryId, Ledger, LedgerError, NewEntry, Options, Records, Settlement, State};

const LEASE: Duration = Duration::from_secs(600);

#[test]
fn a_ledger_that_is_whole_is_reported_so_and_exported_whole_and_left_as_it_is() {
    let world = World::closed(false);
    for (directory, entries) in [
        (world.directory.path(), world.entries.clone()),
        (compacted().directory.path(), BTreeMap::new()),
    ] {
        let before = contents(directory);
        let report = maintenance::check(directory).unwrap();
        assert_eq!(report.damage, Vec::<String>::new());
        if !entries.is_empty() {
            assert_eq!((report.waiting, report.done, report.dead), (40, 40, 40));
            assert_eq!(report.to_string(), "120 entries: 40 waiting, 40 done, 40 dead");
            assert_eq!(exported(directory), entries);
        }
        assert_eq!(contents(directory), before, "nothing was changed");
    }
}

#[test]
fn what_is_exported_is_all_that_is_known_of_an_entry() {
    let world = World::closed(false);
    let ledger = world.open().unwrap();
    let mut exported = Vec::new();
    let in_use = maintenance::export(world.directory.path(), |_| {}).unwrap_err();
    assert!(matches!(in_use, LedgerError::InUse { .. }), "{in_use}");
    let records: Vec<_> = world.entries.keys().map(|id| ledger.get(*id).unwrap().unwrap()).collect();
    drop(ledger);
    maintenance::export(world.directory.path(), |entry| exported.push(entry)).unwrap();
    for (
        Exported {
            record,
            key,
            aliases,
            lost_body,
            lost_state,
        },
        known,
    ) in exported.into_iter().zip(records)
    {
        assert_eq!(record, known);
        let name = record.body[..3].to_vec();
        let alias = [b"alias ", &name[..]].concat();
        assert_eq!((key, aliases, lost_body, lost_state), (Some(name), vec![alias], false, false));
    }
}

#[test]
fn an_octet_changed_anywhere_in_the_journal_is_noticed_at_the_opening_and_the_rest_can_be_saved() {
    let world = World::closed(false);
    let journal = world.file("0.jnl");
    let whole = fs::read(&journal).unwrap();
    let length = whole.iter().rposition(|octet| *octet != 0).unwrap() + 1;
    for at in (0..length).step_by(length / 40).chain([length - 1, length - 5, length - 10]) {
        let mut changed = whole.clone();
        changed[at] ^= 0x55;
        fs::write(&journal, changed).unwrap();
        let error = world.open().unwrap_err();
        assert!(
            matches!(error, LedgerError::Damaged { .. }),
            "octet {at} of {length}: {error}"
        );
        assert!(error.to_string().contains("journal 0.jnl"), "{error}");
        let report = maintenance::check(world.directory.path()).unwrap();
        assert!(report.damage[0].contains("journal 0.jnl"), "{report}");
        let saved = exported(world.directory.path());
        let lost = world.entries.len() - saved.len();
        assert!(lost <= 1, "octet {at}: {lost} entries lost, and one batch is damaged");
    }
    fs::write(&journal, whole).unwrap();
    world.is_all_there();
}

#[test]
fn a_journal_cut_short_after_the_ledger_was_closed_is_noticed() {
    let world = World::closed(false);
    let journal = world.file("0.jnl");
    let whole = fs::read(&journal).unwrap();
    let length = whole.iter().rposition(|octet| *octet != 0).unwrap() + 1;
    for at in [0, 1, length / 2, length - 1] {
        fs::write(&journal, &whole[..at]).unwrap();
        let error = world.open().unwrap_err();
        assert!(
            error.to_string().contains("when the ledger was closed"),
            "{at} of {length}: {error}"
        );
        assert!(!maintenance::check(world.directory.path()).unwrap().is_whole());
    }
    fs::remove_file(&journal).unwrap();
    assert!(matches!(world.open().unwrap_err(), LedgerError::Damaged { .. }));
    fs::write(&journal, whole).unwrap();
    world.is_all_there();
}

#[test]
fn a_last_write_cut_short_by_a_crash_is_healed_and_nothing_else_is_gone() {
    let world = World::closed(false);
    fs::remove_file(world.file("closed")).unwrap();
    let journal = world.file("0.jnl");
    let whole = fs::read(&journal).unwrap();
    let length = whole.iter().rposition(|octet| *octet != 0).unwrap() + 1;
    let last = world.append_one_more();
    let longer = fs::read(&journal).unwrap();
    let end = longer.iter().rposition(|octet| *octet != 0).unwrap() + 1;
    assert!(end > length + 9000, "the last batch is longer than two pages");
    let hole = |from: usize, to: usize| {
        let mut octets = longer.clone();
        octets[from..to].fill(0);
        octets
    };
    let page = length.next_multiple_of(4096);
    let torn = [
        longer[..end - 1].to_vec(),
        longer[..length + 5].to_vec(),
        hole(end - 3, end),
        hole(page, page + 4096),
    ];
    for (turn, octets) in torn.into_iter().enumerate() {
        drop(fs::remove_file(world.file("closed")));
        fs::write(&journal, octets).unwrap();
        let report = maintenance::check(world.directory.path()).unwrap();
        assert!(report.is_whole(), "turn {turn}: {report}");
        world.is_all_there();
        assert_eq!(world.open().unwrap().get(last), Ok(None), "turn {turn}");
    }
}

#[test]
fn a_table_that_is_damaged_is_noticed_by_the_check_and_the_rest_can_be_saved() {
    let world = compacted();
    let mut tables = 0;
    for file in world
        .files()
        .into_iter()
        .filter(|file| file.parent().unwrap().ends_with("tables"))
    {
        let whole = fs::read(&file).unwrap();
        let name = file.display().to_string();
        let changed = |at: usize| {
            let mut octets = whole.clone();
            octets[at] ^= 0x55;
            octets
        };
        let half = whole.len() / 2;
        for octets in [changed(0), changed(half), changed(whole.len() - 1), whole[..half].to_vec()] {
            replace(&file, &octets);
            match maintenance::check(world.directory.path()) {
                Ok(report) => assert!(report.damage.iter().any(|what| what.contains(&name)), "{name}: {report}"),
                Err(error) => assert!(error.to_string().contains(&name), "{name}: {error}"),
            }
            // An opening reads no more than it needs: it may not notice, but it neither panics nor forgets.
            if let Ok(ledger) = world.open() {
                let all = world.entries.keys().map(|id| ledger.get(*id));
                all.for_each(|got| assert!(!matches!(got, Ok(None)), "{name}: forgotten without a word"));
            }
        }
        replace(&file, &whole);
        tables += 1;
    }
    assert!(tables > 6, "{tables}");
    world.is_all_there();
}

#[test]
fn most_entries_around_a_damaged_block_can_be_saved() {
    let world = compacted();
    let entries = world.largest_table();
    let mut octets = fs::read(&entries).unwrap();
    let middle = octets.len() / 2;
    octets[middle] ^= 0x55;
    replace(&entries, &octets);
    let saved = exported(world.directory.path());
    let bodies = saved
        .iter()
        .filter(|(id, entry)| world.entries.get(id) == Some(entry))
        .count();
    assert!(bodies >= world.entries.len() / 2, "{bodies} of {}", world.entries.len());
    assert_eq!(saved.len(), world.entries.len(), "the others are named without their bodies");
}

#[test]
fn a_manifest_that_is_damaged_or_missing_is_noticed_at_the_opening() {
    let world = compacted();
    let manifests = world.files().into_iter().filter(|file| {
        let name = file.file_name().unwrap().to_string_lossy();
        let is_newest = |name: &str| newest(file.parent().unwrap()) == name;
        name == "current" || is_newest(&name) || name == "version"
    });
    for file in manifests {
        let whole = fs::read(&file).unwrap();
        let name = file.display();
        let mut changed = whole.clone();
        changed[whole.len() / 2] ^= 0x55;
        for octets in [Some(changed), Some(whole[..whole.len() / 2].to_vec()), Some(Vec::new()), None] {
            match &octets {
                Some(octets) => fs::write(&file, octets).unwrap(),
                None => fs::remove_file(&file).unwrap(),
            }
            let error = world.open().unwrap_err();
            assert!(matches!(error, LedgerError::Damaged { .. }), "{name}: {error}");
            match maintenance::check(world.directory.path()) {
                Ok(report) => assert!(!report.is_whole(), "{name}"),
                Err(error) => assert!(matches!(error, LedgerError::Damaged { .. }), "{name}: {error}"),
            }
        }
        fs::write(&file, whole).unwrap();
    }
    world.is_all_there();
}

#[test]
fn a_table_or_a_directory_that_is_gone_is_noticed_at_the_opening() {
    let world = compacted();
    let elsewhere = tempfile::tempdir().unwrap();
    let mut gone: Vec<PathBuf> = fs::read_dir(world.file("keyspaces"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    gone.push(world.file("keyspaces"));
    for path in gone {
        let aside = elsewhere.path().join("aside");
        fs::rename(&path, &aside).unwrap();
        let error = world.open().unwrap_err();
        assert!(matches!(error, LedgerError::Damaged { .. }), "{}: {error}", path.display());
        drop(fs::remove_dir_all(&path));
        fs::rename(&aside, &path).unwrap();
    }
    world.is_all_there();
}

#[test]
fn compacting_keeps_everything_and_makes_the_directory_small() {
    let world = World::closed(true);
    let before = octets_on_disk(world.directory.path());
    let ledger = world.open().unwrap();
    assert_eq!(ledger.sweep(u64::MAX, u64::MAX, usize::MAX), Ok(80));
    drop(ledger);
    maintenance::compact(world.directory.path()).unwrap();
    maintenance::compact(world.directory.path()).unwrap();
    let after = octets_on_disk(world.directory.path());
    assert!(after < before / 2, "{before} octets on disk, and {after} after");
    let waiting: BTreeMap<_, _> = world
        .entries
        .clone()
        .into_iter()
        .filter(|(_, (state, _))| *state == State::Waiting)
        .collect();
    assert_eq!(exported(world.directory.path()), waiting);
    assert!(maintenance::check(world.directory.path()).unwrap().is_whole());
}

#[test]
fn where_there_is_no_ledger_that_is_said_and_none_is_made() {
    let directory = tempfile::tempdir().unwrap();
    for path in [directory.path().join("nowhere"), directory.path().to_owned()] {
        let error = maintenance::check(&path).unwrap_err();
        assert!(error.to_string().contains("there is no ledger"), "{error}");
    }
    assert!(!directory.path().join("nowhere").exists());
}

/// A ledger in a directory, and what it was told.
struct World {
    directory: tempfile::TempDir,
    entries: BTreeMap<EntryId, (State, Vec<u8>)>,
}

impl World {
    /// 40 entries that wait, 40 that are done and 40 that are dead; large ones fill some pages each.
    fn closed(large: bool) -> Self {
        let mut world = Self {
            directory: tempfile::tempdir().unwrap(),
            entries: BTreeMap::new(),
        };
        // Opened again, a journal has no room kept at its end, and is quickly read and copied.
        drop(world.open().unwrap());
        let ledger = world.open().unwrap();
        run(async {
            for number in 100..220_u32 {
                let mut body = number.to_string().into_bytes();
                body.extend(random(number, if large { 20_000 } else { 300 }));
                let name = body[..3].to_vec();
                let entry = NewEntry {
                    key: Some(name.clone()),
                    ..NewEntry::new("lane", body.clone())
                };
                let id = ledger.append(vec![entry]).await.unwrap()[0].id;
                let alias = [b"alias ", &name[..]].concat();
                ledger.annotate(id, "noted".into(), vec![alias]).await.unwrap();
                let state = [State::Waiting, State::Done, State::Dead][number as usize % 3];
                let claim = ledger.claim_entry(id, LEASE).unwrap().unwrap();
                let settlement = match state {
                    State::Done => Settlement::Done {
                        note: "done".into(),
                        aliases: Vec::new(),
                    },
                    State::Dead => Settlement::Dead { note: "dead".into() },
                    _ => Settlement::Retry {
                        after: LEASE,
                        note: None,
                    },
                };
                ledger.settle(vec![(claim, settlement)]).await.unwrap();
                world.entries.insert(id, (state, body));
            }
            ledger.sync().await.unwrap();
        });
        drop(ledger);
        world
    }

    fn open(&self) -> edgebind_ledger::Result<Embedded> {
        let options = Options {
            space_min_bytes: 0,
            ..Options::default()
        };
        Embedded::open(self.directory.path(), options)
    }

    fn append_one_more(&self) -> EntryId {
        let ledger = self.open().unwrap();
        run(async { ledger.append(vec![NewEntry::new("last", random(1, 20_000))]).await.unwrap()[0].id })
    }

    fn is_all_there(&self) {
        let ledger = self.open().unwrap();
        for (id, (state, body)) in &self.entries {
            let record = ledger.get(*id).unwrap().unwrap();
            assert_eq!((record.state, &record.body[..]), (*state, &body[..]));
            assert_eq!(ledger.keyed(&body[..3]), Ok(Some(*id)));
        }
        assert_eq!(ledger.pending("lane"), 40);
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn files(&self) -> Vec<PathBuf> {
        files(self.directory.path())
    }

    fn largest_table(&self) -> PathBuf {
        let tables = self
            .files()
            .into_iter()
            .filter(|file| file.parent().unwrap().ends_with("tables"));
        tables.max_by_key(|file| fs::metadata(file).unwrap().len()).unwrap()
    }
}

/// One whose rows are all in tables, none in the journal alone.
fn compacted() -> World {
    let world = World::closed(true);
    maintenance::compact(world.directory.path()).unwrap();
    world
}

/// Every entry that can be exported, with its state and body.
fn exported(directory: &Path) -> BTreeMap<EntryId, (State, Vec<u8>)> {
    let mut all = BTreeMap::new();
    maintenance::export(directory, |Exported { record, .. }| {
        assert!(
            all.insert(record.id, (record.state, record.body.to_vec())).is_none(),
            "given out twice"
        );
    })
    .unwrap();
    all
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push(path);
        }
    }
    all.sort();
    all
}

fn contents(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let all = files(directory).into_iter();
    all.map(|file| (file.clone(), fs::read(file).unwrap())).collect()
}

fn octets_on_disk(directory: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    files(directory)
        .iter()
        .map(|file| fs::metadata(file).unwrap().blocks() * 512)
        .sum()
}

/// Another file in its place: links elsewhere keep what they had.
fn replace(file: &Path, octets: &[u8]) {
    fs::remove_file(file).unwrap();
    fs::write(file, octets).unwrap();
}

fn newest(table: &Path) -> String {
    let current = fs::read(table.join("current")).unwrap_or_default();
    let version = current
        .get(..8)
        .map(|version| u64::from_le_bytes(version.try_into().unwrap()));
    version.map_or_else(String::new, |version| format!("v{version}"))
}

/// Octets that cannot be made shorter, and none of them zero.
fn random(seed: u32, length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64 ^ u64::from(seed);
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8 | 1
    };
    std::iter::repeat_with(next).take(length).collect()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(future)
}
