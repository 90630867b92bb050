//! Everything that bounds a guest, and the pool that all guests share.

/// What a guest may use and return. One past any of these ends the call, and with it the bind or the attempt that it
/// was made for; nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a component as it is deployed.
    pub component_bytes_max: usize,
    /// Octets of linear memory of one instance.
    pub memory_bytes: usize,
    /// Octets of stack of one call.
    pub stack_bytes: usize,
    /// Milliseconds of processor time of one call to a session: its constructor, a batch of events, a save, a restore.
    pub session_call_ms: u64,
    /// Milliseconds of processor time of one call to a translator, and of a check of settings.
    pub translator_call_ms: u64,
    /// Actions that a session returns from one batch of events.
    pub actions_max: usize,
    /// Octets in the actions of one batch: of PDUs to send and of messages to append, all strings counted.
    pub action_bytes_max: usize,
    /// Octets of a saved session.
    pub saved_bytes_max: usize,
    /// Octets that a translator, or a check of settings, returns from one call: all strings, lists and records of lists.
    pub translation_bytes_max: usize,
    /// Sessions that are open in the process; each holds a place in the pool for its life.
    pub sessions_max: usize,
    /// Calls to translators, checks and trial instances that run at one time; each holds a place in the pool meanwhile.
    pub calls_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            component_bytes_max: 32 << 20,
            memory_bytes: 16 << 20,
            stack_bytes: 256 << 10,
            session_call_ms: 20,
            translator_call_ms: 50,
            actions_max: 1024,
            action_bytes_max: 1 << 20,
            saved_bytes_max: 1 << 20,
            translation_bytes_max: 1 << 20,
            sessions_max: 10_000,
            calls_max: 256,
        }
    }
}
