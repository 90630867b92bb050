//! What a connection must pass before a session starts for it: a bind request with good credentials. Native, so that an
//! unauthenticated peer never reaches a guest. Whether the bind is taken is then the session's say.

use super::{
    connection::{Reader, Writer},
    entrance,
    peer::Peer,
};
use crate::{
    bind::{Bind, Running},
    gateway::Gateway,
    limits::FRAMES_BEFORE_BIND_MAX,
};
use bytes::BytesMut;
use edgebind_runtime::session::{self, Event};
use edgebind_smpp::{
    CommandId, CommandStatus, DecodeError, Header, Limits, Pdu, decode_within, encode_header_only, frame::HEADER_LEN, refusal,
};
use std::{io, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, timeout_at},
};

/// What became of a connection that had not bound.
pub enum Admission {
    /// Credentials are good; the session starts with this event.
    Taken(Box<(Bind, Running, Event)>),
    /// The answer is in the writer; write it and close.
    Refused(CommandStatus),
    /// No bind in time.
    Silent,
    /// The peer went, or its socket did.
    Gone(io::Error),
}

/// Answers what comes until a bind request does, which it must by `deadline`, then asks who it is.
pub async fn admit<R, W>(
    gateway: &Arc<Gateway>,
    peer: &Peer,
    deadline: Instant,
    reader: &mut Reader<R>,
    writer: &mut Writer<W>,
) -> Admission
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut frames = 0;
    loop {
        let frame = match reader.frame() {
            Ok(Some(frame)) => frame,
            Ok(None) => match timeout_at(deadline, reader.fill()).await {
                Ok(Ok(0)) => return Admission::Gone(io::ErrorKind::UnexpectedEof.into()),
                Ok(Ok(_)) => continue,
                Ok(Err(error)) => return Admission::Gone(error),
                Err(_) => return Admission::Silent,
            },
            Err(error) => {
                tracing::debug!(%error, "the stream is out of step");
                answer(writer, |out| {
                    encode_header_only(out, CommandId::GENERIC_NACK, CommandStatus::RINVCMDLEN, 0);
                });
                return Admission::Refused(CommandStatus::RINVCMDLEN);
            }
        };
        match first_word(&frame) {
            FirstWord::Bind => return bind(gateway, peer, frame, writer).await,
            FirstWord::EnquireLink(sequence_number) => {
                answer(writer, |out| {
                    encode_header_only(out, CommandId::ENQUIRE_LINK_RESP, CommandStatus::ROK, sequence_number);
                });
            }
            FirstWord::Refuse(id, sequence_number) => answer(writer, |out| refusal(out, id, unbound(id), sequence_number)),
            FirstWord::Nothing => {}
        }
        frames += 1;
        if frames == FRAMES_BEFORE_BIND_MAX {
            return Admission::Refused(CommandStatus::RINVBNDSTS);
        }
        while !writer.is_empty() {
            match timeout_at(deadline, writer.write()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Admission::Gone(error),
                Err(_) => return Admission::Silent,
            }
        }
    }
}

/// The command_status for a request that came before a bind.
fn unbound(request: CommandId) -> CommandStatus {
    match request {
        CommandId::OUTBIND | CommandId::ALERT_NOTIFICATION => CommandStatus::RINVCMDID,
        known if known.name().is_some() => CommandStatus::RINVBNDSTS,
        _ => CommandStatus::RINVCMDID,
    }
}

/// What to do with a frame of a peer that has not bound.
#[derive(Debug, PartialEq)]
enum FirstWord {
    Bind,
    EnquireLink(u32),
    Refuse(CommandId, u32),
    Nothing,
}

fn first_word(frame: &[u8]) -> FirstWord {
    let Some(Header {
        command_id: id,
        sequence_number,
        ..
    }) = Header::read(frame)
    else {
        return FirstWord::Nothing;
    };
    match id {
        CommandId::BIND_TRANSMITTER | CommandId::BIND_RECEIVER | CommandId::BIND_TRANSCEIVER => FirstWord::Bind,
        // SMPP 5.0 allows it in every state, and clients do it.
        CommandId::ENQUIRE_LINK => FirstWord::EnquireLink(sequence_number),
        id if id.is_response() => FirstWord::Nothing,
        id => FirstWord::Refuse(id, sequence_number),
    }
}

async fn bind<W: AsyncWrite + Unpin>(
    gateway: &Arc<Gateway>,
    peer: &Peer,
    mut frame: BytesMut,
    writer: &mut Writer<W>,
) -> Admission {
    let refuse = |writer: &mut Writer<W>, id, status, sequence_number| {
        answer(writer, |out| refusal(out, id, status, sequence_number));
        metrics::counter!("edgebind_binds_refused_total", "status" => status.to_string()).increment(1);
        Admission::Refused(status)
    };
    let (header, request) = match decode_within(&frame, Limits::LONG_PASSWORDS) {
        Ok((header, Pdu::BindTransmitter(request) | Pdu::BindReceiver(request) | Pdu::BindTransceiver(request))) => {
            (header, request)
        }
        Ok((header, _)) => return refuse(writer, header.command_id, CommandStatus::RINVCMDID, header.sequence_number),
        Err(DecodeError { header, status, .. }) => return refuse(writer, header.command_id, status, header.sequence_number),
    };
    let (id, sequence_number) = (header.command_id, header.sequence_number);
    let admitted = entrance::admit(gateway, peer, id, request.system_id, request.password).await;
    let masked = mask(&frame, request.system_id, request.password);
    frame.copy_from_slice(&masked);
    if let Ok(bind) = &admitted {
        bind.tenant.rest().await;
    }
    match admitted.and_then(|bind| bind.open_session().map(|running| (bind, running))) {
        Ok((bind, running)) => {
            let first = Event::Bound(session::Bind { frame: frame.into() });
            Admission::Taken(Box::new((bind, running, first)))
        }
        Err(status) => refuse(writer, id, status, sequence_number),
    }
}

/// The frame with asterisks for the password, which stands behind the system_id and its NUL.
fn mask(frame: &[u8], system_id: &[u8], password: &[u8]) -> Vec<u8> {
    let mut masked = frame.to_vec();
    let start = HEADER_LEN + system_id.len() + 1;
    if let Some(field) = masked.get_mut(start..start + password.len()) {
        field.fill(b'*');
    }
    masked
}

fn answer<W: AsyncWrite + Unpin>(writer: &mut Writer<W>, encode: impl FnOnce(&mut Vec<u8>)) {
    let mut out = Vec::with_capacity(32);
    encode(&mut out);
    writer.push(&out);
}
