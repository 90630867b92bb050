//! SMPP as octets: PDUs put together by hand, so that a scenario can say what no library would let it say, and so that a mistake
//! of our own codec cannot hide in its own mirror.

use std::net::SocketAddr;
use std::{fmt, io};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::wait::PATIENCE;

/// command_id of requests (SMPP 3.4 §5.1.2.1); a response has bit 31 set.
pub mod id {
    #![expect(missing_docs, reason = "the names are the specification's")]
    pub const GENERIC_NACK: u32 = 0x8000_0000;
    pub const BIND_RECEIVER: u32 = 0x01;
    pub const BIND_TRANSMITTER: u32 = 0x02;
    pub const QUERY_SM: u32 = 0x03;
    pub const SUBMIT_SM: u32 = 0x04;
    pub const DELIVER_SM: u32 = 0x05;
    pub const UNBIND: u32 = 0x06;
    pub const REPLACE_SM: u32 = 0x07;
    pub const CANCEL_SM: u32 = 0x08;
    pub const BIND_TRANSCEIVER: u32 = 0x09;
    pub const OUTBIND: u32 = 0x0B;
    pub const ENQUIRE_LINK: u32 = 0x15;
    pub const SUBMIT_MULTI: u32 = 0x21;
    pub const DATA_SM: u32 = 0x0103;
    pub const RESPONSE: u32 = 0x8000_0000;
}

/// command_status (SMPP 3.4 §5.1.3).
pub mod status {
    #![expect(missing_docs, reason = "the names are the specification's")]
    pub const ROK: u32 = 0x00;
    pub const RINVMSGLEN: u32 = 0x01;
    pub const RINVCMDLEN: u32 = 0x02;
    pub const RINVCMDID: u32 = 0x03;
    pub const RINVBNDSTS: u32 = 0x04;
    pub const RALYBND: u32 = 0x05;
    pub const RSYSERR: u32 = 0x08;
    pub const RINVDSTADR: u32 = 0x0B;
    pub const RINVMSGID: u32 = 0x0C;
    pub const RBINDFAIL: u32 = 0x0D;
    pub const RINVPASWD: u32 = 0x0E;
    pub const RCANCELFAIL: u32 = 0x11;
    pub const RREPLACEFAIL: u32 = 0x13;
    pub const RMSGQFUL: u32 = 0x14;
    pub const RTHROTTLED: u32 = 0x58;
    pub const RINVSCHED: u32 = 0x61;
    pub const RINVOPTPARSTREAM: u32 = 0xC0;
}

/// Optional parameters that scenarios use.
pub mod tag {
    #![expect(missing_docs, reason = "the names are the specification's")]
    pub const RECEIPTED_MESSAGE_ID: u16 = 0x001E;
    pub const MESSAGE_PAYLOAD: u16 = 0x0424;
    pub const MESSAGE_STATE: u16 = 0x0427;
}

/// One PDU as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// command_id.
    pub id: u32,
    /// command_status.
    pub status: u32,
    /// sequence_number.
    pub sequence: u32,
    /// What follows the header.
    pub body: Vec<u8>,
}

impl Frame {
    /// The C-octet string that the body begins with: message_id of a submit_sm_resp, system_id of a bind response.
    pub fn string(&self) -> String {
        let end = self
            .body
            .iter()
            .position(|octet| *octet == 0)
            .expect("the body begins with a C-octet string");
        String::from_utf8(self.body[..end].to_vec()).unwrap()
    }

    /// What a deliver_sm says.
    pub fn delivery(&self) -> Delivery {
        assert_eq!(self.id, id::DELIVER_SM, "{self:?}");
        let mut rest = self.body.as_slice();
        let _service_type = take_string(&mut rest);
        take(&mut rest, 2);
        let source = take_string(&mut rest);
        take(&mut rest, 2);
        let destination = take_string(&mut rest);
        let esm_class = take(&mut rest, 3)[0];
        assert!(take_string(&mut rest).is_empty(), "schedule_delivery_time of {self:?}");
        assert!(take_string(&mut rest).is_empty(), "validity_period of {self:?}");
        let data_coding = take(&mut rest, 4)[2];
        let length = usize::from(take(&mut rest, 1)[0]);
        let short_message = take(&mut rest, length).to_vec();
        let mut tlvs = Vec::new();
        while !rest.is_empty() {
            let head = take(&mut rest, 4);
            let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
            tlvs.push((u16::from_be_bytes([head[0], head[1]]), take(&mut rest, length).to_vec()));
        }
        Delivery {
            source,
            destination,
            esm_class,
            data_coding,
            short_message,
            tlvs,
        }
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id,
            status,
            sequence,
            body,
        } = self;
        write!(f, "PDU {id:08x} status {status:#x} sequence {sequence} body {body:02x?}")
    }
}

/// What a deliver_sm says.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// source_addr.
    pub source: String,
    /// destination_addr.
    pub destination: String,
    /// esm_class.
    pub esm_class: u8,
    /// data_coding.
    pub data_coding: u8,
    /// short_message.
    pub short_message: Vec<u8>,
    /// Optional parameters, in order.
    pub tlvs: Vec<(u16, Vec<u8>)>,
}

