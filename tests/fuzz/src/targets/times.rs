//! The 16 characters of a time, against a calendar that counts days one by one.

use edgebind_smpp::time::Time;

use super::tape::Tape;
use crate::{memory, target::Target};

/// The first eight octets are the clock, the rest the characters.
pub(crate) const TARGET: Target = Target {
    name: "times",
    run,
    seeds,
    octets_max: 32,
};

const DAY_MS: u64 = 86_400_000;

/// The end of the year 9999, where the clock stands still.
const CLOCK_MS_MAX: u64 = 253_402_300_799_999;

/// The most that years, months, days, hours, minutes and seconds of two digits come to, and a little.
const SPAN_MS_MAX: u64 = (100 * 366 + 100 * 31 + 100 + 6) * DAY_MS;

fn run(input: &[u8]) {
    let mut tape = Tape::new(input);
    let now = u64::from(tape.u32()) << 32 | u64::from(tape.u32());
    let characters = tape.all();
    let (time, asked) = memory::of(|| Time::parse(characters));
    assert_eq!(asked.times, 0, "reading allocates nothing");
    match time {
        Ok(time) => {
            let again = time.characters();
            let again = again.as_ref().map_or(&[][..], <[u8; 16]>::as_slice);
            assert_eq!(Time::parse(again), Ok(time), "what is written is read");
            taken(time, characters, now);
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert_eq!(absolute(characters), None, "{}: {error}", characters.escape_ascii());
        }
    }
    if let Some(time) = Time::at(now) {
        assert_eq!(time.unix_ms(0), Some(now / 100 * 100), "a tenth of a second is the finest");
    }
}

fn taken(time: Time, characters: &[u8], now: u64) {
    match time {
        Time::None => assert!(characters.is_empty()),
        Time::Absolute(_) => {
            let expected = absolute(characters).map(|ms| u64::try_from(ms).unwrap_or(0));
            assert_eq!(time.unix_ms(now), expected, "{}", characters.escape_ascii());
        }
        Time::Relative(_) => {
            assert_eq!(characters.last(), Some(&b'R'));
            let then = time.unix_ms(now).expect("a span ends at some time");
            let now = now.min(CLOCK_MS_MAX);
            assert!(
                then >= now && then - now <= SPAN_MS_MAX,
                "{now} + {}",
                characters.escape_ascii()
            );
        }
    }
}

/// Milliseconds since 1970 by SMPP 3.4 §7.1.1.1; `None` when the characters are no time of the calendar.
fn absolute(characters: &[u8]) -> Option<i64> {
    let [digits @ .., sign] = characters else { return None };
    let ahead = match sign {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    if digits.len() != 15 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let pair = |at: usize| i64::from(digits[at] - b'0') * 10 + i64::from(digits[at + 1] - b'0');
    let (month, day, hour, minute, second, quarters) = (pair(2), pair(4), pair(6), pair(8), pair(10), pair(13));
    let year = pair(0) + if pair(0) < 38 { 2000 } else { 1900 };
    let leap = |year: i64| year % 4 == 0 && year != 1900;
    let month_days = |year, month| match month {
        2 => 28 + i64::from(leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let exists = (1..=12).contains(&month) && (1..=month_days(year, month)).contains(&day);
    if !exists || hour > 23 || minute > 59 || second > 59 || quarters > 48 {
        return None;
    }
    let year_days = |year| 365 + i64::from(leap(year));
    let years: i64 = if year < 1970 {
        -(year..1970).map(year_days).sum::<i64>()
    } else {
        (1970..year).map(year_days).sum()
    };
    let days = years + (1..month).map(|month| month_days(year, month)).sum::<i64>() + day - 1;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second - ahead * quarters * 900;
    Some(seconds * 1000 + i64::from(digits[12] - b'0') * 100)
}

fn seeds() -> Vec<Vec<u8>> {
    let clocks = [1_767_366_245_000_u64, 0, u64::MAX, 2_145_916_799_900];
    let texts = [
        "",
        "260102150405000+",
        "000229235959948-",
        "380101000000000+",
        "700101000000004+",
        "000000010000000R",
        "991299999999999R",
        "2601021504050+",
    ];
    let seeds = clocks
        .iter()
        .flat_map(|clock| texts.map(|text| [&clock.to_be_bytes()[..], text.as_bytes()].concat()));
    seeds.collect()
}
