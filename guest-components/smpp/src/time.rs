//! The 16 characters of schedule_delivery_time and validity_period: `YYMMDDhhmmsstnnp` (SMPP 3.4 §7.1.1).

use core::fmt;

use crate::civil::{Civil, days_in};

/// Characters of a time that is not empty.
pub const TIME_LEN: usize = 16;

/// Two-digit years below this are 20xx, the others 19xx (SMPP 3.4 appendix C).
const YEAR_WINDOW: u8 = 38;
/// Quarters of an hour that a clock may be ahead of UTC, or behind.
const OFFSET_MAX: u8 = 48;
const QUARTER_MS: i64 = 15 * 60 * 1000;

/// The time that `time` names, in milliseconds since 1970; `None` when it is empty. What lies before 1970 is 0.
///
/// A relative time (`R`) counts from `now_ms`: its years and months by the calendar, its other numbers as they are, even 90
/// seconds, since clients fill them so; its tenths and offset are ignored.
///
/// # Errors
/// It is neither empty nor 16 characters, or they are no time. The peer is to blame; what follows is the field's own status.
pub fn parse(time: &[u8], now_ms: u64) -> Result<Option<u64>, BadTime> {
    if time.is_empty() {
        return Ok(None);
    }
    let fields = Fields::read(time)?;
    match fields.sign {
        b'R' => Ok(Some(fields.after(now_ms))),
        _ => fields.absolute().map(Some),
    }
}

/// `unix_ms` in UTC, to the tenth of a second; `None` when its year has no two digits (it is after 2037).
#[must_use]
pub fn format(unix_ms: u64) -> Option<[u8; TIME_LEN]> {
    let civil = Civil::at(unix_ms);
    if civil.year >= 2000 + i64::from(YEAR_WINDOW) {
        return None;
    }
    let mut time = *b"000000000000000+";
    let numbers = [
        civil.year.rem_euclid(100) as u8,
        civil.month,
        civil.day,
        civil.hour(),
        civil.minute(),
        civil.second(),
    ];
    for (place, number) in time.as_chunks_mut::<2>().0.iter_mut().zip(numbers) {
        *place = two_digits(number);
    }
    time[12] = b'0' + civil.tenth();
    Some(time)
}

/// The two digits of a number below 100.
pub(crate) const fn two_digits(number: u8) -> [u8; 2] {
    [b'0' + number / 10 % 10, b'0' + number % 10]
}

/// The number that two digits are.
pub(crate) fn number([tens, ones]: [u8; 2]) -> Option<u8> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| (tens - b'0') * 10 + (ones - b'0'))
}

/// The year that two digits mean.
pub(crate) fn year_of(two_digits: u8) -> i64 {
    i64::from(two_digits) + if two_digits < YEAR_WINDOW { 2000 } else { 1900 }
}

/// The numbers of a time, each below 100 and otherwise unchecked.
struct Fields {
    year: u8,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    tenth: u8,
    /// Quarters of an hour.
    offset: u8,
    /// `+`, `-` or `R`.
    sign: u8,
}

impl Fields {
    fn read(time: &[u8]) -> Result<Self, BadTime> {
        let time: &[u8; TIME_LEN] = time.try_into().map_err(|_| BadTime::Length(time.len()))?;
        let at = |place: usize| number([time[place], time[place + 1]]).ok_or(BadTime::NoDigit);
        let tenth = number([b'0', time[12]]).ok_or(BadTime::NoDigit)?;
        let sign = time[15];
        if !matches!(sign, b'+' | b'-' | b'R') {
            return Err(BadTime::Sign);
        }
        Ok(Self {
            year: at(0)?,
            month: at(2)?,
            day: at(4)?,
            hour: at(6)?,
            minute: at(8)?,
            second: at(10)?,
            tenth,
            offset: at(13)?,
            sign,
        })
    }

    /// Milliseconds of hours, minutes and seconds; more than a day's where the numbers say so.
    fn clock_ms(&self) -> u32 {
        ((u32::from(self.hour) * 60 + u32::from(self.minute)) * 60 + u32::from(self.second)) * 1000
    }

    fn absolute(&self) -> Result<u64, BadTime> {
        let year = year_of(self.year);
        let in_calendar = (1..=12).contains(&self.month) && (1..=days_in(year, self.month)).contains(&self.day);
        let on_clock = self.hour < 24 && self.minute < 60 && self.second < 60;
        if !in_calendar || !on_clock || self.offset > OFFSET_MAX {
            return Err(BadTime::OutOfRange);
        }
        let ms = self.clock_ms() + u32::from(self.tenth) * 100;
        let reading = Civil {
            year,
            month: self.month,
            day: self.day,
            ms,
        }
        .unix_ms();
        let ahead = i64::from(self.offset) * QUARTER_MS;
        let utc = if self.sign == b'+' { reading - ahead } else { reading + ahead };
        Ok(u64::try_from(utc).unwrap_or(0))
    }

