//! The GSM 03.38 default alphabet and its extension table (3GPP TS 23.038 §6.2.1), one septet an octet.

use alloc::string::String;
use alloc::vec::Vec;

use super::national::{Shifts, Table};

/// In front of a code of the extension table.
pub(super) const ESC: u8 = 0x1B;

/// The character of each code. ESC stands as a space: that is how it shows when nothing follows it.
#[rustfmt::skip]
const CHARACTERS: [char; 128] = [
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
const EXTENDED: [(u8, char); 10] = [
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

/// [`CHARACTERS`] as the national tables are.
pub(super) static ALPHABET: Table = {
    let mut table = [0; 128];
    let mut code = 0;
    while code < CHARACTERS.len() {
        table[code] = CHARACTERS[code] as u16;
        code += 1;
    }
    table
};

/// [`EXTENDED`] as the national tables are.
pub(super) static EXTENSION: Table = {
    let mut table = [0; 128];
    let mut index = 0;
    while index < EXTENDED.len() {
        let (code, character) = EXTENDED[index];
        table[code as usize] = character as u16;
        index += 1;
    }
    table
};

/// No code of seven bits.
const NONE: u8 = 0xFF;

/// The code of every character up to U+00FF that the alphabet has.
const CODES: [u8; 256] = {
    let mut codes = [NONE; 256];
    let mut code = 0;
    while code < CHARACTERS.len() {
        let character = CHARACTERS[code] as usize;
        if character < codes.len() && code != ESC as usize {
            codes[character] = code as u8;
        }
        code += 1;
    }
    codes
};

/// Whether an octet is the same character in the alphabet and in ASCII: most text is, and is copied.
const SAME: [bool; 256] = {
    let mut same = [false; 256];
    let mut octet = 0;
    while octet < 128 {
        same[octet] = CODES[octet] == octet as u8;
        octet += 1;
    }
    same
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
    if let Some(&(code, _)) = EXTENDED.iter().find(|&&(_, extended)| extended == character) {
        return Some(Code::Extended(code));
    }
    GREEK
        .into_iter()
        .find(|&code| CHARACTERS[usize::from(code)] == character)
        .map(Code::Plain)
}

/// Whether the alphabet or its extension has `character`.
pub(super) fn has(character: char) -> bool {
    code(character).is_some()
}

pub(super) fn encode(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        let (same, other) = rest.split_at(same_len(rest.as_bytes()));
        octets.extend_from_slice(same.as_bytes());
        let mut characters = other.chars();
        let Some(character) = characters.next() else {
            return Some(octets);
        };
        match code(character)? {
            Code::Plain(code) => octets.push(code),
            Code::Extended(code) => octets.extend([ESC, code]),
        }
        rest = characters.as_str();
    }
}

pub(super) fn decode(octets: &[u8], shifts: Shifts) -> String {
    let mut text = String::with_capacity(octets.len());
    let mut rest = octets;
    loop {
        if shifts.are_none() {
            let (same, other) = rest.split_at(same_len(rest));
            text.push_str(str::from_utf8(same).expect("what is the same in ASCII is ASCII"));
            rest = other;
        }
        rest = match rest {
            [] => return text,
            [ESC, code, after @ ..] => {
                text.push(extended(*code, shifts));
                after
            }
            [code, after @ ..] => {
                text.push(plain(*code, shifts));
                after
            }
        };
    }
}

/// How many octets from the start are the same in ASCII; never a part of a character of UTF-8.
fn same_len(octets: &[u8]) -> usize {
    octets.iter().take_while(|&&octet| SAME[usize::from(octet)]).count()
}

fn plain(code: u8, shifts: Shifts) -> char {
    character(code, shifts.locking).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// A code that the table behind the escape lacks shows as the character that it is without (3GPP TS 23.038 §6.2.1.1).
fn extended(code: u8, shifts: Shifts) -> char {
    character(code, shifts.single).unwrap_or_else(|| plain(code, shifts))
}

fn character(code: u8, table: &Table) -> Option<char> {
    match table.get(usize::from(code)) {
        None | Some(0) => None,
        Some(&unit) => char::from_u32(unit.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(octets: &[u8]) -> String {
        super::decode(octets, Shifts::NONE)
    }

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
