//! Frames over a stream: what an ESME sends and receives before anybody looks into it. Octets of any kind can be sent.

use std::io;
use std::time::Duration;

use edgebind_smpp::{CommandStatus, DecodeError, Header, Pdu, decode, encode, frame};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::net::{TcpStream, ToSocketAddrs};

/// A server that sends more in one PDU is out of step.
const FRAME_BYTES_MAX: usize = 128 * 1024;

/// Anything that octets go over: TCP, TLS, a pipe.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// One PDU as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its first 16 octets.
    pub header: Header,
    /// All of it.
    pub octets: Vec<u8>,
}

impl Frame {
    /// What it says.
    ///
    /// # Errors
    ///
    /// When its fields do not stand where they should: the server is to blame.
    pub fn pdu(&self) -> Result<Pdu<'_>, DecodeError> {
        decode(&self.octets).map(|(_, pdu)| pdu)
    }
}

/// The reading half.
pub(crate) struct Reader {
    stream: ReadHalf<Box<dyn Stream>>,
    buffer: Vec<u8>,
}

impl Reader {
    /// The next frame; none when the peer has ended the stream.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Frame>> {
        loop {
            let length = frame::split(&self.buffer, FRAME_BYTES_MAX)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
            if let Some(length) = length {
                let rest = self.buffer.split_off(length);
                let octets = std::mem::replace(&mut self.buffer, rest);
                let header = Header::read(&octets).ok_or(io::ErrorKind::InvalidData)?;
                return Ok(Some(Frame { header, octets }));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }
}

/// A connection for tests that send what no ESME would: every octet is the caller's.
pub struct Wire {
    reader: Reader,
    writer: WriteHalf<Box<dyn Stream>>,
}

impl Wire {
    /// Connects over TCP.
    ///
    /// # Errors
    ///
    /// When nobody listens there.
    pub async fn connect(address: impl ToSocketAddrs) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self::over(stream))
    }

    /// Speaks over a stream that is there already, of TLS for instance.
    pub fn over(stream: impl Stream + 'static) -> Self {
        let boxed: Box<dyn Stream> = Box::new(stream);
        let (reader, writer) = tokio::io::split(boxed);
        Self {
            reader: Reader {
                stream: reader,
                buffer: Vec::new(),
            },
            writer,
        }
    }

    /// Sends octets as they are, in one write.
    ///
    /// # Errors
    ///
    /// When the connection is gone.
    pub async fn send(&mut self, octets: &[u8]) -> io::Result<()> {
        self.writer.write_all(octets).await?;
        self.writer.flush().await
    }

    /// Sends a PDU with status ROK.
    ///
    /// # Errors
    ///
    /// When the connection is gone, or the PDU's fields do not fit their places.
    pub async fn send_pdu(&mut self, sequence_number: u32, pdu: &Pdu<'_>) -> io::Result<()> {
        let mut octets = Vec::new();
        encode(&mut octets, CommandStatus::ROK, sequence_number, pdu).map_err(io::Error::other)?;
        self.send(&octets).await
    }

    /// The next frame; none when the peer has ended the stream.
    ///
    /// # Errors
    ///
    /// `TimedOut` when nothing comes in time; what the socket says; `InvalidData` when the server is out of step.
    pub async fn frame(&mut self, timeout: Duration) -> io::Result<Option<Frame>> {
        tokio::time::timeout(timeout, self.reader.next())
            .await
            .map_err(|_| io::ErrorKind::TimedOut)?
    }

    /// Whether the peer ends the stream in time, with nothing more to say.
    pub async fn ends(&mut self, timeout: Duration) -> bool {
        match self.frame(timeout).await {
            Ok(ended) => ended.is_none(),
            Err(error) => matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof),
        }
    }

    /// Sends no more, and goes on listening.
    ///
    /// # Errors
    ///
    /// When the connection is gone.
    pub async fn half_close(&mut self) -> io::Result<()> {
        self.writer.shutdown().await
    }

    pub(crate) fn split(self) -> (Reader, WriteHalf<Box<dyn Stream>>) {
        (self.reader, self.writer)
    }
}
