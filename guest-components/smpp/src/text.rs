//! Text between data_coding octets and `str`: which character set a data_coding means, and the way there and back.
//!
//! GSM 03.38 text is one septet per octet, high bit clear, as nearly every SMPP peer sends it; packed septets are not read.

mod gsm;
mod split;

pub use split::{Parts, capacity, split};

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

/// What an account's peer writes under data_coding 0, where SMPP 3.4 only says "SMSC default alphabet".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alphabet {
    /// GSM 03.38, the usual one.
    #[default]
    Gsm,
    /// ISO 8859-1.
    Latin1,
    /// ASCII.
    Ascii,
    /// UTF-8.
    Utf8,
}

impl Alphabet {
    /// The character set of the same name.
    #[must_use]
    pub const fn charset(self) -> Charset {
        match self {
            Self::Gsm => Charset::Gsm,
            Self::Latin1 => Charset::Latin1,
            Self::Ascii => Charset::Ascii,
            Self::Utf8 => Charset::Utf8,
        }
    }

    /// What settings call it; `from_str` reads it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gsm => "gsm",
            Self::Latin1 => "latin1",
            Self::Ascii => "ascii",
            Self::Utf8 => "utf8",
        }
    }
}

impl FromStr for Alphabet {
    type Err = UnknownAlphabet;

    fn from_str(name: &str) -> Result<Self, UnknownAlphabet> {
        [Self::Gsm, Self::Latin1, Self::Ascii, Self::Utf8]
            .into_iter()
            .find(|alphabet| alphabet.name() == name)
            .ok_or(UnknownAlphabet)
    }
}

impl fmt::Display for Alphabet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// No alphabet has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownAlphabet;

impl fmt::Display for UnknownAlphabet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("alphabet is none of gsm, latin1, ascii, utf8")
    }
}

impl core::error::Error for UnknownAlphabet {}

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
}

/// What a data_coding says of the user data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Text in this character set.
    Text(Charset),
    /// Octets.
    Binary,
    /// Text that we cannot read (JIS, Cyrillic, compressed, ...), or a reserved value.
    Unsupported,
}

/// data_coding of UCS-2 text.
pub const UCS2: u8 = 0x08;
/// data_coding of octets.
pub const BINARY: u8 = 0x04;

/// What `data_coding` means to a peer whose default alphabet is `default` (SMPP 3.4 §5.2.19, 3GPP TS 23.038 §4).
///
/// 1 is ASCII, but GSM 03.38 to a peer whose default is that: node-smpp sends it so. Values with a message class or a
/// waiting indication name the 7-bit alphabet of their time; peers write it as they write data_coding 0.
#[must_use]
pub const fn coding(data_coding: u8, default: Alphabet) -> Coding {
    let seven_bit = Coding::Text(default.charset());
    match data_coding {
        0x00 => seven_bit,
        0x01 => match default {
            Alphabet::Gsm => seven_bit,
            _ => Coding::Text(Charset::Ascii),
        },
        0x03 => Coding::Text(Charset::Latin1),
        0x02 | 0x04 => Coding::Binary,
        UCS2 => Coding::Text(Charset::Ucs2),
        // A GSM data coding scheme as it is: with a message class, or to be deleted once read. Bits 3-2 name the alphabet;
        // bit 5 says compressed.
        0x10..=0x1F | 0x40..=0x5F => match data_coding & 0x0C {
            0x00 => seven_bit,
            0x04 => Coding::Binary,
            0x08 => Coding::Text(Charset::Ucs2),
            _ => Coding::Unsupported,
        },
        // Messages are waiting: discard, store, store in UCS-2.
        0xC0..=0xDF => seven_bit,
        0xE0..=0xEF => Coding::Text(Charset::Ucs2),
        // A message class; bit 2 says octets, bit 3 is reserved and ignored.
        0xF0..=0xFF => match data_coding & 0x04 {
            0 => seven_bit,
            _ => Coding::Binary,
        },
        _ => Coding::Unsupported,
    }
}

