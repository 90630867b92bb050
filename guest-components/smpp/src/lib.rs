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
mod wire_value;

pub mod esm_class;
pub mod frame;
pub mod receipt;
pub mod registered_delivery;
pub mod text;
pub mod time;
pub mod tlv;
pub mod udh;

mod civil;
mod command;
mod header;
mod message_state;
mod pdu;
mod status;

#[cfg(test)]
mod properties;

pub use command::CommandId;
pub use header::Header;
pub use message_state::MessageState;
pub use pdu::{
    Bind, BindResp, DecodeError, EncodeError, Limits, MessageIdResp, Pdu, ShortMessage, bind_refusal, decode, decode_within,
    encode, encode_header_only, refusal,
};
pub use status::CommandStatus;
pub use tlv::{Tag, Tlv, TlvList, Tlvs};
