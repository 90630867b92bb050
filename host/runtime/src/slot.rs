//! The release in use by one tenant, for one world, and its replacement while calls and binds go on: at once, or after a trial
//! with a share of them.

use crate::{
    contract::message::Setting, counts::Counts, fault::Fault, session::SessionComponent, translator::TranslatorComponent,
};
use arc_swap::{ArcSwap, ArcSwapOption};
use std::{
    error::Error,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU32, Ordering},
    },
};

/// A component with its settings. Changing either is a new release.
#[derive(Debug)]
pub struct Release<T> {
    /// The code.
    pub component: T,
    /// What it is given, before an account's own.
    pub settings: Vec<Setting>,
    /// Which release it is: later ones have higher numbers.
    pub revision: u64,
    /// What came of it so far.
    pub counts: Counts,
}

impl<T> Release<T> {
    /// A release that has done nothing yet.
    pub fn new(component: T, settings: Vec<Setting>, revision: u64) -> Self {
        Self {
            component,
            settings,
            revision,
            counts: Counts::default(),
        }
    }
}

/// A component whose settings can be checked before it is put to use.
pub trait Component {
    /// What is wrong with these settings, a sentence for each mistake; empty if nothing is.
    fn check(&self, settings: &[Setting]) -> Result<Vec<String>, Fault>;
}

impl Component for SessionComponent {
    fn check(&self, settings: &[Setting]) -> Result<Vec<String>, Fault> {
        SessionComponent::check(self, settings)
    }
}

impl Component for TranslatorComponent {
    fn check(&self, settings: &[Setting]) -> Result<Vec<String>, Fault> {
        TranslatorComponent::check(self, settings)
    }
}

/// The release in use. Whoever took it goes on with what they took; a release ends when the last of them is done, when it
/// is neither in use, nor on trial, nor the one to go back to.
pub struct Slot<T> {
    current: ArcSwap<Release<T>>,
    /// What is on trial.
    candidate: ArcSwapOption<Release<T>>,
    /// Keys in 2^32 that get the candidate; none of them without one, so that one load tells.
    share: AtomicU32,
    /// Also held while releases change, so that they do one at a time.
    past: Mutex<Past<T>>,
}

/// Releases that were in use or on trial.
struct Past<T> {
    /// The one before the one in use.
    previous: Option<Arc<Release<T>>>,
    /// Those that somebody may still be at.
    retired: Vec<Weak<Release<T>>>,
}

impl<T> Past<T> {
    fn retire(&mut self, release: &Arc<Release<T>>) {
        self.retired.retain(|retired| retired.strong_count() > 0);
        self.retired.push(Arc::downgrade(release));
    }

    /// What was in use is the one before; what that was is retired.
    fn follows(&mut self, before: Arc<Release<T>>) {
        if let Some(previous) = self.previous.replace(before) {
            self.retire(&previous);
        }
    }
}

impl<T> Slot<T> {
    /// A slot whose first release this is.
    pub fn new(release: Release<T>) -> Self {
        Self::with_previous(release, None)
    }

    /// A slot whose release in use this is, with one to go back to.
    pub fn with_previous(release: Release<T>, previous: Option<Release<T>>) -> Self {
        Self {
            current: ArcSwap::from_pointee(release),
            candidate: ArcSwapOption::empty(),
            share: AtomicU32::new(0),
            past: Mutex::new(Past {
                previous: previous.map(Arc::new),
                retired: Vec::new(),
            }),
        }
    }

    /// The release in use, to begin something with and to end it with.
    pub fn current(&self) -> Arc<Release<T>> {
        self.current.load_full()
    }

    /// The release for what has this key: the one in use, or for a share of keys the one on trial. The same key gets the same
    /// one for as long as the trial lasts.
    pub fn current_for(&self, key: u64) -> Arc<Release<T>> {
        let share = self.share.load(Ordering::Acquire);
        if share == 0 || spread(key) >= share {
            return self.current();
        }
        self.candidate.load_full().unwrap_or_else(|| self.current())
    }

