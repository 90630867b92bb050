//! From the numbers and names that a phone sees to SMPP addresses.

use crate::{bindings::edgebind::message::types::Address, settings::Numbering};

const UNKNOWN: u8 = 0;
const INTERNATIONAL: u8 = 1;
const ALPHANUMERIC: u8 = 5;
/// NPI of telephone numbers, E.164.
const ISDN: u8 = 1;

/// source_addr and destination_addr of deliver_sm have at most so many characters (SMPP 3.4 §5.2.8).
const CHARACTERS_MAX: usize = 20;
/// A number of fewer digits is a short code, which the operator's TON and NPI for phone numbers do not fit.
const PHONE_NUMBER_DIGITS_MIN: usize = 7;

/// A phone number without its `+` (which TON 1 says), a short code, a name, or nothing.
pub(crate) fn address(text: &str, numbering: Numbering) -> Address {
    let text = text.trim();
    let written: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')')).collect();
    let (plus, digits) = match written.strip_prefix('+') {
        Some(digits) => (true, digits),
        None => (false, written.as_str()),
    };
    let numeric = !digits.is_empty() && digits.len() <= CHARACTERS_MAX && digits.bytes().all(|b| b.is_ascii_digit());
    if numeric {
        let ton = if plus { INTERNATIONAL } else { UNKNOWN };
        let numbering = if digits.len() < PHONE_NUMBER_DIGITS_MIN {
            Numbering::default()
        } else {
            numbering
        };
        Address {
            ton: numbering.ton.unwrap_or(ton),
            npi: numbering.npi.unwrap_or(ISDN),
            digits: digits.to_owned(),
        }
    } else if text.is_empty() {
        Address {
            ton: UNKNOWN,
            npi: UNKNOWN,
            digits: String::new(),
        }
    } else {
        Address {
            ton: ALPHANUMERIC,
            npi: UNKNOWN,
            digits: name(text),
        }
    }
}

/// A name in the characters that an address can hold.
fn name(text: &str) -> String {
    let held = |c: char| {
        if matches!(c, ' '..='~' | '\u{A0}'..='\u{FF}') {
            c
        } else {
            '?'
        }
    };
    text.chars().map(held).take(CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ton_and_npi_follow_the_form_unless_the_operator_says_otherwise() {
        let given = Numbering {
            ton: Some(2),
            npi: Some(8),
        };
        let rows = [
            ("+447700900123", Numbering::default(), (1, 1, "447700900123")),
            ("+44 7700 900-123", Numbering::default(), (1, 1, "447700900123")),
            ("447700900123", Numbering::default(), (0, 1, "447700900123")),
            ("12345", Numbering::default(), (0, 1, "12345")),
            ("ACME", Numbering::default(), (5, 0, "ACME")),
            (" ACME Shop ", Numbering::default(), (5, 0, "ACME Shop")),
            ("Кафе", Numbering::default(), (5, 0, "????")),
            ("Caf\u{e9}\u{0}", Numbering::default(), (5, 0, "Caf\u{e9}?")),
            (
                "A name that is longer than twenty",
                Numbering::default(),
                (5, 0, "A name that is longe"),
            ),
            ("1234567890123456789012", Numbering::default(), (5, 0, "12345678901234567890")),
            ("", Numbering::default(), (0, 0, "")),
            ("+", Numbering::default(), (5, 0, "+")),
            ("+447700900123", given, (2, 8, "447700900123")),
            ("447700900123", given, (2, 8, "447700900123")),
            ("12345", given, (0, 1, "12345")),
            ("ACME", given, (5, 0, "ACME")),
        ];
        for (text, numbering, (ton, npi, digits)) in rows {
            assert_eq!(
                address(text, numbering),
                Address {
                    ton,
                    npi,
                    digits: digits.into()
                },
                "{text}"
            );
        }
    }
}
