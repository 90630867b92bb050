//! What an account gets by naming another provider, whose customers' ESMEs are to work unchanged. A preset is a set of options, each of
//! which may be written without it, and wins where it is written beside it.

use super::{Rate, reader::Reader};
use edgebind_smpp::CommandStatus;

/// A set of options under a name.
pub(super) struct Preset {
    pub(super) binds_max: usize,
    pub(super) over_binds: CommandStatus,
    pub(super) rate: Rate,
    /// For the session.
    pub(super) session_settings: &'static [(&'static str, &'static str)],
}

/// Vonage's SMPP access, as far as its public documents say it.
const VONAGE: Preset = Preset {
    binds_max: 2,
    over_binds: CommandStatus::RALYBND,
    rate: Rate {
        per_second: 30,
        burst: 30,
    },
    session_settings: &[
        ("alphabet", "gsm"),
        ("message_id", "hex"),
        ("receipt_id", "decimal"),
        ("receipt_text", "none"),
        (
            "deliver_again",
            "ESME_RTHROTTLED, ESME_RSYSERR, ESME_RMSGQFUL, ESME_RSUBMITFAIL, ESME_RQUERYFAIL, ESME_RDELIVERYFAILURE, ESME_RUNKNOWNERR",
        ),
    ],
};

/// `preset`, where it is written.
pub(super) fn preset(reader: &Reader<'_>) -> Option<&'static Preset> {
    reader.choice("preset", &[("vonage", &VONAGE)])
}
