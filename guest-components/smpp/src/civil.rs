//! The calendar: milliseconds since 1970 to year, month, day and back, in the proleptic Gregorian calendar, always UTC.

const DAY_MS: i64 = 86_400_000;
/// The last millisecond of the year 9999: far from where the arithmetic would overflow.
const LAST_MS: u64 = 253_402_300_799_999;

/// A clock reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: u8,
    /// 1 to 31.
    pub(crate) day: u8,
    /// Milliseconds since midnight.
    pub(crate) ms: u32,
}

impl Civil {
    /// The reading at a time; the clock stands still at the end of the year 9999.
    pub(crate) fn at(unix_ms: u64) -> Self {
        let unix_ms = unix_ms.min(LAST_MS) as i64;
        let (year, month, day) = date_of(unix_ms.div_euclid(DAY_MS));
        Self {
            year,
            month,
            day,
            ms: unix_ms.rem_euclid(DAY_MS) as u32,
        }
    }

    /// The time of this reading, negative before 1970.
    pub(crate) fn unix_ms(&self) -> i64 {
        day_number(self.year, self.month, self.day) * DAY_MS + i64::from(self.ms)
    }

    pub(crate) fn hour(&self) -> u8 {
        (self.ms / 3_600_000) as u8
    }

    pub(crate) fn minute(&self) -> u8 {
        (self.ms / 60_000 % 60) as u8
    }

    pub(crate) fn second(&self) -> u8 {
        (self.ms / 1000 % 60) as u8
    }

    pub(crate) fn tenth(&self) -> u8 {
        (self.ms / 100 % 10) as u8
    }

    /// So many months later, on the same day or the month's last.
    pub(crate) fn plus_months(self, months: u32) -> Self {
        let count = self.year * 12 + i64::from(self.month - 1) + i64::from(months);
        let (year, month) = (count.div_euclid(12), count.rem_euclid(12) as u8 + 1);
        Self {
            year,
            month,
            day: self.day.min(days_in(year, month)),
            ..self
        }
    }
}

/// Days of a month.
pub(crate) const fn days_in(year: i64, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days of 400 years, after which the calendar repeats.
const ERA_DAYS: i64 = 146_097;
/// From the first of March of year 0 to the first of January 1970.
const EPOCH_DAYS: i64 = 719_468;

/// Days since 1970-01-01. Years are counted from March, so that the leap day is a year's last.
fn day_number(year: i64, month: u8, day: u8) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = i64::from((month + 9) % 12);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    year.div_euclid(400) * ERA_DAYS + day_of_era - EPOCH_DAYS
}

/// The inverse of [`day_number`].
fn date_of(day_number: i64) -> (i64, u8, u8) {
    let days = day_number + EPOCH_DAYS;
    let day_of_era = days.rem_euclid(ERA_DAYS);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u8;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    } as u8;
    let year = days.div_euclid(ERA_DAYS) * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_dates() {
        for (year, month, day, seconds) in [
            (1970, 1, 1, 0),
            (2000, 2, 29, 951_782_400),
            (2000, 3, 1, 951_868_800),
            (2001, 9, 9, 999_993_600),
            (2026, 1, 2, 1_767_312_000),
            (2037, 12, 31, 2_145_830_400),
            (2100, 3, 1, 4_107_542_400),
        ] {
            let civil = Civil { year, month, day, ms: 0 };
            assert_eq!(civil.unix_ms(), seconds * 1000, "{civil:?}");
            assert_eq!(Civil::at(seconds as u64 * 1000), civil);
        }
        assert_eq!(
            Civil {
                year: 1938,
                month: 1,
                day: 1,
                ms: 0
            }
            .unix_ms(),
            -1_009_843_200_000
        );
    }

    #[test]
    fn every_day_of_eight_centuries_follows_the_one_before() {
        let mut number = day_number(1600, 1, 1);
        for year in 1600..2400 {
            for month in 1..=12 {
                for day in 1..=days_in(year, month) {
                    assert_eq!(day_number(year, month, day), number);
                    assert_eq!(date_of(number), (year, month, day));
                    number += 1;
                }
            }
        }
    }

    #[test]
    fn a_clock_reading() {
        let civil = Civil::at(1_767_366_245_678);
        assert_eq!((civil.hour(), civil.minute(), civil.second(), civil.tenth()), (15, 4, 5, 6));
        assert_eq!(civil.unix_ms(), 1_767_366_245_678);
        let last = Civil::at(u64::MAX);
        assert_eq!(
            (last.year, last.month, last.day, last.hour(), last.second()),
            (9999, 12, 31, 23, 59)
        );
    }

    #[test]
    fn months_end_where_they_end() {
        let january_31 = Civil {
            year: 2027,
            month: 1,
            day: 31,
            ms: 5,
        };
        assert_eq!(
            january_31.plus_months(1),
            Civil {
                year: 2027,
                month: 2,
                day: 28,
                ms: 5
            }
        );
        assert_eq!(
            january_31.plus_months(13),
            Civil {
                year: 2028,
                month: 2,
                day: 29,
                ms: 5
            }
        );
        assert_eq!(
            january_31.plus_months(11),
            Civil {
                year: 2027,
                month: 12,
                day: 31,
                ms: 5
            }
        );
        assert_eq!(january_31.plus_months(0), january_31);
    }
}
