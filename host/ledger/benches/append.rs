//! Appends a second of the embedded ledger, beside a bare file with `fdatasync`, on the same disk in the same run; then
//! claims and settlements, and opening. `cargo bench -p edgebind-ledger --bench append`, some minutes; `-- rates`, `-- through`, `-- names`,
//! `-- scans`, `-- opening` and `-- octets` name a part.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on should stop")]

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use edgebind_ledger::{Embedded, EntryId, Ledger, NewEntry, Options, Records, Settlement, Stats, maintenance};

const BODY: Bytes = Bytes::from_static(&[b'x'; 300]);
const RUN: Duration = Duration::from_secs(1);
const REPEATS: usize = 5;
const IN_FLIGHT: [usize; 5] = [1, 10, 64, 256, 1024];
const LEASE: Duration = Duration::from_secs(600);
const PENDING: usize = 1_000_000;

fn main() {
    if !std::env::args().any(|word| word == "--bench") {
        println!("run me by: cargo bench -p edgebind-ledger --bench append");
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    let parts = ["rates", "through", "names", "scans", "opening", "octets"];
    let is_wanted = |part: &&&str| {
        let mut named = std::env::args().filter(|word| parts.contains(&word.as_str())).peekable();
        named.peek().is_none() || named.any(|word| word == ***part)
    };
    for part in parts.iter().filter(is_wanted) {
        match *part {
            "rates" => runtime.block_on(rates()),
            "through" => runtime.block_on(through()),
            "names" => runtime.block_on(by_name()),
            "scans" => runtime.block_on(scans()),
            "opening" => runtime.block_on(opening()),
            _ => runtime.block_on(octets()),
        }
    }
}

/// The ledger and a bare file by turns, so that both meet the same disk.
async fn rates() {
    println!(
        "each append is a call of its own; entries of {} octets; medians of {REPEATS} rounds by turns",
        BODY.len()
    );
    for in_flight in IN_FLIGHT {
        let (mut bares, mut rates, mut groups, mut cpus, mut sames) = (vec![], vec![], vec![], vec![], vec![]);
        for _ in 0..REPEATS {
            bares.push(bare(in_flight));
            let (rate, stats, cpu) = appends(in_flight).await;
            let group = stats.appended as f64 / stats.syncs as f64;
            rates.push(rate);
            groups.push(group);
            cpus.push(cpu);
            sames.push(bare(group.round() as usize));
        }
        let of_bare = rates.iter().zip(&bares).map(|(rate, bare)| 100.0 * rate / bare).collect();
        println!(
            "in flight {in_flight:4}: {:8.0} appends/s, {:6.1} a sync, {:5.1} us of CPU each; bare write + fdatasync per \
             {in_flight}: {:9.0} /s, of which the ledger does {:3.0} %; bare at the ledger's groups: {:9.0} /s",
            median(rates),
            median(groups),
            median(cpus),
            median(bares),
            median(of_bare),
            median(sames),
        );
    }
}

fn bare(length: usize) -> f64 {
    let directory = tempfile::tempdir().unwrap();
    let mut file = File::create(directory.path().join("bare")).unwrap();
    let batch = BODY.repeat(length.max(1));
    let (began, mut written) = (Instant::now(), 0);
    while began.elapsed() < RUN {
        file.write_all(&batch).unwrap();
        file.sync_data().unwrap();
        written += length;
    }
    written as f64 / began.elapsed().as_secs_f64()
}

async fn appends(in_flight: usize) -> (f64, Stats, f64) {
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(directory.path());
    let (began, cpu) = (Instant::now(), cpu());
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..in_flight {
        let (ledger, lane) = (ledger.clone(), Arc::<str>::from(format!("lane {}", task % 8)));
        tasks.spawn(async move {
            while began.elapsed() < RUN {
                let entry = NewEntry {
                    lane: lane.clone(),
                    key: None,
                    body: BODY,
                    due: None,
                    held: false,
                };
                ledger.append(vec![entry]).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let (took, stats) = (began.elapsed().as_secs_f64(), ledger.stats());
    let cpu = (self::cpu() - cpu).as_secs_f64() * 1e6 / stats.appended as f64;
    (stats.appended as f64 / took, stats, cpu)
}

/// One lane: append 64 at a time, and at once claim and settle 64 at a time.
async fn through() {
    const ENTRIES: usize = 300_000;
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(directory.path());
    let (began, cpu) = (Instant::now(), cpu());
    let appending = tokio::spawn({
        let ledger = ledger.clone();
        async move {
            for _ in 0..ENTRIES / 64 {
                ledger.append(vec![NewEntry::new("lane", BODY); 64]).await.unwrap();
            }
        }
    });
    let mut settled = 0;
    while settled < ENTRIES / 64 * 64 {
        settled += claim_and_settle(&ledger).await;
    }
    appending.await.unwrap();
    let (took, cpu) = (began.elapsed().as_secs_f64(), self::cpu() - cpu);
    println!(
        "append, claim and settle, 64 at a time: {:.0} /s, {:.1} us of CPU each",
        settled as f64 / took,
        cpu.as_secs_f64() * 1e6 / settled as f64
    );
}

async fn claim_and_settle(ledger: &Embedded) -> usize {
    let claims = ledger.claim("lane", 64, LEASE).await.unwrap();
    let count = claims.len();
    let done = |claim| {
        (
            claim,
            Settlement::Done {
                note: Bytes::new(),
                aliases: Vec::new(),
            },
        )
    };
    ledger.settle(claims.into_iter().map(done).collect()).await.unwrap();
    count
}

/// What a cancel, a replacement and a receipt do: one entry by its name, and for the first two a sync of their own.
async fn by_name() {
    const ENTRIES: usize = 100_000;
    const SYNCED: usize = 500;
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(directory.path());
    let ids = waiting(&ledger, ENTRIES).await;
    let began = Instant::now();
    for id in &ids[..SYNCED] {
        let claim = ledger.claim_entry(*id, LEASE).unwrap().unwrap();
        let replace = Settlement::Replace { body: BODY, due: None };
        ledger.settle(vec![(claim, replace)]).await.unwrap();
        ledger.sync().await.unwrap();
    }
    let replaced = SYNCED as f64 / began.elapsed().as_secs_f64();
    let (began, cpu) = (Instant::now(), cpu());
    for ids in ids.chunks(64) {
        let mut annotating = tokio::task::JoinSet::new();
        for id in ids.iter().copied() {
            let ledger = ledger.clone();
            annotating.spawn(async move { ledger.annotate(id, BODY, Vec::new()).await.unwrap() });
        }
        annotating.join_all().await;
    }
    println!(
        "claim one by name, replace it and sync: {replaced:.0} /s; annotate, 64 in flight: {:.0} /s, {:.1} us of CPU each",
        ENTRIES as f64 / began.elapsed().as_secs_f64(),
        (self::cpu() - cpu).as_secs_f64() * 1e6 / ENTRIES as f64
    );
}

/// All that waits in one lane, looked at in pages: bodies in memory, then read from disk.
async fn scans() {
    const ENTRIES: usize = 100_000;
    const PAGE: usize = 256;
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    waiting(&ledger, ENTRIES).await;
    for bodies in ["in memory", "on disk"] {
        let (began, mut seen, mut after, mut slowest) = (Instant::now(), 0, None, Duration::ZERO);
        loop {
            let page_began = Instant::now();
            let page = ledger.list("lane", after, PAGE).unwrap();
            slowest = slowest.max(page_began.elapsed());
            seen += page.len();
            let Some(last) = page.last() else { break };
            after = Some(last.id);
        }
        assert_eq!(seen, ENTRIES);
        println!(
            "list {ENTRIES} by pages of {PAGE}, bodies {bodies}: {:.0} ms, the slowest page {:.2} ms",
            began.elapsed().as_secs_f64() * 1e3,
            slowest.as_secs_f64() * 1e3
        );
        drop(ledger);
        ledger = open(directory.path());
    }
}

async fn waiting(ledger: &Embedded, entries: usize) -> Vec<EntryId> {
    let mut ids = Vec::new();
    for _ in 0..entries / 1000 {
        let appended = ledger.append(vec![NewEntry::new("lane", BODY); 1000]).await.unwrap();
        ids.extend(appended.iter().map(|appended| appended.id));
    }
    ids
}

/// A ledger with a million entries that wait, as a crash leaves it: opened, and the first claim answered, when no body is in
/// memory.
async fn opening() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(directory.path());
    waiting(&ledger, PENDING).await;
    let left = tempfile::tempdir().unwrap();
    copy(directory.path(), left.path());
    drop(ledger);
    for _ in 0..REPEATS {
        let again = tempfile::tempdir().unwrap();
        copy(left.path(), again.path());
        let began = Instant::now();
        let ledger = open(again.path());
        let opened = began.elapsed();
        assert_eq!(ledger.claim("lane", 1, LEASE).await.unwrap().len(), 1);
        let answered = began.elapsed();
        assert_eq!(ledger.pending("lane"), PENDING);
        println!(
            "open with {PENDING} that wait, after a crash: {:.2} s, and {:.2} s to the first claim",
            opened.as_secs_f64(),
            answered.as_secs_f64()
        );
    }
    let ledger = open(left.path());
    let (began, mut settled) = (Instant::now(), 0);
    while settled < PENDING / 10 {
        settled += claim_and_settle(&ledger).await;
    }
    println!(
        "claim and settle, bodies read from disk, 64 at a time: {:.0} /s",
        settled as f64 / began.elapsed().as_secs_f64()
    );
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!(
        "memory of this process: {}",
        status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or("unknown")
    );
}

/// Octets on disk for each message: as it waits, when it is done, and when it is forgotten; bodies that cannot be made shorter.
async fn octets() {
    const ENTRIES: usize = 200_000;
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(directory.path());
    let mut random = rand::rng();
    for _ in 0..ENTRIES / 1000 {
        let batch = (0..1000).map(|_| {
            let mut body = vec![0; BODY.len()];
            rand::Rng::fill_bytes(&mut random, &mut body);
            NewEntry::new("lane", body)
        });
        ledger.append(batch.collect()).await.unwrap();
    }
    let each = || octets_on_disk(directory.path()) as f64 / ENTRIES as f64;
    let appended = each();
    let mut settled = 0;
    while settled < ENTRIES {
        settled += claim_and_settle(&ledger).await;
    }
    let done = each();
    drop(ledger);
    maintenance::compact(directory.path()).unwrap();
    let done_compact = each();
    let ledger = open(directory.path());
    ledger.sweep(u64::MAX, u64::MAX, usize::MAX).unwrap();
    drop(ledger);
    maintenance::compact(directory.path()).unwrap();
    println!(
        "octets on disk a message of {}: {appended:.0} appended, {done:.0} done, {done_compact:.0} done and compacted; {} in all \
         when every one is swept and the directory compacted",
        BODY.len(),
        octets_on_disk(directory.path())
    );
}

fn octets_on_disk(path: &Path) -> u64 {
    let metadata = std::fs::metadata(path).unwrap();
    if metadata.is_dir() {
        let entries = std::fs::read_dir(path).unwrap();
        entries.map(|entry| octets_on_disk(&entry.unwrap().path())).sum()
    } else {
        metadata.blocks() * 512
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), &to).unwrap();
        }
    }
}

fn open(directory: &Path) -> Arc<Embedded> {
    Arc::new(
        Embedded::open(
            directory,
            Options {
                space_min_bytes: 0,
                ..Options::default()
            },
        )
        .unwrap(),
    )
}

/// Processor time of this process so far, where the system tells.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: u64 = stat.rsplit(')').next().map_or(0, |fields| {
        fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|ticks| ticks.parse::<u64>().ok())
            .sum()
    });
    Duration::from_millis(ticks * 10)
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