    /// The release on trial.
    pub fn candidate(&self) -> Option<Arc<Release<T>>> {
        self.candidate.load_full()
    }

    /// The release that [`roll_back`](Self::roll_back) would go back to.
    pub fn previous(&self) -> Option<Arc<Release<T>>> {
        self.past().previous.clone()
    }

    /// Whether the slot itself holds this revision: it is in use, on trial or the one before.
    pub fn keeps(&self, revision: u64) -> bool {
        let past = self.past();
        let is_it = |release: &Arc<Release<T>>| release.revision == revision;
        is_it(&self.current.load()) || past.previous.as_ref().is_some_and(is_it) || self.candidate().as_ref().is_some_and(is_it)
    }

    /// Every release that somebody is at, or may come to: the one in use, the one on trial, the one before and those that others
    /// have not ended with yet.
    pub fn all(&self) -> Vec<Arc<Release<T>>> {
        let past = self.past();
        let mut all = vec![self.current()];
        all.extend(self.candidate());
        all.extend(past.previous.clone());
        all.extend(past.retired.iter().filter_map(Weak::upgrade));
        all
    }

    /// Goes back to the release before the one in use, once; returns it.
    pub fn roll_back(&self) -> Option<Arc<Release<T>>> {
        self.roll_back_if(|_| true)
    }

    /// The same if this revision is the one in use: of many whose work it has failed, one rolls it back.
    pub fn roll_back_from(&self, revision: u64) -> Option<Arc<Release<T>>> {
        self.roll_back_if(|current| current == revision)
    }

    fn roll_back_if(&self, is_meant: impl FnOnce(u64) -> bool) -> Option<Arc<Release<T>>> {
        let mut past = self.past();
        if !is_meant(self.current.load().revision) {
            return None;
        }
        let back = past.previous.take()?;
        past.retire(&self.current.swap(back.clone()));
        Some(back)
    }

    /// Puts a release to use whose settings were checked, if no later one is in use and none on trial; returns its revision.
    pub fn switch(&self, release: Release<T>) -> Result<u64, DeployError> {
        let mut past = self.past();
        let revision = self.admit(release.revision)?;
        past.follows(self.current.swap(Arc::new(release)));
        Ok(revision)
    }

    /// Puts a release on trial under the same conditions. So many of a hundred keys get it; with none it is only there for
    /// those who ask for the [`candidate`](Self::candidate).
    pub fn try_out(&self, release: Release<T>, percent: u32) -> Result<u64, DeployError> {
        let _changing = self.past();
        let revision = self.admit(release.revision)?;
        self.candidate.store(Some(Arc::new(release)));
        let share = (u64::from(percent.min(100)) << 32) / 100;
        self.share.store(u32::try_from(share).unwrap_or(u32::MAX), Ordering::Release);
        Ok(revision)
    }

    /// Ends the trial of this revision by putting it to use; returns it.
    pub fn promote(&self, revision: u64) -> Option<Arc<Release<T>>> {
        let mut past = self.past();
        let candidate = self.take_candidate(revision)?;
        past.follows(self.current.swap(candidate.clone()));
        Some(candidate)
    }

    /// Ends the trial of this revision: those who had it get the release in use.
    pub fn dismiss(&self, revision: u64) -> Option<Arc<Release<T>>> {
        let mut past = self.past();
        let candidate = self.take_candidate(revision)?;
        past.retire(&candidate);
        Some(candidate)
    }

    /// To be called while the past is held.
    fn take_candidate(&self, revision: u64) -> Option<Arc<Release<T>>> {
        let candidate = self
            .candidate
            .load_full()
            .filter(|candidate| candidate.revision == revision)?;
        self.share.store(0, Ordering::Release);
        self.candidate.store(None);
        Some(candidate)
    }

    /// To be called while the past is held.
    fn admit(&self, revision: u64) -> Result<u64, DeployError> {
        if let Some(candidate) = &*self.candidate.load() {
            return Err(DeployError::OnTrial {
                revision: candidate.revision,
            });
        }
        let current = self.current.load().revision;
        if revision <= current {
            return Err(DeployError::Late { revision, current });
        }
        Ok(revision)
    }

