//! The host: appends and questions that it has not answered, deliveries that are not settled.

use std::collections::BTreeMap;

use edgebind_session::{
    message::{Address, Alert, Availability, Body, Delivery, Incoming, Message, MessageState, Receipt, Tlv},
    session::{Answer, Event, Fate, Question, Refusal, Settlement, Token},
};

use edgebind_smpp::udh::Udh;

use super::world::Open;
use crate::targets::tape::Tape;

/// The first message id; those after it count up.
const ID_FIRST: u64 = 1_000_001;

#[derive(Debug, Default)]
pub(super) struct Host {
    /// Appends and questions that have no answer.
    open: Vec<Open>,
    /// How many messages are stored.
    stored: u64,
    /// Deliveries that the machine takes.
    pub(super) ready: usize,
    token: Token,
    /// Deliveries that are not settled.
    pub(super) delivering: Vec<Token>,
    pub(super) closed: bool,
    /// How often what happened.
    pub(super) happened: BTreeMap<&'static str, u64>,
}

impl Host {
    pub(super) fn open(&self) -> &[Open] {
        &self.open
    }

    pub(super) fn append(&mut self, token: Token, message: &Message) {
        assert!(message.priority <= 3, "{message:?}");
        let mut destinations = message.also_to.iter().chain([&message.destination]);
        assert!(destinations.all(|destination| !destination.digits.is_empty()), "{message:?}");
        assert!(
            message.udh.is_empty() || Udh::parse(&message.udh).is_ok_and(|(_, behind)| behind.is_empty()),
            "{message:?}"
        );
        assert!(
            message.schedule.is_none() || message.validity.is_none_or(|validity| Some(validity) > message.schedule),
            "{message:?}"
        );
        if let Some(part) = &message.part {
            assert!((1..=part.total).contains(&part.index), "{message:?}");
        }
        self.opened(token, None);
    }

    pub(super) fn ask(&mut self, token: Token, question: Question) {
        let (what, id) = match &question {
            Question::Query(query) => ("query", Some(&query.id)),
            Question::Cancel(cancel) => ("cancel", cancel.id.as_ref()),
            Question::Replace(replacement) => ("replace", Some(&replacement.id)),
        };
        let is_canonical = |id: &String| id.parse().is_ok_and(|number: u64| number.to_string() == *id);
        assert!(
            id.is_none_or(is_canonical),
            "invariant_the_host_is_asked_for_ids_as_it_writes_them: {id:?}"
        );
        self.count(what);
        self.opened(token, Some(question));
    }

    fn opened(&mut self, token: Token, question: Option<Question>) {
        let reused = self.open.iter().any(|open| open.token == token);
        assert!(!reused, "invariant_no_token_is_used_twice: {token}");
        self.open.push(Open { token, question });
    }

    /// The answer to an append or a question.
    pub(super) fn answer(&mut self, tape: &mut Tape<'_>) -> Option<Event> {
        if self.open.is_empty() {
            return None;
        }
        let place = usize::from(tape.octet()) % self.open.len();
        let Open { token, question } = self.open.remove(place);
        let choice = tape.octet();
        Some(match question {
            None => Event::Appended((token, self.fate_of_append(choice))),
            Some(question) => Event::Answered((token, answer(&question, choice))),
        })
    }

    fn fate_of_append(&mut self, choice: u8) -> Result<String, Refusal> {
        match choice % 16 {
            10 => Err(Refusal::Throttled),
            11 => Err(Refusal::QueueFull),
            12 => Err(Refusal::Unavailable),
            13 => Err(Refusal::Rejected(0)),
            14 => Err(Refusal::Rejected(u32::from(choice))),
            _ => {
                let id = ID_FIRST + self.stored;
                self.stored += 1;
                self.count("stored");
                Ok(id.to_string())
            }
        }
    }

    /// Whether a message has this id, in decimal or in hex.
    pub(super) fn has_stored(&self, id: &[u8]) -> bool {
        let stored = ID_FIRST..ID_FIRST + self.stored;
        let text = str::from_utf8(id).unwrap_or_default();
        [10, 16]
            .iter()
            .any(|&radix| u64::from_str_radix(text, radix).is_ok_and(|id| stored.contains(&id)))
    }

    /// Something to deliver, if the machine takes it.
    pub(super) fn deliver(&mut self, tape: &mut Tape<'_>, now: u64) -> Option<Event> {
        if self.delivering.len() >= self.ready || self.closed {
            return None;
        }
        self.token += 1;
        self.delivering.push(self.token);
        Some(Event::Deliver((self.token, Self::delivery(tape, now))))
    }

