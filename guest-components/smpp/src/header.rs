//! The sixteen octets that every PDU begins with.

use crate::frame::HEADER_LEN;
use crate::{CommandId, CommandStatus};

/// A PDU's header (SMPP 3.4 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Octets of the whole PDU, these included.
    pub command_length: u32,
    /// Which PDU this is.
    pub command_id: CommandId,
    /// How the request fared; zero in requests.
    pub command_status: CommandStatus,
    /// What a response repeats of its request. Peers use values outside 1..=0x7FFFFFFF: any value is passed on.
    pub sequence_number: u32,
}

impl Header {
    /// The header at the start of a frame, or `None` when there are fewer than 16 octets.
    #[must_use]
    pub fn read(frame: &[u8]) -> Option<Self> {
        let octets: &[u8; HEADER_LEN] = frame.first_chunk()?;
        let word = |at: usize| u32::from_be_bytes([octets[at], octets[at + 1], octets[at + 2], octets[at + 3]]);
        Some(Self {
            command_length: word(0),
            command_id: CommandId(word(4)),
            command_status: CommandStatus(word(8)),
            sequence_number: word(12),
        })
    }

    /// The header as sixteen octets.
    #[must_use]
    pub fn octets(&self) -> [u8; HEADER_LEN] {
        let mut octets = [0; HEADER_LEN];
        octets[..4].copy_from_slice(&self.command_length.to_be_bytes());
        octets[4..8].copy_from_slice(&self.command_id.0.to_be_bytes());
        octets[8..12].copy_from_slice(&self.command_status.0.to_be_bytes());
        octets[12..].copy_from_slice(&self.sequence_number.to_be_bytes());
        octets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_and_written_alike() {
        let octets = [0, 0, 0, 16, 0x80, 0, 0, 2, 0, 0, 0, 0x0D, 0xFF, 0xFF, 0xFF, 0xFE];
        let header = Header::read(&octets).unwrap();
        assert_eq!(header.command_length, 16);
        assert_eq!(header.command_id, CommandId::BIND_TRANSMITTER_RESP);
        assert_eq!(header.command_status, CommandStatus::RBINDFAIL);
        assert_eq!(header.sequence_number, 0xFFFF_FFFE);
        assert_eq!(header.octets(), octets);
    }

    #[test]
    fn fifteen_octets_are_no_header() {
        assert_eq!(Header::read(&[0; 15]), None);
    }
}
