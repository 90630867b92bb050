//! A session that takes binds and messages, and delivers nothing: the least that is of use. All of it is SMPP 3.4 §4, octet by octet.

wit_bindgen::generate!({
    world: "edgebind:session/session",
    path: "wit",
    generate_all,
});

use edgebind::message::types::{Address, Alphabet, Message, Receipts, Setting};
use edgebind::session::types::{Action, CloseReason, Config, Event, Readiness, Refusal};
use exports::edgebind::session::machine::{Guest, GuestSession, Session};
use std::cell::Cell;

const GENERIC_NACK: u32 = 0x8000_0000;
const SUBMIT_SM: u32 = 0x4;
const UNBIND: u32 = 0x6;
const ENQUIRE_LINK: u32 = 0x15;
/// Set in what answers.
const RESPONSE: u32 = 0x8000_0000;

const ESME_ROK: u32 = 0;
const ESME_RINVMSGLEN: u32 = 0x1;
const ESME_RINVCMDID: u32 = 0x3;
const ESME_RSYSERR: u32 = 0x8;
const ESME_RMSGQFUL: u32 = 0x14;
const ESME_RTHROTTLED: u32 = 0x58;

/// What is saved begins with whose it is and its form: a later release knows by that what it reads.
const SAVED: &str = "my-component 1:";

struct Component;

// What it exports does not link natively, where the tests run.
#[cfg(target_family = "wasm")]
export!(Component);

impl Guest for Component {
    type Session = Machine;

    fn check(settings: Vec<Setting>) -> Vec<String> {
        settings.iter().map(|(name, _)| format!("{name} is no setting")).collect()
    }
}

/// One bind.
#[derive(Default)]
struct Machine {
    /// Messages so far. A token is that, and in its lower half the sequence_number that its message came with: it says by itself what is
    /// to be answered, and stays its own where an ESME uses a number twice.
    messages: Cell<u32>,
}

impl GuestSession for Machine {
    fn new(_: Config) -> Self {
        Self::default()
    }

    fn on_events(&self, _now: u64, events: Vec<Event>) -> Vec<Action> {
        events.into_iter().flat_map(|event| self.on_event(event)).collect()
    }

    fn save(&self) -> Vec<u8> {
        format!("{SAVED}{}", self.messages.get()).into_bytes()
    }

    fn restore(_: Config, saved: Vec<u8>) -> Result<Session, String> {
        messages(&saved)
            .map(|messages| {
                Session::new(Self {
                    messages: Cell::new(messages),
                })
            })
            .ok_or_else(|| "it was saved by another component".into())
    }
}

impl Machine {
    fn on_event(&self, event: Event) -> Vec<Action> {
        match event {
            Event::Bound(bind) => {
                let (command_id, sequence) = (number(&bind.frame, 4), number(&bind.frame, 12));
                vec![
                    Action::Send(pdu(command_id | RESPONSE, ESME_ROK, sequence, b"EDGE\0")),
                    Action::Ready(Readiness {
                        window: 0,
                        addresses: None,
                    }),
                ]
            }
            Event::Frame(frame) => self.on_frame(&frame),
            Event::Appended((token, fate)) => {
                let (status, body) = match fate {
                    Ok(id) => (ESME_ROK, [id.as_bytes(), b"\0"].concat()),
                    Err(Refusal::Throttled) => (ESME_RTHROTTLED, Vec::new()),
                    Err(Refusal::QueueFull) => (ESME_RMSGQFUL, Vec::new()),
                    Err(Refusal::Unavailable) => (ESME_RSYSERR, Vec::new()),
                    Err(Refusal::Rejected(status)) => (status, Vec::new()),
                };
                vec![Action::Send(pdu(SUBMIT_SM | RESPONSE, status, token as u32, &body))]
            }
            Event::Drain => vec![
                Action::Send(pdu(UNBIND, ESME_ROK, 1, b"")),
                Action::Close(CloseReason::Drained),
            ],
            Event::OutOfStep(_) => vec![Action::Close(CloseReason::OutOfStep)],
            Event::Ended => vec![Action::Close(CloseReason::Ended)],
            // Asked for by nobody here.
            Event::Answered(_) | Event::Deliver(_) | Event::Tick => Vec::new(),
        }
    }

