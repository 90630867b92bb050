//! Every number that bounds something in the gateway, with what happens one past it.

use std::{num::NonZeroU32, time::Duration};

/// Largest PDU read from a peer, in octets: a submit_sm with a full message_payload fits. A longer command_length is
/// answered with generic_nack ESME_RINVCMDLEN and ends the connection.
pub const PDU_OCTETS_MAX: usize = 70_000;

/// Octets read from a socket at a time, and how much more than the last time where that was too little.
pub const READ_OCTETS: usize = 64 * 1024;
/// See [`READ_OCTETS`].
pub const READ_GROWTH: usize = 4;

/// Octets that wait to be written to one peer before its socket is no longer read.
pub const WRITE_OCTETS_MAX: usize = 256 * 1024;

/// How long a peer may take none of what waits for it before its bind ends.
pub const WRITE_STALL: Duration = Duration::from_secs(60);

/// Frames handed to a session in one crossing; more wait for the next.
pub const FRAMES_PER_CALL_MAX: usize = 64;

/// Octets of frames beyond which no further one joins a crossing: what a session makes of them must fit its own bounds.
pub const FRAME_OCTETS_PER_CALL_MAX: usize = 256 * 1024;

/// Appends of one bind under way; at this number its socket is no longer read, and TCP tells the peer.
pub const APPENDS_IN_FLIGHT_MAX: usize = 1_024;

/// Connections that are open, bound or not; one more is closed as soon as it is accepted.
pub const CONNECTIONS_MAX: usize = 12_000;

/// File descriptors for everything that is not a connection of an ESME: the ledger, upstreams, webhooks. They are not given to
/// connections.
pub const DESCRIPTORS_SPARE: usize = 512;

/// How long a peer may take for the TLS handshake.
pub const TLS_HANDSHAKE: Duration = Duration::from_secs(10);

/// TLS handshakes of the HTTP listener under way; more wait to be accepted.
pub const HANDSHAKES_MAX: usize = 256;

/// Frames that an unbound peer may send before its connection ends.
pub const FRAMES_BEFORE_BIND_MAX: usize = 20;

/// Largest PDU read from an unbound peer, in octets: a bind request with the longest password fits four times. A longer
/// command_length is answered with generic_nack ESME_RINVCMDLEN and ends the connection.
pub const UNBOUND_PDU_OCTETS_MAX: usize = 1_024;

/// Connections from one address, or one IPv6 /64; one more is closed.
pub const CONNECTIONS_PER_ADDRESS_MAX: usize = 1_000;

/// How long a proxy may take for its PROXY header, and the header's octets; one past either, the connection is closed.
pub const PROXY_HEADER: Duration = Duration::from_secs(5);
/// See [`PROXY_HEADER`].
pub const PROXY_HEADER_OCTETS_MAX: usize = 536;

/// How often files of certificates are looked at. What has changed is read once it has not changed for as long.
pub const TLS_POLL: Duration = Duration::from_secs(2);

/// Binds with wrong credentials from one source before it is locked out; without one for so long, counting begins again.
pub const FAILED_BINDS_MAX: u32 = 10;
/// See [`FAILED_BINDS_MAX`].
pub const FAILED_BINDS_FORGOTTEN_MS: u64 = 15 * 60 * 1_000;

/// How long a source is locked out the first time, and at most: each time within a day is twice as long as the one before.
pub const LOCK_OUT_MS: (u64, u64) = (60_000, 15 * 60 * 1_000);

/// How long an account that has bound well from a source is not locked out with it.
pub const KNOWN_FOR_MS: u64 = 24 * 3_600 * 1_000;

/// How long such an account's next bind waits after its first failure, and at most; each failure doubles it.
pub const SLOWED_BY_MS: (u64, u64) = (250, 4_000);

/// How long its binds may wait for one another; one that would wait longer is refused.
pub const SLOWED_WAIT_MAX_MS: u64 = 8_000;

/// Sources, and accounts at their sources, that are remembered; beyond it those not heard of for longest are forgotten.
pub const GUARDED_MAX: usize = 100_000;

/// How often it is asked whether an ESME should be told to bind.
pub const OUTBIND_POLL: Duration = Duration::from_secs(2);

/// How long a connection to an ESME, its TLS included, may take; one past it, the ESME is unreachable.
pub const OUTBIND_CONNECT: Duration = Duration::from_secs(10);

/// Pass-through checks that one address may cause in a minute; one more is refused without asking the upstream.
pub const CHECKS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(30).expect("30 is not zero");

/// Addresses whose checks are counted; beyond it the oldest quiet ones are forgotten.
pub const CHECKED_ADDRESSES_MAX: usize = 100_000;

/// Exchanges that one operation may ask for in a row; one more counts as a failed attempt.
pub const EXCHANGES_MAX: usize = 16;

