//! Milliseconds since 1970 as the API writes times (RFC 3339), and as HTTP writes them (Retry-After).

use std::time::UNIX_EPOCH;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// None for what is no RFC 3339 time, or one before 1970.
pub(crate) fn from_rfc3339(text: &str) -> Option<u64> {
    let instant = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    let seconds = u64::try_from(instant.unix_timestamp()).ok()?;
    Some(seconds.checked_mul(1_000)? + u64::from(instant.millisecond()))
}

/// None for what is no HTTP date, or one before 1970.
pub(crate) fn from_http_date(text: &str) -> Option<u64> {
    let age = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(age.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_fractions_are_read() {
        let rows = [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2026-08-20T10:15:30.000+02:00", Some(1_787_213_730_000)),
            ("2026-08-20T08:15:30.120Z", Some(1_787_213_730_120)),
            ("1969-12-31T23:59:59Z", None),
            ("2026-08-20 10:15", None),
            ("yesterday", None),
            ("", None),
        ];
        for (text, instant) in rows {
            assert_eq!(from_rfc3339(text), instant, "{text}");
        }
    }

    #[test]
    fn http_dates_are_read() {
        assert_eq!(from_http_date("Thu, 20 Aug 2026 08:15:30 GMT"), Some(1_787_213_730_000));
        assert_eq!(from_http_date("soon"), None);
    }
}
