//! Addresses between SMPP and Vonage, which writes phone numbers in international digits with nothing in front.

use edgebind_smpp::CommandStatus;

use crate::{
    answer,
    bindings::edgebind::{message::types::Address, translator::types::Dead},
    settings::Settings,
};

const UNKNOWN: u8 = 0;
const INTERNATIONAL: u8 = 1;
const ALPHANUMERIC: u8 = 5;
/// NPI of telephone numbers, E.164.
const ISDN: u8 = 1;

/// An address of deliver_sm has at most so many characters (SMPP 3.4 §5.2.8).
const CHARACTERS_MAX: usize = 20;
/// A number of fewer digits is a short code.
const PHONE_NUMBER_DIGITS_MIN: usize = 7;
/// vonage: `to` has 7 to 15 digits.
const PHONE_NUMBER_DIGITS_MAX: usize = 15;

/// `to` of a message; dead without one.
pub(crate) fn to(address: &Address) -> Result<String, Dead> {
    let digits = bare(&address.digits);
    let is_number = digits.bytes().all(|octet| octet.is_ascii_digit());
    if is_number && (PHONE_NUMBER_DIGITS_MIN..=PHONE_NUMBER_DIGITS_MAX).contains(&digits.len()) {
        return Ok(digits);
    }
    Err(answer::rejected(
        CommandStatus::RINVDSTADR,
        11,
        "the destination is no international number of 7 to 15 digits",
    ))
}

/// `from` of a message; dead without one.
pub(crate) fn from(address: &Address, settings: &Settings) -> Result<String, Dead> {
    if let Some(from) = &settings.from {
        return Ok(from.clone());
    }
    let own = address.digits.trim();
    let is_number = !own.is_empty() && bare(own).bytes().all(|octet| octet.is_ascii_digit());
    let own = match is_number && address.ton != ALPHANUMERIC {
        true => bare(own),
        false => own.to_owned(),
    };
    Some(own)
        .filter(|own| !own.is_empty())
        .or_else(|| settings.from_default.clone())
        .ok_or_else(|| {
            answer::rejected(
                CommandStatus::RINVSRCADR,
                51,
                "there is no source address, and no from_default is set",
            )
        })
}

/// Without what stands in front of, and between, the digits of a number.
fn bare(digits: &str) -> String {
    let written: String = digits.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')')).collect();
    let number = written.strip_prefix('+').or_else(|| written.strip_prefix("00"));
    number.unwrap_or(&written).to_owned()
}

/// A phone number, a short code or a name, as an ESME is told.
pub(crate) fn address(text: &str) -> Address {
    let text = text.trim();
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.len() <= CHARACTERS_MAX && digits.bytes().all(|octet| octet.is_ascii_digit());
    let (ton, npi) = match is_number {
        true if digits.len() < PHONE_NUMBER_DIGITS_MIN => (UNKNOWN, ISDN),
        true => (INTERNATIONAL, ISDN),
        false if text.is_empty() => (UNKNOWN, UNKNOWN),
        false => (ALPHANUMERIC, UNKNOWN),
    };
    // In the characters that an address can hold.
    let held = |c: char| {
        if matches!(c, ' '..='~' | '\u{A0}'..='\u{FF}') {
            c
        } else {
            '?'
        }
    };
    Address {
        ton,
        npi,
        digits: if is_number {
            digits.to_owned()
        } else {
            text.chars().map(held).take(CHARACTERS_MAX).collect()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_esme_is_told_by_the_form_of_what_is_written() {
        let rows = [
            ("447700900123", (1, 1, "447700900123")),
            ("+447700900123", (1, 1, "447700900123")),
            ("12345", (0, 1, "12345")),
            ("ACME", (5, 0, "ACME")),
            ("Кафе", (5, 0, "????")),
            ("A name that is longer than twenty", (5, 0, "A name that is longe")),
            ("", (0, 0, "")),
        ];
        for (text, (ton, npi, digits)) in rows {
            let address = address(text);
            assert_eq!(
                (address.ton, address.npi, address.digits.as_str()),
                (ton, npi, digits),
                "{text}"
            );
        }
    }
}
