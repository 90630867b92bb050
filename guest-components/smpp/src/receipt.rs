//! The text of a delivery receipt (SMPP 3.4 appendix B): written so that the strictest known parser takes it, read as
//! tolerantly as the loosest.

pub use crate::message_state::MessageState;

use alloc::vec::Vec;

use crate::civil::{Civil, days_in};
use crate::time::{number, two_digits, year_of};

/// Characters of the message's text that a receipt repeats.
pub const TEXT_MAX: usize = 20;

/// The largest error that `err:` has room for.
const ERROR_MAX: u16 = 999;

/// What a receipt says when it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt<'a> {
    /// The id that the submit_sm_resp gave.
    pub id: &'a str,
    /// Milliseconds since 1970.
    pub submitted_ms: u64,
    /// Milliseconds since 1970.
    pub done_ms: u64,
    /// For `stat:` and `dlvrd:`.
    pub state: MessageState,
    /// For `err:`; what is above 999 shows as 999.
    pub error: u16,
    /// The beginning of the message's text, or nothing.
    pub text: &'a str,
}

impl Receipt<'_> {
    /// Appends the text, which is printable ASCII whatever the fields hold: dates in UTC, at most 20 characters of `text`, a `?`
    /// for each that is not ASCII and a space for each control character. An id must have no space in it.
    pub fn write(&self, out: &mut Vec<u8>) {
        let delivered = self.state == MessageState::DELIVERED;
        out.extend_from_slice(b"id:");
        out.extend_from_slice(self.id.as_bytes());
        out.extend_from_slice(b" sub:001 dlvrd:");
        out.extend_from_slice(if delivered { b"001" } else { b"000" });
        out.extend_from_slice(b" submit date:");
        write_date(out, self.submitted_ms);
        out.extend_from_slice(b" done date:");
        write_date(out, self.done_ms);
        out.extend_from_slice(b" stat:");
        out.extend_from_slice(self.state.stat().as_bytes());
        out.extend_from_slice(b" err:");
        let error = self.error.min(ERROR_MAX);
        out.push(b'0' + (error / 100) as u8);
        out.extend(two_digits((error % 100) as u8));
        out.extend_from_slice(b" text:");
        out.extend(self.text.chars().take(TEXT_MAX).map(printable));
    }
}

fn printable(character: char) -> u8 {
    match character {
        ' '..='~' => character as u8,
        _ if character.is_control() => b' ',
        _ => b'?',
    }
}

/// `YYMMDDhhmm`.
fn write_date(out: &mut Vec<u8>, unix_ms: u64) {
    let civil = Civil::at(unix_ms);
    for number in [
        civil.year.rem_euclid(100) as u8,
        civil.month,
        civil.day,
        civil.hour(),
        civil.minute(),
    ] {
        out.extend(two_digits(number));
    }
}

/// What the text of a receipt was found to say. Only the id and `stat:` are sure to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading<'a> {
    /// The id, as the sender writes it.
    pub id: &'a [u8],
    /// `sub:`, how many messages were submitted.
    pub submitted: Option<u16>,
    /// `dlvrd:`, how many of them were delivered.
    pub delivered: Option<u16>,
    /// `submit date:`, read as UTC; milliseconds since 1970.
    pub submitted_ms: Option<u64>,
    /// `done date:`, read as UTC; milliseconds since 1970.
    pub done_ms: Option<u64>,
    /// `stat:` as it is.
    pub stat: &'a [u8],
    /// The state that `stat:` means, if it is one that SMPP has.
    pub state: Option<MessageState>,
    /// `err:` as it is; empty when it is missing.
    pub error: &'a [u8],
    /// What follows `text:`, whatever it is; empty when it is missing.
    pub text: &'a [u8],
}

/// What the text of a receipt says; `None` when it has no `id:` or no `stat:`. The fields may come in any order and case, and
/// any but those may be missing; `text:` is the last.
#[must_use]
pub fn parse(text: &[u8]) -> Option<Reading<'_>> {
    let (fields, text) = match find(text, b"text:") {
        Some(at) => (&text[..at], &text[at + b"text:".len()..]),
        None => (text, &[][..]),
    };
    let id = value(fields, b"id:").filter(|id| !id.is_empty())?;
    let stat = value(fields, b"stat:").filter(|stat| !stat.is_empty())?;
    Some(Reading {
        id,
        submitted: value(fields, b"sub:").and_then(count),
        delivered: value(fields, b"dlvrd:").and_then(count),
        submitted_ms: value(fields, b"submit date:").and_then(date),
        done_ms: value(fields, b"done date:").and_then(date),
        stat,
        state: MessageState::from_stat(stat),
        error: value(fields, b"err:").unwrap_or_default(),
        text,
    })
}

/// Where `key` stands: at the start or behind a blank.
fn find(fields: &[u8], key: &[u8]) -> Option<usize> {
    (0..fields.len()).find(|&at| {
        let at_a_word = at == 0 || fields[at - 1].is_ascii_whitespace();
        at_a_word
            && fields[at..]
                .get(..key.len())
                .is_some_and(|found| found.eq_ignore_ascii_case(key))
    })
}

/// What follows `key`, up to a blank.
fn value<'a>(fields: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let value = &fields[find(fields, key)? + key.len()..];
    let end = value.iter().position(u8::is_ascii_whitespace).unwrap_or(value.len());
    Some(&value[..end])
}

fn count(digits: &[u8]) -> Option<u16> {
    core::str::from_utf8(digits).ok()?.parse().ok()
}

