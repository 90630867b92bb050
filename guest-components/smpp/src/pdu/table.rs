//! The table of PDUs. Decoding and encoding both follow from it: a row here is all that a new PDU needs.
//!
//! A field is written `name: kind[most octets] or status`. The kind names a pair of methods, one of `Reader` and one of
//! `Writer`; the status is what a peer is answered that gets the field wrong.

use core::fmt;

use super::decode::{Problem, Reader};
use super::encode::{EncodeError, Writer};
use crate::{CommandId, CommandStatus, Tlvs};

macro_rules! pdus {
    (
        bodies { $(
            $(#[$body_doc:meta])*
            $body:ident { $(
                $(#[$field_doc:meta])*
                $field:ident : $kind:ident $([$max:expr])? $(or $status:ident)?,
            )* }
        )* }
        commands { $(
            $(#[$command_doc:meta])*
            $id:ident $command:ident $(($command_body:ident))?,
        )* }
    ) => {
        $(
            $(#[$body_doc])*
            #[derive(Clone, Copy, Default, PartialEq, Eq)]
            pub struct $body<'a> { $(
                $(#[$field_doc])*
                pub $field: field_type!('a $kind),
            )* }

            impl<'a> $body<'a> {
                fn read(reader: &mut Reader<'a>) -> Result<Self, Problem> {
                    Ok(Self { $(
                        $field: reader.$kind(stringify!($field) $(, $max)? $(, CommandStatus::$status)?)?,
                    )* })
                }

                fn len(&self) -> usize {
                    0 $( + field_len!($kind self.$field) )*
                }

                fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
                    $( writer.$kind(stringify!($field), self.$field $(, $max)?)?; )*
                    Ok(())
                }
            }

            /// Shows neither passwords nor user data nor numbers: of those the length.
            impl fmt::Debug for $body<'_> {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.debug_struct(stringify!($body))
                        $( .field(stringify!($field), &field_shown!($kind self.$field)) )*
                        .finish()
                }
            }
        )*

        /// One PDU without its header. Strings are without their NUL and borrow from the frame.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Pdu<'a> { $(
            $(#[$command_doc])*
            $command $(($command_body<'a>))?,
        )* }

        impl<'a> Pdu<'a> {
            /// Its command_id.
            #[must_use]
            pub const fn command_id(&self) -> CommandId {
                match self {
                    $( Self::$command { .. } => CommandId::$id, )*
                }
            }

            /// `None` when the table has no row for `id`.
            pub(super) fn read(id: CommandId, reader: &mut Reader<'a>) -> Result<Option<Self>, Problem> {
                Ok(Some(match id {
                    $( CommandId::$id => Self::$command $( ($command_body::read(reader)?) )?, )*
                    _ => return Ok(None),
                }))
            }

            /// Octets behind the header.
            pub(super) fn body_len(&self) -> usize {
                match self {
                    $( Self::$command $( (body @ $command_body { .. }) )? => 0 $( + $command_body::len(body) )?, )*
                }
            }

            pub(super) fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
                match self {
                    $( Self::$command $( (body @ $command_body { .. }) )? => { $( $command_body::write(body, writer)?; )? } )*
                }
                Ok(())
            }
        }
    };
}

/// What a field of a kind is in memory.
macro_rules! field_type {
    ($borrow:lifetime octet) => { u8 };
    ($borrow:lifetime tlvs) => { Tlvs<$borrow> };
    ($borrow:lifetime $octets:ident) => { &$borrow [u8] };
}

/// Octets that a field of a kind has on the wire: a string's NUL and a count are one more.
macro_rules! field_len {
    (octet $value:expr) => {
        1
    };
    (tlvs $value:expr) => {
        $value.octets().len()
    };
    ($octets:ident $value:expr) => {
        $value.len() + 1
    };
}

/// What `Debug` shows of a field of a kind.
macro_rules! field_shown {
    (octet $value:expr) => {
        $value
    };
    (tlvs $value:expr) => {
        $value
    };
    (password $value:expr) => {
        format_args!("[{}]", $value.len())
    };
    (address $value:expr) => {
        format_args!("[{}]", $value.len())
    };
    (counted $value:expr) => {
        format_args!("[{}]", $value.len())
    };
    ($string:ident $value:expr) => {
        format_args!("\"{}\"", $value.escape_ascii())
    };
}

pdus! {
    bodies {
        /// bind_receiver, bind_transmitter, bind_transceiver (SMPP 3.4 §4.1).
        Bind {
            /// Who wants to bind.
            system_id: c_octets[16] or RINVSYSID,
            /// Eight characters at most, unless [`Limits`](crate::Limits) say otherwise.
            password: password[9] or RINVPASWD,
            /// What kind of system it is; free text.
            system_type: c_octets[13] or RINVSYSTYP,
            /// 0x34 is version 3.4; 0x50, version 5.0, is common.
            interface_version: octet,
            /// Type of number of `address_range`.
            addr_ton: octet,
            /// Numbering plan of `address_range`.
            addr_npi: octet,
            /// The addresses that the ESME serves.
            address_range: c_octets[41] or RBINDFAIL,
        }

        /// bind_receiver_resp, bind_transmitter_resp, bind_transceiver_resp (SMPP 3.4 §4.1). A response with an error may
        /// lack its body: then all is empty.
        BindResp {
            /// Who answers.
            system_id: c_octets_if_any[16] or RINVSYSID,
            /// sc_interface_version, for peers of version 3.4 and later.
            tlvs: tlvs,
        }

        /// submit_sm and deliver_sm (SMPP 3.4 §4.4.1, §4.6.1).
        ShortMessage {
            /// The messaging service; empty by default.
            service_type: c_octets[6] or RINVSERTYP,
            /// Type of number of `source_addr`.
            source_addr_ton: octet,
            /// Numbering plan of `source_addr`.
            source_addr_npi: octet,
            /// Who sends.
            source_addr: address[21] or RINVSRCADR,
            /// Type of number of `destination_addr`.
            dest_addr_ton: octet,
            /// Numbering plan of `destination_addr`.
            dest_addr_npi: octet,
            /// Who receives.
            destination_addr: address[21] or RINVDSTADR,
            /// Mode, type and GSM features; see [`esm_class`](crate::esm_class).
            esm_class: octet,
            /// TP-PID on GSM.
            protocol_id: octet,
            /// 0 to 3, 3 is the most urgent.
            priority_flag: octet,
            /// Empty or 16 characters; see [`time`](crate::time).
            schedule_delivery_time: time or RINVSCHED,
            /// Empty or 16 characters; see [`time`](crate::time).
            validity_period: time or RINVEXPIRY,
            /// Which receipts are wanted; see [`registered_delivery`](crate::registered_delivery).
            registered_delivery: octet,
            /// 1 replaces an earlier message of the same source, destination and service_type.
            replace_if_present_flag: octet,
            /// What `short_message` is written in; see [`text`](crate::text).
            data_coding: octet,
            /// Index of a canned message; 0 for none.
            sm_default_msg_id: octet,
            /// The user data, at most 254 octets when sent (255 are taken, as in version 5.0). sm_length is its length.
            short_message: counted[254] or RINVMSGLEN,
            /// Optional parameters.
            tlvs: tlvs,
        }

        /// submit_sm_resp and deliver_sm_resp (SMPP 3.4 §4.4.2, §4.6.2). The body may be missing, and what follows the id is
        /// ignored.
        MessageIdResp {
            /// The id; empty in deliver_sm_resp.
            message_id: c_octets_if_any[65] or RINVMSGID,
        }
    }

    commands {
        /// An ESME asks to send.
        BIND_TRANSMITTER BindTransmitter(Bind),
        /// The answer to bind_transmitter.
        BIND_TRANSMITTER_RESP BindTransmitterResp(BindResp),
        /// An ESME asks to receive.
        BIND_RECEIVER BindReceiver(Bind),
        /// The answer to bind_receiver.
        BIND_RECEIVER_RESP BindReceiverResp(BindResp),
        /// An ESME asks to send and receive.
        BIND_TRANSCEIVER BindTransceiver(Bind),
        /// The answer to bind_transceiver.
        BIND_TRANSCEIVER_RESP BindTransceiverResp(BindResp),
        /// A message from an ESME.
        SUBMIT_SM SubmitSm(ShortMessage),
        /// The answer to submit_sm.
        SUBMIT_SM_RESP SubmitSmResp(MessageIdResp),
        /// A message or a receipt to an ESME.
        DELIVER_SM DeliverSm(ShortMessage),
        /// The answer to deliver_sm.
        DELIVER_SM_RESP DeliverSmResp(MessageIdResp),
        /// Either side ends the bind.
        UNBIND Unbind,
        /// The answer to unbind.
        UNBIND_RESP UnbindResp,
        /// Is the peer there?
        ENQUIRE_LINK EnquireLink,
        /// It is.
        ENQUIRE_LINK_RESP EnquireLinkResp,
        /// The answer to what cannot be answered otherwise.
        GENERIC_NACK GenericNack,
    }
}
