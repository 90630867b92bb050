//! From an SMPP destination to what goes into `phoneNumbers`: E.164 with a `+` where it is a phone number, as it
//! is where it is a short code or a name.
//!
//! The server reads a number without `+` as a Russian national one and refuses it, so a number that can be international
//! is made so. Clients differ in the TON that they give such a number (Kannel: 2), so the digits count for more than the TON.

use edgebind_smpp::CommandStatus;

use crate::{
    answer,
    bindings::edgebind::{message::types::Address, translator::types::Dead},
    settings::{Settings, SkipValidation},
};

const INTERNATIONAL: u8 = 1;
const NATIONAL: u8 = 2;
const NETWORK_SPECIFIC: u8 = 3;
const SUBSCRIBER: u8 = 4;
const ALPHANUMERIC: u8 = 5;
const ABBREVIATED: u8 = 6;

/// No phone number has fewer digits, its country calling code included.
const INTERNATIONAL_DIGITS_MIN: usize = 7;
/// Without a word that it is international, a number of fewer digits may as well be a local one.
const LIKELY_INTERNATIONAL_DIGITS_MIN: usize = 8;

#[derive(Debug, PartialEq)]
pub(crate) struct Destination {
    pub(crate) number: String,
    /// It is no phone number that the upstream could validate.
    pub(crate) skip_validation: bool,
}

/// Where the message goes; dead without a destination.
pub(crate) fn destination(address: &Address, settings: &Settings) -> Result<Destination, Dead> {
    let (number, is_phone_number) = number(address, settings.country_code.as_deref());
    if number.is_empty() {
        return Err(answer::rejected(CommandStatus::RINVDSTADR, "no destination address"));
    }
    let skip_validation = match settings.skip_phone_validation {
        SkipValidation::Auto => !is_phone_number,
        SkipValidation::Always => true,
        SkipValidation::Never => false,
    };
    Ok(Destination { number, skip_validation })
}

fn number(address: &Address, country_code: Option<&str>) -> (String, bool) {
    let written: String = address
        .digits
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')'))
        .collect();
    let (plus, digits) = match written.strip_prefix('+') {
        Some(digits) => (true, digits),
        None => (false, written.as_str()),
    };
    if address.ton == ALPHANUMERIC || digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return (address.digits.trim().to_owned(), false);
    }
    if plus {
        return (written, true);
    }
    if digits.len() < INTERNATIONAL_DIGITS_MIN || matches!(address.ton, NETWORK_SPECIFIC | ABBREVIATED) {
        return (written, false);
    }
    if let Some(international) = digits.strip_prefix("00") {
        return (format!("+{international}"), true);
    }
    match (address.ton, country_code) {
        (INTERNATIONAL, _) => (format!("+{digits}"), true),
        (NATIONAL | SUBSCRIBER, Some(code)) => (format!("+{code}{}", digits.strip_prefix('0').unwrap_or(digits)), true),
        _ => match (digits.strip_prefix('0'), country_code) {
            (Some(rest), Some(code)) => (format!("+{code}{rest}"), true),
            // A national number: the phone's own server knows the country, the others refuse it.
            (Some(_), None) => (written, true),
            (None, _) if digits.len() >= LIKELY_INTERNATIONAL_DIGITS_MIN => (format!("+{digits}"), true),
            (None, _) => (written, false),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ton_and_digits_make_a_number() {
        let rows = [
            // ton, digits, country code, number, is a phone number
            (1, "447700900000", None, "+447700900000", true),
            (1, "+447700900000", None, "+447700900000", true),
            (1, "00447700900000", None, "+447700900000", true),
            (1, "6834567", None, "+6834567", true),
            (1, "12345", None, "12345", false),
            (1, "+12345", None, "+12345", true),
            (1, "447700900000", Some("49"), "+447700900000", true),
            (0, "447700900000", None, "+447700900000", true),
            (0, "00447700900000", None, "+447700900000", true),
            (0, "+44 7700 900-000", None, "+447700900000", true),
            (0, "07700900000", None, "07700900000", true),
            (0, "07700900000", Some("44"), "+447700900000", true),
            (0, "447700900000", Some("44"), "+447700900000", true),
            (0, "5551234", None, "5551234", false),
            (2, "447700900000", None, "+447700900000", true),
            (2, "07700900000", None, "07700900000", true),
            (2, "07700900000", Some("44"), "+447700900000", true),
            (2, "7700900000", Some("44"), "+447700900000", true),
            (2, "00447700900000", Some("44"), "+447700900000", true),
            (2, "12345", Some("44"), "12345", false),
            (3, "447700900000", None, "447700900000", false),
            (6, "1234567", Some("44"), "1234567", false),
            (3, "+447700900000", None, "+447700900000", true),
            (4, "7700900000", Some("44"), "+447700900000", true),
            (5, "ACME", None, "ACME", false),
            (5, "447700900000", None, "447700900000", false),
            (0, "*100#", None, "*100#", false),
            (0, "", None, "", false),
            (0, " ", None, "", false),
        ];
        for (ton, digits, country_code, written, is_phone_number) in rows {
            let address = Address {
                ton,
                npi: 1,
                digits: digits.into(),
            };
            assert_eq!(
                number(&address, country_code),
                (written.into(), is_phone_number),
                "{ton} {digits} {country_code:?}"
            );
        }
    }
}
