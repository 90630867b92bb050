//! How a call into a guest fails, and who is to blame. A fault of the guest is the end of its instance, and of nothing else.

use crate::session_tokens::Misuse;
use std::{error::Error, fmt};
use wasmtime::{PoolConcurrencyLimitError, Trap};

/// Why a call into a guest has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The guest trapped, exhausted its stack or returned what is no value of its type.
    Trap {
        /// What happened, and where in the guest.
        why: String,
    },
    /// The call took more processor time than allowed.
    Deadline {
        /// What is allowed.
        limit_ms: u64,
    },
    /// The guest gave up after it was refused more memory than allowed.
    Memory {
        /// What is allowed.
        limit_bytes: usize,
    },
    /// One batch of events came to more actions than allowed.
    TooManyActions {
        /// What came back.
        count: usize,
        /// What is allowed.
        limit: usize,
    },
    /// One call returned more octets than allowed.
    TooManyBytes {
        /// What is allowed.
        limit: usize,
    },
    /// The session settled what is not open, or opened what is.
    Token(Misuse),
    /// An earlier fault has ended this instance.
    Poisoned,
    /// The tenant has as many instances open as it may; the guest never saw the call.
    Instances {
        /// What is allowed.
        limit: usize,
    },
    /// We could not make the call; the guest never saw it.
    Host(String),
}

/// Who has to mend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// Whoever wrote the component.
    Guest,
    /// Whoever runs the gateway.
    Host,
}

impl Fault {
    /// Who has to mend it.
    pub fn blame(&self) -> Blame {
        match self {
            Fault::Host(_) | Fault::Instances { .. } => Blame::Host,
            _ => Blame::Guest,
        }
    }

    /// What an error of wasmtime means, in a call with these limits. `denied` is whether the guest was refused memory in it.
    pub(crate) fn from_wasmtime(error: &wasmtime::Error, denied: bool, limits: CallLimits) -> Self {
        if error.is::<PoolConcurrencyLimitError>() {
            return Fault::Host(format!("no place in the pool of instances: {error}"));
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => Fault::Deadline { limit_ms: limits.ms },
            Some(_) if denied => Fault::Memory {
                limit_bytes: limits.memory_bytes,
            },
            // wasmtime keeps the type of this error to itself.
            None if error.root_cause().to_string().contains("fuel allocated for hostcalls") => {
                Fault::TooManyBytes { limit: limits.bytes_max }
            }
            _ => Fault::Trap { why: chain(error) },
        }
    }
}

/// What bounds one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallLimits {
    pub(crate) ms: u64,
    pub(crate) memory_bytes: usize,
    /// What the answer may hold.
    pub(crate) bytes_max: usize,
}

/// An error with its causes, in one line.
pub(crate) fn chain(error: &wasmtime::Error) -> String {
    let causes: Vec<String> = error
        .chain()
        .map(|cause| cause.to_string().trim().replace('\n', " "))
        .collect();
    causes.join(": ")
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Trap { why } => write!(f, "trapped: {why}"),
            Fault::Deadline { limit_ms } => write!(f, "took more than {limit_ms} ms of processor time"),
            Fault::Memory { limit_bytes } => write!(f, "asked for more memory than {limit_bytes} octets"),
            Fault::TooManyActions { count, limit } => {
                write!(f, "returned {count} actions from one batch of events, more than {limit}")
            }
            Fault::TooManyBytes { limit } => write!(f, "returned more than {limit} octets from one call"),
            Fault::Token(misuse) => misuse.fmt(f),
            Fault::Poisoned => f.write_str("was ended by an earlier fault"),
            Fault::Instances { limit } => write!(
                f,
                "was not called: the tenant has all {limit} instances open that it may have (instances_max)"
            ),
            Fault::Host(why) => f.write_str(why),
        }
    }
}

impl Error for Fault {}
