//! Signatures with secrets that guests never see: made for requests that go out, checked of webhooks that come in. Knows no tenant
//! and no origin: whoever calls has looked whether the secret may be used.

use crate::vault::same;
use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use edgebind_runtime::translator::{Algorithm, Digits};
use md5::{Digest as _, Md5};

/// Octets that MD5 works on at a time, by which HMAC pads its key (RFC 2104).
const MD5_BLOCK_OCTETS: usize = 64;

/// The signature of a message.
pub fn sign(algorithm: Algorithm, secret: &[u8], message: &[u8]) -> Vec<u8> {
    let hmac = |kind| hmac::sign(&hmac::Key::new(kind, secret), message).as_ref().to_vec();
    match algorithm {
        Algorithm::Md5 => md5(&[message, secret]),
        Algorithm::HmacMd5 => hmac_md5(secret, message),
        Algorithm::HmacSha1 => hmac(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        Algorithm::HmacSha256 => hmac(hmac::HMAC_SHA256),
        Algorithm::HmacSha512 => hmac(hmac::HMAC_SHA512),
    }
}

/// Whether these octets are the signature of a message, in a time that does not tell where they differ.
pub fn verify(algorithm: Algorithm, secret: &[u8], message: &[u8], expected: &[u8]) -> bool {
    same(&sign(algorithm, secret, message), expected)
}

/// A signature as text.
pub fn write(digits: Digits, signature: &[u8]) -> String {
    match digits {
        Digits::Hex => crate::vault::hex(signature),
        Digits::Base64 => STANDARD.encode(signature),
    }
}

fn md5(pieces: &[&[u8]]) -> Vec<u8> {
    let mut digest = Md5::new();
    for piece in pieces {
        digest.update(piece);
    }
    digest.finalize().to_vec()
}

/// RFC 2104, for the one hash that the cryptographic library does not have.
fn hmac_md5(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let key = if secret.len() > MD5_BLOCK_OCTETS {
        md5(&[secret])
    } else {
        secret.to_vec()
    };
    let padded = |pad: u8| {
        let mut block = [pad; MD5_BLOCK_OCTETS];
        for (octet, key) in block.iter_mut().zip(&key) {
            *octet ^= key;
        }
        block
    };
    md5(&[&padded(0x5C), &md5(&[&padded(0x36), message])])
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &[u8] = b"what do ya want for nothing?";

    fn hex(algorithm: Algorithm, secret: &[u8], message: &[u8]) -> String {
        write(Digits::Hex, &sign(algorithm, secret, message))
    }

    /// RFC 2202 §2 and §3, RFC 4231 §4.3; MD5 of "message digest" is RFC 1321's.
    #[test]
    fn the_examples_of_the_rfcs() {
        assert_eq!(
            hex(Algorithm::Md5, b"digest", b"message "),
            "f96b697d7cb7938d525a2f31aaf161d0"
        );
        assert_eq!(hex(Algorithm::HmacMd5, b"Jefe", MESSAGE), "750c783e6ab0b503eaa86e310a5db738");
        assert_eq!(
            hex(
                Algorithm::HmacMd5,
                &[0xAA; 80],
                b"Test Using Larger Than Block-Size Key - Hash Key First"
            ),
            "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"
        );
        assert_eq!(
            hex(Algorithm::HmacSha1, b"Jefe", MESSAGE),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        );
        assert_eq!(
            hex(Algorithm::HmacSha256, b"Jefe", MESSAGE),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hex(Algorithm::HmacSha512, b"Jefe", MESSAGE),
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
        );
        assert_eq!(write(Digits::Base64, &[0xFB, 0xFF]), "+/8=");
    }

    #[test]
    fn a_signature_is_that_of_this_secret_this_message_and_this_algorithm_whole() {
        let algorithms = [
            Algorithm::Md5,
            Algorithm::HmacMd5,
            Algorithm::HmacSha1,
            Algorithm::HmacSha256,
            Algorithm::HmacSha512,
        ];
        for (place, algorithm) in algorithms.into_iter().enumerate() {
            let expected = sign(algorithm, b"Jefe", MESSAGE);
            assert!(verify(algorithm, b"Jefe", MESSAGE, &expected));
            assert!(!verify(algorithm, b"jefe", MESSAGE, &expected));
            assert!(!verify(algorithm, b"Jefe", b"what do ya want for something?", &expected));
            assert!(!verify(algorithm, b"Jefe", MESSAGE, &expected[..expected.len() - 1]));
            assert!(!verify(algorithm, b"Jefe", MESSAGE, &[]));
            let other = algorithms[(place + 1) % algorithms.len()];
            assert!(!verify(other, b"Jefe", MESSAGE, &expected), "{algorithm:?} is {other:?}");
        }
    }
}
