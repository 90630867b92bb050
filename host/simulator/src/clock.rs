//! The wall clock and its spellings; every other file takes time as an argument or from here.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub(crate) fn now_ms() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

/// RFC 3339 in UTC with milliseconds, as the server writes times.
pub(crate) fn utc(at_ms: u64) -> String {
    timestamp(at_ms).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// RFC 3339 with the phone's own offset and milliseconds, as the phone writes times in webhooks.
pub(crate) fn local(at_ms: u64, offset_minutes: i32) -> String {
    let offset = Offset::from_seconds(offset_minutes * 60).unwrap_or(Offset::UTC);
    let zoned = timestamp(at_ms).to_zoned(TimeZone::fixed(offset));
    zoned.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}

/// `YYYY-MM-DD HH:MM:SS` in UTC, as Vonage writes times.
pub(crate) fn seconds(at_ms: u64) -> String {
    timestamp(at_ms).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `YYMMDDHHMM` in UTC, as receipts write times.
pub(crate) fn minutes(at_ms: u64) -> String {
    timestamp(at_ms).strftime("%y%m%d%H%M").to_string()
}

/// The instant that an RFC 3339 text names.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let timestamp: Timestamp = text.parse().ok()?;
    u64::try_from(timestamp.as_millisecond()).ok()
}

fn timestamp(at_ms: u64) -> Timestamp {
    i64::try_from(at_ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::{local, minutes, parse, seconds, utc};

    #[test]
    fn times_keep_their_instant_in_every_spelling() {
        let at_ms = 1_787_212_532_123;
        assert_eq!(utc(at_ms), "2026-08-20T07:55:32.123Z");
        assert_eq!(local(at_ms, 120), "2026-08-20T09:55:32.123+02:00");
        assert_eq!(local(at_ms, -210), "2026-08-20T04:25:32.123-03:30");
        for text in [utc(at_ms), local(at_ms, 120), local(at_ms, -210)] {
            assert_eq!(parse(&text), Some(at_ms), "{text}");
        }
        assert_eq!(parse("tomorrow"), None);
        assert_eq!(
            (seconds(at_ms).as_str(), minutes(at_ms).as_str()),
            ("2026-08-20 07:55:32", "2608200755")
        );
    }
}
