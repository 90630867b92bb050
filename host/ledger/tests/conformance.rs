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
    named: usize,
    annotated: usize,
    replaced: usize,
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
                80..94 => drop(self.now.fetch_add(self.random.random_range(0..30), Relaxed)),
                94..98 => self.sweep(),
                _ => self.reopen(),
            }
            self.invariant_both_tell_the_same();
        }
        let reached = [self.lost, self.swept, self.named, self.annotated, self.replaced];
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
        for _ in 0..self.random.random_range(1..5) {
            let (expected, found) = self.ask();
            of_model.push(expected.ask(&self.model).await);
            of_engine.push(found);
        }
        let asking = of_engine.into_iter().map(|ask| Box::pin(ask.ask(self.engine())));
        let answers = all_in_order(asking.collect()).await;
        assert_eq!(of_model, answers);
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

/// What a caller sees of a claim.
fn told(claim: &Claim) -> (EntryId, Arc<str>, Bytes, u32, u64) {
    let Claim {
        id,
        lane,
        body,
        attempt,
        appended,
        ..
    } = claim;
    (*id, lane.clone(), body.clone(), *attempt, *appended)
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
fn an_entry_is_claimed_by_its_name_when_nobody_has_it_be_it_due_or_not() {
    on_every_engine(|engine| async move {
        let later = NewEntry {
            due: Some(START + 60_000),
            ..NewEntry::new("a", "later")
        };
        let id = append(&engine, later).await;
        let held = NewEntry {
            held: true,
            ..NewEntry::new("a", "")
        };
        let held = append(&engine, held).await;
        let unknown = EntryId::from_u64(1).unwrap();

        let claim = engine.claim_entry(id, LEASE).unwrap().unwrap();
        assert_eq!(told(&claim), (id, "a".into(), "later".into(), 1, START));
        for taken in [id, held, unknown] {
            assert_eq!(engine.claim_entry(taken, LEASE), Ok(None));
        }
        tokio::time::advance(LEASE).await;
        let again = engine.claim_entry(id, LEASE).unwrap().unwrap();
        let dead = || Settlement::Dead { note: "".into() };
        assert_eq!(
            engine.settle(vec![(claim, dead())]).await,
            Err(LedgerError::LeaseLost { ids: vec![id] })
        );
        engine.settle(vec![(again, dead())]).await.unwrap();
        assert_eq!(engine.claim_entry(id, LEASE), Ok(None));
    });
}

#[test]
fn an_entry_claimed_by_its_name_and_released_comes_when_it_is_due() {
    on_every_engine(|engine| async move {
        let later = NewEntry {
            due: Some(START + 3_000),
            ..NewEntry::new("a", "")
        };
        let id = append(&engine, later).await;
        let mut waiting = pin!(claim_one(&engine));
        assert!(is_pending(waiting.as_mut()).await);
        let claim = engine.claim_entry(id, LEASE).unwrap().unwrap();
        engine.release(&[claim.id]);
        let (claim, waited) = waiting.await;
        assert_eq!((claim.id, claim.attempt, waited.as_secs()), (id, 1, 3));
    });
}

#[test]
fn a_replaced_entry_is_the_same_entry_with_other_work() {
    on_every_engine(|engine| async move {
        let entry = NewEntry {
            key: Some(b"key".to_vec()),
            ..NewEntry::new("a", "first")
        };
        let id = append(&engine, entry.clone()).await;
        let retry = Settlement::Retry {
            after: Duration::ZERO,
            note: Some("noted".into()),
        };
        engine.settle(vec![(claim_one(&engine).await.0, retry)]).await.unwrap();
        engine.annotate(id, "noted".into(), vec![b"alias".to_vec()]).await.unwrap();

        let (claim, _) = claim_one(&engine).await;
        assert_eq!(claim.attempt, 2);
        let replace = Settlement::Replace {
            body: "second, and longer".into(),
            due: Some(START + 7_000),
        };
        engine.settle(vec![(claim, replace)]).await.unwrap();
        engine.sync().await.unwrap();
        let expected = Record {
            id,
            lane: "a".into(),
            body: "second, and longer".into(),
            appended: START,
            state: State::Waiting,
            attempt: 1,
            due: START + 7_000,
            note: "noted".into(),
        };
        assert_eq!(engine.get(id).unwrap().as_ref(), Some(&expected));
        assert_eq!(engine.list("a", None, 9).unwrap(), [expected]);
        assert_eq!((engine.keyed(b"key"), engine.find(b"alias")), (Ok(Some(id)), Ok(Some(id))));
        let again = engine.append(vec![entry]).await.unwrap();
        assert_eq!((again[0].id, again[0].fresh), (id, false));

        let (claim, waited) = claim_one(&engine).await;
        assert_eq!(told(&claim), (id, "a".into(), "second, and longer".into(), 1, START));
        assert_eq!(waited.as_secs(), 7);
    });
}

#[test]
fn a_replaced_entry_without_a_due_time_comes_at_once_behind_those_that_were_due() {
    on_every_engine(|engine| async move {
        let replaced = append(&engine, NewEntry::new("a", "old")).await;
        tokio::time::advance(Duration::from_millis(5)).await;
        let other = append(&engine, NewEntry::new("a", "other")).await;
        tokio::time::advance(Duration::from_millis(5)).await;
        let claim = engine.claim_entry(replaced, LEASE).unwrap().unwrap();
        let replace = Settlement::Replace {
            body: "new".into(),
            due: None,
        };
        engine.settle(vec![(claim, replace)]).await.unwrap();
        let claims = engine.claim("a", 9, LEASE).await.unwrap();
        let found: Vec<_> = claims.iter().map(|claim| (claim.id, &claim.body[..])).collect();
        assert_eq!(found, [(other, &b"other"[..]), (replaced, &b"new"[..])]);
    });
}

#[test]
fn an_annotation_reaches_an_entry_wherever_it_stands() {
    on_every_engine(|engine| async move {
        for stand in ["held", "waiting", "claimed", "done", "dead"] {
            let lane = format!("lane of {stand}");
            let entry = NewEntry {
                held: stand == "held",
                ..NewEntry::new(lane.as_str(), "")
            };
            let id = append(&engine, entry).await;
            let claim = match stand {
                "held" | "waiting" => None,
                _ => engine.claim_entry(id, LEASE).unwrap(),
            };
            let claim = match (stand, claim) {
                ("done", Some(claim)) => {
                    let done = Settlement::Done {
                        note: "done".into(),
                        aliases: vec![b"done".to_vec()],
                    };
                    engine.settle(vec![(claim, done)]).await.unwrap();
                    None
                }
                ("dead", Some(claim)) => {
                    engine
                        .settle(vec![(claim, Settlement::Dead { note: "dead".into() })])
                        .await
                        .unwrap();
                    None
                }
                (_, claim) => claim,
            };
            let before = engine.get(id).unwrap().unwrap();
            let alias = stand.as_bytes();
            assert_eq!(engine.annotate(id, "noted".into(), vec![alias.to_vec()]).await, Ok(true));
            let expected = Record {
                note: "noted".into(),
                ..before
            };
            assert_eq!(engine.get(id).unwrap(), Some(expected), "{stand}");
            assert_eq!(engine.find(alias), Ok(Some(id)), "{stand}");
            if let Some(claim) = claim {
                let dead = Settlement::Dead { note: "later".into() };
                engine.settle(vec![(claim, dead)]).await.unwrap();
                assert_eq!(engine.get(id).unwrap().unwrap().note, "later", "{stand}");
                assert_eq!(engine.find(alias), Ok(Some(id)), "{stand}");
            }
        }
        let unknown = EntryId::from_u64(1).unwrap();
        assert_eq!(engine.annotate(unknown, "noted".into(), vec![b"x".to_vec()]).await, Ok(false));
        assert_eq!(engine.find(b"x"), Ok(None));
    });
}

#[test]
fn an_annotation_brings_an_entry_to_no_more_aliases_than_the_bound() {
    on_every_engine(|engine| async move {
        let alias = |number: usize| number.to_be_bytes().to_vec();
        for settled in [false, true] {
            let id = append(&engine, NewEntry::new("a", "")).await;
            if settled {
                let dead = Settlement::Dead { note: "".into() };
                engine.settle(vec![(claim_one(&engine).await.0, dead)]).await.unwrap();
            }
            let most = (0..limits::ALIASES_MAX).map(alias).collect();
            assert_eq!(engine.annotate(id, "most".into(), most).await, Ok(true));
            let same = vec![alias(0), alias(1), alias(0)];
            assert_eq!(engine.annotate(id, "same".into(), same).await, Ok(true));
            let more = engine.annotate(id, "more".into(), vec![alias(limits::ALIASES_MAX)]).await;
            assert_eq!(
                more,
                Err(LedgerError::TooLong {
                    what: "aliases",
                    length: limits::ALIASES_MAX + 1,
                    max: limits::ALIASES_MAX
                })
            );
            assert_eq!(engine.get(id).unwrap().unwrap().note, "same");
            assert_eq!(engine.find(&alias(limits::ALIASES_MAX)), Ok(None));
            // The second turn's claim is not to find it.
            assert_eq!(engine.claim_entry(id, LEASE).unwrap().is_some(), !settled);
        }
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
            (
                "body",
                Settlement::Replace {
                    body: vec![0; limits::BODY_BYTES_MAX + 1].into(),
                    due: None,
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
            6,
            "each is as it was, and will be claimed when its lease has run out"
        );
        let id = append(&engine, entry()).await;
        for (what, bad_note, bad_aliases) in [
            ("note", note(), Vec::new()),
            ("aliases", Bytes::new(), vec![Vec::new(); limits::ALIASES_MAX + 1]),
            ("alias", Bytes::new(), vec![vec![0; limits::KEY_BYTES_MAX + 1]]),
        ] {
            let refused = engine.annotate(id, bad_note, bad_aliases).await.unwrap_err();
            assert!(refused.to_string().starts_with(what), "{refused}");
        }
    });
}

async fn is_pending<F: Future>(mut future: std::pin::Pin<&mut F>) -> bool {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
}
