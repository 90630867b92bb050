//! Message ids as the peer of an account reads and writes them: in decimal like ours, or in hex (to SMPP 3.4 an id is opaque,
//! and clients compare them as they like).

use crate::message::MessageId;
use std::borrow::Cow;

/// Digits of the longest id (`message-id` of the contract).
const DIGITS_MAX: usize = 18;

/// The form of an account's ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum IdForm {
    /// As the host names them.
    #[default]
    Decimal,
    /// Lower-case, without leading zeros.
    Hex,
}

impl IdForm {
    pub(crate) const ALL: [Self; 2] = [Self::Decimal, Self::Hex];

    /// What settings call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Decimal => "decimal",
            Self::Hex => "hex",
        }
    }

    /// What the peer is told; none where the host gave us no id.
    pub(crate) fn write(self, id: &str) -> Option<Cow<'_, str>> {
        let number = canonical(id.as_bytes())?;
        Some(match self {
            Self::Decimal => id.into(),
            Self::Hex => format!("{number:x}").into(),
        })
    }

    /// The id that the peer means; none where it cannot be one of ours. Clients that turn letters into capitals are understood.
    pub(crate) fn read(self, octets: &[u8]) -> Option<MessageId> {
        let number = match self {
            Self::Decimal => canonical(octets)?,
            Self::Hex => {
                let digits = str::from_utf8(octets)
                    .ok()
                    .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()) && !digits.starts_with('0'))?;
                u64::from_str_radix(digits, 16).ok()?
            }
        };
        let id = number.to_string();
        (id.len() <= DIGITS_MAX).then_some(id)
    }
}

/// The number of decimal digits without a leading zero, at most as many as an id has.
fn canonical(digits: &[u8]) -> Option<u64> {
    let fine = (1..=DIGITS_MAX).contains(&digits.len()) && digits[0] != b'0' && digits.iter().all(u8::is_ascii_digit);
    fine.then(|| digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for (id, hex) in [("1", "1"), ("20250", "4f1a"), ("999999999999999999", "de0b6b3a763ffff")] {
            assert_eq!(IdForm::Decimal.write(id).as_deref(), Some(id));
            assert_eq!(IdForm::Decimal.read(id.as_bytes()).as_deref(), Some(id));
            assert_eq!(IdForm::Hex.write(id).as_deref(), Some(hex));
            assert_eq!(IdForm::Hex.read(hex.as_bytes()).as_deref(), Some(id));
            assert_eq!(IdForm::Hex.read(hex.to_uppercase().as_bytes()).as_deref(), Some(id));
        }
    }

    #[test]
    fn what_is_no_id() {
        for id in ["", "0", "01", "+1", "12a", "1234567890123456789", " 1"] {
            assert_eq!(IdForm::Decimal.read(id.as_bytes()), None, "{id:?}");
            assert_eq!(IdForm::Decimal.write(id), None, "{id:?}");
            assert_eq!(IdForm::Hex.write(id), None, "{id:?}");
        }
        for id in [
            "",
            "0",
            "0f",
            "+f",
            "xyz",
            "de0b6b3a7640000",
            "ffffffffffffffff",
            "11111111111111111",
        ] {
            assert_eq!(IdForm::Hex.read(id.as_bytes()), None, "{id:?}");
        }
    }
}