    fn after(&self, now_ms: u64) -> u64 {
        let months = u32::from(self.year) * 12 + u32::from(self.month);
        let moved = Civil::at(now_ms).plus_months(months).unix_ms();
        let rest_ms = u64::from(self.day) * 86_400_000 + u64::from(self.clock_ms());
        u64::try_from(moved).unwrap_or(0).saturating_add(rest_ms)
    }
}

/// Why characters are no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadTime {
    /// Neither 0 nor 16 characters.
    Length(usize),
    /// Something else where a digit belongs.
    NoDigit,
    /// The last character is none of `+`, `-`, `R`.
    Sign,
    /// No such date, time of day or offset.
    OutOfRange,
}

impl fmt::Display for BadTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(length) => write!(f, "time has {length} characters, not 0 or 16"),
            Self::NoDigit => f.write_str("time has something else where a digit belongs"),
            Self::Sign => f.write_str("time ends in none of +, -, R"),
            Self::OutOfRange => f.write_str("time is on no calendar or clock"),
        }
    }
}

impl core::error::Error for BadTime {}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-02 15:04:05 UTC.
    const T: u64 = 1_767_366_245_000;
    const HOUR: u64 = 3_600_000;
    const DAY: u64 = 24 * HOUR;

    #[test]
    fn absolute() {
        for (time, expected) in [
            ("260102150405000+", T),
            ("260102150405000-", T),
            ("260102150405700+", T + 700),
            ("260102150405004+", T - HOUR),
            ("260102150405004-", T + HOUR),
            ("260102150405048-", T + 12 * HOUR),
            ("000101000000000+", 946_684_800_000),
            ("371231235959900+", 2_145_916_799_900),
            ("380101000000000+", 0),
            ("700101000000000+", 0),
            ("700101010000000+", HOUR),
            ("991231235959000+", 946_684_799_000),
            ("240229000000000+", 1_709_164_800_000),
        ] {
            assert_eq!(parse(time.as_bytes(), 0), Ok(Some(expected)), "{time}");
        }
    }

    #[test]
    fn relative() {
        for (time, expected) in [
            ("000000000000000R", T),
            ("000000010000000R", T + HOUR),
            ("000007000000000R", T + 7 * DAY),
            ("000000000090000R", T + 90_000),
            ("000100000000000R", T + 31 * DAY),
            ("010000000000000R", T + 365 * DAY),
            ("000000010000999R", T + HOUR),
            // 2028-07-13 14:38:34: years and months first, then the rest.
            ("020610233429000R", 1_847_111_914_000),
        ] {
            assert_eq!(parse(time.as_bytes(), T), Ok(Some(expected)), "{time}");
        }
        assert!(parse(b"999999999999000R", u64::MAX).unwrap().is_some());
    }

    #[test]
    fn empty_is_no_time() {
        assert_eq!(parse(b"", T), Ok(None));
    }

    #[test]
    fn what_is_no_time() {
        for (time, expected) in [
            ("2601021504050+", BadTime::Length(14)),
            ("260102150405000+0", BadTime::Length(17)),
            ("2601021504o5000+", BadTime::NoDigit),
            ("260102150405x00+", BadTime::NoDigit),
            ("2601021504050 0+", BadTime::NoDigit),
            ("260102150405000Z", BadTime::Sign),
            ("260102150405000r", BadTime::Sign),
            ("260002150405000+", BadTime::OutOfRange),
            ("261302150405000+", BadTime::OutOfRange),
            ("260100150405000+", BadTime::OutOfRange),
            ("260229150405000+", BadTime::OutOfRange),
            ("260102240405000+", BadTime::OutOfRange),
            ("260102156005000+", BadTime::OutOfRange),
            ("260102150460000+", BadTime::OutOfRange),
            ("260102150405049+", BadTime::OutOfRange),
        ] {
            assert_eq!(parse(time.as_bytes(), T), Err(expected), "{time}");
        }
    }

    #[test]
    fn formatted_and_parsed_alike() {
        assert_eq!(
            format(T + 678).as_ref().map(<[u8; 16]>::as_slice),
            Some(&b"260102150405600+"[..])
        );
        for unix_ms in [0, T, T + 900, 2_145_916_799_900] {
            assert_eq!(parse(&format(unix_ms).unwrap(), 0), Ok(Some(unix_ms)));
        }
        assert_eq!(format(2_145_916_800_000), None, "2038 has no two digits");
    }
}
