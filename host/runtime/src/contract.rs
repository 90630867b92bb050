//! The contract as Rust types, generated from `wit/`: one copy of the message's words, shared by both worlds. The documentation
//! of what they mean is there; nothing is written by hand here but the names under which they leave.

/// Words that sessions, translators and the host share; `wit/message` says what they mean.
pub mod message {
    pub use super::session_world::edgebind::message::types::{
        Address, Alert, Alphabet, Availability, Body, Delivery, Incoming, Instant, Message, MessageId, MessageState, Part,
        PartScheme, Receipt, Receipts, Setting, Tlv,
    };
}

#[expect(missing_docs, reason = "the documentation is in wit/")]
pub(crate) mod session_world {
    wasmtime::component::bindgen!({
        world: "edgebind:session/session",
        path: ["../../wit/message", "../../wit/session"],
        additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    });
}

#[expect(missing_docs, reason = "the documentation is in wit/")]
pub(crate) mod translator_world {
    wasmtime::component::bindgen!({
        world: "edgebind:translator/translator",
        path: ["../../wit/message", "../../wit/translator"],
        with: { "edgebind:message/types@0.2.0": crate::contract::session_world::edgebind::message::types },
        additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    });
}
