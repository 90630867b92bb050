//! A shadow: what the translator in use was told and did is told, off its way, to the one on trial, and what that one would have
//! done is compared and thrown away. Nothing of it reaches an upstream, the ledger or an ESME: a guest has no way to act.

use crate::{
    limits::{SHADOW_QUEUE_MAX, SHADOW_SHOWN_MAX},
    recordings::frames::Pdus,
};
use edgebind_runtime::{
    End, Release, TranslatorComponent,
    message::Setting,
    recording::{Difference, Guest, Recorded, Replayed, Work, remake, replay},
};
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::{sync::mpsc, task::spawn_blocking};

/// What a shadow is told, until it is dropped.
pub struct Shadow {
    queue: mpsc::Sender<Told>,
    seen: Arc<Seen>,
}

/// What the release in use did.
struct Told {
    recorded: Recorded,
    by: Arc<Release<TranslatorComponent>>,
    /// An account's own settings, over the release's.
    own: Vec<Setting>,
}

/// What was seen of a shadow.
#[derive(Debug, Default)]
struct Seen {
    compared: AtomicU64,
    differing: AtomicU64,
    dropped: AtomicU64,
    last: Mutex<VecDeque<Differing>>,
}

/// What was seen of a shadow until now.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Operations and webhooks that it was told too.
    pub compared: u64,
    /// Of these, how many it would have done otherwise.
    pub differing: u64,
    /// Those that it was not told, because it was behind.
    pub dropped: u64,
    /// The last that it would have done otherwise, the latest first.
    pub last: Vec<Differing>,
}

/// One operation or webhook that a shadow would have done otherwise. Masked: no text and no number of a message is in it.
#[derive(Clone, Debug)]
pub struct Differing {
    /// When it began, in milliseconds of Unix time.
    pub at: u64,
    /// What differs.
    pub differences: Vec<Difference>,
    /// The fault that it ended with.
    pub fault: Option<String>,
}

impl Shadow {
    /// Begins to tell this release what others do.
    pub fn new(candidate: Arc<Release<TranslatorComponent>>) -> Arc<Self> {
        let (queue, mut told) = mpsc::channel(SHADOW_QUEUE_MAX);
        let seen = Arc::new(Seen::default());
        let shadow = Arc::new(Self {
            queue,
            seen: seen.clone(),
        });
        tokio::spawn(async move {
            while let Some(told) = told.recv().await {
                let (candidate, seen) = (candidate.clone(), seen.clone());
                // One after the other, and on no thread of the traffic.
                if let Err(error) = spawn_blocking(move || seen.compare(told, &candidate)).await {
                    tracing::error!(%error, "a shadow could not be compared");
                }
            }
        });
        shadow
    }

    /// Tells it what this release did for an account with these settings of its own; where it is behind, that is only counted.
    pub fn tell(&self, recorded: Recorded, by: &Arc<Release<TranslatorComponent>>, own: &[Setting]) {
        let told = Told {
            recorded,
            by: by.clone(),
            own: own.to_vec(),
        };
        if self.queue.try_send(told).is_err() {
            self.seen.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What was seen until now.
    pub fn shown(&self) -> Shown {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Shown {
            compared: read(&self.seen.compared),
            differing: read(&self.seen.differing),
            dropped: read(&self.seen.dropped),
            last: self.seen.last().iter().rev().cloned().collect(),
        }
    }
}

impl Seen {
    fn compare(&self, told: Told, candidate: &Release<TranslatorComponent>) {
        let settings = [&*candidate.settings, &told.own].concat();
        let Some(replayed) = compared(&told.recorded, &settings, candidate) else {
            return;
        };
        self.compared.fetch_add(1, Ordering::Relaxed);
        candidate.counts.called();
        match &replayed.fault {
            Some(_) => candidate.counts.faulted(),
            None => candidate.counts.ended(End::Taken),
        }
        if replayed.is_same() {
            return;
        }
        self.differing.fetch_add(1, Ordering::Relaxed);
        let at = told.recorded.at;
        let masked = masked(told.recorded, &told.by).and_then(|masked| compared(&masked, &settings, candidate));
        let Replayed { differences, fault, .. } = masked.unwrap_or_default();
        let mut last = self.last();
        last.push_back(Differing { at, differences, fault });
        if last.len() > SHADOW_SHOWN_MAX {
            last.pop_front();
        }
    }

    fn last(&self) -> MutexGuard<'_, VecDeque<Differing>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the candidate would have done, given its own settings; none if we could not ask it.
fn compared(recorded: &Recorded, settings: &[Setting], candidate: &Release<TranslatorComponent>) -> Option<Replayed> {
    let mut asked = recorded.clone();
    match &mut asked.work {
        Work::Operation(operated) => {
            for call in &mut operated.calls {
                call.context.settings = settings.to_vec();
            }
        }
        Work::Webhook(heard) => heard.context.settings = settings.to_vec(),
        Work::Bind(_) => return None,
    }
    replay(&asked, Guest::Translator(&candidate.component), &Pdus)
        .map_err(|error| tracing::debug!(%error, "a shadow was not compared"))
        .ok()
}

/// The same without what stood in messages, as the release that did it would have done that.
fn masked(mut recorded: Recorded, by: &Release<TranslatorComponent>) -> Option<Recorded> {
    recorded.redact(&Pdus).ok()?;
    remake(&mut recorded, Guest::Translator(&by.component)).ok()?;
    Some(recorded)
}
