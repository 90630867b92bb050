//! esm_class: three groups of bits that mean different things; test with a mask, never the whole octet (SMPP 3.4 §5.2.12).

/// Bits of the messaging mode; an ESME says them, and must ignore them.
pub const MODE: u8 = 0x03;
/// Bits of the message type.
pub const TYPE: u8 = 0x3C;
/// Bits of the GSM features.
pub const FEATURES: u8 = 0xC0;

/// Mode: as the message centre does by default.
pub const MODE_DEFAULT: u8 = 0x00;
/// Mode: try once, keep nothing.
pub const MODE_DATAGRAM: u8 = 0x01;
/// Mode: answer when delivered; data_sm only.
pub const MODE_TRANSACTION: u8 = 0x02;
/// Mode: keep until delivered.
pub const MODE_STORE_AND_FORWARD: u8 = 0x03;

/// Type: a message.
pub const TYPE_MESSAGE: u8 = 0x00;
/// Type: the receipt of a message's final state, to an ESME.
pub const TYPE_RECEIPT: u8 = 0x04;
/// Type: the recipient has read it.
pub const TYPE_DELIVERY_ACKNOWLEDGEMENT: u8 = 0x08;
/// Type: the recipient answers.
pub const TYPE_USER_ACKNOWLEDGEMENT: u8 = 0x10;
/// Type: conversation abort, to an ESME.
pub const TYPE_CONVERSATION_ABORT: u8 = 0x18;
/// Type: an intermediate notification, to an ESME.
pub const TYPE_INTERMEDIATE: u8 = 0x20;

/// Feature: the user data begins with a header.
pub const UDHI: u8 = 0x40;
/// Feature: reply path.
pub const REPLY_PATH: u8 = 0x80;

/// The messaging mode, one of the `MODE_` values.
#[must_use]
pub const fn mode(esm_class: u8) -> u8 {
    esm_class & MODE
}

/// The message type, one of the `TYPE_` values or a reserved one.
#[must_use]
pub const fn message_type(esm_class: u8) -> u8 {
    esm_class & TYPE
}

/// Whether the user data begins with a header.
#[must_use]
pub const fn has_udh(esm_class: u8) -> bool {
    esm_class & UDHI != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q16_a_long_part_of_kannel() {
        assert_eq!(
            (mode(0x43), message_type(0x43), has_udh(0x43)),
            (MODE_STORE_AND_FORWARD, TYPE_MESSAGE, true)
        );
    }

    #[test]
    fn a_receipt_with_a_header_is_a_receipt() {
        assert_eq!((message_type(0x44), has_udh(0x44)), (TYPE_RECEIPT, true));
    }
}
