//! The peer: what it has asked and not been told, and what it was asked.

use edgebind_session::session::Event;
use edgebind_smpp::{
    CommandId, CommandStatus, Header, Pdu, Tag, Tlvs, decode, encode,
    frame::HEADER_LEN,
    text::{self, Alphabet, Body, Charset, Coding, septets},
    udh::Udh,
};

use super::{host::Host, world::Writing};
use crate::targets::{golden, tape::Tape};

/// No PDU of a session is longer: the host would not take it either.
const FRAME_OCTETS_MAX: usize = 70_000;

/// The default of the setting `response_timeout`.
const RESPONSE_TIMEOUT_MS: u64 = 30_000;

#[derive(Debug)]
struct Asked {
    request: CommandId,
    sequence_number: u32,
    /// When it came; none once the machine has given it up.
    at: Option<u64>,
    /// Whether the machine cannot have given it up.
    waited_for: bool,
}

#[derive(Debug, Default)]
pub(super) struct Peer {
    /// Requests that have no answer.
    owed: Vec<(CommandId, u32)>,
    /// Requests of the machine's that have no answer.
    asked: Vec<Asked>,
    /// How text is written to it.
    alphabet: Alphabet,
    packed: bool,
    /// interface_version of its bind request.
    version: Option<u8>,
    /// Whether it was told that its bind is taken.
    bound: bool,
    sequence_number: u32,
    /// It can say nothing more.
    mute: bool,
}

impl Asked {
    const fn is_message(&self) -> bool {
        matches!(self.request, CommandId::DELIVER_SM | CommandId::DATA_SM)
    }
}

impl Peer {
    /// A peer that reads text so, and has said nothing yet.
    pub(super) fn reading((alphabet, packed): Writing) -> Self {
        Self {
            alphabet,
            packed,
            ..Self::default()
        }
    }

    /// A bind request, good in most cases.
    pub(super) fn bind(&mut self, tape: &mut Tape<'_>) -> Vec<u8> {
        let binds: Vec<&Vec<u8>> = golden::frames()
            .iter()
            .filter(|frame| Header::read(frame).is_some_and(|header| header.command_id.is_bind()))
            .collect();
        let mut frame = binds[usize::from(tape.octet()) % binds.len()].clone();
        if tape.octet() % 8 == 7 {
            spoil(tape, &mut frame);
        }
        self.number(tape, &mut frame);
        self.say(&frame);
        if let Ok((_, Pdu::BindTransmitter(bind) | Pdu::BindReceiver(bind) | Pdu::BindTransceiver(bind))) = decode(&frame) {
            self.version = Some(bind.interface_version);
        }
        frame
    }

    /// A frame from the field, or one that looks like it, or a header and octets.
    pub(super) fn frame(&mut self, tape: &mut Tape<'_>) -> Option<Event> {
        if self.mute {
            return None;
        }
        let golden = golden::frames();
        let choice = usize::from(tape.octet());
        let mut frame = golden.get(choice % (golden.len() + 8)).cloned().unwrap_or_else(|| {
            let mut frame = vec![0; HEADER_LEN];
            frame[4..8].copy_from_slice(&tape.u32().to_be_bytes());
            let length = tape.octet();
            frame.extend(tape.octets(length.into()));
            frame
        });
        if tape.octet() % 4 == 3 {
            spoil(tape, &mut frame);
        }
        self.number(tape, &mut frame);
        self.say(&frame);
        Some(Event::Frame(frame))
    }

    /// The answer to something that the machine asked.
    pub(super) fn answer(&mut self, tape: &mut Tape<'_>) -> Option<Event> {
        if self.mute || self.asked.is_empty() {
            return None;
        }
        let place = usize::from(tape.octet()) % self.asked.len();
        let Asked {
            request,
            sequence_number,
            ..
        } = self.asked.remove(place);
        let status = tape.one_of([0, 0, 0, 0x64, 0x08, 0x45, 0x58, 0x65]);
        let way = tape.octet();
        let response = if way % 8 == 7 {
            CommandId::GENERIC_NACK
        } else {
            request.response()
        };
        let mut frame = vec![0; HEADER_LEN];
        frame[4..8].copy_from_slice(&response.0.to_be_bytes());
        frame[8..12].copy_from_slice(&u32::to_be_bytes(status));
        frame[12..16].copy_from_slice(&sequence_number.to_be_bytes());
        if way & 8 != 0 {
            frame.push(0);
        }
        measure(&mut frame);
        Some(Event::Frame(frame))
    }

    pub(super) fn end(&mut self) -> Option<Event> {
        (!std::mem::replace(&mut self.mute, true)).then_some(Event::Ended)
    }

