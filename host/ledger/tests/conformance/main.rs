//! Every engine against the model: random schedules compared step by step, and scenarios that each engine plays alone.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod bounds;
mod claims;
mod dead;
mod entries;
mod schedules;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use edgebind_ledger::{Claim, Clock, Embedded, EntryId, Ledger, Memory, NewEntry, Options, Records};

const START: u64 = 1_790_000_000_000;
const LEASE: Duration = Duration::from_secs(10);

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

async fn is_pending<F: Future>(mut future: std::pin::Pin<&mut F>) -> bool {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
}
