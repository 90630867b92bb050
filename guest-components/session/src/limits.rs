//! Every number that bounds something in a session, with what happens one past it.

/// Octets of PDUs gathered for one `send`; what comes after goes into another.
pub(crate) const SEND_OCTETS_MAX: usize = 64 * 1024;

/// Largest `window_out`; a larger one is refused by `check`.
pub(crate) const WINDOW_OUT_MAX: u32 = 1000;

/// Parts of one incoming message, as its numbering has eight bits; one that needs more is dead with ESME_RINVMSGLEN.
pub(crate) const PARTS_MAX: usize = 255;

/// Octets of short_message (SMPP 3.4 §5.2.22); of a part that came from its upstream, more goes as message_payload.
pub(crate) const SHORT_MESSAGE_OCTETS_MAX: usize = 254;

/// Octets of an incoming message's header elements, so that they fit beside a place and ports; of more it goes without.
pub(crate) const ELEMENTS_OCTETS_MAX: usize = 128;

/// Octets that a header must leave for a part, one character of every coding; where it leaves less, the message is dead with
/// ESME_RINVMSGLEN.
pub(crate) const PART_OCTETS_MIN: usize = 4;

/// How long, in milliseconds, a session that ends waits for what is under way: answers to its requests, and before an
/// unbind of ours the answers to its deliveries. Then it goes on without them.
pub(crate) const FINISH_MS: u64 = 10_000;
