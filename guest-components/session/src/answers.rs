//! What the peer is answered once the host has answered: the response of every request that went to it.

use crate::{
    id::IdForm,
    message::{MessageId, MessageState as State},
    requests::{Kept, Request, Unsuccess, Waiting},
    session::{Answer, Fate, Refusal},
    settings::Settings,
};
use edgebind_smpp::{
    CommandStatus, DataSmResp, MessageIdResp, MessageState, Npi, Pdu, QuerySmResp, SubmitMultiResp, Time, Tlvs, Ton,
    UnsuccessList, encode, refusal,
};

/// Appends the response to a message that the host has made durable, or has not.
pub(crate) fn appended(out: &mut Vec<u8>, waiting: &Waiting, fate: &Result<MessageId, Refusal>, settings: &Settings) {
    let status = match fate {
        Ok(id) => match taken(out, waiting, id, settings.message_id) {
            Some(()) => return,
            // It is stored, but under an id that no peer can be told: the host breaks the contract.
            None => CommandStatus::RSYSERR,
        },
        Err(Refusal::Throttled) => CommandStatus::RTHROTTLED,
        Err(Refusal::QueueFull) => CommandStatus::RMSGQFUL,
        Err(Refusal::Unavailable) => CommandStatus::RSYSERR,
        // Zero would be a success without an id.
        Err(Refusal::Rejected(0)) => CommandStatus::RSUBMITFAIL,
        Err(Refusal::Rejected(status)) => CommandStatus(*status),
    };
    refusal(out, waiting.request.command(), status, waiting.sequence_number);
}

/// Appends the success, if there is one to tell.
fn taken(out: &mut Vec<u8>, waiting: &Waiting, id: &str, ids: IdForm) -> Option<()> {
    let id = ids.write(id)?;
    let message_id = id.as_bytes();
    let mut unsuccess_smes = UnsuccessList::new();
    let pdu = match waiting.request {
        Request::SubmitSm => Pdu::SubmitSmResp(MessageIdResp { message_id }),
        Request::DataSm => Pdu::DataSmResp(DataSmResp {
            message_id,
            tlvs: Tlvs::default(),
        }),
        Request::SubmitMulti => {
            if let Some(Kept::Unsuccess(list)) = &waiting.kept {
                list.iter().try_for_each(|unsuccess| push(&mut unsuccess_smes, unsuccess))?;
            }
            Pdu::SubmitMultiResp(SubmitMultiResp {
                message_id,
                unsuccess_smes: unsuccess_smes.unsuccesses(),
            })
        }
        // These append nothing.
        Request::QuerySm | Request::CancelOne | Request::CancelAll | Request::ReplaceSm => return None,
    };
    encode(out, CommandStatus::ROK, waiting.sequence_number, &pdu).ok()
}

fn push(list: &mut UnsuccessList, unsuccess: &Unsuccess) -> Option<()> {
    list.push(edgebind_smpp::Unsuccess {
        dest_addr_ton: Ton::new(unsuccess.ton)?,
        dest_addr_npi: Npi::new(unsuccess.npi)?,
        destination_addr: &unsuccess.digits,
        error_status_code: CommandStatus(unsuccess.status),
    })
    .ok()
}

/// Appends the response to a question.
pub(crate) fn answered(out: &mut Vec<u8>, waiting: &Waiting, answer: &Answer) {
    let (sequence_number, request) = (waiting.sequence_number, waiting.request);
    let status = match (request, answer) {
        (Request::QuerySm, Answer::Fate(fate)) => match told(out, waiting, fate) {
            Some(()) => return,
            None => CommandStatus::RSYSERR,
        },
        (Request::CancelOne | Request::CancelAll, Answer::Done) => {
            return done(out, &Pdu::CancelSmResp, sequence_number);
        }
        (Request::ReplaceSm, Answer::Done) => return done(out, &Pdu::ReplaceSmResp, sequence_number),
        // No id was wrong: nothing matched.
        (Request::CancelAll, Answer::Unknown) => CommandStatus::RCANCELFAIL,
        (_, Answer::Unknown) => CommandStatus::RINVMSGID,
        (Request::CancelOne | Request::CancelAll, Answer::TooLate) => CommandStatus::RCANCELFAIL,
        (Request::ReplaceSm, Answer::TooLate) => CommandStatus::RREPLACEFAIL,
        // The host has no answer now, or breaks the contract with one to another question.
        _ => CommandStatus::RSYSERR,
    };
    refusal(out, request.command(), status, sequence_number);
}

fn done(out: &mut Vec<u8>, pdu: &Pdu<'_>, sequence_number: u32) {
    encode(out, CommandStatus::ROK, sequence_number, pdu).expect("a header alone always fits");
}

fn told(out: &mut Vec<u8>, waiting: &Waiting, fate: &Fate) -> Option<()> {
    let Some(Kept::MessageId(message_id)) = &waiting.kept else {
        return None;
    };
    let pdu = Pdu::QuerySmResp(QuerySmResp {
        message_id,
        // A time that no two digits of a year can name is none.
        final_date: fate.done.and_then(Time::at).unwrap_or_default(),
        message_state: state(fate.state),
        // The field is network specific and has one octet: what does not fit is the largest that does.
        error_code: u8::try_from(fate.error).unwrap_or(u8::MAX),
    });
    encode(out, CommandStatus::ROK, waiting.sequence_number, &pdu).ok()
}

/// The wire's number of a state.
pub(crate) const fn state(state: State) -> MessageState {
    match state {
        State::Enroute => MessageState::ENROUTE,
        State::Delivered => MessageState::DELIVERED,
        State::Expired => MessageState::EXPIRED,
        State::Deleted => MessageState::DELETED,
        State::Undeliverable => MessageState::UNDELIVERABLE,
        State::Accepted => MessageState::ACCEPTED,
        State::Unknown => MessageState::UNKNOWN,
        State::Rejected => MessageState::REJECTED,
    }
}
