//! Deliveries under way: each is one PDU or several, which wait for the window, fly, and are answered in any order. It
//! counts; what is written and when is said by its caller.

use crate::{message::Instant, session::Token, settings::Settings};
use edgebind_smpp::{CommandStatus, frame};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Where sequence_number stands in a frame.
const SEQUENCE_NUMBER: std::ops::Range<usize> = 12..16;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Saved")]
pub(crate) struct Deliveries {
    open: VecDeque<Delivery>,
    /// Not sent yet, in order.
    waiting: VecDeque<(Token, Vec<u8>)>,
    /// Sent and not answered, the oldest first.
    flying: VecDeque<Flying>,
}

/// Deliveries as they were saved, perhaps by somebody else: not believed before they were looked at.
#[derive(Deserialize)]
struct Saved {
    open: VecDeque<Delivery>,
    waiting: VecDeque<(Token, Vec<u8>)>,
    flying: VecDeque<Flying>,
}

impl TryFrom<Saved> for Deliveries {
    type Error = &'static str;

    fn try_from(Saved { open, waiting, flying }: Saved) -> Result<Self, &'static str> {
        let mut under_way: BTreeMap<Token, usize> = open.iter().map(|delivery| (delivery.token, 0)).collect();
        let tokens = waiting
            .iter()
            .map(|(token, _)| token)
            .chain(flying.iter().map(|flying| &flying.token));
        for token in tokens {
            *under_way.get_mut(token).ok_or("a PDU of no delivery")? += 1;
        }
        if under_way.len() < open.len() || open.iter().any(|delivery| under_way[&delivery.token] != delivery.pdus) {
            return Err("a delivery that does not count its PDUs");
        }
        if waiting
            .iter()
            .any(|(_, frame)| frame::split(frame, frame.len()) != Ok(Some(frame.len())))
        {
            return Err("a PDU that is none");
        }
        Ok(Self { open, waiting, flying })
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Delivery {
    token: Token,
    /// PDUs that wait or fly.
    pdus: usize,
    /// Whether one of them has been sent.
    begun: bool,
    /// The worst of the answers so far.
    verdict: Verdict,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flying {
    token: Token,
    sequence_number: u32,
    deadline: Instant,
}

/// What a delivery comes to, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Verdict {
    /// The peer has it.
    Done,
    /// The peer cannot take it now.
    Retry,
    /// The peer will never take it.
    Dead(u32),
}

impl Verdict {
    /// What the response to a delivery says.
    pub(crate) fn of(status: CommandStatus, settings: &Settings) -> Self {
        match status {
            CommandStatus::ROK => Self::Done,
            status if settings.delivers_again(status) => Self::Retry,
            CommandStatus(code) => Self::Dead(code),
        }
    }
}

/// What an answer from the peer was worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It answers nothing that flies.
    Unknown,
    /// The rest of its delivery is still under way.
    Partial,
    /// Its delivery is over.
    Over(Token, Verdict),
}

impl Deliveries {
    /// A new delivery, made of these frames.
    pub(crate) fn add(&mut self, token: Token, frames: Vec<Vec<u8>>) {
        self.open.push_back(Delivery {
            token,
            pdus: frames.len(),
            begun: false,
            verdict: Verdict::Done,
        });
        self.waiting.extend(frames.into_iter().map(|frame| (token, frame)));
    }

    pub(crate) fn flying(&self) -> usize {
        self.flying.len()
    }

    pub(crate) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The next frame to send, now that it has a number.
    pub(crate) fn send(&mut self, sequence_number: u32, deadline: Instant) -> Option<Vec<u8>> {
        let (token, mut frame) = self.waiting.pop_front()?;
        frame[SEQUENCE_NUMBER].copy_from_slice(&sequence_number.to_be_bytes());
        self.flying.push_back(Flying {
            token,
            sequence_number,
            deadline,
        });
        if let Some(delivery) = self.open.iter_mut().find(|delivery| delivery.token == token) {
            delivery.begun = true;
        }
        Some(frame)
    }

    /// The peer answered this number. What it refuses a part of is not sent further.
    pub(crate) fn answered(&mut self, sequence_number: u32, verdict: Verdict) -> Answer {
        let Some(place) = self
            .flying
            .iter()
            .position(|flying| flying.sequence_number == sequence_number)
        else {
            return Answer::Unknown;
        };
        let Some(Flying { token, .. }) = self.flying.remove(place) else {
            return Answer::Unknown;
        };
        let unsent = if verdict == Verdict::Done {
            0
        } else {
            self.drop_waiting(token)
        };
        let Some(place) = self.open.iter().position(|delivery| delivery.token == token) else {
            return Answer::Unknown;
        };
        let delivery = &mut self.open[place];
        delivery.pdus -= 1 + unsent;
        delivery.verdict = delivery.verdict.max(verdict);
        if delivery.pdus > 0 {
            return Answer::Partial;
        }
        let verdict = delivery.verdict;
        self.open.remove(place);
        Answer::Over(token, verdict)
    }

