//! The tables that the codec follows from, for whoever wants to know what it does: CONFORMANCE.md is written from them.

pub use crate::pdu::{Field, Row, Sender, TABLE as PDUS};
pub use crate::tlv::{Rule, TABLE as TLVS, Values};

use crate::CommandStatus;

/// Every command_status that has a name.
pub static COMMAND_STATUSES: &[(CommandStatus, &str)] = CommandStatus::NAMED;
