//! The bounds of what may be configured, and what holds where nothing is.

use std::{ops::RangeInclusive, time::Duration};

/// Nodes that a message id can name.
pub(super) const NODES: RangeInclusive<u8> = 0..=31;

/// Octets of a system_id without its NUL, SMPP 3.4 §5.2.1.
pub(super) const SYSTEM_ID_OCTETS_MAX: usize = 15;

/// Octets of a password without its NUL, SMPP 3.4 §5.2.2.
pub(super) const PASSWORD_OCTETS_MAX: usize = 8;

/// Octets of a password where longer ones than SMPP's are allowed: a bind request with one still fits a small PDU.
pub(super) const LONG_PASSWORD_OCTETS_MAX: usize = 255;

/// Characters of a tenant's name.
pub(super) const TENANT_NAME_MAX: usize = 32;

/// Octets of a DNS name, RFC 1035 §2.3.4.
pub(super) const HOST_OCTETS_MAX: usize = 253;

/// Networks in one list, routes of one tenant, certificates of one account.
pub(super) const NETWORKS_MAX: usize = 1_000;
/// See [`NETWORKS_MAX`].
pub(super) const ROUTES_MAX: usize = 1_000;
/// See [`NETWORKS_MAX`].
pub(super) const CERTIFICATES_MAX: usize = 100;

/// What a pattern may take once it is compiled.
pub(super) const PATTERN_OCTETS_MAX: usize = 64 * 1024;

pub(super) const SESSION_INIT: Duration = Duration::from_secs(10);
pub(super) const SESSION_INITS: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(3_600);

/// Octets of a token for the admin API: shorter ones are guessed.
pub(super) const ADMIN_TOKEN_OCTETS_MIN: usize = 16;

pub(super) const EGRESS_CONCURRENCY: usize = 16;
pub(super) const EGRESS_CONCURRENCIES: RangeInclusive<usize> = 0..=10_000;

pub(super) const QUEUE_MAX: usize = 100_000;
pub(super) const QUEUES_MAX: RangeInclusive<usize> = 1..=1_000_000_000;

pub(super) const DELIVER_MAX_AGE: Duration = Duration::from_secs(7 * 24 * 3_600);
pub(super) const DELIVER_MAX_AGES: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(365 * 24 * 3_600);

pub(super) const BINDS_MAX: usize = 10;
pub(super) const ALL_BINDS_MAX: RangeInclusive<usize> = 1..=10_000;
pub(super) const BINDS_TOTAL_MAX: RangeInclusive<usize> = 1..=1_000_000;

pub(super) const RATES: RangeInclusive<u32> = 1..=1_000_000;

pub(super) const PARTS_TIMEOUT: Duration = Duration::from_secs(300);
pub(super) const PARTS_TIMEOUTS: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(7 * 24 * 3_600);

pub(super) const RETRY_MAX_AGE: Duration = Duration::from_secs(24 * 3_600);
pub(super) const RETRY_MAX_AGES: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(30 * 24 * 3_600);

pub(super) const RECEIPT_MAX_WAIT: Duration = Duration::from_secs(72 * 3_600);
pub(super) const RECEIPT_MAX_WAITS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(30 * 24 * 3_600);

pub(super) const UPSTREAM_TIMEOUT: Duration = Duration::from_secs(60);
pub(super) const UPSTREAM_TIMEOUTS: RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(600);

pub(super) const CONNECTIONS_MAX: RangeInclusive<usize> = 1..=1_000_000;
pub(super) const SESSIONS_MAX: RangeInclusive<usize> = 1..=1_000_000;
pub(super) const CALLS_MAX: RangeInclusive<usize> = 1..=10_000;
pub(super) const CHECKS_PER_MINUTE: RangeInclusive<u32> = 1..=1_000_000;
/// A disk has less, whoever made it; and nobody runs without any.
pub(super) const DISK_FREE_BYTES: RangeInclusive<u64> = 1024 * 1024..=1 << 60;
pub(super) const DRAINS: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(3_600);
pub(super) const RETENTIONS: RangeInclusive<Duration> = Duration::from_secs(60)..=Duration::from_secs(365 * 24 * 3_600);
pub(super) const ENTRIES_MAX: RangeInclusive<usize> = 1..=crate::limits::ENTRIES_MAX;
pub(super) const GUEST_MEMORY_BYTES: RangeInclusive<usize> = 64 * 1024..=4 * 1024 * 1024 * 1024;
pub(super) const CALL_MS: RangeInclusive<u64> = 1..=60_000;

/// What the guests of one tenant may return and have. Not less than one honest batch needs.
pub(super) const ACTIONS_MAX: RangeInclusive<usize> = 64..=1_000_000;
/// See [`ACTIONS_MAX`].
pub(super) const GUEST_BYTES_MAX: RangeInclusive<usize> = 4 * 1024..=256 * 1024 * 1024;
/// See [`ACTIONS_MAX`].
pub(super) const INSTANCES_MAX: RangeInclusive<usize> = 1..=1_000_000;
/// Thousandths of a processor.
pub(super) const CPU_SHARES: RangeInclusive<u32> = 1..=1_000_000;

pub(super) const RECORDING_OCTETS_MAX: u64 = 64 * 1024 * 1024;
pub(super) const RECORDING_OCTETS_MAXES: RangeInclusive<u64> = 64 * 1024..=64 * 1024 * 1024 * 1024;
