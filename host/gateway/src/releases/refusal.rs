//! Why something is not done with a release. What is in use stays as it is.

use edgebind_runtime::{DeployError, LoadError};
use std::{fmt, io};

/// A refusal, by what can be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// What was named is not there.
    NotFound(String),
    /// The component or the settings will not do: what they are, and every reason.
    Mistakes(String, Vec<String>),
    /// Too large.
    TooLarge(String),
    /// As things stand it cannot be done.
    Conflict(String),
    /// Too much else is to be done.
    Busy(String),
    /// The disk.
    Disk(String),
}

impl Refusal {
    /// A component that is not let in.
    pub fn component(error: &LoadError) -> Self {
        match error {
            LoadError::World(mistakes) => Refusal::Mistakes("the component is not one of this contract".into(), mistakes.clone()),
            LoadError::TooLarge { .. } => Refusal::TooLarge(error.to_string()),
            error => Refusal::Mistakes(error.to_string(), Vec::new()),
        }
    }

    /// A release that the slot does not take.
    pub fn release(error: DeployError) -> Self {
        match error {
            DeployError::Settings(mistakes) => Refusal::Mistakes("the component does not take these settings".into(), mistakes),
            DeployError::Fault(fault) => Refusal::Mistakes(format!("check of settings: component {fault}"), Vec::new()),
            error @ (DeployError::Late { .. } | DeployError::OnTrial { .. }) => Refusal::Conflict(error.to_string()),
        }
    }

    /// Something that could not be written or read.
    pub fn disk(error: &io::Error) -> Self {
        Refusal::Disk(error.to_string())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Mistakes(what, mistakes) if mistakes.is_empty() => f.write_str(what),
            Refusal::Mistakes(what, mistakes) => write!(f, "{what}: {}", mistakes.join("; ")),
            Refusal::NotFound(what)
            | Refusal::TooLarge(what)
            | Refusal::Conflict(what)
            | Refusal::Busy(what)
            | Refusal::Disk(what) => f.write_str(what),
        }
    }
}
