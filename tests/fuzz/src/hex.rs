//! Octets as a person copies them.

use std::fmt::Write;

/// Two digits an octet.
#[must_use]
pub fn write(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        write!(text, "{octet:02x}").expect("a string takes all that is written");
        text
    })
}

/// The octets of `text`; blanks are for the reader.
///
/// # Errors
/// It has another character, or half an octet.
pub fn read(text: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<u8> = text.bytes().filter(|octet| !octet.is_ascii_whitespace()).collect();
    let (pairs, []) = digits.as_chunks::<2>() else {
        return Err(format!("{} hex digits are no whole octets", digits.len()));
    };
    let octet = |pair: &[u8; 2]| {
        let digits = str::from_utf8(pair).ok().filter(|_| pair.iter().all(u8::is_ascii_hexdigit));
        digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())
    };
    pairs
        .iter()
        .map(|pair| octet(pair).ok_or_else(|| format!("{:?} is no octet in hex", pair.escape_ascii().to_string())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let octets = [0x00, 0x7F, 0x80, 0xFF];
        assert_eq!(write(&octets), "007f80ff");
        assert_eq!(read(" 00 7f80\nFF "), Ok(octets.to_vec()));
    }

    #[test]
    fn what_is_no_hex() {
        assert_eq!(read("123"), Err("3 hex digits are no whole octets".to_owned()));
        assert_eq!(read("+1"), Err("\"+1\" is no octet in hex".to_owned()));
    }
}
