//! Optional parameters being written.

use alloc::vec::Vec;
use core::fmt;

use super::{Tag, Tlvs};

/// The value of an optional parameter is longer than its length can say. The caller is to blame; nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueTooLong {
    /// Which parameter.
    pub tag: Tag,
    /// Octets of the value.
    pub length: usize,
}

impl fmt::Display for ValueTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} octets exceeds {}", self.tag, self.length, u16::MAX)
    }
}

impl core::error::Error for ValueTooLong {}

/// Appends one parameter to a buffer that [`Tlvs::read`] or [`TlvList`] takes.
///
/// # Errors
/// The value is longer than 65535 octets; `out` is as it was.
pub fn push(out: &mut Vec<u8>, tag: Tag, value: &[u8]) -> Result<(), ValueTooLong> {
    let length = u16::try_from(value.len()).map_err(|_| ValueTooLong {
        tag,
        length: value.len(),
    })?;
    out.extend_from_slice(&tag.0.to_be_bytes());
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(value);
    Ok(())
}

/// Optional parameters being put together for a PDU.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TlvList {
    octets: Vec<u8>,
}

impl TlvList {
    /// An empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self { octets: Vec::new() }
    }

    /// Appends a parameter.
    ///
    /// # Errors
    /// The value is longer than 65535 octets; the list is as it was.
    pub fn push(&mut self, tag: Tag, value: &[u8]) -> Result<(), ValueTooLong> {
        push(&mut self.octets, tag, value)
    }

    /// Appends a parameter of one octet.
    pub fn push_u8(&mut self, tag: Tag, value: u8) {
        self.push_fixed(tag, [value]);
    }

    /// Appends a parameter of two octets.
    pub fn push_u16(&mut self, tag: Tag, value: u16) {
        self.push_fixed(tag, value.to_be_bytes());
    }

    /// Appends a C-string, with the NUL that its length counts.
    ///
    /// # Errors
    /// The string is longer than 65534 octets; the list is as it was.
    pub fn push_c_string(&mut self, tag: Tag, value: &[u8]) -> Result<(), ValueTooLong> {
        let too_long = ValueTooLong {
            tag,
            length: value.len().saturating_add(1),
        };
        let length = u16::try_from(too_long.length).map_err(|_| too_long)?;
        self.octets.extend_from_slice(&tag.0.to_be_bytes());
        self.octets.extend_from_slice(&length.to_be_bytes());
        self.octets.extend_from_slice(value);
        self.octets.push(0);
        Ok(())
    }

    /// The list as a PDU carries it.
    #[must_use]
    pub fn tlvs(&self) -> Tlvs<'_> {
        Tlvs::written(&self.octets)
    }

    fn push_fixed<const N: usize>(&mut self, tag: Tag, value: [u8; N]) {
        const { assert!(N <= u16::MAX as usize) };
        self.octets.extend_from_slice(&tag.0.to_be_bytes());
        self.octets.extend_from_slice(&(N as u16).to_be_bytes());
        self.octets.extend_from_slice(&value);
    }
}

impl fmt::Debug for TlvList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tlvs().fmt(f)
    }
}
