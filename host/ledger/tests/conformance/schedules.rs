//! Random schedules, played by the model and by the engine, and compared after every step; with crashes of the process, after
//! which everything is there, and at the end crashes of the machine, after which everything synced is. A failure prints its seed;
//! `EDGEBIND_SEED=n` runs that one alone.

use std::collections::BTreeMap;
use std::fs;
use std::future::poll_fn;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use edgebind_ledger::{
    Claim, Clock, Embedded, EntryId, Ledger, LedgerError, Memory, NewEntry, Options, Record, Records, Result, Settlement, State,
    limits,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::{START, told};

const LANES: [&str; 3] = ["a", "a/b", "c"];
const PENDING_MAX: usize = 40;
const SEEDS: u64 = 6;
const STEPS: usize = 400;
const CRASHES: usize = 8;

#[test]
fn the_embedded_engine_does_what_the_model_does() {
    let seeds = match std::env::var("EDGEBIND_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..SEEDS).collect(),
    };
    for seed in seeds {
        println!("seed {seed}");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build();
        runtime.unwrap().block_on(World::new(seed).run());
    }
}

/// The model, the engine, and what a caller of both has in hand.
struct World {
    random: StdRng,
    now: Arc<AtomicU64>,
    directory: tempfile::TempDir,
    model: Memory,
    /// None only while it is opened again.
    engine: Option<Embedded>,
    ids: Vec<EntryId>,
    /// The same claim of both.
    claims: Vec<(Claim, Claim)>,
    /// Counts of what the schedule reached, so that a schedule which reaches nothing is noticed.
    refused: usize,
    lost: usize,
    swept: usize,
    named: usize,
    annotated: usize,
    replaced: usize,
    revived: usize,
    purged: usize,
    /// What the model said since the last sync, after every call: a crash of the machine may go back to any of it.
    allowed: Vec<Dump>,
    /// Octets of the journal at the last sync.
    synced: usize,
}

/// All that is left of a ledger when claims and holds have ended.
#[derive(Debug, PartialEq)]
struct Dump {
    records: BTreeMap<EntryId, Record>,
    keys: Vec<(usize, EntryId)>,
    aliases: Vec<(u8, EntryId)>,
    dead: Vec<(Arc<str>, usize)>,
}

impl Dump {
    fn of(ledger: &dyn Records, ids: &[EntryId]) -> Self {
        let records = ids.iter().filter_map(|id| ledger.get(*id).unwrap()).map(|record| {
            let state = match record.state {
                State::Claimed => State::Waiting,
                state => state,
            };
            (record.id, Record { state, ..record })
        });
        Self {
            records: records.collect(),
            keys: (0..30)
                .filter_map(|length| Some((length, ledger.keyed(&vec![0; length]).unwrap()?)))
                .collect(),
            aliases: (0..20)
                .filter_map(|alias| Some((alias, ledger.find(&[b'x', alias]).unwrap()?)))
                .collect(),
            dead: ledger.dead_lanes(""),
        }
    }
}

/// One call of those that the engine may write together, on its way to both.
enum Ask {
    Settle(Vec<(Claim, Settlement)>),
    Annotate(EntryId, Bytes, Vec<Vec<u8>>),
    Sync,
}

#[derive(Debug, PartialEq)]
enum Answer {
    Settled(Result<()>),
    Annotated(Result<bool>),
    Synced(Result<()>),
}

impl Ask {
    async fn ask(self, ledger: &dyn Ledger) -> Answer {
        match self {
            Self::Settle(settlements) => Answer::Settled(ledger.settle(settlements).await),
            Self::Annotate(id, note, aliases) => Answer::Annotated(ledger.annotate(id, note, aliases).await),
            Self::Sync => Answer::Synced(ledger.sync().await),
        }
    }
}

impl World {
    fn new(seed: u64) -> Self {
        let now = Arc::new(AtomicU64::new(START));
        let directory = tempfile::tempdir().unwrap();
        // Opened again, a journal has no room kept at its end, and is quickly read and copied.
        drop(open(&directory, &now));
        Self {
            random: StdRng::seed_from_u64(seed),
            model: Memory::with_pending_max(1, clock(&now), PENDING_MAX).unwrap(),
            engine: Some(open(&directory, &now)),
            now,
            directory,
            ids: Vec::new(),
            claims: Vec::new(),
            refused: 0,
            lost: 0,
            swept: 0,
            named: 0,
            annotated: 0,
            replaced: 0,
            revived: 0,
            purged: 0,
            allowed: Vec::new(),
            synced: 0,
        }
    }

    async fn run(mut self) {
        for _ in 0..STEPS {
            match self.random.random_range(0..100) {
                0..30 => self.append().await,
                30..50 => self.claim().await,
                50..60 => self.claim_entry(),
                60..75 => self.burst().await,
                75..80 => self.release(),
                80..90 => drop(self.now.fetch_add(self.random.random_range(0..30), Relaxed)),
                90..94 => self.revive_or_purge().await,
                94..98 => self.sweep(),
                98 => self.reopen(),
                _ => self.crash(),
            }
            self.invariant_both_tell_the_same();
        }
        self.synced_now();
        for _ in 0..self.random.random_range(3..12) {
            match self.random.random_range(0..10) {
                0 => self.append().await,
                1..4 => self.claim().await,
                4 => self.claim_entry(),
                5..8 => self.burst().await,
                8 => self.revive_or_purge().await,
                _ => self.sweep(),
            }
            self.allow();
        }
        for _ in 0..CRASHES {
            self.invariant_after_a_crash_of_the_machine_everything_synced_is_there_and_nothing_else_by_half();
        }
        let reached = [
            self.lost,
            self.swept,
            self.named,
            self.annotated,
            self.replaced,
            self.revived,
            self.purged,
        ];
        assert!(!reached.contains(&0), "the schedule went too easy: {reached:?}");
    }

    fn engine(&self) -> &Embedded {
        self.engine.as_ref().unwrap()
    }

    async fn append(&mut self) {
        let batch: Vec<NewEntry> = (0..self.random.random_range(0..5)).map(|_| self.new_entry()).collect();
        let expected = self.model.append(batch.clone()).await;
        let found = self.engine().append(batch).await;
        match (&expected, &found) {
            (Ok(expected), Ok(found)) => {
                assert_eq!(expected, found);
                self.ids
                    .extend(found.iter().filter(|appended| appended.fresh).map(|appended| appended.id));
                if found.iter().any(|appended| appended.fresh) {
                    self.synced_now();
                }
            }
            (Err(expected), Err(found)) => {
                assert_eq!(expected, found);
                self.refused += 1;
            }
            _ => panic!("append: model {expected:?}, engine {found:?}"),
        }
    }

    fn new_entry(&mut self) -> NewEntry {
        let random = &mut self.random;
        let now = self.now.load(Relaxed);
        let body: Vec<u8> = (0..random.random_range(0..40)).map(|_| random.random()).collect();
        let too_long = random.random_bool(0.01);
        NewEntry {
            lane: LANES[random.random_range(0..3)].into(),
            key: random.random_bool(0.3).then(|| vec![0; random.random_range(0..30)]),
            body: if too_long {
                vec![0; limits::BODY_BYTES_MAX + 1].into()
            } else {
                body.into()
            },
            due: random.random_bool(0.5).then(|| now - 20 + random.random_range(0..60)),
            held: random.random_bool(0.2),
        }
    }

    async fn claim(&mut self) {
        let lane = LANES[self.random.random_range(0..3)];
        let max = self.random.random_range(0..5);
        let lease = Duration::from_millis(self.random.random_range(0..50));
        let expected = at_once(self.model.claim(lane, max, lease)).await;
        let found = at_once(self.engine().claim(lane, max, lease)).await;
        let (expected, found) = match (expected, found) {
            (Some(expected), Some(found)) => (expected.unwrap(), found.unwrap()),
            (None, None) => return,
            (expected, found) => panic!("claim: model {expected:?}, engine {found:?}"),
        };
        assert!(expected.iter().map(told).eq(found.iter().map(told)), "{expected:?} {found:?}");
        self.claims.extend(expected.into_iter().zip(found));
    }

    fn claim_entry(&mut self) {
        let Some(id) = self.some_id() else { return };
        let lease = Duration::from_millis(self.random.random_range(0..50));
        let expected = self.model.claim_entry(id, lease).unwrap();
        let found = self.engine().claim_entry(id, lease).unwrap();
        assert_eq!(expected.as_ref().map(told), found.as_ref().map(told));
        self.named += usize::from(found.is_some());
        self.claims.extend(expected.into_iter().zip(found));
    }

    /// Calls that reach the engine together: however it groups them, each finds what the ones before it did.
    async fn burst(&mut self) {
        let (mut of_model, mut of_engine) = (Vec::new(), Vec::new());
        let mut is_synced = false;
        for _ in 0..self.random.random_range(1..5) {
            let (expected, found) = self.ask();
            if matches!(expected, Ask::Sync) {
                is_synced = true;
                self.allowed.clear();
            }
            of_model.push(expected.ask(&self.model).await);
            self.allow();
            of_engine.push(found);
        }
        let asking = of_engine.into_iter().map(|ask| Box::pin(ask.ask(self.engine())));
        let answers = all_in_order(asking.collect()).await;
        assert_eq!(of_model, answers);
        if is_synced {
            // More may be, but so much is.
            self.synced = written(&fs::read(self.directory.path().join("0.jnl")).unwrap());
        }
        for answer in &answers {
            self.lost += usize::from(matches!(answer, Answer::Settled(Err(LedgerError::LeaseLost { .. }))));
            self.annotated += usize::from(*answer == Answer::Annotated(Ok(true)));
        }
    }

    /// The same call for both.
    fn ask(&mut self) -> (Ask, Ask) {
        match (self.random.random_range(0..10), self.some_id()) {
            (0, _) => (Ask::Sync, Ask::Sync),
            (1..5, Some(id)) => {
                // Mostly one that a settlement of the same burst may be about.
                let claimed = self.claims.last().map(|(claim, _)| claim.id);
                let id = claimed.filter(|_| self.random.random_bool(0.6)).unwrap_or(id);
                let (note, aliases) = (self.note(), self.aliases());
                (
                    Ask::Annotate(id, note.clone(), aliases.clone()),
                    Ask::Annotate(id, note, aliases),
                )
            }
            _ => {
                let (mut of_model, mut of_engine) = (Vec::new(), Vec::new());
                for _ in 0..self.random.random_range(0..3).min(self.claims.len()) {
                    let (expected, found) = match self.random.random_bool(0.5) {
                        true => self.claims.pop().unwrap(),
                        false => self.claims.swap_remove(self.random.random_range(0..self.claims.len())),
                    };
                    let settlement = self.settlement();
                    of_model.push((expected, settlement.clone()));
                    of_engine.push((found, settlement));
                }
                (Ask::Settle(of_model), Ask::Settle(of_engine))
            }
        }
    }

    fn note(&mut self) -> Bytes {
        vec![self.random.random::<u8>(); self.random.random_range(0..4)].into()
    }

    fn aliases(&mut self) -> Vec<Vec<u8>> {
        let aliases = (0..self.random.random_range(0..3)).map(|_| vec![b'x', self.random.random_range(0..20)]);
        aliases.collect()
    }

    fn some_id(&mut self) -> Option<EntryId> {
        (!self.ids.is_empty()).then(|| self.ids[self.random.random_range(0..self.ids.len())])
    }

    fn settlement(&mut self) -> Settlement {
        let note = self.note();
        match self.random.random_range(0..5) {
            0 => Settlement::Retry {
                after: Duration::from_millis(self.random.random_range(0..40)),
                note: self.random.random_bool(0.5).then_some(note),
            },
            1 => Settlement::Dead { note },
            2 => {
                self.replaced += 1;
                let NewEntry { body, due, .. } = self.new_entry();
                Settlement::Replace { body, due }
            }
            _ => Settlement::Done {
                note,
                aliases: self.aliases(),
            },
        }
    }

    fn release(&mut self) {
        if self.ids.is_empty() {
            return;
        }
        let ids: Vec<EntryId> = (0..3)
            .map(|_| self.ids[self.random.random_range(0..self.ids.len())])
            .collect();
        self.model.release(&ids);
        self.engine().release(&ids);
    }

    fn sweep(&mut self) {
        let done_before = self.now.load(Relaxed) - self.random.random_range(0..60);
        let dead_before = done_before - self.random.random_range(0..200);
        let limit = self.random.random_range(0..10);
        let swept = self.model.sweep(done_before, dead_before, limit).unwrap();
        assert_eq!(swept, self.engine().sweep(done_before, dead_before, limit).unwrap());
        self.swept += swept;
    }

    async fn revive_or_purge(&mut self) {
        let mut ids: Vec<EntryId> = (0..3).filter_map(|_| self.some_id()).collect();
        let dead = self.model.dead("", None, usize::MAX).unwrap();
        if !dead.is_empty() {
            ids.push(dead[self.random.random_range(0..dead.len())].id);
        }
        let engine = self.engine.as_ref().unwrap();
        if self.random.random_bool(0.6) {
            let revived = engine.revive(ids.clone()).await;
            assert_eq!(self.model.revive(ids).await, revived);
            self.revived += revived.map_or(0, |revived| revived.len());
        } else {
            let purged = engine.purge(ids.clone()).await;
            assert_eq!(self.model.purge(ids).await, purged);
            self.purged += purged.unwrap().len();
        }
    }

    fn reopen(&mut self) {
        self.engine = None;
        // Ids of a new opening start in the next millisecond.
        self.now.fetch_add(1, Relaxed);
        self.model.restart();
        self.engine = Some(open(&self.directory, &self.now));
    }

    /// A crash of the process: what it wrote is with the system, and it closed nothing.
    fn crash(&mut self) {
        let left = tempfile::tempdir().unwrap();
        copy(self.directory.path(), left.path());
        self.engine = None;
        self.directory = left;
        self.now.fetch_add(1, Relaxed);
        self.model.restart();
        self.engine = Some(open(&self.directory, &self.now));
    }

    fn allow(&mut self) {
        self.allowed.push(Dump::of(&self.model, &self.ids));
    }

    /// From here on there is no way back.
    fn synced_now(&mut self) {
        self.allowed.clear();
        self.allow();
        self.synced = written(&fs::read(self.directory.path().join("0.jnl")).unwrap());
    }

    /// Of what was written since the last sync, a disk without power has the beginning, or some sectors and not others.
    fn invariant_after_a_crash_of_the_machine_everything_synced_is_there_and_nothing_else_by_half(&mut self) {
        let left = tempfile::tempdir().unwrap();
        copy(self.directory.path(), left.path());
        let journal = left.path().join("0.jnl");
        let mut octets = fs::read(&journal).unwrap();
        let end = written(&octets);
        let from = self.random.random_range(self.synced..=end);
        let what = match self.random.random_range(0..3) {
            0 => {
                octets.truncate(from);
                "cut short"
            }
            1 => {
                octets[from..].fill(0);
                "zeros"
            }
            _ => {
                let sectors = from.next_multiple_of(512)..end;
                for sector in sectors.clone().step_by(512) {
                    if self.random.random_bool(0.4) {
                        octets[sector..(sector + 512).min(end)].fill(0);
                    }
                }
                "sectors missing"
            }
        };
        fs::write(&journal, octets).unwrap();
        let engine = open(&left, &self.now);
        let found = Dump::of(&engine, &self.ids);
        assert!(
            self.allowed.contains(&found),
            "{what}, from octet {from} of {}..{end}: {found:#?} is none of {:#?}",
            self.synced,
            self.allowed
        );
        assert_eq!(engine.lanes("").iter().map(|(_, count)| count).sum::<usize>(), {
            let pending = found.records.values().filter(|record| record.state == State::Waiting);
            pending.count()
        });
    }

    fn invariant_both_tell_the_same(&mut self) {
        let (model, engine) = (&self.model, self.engine.as_ref().unwrap());
        for prefix in ["", "a", "a/", "b", "c"] {
            assert_eq!(model.lanes(prefix), engine.lanes(prefix), "lanes {prefix:?}");
            assert_eq!(model.dead_lanes(prefix), engine.dead_lanes(prefix), "dead lanes {prefix:?}");
            let after = (!self.ids.is_empty() && self.random.random_bool(0.3))
                .then(|| self.ids[self.random.random_range(0..self.ids.len())]);
            let limit = self.random.random_range(0..20);
            assert_eq!(
                model.dead(prefix, after, limit),
                engine.dead(prefix, after, limit),
                "dead {prefix:?}"
            );
        }
        for lane in LANES {
            assert_eq!(model.pending(lane), engine.pending(lane), "pending {lane}");
            let after = (!self.ids.is_empty() && self.random.random_bool(0.5))
                .then(|| self.ids[self.random.random_range(0..self.ids.len())]);
            let limit = self.random.random_range(0..20);
            assert_eq!(model.list(lane, after, limit), engine.list(lane, after, limit), "list {lane}");
        }
        for id in &self.ids {
            assert_eq!(model.get(*id), engine.get(*id), "entry {id}");
        }
        for alias in 0..20 {
            assert_eq!(model.find(&[b'x', alias]), engine.find(&[b'x', alias]), "alias {alias}");
        }
        for length in 0..30 {
            let key = vec![0; length];
            assert_eq!(model.keyed(&key), engine.keyed(&key), "key of {length} octets");
        }
    }
}

fn open(directory: &tempfile::TempDir, now: &Arc<AtomicU64>) -> Embedded {
    let options = Options {
        node: 1,
        clock: clock(now),
        pending_max: PENDING_MAX,
        bodies_bytes_max: 300,
        space_min_bytes: 0,
    };
    Embedded::open(directory.path(), options).unwrap()
}

/// How many octets there are before nothing but zeros follows.
fn written(octets: &[u8]) -> usize {
    octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1)
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), &to).unwrap();
        }
    }
}

fn clock(now: &Arc<AtomicU64>) -> Clock {
    let now = now.clone();
    Arc::new(move || now.load(Relaxed))
}

/// Starts them in their order, and waits for all.
async fn all_in_order<F: Future + Unpin>(mut futures: Vec<F>) -> Vec<F::Output> {
    let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none()
                && let Poll::Ready(ready) = pin!(future).poll(context)
            {
                *output = Some(ready);
            }
        }
        if outputs.iter().all(Option::is_some) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

/// What a claim gives without anything's happening: tokio's paused clock moves only when nothing else can.
async fn at_once(claim: impl Future<Output = Result<Vec<Claim>>>) -> Option<Result<Vec<Claim>>> {
    tokio::time::timeout(Duration::from_micros(100), claim).await.ok()
}
