//! The meaning of one frame: which PDU it is and what its fields hold.

mod decode;
mod encode;
mod table;

pub use decode::{DecodeError, Limits, decode, decode_within};
pub use encode::{EncodeError, bind_refusal, encode, encode_header_only, refusal};
pub use table::{Bind, BindResp, MessageIdResp, Pdu, ShortMessage};

#[cfg(test)]
mod golden;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod quirks;
