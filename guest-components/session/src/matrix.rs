//! Who may send what in which state: the operations of SMPP 3.4 §2.3 as one table, which the machine asks before it looks at
//! anything else of a PDU.
//!
//! Where that table is read in two ways, SMPP 5.0 §2.4 decides: a transceiver may replace_sm, an ESME sends data_sm where it may
//! submit and is sent data_sm where it may receive, enquire_link and generic_nack are never out of place. `MATRIX.md` shows the
//! table to people.

use crate::peer::Kind;
use edgebind_smpp::{CommandId, CommandStatus};

/// Which side sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The peer.
    Esme,
    /// We.
    Mc,
}

/// Where a session stands (SMPP 3.4 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Connected, not bound.
    Open,
    /// BOUND_TX.
    Transmitter,
    /// BOUND_RX.
    Receiver,
    /// BOUND_TRX.
    Transceiver,
}

impl State {
    /// Every state, in the order of [`Operation::allowed`].
    pub const ALL: [Self; 4] = [Self::Open, Self::Transmitter, Self::Receiver, Self::Transceiver];

    pub(crate) const fn bound(kind: Kind) -> Self {
        match kind {
            Kind::Transmitter => Self::Transmitter,
            Kind::Receiver => Self::Receiver,
            Kind::Transceiver => Self::Transceiver,
        }
    }
}

/// What becomes of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It is looked at further.
    Allowed,
    /// Its own response says so.
    Refused(CommandStatus),
    /// It has no response, or none that we would know: generic_nack says so.
    Nacked(CommandStatus),
    /// A response that answers nothing is dropped; what we may not send is not sent.
    Dropped,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// What is sent.
    pub command: CommandId,
    /// Where SMPP 3.4 describes it.
    pub section: &'static str,
    /// By whom.
    pub sender: Sender,
    /// In which states, in the order of [`State::ALL`].
    pub allowed: [bool; 4],
    /// What becomes of it in the others.
    pub otherwise: Ruling,
}

const UNBOUND: [bool; 4] = [true, false, false, false];
const BOUND: [bool; 4] = [false, true, true, true];
const SENDING: [bool; 4] = [false, true, false, true];
const RECEIVING: [bool; 4] = [false, false, true, true];
const ALWAYS: [bool; 4] = [true; 4];

const OUT_OF_PLACE: Ruling = Ruling::Refused(CommandStatus::RINVBNDSTS);
const BOUND_ALREADY: Ruling = Ruling::Refused(CommandStatus::RALYBND);

/// Every operation that somebody may send. What has no row is nobody's to send.
pub const MATRIX: [Operation; 24] = {
    use CommandId as Id;
    use Ruling::Dropped;
    use Sender::{Esme, Mc};
    [
        row(Id::SUBMIT_SM, "4.4.1", Esme, SENDING, OUT_OF_PLACE),
        row(Id::DELIVER_SM_RESP, "4.6.2", Esme, RECEIVING, Dropped),
        row(Id::ENQUIRE_LINK, "4.11.1", Esme, ALWAYS, Dropped),
        row(Id::ENQUIRE_LINK_RESP, "4.11.2", Esme, ALWAYS, Dropped),
        row(Id::DATA_SM, "4.7.1", Esme, SENDING, OUT_OF_PLACE),
        row(Id::DATA_SM_RESP, "4.7.2", Esme, RECEIVING, Dropped),
        row(Id::SUBMIT_MULTI, "4.5.1", Esme, SENDING, OUT_OF_PLACE),
        row(Id::QUERY_SM, "4.8.1", Esme, SENDING, OUT_OF_PLACE),
        row(Id::CANCEL_SM, "4.9.1", Esme, SENDING, OUT_OF_PLACE),
        row(Id::REPLACE_SM, "4.10.1", Esme, SENDING, OUT_OF_PLACE),
        row(Id::UNBIND, "4.2.1", Esme, BOUND, OUT_OF_PLACE),
        row(Id::UNBIND_RESP, "4.2.2", Esme, BOUND, Dropped),
        row(Id::GENERIC_NACK, "4.3.1", Esme, ALWAYS, Dropped),
        row(Id::BIND_TRANSMITTER, "4.1.1", Esme, UNBOUND, BOUND_ALREADY),
        row(Id::BIND_RECEIVER, "4.1.3", Esme, UNBOUND, BOUND_ALREADY),
        row(Id::BIND_TRANSCEIVER, "4.1.5", Esme, UNBOUND, BOUND_ALREADY),
        row(Id::OUTBIND, "4.1.7", Mc, UNBOUND, Dropped),
        row(Id::DELIVER_SM, "4.6.1", Mc, RECEIVING, Dropped),
        row(Id::DATA_SM, "4.7.1", Mc, RECEIVING, Dropped),
        row(Id::ALERT_NOTIFICATION, "4.12.1", Mc, RECEIVING, Dropped),
        row(Id::UNBIND, "4.2.1", Mc, BOUND, Dropped),
        row(Id::UNBIND_RESP, "4.2.2", Mc, BOUND, Dropped),
        row(Id::ENQUIRE_LINK, "4.11.1", Mc, ALWAYS, Dropped),
        row(Id::GENERIC_NACK, "4.3.1", Mc, ALWAYS, Dropped),
    ]
};