/// The message class that `data_coding` carries, 0 (flash) to 3, if it carries one (3GPP TS 23.038 §4).
#[must_use]
pub const fn message_class(data_coding: u8) -> Option<u8> {
    match data_coding {
        0x10..=0x1F | 0x50..=0x5F | 0xF0..=0xFF => Some(data_coding & 0x03),
        _ => None,
    }
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
        Charset::Gsm => Ok(gsm::decode(octets)),
        Charset::Latin1 => Ok(octets.iter().copied().map(char::from).collect()),
        Charset::Ascii => Ok(octets
            .iter()
            .map(|&octet| {
                if octet.is_ascii() {
                    char::from(octet)
                } else {
                    char::REPLACEMENT_CHARACTER
                }
            })
            .collect()),
        Charset::Utf8 => Ok(String::from_utf8_lossy(octets).into_owned()),
        Charset::Ucs2 => decode_ucs2(octets),
    }
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
    Ok(char::decode_utf16(units)
        .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect())
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
    }
}

/// The data_coding and character set to write `text` in: the peer's default alphabet if it has every character, UCS-2 otherwise.
#[must_use]
pub fn choose(default: Alphabet, text: &str) -> (u8, Charset) {
    let charset = default.charset();
    if fits(charset, text) {
        (0, charset)
    } else {
        (UCS2, Charset::Ucs2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn alphabets_by_name() {
        for alphabet in [Alphabet::Gsm, Alphabet::Latin1, Alphabet::Ascii, Alphabet::Utf8] {
            assert_eq!(alphabet.to_string().parse(), Ok(alphabet));
        }
        let error = "GSM".parse::<Alphabet>().unwrap_err();
        assert_eq!(error.to_string(), "alphabet is none of gsm, latin1, ascii, utf8");
    }

    /// Every data_coding, as a map of 16 rows: d default alphabet, a ASCII, l Latin-1, u UCS-2, b octets, . unsupported.
    #[test]
    fn every_data_coding() {
        let rows: Vec<String> = (0..=0xF)
            .map(|high: u8| {
                (0..=0xF)
                    .map(|low| match coding(high << 4 | low, Alphabet::Utf8) {
                        Coding::Text(Charset::Utf8) => 'd',
                        Coding::Text(Charset::Ascii) => 'a',
                        Coding::Text(Charset::Latin1) => 'l',
                        Coding::Text(Charset::Ucs2) => 'u',
                        Coding::Text(Charset::Gsm) => 'g',
                        Coding::Binary => 'b',
                        Coding::Unsupported => '.',
                    })
                    .collect()
            })
            .collect();
        let expected = [
            "dablb...u.......", // 0x0_
            "ddddbbbbuuuu....", // 0x1_ with a class
            "................",
            "................",
            "ddddbbbbuuuu....", // 0x4_ deleted once read
            "ddddbbbbuuuu....", // 0x5_ and with a class
            "................",
            "................",
            "................",
            "................",
            "................",
            "................",
            "dddddddddddddddd", // 0xC_ waiting, discard
            "dddddddddddddddd", // 0xD_ waiting, store
            "uuuuuuuuuuuuuuuu", // 0xE_ waiting, store, UCS-2
            "ddddbbbbddddbbbb", // 0xF_ class
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn data_coding_1_is_gsm_to_a_gsm_peer() {
        assert_eq!(coding(1, Alphabet::Gsm), Coding::Text(Charset::Gsm));
        assert_eq!(coding(1, Alphabet::Latin1), Coding::Text(Charset::Ascii));
    }

    #[test]
    fn message_classes() {
        assert_eq!(message_class(0x00), None);
        assert_eq!(message_class(0xF0), Some(0));
        assert_eq!(message_class(0xF5), Some(1));
        assert_eq!(message_class(0x18), Some(0));
        assert_eq!(message_class(0xC8), None);
    }

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
        assert_eq!(choose(Alphabet::Gsm, "Hi @ €"), (0, Charset::Gsm));
        assert_eq!(choose(Alphabet::Gsm, "ç"), (8, Charset::Ucs2));
        assert_eq!(choose(Alphabet::Latin1, "ç"), (0, Charset::Latin1));
        assert_eq!(choose(Alphabet::Latin1, "€"), (8, Charset::Ucs2));
        assert_eq!(choose(Alphabet::Ascii, "é"), (8, Charset::Ucs2));
        assert_eq!(choose(Alphabet::Utf8, "\u{1F600}"), (0, Charset::Utf8));
        assert_eq!(choose(Alphabet::Gsm, ""), (0, Charset::Gsm));
    }
}