    pub(super) fn delivery(tape: &mut Tape<'_>, now: u64) -> Delivery {
        let (source, destination) = (address(tape), address(tape));
        match tape.octet() % 8 {
            0 => Delivery::Alert(Alert {
                source,
                destination,
                availability: tape.one_of([None, Some(Availability::Available), Some(Availability::Unavailable)]),
            }),
            1..=3 => Delivery::Receipt(Receipt {
                id: (ID_FIRST + u64::from(tape.octet())).to_string(),
                source,
                destination,
                submitted: now.saturating_sub(tape.u32().into()),
                done: tape.one_of([now, 0, u64::MAX, 4_102_444_800_000]),
                state: STATES[usize::from(tape.octet()) % STATES.len()],
                final_: tape.octet() & 1 == 0,
                error: tape.u16(),
                excerpt: text(tape),
                user_message_reference: tape.one_of([None, Some(0), Some(u16::MAX)]),
            }),
            choice => Delivery::Incoming(Incoming {
                source,
                destination,
                body: if choice == 7 {
                    Body::Binary(text(tape).into_bytes())
                } else {
                    Body::Text(text(tape))
                },
                port: tape.one_of([None, None, Some(0), Some(5555)]),
                part: None,
                udh: Vec::new(),
                received: now,
                tlvs: match tape.octet() % 8 {
                    7 => vec![Tlv {
                        tag: tape.u16(),
                        value: tape.octets(5).to_vec(),
                    }],
                    _ => Vec::new(),
                },
                metadata: Vec::new(),
            }),
        }
    }

    fn count(&mut self, what: &'static str) {
        *self.happened.entry(what).or_default() += 1;
    }

    pub(super) fn settled(&mut self, token: Token, settlement: Settlement) {
        self.count(match settlement {
            Settlement::Done => "delivered",
            Settlement::Retry(_) => "retried",
            Settlement::Dead(_) => "dead",
        });
        let open = self.delivering.iter().position(|&open| open == token);
        let open = open.unwrap_or_else(|| panic!("invariant_every_delivery_is_settled_at_most_once: {token}"));
        self.delivering.remove(open);
    }
}

fn answer(question: &Question, choice: u8) -> Answer {
    match (choice % 8, question) {
        (5, _) => Answer::Unknown,
        (6, _) => Answer::TooLate,
        (7, _) => Answer::Unavailable,
        (_, Question::Query(_)) => Answer::Fate(Fate {
            state: STATES[usize::from(choice) % STATES.len()],
            done: [None, Some(1_767_366_245_000), Some(u64::MAX)][usize::from(choice) % 3],
            error: u16::from(choice) * 256,
        }),
        (_, Question::Cancel(_) | Question::Replace(_)) => Answer::Done,
    }
}

const STATES: [MessageState; 8] = [
    MessageState::Delivered,
    MessageState::Enroute,
    MessageState::Expired,
    MessageState::Deleted,
    MessageState::Undeliverable,
    MessageState::Accepted,
    MessageState::Unknown,
    MessageState::Rejected,
];

fn address(tape: &mut Tape<'_>) -> Address {
    let choice = tape.octet();
    Address {
        ton: if choice == 255 {
            choice
        } else {
            [1, 0, 5][usize::from(choice) % 3]
        },
        npi: if choice == 254 { 77 } else { choice & 1 },
        digits: match choice % 32 {
            0 => String::new(),
            1 => "1".repeat(30),
            2 => "1".repeat(70),
            3 => "Zoë".to_owned(),
            4 => "a\0b".to_owned(),
            5 => "ACME".to_owned(),
            _ => "447700900000".to_owned(),
        },
    }
}

/// Text of some length, with characters that take one, two or more octets somewhere.
fn text(tape: &mut Tape<'_>) -> String {
    let unit = tape.one_of(["0123456789", "a€", "д", "\u{1F600}", "\u{FEFF}x", "\0@", ""]);
    let odd = tape.octets(4).iter().copied().map(char::from);
    unit.repeat(tape.octet().into()).chars().chain(odd).collect()
}

pub(super) fn octets_of_delivery(delivery: &Delivery) -> usize {
    match delivery {
        Delivery::Incoming(incoming) => match &incoming.body {
            Body::Text(text) => text.len(),
            Body::Binary(octets) => octets.len(),
        },
        Delivery::Receipt(receipt) => receipt.excerpt.len(),
        Delivery::Alert(_) => 0,
    }
}
