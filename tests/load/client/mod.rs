//! The load client: binds that submit as fast as their windows allow (a closed loop) or at a rate of their own whatever the server
//! does (an open loop), answer what they are delivered, and write down what came of it.
//!
//! In an open loop a latency counts from the moment at which its message was due, so that a server which stands still is seen to
//! stand still for all that came meanwhile.

mod bind;
mod mix;
mod plan;
mod stream;
mod tally;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

pub(crate) use bind::{Failure, bind_request};
pub(crate) use mix::{Frames, Mix};
pub(crate) use plan::{Pace, Plan, Role, SlowReaders};
pub(crate) use stream::trusting;
pub(crate) use tally::{Figures, Latencies, per};

use crate::process::cpu_time;
use bind::Bind;
use tally::Tally;

/// How long receipts may take after the last message was answered.
const RECEIPTS_PATIENCE: Duration = Duration::from_secs(30);

/// How often a closed loop looks whether there is nothing left to send.
const GLANCE: Duration = Duration::from_millis(5);

/// What the binds of one run share.
struct Run {
    plan: Plan,
    tally: Tally,
    /// submit_sm that may still be sent.
    left: AtomicU64,
    /// submit_sm without an answer.
    open: AtomicU64,
    /// Send no more.
    is_over: AtomicBool,
    /// Rises each time that all binds drop their connections.
    storm: watch::Sender<u64>,
}

/// Binds that send until they are told to stop.
pub(crate) struct Load {
    run: Arc<Run>,
    binds: JoinSet<()>,
    stop: watch::Sender<bool>,
    storms: Option<tokio::task::JoinHandle<()>>,
    began: Instant,
}

impl Load {
    /// Binds them all, then lets them begin.
    pub(crate) async fn start(plan: Plan) -> Result<Self, Failure> {
        let run = Arc::new(Run {
            tally: Tally::default(),
            left: AtomicU64::new(plan.count.unwrap_or(u64::MAX)),
            open: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
            storm: watch::channel(0).0,
            plan,
        });
        let (stop, stopped) = watch::channel(false);
        let mut bound = Vec::new();
        for _ in 0..run.plan.binds {
            for account in 0..run.plan.accounts.len() {
                bound.push(Bind::open(run.clone(), account, bound.len()).await?);
            }
        }
        let (mut binds, began) = (JoinSet::new(), Instant::now());
        for bind in bound {
            binds.spawn(bind.live(began, stopped.clone()));
        }
        let storms = run.plan.rebind_every.map(|every| {
            let run = run.clone();
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(every).await;
                    run.storm.send_modify(|storms| *storms += 1);
                }
            })
        });
        Ok(Self {
            run,
            binds,
            stop,
            storms,
            began,
        })
    }

    /// What was written down so far is forgotten: the warm-up is over.
    pub(crate) fn forget(&mut self) {
        self.run.tally.forget();
        self.began = Instant::now();
    }

    /// What has come of it so far.
    pub(crate) fn figures(&self) -> Figures {
        self.run.tally.figures(self.began.elapsed())
    }

    /// submit_sm that wait for their answers now.
    pub(crate) fn open(&self) -> u64 {
        self.run.open.load(Ordering::Relaxed)
    }

    /// Everything that the plan counts is sent, and answered.
    pub(crate) fn is_done(&self) -> bool {
        self.run.left.load(Ordering::Relaxed) == 0 && self.open() == 0
    }

    /// Sends no more, waits for what has no answer yet and for receipts, unbinds. The time of the figures ends when it is called.
    pub(crate) async fn stop(mut self) -> Figures {
        let time = self.began.elapsed();
        if let Some(storms) = self.storms.take() {
            storms.abort();
        }
        self.run.is_over.store(true, Ordering::Relaxed);
        if self.run.plan.receipts {
            let all = async {
                while self.open() > 0 || self.run.tally.awaited() > 0 {
                    tokio::time::sleep(GLANCE).await;
                }
            };
            let _ = timeout(RECEIPTS_PATIENCE, all).await;
        }
        self.stop.send_replace(true);
        while let Some(bind) = self.binds.join_next().await {
            bind.expect("a bind of the load client has failed, see above");
        }
        self.run.tally.figures(time)
    }
}

/// How long to load, and what to look at meanwhile.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    /// Not counted.
    pub(crate) warmup: Duration,
    /// Counted; shorter when the plan's count is reached.
    pub(crate) time: Duration,
    /// The server's processes, those whose processor time is to be counted.
    pub(crate) pids: Vec<u32>,
    /// A line each second.
    pub(crate) progress: bool,
}

impl Watch {
    /// Everything counts, at most for so long.
    pub(crate) fn whole(time: Duration) -> Self {
        Self {
            warmup: Duration::ZERO,
            time,
            pids: Vec::new(),
            progress: false,
        }
    }
}

/// Binds, warms up, measures, unbinds, in a thread of its own: the client takes one processor at most.
pub(crate) fn run(plan: Plan, watch: Watch) -> Result<Figures, Failure> {
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime can be started").block_on(measured(plan, watch))
    };
    thread::scope(|scope| scope.spawn(work).join().expect("the load client has failed, see above"))
}

async fn measured(plan: Plan, watch: Watch) -> Result<Figures, Failure> {
    let mut load = Load::start(plan).await?;
    let cpu = || watch.pids.iter().copied().map(cpu_time).sum::<Duration>();
    let mut cpu_before = cpu();
    if !watch.warmup.is_zero() {
        rest(&load, watch.warmup, false).await;
        cpu_before = cpu();
        load.forget();
    }
    rest(&load, watch.time, watch.progress).await;
    let cpu = cpu().saturating_sub(cpu_before);
    let figures = load.stop().await;
    Ok(Figures {
        cpu: (!watch.pids.is_empty()).then_some(cpu),
        ..figures
    })
}

/// Until `time` is over or there is nothing left to wait for.
async fn rest(load: &Load, time: Duration, progress: bool) {
    let began = Instant::now();
    let (mut seconds, mut before) = (0, load.figures());
    while began.elapsed() < time && !load.is_done() {
        tokio::time::sleep(GLANCE).await;
        let passed = began.elapsed().as_secs();
        if progress && passed > seconds {
            let now = load.figures();
            eprintln!("{passed:4} s  {}  {} in flight", now.since(&before), load.open());
            (seconds, before) = (passed, now);
        }
    }
}
