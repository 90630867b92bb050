//! The meaning of one frame: which PDU it is and what its fields hold.

#[macro_use]
mod grammar;

mod decode;
mod destinations;
mod encode;
mod table;
mod unsuccesses;

pub use decode::{DecodeError, Limits, decode, decode_within};
pub use destinations::{Destination, DestinationList, Destinations};
pub use encode::{EncodeError, bind_refusal, encode, encode_header_only, refusal};
pub use table::{
    AlertNotification, Bind, BindResp, CancelSm, DataSm, DataSmResp, Field, MessageIdResp, Outbind, Pdu, QuerySm, QuerySmResp,
    ReplaceSm, Row, Sender, ShortMessage, SubmitMulti, SubmitMultiResp, TABLE,
};
pub use unsuccesses::{Unsuccess, UnsuccessList, Unsuccesses};

#[cfg(test)]
mod differential;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod material;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod quirks;
