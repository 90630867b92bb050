//! esm_class: three groups of bits that mean different things, never to be compared as a whole (SMPP 3.4 §5.2.12).

const MODE: u8 = 0x03;
const TYPE: u8 = 0x3C;

checked_octet! {
    /// An esm_class whose message type is none of the reserved ones (SMPP 3.4 §5.2.12).
    EsmClass where |octet| Type::of(octet).is_some() => {
        /// A message, in the mode that is the message centre's default.
        MESSAGE = 0x00;
        /// The receipt of a message's final state, to an ESME.
        RECEIPT = 0x04;
        /// An intermediate notification, to an ESME.
        INTERMEDIATE = 0x20;
        /// A message whose user data begins with a header.
        UDHI = 0x40;
    }
}

impl EsmClass {
    /// Bits 1-0. An ESME says them, and must ignore them.
    #[must_use]
    pub const fn mode(self) -> Mode {
        match self.0 & MODE {
            0x00 => Mode::Default,
            0x01 => Mode::Datagram,
            0x02 => Mode::Transaction,
            _ => Mode::StoreAndForward,
        }
    }

    /// Bits 5-2.
    #[must_use]
    pub const fn message_type(self) -> Type {
        match Type::of(self.0) {
            Some(message_type) => message_type,
            None => unreachable!(),
        }
    }

    /// Whether the user data begins with a header (bit 6).
    #[must_use]
    pub const fn has_udh(self) -> bool {
        self.0 & 0x40 != 0
    }

    /// Whether an answer may go the way that the message came (bit 7).
    #[must_use]
    pub const fn has_reply_path(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// The same, with user data that begins with a header.
    #[must_use]
    pub const fn with_udh(self) -> Self {
        Self(self.0 | 0x40)
    }
}

/// How the message centre goes about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As it does by default.
    Default,
    /// Try once, keep nothing.
    Datagram,
    /// Answer when delivered; data_sm only.
    Transaction,
    /// Keep until delivered.
    StoreAndForward,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// A message.
    Message,
    /// The receipt of a message's final state, to an ESME.
    Receipt,
    /// The recipient has read it.
    DeliveryAcknowledgement,
    /// The recipient answers.
    UserAcknowledgement,
    /// Conversation abort, to an ESME.
    ConversationAbort,
    /// An intermediate notification, to an ESME.
    Intermediate,
}

impl Type {
    const fn of(esm_class: u8) -> Option<Self> {
        Some(match esm_class & TYPE {
            0x00 => Self::Message,
            0x04 => Self::Receipt,
            0x08 => Self::DeliveryAcknowledgement,
            0x10 => Self::UserAcknowledgement,
            0x18 => Self::ConversationAbort,
            0x20 => Self::Intermediate,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q16_a_long_part_of_kannel() {
        let part = EsmClass::new(0x43).unwrap();
        assert_eq!(
            (part.mode(), part.message_type(), part.has_udh(), part.has_reply_path()),
            (Mode::StoreAndForward, Type::Message, true, false)
        );
    }

    #[test]
    fn a_receipt_with_a_header_is_a_receipt() {
        assert_eq!(EsmClass::RECEIPT.with_udh().get(), 0x44);
        assert_eq!(EsmClass::new(0x44).unwrap().message_type(), Type::Receipt);
    }
}
