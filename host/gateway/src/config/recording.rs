//! Whether the calls of a tenant's guests are recorded.

use super::{limits, reader::Reader};

/// What is kept of a tenant's calls, to be replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Octets that are kept; beyond it the oldest go.
    pub octets_max: u64,
    /// Text and numbers are taken out before anything is written.
    pub is_redacted: bool,
}

/// `recording`; off where it is not written.
pub(super) fn recording(tenant: &Reader<'_>) -> Option<Recording> {
    let reader = tenant.table("recording")?;
    let recording = Recording {
        octets_max: reader
            .number("octets_max", &limits::RECORDING_OCTETS_MAXES)
            .unwrap_or(limits::RECORDING_OCTETS_MAX),
        is_redacted: reader.flag("redact").unwrap_or(true),
    };
    reader.finish();
    Some(recording)
}
