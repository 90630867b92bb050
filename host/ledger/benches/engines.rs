//! fjall, redb and SQLite at the ledger's own work: appends with a sync per batch, reading in order and removing,
//! opening with much on disk, and being killed. `cargo bench -p edgebind-ledger --bench engines`; about two minutes.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on should stop")]

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use redb::{Durability, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};
use rusqlite::Connection;

const BODY_BYTES: usize = 300;
const REPEATS: usize = 5;
const OPEN_WITH: u64 = 200_000;
const SETTLED: u64 = 50_000;
const SETTLE_BATCH: u64 = 64;
/// Batch length, and batches measured.
const APPENDS: [(u64, u64); 3] = [(1, 500), (64, 200), (512, 60)];
const KILLED_AFTER: usize = 300;
const ENGINES: [&str; 4] = ["file", "fjall", "redb", "sqlite"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|word| *word != "--bench")
        .collect();
    match words[..] {
        ["measure", engine] => with_engine(engine, Measure),
        ["append", engine, directory] => with_engine(engine, AppendForEver(Path::new(directory))),
        [] if arguments.iter().any(|word| word == "--bench") => {
            for engine in ENGINES {
                // A process each, so that its memory is its own.
                child(&["measure", engine]).status().unwrap();
                if engine != "file" {
                    with_engine(engine, Kill(engine));
                }
            }
        }
        _ => println!("run me by: cargo bench -p edgebind-ledger --bench engines"),
    }
}

fn child(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(arguments);
    command
}

/// What the ledger asks of a database, and no more.
trait Engine {
    fn open(directory: &Path) -> Self;
    /// Writes entries `first..first + count` in one atomic batch, on disk on return if `sync`.
    fn append(&mut self, first: u64, count: u64, sync: bool);
    /// Reads the first `count` entries from `from` on in order, and removes them without waiting for the disk.
    fn settle(&mut self, from: u64, count: u64) -> u64;
    /// Reads every entry.
    fn scan(&self) -> u64;
    fn has(&self, number: u64) -> bool;
}

trait With {
    fn run<E: Engine>(self);
}

fn with_engine(name: &str, with: impl With) {
    match name {
        "file" => with.run::<Bare>(),
        "fjall" => with.run::<Fjall>(),
        "redb" => with.run::<Redb>(),
        "sqlite" => with.run::<Sqlite>(),
        _ => panic!("no engine {name}"),
    }
}

struct Measure;

impl With for Measure {
    fn run<E: Engine>(self) {
        println!("{}", std::any::type_name::<E>());
        for (length, batches) in APPENDS {
            let rates: Vec<f64> = (0..REPEATS).map(|_| append_rate::<E>(length, batches)).collect();
            println!("  append, batch {length:3}: {:9.0} /s", median(rates));
        }
        if std::any::type_name::<E>() == std::any::type_name::<Bare>() {
            return;
        }
        let (settle, opening): (Vec<f64>, Vec<f64>) = (0..REPEATS).map(|_| settle_and_open::<E>()).unzip();
        println!("  read in order, remove, batch {SETTLE_BATCH}: {:9.0} /s", median(settle));
        println!("  open and read {OPEN_WITH}: {:.0} ms", median(opening));
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        println!(
            "  memory at most: {}",
            status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("unknown")
        );
    }
}

fn append_rate<E: Engine>(length: u64, batches: u64) -> f64 {
    let directory = tempfile::tempdir().unwrap();
    let mut engine = E::open(directory.path());
    engine.append(0, length, true);
    let began = Instant::now();
    (1..=batches).for_each(|batch| engine.append(batch * length, length, true));
    (length * batches) as f64 / began.elapsed().as_secs_f64()
}

/// Entries a second, and milliseconds.
fn settle_and_open<E: Engine>() -> (f64, f64) {
    let directory = tempfile::tempdir().unwrap();
    let mut engine = E::open(directory.path());
    let all = OPEN_WITH + SETTLED;
    (0..all).step_by(500).for_each(|first| engine.append(first, 500, false));
    engine.append(all, 1, true);
    let began = Instant::now();
    let mut settled = 0;
    while settled < SETTLED {
        settled += engine.settle(settled, SETTLE_BATCH);
    }
    let rate = settled as f64 / began.elapsed().as_secs_f64();
    drop(engine);
    let began = Instant::now();
    assert_eq!(E::open(directory.path()).scan(), all + 1 - settled);
    (rate, began.elapsed().as_secs_f64() * 1e3)
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Appends one at a time and tells each when it is on disk.
struct AppendForEver<'a>(&'a Path);

