//! Character sets: from octets to text and back.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::national::Shifts;
use super::{Alphabet, gsm, iso8859};
use crate::DataCoding;

/// A character set that text can be decoded from and encoded in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// GSM 03.38 with its extension table, one septet per octet.
    Gsm,
    /// ISO 8859-1.
    Latin1,
    /// ASCII.
    Ascii,
    /// UTF-8.
    Utf8,
    /// UTF-16, big-endian: what SMPP calls UCS-2 and clients fill with surrogate pairs.
    Ucs2,
    /// ISO 8859-5.
    Cyrillic,
    /// ISO 8859-8, in logical order.
    Hebrew,
}

/// Octets that are no text of their character set. The peer is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// How many octets there are; an odd number.
    pub length: usize,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} octets are no UCS-2 text", self.length)
    }
}

impl core::error::Error for Malformed {}

/// The text that `octets` are in `charset`. What has no meaning there becomes U+FFFD; a byte order mark before UCS-2 is dropped.
///
/// # Errors
/// An odd number of octets of UCS-2: half a character is missing, and it cannot be known which.
pub fn decode(charset: Charset, octets: &[u8]) -> Result<String, Malformed> {
    match charset {
        Charset::Gsm => Ok(gsm::decode(octets, Shifts::NONE)),
        Charset::Latin1 => Ok(octets.iter().copied().map(char::from).collect()),
        Charset::Ascii => Ok(eight_bits(octets, |octet| octet.is_ascii().then_some(char::from(octet)))),
        Charset::Utf8 => Ok(String::from_utf8_lossy(octets).into_owned()),
        Charset::Ucs2 => decode_ucs2(octets),
        Charset::Cyrillic => Ok(eight_bits(octets, iso8859::cyrillic)),
        Charset::Hebrew => Ok(eight_bits(octets, iso8859::hebrew)),
    }
}

fn eight_bits(octets: &[u8], charset: fn(u8) -> Option<char>) -> String {
    let characters = octets.iter().map(|&octet| charset(octet));
    characters
        .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

fn decode_ucs2(octets: &[u8]) -> Result<String, Malformed> {
    let (units, []) = octets.as_chunks::<2>() else {
        return Err(Malformed { length: octets.len() });
    };
    let units = match units {
        [[0xFE, 0xFF], text @ ..] => text,
        text => text,
    };
    let units = units.iter().copied().map(u16::from_be_bytes);
    let mut text = String::with_capacity(octets.len());
    text.extend(char::decode_utf16(units).map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER)));
    Ok(text)
}

/// `text` in `charset`, or `None` when a character has no place in it.
#[must_use]
pub fn encode(charset: Charset, text: &str) -> Option<Vec<u8>> {
    match charset {
        Charset::Gsm => gsm::encode(text),
        Charset::Latin1 => text.chars().map(|character| u8::try_from(character).ok()).collect(),
        Charset::Ascii => text.is_ascii().then(|| text.as_bytes().to_vec()),
        Charset::Utf8 => Some(text.as_bytes().to_vec()),
        Charset::Ucs2 => Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        Charset::Cyrillic => text
            .chars()
            .map(|character| iso8859::octet(iso8859::cyrillic, character))
            .collect(),
        Charset::Hebrew => text
            .chars()
            .map(|character| iso8859::octet(iso8859::hebrew, character))
            .collect(),
    }
}

/// Whether every character of `text` has a place in `charset`.
#[must_use]
pub fn fits(charset: Charset, text: &str) -> bool {
    match charset {
        Charset::Gsm => text.chars().all(gsm::has),
        Charset::Latin1 => text.chars().all(|character| u8::try_from(character).is_ok()),
        Charset::Ascii => text.is_ascii(),
        Charset::Utf8 | Charset::Ucs2 => true,
        Charset::Cyrillic => text
            .chars()
            .all(|character| iso8859::octet(iso8859::cyrillic, character).is_some()),
        Charset::Hebrew => text
            .chars()
            .all(|character| iso8859::octet(iso8859::hebrew, character).is_some()),
    }
}

/// The data_coding and character set to write `text` in: the peer's default alphabet if it has every character, UCS-2 otherwise.
#[must_use]
pub fn choose(default: Alphabet, text: &str) -> (DataCoding, Charset) {
    let charset = default.charset();
    if fits(charset, text) {
        (DataCoding::DEFAULT, charset)
    } else {
        (DataCoding::UCS2, Charset::Ucs2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn ucs2_there_and_back() {
        let octets = [0x00, 0x48, 0x20, 0xAC, 0xD8, 0x3D, 0xDE, 0x00];
        assert_eq!(decode(Charset::Ucs2, &octets).unwrap(), "H€\u{1F600}");
        assert_eq!(encode(Charset::Ucs2, "H€\u{1F600}").unwrap(), octets);
    }

    #[test]
    fn ucs2_as_peers_send_it() {
        assert_eq!(decode(Charset::Ucs2, &[0xFE, 0xFF, 0x00, 0x48]).unwrap(), "H");
        assert_eq!(
            decode(Charset::Ucs2, &[0x00, 0x48, 0xFE, 0xFF]).unwrap(),
            "H\u{FEFF}",
            "only a leading one"
        );
        assert_eq!(decode(Charset::Ucs2, &[0xD8, 0x3D, 0x00, 0x48]).unwrap(), "\u{FFFD}H");
        assert_eq!(decode(Charset::Ucs2, &[0xDE, 0x00]).unwrap(), "\u{FFFD}");
        let error = decode(Charset::Ucs2, &[0x00, 0x48, 0x00]).unwrap_err();
        assert_eq!(error.to_string(), "3 octets are no UCS-2 text");
    }

    #[test]
    fn eight_bits_there_and_back() {
        assert_eq!(decode(Charset::Latin1, b"caf\xE9").unwrap(), "café");
        assert_eq!(encode(Charset::Latin1, "café").unwrap(), b"caf\xE9");
        assert_eq!(encode(Charset::Latin1, "€"), None);
        assert_eq!(decode(Charset::Ascii, b"caf\xE9").unwrap(), "caf\u{FFFD}");
        assert_eq!(encode(Charset::Ascii, "caf"), Some(b"caf".to_vec()));
        assert_eq!(encode(Charset::Ascii, "café"), None);
        assert_eq!(decode(Charset::Utf8, b"\xC3\xA9\xFF").unwrap(), "é\u{FFFD}");
        assert_eq!(encode(Charset::Utf8, "é").unwrap(), b"\xC3\xA9");
    }

    #[test]
    fn the_default_alphabet_when_it_has_every_character() {
        assert_eq!(choose(Alphabet::Gsm, "Hi @ €"), (DataCoding::DEFAULT, Charset::Gsm));
        assert_eq!(choose(Alphabet::Gsm, "ç"), (DataCoding::UCS2, Charset::Ucs2));
        assert_eq!(choose(Alphabet::Latin1, "ç"), (DataCoding::DEFAULT, Charset::Latin1));
        assert_eq!(choose(Alphabet::Latin1, "€"), (DataCoding::UCS2, Charset::Ucs2));
        assert_eq!(choose(Alphabet::Ascii, "é"), (DataCoding::UCS2, Charset::Ucs2));
        assert_eq!(choose(Alphabet::Utf8, "\u{1F600}"), (DataCoding::DEFAULT, Charset::Utf8));
        assert_eq!(choose(Alphabet::Gsm, ""), (DataCoding::DEFAULT, Charset::Gsm));
    }
}