impl Delivery {
    /// Whether this is a final delivery receipt.
    pub fn is_receipt(&self) -> bool {
        self.esm_class & 0x3C == 0x04
    }

    /// The message id that a receipt is for.
    pub fn receipted_message_id(&self) -> String {
        let value = self
            .tlv(tag::RECEIPTED_MESSAGE_ID)
            .expect("a receipt has receipted_message_id");
        let (last, id) = value.split_last().unwrap();
        assert_eq!(*last, 0, "receipted_message_id ends with NUL, which its length counts");
        String::from_utf8(id.to_vec()).unwrap()
    }

    /// The seven letters after `stat:`.
    pub fn stat(&self) -> String {
        let text = String::from_utf8(self.short_message.clone()).unwrap();
        let (_, rest) = text
            .split_once("stat:")
            .unwrap_or_else(|| panic!("receipt without stat: {text}"));
        rest[..7].to_owned()
    }

    fn tlv(&self, tag: u16) -> Option<&[u8]> {
        self.tlvs
            .iter()
            .find(|(name, _)| *name == tag)
            .map(|(_, value)| value.as_slice())
    }
}

/// A submit_sm, field by field; what a scenario does not name is as plain as can be.
#[derive(Debug, Clone)]
pub struct Submit<'a> {
    /// source_addr_ton and source_addr_npi.
    pub source_kind: [u8; 2],
    /// source_addr.
    pub source: &'a str,
    /// dest_addr_ton and dest_addr_npi.
    pub destination_kind: [u8; 2],
    /// destination_addr.
    pub destination: &'a str,
    /// esm_class.
    pub esm_class: u8,
    /// schedule_delivery_time.
    pub schedule: &'a str,
    /// validity_period.
    pub validity: &'a str,
    /// registered_delivery.
    pub registered_delivery: u8,
    /// data_coding.
    pub data_coding: u8,
    /// sm_length, where it is not what short_message has.
    pub sm_length: Option<u8>,
    /// short_message.
    pub short_message: &'a [u8],
    /// Octets behind short_message: optional parameters, or what pretends to be some.
    pub tail: Vec<u8>,
}

impl Default for Submit<'_> {
    fn default() -> Self {
        Self {
            source_kind: [5, 0],
            source: "ACME",
            destination_kind: [1, 1],
            destination: "447700900100",
            esm_class: 0,
            schedule: "",
            validity: "",
            registered_delivery: 0,
            data_coding: 0,
            sm_length: None,
            short_message: b"hello",
            tail: Vec::new(),
        }
    }
}

impl Submit<'_> {
    /// The PDU.
    pub fn pdu(&self, sequence: u32) -> Vec<u8> {
        let length = self
            .sm_length
            .unwrap_or_else(|| u8::try_from(self.short_message.len()).unwrap());
        let mut body = vec![0];
        body.extend([&self.source_kind, self.source.as_bytes(), &[0]].concat());
        body.extend([&self.destination_kind, self.destination.as_bytes(), &[0]].concat());
        body.extend([self.esm_class, 0, 0]);
        body.extend([self.schedule.as_bytes(), &[0], self.validity.as_bytes(), &[0]].concat());
        body.extend([self.registered_delivery, 0, self.data_coding, 0, length]);
        body.extend(self.short_message);
        body.extend(&self.tail);
        pdu(id::SUBMIT_SM, sequence, &body)
    }
}

/// A request with the command_length that it has.
pub fn pdu(id: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    answer(id, status::ROK, sequence, body)
}

/// A PDU with a command_status.
pub fn answer(id: u32, status: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + body.len()).unwrap();
    let header = [length, id, status, sequence].map(u32::to_be_bytes).concat();
    [header.as_slice(), body].concat()
}

/// A bind request of this kind, interface_version 0x34.
pub fn bind(id: u32, sequence: u32, system_id: &str, password: &str) -> Vec<u8> {
    bind_of(id, sequence, (system_id, password), "", 0x34)
}

/// A bind request with a system_type and an interface_version.
pub fn bind_of(id: u32, sequence: u32, (system_id, password): (&str, &str), system_type: &str, version: u8) -> Vec<u8> {
    let strings = [system_id, password, system_type].map(|text| [text.as_bytes(), &[0]].concat());
    pdu(id, sequence, &[strings.concat().as_slice(), &[version, 0, 0, 0]].concat())
}

