//! Strings of the contract and octets of the wire: an octet is the Latin-1 character of the same number, so that nothing is lost.

/// The string of a C-octet string.
pub(crate) fn from_octets(octets: &[u8]) -> String {
    match str::from_utf8(octets) {
        Ok(text) if octets.is_ascii() => text.to_owned(),
        _ => octets.iter().copied().map(char::from).collect(),
    }
}

/// The octets of a string; a character that is none of Latin-1 becomes a question mark.
pub(crate) fn to_octets(text: &str) -> Vec<u8> {
    if text.is_ascii() {
        return text.as_bytes().to_vec();
    }
    text.chars()
        .map(|character| u8::try_from(character).unwrap_or(b'?'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_octet_there_and_back() {
        let octets: Vec<u8> = (1..=255).collect();
        assert_eq!(to_octets(&from_octets(&octets)), octets);
        assert_eq!(from_octets(b"Caf\xE9"), "Café");
        assert_eq!(to_octets("4€"), b"4?");
    }
}