    /// When the oldest answer is due. Its caller gives all the same time, so the oldest is the first due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.flying.front().map(|flying| flying.deadline)
    }

    /// Takes out the deliveries whose answer is overdue, with all their parts.
    pub(crate) fn take_overdue(&mut self, now: Instant) -> Vec<Token> {
        let mut overdue: Vec<Token> = Vec::new();
        for flying in self.flying.iter().take_while(|flying| flying.deadline <= now) {
            if !overdue.contains(&flying.token) {
                overdue.push(flying.token);
            }
        }
        for &token in &overdue {
            self.drop_waiting(token);
        }
        self.flying.retain(|flying| !overdue.contains(&flying.token));
        self.open.retain(|delivery| !overdue.contains(&delivery.token));
        overdue
    }

    /// Takes out the deliveries that the peer has seen nothing of.
    pub(crate) fn take_unbegun(&mut self) -> Vec<Token> {
        let unbegun: Vec<Token> = self
            .open
            .iter()
            .filter(|delivery| !delivery.begun)
            .map(|delivery| delivery.token)
            .collect();
        self.open.retain(|delivery| delivery.begun);
        self.waiting.retain(|(token, _)| !unbegun.contains(token));
        unbegun
    }

    /// Takes out everything.
    pub(crate) fn take_all(&mut self) -> Vec<Token> {
        self.waiting.clear();
        self.flying.clear();
        self.open.drain(..).map(|delivery| delivery.token).collect()
    }

    /// How many frames of this delivery waited and now do not.
    fn drop_waiting(&mut self, token: Token) -> usize {
        let before = self.waiting.len();
        self.waiting.retain(|(of, _)| *of != token);
        before - self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(parts: usize) -> Deliveries {
        let mut deliveries = Deliveries::default();
        deliveries.add(7, vec![vec![0; 16]; parts]);
        deliveries
    }

    #[test]
    fn a_delivery_is_over_with_its_last_answer() {
        let mut deliveries = with(2);
        assert_eq!(deliveries.send(0x0102_0304, 100).unwrap()[12..], [1, 2, 3, 4]);
        deliveries.send(2, 100);
        assert_eq!(deliveries.answered(9, Verdict::Done), Answer::Unknown);
        assert_eq!(deliveries.answered(2, Verdict::Done), Answer::Partial);
        assert_eq!(deliveries.answered(2, Verdict::Done), Answer::Unknown, "only once");
        assert_eq!(
            deliveries.answered(0x0102_0304, Verdict::Done),
            Answer::Over(7, Verdict::Done)
        );
        assert_eq!(deliveries, Deliveries::default());
    }

    #[test]
    fn the_worst_answer_counts() {
        let mut deliveries = with(3);
        for sequence_number in 1..=3 {
            deliveries.send(sequence_number, 100);
        }
        deliveries.answered(1, Verdict::Dead(0x66));
        deliveries.answered(2, Verdict::Retry);
        assert_eq!(deliveries.answered(3, Verdict::Done), Answer::Over(7, Verdict::Dead(0x66)));
    }

    #[test]
    fn what_is_refused_in_part_is_not_sent_further() {
        let mut deliveries = with(3);
        deliveries.send(1, 100);
        assert_eq!(deliveries.answered(1, Verdict::Retry), Answer::Over(7, Verdict::Retry));
        assert!(!deliveries.has_waiting());
    }

    #[test]
    fn overdue_is_a_whole_delivery() {
        let mut deliveries = with(3);
        deliveries.add(8, vec![vec![0; 16]]);
        deliveries.send(1, 100);
        deliveries.send(2, 200);
        assert_eq!(deliveries.take_overdue(99), Vec::<Token>::new());
        assert_eq!(deliveries.take_overdue(100), [7]);
        assert_eq!((deliveries.flying(), deliveries.deadline()), (0, None));
        assert_eq!(deliveries.take_unbegun(), [8]);
        assert_eq!(deliveries, Deliveries::default());
    }

    /// Found by `tests/fuzz`: another component's octets were read as a delivery of two octets, and sending that panicked.
    #[test]
    fn what_was_saved_by_somebody_else_is_not_believed() {
        let restored = |deliveries: &Deliveries| {
            let saved = postcard::to_allocvec(deliveries).unwrap();
            postcard::from_bytes::<Deliveries>(&saved)
        };
        let mut whole = Deliveries::default();
        let mut frame = vec![0; 16];
        frame[3] = 16;
        whole.add(7, vec![frame; 2]);
        whole.send(1, 100);
        assert_eq!(restored(&whole), Ok(whole.clone()));

        let mut short = whole.clone();
        short.waiting[0].1.truncate(2);
        let mut miscounted = whole.clone();
        miscounted.open[0].pdus = 1;
        let mut twice = whole.clone();
        twice.open.push_back(twice.open[0].clone());
        let mut stray = whole.clone();
        stray.flying[0].token = 8;
        for wrong in [short, miscounted, twice, stray] {
            assert!(restored(&wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn q15_later_and_never() {
        let of = |code| Verdict::of(CommandStatus(code), &Settings::default());
        for code in [0x64, 0x08, 0x14, 0x58] {
            assert_eq!(of(code), Verdict::Retry, "{code:#x}");
        }
        for code in [0x65, 0x66, 0x45, 0xFF] {
            assert_eq!(of(code), Verdict::Dead(code), "{code:#x}");
        }
        assert_eq!(of(0), Verdict::Done);
    }
}