    fn past(&self) -> MutexGuard<'_, Past<T>> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keys that follow on one another, spread evenly over 32 bits (the finalizer of splitmix64).
fn spread(key: u64) -> u32 {
    let mixed = (key ^ (key >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or(u32::MAX)
}

impl<T: Component> Slot<T> {
    /// Puts a release to use, if the component takes its settings; see [`switch`](Self::switch).
    pub fn deploy(&self, release: Release<T>) -> Result<u64, DeployError> {
        let mistakes = release.component.check(&release.settings).map_err(DeployError::Fault)?;
        if !mistakes.is_empty() {
            return Err(DeployError::Settings(mistakes));
        }
        self.switch(release)
    }
}

/// Why a release is not put to use. The one in use stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeployError {
    /// The component will not take its settings; every mistake.
    Settings(Vec<String>),
    /// The component broke its contract when asked about them.
    Fault(Fault),
    /// A later release is in use, or this one is already.
    Late {
        /// The release's.
        revision: u64,
        /// Of the one in use.
        current: u64,
    },
    /// Another is on trial: what becomes of that one comes first.
    OnTrial {
        /// The one on trial.
        revision: u64,
    },
}

impl fmt::Display for DeployError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeployError::Settings(mistakes) => write!(f, "settings refused: {}", mistakes.join("; ")),
            DeployError::Fault(fault) => write!(f, "check of settings: component {fault}"),
            DeployError::Late { revision, current } => {
                write!(f, "revision {revision} is not later than {current}, which is in use")
            }
            DeployError::OnTrial { revision } => {
                write!(f, "revision {revision} is on trial: promote or dismiss it first")
            }
        }
    }
}