/// An optional parameter.
pub fn tlv(tag: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap();
    [&tag.to_be_bytes(), &length.to_be_bytes(), value].concat()
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// One connection, and the patience of a scenario with it.
pub struct Wire {
    stream: Box<dyn Stream>,
    sequence: u32,
    /// Came, were answered, and were not asked for yet.
    deliveries: Vec<Delivery>,
}

impl Wire {
    /// A connection over which nothing was said yet.
    pub async fn connect(smpp: SocketAddr) -> Self {
        Self::over(TcpStream::connect(smpp).await.expect("the SMPP listener takes connections"))
    }

    /// SMPP over something that is already connected.
    pub fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self {
            stream: Box::new(stream),
            sequence: 0,
            deliveries: Vec::new(),
        }
    }

    /// Connects and binds; the bind must be taken.
    pub async fn bound(smpp: SocketAddr, kind: u32, system_id: &str, password: &str) -> Self {
        let mut wire = Self::connect(smpp).await;
        let sequence = wire.next_sequence();
        wire.send(&bind(kind, sequence, system_id, password)).await;
        let response = wire.frame().await;
        let expected = (kind | id::RESPONSE, status::ROK, sequence);
        assert_eq!((response.id, response.status, response.sequence), expected, "{response:?}");
        wire
    }

    /// A number for the next request.
    pub fn next_sequence(&mut self) -> u32 {
        self.sequence += 1;
        self.sequence
    }

    /// Octets, as they are.
    pub async fn send(&mut self, octets: &[u8]) {
        self.stream
            .write_all(octets)
            .await
            .expect("the gateway takes what it is sent");
    }

    /// Octets to a gateway that may be gone.
    ///
    /// # Errors
    /// It is.
    pub async fn try_send(&mut self, octets: &[u8]) -> io::Result<()> {
        self.stream.write_all(octets).await
    }

    /// A half-close: nothing more will be said, everything is still heard.
    pub async fn half_close(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// The next PDU.
    pub async fn frame(&mut self) -> Frame {
        self.next()
            .await
            .expect("a PDU was expected, and the gateway closed the connection")
    }

    /// The next PDU; none when the gateway has closed the connection.
    pub async fn next(&mut self) -> Option<Frame> {
        timeout(PATIENCE, self.read())
            .await
            .unwrap_or_else(|_| panic!("waited {PATIENCE:?} for a PDU"))
    }

    /// The next delivery, answered with ROK; one that came while something else was waited for is the first.
    pub async fn delivery(&mut self) -> Delivery {
        while self.deliveries.is_empty() {
            if let Some(frame) = self.other_than_delivery().await {
                panic!("a delivery was expected: {frame:?}");
            }
        }
        self.deliveries.remove(0)
    }

    /// One submit_sm and the response to it. Deliveries before it are answered with ROK and kept for [`delivery`](Self::delivery).
    pub async fn submit(&mut self, submit: &Submit<'_>) -> Frame {
        let sequence = self.next_sequence();
        self.send(&submit.pdu(sequence)).await;
        let response = self.response().await;
        assert_eq!(
            (response.id, response.sequence),
            (id::SUBMIT_SM | id::RESPONSE, sequence),
            "{response:?}"
        );
        response
    }

    /// Deliveries that came up to now, and that nobody has asked for.
    pub async fn unasked(&mut self) -> Vec<Delivery> {
        self.enquire().await;
        std::mem::take(&mut self.deliveries)
    }

    /// The next PDU that is neither an enquire_link nor a delivery, which are answered.
    async fn response(&mut self) -> Frame {
        loop {
            if let Some(frame) = self.other_than_delivery().await {
                return frame;
            }
        }
    }

    /// The next PDU, unless it was an enquire_link or a delivery.
    async fn other_than_delivery(&mut self) -> Option<Frame> {
        let frame = self.frame().await;
        let body: &[u8] = match frame.id {
            id::ENQUIRE_LINK => &[],
            id::DELIVER_SM => {
                self.deliveries.push(frame.delivery());
                &[0]
            }
            _ => return Some(frame),
        };
        self.send(&answer(frame.id | id::RESPONSE, status::ROK, frame.sequence, body))
            .await;
        None
    }

    /// One enquire_link and the response to it.
    pub async fn enquire(&mut self) {
        let sequence = self.next_sequence();
        self.send(&pdu(id::ENQUIRE_LINK, sequence, &[])).await;
        let response = self.frame().await;
        let expected = Frame {
            id: id::ENQUIRE_LINK | id::RESPONSE,
            status: status::ROK,
            sequence,
            body: Vec::new(),
        };
        assert_eq!(response, expected);
    }

    /// Nothing more comes: the gateway has closed, or closes now.
    pub async fn closed(&mut self) {
        let next = self.next().await;
        assert!(next.is_none(), "the connection should be closed: {next:?}");
    }

    async fn read(&mut self) -> Option<Frame> {
        let mut header = [0; 16];
        // A reset is an end too, and so is half a PDU: what we sent last was perhaps never read, or the process was killed.
        self.stream.read_exact(&mut header).await.ok()?;
        let word = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().unwrap());
        let length = usize::try_from(word(0)).unwrap();
        assert!((16..=65_536).contains(&length), "command_length {length} from the gateway");
        let mut body = vec![0; length - 16];
        self.stream.read_exact(&mut body).await.ok()?;
        Some(Frame {
            id: word(4),
            status: word(8),
            sequence: word(12),
            body,
        })
    }
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, after) = rest.split_at_checked(length).expect("a deliver_sm has all its fields");
    *rest = after;
    taken
}

fn take_string(rest: &mut &[u8]) -> String {
    let length = rest
        .iter()
        .position(|octet| *octet == 0)
        .expect("a C-octet string ends with NUL");
    let octets = take(rest, length + 1);
    String::from_utf8(octets[..length].to_vec()).unwrap()
}