impl With for AppendForEver<'_> {
    fn run<E: Engine>(self) {
        let mut engine = E::open(self.0);
        for number in 0.. {
            engine.append(number, 1, true);
            println!("{number}");
        }
    }
}

struct Kill<'a>(&'a str);

impl With for Kill<'_> {
    fn run<E: Engine>(self) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().to_str().unwrap();
        let mut child = child(&["append", self.0, path]).stdout(Stdio::piped()).spawn().unwrap();
        let mut told = 0;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            told = line.unwrap().parse::<u64>().map_or(told, |number| number + 1);
            if told as usize == KILLED_AFTER {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        std::thread::sleep(Duration::from_millis(50));
        let engine = E::open(directory.path());
        let lost = (0..told).filter(|number| !engine.has(*number)).count();
        println!("  killed after {told} acknowledged: {lost} lost");
    }
}

/// One of a thousand bodies that compress no better than text does, made beforehand.
fn body(number: u64) -> &'static [u8] {
    static BODIES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| (0..1000).map(random_body).collect());
    &BODIES[number as usize % 1000]
}

fn random_body(number: u64) -> Vec<u8> {
    let mut state = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let letter = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        b'a' + (state >> 59) as u8 % 26
    };
    (0..BODY_BYTES).map(letter).collect()
}

/// The least that durable can cost: a file and `fdatasync`.
struct Bare(File);

impl Engine for Bare {
    fn open(directory: &Path) -> Self {
        Self(File::create(directory.join("bare")).unwrap())
    }

    fn append(&mut self, first: u64, count: u64, sync: bool) {
        let batch = (first..first + count).map(body).collect::<Vec<_>>().concat();
        self.0.write_all(&batch).unwrap();
        if sync {
            self.0.sync_data().unwrap();
        }
    }

    fn settle(&mut self, _: u64, _: u64) -> u64 {
        unreachable!("a file is only appended to")
    }

    fn scan(&self) -> u64 {
        unreachable!("a file is only appended to")
    }

    fn has(&self, _: u64) -> bool {
        unreachable!("a file is only appended to")
    }
}

struct Fjall {
    database: Database,
    entries: Keyspace,
}

impl Engine for Fjall {
    fn open(directory: &Path) -> Self {
        let database = Database::builder(directory).open().unwrap();
        let entries = database.keyspace("entries", KeyspaceCreateOptions::default).unwrap();
        Self { database, entries }
    }

    fn append(&mut self, first: u64, count: u64, sync: bool) {
        let mut batch = self.database.batch();
        for number in first..first + count {
            batch.insert(&self.entries, number.to_be_bytes(), body(number));
        }
        let mode = if sync { PersistMode::SyncData } else { PersistMode::Buffer };
        batch.durability(Some(mode)).commit().unwrap();
    }

    fn settle(&mut self, from: u64, count: u64) -> u64 {
        let mut batch = self.database.batch();
        for pair in self.entries.range(from.to_be_bytes()..).take(count as usize) {
            let (key, body) = pair.into_inner().unwrap();
            assert_eq!(body.len(), BODY_BYTES);
            batch.remove(&self.entries, key);
        }
        let settled = batch.len() as u64;
        batch.durability(Some(PersistMode::Buffer)).commit().unwrap();
        settled
    }

    fn scan(&self) -> u64 {
        self.entries
            .iter()
            .map(|pair| u64::from(pair.into_inner().unwrap().1.len() == BODY_BYTES))
            .sum()
    }

    fn has(&self, number: u64) -> bool {
        self.entries
            .get(number.to_be_bytes())
            .unwrap()
            .is_some_and(|found| *found == *body(number))
    }
}

const TABLE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("entries");

struct Redb(redb::Database);

