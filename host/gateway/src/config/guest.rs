//! What the guests of one tenant may use, as far as its table says other than what holds for all.

use super::{limits, reader::Reader};

/// Bounds of one tenant's guests; what is not there is as for all tenants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guest {
    /// Linear memory of one instance, in octets.
    pub memory_bytes: Option<usize>,
    /// How long one call of a session may run, in milliseconds.
    pub session_call_ms: Option<u64>,
    /// How long one call of a translator may run, in milliseconds.
    pub translator_call_ms: Option<u64>,
    /// Actions that a session returns from one batch of events.
    pub actions_max: Option<usize>,
    /// Octets in these actions.
    pub action_bytes_max: Option<usize>,
    /// Octets of a saved session.
    pub saved_bytes_max: Option<usize>,
    /// Octets that a translator returns from one call.
    pub translation_bytes_max: Option<usize>,
    /// Instances at a time: one for each bind, one for each call of a translator.
    pub instances_max: Option<usize>,
    /// Thousandths of a processor for all of its calls together; none is as much as there is.
    pub cpu_share: Option<u32>,
}

/// `guest`.
pub(super) fn guest(tenant: &Reader<'_>) -> Guest {
    let Some(reader) = tenant.table("guest") else {
        return Guest::default();
    };
    let guest = Guest {
        memory_bytes: reader.number("memory_bytes", &limits::GUEST_MEMORY_BYTES),
        session_call_ms: reader.number("session_call_ms", &limits::CALL_MS),
        translator_call_ms: reader.number("translator_call_ms", &limits::CALL_MS),
        actions_max: reader.number("actions_max", &limits::ACTIONS_MAX),
        action_bytes_max: reader.number("action_bytes_max", &limits::GUEST_BYTES_MAX),
        saved_bytes_max: reader.number("saved_bytes_max", &limits::GUEST_BYTES_MAX),
        translation_bytes_max: reader.number("translation_bytes_max", &limits::GUEST_BYTES_MAX),
        instances_max: reader.number("instances_max", &limits::INSTANCES_MAX),
        cpu_share: reader.number("cpu_share", &limits::CPU_SHARES),
    };
    reader.finish();
    guest
}
