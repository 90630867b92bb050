//! The release in use by one tenant, for one world, and its replacement while calls and binds go on.

use crate::{
    contract::message::Setting,
    fault::Fault,
    session::SessionComponent,
    translator::TranslatorComponent,
};
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
        Self { current: ArcSwap::from_pointee(release), previous: Mutex::new(None) }
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
            DeployError::Late { revision, current } => write!(f, "revision {revision} is not later than {current}, which is in use"),
        }
    }
}

impl Error for DeployError {}
