//! How many messages an account may send in a second, and what it is told above that.

use std::collections::HashMap;

use super::config::ThrottleWords;

const INTERVAL_MS: u64 = 1_000;

/// Messages of each account in the present second.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    seconds: HashMap<String, (u64, usize)>,
}

impl Throttle {
    /// Counts a message, unless it is one above `most`: then false.
    pub(crate) fn count(&mut self, api_key: &str, most: usize, now_ms: u64) -> bool {
        let second = now_ms / INTERVAL_MS;
        let (current, count) = self.seconds.entry(api_key.to_owned()).or_default();
        if *current != second {
            (*current, *count) = (second, 0);
        }
        if *count >= most {
            return false;
        }
        *count += 1;
        true
    }
}

/// The `error-text` that the messages above the throughput have.
pub(crate) fn words(words: ThrottleWords, most: usize, now_ms: u64) -> String {
    let since = now_ms % INTERVAL_MS;
    match words {
        ThrottleWords::Milliseconds => {
            let rest = INTERVAL_MS - since;
            format!("Throughput Rate Exceeded - please wait [ {rest} ] and retry")
        }
        ThrottleWords::Plain | ThrottleWords::TooManyRequests => "Throughput Rate Exceeded - please wait and retry".into(),
        ThrottleWords::Interval => format!(
            "Exceeded maximum MT throughput[ MAX [ {most} ] INTERVAL [ {INTERVAL_MS} ] COUNT [ {most} ] LAST INT-START [ {} ] \
             TIME_SINCE_LAST_INTERVAL_START [ {since} ]  ] ",
            now_ms - since
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{Throttle, words};
    use crate::vonage::config::ThrottleWords;

    #[test]
    fn each_account_has_so_many_in_each_second() {
        let mut throttle = Throttle::default();
        for (key, now_ms, expected) in [
            ("one", 5_000, true),
            ("one", 5_100, true),
            ("one", 5_298, false),
            ("two", 5_298, true),
            ("one", 6_000, true),
        ] {
            assert_eq!(throttle.count(key, 2, now_ms), expected, "{key} {now_ms}");
        }
        assert_eq!(
            words(ThrottleWords::Milliseconds, 2, 5_298),
            "Throughput Rate Exceeded - please wait [ 702 ] and retry"
        );
        assert!(words(ThrottleWords::Interval, 2, 5_298).contains("TIME_SINCE_LAST_INTERVAL_START [ 298 ]"));
    }
}
