//! Long text in parts: how much one short message holds, and where encoded text may be cut.

use super::gsm::ESC;
use super::{Charset, Coding};

/// Octets of user data that a short message carries over the air (3GPP TS 23.040 §9.2.3.24).
pub(super) const AIR_OCTETS: usize = 140;

/// How many octets of `short_message` one part holds behind a user data header of `udh_octets` (its length octet counted; 0
/// for none).
///
/// Without a header 160 septets, 140 octets or 70 UCS-2 units; behind one of 6 octets 153, 134, 67. Characters of 7 bits
/// travel one to an octet in SMPP, so their number is that of the septets; an account whose septets are
/// [packed](super::septets) packs each part after the cut.
#[must_use]
pub const fn capacity(coding: Coding, udh_octets: usize) -> usize {
    let octets = AIR_OCTETS.saturating_sub(udh_octets);
    match coding {
        Coding::Text(Charset::Gsm | Charset::Ascii) => octets * 8 / 7,
        Coding::Text(Charset::Ucs2) => octets / 2 * 2,
        Coding::Text(Charset::Latin1 | Charset::Utf8 | Charset::Cyrillic | Charset::Hebrew)
        | Coding::Binary
        | Coding::Unsupported => octets,
    }
}

/// Cuts encoded text into parts of at most `octets_max`, never inside a character: an escape stays with its code, a
/// surrogate with its other half, a UTF-8 sequence whole. A single character longer than `octets_max` is a part of its own.
///
/// Empty text has no parts.
#[must_use]
pub const fn split(charset: Charset, encoded: &[u8], octets_max: usize) -> Parts<'_> {
    Parts {
        charset,
        rest: encoded,
        octets_max,
    }
}

/// The parts, in order.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    charset: Charset,
    rest: &'a [u8],
    octets_max: usize,
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let mut end = character_len(self.charset, self.rest);
        while let rest @ [_, ..] = &self.rest[end..] {
            let length = character_len(self.charset, rest);
            if end + length > self.octets_max {
                break;
            }
            end += length;
        }
        let (part, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(part)
    }
}

/// Octets of the first character of `text`, which is not empty; never more than there are.
fn character_len(charset: Charset, text: &[u8]) -> usize {
    let length = match (charset, text) {
        (Charset::Gsm, [ESC, ..]) => 2,
        (Charset::Ucs2, [0xD8..=0xDB, _, 0xDC..=0xDF, _, ..]) => 4,
        (Charset::Ucs2, _) => 2,
        (Charset::Utf8, [_, rest @ ..]) => 1 + rest.iter().take(3).take_while(|&&octet| octet & 0xC0 == 0x80).count(),
        _ => 1,
    };
    length.min(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::encode;
    use std::vec::Vec;
    use std::{format, vec};

    /// Lengths of the parts, in octets.
    fn lengths(charset: Charset, text: &str, octets_max: usize) -> Vec<usize> {
        let encoded = encode(charset, text).unwrap();
        let parts: Vec<&[u8]> = split(charset, &encoded, octets_max).collect();
        assert_eq!(parts.concat(), encoded, "nothing is lost");
        parts.iter().map(|part| part.len()).collect()
    }

    #[test]
    fn the_table_of_capacities() {
        let gsm = Coding::Text(Charset::Gsm);
        let ucs2 = Coding::Text(Charset::Ucs2);
        assert_eq!([0, 6, 7].map(|udh| capacity(gsm, udh)), [160, 153, 152]);
        assert_eq!([0, 6, 7].map(|udh| capacity(Coding::Binary, udh)), [140, 134, 133]);
        assert_eq!([0, 6, 7].map(|udh| capacity(ucs2, udh)), [70, 67, 66].map(|units| units * 2));
        assert_eq!(capacity(gsm, 200), 0);
    }

    #[test]
    fn plain_text_fills_every_part() {
        assert_eq!(lengths(Charset::Gsm, &"a".repeat(153), 153), [153]);
        assert_eq!(lengths(Charset::Gsm, &"a".repeat(154), 153), [153, 1]);
        assert_eq!(lengths(Charset::Ucs2, &"д".repeat(68), 134), [134, 2]);
        assert_eq!(lengths(Charset::Gsm, "", 153), vec![0; 0]);
    }

    #[test]
    fn an_escape_stays_with_its_code() {
        let text = format!("{}€b", "a".repeat(152));
        assert_eq!(lengths(Charset::Gsm, &text, 153), [152, 3]);
        assert_eq!(lengths(Charset::Gsm, &"€".repeat(80), 153), [152, 8]);
    }

    #[test]
    fn a_surrogate_stays_with_its_other_half() {
        let text = format!("{}\u{1F600}b", "a".repeat(66));
        assert_eq!(lengths(Charset::Ucs2, &text, 134), [132, 6]);
    }

    #[test]
    fn a_utf8_sequence_stays_whole() {
        assert_eq!(lengths(Charset::Utf8, "aaé\u{1F600}", 3), [2, 2, 4]);
    }

    #[test]
    fn parts_too_small_for_a_character_still_go_on() {
        assert_eq!(lengths(Charset::Ucs2, "\u{1F600}\u{1F600}", 0), [4, 4]);
        assert_eq!(lengths(Charset::Gsm, "€€", 1), [2, 2]);
    }

    #[test]
    fn text_cut_short_ends_where_it_ends() {
        let parts: Vec<&[u8]> = split(Charset::Gsm, &[0x41, ESC], 1).collect();
        assert_eq!(parts, [&[0x41][..], &[ESC][..]]);
        let parts: Vec<&[u8]> = split(Charset::Ucs2, &[0xD8, 0x3D, 0xDE], 2).collect();
        assert_eq!(parts, [&[0xD8, 0x3D][..], &[0xDE][..]]);
        let parts: Vec<&[u8]> = split(Charset::Utf8, "é".as_bytes(), 1).collect();
        assert_eq!(parts, [&[0xC3, 0xA9][..]]);
    }
}