/// `YYMMDDhhmm`, `YYMMDDhhmmss` or `YYYYMMDDhhmmss`.
fn date(digits: &[u8]) -> Option<u64> {
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    let mut numbers = [0; 7];
    for (place, &pair) in numbers.get_mut(..pairs.len())?.iter_mut().zip(pairs) {
        *place = number(pair)?;
    }
    let (year, [month, day, hour, minute, second]) = match (pairs.len(), numbers) {
        (5 | 6, [year, rest @ .., _]) => (year_of(year), rest),
        (7, [century, year, rest @ ..]) => (i64::from(century) * 100 + i64::from(year), rest),
        _ => return None,
    };
    let in_calendar = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    if !in_calendar || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let ms = ((u32::from(hour) * 60 + u32::from(minute)) * 60 + u32::from(second)) * 1000;
    u64::try_from(Civil { year, month, day, ms }.unix_ms()).ok()
}

#[cfg(test)]
mod strict;

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    /// 2026-01-02 15:04:05 UTC.
    const T: u64 = 1_767_366_245_000;
    /// The same to the minute.
    const T_MINUTE: u64 = T - 5000;

    const RECEIPT: Receipt<'_> = Receipt {
        id: "20250",
        submitted_ms: T,
        done_ms: T + 60_000,
        state: MessageState::DELIVERED,
        error: 0,
        text: "Hi",
    };

    fn written(receipt: Receipt<'_>) -> String {
        let mut out = Vec::new();
        receipt.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn written_as_the_golden_vector() {
        assert_eq!(
            written(RECEIPT),
            "id:20250 sub:001 dlvrd:001 submit date:2601021504 done date:2601021505 stat:DELIVRD err:000 text:Hi"
        );
    }

    #[test]
    fn written_of_a_failure() {
        let failed = Receipt {
            state: MessageState::UNDELIVERABLE,
            error: 64,
            text: "",
            ..RECEIPT
        };
        assert_eq!(
            written(failed),
            "id:20250 sub:001 dlvrd:000 submit date:2601021504 done date:2601021505 stat:UNDELIV err:064 text:"
        );
    }

    #[test]
    fn text_is_short_and_printable() {
        let text = "a\r\nb€\u{1F600}é\0~ 0123456789012345";
        assert!(written(Receipt { text, ..RECEIPT }).ends_with(" text:a  b??? ~ 0123456789"));
    }

    #[test]
    fn errors_have_three_digits() {
        assert!(written(Receipt { error: 999, ..RECEIPT }).contains(" err:999 "));
        assert!(written(Receipt { error: 1000, ..RECEIPT }).contains(" err:999 "));
        assert!(
            written(Receipt {
                error: u16::MAX,
                ..RECEIPT
            })
            .contains(" err:999 ")
        );
    }

    #[test]
    fn what_is_written_is_read() {
        let text = written(RECEIPT);
        let expected = Reading {
            id: b"20250",
            submitted: Some(1),
            delivered: Some(1),
            submitted_ms: Some(T_MINUTE),
            done_ms: Some(T_MINUTE + 60_000),
            stat: b"DELIVRD",
            state: Some(MessageState::DELIVERED),
            error: b"000",
            text: b"Hi",
        };
        assert_eq!(parse(text.as_bytes()), Some(expected));
    }

    #[test]
    fn read_in_any_order_and_case_with_fields_missing() {
        let reading = parse(b"STAT:undeliv ID:4f1a-B Done Date:20260102150405 err:0A1").unwrap();
        assert_eq!(
            (reading.id, reading.state),
            (&b"4f1a-B"[..], Some(MessageState::UNDELIVERABLE))
        );
        assert_eq!((reading.done_ms, reading.submitted_ms), (Some(T), None));
        assert_eq!((reading.submitted, reading.delivered), (None, None));
        assert_eq!((reading.error, reading.text), (&b"0A1"[..], &b""[..]));
    }

    #[test]
    fn read_text_may_look_like_a_receipt() {
        let reading = parse(b"id:1 stat:EXPIRED Text:id:2 stat:DELIVRD text: x").unwrap();
        assert_eq!((reading.id, reading.state), (&b"1"[..], Some(MessageState::EXPIRED)));
        assert_eq!(reading.text, b"id:2 stat:DELIVRD text: x");
    }

    #[test]
    fn read_dates_of_10_12_and_14_digits() {
        assert_eq!(date(b"2601021504"), Some(T_MINUTE));
        assert_eq!(date(b"260102150405"), Some(T));
        assert_eq!(date(b"20260102150405"), Some(T));
        for bad in [
            &b""[..],
            b"26010215",
            b"260102150",
            b"0000000000",
            b"2602301504",
            b"2601022404",
            b"26010215o4",
            b"2026010215040500",
        ] {
            assert_eq!(date(bad), None, "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn a_state_of_its_own_is_kept_as_it_is() {
        let reading = parse(b"id:1 stat:SENDING").unwrap();
        assert_eq!((reading.stat, reading.state), (&b"SENDING"[..], None));
    }

    #[test]
    fn what_is_no_receipt() {
        for text in [
            &b""[..],
            b"hello",
            b"id:1",
            b"stat:DELIVRD",
            b"id: stat:DELIVRD",
            b"paid:1 stat:DELIVRD",
            b"text:id:1 stat:DELIVRD",
        ] {
            assert_eq!(parse(text), None, "{}", text.escape_ascii());
        }
    }
}
