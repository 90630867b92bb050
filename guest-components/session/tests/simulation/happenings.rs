//! What peer and host may do, by the dice: one event at a time, if it can happen at all.

use crate::{
    common::{START, frames},
    world::{Asked, World},
};
use edgebind_session::{
    message::{Address, Alert, Body, Delivery, Incoming, MessageState, Receipt},
    session::{Answer, Event, Fate, Question, Refusal},
};
use edgebind_smpp::{
    CancelSm, CommandId, CommandStatus, DataSm, Destination, DestinationList, EsmClass, Npi, Pdu, QuerySm, ReplaceSm,
    ShortMessage, SubmitMulti, Tag, TlvList, Ton,
};
use rand::RngExt;

/// The ids that the peer asks about; not all of them are ids.
pub(crate) const IDS: [&str; 4] = ["1000000", "1000007", "999", "none"];

impl World {
    /// One thing that happens, if it can.
    pub(crate) fn event(&mut self) -> Option<Event> {
        let silent = self.mute || self.dead;
        match self.random.random_range(0..1000) {
            0..=299 if !silent => Some(self.request()),
            300..=499 => self.append_answered(),
            500..=549 => self.question_answered(),
            550..=699 => self.deliver(),
            700..=899 if !silent && !self.sulks => self.delivery_answered(),
            900..=939 if !silent => {
                let number = self.next_number();
                Some(Event::Frame(frames::header_only(
                    CommandId::ENQUIRE_LINK,
                    CommandStatus::ROK,
                    number,
                )))
            }
            940..=980 if !silent && !self.sulks => {
                let (asked, number) = self.asked.pop()?;
                Some(Event::Frame(frames::header_only(
                    asked.response(),
                    CommandStatus::ROK,
                    number,
                )))
            }
            // Answers to nothing, commands of another world.
            981..=986 if !silent => {
                let id = [
                    CommandId::SUBMIT_SM_RESP,
                    CommandId::ALERT_NOTIFICATION,
                    CommandId(0x1_0203),
                    CommandId::GENERIC_NACK,
                ];
                let id = id[self.random.random_range(0..4)];
                Some(Event::Frame(frames::header_only(id, CommandStatus::RSYSERR, 0)))
            }
            987..=988 if !self.sulks => {
                self.sulks = self.random.random_ratio(1, 4);
                None
            }
            989 if !silent && self.random.random_ratio(1, 2) => {
                let number = self.next_number();
                Some(Event::Frame(frames::header_only(
                    CommandId::UNBIND,
                    CommandStatus::ROK,
                    number,
                )))
            }
            990 if !self.mute && self.random.random_ratio(1, 3) => {
                self.mute = true;
                Some(Event::Ended)
            }
            991 if !self.mute && self.random.random_ratio(1, 3) => {
                self.mute = true;
                Some(Event::OutOfStep(vec![0, 0, 0, 8]))
            }
            992 if !self.drained && self.random.random_ratio(1, 3) => {
                self.drained = true;
                Some(Event::Drain)
            }
            _ => None,
        }
    }

    pub(crate) fn next_number(&mut self) -> u32 {
        self.sequence_number = self.sequence_number.wrapping_add(1);
        self.sequence_number
    }

    /// A request of any kind; now and then a wrong one, or one that is cut off.
    pub(crate) fn request(&mut self) -> Event {
        let number = self.next_number();
        let mut unreachable = 0;
        let id = IDS[self.random.random_range(0..IDS.len())].as_bytes();
        let mut destinations = DestinationList::new();
        let mut payload = TlvList::new();
        payload.push(Tag::MESSAGE_PAYLOAD, b"Hi").unwrap();
        let pdu = match self.random.random_range(0..12) {
            0 | 1 => {
                for _ in 0..self.random.random_range(1..6) {
                    let good = self.random.random_ratio(2, 3);
                    unreachable += usize::from(!good);
                    let destination = Destination::Sme {
                        dest_addr_ton: Ton::INTERNATIONAL,
                        dest_addr_npi: Npi::ISDN,
                        destination_addr: if good { b"447700900000" } else { b"nobody" },
                    };
                    destinations.push(destination).unwrap();
                }
                Pdu::SubmitMulti(SubmitMulti {
                    dest_addresses: destinations.destinations(),
                    short_message: b"Hi",
                    ..SubmitMulti::default()
                })
            }
            2 => Pdu::DataSm(DataSm {
                destination_addr: b"447700900000",
                tlvs: payload.tlvs(),
                ..DataSm::default()
            }),
            3 => Pdu::QuerySm(QuerySm {
                message_id: id,
                ..QuerySm::default()
            }),
            4 => Pdu::CancelSm(CancelSm {
                message_id: if self.random.random() { id } else { b"" },
                destination_addr: b"447700900000",
                ..CancelSm::default()
            }),
            5 => Pdu::ReplaceSm(ReplaceSm {
                message_id: id,
                short_message: b"Ho",
                ..ReplaceSm::default()
            }),
            6 => Pdu::SubmitSm(ShortMessage {
                destination_addr: b"nobody",
                ..frames::to_a_phone()
            }),
            7 => Pdu::SubmitSm(ShortMessage {
                esm_class: EsmClass::UDHI,
                short_message: b"\x05\x00\x03\x01\x02\x01Hi",
                ..frames::to_a_phone()
            }),
            _ => Pdu::SubmitSm(ShortMessage {
                short_message: b"Hi",
                ..frames::to_a_phone()
            }),
        };
        let mut frame = frames::encoded(number, &pdu);
        if self.random.random_ratio(1, 20) {
            let length = self.random.random_range(16..frame.len());
            frame.truncate(length);
            frame[..4].copy_from_slice(&(length as u32).to_be_bytes());
        }
        self.untold += 1;
        self.requests.insert(
            number,
            Asked {
                command: pdu.command_id(),
                unreachable,
                told: false,
            },
        );
        Event::Frame(frame)
    }

