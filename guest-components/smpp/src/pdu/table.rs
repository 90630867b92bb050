//! The table of PDUs. Decoding and encoding both follow from it: a row here is all that a new PDU needs.

use core::fmt;

use super::decode::{Problem, Reader};
use super::destinations::Destinations;
use super::encode::{EncodeError, Writer};
use super::unsuccesses::Unsuccesses;
use crate::{
    CommandId, CommandStatus, DataCoding, EsmClass, MessageState, Npi, Priority, RegisteredDelivery, SmDefaultMsgId, Time, Tlvs,
    Ton,
};

/// A row of the table: what the specification says about one PDU.
#[derive(Debug)]
pub struct Row {
    /// Which PDU.
    pub command_id: CommandId,
    /// Where SMPP 3.4 specifies it.
    pub section: &'static str,
    /// Who may send it.
    pub sender: Sender,
    /// Its mandatory fields, in wire order; `tlvs` where it carries optional parameters.
    pub fields: &'static [Field],
    /// What it is for.
    pub doc: &'static str,
}

/// Who sends a PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The client.
    Esme,
    /// The server: we, to our clients.
    MessageCentre,
    /// Both.
    Either,
}

/// One field of a PDU.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The specification's name.
    pub name: &'static str,
    /// How it is read and written.
    pub kind: &'static str,
    /// The type of one octet, where that is its kind.
    pub value: Option<&'static str>,
    /// Octets of a string with its NUL, or of what a count counts.
    pub octets_max: Option<usize>,
    /// What a peer is answered that gets it wrong; none where every value is right.
    pub status: Option<CommandStatus>,
    /// What it is for.
    pub doc: &'static str,
}