    fn on_frame(&self, frame: &[u8]) -> Vec<Action> {
        let (command_id, sequence) = (number(frame, 4), number(frame, 12));
        let answer = |status, body: &[u8]| Action::Send(pdu(command_id | RESPONSE, status, sequence, body));
        match command_id {
            SUBMIT_SM => match message(&frame[16..]) {
                Some(message) => {
                    self.messages.set(self.messages.get().wrapping_add(1));
                    let token = u64::from(self.messages.get()) << 32 | u64::from(sequence);
                    vec![Action::Append((token, message))]
                }
                None => vec![answer(ESME_RINVMSGLEN, b"")],
            },
            ENQUIRE_LINK => vec![answer(ESME_ROK, b"")],
            UNBIND => vec![answer(ESME_ROK, b""), Action::Close(CloseReason::Unbound)],
            answered if answered & RESPONSE != 0 => Vec::new(),
            _ => vec![Action::Send(pdu(GENERIC_NACK, ESME_RINVCMDID, sequence, b""))],
        }
    }
}

/// The number in what `save` wrote; none in what another component did.
fn messages(saved: &[u8]) -> Option<u32> {
    str::from_utf8(saved).ok()?.strip_prefix(SAVED)?.parse().ok()
}

/// The message in the body of a submit_sm; its optional parameters are left out.
fn message(body: &[u8]) -> Option<Message> {
    let mut rest = body;
    let service_type = string(&mut rest)?;
    let source = address(&mut rest)?;
    let destination = address(&mut rest)?;
    let [esm_class, protocol_id, priority] = octets(&mut rest)?;
    // When to send it and until when: a session for more than a beginning reads them.
    let (_schedule, _validity) = (string(&mut rest)?, string(&mut rest)?);
    let [registered, replace, data_coding, _default, length] = octets(&mut rest)?;
    Some(Message {
        service_type,
        source,
        destination,
        also_to: Vec::new(),
        esm_class,
        protocol_id,
        priority,
        schedule: None,
        validity: None,
        receipts: Receipts {
            success: registered & 3 == 1,
            failure: matches!(registered & 3, 1 | 2),
            intermediate: registered & 16 != 0,
        },
        replace_if_present: replace == 1,
        data_coding,
        alphabet: Alphabet::Gsm,
        udh: Vec::new(),
        payload: rest.get(..usize::from(length))?.to_vec(),
        part: None,
        excerpt: String::new(),
        tlvs: Vec::new(),
        metadata: Vec::new(),
    })
}

fn address(rest: &mut &[u8]) -> Option<Address> {
    let [ton, npi] = octets(rest)?;
    Some(Address {
        ton,
        npi,
        digits: string(rest)?,
    })
}

fn octets<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (octets, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(*octets)
}

/// A C-Octet String, in Latin-1.
fn string(rest: &mut &[u8]) -> Option<String> {
    let end = rest.iter().position(|octet| *octet == 0)?;
    let text = rest[..end].iter().copied().map(char::from).collect();
    *rest = &rest[end + 1..];
    Some(text)
}

fn number(octets: &[u8], at: usize) -> u32 {
    octets.get(at..at + 4).map_or(0, |four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]))
}

fn pdu(command_id: u32, status: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let length = 16 + body.len() as u32;
    let header = [length, command_id, status, sequence].map(u32::to_be_bytes).concat();
    [&header, body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pdu_says_how_long_it_is() {
        assert_eq!(pdu(ENQUIRE_LINK, ESME_ROK, 7, b""), [0, 0, 0, 16, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 7]);
    }

    #[test]
    fn what_another_saved_is_refused() {
        assert_eq!(messages(b"my-component 1:7"), Some(7));
        assert_eq!(messages(b"\x01another"), None);
    }

    #[test]
    fn what_is_cut_short_is_no_message() {
        assert!(message(b"\0\x05\0ACME\0").is_none());
    }
}
