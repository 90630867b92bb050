//! The random numbers of a WASI guest: the same for the same call, so that a replay is exact.

use super::Wasi;
use crate::limits::RANDOM_BYTES_MAX;
use aws_lc_rs::digest::{Context, SHA256};
use wasmtime::bail;
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};

/// A stream of octets that depends on its seed alone: SHA-256 of seed and block number, block after block.
#[derive(Default)]
pub(super) struct Random {
    seed: [u8; 32],
    block: u64,
    left: Vec<u8>,
}

impl Random {
    /// Begins anew, from everything that makes this call another than all others.
    pub(super) fn seed(&mut self, parts: &[&[u8]]) {
        let mut hash = Context::new(&SHA256);
        for part in parts {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        self.seed.copy_from_slice(hash.finish().as_ref());
        self.block = 0;
        self.left.clear();
    }

    /// Begins anew, from the seed before and this.
    pub(super) fn go_on(&mut self, part: &[u8]) {
        let before = self.seed;
        self.seed(&[&before, part]);
    }

    fn octets<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.octet())
    }

    fn octet(&mut self) -> u8 {
        if self.left.is_empty() {
            let mut hash = Context::new(&SHA256);
            hash.update(&self.seed);
            hash.update(&self.block.to_le_bytes());
            self.block += 1;
            self.left.extend(hash.finish().as_ref());
        }
        self.left.pop().unwrap_or_default()
    }

    fn many(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        if len > RANDOM_BYTES_MAX {
            bail!("asked for {len} random octets at once, more than {RANDOM_BYTES_MAX}");
        }
        Ok((0..len).map(|_| self.octet()).collect())
    }
}

impl random::Host for Wasi {
    fn get_random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        self.random.many(len)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(u64::from_le_bytes(self.random.octets()))
    }
}

impl insecure::Host for Wasi {
    fn get_insecure_random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        self.random.many(len)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(u64::from_le_bytes(self.random.octets()))
    }
}

impl insecure_seed::Host for Wasi {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        Ok((
            u64::from_le_bytes(self.random.octets()),
            u64::from_le_bytes(self.random.octets()),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_octets_and_another_gives_others() {
        let of = |parts: &[&[u8]]| {
            let mut random = Random::default();
            random.seed(parts);
            random.many(100).unwrap()
        };
        assert_eq!(of(&[b"42", b"1"]), of(&[b"42", b"1"]));
        assert_ne!(of(&[b"42", b"1"]), of(&[b"42", b"2"]));
        assert_ne!(of(&[b"42", b"1"]), of(&[b"4", b"21"]), "where a part ends counts");
    }

    #[test]
    fn one_octet_too_many_at_once_is_a_fault() {
        let mut random = Random::default();
        assert!(random.many(RANDOM_BYTES_MAX).is_ok());
        assert!(random.many(RANDOM_BYTES_MAX + 1).is_err());
    }
}
