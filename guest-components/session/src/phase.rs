//! How far a session is in its life: what the machine waits for, and how it says goodbye.

use crate::session::CloseReason;
use edgebind_smpp::CommandStatus;
use serde::{Deserialize, Serialize};

/// What the machine waits for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Phase {
    Bind,
    /// Anything.
    Work,
    /// The end of what is under way; then it says goodbye.
    Finish(Farewell),
    /// The peer's answer to our unbind.
    UnbindResp {
        sequence_number: u32,
        reason: CloseReason,
    },
    /// Nothing.
    Closed,
}

/// How a bind ends once nothing is under way.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Farewell {
    /// We unbind, and close when that is answered.
    Unbind(CloseReason),
    /// The peer unbound: its answer is owed.
    UnbindResp { sequence_number: u32, reason: CloseReason },
    /// The peer can say nothing more.
    Close(CloseReason),
}

impl Phase {
    /// Whether new work is taken; if not, what a request for it is answered.
    pub(crate) const fn takes_work(self) -> Result<(), CommandStatus> {
        match self {
            Self::Work => Ok(()),
            // It does not know yet that we unbind: it may try again elsewhere.
            Self::Finish(Farewell::Unbind(_)) | Self::UnbindResp { .. } => Err(CommandStatus::RSYSERR),
            Self::Bind | Self::Finish(_) | Self::Closed => Err(CommandStatus::RINVBNDSTS),
        }
    }
}