/// Releases on which one attempt may be begun, each because the one before broke; after that it is a failed attempt.
pub const RELEASES_PER_ATTEMPT_MAX: usize = 3;

/// First and longest pause between two attempts of the same work. A pause is drawn from its upper half.
pub const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));

/// How long a claimed submission may be under way before it is claimed again. Longer than every exchange together may take.
pub const SUBMIT_LEASE: Duration = Duration::from_secs(3_600);

/// How long a delivery may be with a session before it is claimed again: the session has its own, shorter, timers.
pub const DELIVER_LEASE: Duration = Duration::from_secs(3_600);

/// The longest pause between two tries of one delivery, unless its session asks for a longer one.
pub const DELIVER_PAUSE_MAX: Duration = Duration::from_secs(60);

/// How often it is asked whether deliveries have waited too long, or too many do.
pub const HOLDING_POLL: Duration = Duration::from_secs(5);

/// How long a settled message is remembered: for late receipts, and so that a repeated webhook stays one message.
pub const RETENTION: Duration = Duration::from_secs(7 * 24 * 3_600);

/// How long a dead letter is kept, for somebody to look at and to try again.
pub const DEAD_RETENTION: Duration = Duration::from_secs(30 * 24 * 3_600);

/// Entries that wait, of all tenants together, beyond which nothing more is taken from outside: submits get ESME_RMSGQFUL, webhooks 503.
/// What follows from what was taken - receipts above all - still finds room below the ledger's own bound.
pub const ENTRIES_MAX: usize = 4_000_000;

/// Turns at what is known of messages; messages of one turn wait for each other.
pub const TURNS: usize = 61;

/// Messages of which the upstream has still to say the last word; of one more, the oldest is told that nobody knows.
pub const AWAITED_MAX: usize = 1_000_000;

/// How many of them are looked at together.
pub const AWAITED_BATCH: usize = 256;

/// How long after its validity_period has ended the upstream may still say what became of a message.
pub const AWAITED_GRACE: Duration = Duration::from_secs(5);

/// When a message is looked at again that is under way at the end of its time, and how often it is asked whether there are too many.
pub const AWAITED_AGAIN: Duration = Duration::from_secs(10);

/// How often settled messages past their retention are forgotten, and how many at a time.
pub const SWEEP: (Duration, usize) = (Duration::from_secs(60), 10_000);

/// How long a connection to an upstream, its TLS included, may take; one past it, the upstream is unreachable.
pub const UPSTREAM_CONNECT: Duration = Duration::from_secs(10);

/// Largest body taken from an upstream, in octets; a larger one is a failed exchange.
pub const UPSTREAM_BODY_OCTETS_MAX: usize = 1 << 20;

/// How long a connection to an upstream waits for its next request: shorter than upstreams keep theirs, who would cut a
/// request off.
pub const UPSTREAM_IDLE: Duration = Duration::from_secs(30);

/// Connections to one origin that wait; more are closed.
pub const UPSTREAM_IDLE_MAX: usize = 64;

/// How long the ledger may take to say that it would take a message; then the gateway is not healthy.
pub const HEALTH_WAIT: Duration = Duration::from_secs(2);

/// Largest webhook body, in octets; a larger one is answered with 413.
pub const WEBHOOK_BODY_OCTETS_MAX: usize = 1 << 20;

/// Blanks that a translator may leave in a request; one more, and it is not sent.
pub const BLANKS_MAX: usize = 8;

/// Messages that an upstream may make of one, as a message has parts at most; of more nothing is kept.
pub const PIECES_MAX: usize = 255;

/// Messages and reports taken from one webhook; more count as a fault of the translator.
pub const HEARD_MAX: usize = 1_000;

/// Octets of a memo, and memos kept for one tenant; a larger one, or one more, is not kept.
pub const MEMO_OCTETS_MAX: usize = 64 * 1024;
/// See [`MEMO_OCTETS_MAX`].
pub const MEMOS_MAX: usize = 10_000;

/// Octets that a compiled address_range may have; a larger one is as none.
pub const ADDRESS_RANGE_OCTETS_MAX: usize = 64 * 1024;

/// Messages that other binds of the account handed to one and that it has not taken yet; one more stays with the ledger.
pub const HANDED_MAX: usize = 64;

/// When a message is looked at again that no open bind serves.
pub const UNSERVED: Duration = Duration::from_secs(10);

/// Long messages of one account whose other parts are paid for; of one more, each part pays for itself.
pub const PAID_MAX: usize = 10_000;

/// Questions of one bind under way; at this number its socket is no longer read.
pub const QUESTIONS_MAX: usize = 64;

/// How long an entry that is cancelled or replaced is kept from others.
pub const INQUIRY_LEASE: Duration = Duration::from_secs(60);

/// Entries that are looked through at a time for those that are meant.
pub const LIST_PAGE: usize = 256;

