//! The messages that an upstream made of one: what is known of each, and what that makes of the whole. Pure.

use super::receipts::News;
use edgebind_runtime::{message::MessageState, translator};
use serde::{Deserialize, Serialize};

/// What is known of one of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Piece {
    /// What the upstream calls it; empty for one that it refused.
    pub id: String,
    /// What was last heard of it.
    pub state: MessageState,
    /// No better news will follow.
    pub last: bool,
    /// As in a receipt.
    pub error: u16,
    /// When it came to that.
    pub at: u64,
}

impl Piece {
    /// With the upstream, and nothing heard since.
    fn taken(id: String, at: u64) -> Self {
        Self {
            id,
            state: MessageState::Enroute,
            last: false,
            error: 0,
            at,
        }
    }

    /// What was heard of the piece of this id.
    pub fn heard(id: String, news: News) -> Self {
        Self {
            id,
            state: news.state,
            last: news.last,
            error: news.error,
            at: news.at,
        }
    }

    fn news(&self) -> News {
        News {
            state: self.state,
            last: self.last,
            error: self.error,
            at: self.at,
        }
    }

    fn has_failed(&self) -> bool {
        self.last && !is_success(self.state)
    }
}

fn is_success(state: MessageState) -> bool {
    matches!(state, MessageState::Delivered | MessageState::Accepted)
}

/// The pieces of an answer. Reports may have come before it: what those said stands.
pub fn answered(answer: Vec<translator::Piece>, early: &[Piece], at: u64) -> Vec<Piece> {
    let piece = |piece| match piece {
        translator::Piece::Taken(id) => early
            .iter()
            .find(|early| early.id == id)
            .cloned()
            .unwrap_or_else(|| Piece::taken(id, at)),
        translator::Piece::Refused(dead) => Piece {
            id: String::new(),
            state: dead.state,
            last: true,
            error: dead.error,
            at,
        },
    };
    answer.into_iter().map(piece).collect()
}

/// What was heard of one of them, among what is known of all. A word after the last one of a piece changes nothing.
pub fn hear(pieces: &mut Vec<Piece>, heard: Piece, pieces_max: usize) {
    match pieces.iter().position(|piece| piece.id == heard.id) {
        Some(place) if pieces[place].last => {}
        Some(place) => pieces[place] = heard,
        None if pieces.len() < pieces_max => pieces.push(heard),
        None => {}
    }
}

/// The last word about the whole, once there is one: the first failure among them, or success when all have arrived.
pub fn last_word(pieces: &[Piece]) -> Option<News> {
    let failed = pieces.iter().filter(|piece| piece.has_failed()).min_by_key(|piece| piece.at);
    if let Some(failed) = failed {
        return Some(failed.news());
    }
    if !pieces.iter().all(|piece| piece.last) {
        return None;
    }
    let latest = pieces.iter().max_by_key(|piece| piece.at)?.news();
    // A phone that has all of it is more than a network that took all of it.
    let weakest = pieces.iter().find(|piece| piece.state != MessageState::Delivered);
    Some(News {
        state: weakest.map_or(MessageState::Delivered, |piece| piece.state),
        error: 0,
        ..latest
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use MessageState::{Accepted, Delivered, Enroute, Expired, Undeliverable};

    fn piece(id: &str, state: MessageState, last: bool, at: u64) -> Piece {
        let error = if state == Delivered { 0 } else { 7 };
        let news = News { state, last, error, at };
        Piece::heard(id.into(), news)
    }

    fn whole(pieces: &[Piece]) -> Option<(MessageState, u16, u64)> {
        last_word(pieces).map(|news| (news.state, news.error, news.at))
    }

    #[test]
    fn a_message_has_arrived_when_all_of_it_has() {
        let mut pieces = vec![
            piece("a", Delivered, true, 30),
            piece("b", Enroute, false, 10),
            piece("c", Delivered, true, 20),
        ];
        assert_eq!(whole(&pieces), None);
        hear(&mut pieces, piece("b", Delivered, true, 25), 9);
        assert_eq!(whole(&pieces), Some((Delivered, 0, 30)));
        assert_eq!(
            whole(&[piece("a", Delivered, true, 30), piece("b", Accepted, true, 40)]),
            Some((Accepted, 0, 40))
        );
        assert_eq!(whole(&[]), None);
    }

    #[test]
    fn a_message_has_failed_when_one_of_it_has_and_the_first_failure_is_told() {
        let pieces = [
            piece("a", Enroute, false, 10),
            piece("b", Expired, true, 30),
            piece("c", Undeliverable, true, 20),
        ];
        assert_eq!(whole(&pieces), Some((Undeliverable, 7, 20)));
    }

    #[test]
    fn after_the_last_word_of_a_piece_no_other_counts_and_strangers_have_a_bound() {
        let mut pieces = vec![piece("a", Delivered, true, 10)];
        hear(&mut pieces, piece("a", Undeliverable, true, 20), 2);
        hear(&mut pieces, piece("b", Enroute, false, 20), 2);
        hear(&mut pieces, piece("c", Enroute, false, 20), 2);
        assert_eq!(pieces, [piece("a", Delivered, true, 10), piece("b", Enroute, false, 20)]);
    }

    #[test]
    fn what_was_heard_before_the_answer_stands_and_what_is_refused_is_over() {
        let early = [piece("b", Delivered, true, 5), piece("z", Undeliverable, true, 6)];
        let answer = vec![
            translator::Piece::Taken("a".into()),
            translator::Piece::Taken("b".into()),
            translator::Piece::Refused(translator::Dead {
                state: MessageState::Rejected,
                command_status: 0x45,
                error: 9,
                why: "no credit".into(),
            }),
        ];
        let pieces = answered(answer, &early, 10);
        assert_eq!(pieces[0], Piece::taken("a".into(), 10));
        assert_eq!(pieces[1], piece("b", Delivered, true, 5));
        assert_eq!(whole(&pieces), Some((MessageState::Rejected, 9, 10)));
    }
}
