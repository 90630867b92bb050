//! The reading side of an ESME: answers to whoever waits for them, deliveries to the inbox, and what is answered to the server.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use edgebind_smpp::text::Alphabet;
use edgebind_smpp::{CommandId, CommandStatus, DataSmResp, MessageIdResp, Pdu, encode, encode_header_only};
use tokio::io::{AsyncWriteExt as _, WriteHalf};
use tokio::sync::oneshot;

use super::inbox::{self, Inbox};
use super::wire::{Frame, Reader, Stream};
use crate::wait::{Watched, lock};

/// What a deliver_sm or data_sm is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// Taken.
    Take,
    /// Refused with this status; nothing of it reaches the inbox.
    Refuse(CommandStatus),
    /// Not answered; nothing of it reaches the inbox.
    Ignore,
    /// Taken, and answered so much later.
    Slow(Duration),
}

/// What the server is answered with.
pub(super) struct Reactions {
    pub(super) next: VecDeque<Reaction>,
    pub(super) otherwise: Reaction,
    pub(super) enquire_link: bool,
    pub(super) unbind: bool,
    pub(super) alphabet: Alphabet,
}

/// What the ESME and its reading side share.
pub(super) struct Shared {
    pub(super) writer: tokio::sync::Mutex<WriteHalf<Box<dyn Stream>>>,
    /// None once the connection has ended.
    pub(super) waiting: Mutex<Option<HashMap<u32, oneshot::Sender<Frame>>>>,
    pub(super) inbox: Watched<Inbox>,
    pub(super) seen: Watched<Seen>,
    pub(super) reactions: Mutex<Reactions>,
}

/// What the server did of its own accord.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) enquire_links: usize,
    pub(super) unbinds: usize,
    pub(super) outbinds: Vec<String>,
    pub(super) nacks: Vec<CommandStatus>,
    pub(super) ended: bool,
}

impl Shared {
    pub(super) fn new(writer: WriteHalf<Box<dyn Stream>>) -> Self {
        let reactions = Reactions {
            next: VecDeque::new(),
            otherwise: Reaction::Take,
            enquire_link: true,
            unbind: true,
            alphabet: Alphabet::Gsm,
        };
        Self {
            writer: tokio::sync::Mutex::new(writer),
            waiting: Mutex::new(Some(HashMap::new())),
            inbox: Watched::new(Inbox::default()),
            seen: Watched::new(Seen::default()),
            reactions: Mutex::new(reactions),
        }
    }

    pub(super) async fn write(&self, octets: &[u8]) -> io::Result<()> {
        let mut writer = self.writer.lock().await;
        writer.write_all(octets).await?;
        writer.flush().await
    }

    async fn respond(&self, request: &Frame, status: CommandStatus) -> io::Result<()> {
        let mut octets = Vec::new();
        let sequence_number = request.header.sequence_number;
        // Their bodies are a single NUL, which an empty id makes.
        let body = match request.header.command_id {
            CommandId::DELIVER_SM => Some(Pdu::DeliverSmResp(MessageIdResp::default())),
            CommandId::DATA_SM => Some(Pdu::DataSmResp(DataSmResp::default())),
            _ => None,
        };
        match body {
            Some(body) => encode(&mut octets, status, sequence_number, &body).map_err(io::Error::other)?,
            None => encode_header_only(&mut octets, request.header.command_id.response(), status, sequence_number),
        }
        self.write(&octets).await
    }

    fn answered(&self, frame: Frame) {
        let waiting = lock(&self.waiting)
            .as_mut()
            .and_then(|waiting| waiting.remove(&frame.header.sequence_number));
        match waiting {
            // A caller that has stopped waiting wants no answer.
            Some(sender) => drop(sender.send(frame)),
            None if frame.header.command_id == CommandId::GENERIC_NACK => {
                self.seen.change(|seen| seen.nacks.push(frame.header.command_status));
            }
            None => {}
        }
    }
}

/// Reads until the connection ends; answers what wants an answer.
pub(super) async fn read(mut reader: Reader, shared: Arc<Shared>) {
    while let Ok(Some(frame)) = reader.next().await {
        let done = match frame.header.command_id {
            id if id.is_response() => {
                shared.answered(frame);
                Ok(())
            }
            CommandId::DELIVER_SM | CommandId::DATA_SM => delivered(&shared, frame).await,
            CommandId::ALERT_NOTIFICATION | CommandId::OUTBIND => told(&shared, &frame),
            CommandId::ENQUIRE_LINK => {
                shared.seen.change(|seen| seen.enquire_links += 1);
                let answering = lock(&shared.reactions).enquire_link;
                match answering {
                    true => shared.respond(&frame, CommandStatus::ROK).await,
                    false => Ok(()),
                }
            }
            CommandId::UNBIND => {
                shared.seen.change(|seen| seen.unbinds += 1);
                let answering = lock(&shared.reactions).unbind;
                match answering {
                    true => shared.respond(&frame, CommandStatus::ROK).await,
                    false => Ok(()),
                }
            }
            _ => {
                let mut octets = Vec::new();
                encode_header_only(
                    &mut octets,
                    CommandId::GENERIC_NACK,
                    CommandStatus::RINVCMDID,
                    frame.header.sequence_number,
                );
                shared.write(&octets).await
            }
        };
        if done.is_err() {
            break;
        }
    }
    drop(lock(&shared.waiting).take());
    shared.seen.change(|seen| seen.ended = true);
}

/// What wants no answer; a PDU that cannot be read ends the connection, as there is no way to say so.
fn told(shared: &Shared, frame: &Frame) -> io::Result<()> {
    match frame.pdu() {
        Ok(Pdu::AlertNotification(alert)) => shared.inbox.change(|inbox| inbox.alerted(&alert)),
        Ok(Pdu::Outbind(outbind)) => {
            let system_id = String::from_utf8_lossy(outbind.system_id).into_owned();
            shared.seen.change(|seen| seen.outbinds.push(system_id));
        }
        _ => return Err(io::ErrorKind::InvalidData.into()),
    }
    Ok(())
}

async fn delivered(shared: &Arc<Shared>, frame: Frame) -> io::Result<()> {
    let (reaction, alphabet) = {
        let mut reactions = lock(&shared.reactions);
        (reactions.next.pop_front().unwrap_or(reactions.otherwise), reactions.alphabet)
    };
    let taken = matches!(reaction, Reaction::Take | Reaction::Slow(_));
    let message = match frame.pdu() {
        Ok(Pdu::DeliverSm(message)) => Ok(message),
        Ok(Pdu::DataSm(data)) => Ok(inbox::as_short_message(&data)),
        Ok(_) => Err(CommandStatus::RINVCMDID),
        Err(error) => Err(error.status),
    };
    let readable = message.map(|message| {
        shared.inbox.change(|inbox| {
            inbox.delivered += 1;
            if taken {
                inbox.take(&message, alphabet);
            }
        });
    });
    match (readable, reaction) {
        (Err(status), _) => shared.respond(&frame, status).await,
        (Ok(()), Reaction::Take) => shared.respond(&frame, CommandStatus::ROK).await,
        (Ok(()), Reaction::Refuse(status)) => shared.respond(&frame, status).await,
        (Ok(()), Reaction::Ignore) => Ok(()),
        (Ok(()), Reaction::Slow(time)) => {
            let shared = Arc::clone(shared);
            tokio::spawn(async move {
                tokio::time::sleep(time).await;
                // Nobody is left to answer where this fails.
                let _ = shared.respond(&frame, CommandStatus::ROK).await;
            });
            Ok(())
        }
    }
}