    pub(crate) fn append_answered(&mut self) -> Option<Event> {
        if self.appends.is_empty() {
            return None;
        }
        let token = self.appends.swap_remove(self.random.random_range(0..self.appends.len()));
        let fate = match self.random.random_range(0..10) {
            0 => Err(Refusal::Throttled),
            1 => Err(Refusal::QueueFull),
            2 => Err(Refusal::Unavailable),
            _ => {
                let id = (1_000_000 + self.stored.len()).to_string();
                self.stored.push(id.clone());
                Ok(id)
            }
        };
        Some(Event::Appended((token, fate)))
    }

    pub(crate) fn question_answered(&mut self) -> Option<Event> {
        if self.questions.is_empty() {
            return None;
        }
        let place = self.random.random_range(0..self.questions.len());
        let (token, question) = self.questions.swap_remove(place);
        let answer = match (self.random.random_range(0..6), question) {
            (0, _) => Answer::Unknown,
            (1, _) => Answer::TooLate,
            (2, _) => Answer::Unavailable,
            (_, Question::Query(_)) => Answer::Fate(Fate {
                state: MessageState::Delivered,
                done: Some(self.now),
                error: 0,
            }),
            (_, Question::Cancel(_) | Question::Replace(_)) => Answer::Done,
        };
        Some(Event::Answered((token, answer)))
    }

    pub(crate) fn deliver(&mut self) -> Option<Event> {
        if self.delivering.len() >= self.ready || self.closed.is_some() {
            return None;
        }
        let token = self.next_token;
        self.next_token += 1;
        self.delivering.push(token);
        let address = |digits: &str| Address {
            ton: 1,
            npi: 1,
            digits: digits.to_owned(),
        };
        let delivery = if self.random.random_ratio(1, 10) {
            Delivery::Alert(Alert {
                source: address("447700900000"),
                destination: address(&token.to_string()),
                availability: None,
            })
        } else if self.random.random_bool(0.5) {
            Delivery::Receipt(Receipt {
                id: "1".to_owned(),
                source: address("447700900000"),
                destination: address(&token.to_string()),
                submitted: START,
                done: self.now,
                state: MessageState::Delivered,
                final_: true,
                error: 0,
                excerpt: "Hi".to_owned(),
                user_message_reference: None,
            })
        } else {
            // Now and then one that no PDU can carry.
            let from = if self.random.random_ratio(1, 20) {
                "1".repeat(70)
            } else {
                "447700900000".to_owned()
            };
            Delivery::Incoming(Incoming {
                source: address(&from),
                destination: address(&token.to_string()),
                body: Body::Text("0123456789".repeat(self.random.random_range(0..60))),
                port: None,
                part: None,
                udh: Vec::new(),
                received: self.now,
                tlvs: Vec::new(),
                metadata: Vec::new(),
            })
        };
        Some(Event::Deliver((token, delivery)))
    }

    pub(crate) fn delivery_answered(&mut self) -> Option<Event> {
        if self.received.is_empty() {
            return None;
        }
        let (command, number) = self.received.swap_remove(self.random.random_range(0..self.received.len()));
        let status = match self.random.random_range(0..12) {
            // Lost on the way.
            0 => return None,
            1 => CommandStatus::RX_T_APPN,
            2 => CommandStatus::RX_R_APPN,
            _ => CommandStatus::ROK,
        };
        self.flying.remove(&number);
        Some(Event::Frame(frames::delivered(command, status, number)))
    }
}
