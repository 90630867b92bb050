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

/// A schedule_delivery_time, validity_period or final_date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Time {
    /// Left to the message centre; empty on the wire.
    #[default]
    None,
    /// A time of the calendar.
    Absolute(Absolute),
    /// So much later than the message centre's clock.
    Relative(Relative),
}

/// A time of the calendar, to the tenth of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absolute(Fields);

/// A span of years, months, days, hours, minutes and seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relative(Fields);

impl Time {
    /// The time of these characters.
    ///
    /// The numbers of a relative time (`R`) are as they are, even 90 seconds, since clients fill them so; its tenths and
    /// offset are ignored.
    ///
    /// # Errors
    /// They are neither none nor 16, or no time. The peer is to blame; what follows is the field's own status.
    pub fn parse(characters: &[u8]) -> Result<Self, BadTime> {
        if characters.is_empty() {
            return Ok(Self::None);
        }
        let fields = Fields::read(characters)?;
        match fields.sign {
            b'R' => Ok(Self::Relative(Relative(fields))),
            _ => fields.checked().map(|fields| Self::Absolute(Absolute(fields))),
        }
    }

    /// The time of the calendar at `unix_ms`, in UTC; `None` when its year has no two digits (it is after 2037).
    #[must_use]
    pub fn at(unix_ms: u64) -> Option<Self> {
        let civil = Civil::at(unix_ms);
        let has_two_digits = civil.year < 2000 + i64::from(YEAR_WINDOW);
        has_two_digits.then(|| {
            Self::Absolute(Absolute(Fields {
                year: civil.year.rem_euclid(100) as u8,
                month: civil.month,
                day: civil.day,
                hour: civil.hour(),
                minute: civil.minute(),
                second: civil.second(),
                tenth: civil.tenth(),
                offset: 0,
                sign: b'+',
            }))
        })
    }

    /// This time in milliseconds since 1970, by a clock that shows `now_ms`.
    #[must_use]
    pub fn unix_ms(self, now_ms: u64) -> Option<u64> {
        match self {
            Self::None => None,
            Self::Absolute(time) => Some(time.unix_ms()),
            Self::Relative(span) => Some(span.after(now_ms)),
        }
    }

    /// Its 16 characters, if it has any.
    #[must_use]
    pub fn characters(self) -> Option<[u8; TIME_LEN]> {
        match self {
            Self::None => None,
            Self::Absolute(Absolute(fields)) | Self::Relative(Relative(fields)) => Some(fields.characters()),
        }
    }

    /// Octets on the wire, with the NUL.
    pub(crate) const fn wire_len(self) -> usize {
        match self {
            Self::None => 1,
            Self::Absolute(_) | Self::Relative(_) => TIME_LEN + 1,
        }
    }
}

impl Absolute {
    /// This time in milliseconds since 1970. What lies before 1970 is 0.
    #[must_use]
    pub fn unix_ms(self) -> u64 {
        self.0.absolute()
    }
}

impl Relative {
    /// The time so much later than `now_ms`: years and months by the calendar, then the rest.
    #[must_use]
    pub fn after(self, now_ms: u64) -> u64 {
        self.0.after(now_ms)
    }
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

/// The numbers of a time, each below 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    /// The same, if it is a time on the calendar and the clock.
    fn checked(self) -> Result<Self, BadTime> {
        let year = year_of(self.year);
        let in_calendar = (1..=12).contains(&self.month) && (1..=days_in(year, self.month)).contains(&self.day);
        let on_clock = self.hour < 24 && self.minute < 60 && self.second < 60;
        if in_calendar && on_clock && self.offset <= OFFSET_MAX {
            Ok(self)
        } else {
            Err(BadTime::OutOfRange)
        }
    }

    fn characters(&self) -> [u8; TIME_LEN] {
        let mut characters = [0; TIME_LEN];
        let numbers = [self.year, self.month, self.day, self.hour, self.minute, self.second];
        for (place, number) in characters.as_chunks_mut::<2>().0.iter_mut().zip(numbers) {
            *place = two_digits(number);
        }
        let [quarter_tens, quarter_ones] = two_digits(self.offset);
        characters[12..].copy_from_slice(&[b'0' + self.tenth, quarter_tens, quarter_ones, self.sign]);
        characters
    }

    fn absolute(&self) -> u64 {
        let reading = Civil {
            year: year_of(self.year),
            month: self.month,
            day: self.day,
            ms: self.clock_ms() + u32::from(self.tenth) * 100,
        }
        .unix_ms();
        let ahead = i64::from(self.offset) * QUARTER_MS;
        let utc = if self.sign == b'+' { reading - ahead } else { reading + ahead };
        u64::try_from(utc).unwrap_or(0)
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

    fn parse(characters: &[u8], now_ms: u64) -> Result<Option<u64>, BadTime> {
        Time::parse(characters).map(|time| time.unix_ms(now_ms))
    }

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
            Time::at(T + 678).and_then(Time::characters).as_ref(),
            Some(b"260102150405600+")
        );
        for unix_ms in [0, T, T + 900, 2_145_916_799_900] {
            assert_eq!(Time::at(unix_ms).unwrap().unix_ms(0), Some(unix_ms));
        }
        assert_eq!(Time::at(2_145_916_800_000), None, "2038 has no two digits");
        for characters in [b"260102150405004-", b"000000000090012R"] {
            assert_eq!(Time::parse(characters).unwrap().characters().as_ref(), Some(characters));
        }
        assert_eq!(Time::None.characters(), None);
    }
}