impl Error for DeployError {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
    };

    /// A component that counts how many of it are alive.
    struct Counted(Arc<AtomicUsize>);

    impl Counted {
        fn new(alive: &Arc<AtomicUsize>) -> Self {
            alive.fetch_add(1, Ordering::SeqCst);
            Self(alive.clone())
        }
    }

    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }

    impl Component for Counted {
        fn check(&self, settings: &[Setting]) -> Result<Vec<String>, Fault> {
            match settings {
                [] => Ok(Vec::new()),
                [(name, _)] if name == "trap" => Err(Fault::Trap {
                    why: "for the test".into(),
                }),
                settings => Ok(settings.iter().map(|(name, _)| format!("{name} is unknown")).collect()),
            }
        }
    }

    fn release(alive: &Arc<AtomicUsize>, revision: u64) -> Release<Counted> {
        Release::new(Counted::new(alive), Vec::new(), revision)
    }

    #[test]
    fn what_began_on_a_release_ends_on_it() {
        let alive = Arc::default();
        let slot = Slot::new(release(&alive, 1));
        let begun = slot.current();
        assert_eq!(slot.deploy(release(&alive, 2)), Ok(2));
        assert_eq!(slot.deploy(release(&alive, 3)), Ok(3));
        assert_eq!((begun.revision, slot.current().revision), (1, 3));
        let revisions = |slot: &Slot<Counted>| slot.all().iter().map(|release| release.revision).collect::<Vec<_>>();
        assert_eq!(revisions(&slot), [3, 2, 1]);
        assert_eq!(alive.load(Ordering::SeqCst), 3);
        drop(begun);
        assert_eq!(alive.load(Ordering::SeqCst), 2, "the first ended with its last user");
        assert_eq!(revisions(&slot), [3, 2]);
    }

    #[test]
    fn ten_thousand_swaps_leave_two_releases() {
        let alive: Arc<AtomicUsize> = Arc::default();
        let slot = Slot::new(release(&alive, 0));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut seen = 0;
                    while seen < 10_000 {
                        let now = slot.current().revision;
                        assert!(now >= seen, "a reader went back from {seen} to {now}");
                        seen = now;
                    }
                });
            }
            for revision in 1..=10_000 {
                assert_eq!(slot.deploy(release(&alive, revision)), Ok(revision));
                // The one in use, the one before, the new one, and what two readers hold for a moment.
                assert!(alive.load(Ordering::SeqCst) <= 5);
            }
        });
        assert_eq!(alive.load(Ordering::SeqCst), 2);
        drop(slot);
        assert_eq!(alive.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn a_release_that_is_refused_changes_nothing() {
        let alive = Arc::default();
        let slot = Slot::new(release(&alive, 5));
        let with = |name: &str| Release::new(Counted::new(&alive), vec![(name.into(), String::new())], 6);
        let refused = slot.deploy(with("colour")).unwrap_err();
        assert_eq!(refused.to_string(), "settings refused: colour is unknown");
        assert!(matches!(
            slot.deploy(with("trap")),
            Err(DeployError::Fault(Fault::Trap { .. }))
        ));
        assert_eq!(
            slot.deploy(release(&alive, 5)),
            Err(DeployError::Late { revision: 5, current: 5 })
        );
        assert_eq!(slot.current().revision, 5);
        assert!(slot.previous().is_none());
        assert_eq!(alive.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn rolling_back_is_to_the_release_before_and_once() {
        let alive = Arc::default();
        let slot = Slot::new(release(&alive, 1));
        assert!(slot.roll_back().is_none());
        assert_eq!(slot.deploy(release(&alive, 2)), Ok(2));
        assert_eq!(slot.roll_back().map(|release| release.revision), Some(1));
        assert_eq!(slot.current().revision, 1);
        assert!(slot.roll_back().is_none());
        assert_eq!(alive.load(Ordering::SeqCst), 1, "nobody goes forward to the one that failed");
        assert_eq!(slot.deploy(release(&alive, 3)), Ok(3));
    }

    #[test]
    fn a_share_of_keys_gets_the_candidate_and_keeps_it() {
        let alive = Arc::default();
        let slot = Slot::new(release(&alive, 1));
        assert_eq!(slot.try_out(release(&alive, 2), 20), Ok(2));
        let of = |key| slot.current_for(key).revision;
        let got: Vec<u64> = (0..10_000).map(of).collect();
        let tried = got.iter().filter(|revision| **revision == 2).count();
        assert!((1_800..2_200).contains(&tried), "{tried} of 10000 are not about 20 of 100");
        assert_eq!((0..10_000).map(of).collect::<Vec<u64>>(), got);
        assert_eq!(slot.current().revision, 1);
        assert_eq!(slot.deploy(release(&alive, 3)), Err(DeployError::OnTrial { revision: 2 }));
        assert_eq!(slot.dismiss(2).map(|release| release.revision), Some(2));
        assert!((0..1_000).all(|key| slot.current_for(key).revision == 1));
        assert_eq!(alive.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn nobody_gets_a_candidate_of_none_and_everybody_one_of_all() {
        let alive = Arc::default();
        let slot = Slot::new(release(&alive, 1));
        slot.try_out(release(&alive, 2), 0).unwrap();
        assert!((0..1_000).all(|key| slot.current_for(key).revision == 1));
        assert_eq!(slot.candidate().map(|release| release.revision), Some(2));
        slot.dismiss(2).unwrap();
        slot.try_out(release(&alive, 3), 100).unwrap();
        assert!((0..1_000).all(|key| slot.current_for(key).revision == 3));
    }

    #[test]
    fn a_promoted_candidate_can_be_rolled_back() {
        let alive = Arc::default();
        let slot = Slot::new(release(&alive, 1));
        slot.try_out(release(&alive, 2), 50).unwrap();
        assert!(slot.promote(7).is_none(), "that is not the one on trial");
        assert_eq!(slot.promote(2).map(|release| release.revision), Some(2));
        assert!(slot.candidate().is_none());
        assert!(slot.roll_back_from(1).is_none(), "that is not the one in use");
        assert_eq!(slot.roll_back_from(2).map(|release| release.revision), Some(1));
        assert!((0..1_000).all(|key| slot.current_for(key).revision == 1));
        assert_eq!(alive.load(Ordering::SeqCst), 1);
    }
}
