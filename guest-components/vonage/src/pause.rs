//! How long Vonage wants us to wait: in milliseconds in its own words, in seconds or as a date in HTTP's.

use std::time::UNIX_EPOCH;

use crate::bindings::edgebind::translator::types::Response;

/// Where it says nothing. Its limits count messages of a second.
pub(crate) const SECOND_MS: u64 = 1_000;
/// What is longer is taken for this.
const PAUSE_MAX_MS: u64 = 3_600_000;

/// vonage: error-text of status 1. Either `please wait [ 702 ] and retry`, or the numbers of the interval whose rest is to be waited for.
pub(crate) fn of_text(text: &str) -> u64 {
    let waits = number_after(text, "wait");
    let rest = || {
        let interval = number_after(text, "INTERVAL")?;
        interval.checked_sub(number_after(text, "TIME_SINCE_LAST_INTERVAL_START")?)
    };
    waits.or_else(rest).unwrap_or(SECOND_MS).clamp(1, PAUSE_MAX_MS)
}

/// Retry-After, in seconds or as a date (RFC 9110 §10.2.3).
pub(crate) fn of_header(response: &Response, now_ms: u64) -> Option<u64> {
    let (_, value) = response
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
    let ms = match value.trim().parse::<u64>() {
        Ok(seconds) => seconds.saturating_mul(1000),
        Err(_) => {
            let at = httpdate::parse_http_date(value.trim())
                .ok()?
                .duration_since(UNIX_EPOCH)
                .ok()?;
            u64::try_from(at.as_millis()).ok()?.saturating_sub(now_ms)
        }
    };
    Some(ms.min(PAUSE_MAX_MS))
}

/// The number in the brackets right behind a word that stands by itself.
fn number_after(text: &str, word: &str) -> Option<u64> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    text.match_indices(word).find_map(|(at, _)| {
        let rest = text[at + word.len()..].trim_start();
        if text[..at].ends_with(is_part) {
            return None;
        }
        let (number, _) = rest.strip_prefix('[')?.split_once(']')?;
        number.trim().parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_say_it() {
        let rows = [
            ("Throughput Rate Exceeded - please wait [ 702 ] and retry", 702),
            ("Throughput Rate Exceeded - please wait and retry", 1_000),
            (
                "Exceeded maximum MT throughput[ MAX [ 30 ] INTERVAL [ 1000 ] COUNT [ 30 ] LAST INT-START [ 1595 ] \
                 TIME_SINCE_LAST_INTERVAL_START [ 529 ]  ] ",
                471,
            ),
            ("INTERVAL [ 1000 ] TIME_SINCE_LAST_INTERVAL_START [ 1001 ]", 1_000),
            ("please wait [ 0 ] and retry", 1),
            ("please wait [ 99999999999 ] and retry", 3_600_000),
            ("please wait [ soon ] and retry", 1_000),
            ("", 1_000),
        ];
        for (text, ms) in rows {
            assert_eq!(of_text(text), ms, "{text}");
        }
    }

    #[test]
    fn a_header_in_seconds_or_as_a_date() {
        let wait = |value: &str| {
            let response = Response {
                status: 429,
                headers: vec![("retry-after".into(), value.into())],
                body: Vec::new(),
            };
            of_header(&response, 1_787_213_730_000)
        };
        assert_eq!(wait("2"), Some(2_000));
        assert_eq!(wait("Thu, 20 Aug 2026 08:15:35 GMT"), Some(5_000));
        assert_eq!(wait("soon"), None);
    }
}
