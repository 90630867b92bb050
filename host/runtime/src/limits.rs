//! Everything that bounds guests: what all of them share, and what one of them may use.

/// Octets of a line that a guest writes; what is longer is cut.
pub(crate) const LINE_BYTES_MAX: usize = 1024;

/// Lines that the guests of one tenant write in a second, all together.
pub(crate) const LINES_PER_SECOND: u32 = 100;

/// Random octets that a guest asks for at once.
pub(crate) const RANDOM_BYTES_MAX: u64 = 64 << 10;

/// Streams, pollables and the like that one instance holds.
pub(crate) const WASI_HANDLES_MAX: usize = 1024;

/// What bounds the process: the pool that all guests share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a component as it is deployed.
    pub component_bytes_max: usize,
    /// Octets of linear memory that any instance may be given: the size of a place in the pool.
    pub memory_bytes: usize,
    /// Octets of stack of one call.
    pub stack_bytes: usize,
    /// Sessions that are open in the process; each holds a place in the pool for its life.
    pub sessions_max: usize,
    /// Calls to translators, checks and trial instances that run at one time; each holds a place in the pool meanwhile.
    pub calls_max: usize,
    /// What holds for components that are in nobody's [`Allowance`](crate::Allowance).
    pub guest: GuestLimits,
}

/// What the guests of one tenant may use and return. One past any of these ends the call, and with it the bind or the attempt
/// that it was made for; nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestLimits {
    /// Octets of linear memory of one instance; no more than a place in the pool has.
    pub memory_bytes: usize,
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
    /// Instances at a time, of sessions and of calls together; one more is not opened.
    pub instances_max: usize,
    /// Thousandths of a processor, on average over about a second, for all calls together; whoever makes calls asks
    /// [`Allowance::wait`](crate::Allowance::wait) before. None is as much as there is.
    pub cpu_share: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            component_bytes_max: 32 << 20,
            memory_bytes: 64 << 20,
            stack_bytes: 256 << 10,
            sessions_max: 10_000,
            calls_max: 256,
            guest: GuestLimits::default(),
        }
    }
}

impl Default for GuestLimits {
    fn default() -> Self {
        Self {
            memory_bytes: 16 << 20,
            session_call_ms: 20,
            translator_call_ms: 50,
            actions_max: 1024,
            action_bytes_max: 1 << 20,
            saved_bytes_max: 1 << 20,
            translation_bytes_max: 1 << 20,
            // As many as the process has places for.
            instances_max: usize::MAX,
            cpu_share: None,
        }
    }
}
