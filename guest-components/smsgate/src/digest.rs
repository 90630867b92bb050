//! One name for several words: the SHA-256 of all of them, each behind its length, so that no two lists run together.

use sha2::{Digest, Sha256};

/// In 64 hexadecimal digits.
pub(crate) fn hex<const N: usize>(words: [&str; N]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = words.iter().fold(Sha256::new(), |digest, word| {
        digest.chain_update((word.len() as u64).to_be_bytes()).chain_update(word)
    });
    let digits = digest.finalize().into_iter().flat_map(|octet| [octet >> 4, octet & 0x0F]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_do_not_run_together() {
        assert_eq!(hex(["ab", "c"]).len(), 64);
        assert_ne!(hex(["ab", "c"]), hex(["a", "bc"]));
        assert_ne!(hex(["", "ab"]), hex(["ab", ""]));
        // SHA-256 of eight zero octets.
        assert_eq!(hex([""]), "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc");
    }
}
