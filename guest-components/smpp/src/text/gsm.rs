//! The GSM 03.38 default alphabet and its extension table (3GPP TS 23.038 §6.2.1).

use alloc::string::String;
use alloc::vec::Vec;

/// In front of a code of the extension table.
pub(super) const ESC: u8 = 0x1B;

/// The character of each code. ESC stands as a space: that is how it shows when nothing follows it.
#[rustfmt::skip]
const ALPHABET: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å',
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', ' ', 'Æ', 'æ', 'ß', 'É',
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§',
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// Code behind ESC, and its character.
const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{0C}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// No code of seven bits.
const NONE: u8 = 0xFF;

/// The code of every character up to U+00FF that the alphabet has.
const CODES: [u8; 256] = {
    let mut codes = [NONE; 256];
    let mut code = 0;
    while code < ALPHABET.len() {
        let character = ALPHABET[code] as usize;
        if character < codes.len() && code != ESC as usize {
            codes[character] = code as u8;
        }
        code += 1;
    }
    codes
};

/// Where the Greek capitals are, the only characters beyond U+00FF.
const GREEK: core::ops::RangeInclusive<u8> = 0x10..=0x1A;

/// One or two octets.
enum Code {
    Plain(u8),
    Extended(u8),
}

fn code(character: char) -> Option<Code> {
    if let Some(&code) = CODES.get(character as usize)
        && code != NONE
    {
        return Some(Code::Plain(code));
    }
    if let Some(&(code, _)) = EXTENSION.iter().find(|&&(_, extended)| extended == character) {
        return Some(Code::Extended(code));
    }
    GREEK
        .into_iter()
        .find(|&code| ALPHABET[usize::from(code)] == character)
        .map(Code::Plain)
}

/// Whether the alphabet or its extension has `character`.
pub(super) fn has(character: char) -> bool {
    code(character).is_some()
}

pub(super) fn encode(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    for character in text.chars() {
        match code(character)? {
            Code::Plain(code) => octets.push(code),
            Code::Extended(code) => octets.extend([ESC, code]),
        }
    }
    Some(octets)
}

pub(super) fn decode(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    let mut rest = octets.iter().copied();
    while let Some(octet) = rest.next() {
        text.push(match octet {
            ESC => rest.next().map_or(' ', extended),
            code => plain(code),
        });
    }
    text
}

fn plain(code: u8) -> char {
    ALPHABET
        .get(usize::from(code))
        .copied()
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// A code that the extension table lacks shows as the alphabet's character.
fn extended(code: u8) -> char {
    EXTENSION
        .iter()
        .find(|&&(extended, _)| extended == code)
        .map_or_else(|| plain(code), |&(_, character)| character)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The code chart once more, as one string and by another hand: code points that surprise are in it.
    const CHART: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1B}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                         ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

    #[test]
    fn all_128_codes_in_both_directions() {
        assert_eq!(CHART.chars().count(), 128);
        for (code, character) in (0..128).zip(CHART.chars()) {
            if code == ESC {
                continue;
            }
            let text = String::from(character);
            assert_eq!(decode(&[code]), text, "{code:#04x}");
            assert_eq!(encode(&text), Some(std::vec![code]), "{character:?}");
        }
    }

    #[test]
    fn all_extension_codes_in_both_directions() {
        let chart = [
            (0x0A, "\u{0C}"),
            (0x14, "^"),
            (0x28, "{"),
            (0x29, "}"),
            (0x2F, "\\"),
            (0x3C, "["),
            (0x3D, "~"),
            (0x3E, "]"),
            (0x40, "|"),
            (0x65, "€"),
        ];
        for (code, text) in chart {
            assert_eq!(decode(&[ESC, code]), text);
            assert_eq!(encode(text), Some(std::vec![ESC, code]));
        }
    }

    #[test]
    fn nothing_else_has_a_code() {
        let encodable = (0..=u32::from(char::MAX))
            .filter_map(char::from_u32)
            .filter(|&character| has(character))
            .count();
        assert_eq!(encodable, 127 + 10);
        for character in ['`', 'ç', 'á', 'Α', '\u{1B}', '\u{FFFD}', '\0'] {
            assert_eq!(encode(&String::from(character)), None, "{character:?}");
        }
    }

    #[test]
    fn escapes_that_lead_nowhere() {
        assert_eq!(decode(&[ESC]), " ");
        assert_eq!(decode(&[ESC, 0x41]), "A");
        assert_eq!(decode(&[ESC, ESC, 0x65]), " e");
    }

    #[test]
    fn eight_bits_are_no_code() {
        assert_eq!(decode(&[0x80, 0x41, 0xFF, ESC, 0xE5]), "\u{FFFD}A\u{FFFD}\u{FFFD}");
    }

    #[test]
    fn hello() {
        assert_eq!(encode("Hi @ €").unwrap(), [0x48, 0x69, 0x20, 0x00, 0x20, 0x1B, 0x65]);
    }
}
