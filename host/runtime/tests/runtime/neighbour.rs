//! The bind next door: the session that the gateway carries, at work. What it does is its own tests' business; here it is
//! the one who must not notice.

use crate::{
    frames::frame,
    guests::{config, delivery},
};
use edgebind_runtime::{
    Session, SessionComponent,
    session::{Action, Bind, Event, Settlement},
};
use edgebind_smpp::{CommandId, CommandStatus, Header, MessageIdResp, Pdu, ShortMessage, decode};

const NOW: u64 = 1_700_000_000_000;

/// A bound transceiver.
pub(crate) struct Neighbour {
    pub(crate) session: Session,
    sequence_number: u32,
}

impl Neighbour {
    pub(crate) fn new(component: &SessionComponent) -> Self {
        let mut session = component.open(&config(&[])).unwrap();
        let bind = edgebind_smpp::Bind {
            system_id: b"esme",
            password: b"********",
            interface_version: 0x34,
            ..Default::default()
        };
        let actions = session
            .on_events(
                NOW,
                &[Event::Bound(Bind {
                    frame: frame(1, &Pdu::BindTransceiver(bind)),
                })],
            )
            .unwrap();
        assert_eq!(sent(&actions).0.command_id, CommandId::BIND_TRANSCEIVER_RESP);
        assert!(
            actions
                .iter()
                .any(|action| matches!(action, Action::Ready(readiness) if readiness.window > 0)),
            "{actions:?}"
        );
        Self {
            session,
            sequence_number: 2,
        }
    }

    /// One submit_sm to its answer, and one delivery to its settlement.
    pub(crate) fn goes_on(&mut self) {
        self.submits();
        let sequence_number = self.is_given(7);
        self.answers(sequence_number, 7);
    }

    fn submits(&mut self) {
        let message = ShortMessage {
            destination_addr: b"447700900000",
            short_message: b"hello",
            ..ShortMessage::default()
        };
        self.sequence_number += 1;
        let submit_sm = Event::Frame(frame(self.sequence_number, &Pdu::SubmitSm(message)));
        let actions = self.session.on_events(NOW, &[submit_sm]).unwrap();
        let token = actions.iter().find_map(|action| match action {
            Action::Append((token, message)) => {
                assert_eq!(message.payload, b"hello");
                Some(*token)
            }
            _ => None,
        });
        let actions = self
            .session
            .on_events(NOW, &[Event::Appended((token.unwrap(), Ok("77".into())))])
            .unwrap();
        let (header, id) = sent(&actions);
        assert_eq!(
            (header.command_status, header.sequence_number),
            (CommandStatus::ROK, self.sequence_number)
        );
        assert_eq!(id, b"77");
    }

    /// Takes a delivery; the sequence_number of its deliver_sm.
    pub(crate) fn is_given(&mut self, token: u64) -> u32 {
        let actions = self.session.on_events(NOW, &[delivery(token)]).unwrap();
        let (header, _) = sent(&actions);
        assert_eq!(header.command_id, CommandId::DELIVER_SM);
        header.sequence_number
    }

    /// Answers a deliver_sm, which settles the delivery.
    pub(crate) fn answers(&mut self, sequence_number: u32, token: u64) {
        let resp = frame(sequence_number, &Pdu::DeliverSmResp(MessageIdResp::default()));
        let actions = self.session.on_events(NOW, &[Event::Frame(resp)]).unwrap();
        let settled = |action: &Action| *action == Action::Settle((token, Settlement::Done));
        assert!(actions.iter().any(settled), "{actions:?}");
    }
}

/// The one PDU that is sent: its header, and the message_id where it has one.
fn sent(actions: &[Action]) -> (Header, Vec<u8>) {
    let frames: Vec<&Vec<u8>> = actions
        .iter()
        .filter_map(|action| {
            if let Action::Send(octets) = action {
                Some(octets)
            } else {
                None
            }
        })
        .collect();
    let [frame] = frames.as_slice() else { panic!("{actions:?}") };
    let (header, pdu) = decode(frame).unwrap();
    let id = match pdu {
        Pdu::SubmitSmResp(resp) => resp.message_id.to_vec(),
        _ => Vec::new(),
    };
    (header, id)
}
