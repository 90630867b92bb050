//! Octets as hexadecimal digits: how the API writes binary messages, headers and signatures.

/// In lower case.
pub(crate) fn write(octets: &[u8]) -> String {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let digits = |octet: &u8| [DIGITS[usize::from(octet >> 4)], DIGITS[usize::from(octet & 15)]];
    octets.iter().flat_map(digits).map(char::from).collect()
}

/// None for what are no pairs of digits, in either case.
pub(crate) fn read(text: &str) -> Option<Vec<u8>> {
    let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let octets = text.trim().as_bytes();
    if !octets.len().is_multiple_of(2) {
        return None;
    }
    octets
        .chunks(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        assert_eq!(write(&[0x00, 0xAB, 0x7F]), "00ab7f");
        assert_eq!(read(" 00aB7F "), Some(vec![0x00, 0xAB, 0x7F]));
        assert_eq!(read(""), Some(Vec::new()));
        for wrong in ["0", "0g", "é", "+1"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
