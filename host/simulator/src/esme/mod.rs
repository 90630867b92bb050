//! An ESME: binds, submits, answers what it is delivered and keeps it. [`Wire`] is the same connection for those who send garbage.
//!
//! Any number of requests may be under way at once: each waits for its own answer. It speaks SMPP 3.4 and takes no decision that a
//! caller has not taken before.

mod inbox;
mod reading;
mod requests;
mod submit;
mod wire;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::time::Duration;

use edgebind_smpp::text::Alphabet;
use edgebind_smpp::{Bind, CommandStatus, MessageIdResp, Pdu, encode};
use tokio::net::ToSocketAddrs;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use inbox::{Alert, Inbox, Message, Receipt};
pub use reading::Reaction;
pub use requests::{Standing, ToMany};
pub use submit::{Address, Long, Part, Submit};
pub use wire::{Frame, Stream, Wire};

use crate::TimedOut;
use crate::wait::lock;
use reading::Shared;

/// How long a request waits for its answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Which way messages shall go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindKind {
    /// bind_transmitter.
    Transmitter,
    /// bind_receiver.
    Receiver,
    /// bind_transceiver.
    Transceiver,
}

/// Why a request has no good answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The server answered with this status.
    Refused(CommandStatus),
    /// The server ended the connection, or it broke.
    Ended,
    /// No answer in time.
    Unanswered,
    /// An answer that is none: the server is to blame.
    Wrong(String),
    /// A PDU that cannot be written: the caller is to blame.
    Unfit(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(status) => write!(f, "refused with {status}"),
            Self::Ended => f.write_str("connection ended"),
            Self::Unanswered => f.write_str("no answer in time"),
            Self::Wrong(what) => write!(f, "answered with {what}"),
            Self::Unfit(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Failure {}

/// A connection to an SMPP server; dropping it closes it.
pub struct Esme {
    shared: Arc<Shared>,
    sequence: AtomicU32,
    reference: AtomicU16,
    reading: JoinHandle<()>,
}

impl Esme {
    /// Connects over TCP.
    ///
    /// # Errors
    ///
    /// When nobody listens there.
    pub async fn connect(address: impl ToSocketAddrs) -> io::Result<Self> {
        Ok(Self::over(Wire::connect(address).await?))
    }

    /// Goes on with a connection that is there already, [`Wire::over`] TLS for instance.
    pub fn over(wire: Wire) -> Self {
        let (reader, writer) = wire.split();
        let shared = Arc::new(Shared::new(writer));
        let reading = tokio::spawn(reading::read(reader, Arc::clone(&shared)));
        Self {
            shared,
            sequence: AtomicU32::new(1),
            reference: AtomicU16::new(1),
            reading,
        }
    }

    /// Connects and binds.
    ///
    /// # Errors
    ///
    /// [`Failure::Ended`] when nobody listens there; else as [`bind`](Self::bind).
    pub async fn bound(address: impl ToSocketAddrs, kind: BindKind, system_id: &str, password: &str) -> Result<Self, Failure> {
        let esme = Self::connect(address).await.map_err(|_| Failure::Ended)?;
        esme.bind(kind, system_id, password).await?;
        Ok(esme)
    }

    /// Binds; gives the server's system_id.
    ///
    /// # Errors
    ///
    /// [`Failure::Refused`] with the server's reason.
    pub async fn bind(&self, kind: BindKind, system_id: &str, password: &str) -> Result<String, Failure> {
        let bind = Bind {
            system_id: system_id.as_bytes(),
            password: password.as_bytes(),
            interface_version: 0x34,
            ..Bind::default()
        };
        let pdu = match kind {
            BindKind::Transmitter => Pdu::BindTransmitter(bind),
            BindKind::Receiver => Pdu::BindReceiver(bind),
            BindKind::Transceiver => Pdu::BindTransceiver(bind),
        };
        let answer = self.request(&pdu).await?;
        match answer.pdu().map_err(|error| Failure::Wrong(error.to_string()))? {
            Pdu::BindTransmitterResp(body) | Pdu::BindReceiverResp(body) | Pdu::BindTransceiverResp(body) => {
                Ok(String::from_utf8_lossy(body.system_id).into_owned())
            }
            other => Err(Failure::Wrong(other.command_id().to_string())),
        }
    }

    /// Submits a message; gives one message_id for each part it takes, in order.
    ///
    /// # Errors
    ///
    /// The failure of the first part that fails; those behind it are not sent.
    pub async fn submit(&self, submit: &Submit) -> Result<Vec<String>, Failure> {
        let mut ids = Vec::new();
        for part in submit.parts(self.next_reference()) {
            ids.push(self.submit_part(&part).await?);
        }
        Ok(ids)
    }

    /// Submits one part; gives its message_id.
    ///
    /// # Errors
    ///
    /// [`Failure::Refused`] with the server's reason.
    pub async fn submit_part(&self, part: &Part<'_>) -> Result<String, Failure> {
        let answer = self.request(&part.pdu()).await?;
        match answer.pdu().map_err(|error| Failure::Wrong(error.to_string()))? {
            Pdu::SubmitSmResp(MessageIdResp { message_id }) => Ok(String::from_utf8_lossy(message_id).into_owned()),
            other => Err(Failure::Wrong(other.command_id().to_string())),
        }
    }

    /// Asks whether the server is there.
    ///
    /// # Errors
    ///
    /// When it does not say so.
    pub async fn enquire_link(&self) -> Result<(), Failure> {
        self.request(&Pdu::EnquireLink).await.map(|_| ())
    }

    /// Ends the bind; the server then closes the connection.
    ///
    /// # Errors
    ///
    /// When the server does not agree.
    pub async fn unbind(&self) -> Result<(), Failure> {
        self.request(&Pdu::Unbind).await.map(|_| ())
    }

    /// Sends any request and waits for its answer, which has status ROK.
    ///
    /// # Errors
    ///
    /// [`Failure::Refused`] for every other status, generic_nack included.
    pub async fn request(&self, pdu: &Pdu<'_>) -> Result<Frame, Failure> {
        let frame = self.exchange(pdu).await?;
        match frame.header.command_status {
            CommandStatus::ROK => Ok(frame),
            status => Err(Failure::Refused(status)),
        }
    }

    /// Sends any request and waits for its answer, whatever its status, generic_nack included.
    ///
    /// # Errors
    ///
    /// When there is none, or the request cannot be written.
    pub async fn exchange(&self, pdu: &Pdu<'_>) -> Result<Frame, Failure> {
        let sequence_number = self.sequence.fetch_add(1, Ordering::Relaxed);
        let mut octets = Vec::new();
        encode(&mut octets, CommandStatus::ROK, sequence_number, pdu).map_err(|error| Failure::Unfit(error.to_string()))?;
        let answer = self.expect(sequence_number)?;
        self.send(&octets).await?;
        tokio::time::timeout(ANSWER_TIMEOUT, answer)
            .await
            .map_err(|_| Failure::Unanswered)?
            .map_err(|_| Failure::Ended)
    }

    /// Sends octets as they are.
    ///
    /// # Errors
    ///
    /// [`Failure::Ended`] when the connection is gone.
    pub async fn send(&self, octets: &[u8]) -> Result<(), Failure> {
        self.shared.write(octets).await.map_err(|_| Failure::Ended)
    }

    /// What deliver_sm and data_sm are answered with from now on.
    pub fn react(&self, reaction: Reaction) {
        lock(&self.shared.reactions).otherwise = reaction;
    }

    /// What the next `count` deliver_sm and data_sm are answered with, after those set before.
    pub fn react_next(&self, count: usize, reaction: Reaction) {
        lock(&self.shared.reactions).next.extend(std::iter::repeat_n(reaction, count));
    }

    /// Whether enquire_link and unbind of the server are answered; they are, unless this says no.
    pub fn answer_links(&self, enquire_link: bool, unbind: bool) {
        let mut reactions = lock(&self.shared.reactions);
        reactions.enquire_link = enquire_link;
        reactions.unbind = unbind;
    }

    /// What data_coding 0 means in deliver_sm.
    pub fn alphabet(&self, alphabet: Alphabet) {
        lock(&self.shared.reactions).alphabet = alphabet;
    }

    /// What was delivered and taken so far.
    pub fn inbox(&self) -> Inbox {
        self.shared.inbox.read(Inbox::clone)
    }

    /// Waits until the inbox holds what the caller waits for.
    ///
    /// # Errors
    ///
    /// When it does not, in time.
    pub async fn wait_for<R>(&self, timeout: Duration, mut look: impl FnMut(&Inbox) -> Option<R>) -> Result<R, TimedOut> {
        self.shared.inbox.wait_for(timeout, |inbox| look(inbox)).await
    }

    /// Waits for the final receipt of this message_id.
    ///
    /// # Errors
    ///
    /// When it does not come, in time.
    pub async fn receipt_of(&self, id: &str, timeout: Duration) -> Result<Receipt, TimedOut> {
        self.wait_for(timeout, |inbox| inbox.receipt_of(id).cloned()).await
    }

    /// enquire_link that the server has sent.
    pub fn enquire_links(&self) -> usize {
        self.shared.seen.read(|seen| seen.enquire_links)
    }

    /// unbind that the server has sent.
    pub fn unbinds(&self) -> usize {
        self.shared.seen.read(|seen| seen.unbinds)
    }

    /// The system_id of each outbind that the server has sent.
    pub fn outbinds(&self) -> Vec<String> {
        self.shared.seen.read(|seen| seen.outbinds.clone())
    }

    /// The statuses of generic_nack that answered no request of ours.
    pub fn nacks(&self) -> Vec<CommandStatus> {
        self.shared.seen.read(|seen| seen.nacks.clone())
    }

    /// Waits for the server to ask whether we are there, so many times.
    ///
    /// # Errors
    ///
    /// When it does not, in time.
    pub async fn wait_for_enquire_links(&self, count: usize, timeout: Duration) -> Result<(), TimedOut> {
        self.shared
            .seen
            .wait_for(timeout, |seen| (seen.enquire_links >= count).then_some(()))
            .await
    }

    /// Waits for the connection to end.
    ///
    /// # Errors
    ///
    /// When it does not, in time.
    pub async fn wait_for_end(&self, timeout: Duration) -> Result<(), TimedOut> {
        self.shared.seen.wait_for(timeout, |seen| seen.ended.then_some(())).await
    }

    /// Whether the connection has ended.
    pub fn has_ended(&self) -> bool {
        self.shared.seen.read(|seen| seen.ended)
    }

    /// What the parts of the next long message share.
    fn next_reference(&self) -> u16 {
        self.reference.fetch_add(1, Ordering::Relaxed)
    }

    fn expect(&self, sequence_number: u32) -> Result<oneshot::Receiver<Frame>, Failure> {
        let (sender, receiver) = oneshot::channel();
        lock(&self.shared.waiting)
            .as_mut()
            .ok_or(Failure::Ended)?
            .insert(sequence_number, sender);
        Ok(receiver)
    }
}

impl Drop for Esme {
    fn drop(&mut self) {
        self.reading.abort();
    }
}