    pub(super) fn out_of_step(&mut self, tape: &mut Tape<'_>) -> Option<Event> {
        (!std::mem::replace(&mut self.mute, true)).then(|| Event::OutOfStep(tape.octets(HEADER_LEN).to_vec()))
    }

    /// The machine writes to the socket.
    pub(super) fn receive(&mut self, octets: &[u8], now: u64, host: &Host) {
        assert!(!octets.is_empty(), "invariant_a_send_is_whole_pdus: of nothing");
        let mut rest = octets;
        while !rest.is_empty() {
            let length = edgebind_smpp::frame::split(rest, FRAME_OCTETS_MAX);
            let Ok(Some(length)) = length else {
                panic!("invariant_a_send_is_whole_pdus: {length:?}");
            };
            let (frame, behind) = rest.split_at(length);
            self.receive_frame(frame, now, host);
            rest = behind;
        }
    }

    fn receive_frame(&mut self, frame: &[u8], now: u64, host: &Host) {
        let (header, pdu) = match decode(frame) {
            Ok(decoded) => decoded,
            Err(error) => panic!("invariant_every_frame_sent_can_be_decoded: {error}"),
        };
        let Header {
            command_id,
            command_status,
            sequence_number,
            ..
        } = header;
        let mut again = Vec::new();
        let encoded = encode(&mut again, command_status, sequence_number, &pdu);
        let bare = self.version.is_none_or(|version| version >= 0x34) || tlvs(&pdu).is_none_or(|tlvs| tlvs.is_empty());
        assert!(bare, "invariant_a_peer_of_3_3_gets_no_parameters: {pdu:?}");
        self.read(&pdu);
        let exact = encoded.is_ok() && (again == frame || frame.len() == HEADER_LEN);
        assert!(exact, "invariant_every_frame_sent_is_as_we_encode_it: {pdu:?}");
        if command_id.is_response() {
            self.told(command_id, command_status, sequence_number, &frame[HEADER_LEN..], host);
        } else {
            assert!(
                (1..=0x7FFF_FFFF).contains(&sequence_number),
                "invariant_our_numbers_are_positive"
            );
            assert!(command_status.is_ok(), "invariant_requests_have_no_status");
            assert!(self.bound, "invariant_nothing_goes_out_before_the_answer_to_the_bind");
            assert!(
                self.asked.iter().all(|asked| asked.sequence_number != sequence_number),
                "invariant_our_numbers_are_not_used_twice: {sequence_number}"
            );
            if command_id != CommandId::ALERT_NOTIFICATION {
                self.asked.push(Asked {
                    request: command_id,
                    sequence_number,
                    at: Some(now),
                    waited_for: true,
                });
            }
        }
    }

    /// What it is sent can be read by itself, whichever part of a message it is.
    fn read(&self, pdu: &Pdu<'_>) {
        let (esm_class, data_coding, short_message, tlvs) = match pdu {
            Pdu::DeliverSm(message) => (message.esm_class, message.data_coding, message.short_message, message.tlvs),
            Pdu::DataSm(data) => (data.esm_class, data.data_coding, &[][..], data.tlvs),
            _ => return,
        };
        let user_data = tlvs.get(Tag::MESSAGE_PAYLOAD).map_or(short_message, |payload| payload.value);
        let header = esm_class
            .has_udh()
            .then(|| Udh::parse(user_data).expect("invariant_a_header_is_whole"));
        let (header, payload) = header.map_or((None, user_data), |(header, payload)| (Some(header), payload));
        let udh_octets = header.map_or(0, |header| header.octets().len());
        let is_packed = self.packed && text::coding(data_coding, self.alphabet) == Coding::Text(Charset::Gsm);
        let payload = if is_packed {
            septets::unpack(payload, udh_octets)
        } else {
            payload.to_vec()
        };
        match text::read(data_coding, self.alphabet, header, &payload) {
            Ok(Body::Text(text)) => assert!(
                !text.contains(char::REPLACEMENT_CHARACTER),
                "invariant_no_character_is_cut: {text:?}"
            ),
            Ok(Body::Octets(_)) => {}
            Err(error) => panic!("invariant_what_is_sent_can_be_read: {error}"),
        }
    }

