//! The two halves of a socket: frames out of octets, octets out of a buffer. Knows lengths, never meanings.

use crate::limits::{PDU_OCTETS_MAX, READ_GROWTH, READ_OCTETS, UNBOUND_PDU_OCTETS_MAX, WRITE_OCTETS_MAX};
use bytes::{Buf, BytesMut};
use edgebind_smpp::frame::{self, BadLength};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What comes from a peer.
pub struct Reader<R> {
    half: R,
    buffer: BytesMut,
    /// Octets of the largest frame.
    frame_max: usize,
    /// Octets that are read at a time: more while more comes, so that a silent peer takes little memory.
    read_next: usize,
    read_max: usize,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// Reads from this half of a socket, whose peer nobody knows yet: small frames, and little memory for them.
    pub fn unbound(half: R) -> Self {
        Self {
            half,
            buffer: BytesMut::new(),
            frame_max: UNBOUND_PDU_OCTETS_MAX,
            read_next: UNBOUND_PDU_OCTETS_MAX,
            read_max: UNBOUND_PDU_OCTETS_MAX,
        }
    }

    /// The peer has bound: from now on frames may have any length that a bind's may have.
    pub fn bound(mut self) -> Self {
        (self.frame_max, self.read_max) = (PDU_OCTETS_MAX, READ_OCTETS);
        self
    }

    /// Waits for octets; their number, 0 when the peer will send no more. Cancel-safe.
    pub async fn fill(&mut self) -> io::Result<usize> {
        self.buffer.reserve(self.read_next);
        let read = self.half.read_buf(&mut self.buffer).await?;
        if read >= self.read_next {
            self.read_next = self.read_next.saturating_mul(READ_GROWTH).min(self.read_max);
        }
        Ok(read)
    }

    /// The next frame, if all of it is here.
    pub fn frame(&mut self) -> Result<Option<BytesMut>, BadLength> {
        let length = frame::split(&self.buffer, self.frame_max)?;
        Ok(length.map(|length| self.buffer.split_to(length)))
    }

    /// What is here and was not taken as frames, at most one header of it.
    pub fn rest(&self) -> &[u8] {
        &self.buffer[..self.buffer.len().min(frame::HEADER_LEN)]
    }
}

/// What goes to a peer.
pub struct Writer<W> {
    half: W,
    buffer: BytesMut,
    /// Octets that the socket has taken since the beginning.
    written: u64,
}

impl<W: AsyncWrite + Unpin> Writer<W> {
    /// Writes to this half of a socket.
    pub fn new(half: W) -> Self {
        Self {
            half,
            buffer: BytesMut::new(),
            written: 0,
        }
    }

    /// Puts octets behind those that wait.
    pub fn push(&mut self, octets: &[u8]) {
        self.buffer.extend_from_slice(octets);
    }

    /// Whether octets wait.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Whether so many octets wait that nothing more should be asked of the peer.
    pub fn is_full(&self) -> bool {
        self.buffer.len() >= WRITE_OCTETS_MAX
    }

    /// Octets pushed since the beginning.
    pub fn pushed(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Octets that the socket has taken since the beginning.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Waits until the socket takes some of what waits. Cancel-safe.
    pub async fn write(&mut self) -> io::Result<()> {
        let taken = self.half.write(&self.buffer).await?;
        if taken == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.buffer.advance(taken);
        self.written += taken as u64;
        if self.buffer.is_empty() {
            self.half.flush().await?;
        }
        Ok(())
    }

    /// Writes all that waits, then says that no more will come.
    pub async fn finish(&mut self) -> io::Result<()> {
        while !self.buffer.is_empty() {
            self.write().await?;
        }
        self.half.shutdown().await
    }
}
