//! The parts of ISO 8859 that SMPP names besides Latin-1: Cyrillic (8859-5) and Hebrew (8859-8). All begin with ASCII.

/// The character of an octet of ISO 8859-5.
pub(super) const fn cyrillic(octet: u8) -> Option<char> {
    match octet {
        0xF0 => Some('№'),
        0xFD => Some('§'),
        0x00..=0xA0 | 0xAD => Some(octet as char),
        _ => char::from_u32(octet as u32 + ('Ё' as u32 - 0xA1)),
    }
}

/// The character of an octet of ISO 8859-8; some have none.
pub(super) const fn hebrew(octet: u8) -> Option<char> {
    match octet {
        0xAA => Some('×'),
        0xBA => Some('÷'),
        0xDF => Some('‗'),
        0xE0..=0xFA => char::from_u32(octet as u32 + ('א' as u32 - 0xE0)),
        0xFD => Some('\u{200E}'),
        0xFE => Some('\u{200F}'),
        0xA1 | 0xBF..=0xDE | 0xFB | 0xFC | 0xFF => None,
        _ => Some(octet as char),
    }
}

/// The octet of `character` in `charset`, one of the above.
pub(super) fn octet(charset: fn(u8) -> Option<char>, character: char) -> Option<u8> {
    if character.is_ascii() {
        return Some(character as u8);
    }
    (0x80..=0xFF).find(|&octet| charset(octet) == Some(character))
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{Encoding, ISO_8859_5, ISO_8859_8};
    use std::string::String;

    fn same_as(ours: fn(u8) -> Option<char>, theirs: &'static Encoding) {
        for code in 0..=u8::MAX {
            let character = ours(code);
            let octets = [code];
            let expected = theirs.decode_without_bom_handling_and_without_replacement(&octets);
            assert_eq!(character.map(String::from).as_deref(), expected.as_deref(), "{code:#04x}");
            if let Some(character) = character {
                assert_eq!(octet(ours, character), Some(code));
            }
        }
    }

    #[test]
    fn all_256_octets_as_encoding_rs_has_them() {
        same_as(cyrillic, ISO_8859_5);
        same_as(hebrew, ISO_8859_8);
    }

    #[test]
    fn nothing_else_has_an_octet() {
        for charset in [cyrillic, hebrew] {
            assert_eq!(octet(charset, '€'), None);
            assert_eq!(octet(charset, '\u{FFFD}'), None);
        }
    }
}
