//! The SMPP v3.4 protocol without input or output: frames, PDUs, optional parameters, text, receipts, times.
//!
//! It sits between octets and whoever decides what they mean. It never allocates for a length that it has not checked,
//! never panics on octets from outside, and never decides what a peer may do.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::allow_attributes, reason = "a test that panics has failed")
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

#[macro_use]
mod value;
#[macro_use]
mod wire_value;

pub mod frame;
pub mod receipt;
pub mod tables;
pub mod text;
pub mod time;
pub mod tlv;
pub mod udh;

mod civil;
mod command;
mod data_coding;
mod esm_class;
mod header;
mod message_state;
mod numbering;
mod pdu;
mod registered_delivery;
mod status;
mod submission;

#[cfg(test)]
mod properties;

pub use command::CommandId;
pub use data_coding::DataCoding;
pub use esm_class::{EsmClass, Mode, Type};
pub use header::Header;
pub use message_state::MessageState;
pub use numbering::{Npi, Ton};
pub use pdu::{
    AlertNotification, Bind, BindResp, CancelSm, DataSm, DataSmResp, DecodeError, Destination, DestinationList, Destinations,
    EncodeError, Limits, MessageIdResp, Outbind, Pdu, QuerySm, QuerySmResp, ReplaceSm, ShortMessage, SubmitMulti,
    SubmitMultiResp, Unsuccess, UnsuccessList, Unsuccesses, bind_refusal, decode, decode_within, encode, encode_header_only,
    refusal,
};
pub use registered_delivery::{ReceiptOn, RegisteredDelivery};
pub use status::CommandStatus;
pub use submission::{Priority, SmDefaultMsgId};
pub use time::Time;
pub use tlv::{Tag, Tlv, TlvList, Tlvs};
