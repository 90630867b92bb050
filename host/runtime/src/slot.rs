//! The release in use by one tenant, for one world, and its replacement while calls and binds go on.

use crate::{contract::message::Setting, fault::Fault, session::SessionComponent, translator::TranslatorComponent};
use arc_swap::ArcSwap;
use std::{
    error::Error,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// A component with its settings. Changing either is a new release.
#[derive(Clone, Debug)]
pub struct Release<T> {
    /// The code.
    pub component: T,
    /// What it is given, before an account's own.
    pub settings: Vec<Setting>,
    /// Which release it is: later ones have higher numbers.
    pub revision: u64,
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
/// is neither in use nor the one to go back to.
pub struct Slot<T> {
    current: ArcSwap<Release<T>>,
    /// The release before the one in use. Also held while releases change, so that they do one at a time.
    previous: Mutex<Option<Arc<Release<T>>>>,
}

impl<T> Slot<T> {
    /// A slot whose first release this is.
    pub fn new(release: Release<T>) -> Self {
        Self {
            current: ArcSwap::from_pointee(release),
            previous: Mutex::new(None),
        }
    }

    /// The release in use, to begin something with and to end it with.
    pub fn current(&self) -> Arc<Release<T>> {
        self.current.load_full()
    }

    /// The release that [`roll_back`](Self::roll_back) would go back to.
    pub fn previous(&self) -> Option<Arc<Release<T>>> {
        self.previous.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Goes back to the release before the one in use, once; returns it.
    pub fn roll_back(&self) -> Option<Arc<Release<T>>> {
        let mut previous = self.previous.lock().unwrap_or_else(PoisonError::into_inner);
        let back = previous.take()?;
        self.current.store(back.clone());
        Some(back)
    }
}

impl<T: Component> Slot<T> {
    /// Puts a release to use, if the component takes its settings and no later release is in use; returns its revision.
    pub fn deploy(&self, release: Release<T>) -> Result<u64, DeployError> {
        let mistakes = release.component.check(&release.settings).map_err(DeployError::Fault)?;
        if !mistakes.is_empty() {
            return Err(DeployError::Settings(mistakes));
        }
        let mut previous = self.previous.lock().unwrap_or_else(PoisonError::into_inner);
        let (revision, current) = (release.revision, self.current.load().revision);
        if revision <= current {
            return Err(DeployError::Late { revision, current });
        }
        *previous = Some(self.current.swap(Arc::new(release)));
        Ok(revision)
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
}

impl fmt::Display for DeployError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeployError::Settings(mistakes) => write!(f, "settings refused: {}", mistakes.join("; ")),
            DeployError::Fault(fault) => write!(f, "check of settings: component {fault}"),
            DeployError::Late { revision, current } => {
                write!(f, "revision {revision} is not later than {current}, which is in use")
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
        Release {
            component: Counted::new(alive),
            settings: Vec::new(),
            revision,
        }
    }

    #[test]
    fn what_began_on_a_release_ends_on_it() {
        let alive = Arc::default();
        let slot = Slot::new(release(&alive, 1));
        let begun = slot.current();
        assert_eq!(slot.deploy(release(&alive, 2)), Ok(2));
        assert_eq!(slot.deploy(release(&alive, 3)), Ok(3));
        assert_eq!((begun.revision, slot.current().revision), (1, 3));
        assert_eq!(alive.load(Ordering::SeqCst), 3);
        drop(begun);
        assert_eq!(alive.load(Ordering::SeqCst), 2, "the first ended with its last user");
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
        let with = |name: &str| Release {
            settings: vec![(name.into(), String::new())],
            ..release(&alive, 6)
        };
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
}