impl Redb {
    fn write<T>(&self, sync: bool, with: impl FnOnce(&mut redb::Table<'_, u64, &'static [u8]>) -> T) -> T {
        let mut transaction = self.0.begin_write().unwrap();
        transaction
            .set_durability(if sync { Durability::Immediate } else { Durability::None })
            .unwrap();
        let result = with(&mut transaction.open_table(TABLE).unwrap());
        transaction.commit().unwrap();
        result
    }
}

impl Engine for Redb {
    fn open(directory: &Path) -> Self {
        let engine = Self(redb::Database::create(directory.join("redb")).unwrap());
        engine.write(true, |_| ());
        engine
    }

    fn append(&mut self, first: u64, count: u64, sync: bool) {
        self.write(sync, |table| {
            for number in first..first + count {
                table.insert(number, body(number)).unwrap();
            }
        });
    }

    fn settle(&mut self, from: u64, count: u64) -> u64 {
        self.write(false, |table| {
            let first: Vec<u64> = (table.range(from..).unwrap().take(count as usize))
                .map(|pair| {
                    let (key, body) = pair.unwrap();
                    assert_eq!(body.value().len(), BODY_BYTES);
                    key.value()
                })
                .collect();
            for number in &first {
                table.remove(number).unwrap();
            }
            first.len() as u64
        })
    }

    fn scan(&self) -> u64 {
        let table = self.0.begin_read().unwrap().open_table(TABLE).unwrap();
        assert!(!table.is_empty().unwrap());
        table
            .iter()
            .unwrap()
            .map(|pair| u64::from(pair.unwrap().1.value().len() == BODY_BYTES))
            .sum()
    }

    fn has(&self, number: u64) -> bool {
        let table = self.0.begin_read().unwrap().open_table(TABLE).unwrap();
        table
            .get(number)
            .unwrap()
            .is_some_and(|found| *found.value() == *body(number))
    }
}

struct Sqlite(Connection);

impl Sqlite {
    /// In WAL mode FULL syncs at every commit, and NORMAL at checkpoints only.
    fn sync(&self, sync: bool) {
        self.0
            .pragma_update(None, "synchronous", if sync { "FULL" } else { "NORMAL" })
            .unwrap();
    }
}

impl Engine for Sqlite {
    fn open(directory: &Path) -> Self {
        let connection = Connection::open(directory.join("sqlite")).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection
            .execute("CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY, body BLOB)", ())
            .unwrap();
        Self(connection)
    }

    fn append(&mut self, first: u64, count: u64, sync: bool) {
        self.sync(sync);
        let transaction = self.0.transaction().unwrap();
        let mut insert = transaction.prepare_cached("INSERT INTO entries VALUES (?, ?)").unwrap();
        for number in first..first + count {
            insert.execute((number.cast_signed(), body(number))).unwrap();
        }
        drop(insert);
        transaction.commit().unwrap();
    }

    fn settle(&mut self, from: u64, count: u64) -> u64 {
        self.sync(false);
        let transaction = self.0.transaction().unwrap();
        let mut select = transaction
            .prepare_cached("SELECT id, body FROM entries WHERE id >= ? ORDER BY id LIMIT ?")
            .unwrap();
        let rows = select.query_map((from.cast_signed(), count.cast_signed()), |row| {
            assert_eq!(row.get_ref(1)?.as_blob()?.len(), BODY_BYTES);
            row.get::<_, i64>(0)
        });
        let first: Vec<i64> = rows.unwrap().map(Result::unwrap).collect();
        let mut delete = transaction.prepare_cached("DELETE FROM entries WHERE id = ?").unwrap();
        for id in &first {
            delete.execute([id]).unwrap();
        }
        drop((select, delete));
        transaction.commit().unwrap();
        first.len() as u64
    }

    fn scan(&self) -> u64 {
        let mut select = self.0.prepare("SELECT id, body FROM entries ORDER BY id").unwrap();
        let rows = select.query_map((), |row| Ok(u64::from(row.get_ref(1)?.as_blob()?.len() == BODY_BYTES)));
        rows.unwrap().map(Result::unwrap).sum()
    }

    fn has(&self, number: u64) -> bool {
        let found = self
            .0
            .query_row("SELECT body FROM entries WHERE id = ?", [number.cast_signed()], |row| {
                row.get::<_, Vec<u8>>(0)
            });
        found.is_ok_and(|found| found == body(number))
    }
}