const fn row(command: CommandId, section: &'static str, sender: Sender, allowed: [bool; 4], otherwise: Ruling) -> Operation {
    Operation {
        command,
        section,
        sender,
        allowed,
        otherwise,
    }
}

/// What becomes of this operation in this state.
#[must_use]
pub const fn ruling(command: CommandId, sender: Sender, state: State) -> Ruling {
    let mut place = 0;
    while place < MATRIX.len() {
        let operation = &MATRIX[place];
        if operation.command.0 == command.0 && operation.sender as u8 == sender as u8 {
            return if operation.allowed[state as usize] {
                Ruling::Allowed
            } else {
                operation.otherwise
            };
        }
        place += 1;
    }
    if command.is_response() {
        Ruling::Dropped
    } else {
        Ruling::Nacked(CommandStatus::RINVCMDID)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND_STATES: [State; 3] = [State::Transmitter, State::Receiver, State::Transceiver];

    #[test]
    fn a_row_for_each_operation_and_sender() {
        for (place, operation) in MATRIX.iter().enumerate() {
            let same = |other: &&Operation| (other.command, other.sender) == (operation.command, operation.sender);
            assert_eq!(MATRIX.iter().filter(same).count(), 1, "row {place}: {}", operation.command);
            assert_ne!(operation.allowed, [false; 4], "{}", operation.command);
            assert_ne!(operation.otherwise, Ruling::Allowed, "{}", operation.command);
        }
    }

    #[test]
    fn what_nobody_may_send_is_nacked_and_answers_to_nothing_are_dropped() {
        let unknown = Ruling::Nacked(CommandStatus::RINVCMDID);
        for state in State::ALL {
            for command in [
                CommandId::OUTBIND,
                CommandId::ALERT_NOTIFICATION,
                CommandId::DELIVER_SM,
                CommandId::BROADCAST_SM,
                CommandId::QUERY_BROADCAST_SM,
                CommandId::CANCEL_BROADCAST_SM,
                CommandId(0x0001_0203),
            ] {
                assert_eq!(ruling(command, Sender::Esme, state), unknown, "{command}");
            }
            for command in [
                CommandId::SUBMIT_SM_RESP,
                CommandId::BROADCAST_SM_RESP,
                CommandId(0x8001_0203),
            ] {
                assert_eq!(ruling(command, Sender::Esme, state), Ruling::Dropped, "{command}");
            }
        }
    }

    #[test]
    fn what_asks_about_messages_is_for_those_who_submit() {
        for command in [
            CommandId::SUBMIT_SM,
            CommandId::SUBMIT_MULTI,
            CommandId::DATA_SM,
            CommandId::QUERY_SM,
            CommandId::CANCEL_SM,
            CommandId::REPLACE_SM,
        ] {
            let rulings = BOUND_STATES.map(|state| ruling(command, Sender::Esme, state));
            assert_eq!(rulings, [Ruling::Allowed, OUT_OF_PLACE, Ruling::Allowed], "{command}");
        }
    }
}
