//! Every engine against the model: random schedules compared step by step, and the wake-ups of a claim that waits.
//! A failure prints its seed; `EDGEBIND_LEDGER_SEED=n` runs that one alone.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::future::poll_fn;
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

const START: u64 = 1_790_000_000_000;
const LANES: [&str; 3] = ["a", "a/b", "c"];
const PENDING_MAX: usize = 40;
const SEEDS: u64 = 10;
const STEPS: usize = 250;

#[test]
fn the_embedded_engine_does_what_the_model_does() {
    let seeds = match std::env::var("EDGEBIND_LEDGER_SEED") {
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
}

impl World {
    fn new(seed: u64) -> Self {
        let now = Arc::new(AtomicU64::new(START));
        let directory = tempfile::tempdir().unwrap();
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
        }
    }

    async fn run(mut self) {
        for _ in 0..STEPS {
            match self.random.random_range(0..100) {
                0..30 => self.append().await,
                30..55 => self.claim().await,
                55..75 => self.settle().await,
                75..80 => self.release(),
                80..94 => drop(self.now.fetch_add(self.random.random_range(0..30), Relaxed)),
                94..98 => self.sweep(),
                _ => self.reopen(),
            }
            self.invariant_both_tell_the_same();
        }
        assert!(
            self.lost > 0 && self.swept > 0,
            "the schedule went too easy: {} {}",
            self.lost,
            self.swept
        );
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
        let told = |claims: &[Claim]| -> Vec<_> {
            let tell = |claim: &Claim| {
                (
                    claim.id,
                    claim.lane.clone(),
                    claim.body.clone(),
                    claim.attempt,
                    claim.appended,
                )
            };
            claims.iter().map(tell).collect()
        };
        assert_eq!(told(&expected), told(&found));
        self.claims.extend(expected.into_iter().zip(found));
    }

    async fn settle(&mut self) {
        let (mut of_model, mut of_engine) = (Vec::new(), Vec::new());
        for _ in 0..self.random.random_range(0..4).min(self.claims.len()) {
            let (expected, found) = self.claims.swap_remove(self.random.random_range(0..self.claims.len()));
            let settlement = self.settlement();
            of_model.push((expected, settlement.clone()));
            of_engine.push((found, settlement));
        }
        let expected = self.model.settle(of_model).await;
        let found = self.engine().settle(of_engine).await;
        assert_eq!(expected, found);
        self.lost += usize::from(matches!(found, Err(LedgerError::LeaseLost { .. })));
    }

    fn settlement(&mut self) -> Settlement {
        let note = Bytes::from(vec![self.random.random::<u8>(); self.random.random_range(0..4)]);
        match self.random.random_range(0..4) {
            0 => Settlement::Retry {
                after: Duration::from_millis(self.random.random_range(0..40)),
                note: self.random.random_bool(0.5).then_some(note),
            },
            1 => Settlement::Dead { note },
            _ => {
                let aliases = (0..self.random.random_range(0..3)).map(|_| vec![b'x', self.random.random_range(0..20)]);
                Settlement::Done {
                    note,
                    aliases: aliases.collect(),
                }
            }
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
        let before = self.now.load(Relaxed) - self.random.random_range(0..60);
        let limit = self.random.random_range(0..10);
        let swept = self.model.sweep(before, limit).unwrap();
        assert_eq!(swept, self.engine().sweep(before, limit).unwrap());
        self.swept += swept;
    }

    fn reopen(&mut self) {
        self.engine = None;
        // Ids of a new opening start in the next millisecond.
        self.now.fetch_add(1, Relaxed);
        self.model.restart();
        self.engine = Some(open(&self.directory, &self.now));
    }

    fn invariant_both_tell_the_same(&mut self) {
        let (model, engine) = (&self.model, self.engine.as_ref().unwrap());
        for prefix in ["", "a", "a/", "b", "c"] {
            assert_eq!(model.lanes(prefix), engine.lanes(prefix), "lanes {prefix:?}");
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

fn clock(now: &Arc<AtomicU64>) -> Clock {
    let now = now.clone();
    Arc::new(move || now.load(Relaxed))
}

/// What a claim gives without anything's happening: tokio's paused clock moves only when nothing else can.
async fn at_once(claim: impl Future<Output = Result<Vec<Claim>>>) -> Option<Result<Vec<Claim>>> {
    tokio::time::timeout(Duration::from_micros(100), claim).await.ok()
}

/// Runs a scenario on every engine, with a clock that follows tokio's.
fn on_every_engine<F: Future<Output = ()>>(scenario: impl Fn(Arc<dyn Engine>) -> F) {
    for engine in ["memory", "embedded"] {
        println!("engine {engine}");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let began = tokio::time::Instant::now();
            let clock: Clock = Arc::new(move || START + u64::try_from(began.elapsed().as_millis()).expect("a short test"));
            let directory = tempfile::tempdir().unwrap();
            let options = Options {
                clock: clock.clone(),
                space_min_bytes: 0,
                ..Options::default()
            };
            let engine: Arc<dyn Engine> = match engine {
                "memory" => Arc::new(Memory::new(0, clock).unwrap()),
                _ => Arc::new(Embedded::open(directory.path(), options).unwrap()),
            };
            scenario(engine).await;
        });
    }
}

trait Engine: Ledger + Records {}
impl<E: Ledger + Records> Engine for E {}

const LEASE: Duration = Duration::from_secs(10);

async fn append(engine: &Arc<dyn Engine>, entry: NewEntry) -> EntryId {
    engine.append(vec![entry]).await.unwrap()[0].id
}

/// Claims one entry of lane `a`, and says when it came.
async fn claim_one(engine: &Arc<dyn Engine>) -> (Claim, Duration) {
    let began = tokio::time::Instant::now();
    let mut claims = engine.claim("a", 1, LEASE).await.unwrap();
    assert_eq!(claims.len(), 1);
    (claims.remove(0), began.elapsed())
}

#[test]
fn a_claim_waits_for_an_append() {
    on_every_engine(|engine| async move {
        let waiting = tokio::spawn({
            let engine = engine.clone();
            async move { claim_one(&engine).await.0.id }
        });
        tokio::task::yield_now().await;
        append(&engine, NewEntry::new("b", "another lane")).await;
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        let id = append(&engine, NewEntry::new("a", "")).await;
        assert_eq!(waiting.await.unwrap(), id);
    });
}

#[test]
fn a_claim_waits_for_the_due_time() {
    on_every_engine(|engine| async move {
        let later = NewEntry {
            due: Some(START + 5_000),
            ..NewEntry::new("a", "later")
        };
        append(&engine, later).await;
        let (claim, waited) = claim_one(&engine).await;
        assert_eq!((&claim.body[..], waited.as_secs()), (&b"later"[..], 5));
    });
}

#[test]
fn a_claim_waits_for_a_release() {
    on_every_engine(|engine| async move {
        let id = append(
            &engine,
            NewEntry {
                held: true,
                ..NewEntry::new("a", "")
            },
        )
        .await;
        assert_eq!(engine.get(id).unwrap().unwrap().state, State::Claimed);
        let mut claim = pin!(claim_one(&engine));
        assert!(is_pending(claim.as_mut()).await);
        engine.release(&[id]);
        assert_eq!(claim.await.0.id, id);
    });
}

#[test]
fn a_lease_that_has_run_out_is_claimed_again_at_the_same_attempt() {
    on_every_engine(|engine| async move {
        append(&engine, NewEntry::new("a", "")).await;
        let (first, _) = claim_one(&engine).await;
        let (second, waited) = claim_one(&engine).await;
        assert_eq!((first.id, 1, waited), (second.id, second.attempt, LEASE));
        let id = first.id;
        let done = || Settlement::Done {
            note: Bytes::new(),
            aliases: Vec::new(),
        };
        let both = vec![(first, done()), (second, done())];
        assert_eq!(engine.settle(both).await, Err(LedgerError::LeaseLost { ids: vec![id] }));
        assert_eq!(
            engine.get(id).unwrap().unwrap().state,
            State::Done,
            "the second's settlement stands"
        );
    });
}

#[test]
fn a_lease_that_has_run_out_still_settles_if_nobody_else_had_the_entry() {
    on_every_engine(|engine| async move {
        append(&engine, NewEntry::new("a", "")).await;
        let (claim, _) = claim_one(&engine).await;
        tokio::time::advance(LEASE * 2).await;
        let id = claim.id;
        engine
            .settle(vec![(claim, Settlement::Dead { note: "no".into() })])
            .await
            .unwrap();
        let Record { state, note, .. } = engine.get(id).unwrap().unwrap();
        assert_eq!((state, &note[..]), (State::Dead, &b"no"[..]));
        assert_eq!(engine.pending("a"), 0);
    });
}

#[test]
fn a_retry_comes_back_when_it_is_due_and_counts() {
    on_every_engine(|engine| async move {
        append(&engine, NewEntry::new("a", "")).await;
        let (claim, _) = claim_one(&engine).await;
        let retry = Settlement::Retry {
            after: Duration::from_secs(3),
            note: Some("busy".into()),
        };
        engine.settle(vec![(claim, retry)]).await.unwrap();
        let (claim, waited) = claim_one(&engine).await;
        assert_eq!((claim.attempt, waited.as_secs()), (2, 3));
        assert_eq!(engine.get(claim.id).unwrap().unwrap().note, "busy");
    });
}

#[test]
fn a_claim_that_is_dropped_has_claimed_nothing() {
    on_every_engine(|engine| async move {
        {
            let mut claim = pin!(engine.claim("a", 1, LEASE));
            assert!(is_pending(claim.as_mut()).await);
            append(&engine, NewEntry::new("a", "")).await;
        }
        assert_eq!(claim_one(&engine).await.1, Duration::ZERO);
    });
}

#[test]
fn many_who_wait_at_one_lane_each_get_one() {
    on_every_engine(|engine| async move {
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let engine = engine.clone();
            waiting.spawn(async move { claim_one(&engine).await.0.id });
        }
        tokio::task::yield_now().await;
        let batch: Vec<NewEntry> = (0..20).map(|_| NewEntry::new("a", "")).collect();
        let mut appended: Vec<EntryId> = engine
            .append(batch)
            .await
            .unwrap()
            .iter()
            .map(|appended| appended.id)
            .collect();
        let mut claimed = waiting.join_all().await;
        appended.sort();
        claimed.sort();
        assert_eq!(appended, claimed);
    });
}

#[test]
fn a_key_repeated_in_one_batch_is_one_entry() {
    on_every_engine(|engine| async move {
        let entry = NewEntry {
            key: Some(b"once".to_vec()),
            ..NewEntry::new("a", "")
        };
        let appended = engine.append(vec![entry.clone(), entry.clone()]).await.unwrap();
        let again = engine.append(vec![entry]).await.unwrap();
        let fresh: Vec<bool> = appended.iter().chain(&again).map(|appended| appended.fresh).collect();
        assert_eq!(fresh, [true, false, false]);
        assert!(appended.iter().chain(&again).all(|other| other.id == appended[0].id));
        assert_eq!(engine.pending("a"), 1);
    });
}

#[test]
fn one_past_a_bound_is_refused_whole() {
    on_every_engine(|engine| async move {
        let entry = || NewEntry::new("a", "");
        let long_lane: NewEntry = NewEntry::new("l".repeat(limits::LANE_BYTES_MAX + 1), "");
        let long_key = NewEntry {
            key: Some(vec![0; limits::KEY_BYTES_MAX + 1]),
            ..entry()
        };
        let long_body = NewEntry::new("a", vec![0; limits::BODY_BYTES_MAX + 1]);
        for (what, bad) in [("lane", long_lane), ("key", long_key), ("body", long_body)] {
            let refused = engine.append(vec![entry(), bad]).await.unwrap_err();
            assert!(refused.to_string().starts_with(what), "{refused}");
        }
        let refused = engine.append(vec![entry(); limits::BATCH_MAX + 1]).await.unwrap_err();
        assert!(refused.to_string().starts_with("batch"), "{refused}");
        assert_eq!(engine.pending("a"), 0);

        let note = || Bytes::from(vec![0; limits::NOTE_BYTES_MAX + 1]);
        let done = |aliases| Settlement::Done {
            note: Bytes::new(),
            aliases,
        };
        for (what, bad) in [
            ("note", Settlement::Dead { note: note() }),
            (
                "note",
                Settlement::Retry {
                    after: LEASE,
                    note: Some(note()),
                },
            ),
            (
                "note",
                Settlement::Done {
                    note: note(),
                    aliases: Vec::new(),
                },
            ),
            ("aliases", done(vec![Vec::new(); limits::ALIASES_MAX + 1])),
            ("alias", done(vec![vec![0; limits::KEY_BYTES_MAX + 1]])),
        ] {
            append(&engine, entry()).await;
            let (claim, _) = claim_one(&engine).await;
            let refused = engine.settle(vec![(claim, bad)]).await.unwrap_err();
            assert!(refused.to_string().starts_with(what), "{refused}");
        }
        assert_eq!(
            engine.pending("a"),
            5,
            "each is as it was, and will be claimed when its lease has run out"
        );
    });
}

async fn is_pending<F: Future>(mut future: std::pin::Pin<&mut F>) -> bool {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
}
