//! What the host is asked for a request of the peer: a message to store, or a question about messages.

use crate::{
    message::{Instant, Message},
    peer::Peer,
    question,
    requests::{Kept, Request},
    session::Question,
    settings::Settings,
    submission,
};
use edgebind_smpp::{CommandStatus, Pdu, decode};

/// What a request is judged by.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) peer: Peer,
    pub(crate) settings: &'a Settings,
    pub(crate) now: Instant,
}

/// For the host.
#[derive(Debug)]
pub(crate) enum Work {
    Append(Message),
    Ask(Question),
}

/// Reads a request; what is wrong with it is the command_status of its answer.
pub(crate) fn read(frame: &[u8], terms: Terms<'_>) -> Result<(Request, Option<Kept>, Work), CommandStatus> {
    let (_, pdu) = decode(frame).map_err(|error| error.status)?;
    Ok(match pdu {
        Pdu::SubmitSm(sm) => (Request::SubmitSm, None, Work::Append(submission::submit_sm(&sm, terms)?)),
        Pdu::DataSm(sm) => (Request::DataSm, None, Work::Append(submission::data_sm(&sm, terms)?)),
        Pdu::SubmitMulti(sm) => {
            let (message, unsuccess) = submission::submit_multi(&sm, terms)?;
            let kept = (!unsuccess.is_empty()).then_some(Kept::Unsuccess(unsuccess));
            (Request::SubmitMulti, kept, Work::Append(message))
        }
        Pdu::QuerySm(sm) => {
            let query = question::query(&sm, terms)?;
            let kept = Kept::MessageId(sm.message_id.to_vec());
            (Request::QuerySm, Some(kept), Work::Ask(Question::Query(query)))
        }
        Pdu::CancelSm(sm) => {
            let cancel = question::cancel(&sm, terms)?;
            let request = if cancel.id.is_some() {
                Request::CancelOne
            } else {
                Request::CancelAll
            };
            (request, None, Work::Ask(Question::Cancel(cancel)))
        }
        Pdu::ReplaceSm(sm) => {
            let replacement = question::replace(&sm, terms)?;
            (Request::ReplaceSm, None, Work::Ask(Question::Replace(replacement)))
        }
        // Nothing else is asked of the host.
        _ => return Err(CommandStatus::RINVCMDID),
    })
}
