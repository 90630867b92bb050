//! Strings of the contract and octets of the wire: an octet is the Latin-1 character of the same number, so that nothing is lost.

/// The string of a C-octet string.
pub(crate) fn from_octets(octets: &[u8]) -> String {
    match str::from_utf8(octets) {
        Ok(text) if octets.is_ascii() => text.to_owned(),
        _ => octets.iter().copied().map(char::from).collect(),
    }
}

/// The octets of a string in an address. What is not printable ASCII becomes a question mark: no address may hold it (SMPP 3.4
/// §3.1), and a message from a sender with an accent is worth more than none.
pub(crate) fn to_octets(text: &str) -> Vec<u8> {
    text.chars()
        .map(|character| {
            if matches!(character, ' '..='~') {
                character as u8
            } else {
                b'?'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_octet_there_and_the_printable_ones_back() {
        let octets: Vec<u8> = (1..=255).collect();
        let back: Vec<u8> = octets
            .iter()
            .map(|octet| if (b' '..=b'~').contains(octet) { *octet } else { b'?' })
            .collect();
        assert_eq!(to_octets(&from_octets(&octets)), back);
        assert_eq!(from_octets(b"Caf\xE9"), "Café");
        assert_eq!(to_octets("Café 4€"), b"Caf? 4?");
    }
}
