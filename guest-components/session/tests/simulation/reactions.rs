//! What the machine says, as host and peer take it, who both look closely.

use crate::{common::frames, happenings::IDS, world::World};
use edgebind_session::{
    message::Message,
    session::{Action, Question, Settlement},
};
use edgebind_smpp::{CommandId, CommandStatus, DataSm, Header, Pdu, ShortMessage, decode, encode};

impl World {
    pub(crate) fn perform(&mut self, action: Action) {
        match action {
            Action::Send(octets) => {
                for frame in frames::split(&octets) {
                    self.receive(frame);
                }
            }
            Action::Ready(readiness) => self.ready = readiness.window as usize,
            Action::Append((token, message)) => {
                assert!(reachable(&message), "only what is valid is appended: {message:?}");
                self.invariant_no_token_is_used_twice(token);
                self.appends.push(token);
            }
            Action::Ask((token, question)) => {
                if let Question::Query(query) = &question {
                    assert_ne!(query.id, "none", "only what can be an id is asked about");
                }
                self.invariant_no_token_is_used_twice(token);
                self.questions.push((token, question));
            }
            Action::Settle((token, settlement)) => {
                let open = self.delivering.iter().position(|&open| open == token);
                let open = open.unwrap_or_else(|| panic!("invariant_every_delivery_is_settled_at_most_once: {token}"));
                self.delivering.remove(open);
                self.delivered += usize::from(settlement == Settlement::Done);
            }
            Action::WakeAt(at) => self.wake_at = Some(at),
            Action::Close(reason) => self.closed = Some(reason),
            Action::Say(_) => {}
        }
    }

    /// The peer reads a frame.
    pub(crate) fn receive(&mut self, frame: &[u8]) {
        let Header {
            command_id,
            command_status,
            sequence_number,
            ..
        } = Header::read(frame).unwrap();
        let (_, pdu) = decode(frame).expect("invariant_every_frame_sent_can_be_decoded");
        let mut again = Vec::new();
        encode(&mut again, command_status, sequence_number, &pdu).unwrap();
        let exact = again == frame || frame.len() == 16;
        assert!(exact, "invariant_every_frame_sent_has_its_exact_length: {pdu:?}");
        match pdu {
            Pdu::SubmitSmResp(resp) => self.told(command_id, command_status, sequence_number, Some(resp.message_id)),
            Pdu::DataSmResp(resp) => self.told(command_id, command_status, sequence_number, Some(resp.message_id)),
            Pdu::SubmitMultiResp(resp) => {
                self.told(command_id, command_status, sequence_number, Some(resp.message_id));
                if command_status.is_ok() {
                    assert_eq!(
                        resp.unsuccess_smes.len(),
                        self.requests[&sequence_number].unreachable,
                        "invariant_a_multi_tells_of_all_that_it_does_not_reach"
                    );
                }
            }
            Pdu::QuerySmResp(resp) => {
                self.told(command_id, command_status, sequence_number, None);
                let asked = IDS.iter().any(|id| id.as_bytes() == resp.message_id);
                assert!(asked || !command_status.is_ok(), "invariant_an_answer_names_its_message");
            }
            Pdu::CancelSmResp | Pdu::ReplaceSmResp => self.told(command_id, command_status, sequence_number, None),
            Pdu::DeliverSm(ShortMessage { destination_addr, .. }) | Pdu::DataSm(DataSm { destination_addr, .. }) => {
                self.received.push((command_id, sequence_number));
                let token = str::from_utf8(destination_addr).unwrap().parse().unwrap();
                self.flying.insert(sequence_number, (token, self.now));
            }
            Pdu::AlertNotification(_) => {}
            Pdu::EnquireLink | Pdu::Unbind => self.asked.push((command_id, sequence_number)),
            _ => assert!(command_id.is_response(), "what is {pdu:?}?"),
        }
        if !command_id.is_response() {
            assert!(
                (1..=0x7FFF_FFFF).contains(&sequence_number),
                "invariant_our_numbers_are_positive: {sequence_number}"
            );
        }
    }

    /// A request of the peer is answered.
    pub(crate) fn told(&mut self, response: CommandId, status: CommandStatus, sequence_number: u32, id: Option<&[u8]>) {
        let asked = self
            .requests
            .get_mut(&sequence_number)
            .expect("invariant_only_what_was_asked_is_answered");
        assert_eq!(asked.command.response(), response, "invariant_an_answer_is_of_its_request");
        assert!(
            !asked.told,
            "invariant_every_request_is_answered_exactly_once: {sequence_number}"
        );
        asked.told = true;
        self.untold -= 1;
        match id {
            Some(id) if status.is_ok() => {
                let id = str::from_utf8(id).unwrap();
                let stored = self.stored.iter().any(|stored| stored == id);
                assert!(stored, "invariant_every_ok_resp_has_an_append: {id:?}");
                self.accepted += 1;
            }
            Some(_) => {}
            None => self.told += 1,
        }
    }
}

/// Whether a message goes only where something can go, and nowhere twice.
fn reachable(message: &Message) -> bool {
    message.destination.digits == "447700900000" && message.also_to.is_empty()
}
