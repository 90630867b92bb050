//! Milliseconds since 1970 of the times that Vonage writes, all of them UTC.

use time::{Date, Month, Time};

/// `YYYY-MM-DD HH:MM:SS`.
pub(crate) fn from_timestamp(text: &str) -> Option<u64> {
    let (date, time) = text.trim().split_once([' ', 'T'])?;
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time.trim_end_matches('Z'), ':')?;
    unix_ms(year, [month, day, hour, minute, second])
}

fn numbers(text: &str, between: char) -> Option<[u16; 3]> {
    let mut numbers = text.split(between).map(|number| number.parse().ok());
    let all = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(all)
}

fn unix_ms(year: u16, rest: [u16; 5]) -> Option<u64> {
    let [month, day, hour, minute, second] = rest.map(|number| u8::try_from(number).ok());
    let date = Date::from_calendar_date(year.into(), Month::try_from(month?).ok()?, day?).ok()?;
    let time = Time::from_hms(hour?, minute?, second?).ok()?;
    let seconds = date.with_time(time).assume_utc().unix_timestamp();
    u64::try_from(seconds).ok()?.checked_mul(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let rows = [
            ("2026-08-20 08:15:30", Some(1_787_213_730_000)),
            ("1970-01-01 00:00:00", Some(0)),
            ("1969-12-31 23:59:59", None),
            ("2026-02-30 00:00:00", None),
            ("2026-08-20 08:15", None),
            ("2008201015", None),
            ("", None),
        ];
        for (text, instant) in rows {
            assert_eq!(from_timestamp(text), instant, "{text}");
        }
    }
}
