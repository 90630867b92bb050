//! Times as people read them.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};

/// Now, in milliseconds of Unix time.
pub fn now() -> u64 {
    of_clock(SystemTime::now())
}

/// A time of the system's clock, in milliseconds of Unix time.
pub fn of_clock(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A time as the admin API says it: milliseconds of Unix time.
pub fn of(value: &Value) -> Option<u64> {
    value.as_u64()
}

/// Local ISO seconds with the offset; the number as it is where no calendar reaches.
pub fn local(ms: u64) -> String {
    in_zone(ms, TimeZone::system())
}

fn in_zone(ms: u64, zone: TimeZone) -> String {
    let timestamp = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    timestamp.map_or_else(
        || ms.to_string(),
        |timestamp| timestamp.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
    )
}

/// The hour of the day.
pub fn hour(ms: u64) -> String {
    let local = local(ms);
    local.get(11..19).map_or_else(|| local.clone(), str::to_owned)
}

/// How long ago a time is: "3m ago". What is to come is "in 3m".
pub fn ago(ms: u64, now: u64) -> String {
    if ms > now {
        format!("in {}", span(ms - now))
    } else {
        format!("{} ago", span(now - ms))
    }
}

fn span(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_ago() {
        let now = 1_763_850_000_000;
        let table = [
            (0, "0s ago"),
            (999, "0s ago"),
            (59_999, "59s ago"),
            (60_000, "1m ago"),
            (3_599_999, "59m ago"),
            (3_600_000, "1h ago"),
            (172_799_999, "47h ago"),
            (172_800_000, "2d ago"),
        ];
        for (before, expected) in table {
            assert_eq!(ago(now - before, now), expected);
        }
        assert_eq!(ago(now + 61_000, now), "in 1m");
    }

    #[test]
    fn a_time_is_local_iso_seconds() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(in_zone(1_763_850_123_456, zone.clone()), "2025-11-23T00:22:03+02:00");
        assert_eq!(in_zone(u64::MAX, zone), u64::MAX.to_string());
    }
}
