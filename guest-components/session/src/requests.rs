//! Requests of the peer that wait for the host: each has a token, which says what to answer.

use crate::session::Token;
use edgebind_smpp::CommandId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is asked of the host for the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    SubmitSm,
    SubmitMulti,
    DataSm,
    QuerySm,
    /// cancel_sm with a message_id.
    CancelOne,
    /// cancel_sm without.
    CancelAll,
    ReplaceSm,
}

impl Request {
    const ALL: [Self; 7] = [
        Self::SubmitSm,
        Self::SubmitMulti,
        Self::DataSm,
        Self::QuerySm,
        Self::CancelOne,
        Self::CancelAll,
        Self::ReplaceSm,
    ];

    pub(crate) const fn command(self) -> CommandId {
        match self {
            Self::SubmitSm => CommandId::SUBMIT_SM,
            Self::SubmitMulti => CommandId::SUBMIT_MULTI,
            Self::DataSm => CommandId::DATA_SM,
            Self::QuerySm => CommandId::QUERY_SM,
            Self::CancelOne | Self::CancelAll => CommandId::CANCEL_SM,
            Self::ReplaceSm => CommandId::REPLACE_SM,
        }
    }
}

/// What an answer says besides what the host answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kept {
    /// The destinations of a submit_multi that nothing goes to.
    Unsuccess(Vec<Unsuccess>),
    /// The message_id of a query_sm, as it was asked for.
    MessageId(Vec<u8>),
}

/// A destination of a submit_multi that nothing goes to, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unsuccess {
    pub(crate) ton: u8,
    pub(crate) npi: u8,
    pub(crate) digits: Vec<u8>,
    pub(crate) status: u32,
}

/// A request that the host has answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) request: Request,
    pub(crate) sequence_number: u32,
    pub(crate) kept: Option<Kept>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Requests {
    /// That the host has not answered.
    open: u32,
    /// Ever, so that no two tokens are alike.
    ever: u32,
    /// Only of those whose answer needs it.
    kept: BTreeMap<Token, Kept>,
}

/// A token is the request (4 bits), a count (28 bits) and the peer's sequence_number: nothing needs to be looked up to answer.
const REQUEST_SHIFT: u32 = 60;
const COUNT_SHIFT: u32 = 32;
const COUNT_MAX: u32 = (1 << (REQUEST_SHIFT - COUNT_SHIFT)) - 1;

impl Requests {
    pub(crate) const fn open(&self) -> u32 {
        self.open
    }

    /// One more is asked of the host, by this token.
    pub(crate) fn begin(&mut self, request: Request, sequence_number: u32, kept: Option<Kept>) -> Token {
        self.ever = self.ever.wrapping_add(1) & COUNT_MAX;
        self.open = self.open.saturating_add(1);
        let token = (request as Token) << REQUEST_SHIFT | Token::from(self.ever) << COUNT_SHIFT | Token::from(sequence_number);
        if let Some(kept) = kept {
            self.kept.insert(token, kept);
        }
        token
    }

    /// The host has answered this one. None where the token is none of ours: the host breaks the contract.
    pub(crate) fn end(&mut self, token: Token) -> Option<Waiting> {
        let request = *Request::ALL.get((token >> REQUEST_SHIFT) as usize)?;
        self.open = self.open.saturating_sub(1);
        Some(Waiting {
            request,
            sequence_number: token as u32,
            kept: self.kept.remove(&token),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_what_to_answer() {
        let mut requests = Requests::default();
        for request in Request::ALL {
            let kept = (request == Request::QuerySm).then(|| Kept::MessageId(b"1001".to_vec()));
            let token = requests.begin(request, 0xFFFF_FFFF, kept.clone());
            assert_eq!(requests.open(), 1);
            let waiting = Waiting {
                request,
                sequence_number: 0xFFFF_FFFF,
                kept,
            };
            assert_eq!(requests.end(token), Some(waiting));
            assert_eq!((requests.open(), requests.kept.len()), (0, 0));
        }
    }

    #[test]
    fn no_two_tokens_are_alike_though_the_peer_repeats_its_number() {
        let mut requests = Requests {
            ever: COUNT_MAX - 1,
            ..Requests::default()
        };
        let tokens = [(); 3].map(|()| requests.begin(Request::SubmitSm, 7, None));
        assert_eq!(tokens, [u64::from(COUNT_MAX) << 32 | 7, 7, 1 << 32 | 7]);
    }

    #[test]
    fn a_token_that_is_none_of_ours() {
        assert_eq!(Requests::default().end(Token::MAX), None);
    }
}