pdus! {
    bodies {
        /// bind_receiver, bind_transmitter, bind_transceiver (SMPP 3.4 §4.1).
        Bind {
            /// Who wants to bind.
            system_id: printable[16] or RINVSYSID,
            /// Eight characters at most, unless the caller's limits say otherwise.
            password: password[9] or RINVPASWD,
            /// What kind of system it is; free text.
            system_type: printable[13] or RINVSYSTYP,
            /// 0x34 is version 3.4; 0x50, version 5.0, is common.
            interface_version: octet<u8>,
            /// Type of number of `address_range`.
            addr_ton: value<Ton> or RBINDFAIL,
            /// Numbering plan of `address_range`.
            addr_npi: value<Npi> or RBINDFAIL,
            /// The addresses that the ESME serves.
            address_range: printable[41] or RBINDFAIL,
        }

        /// bind_receiver_resp, bind_transmitter_resp, bind_transceiver_resp (SMPP 3.4 §4.1).
        BindResp {
            /// Who answers.
            system_id: printable[16] or RINVSYSID,
            /// sc_interface_version, for peers of version 3.4 and later.
            tlvs: tlvs,
        }

        /// submit_sm and deliver_sm (SMPP 3.4 §4.4.1, §4.6.1).
        ShortMessage {
            /// The messaging service; empty by default.
            service_type: printable[6] or RINVSERTYP,
            /// Type of number of `source_addr`.
            source_addr_ton: value<Ton> or RINVSRCTON,
            /// Numbering plan of `source_addr`.
            source_addr_npi: value<Npi> or RINVSRCNPI,
            /// Who sends.
            source_addr: address[21] or RINVSRCADR,
            /// Type of number of `destination_addr`.
            dest_addr_ton: value<Ton> or RINVDSTTON,
            /// Numbering plan of `destination_addr`.
            dest_addr_npi: value<Npi> or RINVDSTNPI,
            /// Who receives.
            destination_addr: address[21] or RINVDSTADR,
            /// Mode, type and GSM features.
            esm_class: value<EsmClass> or RINVESMCLASS,
            /// TP-PID on GSM.
            protocol_id: octet<u8>,
            /// How urgent it is.
            priority_flag: value<Priority> or RINVPRTFLG,
            /// When it may go out.
            schedule_delivery_time: time or RINVSCHED,
            /// When it is worthless.
            validity_period: time or RINVEXPIRY,
            /// Which receipts are wanted.
            registered_delivery: value<RegisteredDelivery> or RINVREGDLVFLG,
            /// Whether it replaces an earlier message of the same source, destination and service_type.
            replace_if_present_flag: value<bool> or RINVREPFLAG,
            /// What short_message is written in.
            data_coding: octet<DataCoding>,
            /// Index of a canned message; 0 for none.
            sm_default_msg_id: value<SmDefaultMsgId> or RINVDFTMSGID,
            /// The user data; sm_length is its length. 255 octets are taken, as in version 5.0, and not written.
            short_message: counted[254] or RINVMSGLEN,
            /// Optional parameters.
            tlvs: tlvs,
        }

        /// submit_sm_resp and deliver_sm_resp (SMPP 3.4 §4.4.2, §4.6.2). What follows the id is ignored.
        MessageIdResp {
            /// The id; empty in deliver_sm_resp.
            message_id: printable[65] or RINVMSGID,
        }

        /// submit_multi (SMPP 3.4 §4.5.1).
        SubmitMulti {
            /// The messaging service; empty by default.
            service_type: printable[6] or RINVSERTYP,
            /// Type of number of `source_addr`.
            source_addr_ton: value<Ton> or RINVSRCTON,
            /// Numbering plan of `source_addr`.
            source_addr_npi: value<Npi> or RINVSRCNPI,
            /// Who sends.
            source_addr: address[21] or RINVSRCADR,
            /// Who receives.
            dest_addresses: destinations or RINVNUMDESTS,
            /// Mode, type and GSM features.
            esm_class: value<EsmClass> or RINVESMCLASS,
            /// TP-PID on GSM.
            protocol_id: octet<u8>,
            /// How urgent it is.
            priority_flag: value<Priority> or RINVPRTFLG,
            /// When it may go out.
            schedule_delivery_time: time or RINVSCHED,
            /// When it is worthless.
            validity_period: time or RINVEXPIRY,
            /// Which receipts are wanted.
            registered_delivery: value<RegisteredDelivery> or RINVREGDLVFLG,
            /// Whether it replaces an earlier message of the same source, destination and service_type.
            replace_if_present_flag: value<bool> or RINVREPFLAG,
            /// What short_message is written in.
            data_coding: octet<DataCoding>,
            /// Index of a canned message; 0 for none.
            sm_default_msg_id: value<SmDefaultMsgId> or RINVDFTMSGID,
            /// The user data; sm_length is its length. 255 octets are taken, as in version 5.0, and not written.
            short_message: counted[254] or RINVMSGLEN,
            /// Optional parameters.
            tlvs: tlvs,
        }

        /// submit_multi_resp (SMPP 3.4 §4.5.2).
        SubmitMultiResp {
            /// One id for all that was submitted.
            message_id: printable[65] or RINVMSGID,
            /// The destinations that it was not submitted to.
            unsuccess_smes: unsuccesses,
        }

        /// data_sm (SMPP 3.4 §4.7.1). The user data is in message_payload.
        DataSm {
            /// The messaging service; empty by default.
            service_type: printable[6] or RINVSERTYP,
            /// Type of number of `source_addr`.
            source_addr_ton: value<Ton> or RINVSRCTON,
            /// Numbering plan of `source_addr`.
            source_addr_npi: value<Npi> or RINVSRCNPI,
            /// Who sends.
            source_addr: address[65] or RINVSRCADR,
            /// Type of number of `destination_addr`.
            dest_addr_ton: value<Ton> or RINVDSTTON,
            /// Numbering plan of `destination_addr`.
            dest_addr_npi: value<Npi> or RINVDSTNPI,
            /// Who receives.
            destination_addr: address[65] or RINVDSTADR,
            /// Mode, type and GSM features.
            esm_class: value<EsmClass> or RINVESMCLASS,
            /// Which receipts are wanted.
            registered_delivery: value<RegisteredDelivery> or RINVREGDLVFLG,
            /// What message_payload is written in.
            data_coding: octet<DataCoding>,
            /// Optional parameters.
            tlvs: tlvs,
        }

        /// data_sm_resp (SMPP 3.4 §4.7.2).
        DataSmResp {
            /// The id.
            message_id: printable[65] or RINVMSGID,
            /// Why it was not delivered, in transaction mode.
            tlvs: tlvs,
        }

        /// query_sm (SMPP 3.4 §4.8.1).
        QuerySm {
            /// The id that the answer to the submission gave.
            message_id: printable[65] or RINVMSGID,
            /// Type of number of `source_addr`.
            source_addr_ton: value<Ton> or RINVSRCTON,
            /// Numbering plan of `source_addr`.
            source_addr_npi: value<Npi> or RINVSRCNPI,
            /// Who sent; the same as when it was submitted.
            source_addr: address[21] or RINVSRCADR,
        }

        /// query_sm_resp (SMPP 3.4 §4.8.2).
        QuerySmResp {
            /// The id that was asked for.
            message_id: printable[65] or RINVMSGID,
            /// When the message came to its final state; none before that.
            final_date: time or RINVSCHED,
            /// What became of it.
            message_state: octet<MessageState>,
            /// The network's error; 0 for none.
            error_code: octet<u8>,
        }

        /// cancel_sm (SMPP 3.4 §4.9.1). Without a message_id it means all messages of this source and destination.
        CancelSm {
            /// The messaging service; empty by default.
            service_type: printable[6] or RINVSERTYP,
            /// The id that the answer to the submission gave, or empty.
            message_id: printable[65] or RINVMSGID,
            /// Type of number of `source_addr`.
            source_addr_ton: value<Ton> or RINVSRCTON,
            /// Numbering plan of `source_addr`.
            source_addr_npi: value<Npi> or RINVSRCNPI,
            /// Who sends.
            source_addr: address[21] or RINVSRCADR,
            /// Type of number of `destination_addr`.
            dest_addr_ton: value<Ton> or RINVDSTTON,
            /// Numbering plan of `destination_addr`.
            dest_addr_npi: value<Npi> or RINVDSTNPI,
            /// Who receives.
            destination_addr: address[21] or RINVDSTADR,
        }

        /// replace_sm (SMPP 3.4 §4.10.1). What follows the message is ignored: there are no optional parameters.
        ReplaceSm {
            /// The id that the answer to the submission gave.
            message_id: printable[65] or RINVMSGID,
            /// Type of number of `source_addr`.
            source_addr_ton: value<Ton> or RINVSRCTON,
            /// Numbering plan of `source_addr`.
            source_addr_npi: value<Npi> or RINVSRCNPI,
            /// Who sent; the same as when it was submitted.
            source_addr: address[21] or RINVSRCADR,
            /// When it may go out.
            schedule_delivery_time: time or RINVSCHED,
            /// When it is worthless.
            validity_period: time or RINVEXPIRY,
            /// Which receipts are wanted.
            registered_delivery: value<RegisteredDelivery> or RINVREGDLVFLG,
            /// Index of a canned message; 0 for none.
            sm_default_msg_id: value<SmDefaultMsgId> or RINVDFTMSGID,
            /// The user data; sm_length is its length. 255 octets are taken, as in version 5.0, and not written.
            short_message: counted[254] or RINVMSGLEN,
        }

        /// outbind (SMPP 3.4 §4.1.7).
        Outbind {
            /// Who wants to be bound to.
            system_id: printable[16] or RINVSYSID,
            /// Eight characters at most, unless the caller's limits say otherwise.
            password: password[9] or RINVPASWD,
        }

        /// alert_notification (SMPP 3.4 §4.12.1).
        AlertNotification {
            /// Type of number of `source_addr`.
            source_addr_ton: value<Ton> or RINVSRCTON,
            /// Numbering plan of `source_addr`.
            source_addr_npi: value<Npi> or RINVSRCNPI,
            /// Who can be reached again.
            source_addr: address[65] or RINVSRCADR,
            /// Type of number of `esme_addr`.
            esme_addr_ton: value<Ton> or RINVDSTTON,
            /// Numbering plan of `esme_addr`.
            esme_addr_npi: value<Npi> or RINVDSTNPI,
            /// Who wanted to know.
            esme_addr: address[65] or RINVDSTADR,
            /// ms_availability_status.
            tlvs: tlvs,
        }
    }

    commands {
        /// An ESME asks to send.
        BIND_TRANSMITTER BindTransmitter(Bind) from Esme in "4.1.1",
        /// The answer to bind_transmitter.
        BIND_TRANSMITTER_RESP BindTransmitterResp(BindResp) from MessageCentre in "4.1.2",
        /// An ESME asks to receive.
        BIND_RECEIVER BindReceiver(Bind) from Esme in "4.1.3",
        /// The answer to bind_receiver.
        BIND_RECEIVER_RESP BindReceiverResp(BindResp) from MessageCentre in "4.1.4",
        /// An ESME asks to send and receive.
        BIND_TRANSCEIVER BindTransceiver(Bind) from Esme in "4.1.5",
        /// The answer to bind_transceiver.
        BIND_TRANSCEIVER_RESP BindTransceiverResp(BindResp) from MessageCentre in "4.1.6",
        /// A message centre asks an ESME to bind. Has no answer.
        OUTBIND Outbind(Outbind) from MessageCentre in "4.1.7",
        /// Either side ends the bind.
        UNBIND Unbind from Either in "4.2.1",
        /// The answer to unbind.
        UNBIND_RESP UnbindResp from Either in "4.2.2",
        /// The answer to what cannot be answered otherwise.
        GENERIC_NACK GenericNack from Either in "4.3.1",
        /// A message from an ESME.
        SUBMIT_SM SubmitSm(ShortMessage) from Esme in "4.4.1",
        /// The answer to submit_sm.
        SUBMIT_SM_RESP SubmitSmResp(MessageIdResp) from MessageCentre in "4.4.2",
        /// A message from an ESME to several destinations.
        SUBMIT_MULTI SubmitMulti(SubmitMulti) from Esme in "4.5.1",
        /// The answer to submit_multi.
        SUBMIT_MULTI_RESP SubmitMultiResp(SubmitMultiResp) from MessageCentre in "4.5.2",
        /// A message or a receipt to an ESME.
        DELIVER_SM DeliverSm(ShortMessage) from MessageCentre in "4.6.1",
        /// The answer to deliver_sm.
        DELIVER_SM_RESP DeliverSmResp(MessageIdResp) from Esme in "4.6.2",
        /// A message either way, with what it needs in optional parameters.
        DATA_SM DataSm(DataSm) from Either in "4.7.1",
        /// The answer to data_sm.
        DATA_SM_RESP DataSmResp(DataSmResp) from Either in "4.7.2",
        /// What became of a message?
        QUERY_SM QuerySm(QuerySm) from Esme in "4.8.1",
        /// The answer to query_sm.
        QUERY_SM_RESP QuerySmResp(QuerySmResp) from MessageCentre in "4.8.2",
        /// A message, or several, that shall not go out.
        CANCEL_SM CancelSm(CancelSm) from Esme in "4.9.1",
        /// The answer to cancel_sm.
        CANCEL_SM_RESP CancelSmResp from MessageCentre in "4.9.2",
        /// A message that shall go out otherwise.
        REPLACE_SM ReplaceSm(ReplaceSm) from Esme in "4.10.1",
        /// The answer to replace_sm.
        REPLACE_SM_RESP ReplaceSmResp from MessageCentre in "4.10.2",
        /// Is the peer there?
        ENQUIRE_LINK EnquireLink from Either in "4.11.1",
        /// It is.
        ENQUIRE_LINK_RESP EnquireLinkResp from Either in "4.11.2",
        /// A subscriber can be reached again. Has no answer.
        ALERT_NOTIFICATION AlertNotification(AlertNotification) from MessageCentre in "4.12.1",
    }
}