    fn told(&mut self, response: CommandId, status: CommandStatus, sequence_number: u32, body: &[u8], host: &Host) {
        let unknown = response == CommandId::GENERIC_NACK;
        let answers =
            |(request, number): &(CommandId, u32)| *number == sequence_number && (unknown || request.response() == response);
        let place = self.owed.iter().position(answers);
        // The answer to a stream out of step has no request. What it seems to answer has an answer of its own, which may still come.
        let has_its_own = |place: usize| {
            matches!(
                self.owed[place].0,
                CommandId::SUBMIT_SM | CommandId::SUBMIT_MULTI | CommandId::DATA_SM
            )
        };
        if unknown && self.mute && sequence_number == 0 && place.is_none_or(has_its_own) {
            return;
        }
        let place = place
            .unwrap_or_else(|| panic!("invariant_only_what_was_asked_is_answered: {response} {sequence_number} to {self:?}"));
        let (request, _) = self.owed.remove(place);
        assert!(!unknown || !status.is_ok(), "invariant_a_nack_says_why");
        self.bound |= request.is_bind() && status.is_ok();
        if status.is_ok() && matches!(request, CommandId::SUBMIT_SM | CommandId::SUBMIT_MULTI | CommandId::DATA_SM) {
            let id = body.split(|&octet| octet == 0).next().unwrap_or_default();
            assert!(
                host.has_stored(id),
                "invariant_every_ok_resp_has_an_append: {}",
                id.escape_ascii()
            );
        }
    }

    /// Requests that wait for an answer, but for the last one: unbind waits for the others.
    pub(super) fn unanswered(&self) -> usize {
        self.owed.iter().filter(|(request, _)| *request != CommandId::UNBIND).count()
    }

    /// The machine's deliver_sm and data_sm that it cannot have given up.
    pub(super) fn asked_messages(&self) -> usize {
        self.asked
            .iter()
            .filter(|asked| asked.waited_for && asked.is_message())
            .count()
    }

    /// One that is overdue takes the other parts of its message with it: which they are is not seen from here.
    pub(super) fn time_passed(&mut self, now: u64) {
        let mut overdue = false;
        for asked in self.asked.iter_mut().filter(|asked| asked.is_message()) {
            overdue |= asked.at.take_if(|at| *at + RESPONSE_TIMEOUT_MS <= now).is_some();
        }
        if overdue {
            self.asked.iter_mut().for_each(|asked| asked.waited_for = false);
        }
    }

    fn say(&mut self, frame: &[u8]) {
        if let Some(header) = Header::read(frame) {
            let Header {
                command_id,
                sequence_number,
                ..
            } = header;
            if command_id.is_response() {
                // An answer by chance, if the machine takes it for one.
                let mut asked = self.asked.iter_mut();
                if let Some(asked) = asked.find(|asked| asked.sequence_number == sequence_number) {
                    asked.waited_for = false;
                }
            } else {
                self.owed.push((command_id, sequence_number));
            }
        }
    }

    /// A number of its own, or one that was used before and is free again: a generic_nack says nothing but the number.
    fn number(&mut self, tape: &mut Tape<'_>, frame: &mut [u8]) {
        let mut number = match tape.octet() {
            254 => tape.u32(),
            255 => self.sequence_number,
            _ => self.sequence_number.wrapping_add(1),
        };
        while self.owed.iter().any(|(_, owed)| *owed == number) {
            number = number.wrapping_add(1);
        }
        self.sequence_number = number;
        frame[12..16].copy_from_slice(&number.to_be_bytes());
    }
}

/// The optional parameters of what a peer may be sent.
fn tlvs<'a>(pdu: &Pdu<'a>) -> Option<Tlvs<'a>> {
    match pdu {
        Pdu::BindTransmitterResp(resp) | Pdu::BindReceiverResp(resp) | Pdu::BindTransceiverResp(resp) => Some(resp.tlvs),
        Pdu::DeliverSm(message) => Some(message.tlvs),
        Pdu::DataSm(data) => Some(data.tlvs),
        Pdu::DataSmResp(resp) => Some(resp.tlvs),
        Pdu::AlertNotification(alert) => Some(alert.tlvs),
        _ => None,
    }
}

/// A few octets that are others, or more, or less; what the header says of its length stays true.
fn spoil(tape: &mut Tape<'_>, frame: &mut Vec<u8>) {
    let at = HEADER_LEN + usize::from(tape.octet());
    match tape.octet() % 4 {
        0 => frame.truncate(at),
        1 => {
            let count = usize::from(tape.octet()).min(32);
            frame.extend(tape.octets(count));
        }
        _ => {
            let count = usize::from(tape.octet() % 4) + 1;
            let octets = tape.octets(count);
            for (octet, new) in frame.iter_mut().skip(at).zip(octets) {
                *octet = *new;
            }
        }
    }
    measure(frame);
}

fn measure(frame: &mut [u8]) {
    let length = u32::try_from(frame.len()).expect("a frame is no longer than an input");
    frame[..4].copy_from_slice(&length.to_be_bytes());
}