/// How long an upstream may take to say what became of a message; then the answer is what we know.
pub const QUERY_WAIT: Duration = Duration::from_secs(5);

/// How long an upstream may take to confirm that it does not send a message that is to be replaced, and how often that is looked
/// for; then the message stays as it is.
pub const RECALL_WAIT: Duration = Duration::from_secs(5);
/// See [`RECALL_WAIT`].
pub const RECALL_POLL: Duration = Duration::from_millis(100);

/// Entries that a lane's worker claims at a time; more wait for its next claim.
pub const CLAIMS_MAX: usize = 32;

/// Messages of a lane that wait for one before them to the same destination; at this number nothing more is claimed until one of
/// those has ended.
pub const ORDERED_MAX: usize = 1_024;

/// Of how many places for requests one account of several leaves one free for the others.
pub const PLACES_OF_OTHERS: usize = 4;

/// Attempts to remove webhooks; after that they stay, and the next receiver's registration replaces them.
pub const DETACH_ATTEMPTS: u32 = 3;

/// How long a refused peer may take to read why before its connection ends.
pub const REFUSAL_WRITE: Duration = Duration::from_secs(5);

/// How long a lane's worker waits for work before it asks whether it is still needed.
pub const LANE_IDLE: Duration = Duration::from_secs(60);

/// How long a drain may take before what is left is handed back to the ledger.
pub const DRAIN: Duration = Duration::from_secs(20);

/// Octets of the audit trail before another is begun; the one before is kept.
pub const AUDIT_OCTETS_MAX: u64 = 16 << 20;

/// Changes that are read from the audit trail at a time.
pub const AUDIT_ENTRIES_MAX: usize = 10_000;

/// Tenants of the process; one more is refused.
pub const TENANTS_MAX: usize = 10_000;

/// Octets of a JSON body that the admin API takes; a larger one is answered with 413.
pub const ADMIN_BODY_OCTETS_MAX: usize = 4 << 20;

/// How long who came with a wrong token waits for the answer.
pub const WRONG_TOKEN_WAIT: Duration = Duration::from_millis(250);

/// Messages that the admin API lists at a time.
pub const MESSAGES_LISTED_MAX: usize = 1_000;

/// Releases of one world of one tenant that are remembered; of more, the oldest that are not in use are forgotten.
pub const RELEASES_KEPT: usize = 20;

/// Octets of components in the data directory. Beyond it those that no release needs go; if that is not enough, an upload is
/// refused with 507.
pub const COMPONENTS_OCTETS_MAX: u64 = 1 << 30;

/// How long a component that no release needs is kept: somebody who has uploaded it is about to deploy it.
pub const COMPONENT_UNUSED: Duration = Duration::from_secs(3_600);

/// Compiled components that are kept in memory although no release uses them.
pub const COMPILED_KEPT: usize = 8;

/// Components that wait to be compiled, one at a time; one more is refused with 503.
pub const COMPILES_WAITING_MAX: usize = 16;

/// Faults of one world of a tenant, within so many milliseconds, that open its breaker.
pub const BREAKER_FAULTS: (usize, u64) = (10, 60_000);

/// How long a breaker stays open the first time, and at most, in milliseconds; each time soon after another is twice as long.
pub const BREAKER_PAUSE_MS: (u64, u64) = (1_000, 60_000);

/// How long after it has closed a breaker counts as open lately, in milliseconds.
pub const BREAKER_CALM_MS: u64 = 120_000;

/// How long after it was put to use a release is rolled back for its faults, in milliseconds.
pub const PROBATION_MS: u64 = 15 * 60 * 1_000;

/// Faults of a release on probation, within so many milliseconds, that roll it back; the first call's is enough by itself.
pub const PROBATION_FAULTS: (usize, u64) = (3, 60_000);

/// How often it is asked what becomes of the trials.
pub const TRIAL_POLL: Duration = Duration::from_secs(1);

/// Operations and webhooks that a shadow has still to be told; of one more it misses out, which is counted.
pub const SHADOW_QUEUE_MAX: usize = 256;

/// Operations and webhooks that a shadow would have done otherwise that are shown; of more, the oldest are forgotten.
pub const SHADOW_SHOWN_MAX: usize = 20;

/// Recordings that wait to be written; one more is missed, which is counted.
pub const RECORDED_QUEUE_MAX: usize = 256;

/// Recordings of one tenant, whatever room they take; of more, the oldest go.
pub const RECORDINGS_MAX: usize = 10_000;

/// Turns of one bind, and about as many octets, that are recorded; the rest of it is not.
pub const RECORDED_TURNS_MAX: usize = 1_000;
/// See [`RECORDED_TURNS_MAX`].
pub const RECORDED_BIND_OCTETS_MAX: usize = 1 << 20;
