//! Framing: where one PDU ends in the stream and the next begins. It looks at command_length and at nothing else.

use core::fmt;

/// Octets of a header; no frame is shorter.
pub const HEADER_LEN: usize = 16;

/// How many octets at the start of `bytes` are one frame.
///
/// `Ok(None)`: more octets are needed. `Ok(Some(n))`: the first `n` are one frame. Decided as soon as the four octets of
/// command_length are there, so that nothing is gathered for a length that will be refused.
///
/// # Errors
/// command_length is below 16 or above `max`: the stream is out of step and no later frame can be found in it.
pub fn split(bytes: &[u8], max: usize) -> Result<Option<usize>, BadLength> {
    let Some(octets) = bytes.first_chunk() else {
        return Ok(None);
    };
    let command_length = u32::from_be_bytes(*octets);
    match usize::try_from(command_length) {
        Ok(length) if (HEADER_LEN..=max).contains(&length) => Ok((bytes.len() >= length).then_some(length)),
        _ => Err(BadLength { command_length, max }),
    }
}

/// A command_length that no frame can have. The peer is to blame; what follows is generic_nack and the end of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadLength {
    /// The value read.
    pub command_length: u32,
    /// The largest value allowed.
    pub max: usize,
}

impl fmt::Display for BadLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { command_length, max } = self;
        if usize::try_from(*command_length).is_ok_and(|length| length < HEADER_LEN) {
            write!(f, "command_length {command_length} is less than {HEADER_LEN}")
        } else {
            write!(f, "command_length {command_length} exceeds {max}")
        }
    }
}

impl core::error::Error for BadLength {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn waits_for_the_whole_frame() {
        let stream = [0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0];
        for have in 0..17 {
            assert_eq!(split(&stream[..have], 64), Ok(None), "{have} octets");
        }
        assert_eq!(split(&stream[..17], 64), Ok(Some(17)));
        assert_eq!(split(&stream, 64), Ok(Some(17)));
    }

    #[test]
    fn the_limits_are_inside_and_one_past_them_is_not() {
        assert_eq!(split(&[0, 0, 0, 16], 64), Ok(None));
        assert_eq!(split(&[0, 0, 0, 64], 64), Ok(None));
        assert_eq!(
            split(&[0, 0, 0, 15], 64).unwrap_err().to_string(),
            "command_length 15 is less than 16"
        );
        assert_eq!(
            split(&[0, 0, 0, 65], 64).unwrap_err().to_string(),
            "command_length 65 exceeds 64"
        );
        assert_eq!(split(&[0xFF; 4], 64).unwrap_err().command_length, u32::MAX);
    }
}
