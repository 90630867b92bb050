//! registered_delivery: which receipts, acknowledgements and notifications are wanted (SMPP 3.4 §5.2.17).

/// Bits of the delivery receipt.
pub const RECEIPT: u8 = 0x03;
/// No receipt.
pub const RECEIPT_NONE: u8 = 0x00;
/// A receipt on success and on failure.
pub const RECEIPT_ALWAYS: u8 = 0x01;
/// A receipt on failure only.
pub const RECEIPT_ON_FAILURE: u8 = 0x02;
/// Reserved in 3.4; a receipt on success only in 5.0.
pub const RECEIPT_ON_SUCCESS: u8 = 0x03;

/// Bits of the acknowledgements by the recipient.
pub const ACKNOWLEDGEMENT: u8 = 0x0C;
/// The recipient's delivery acknowledgement is wanted.
pub const DELIVERY_ACKNOWLEDGEMENT: u8 = 0x04;
/// The recipient's user acknowledgement is wanted.
pub const USER_ACKNOWLEDGEMENT: u8 = 0x08;

/// Intermediate notifications are wanted. The specification's text says bit 5, its table and every implementation bit 4.
pub const INTERMEDIATE: u8 = 0x10;

/// Bits that mean nothing.
pub const RESERVED: u8 = 0xE0;

/// The receipt wanted, one of the `RECEIPT_` values.
#[must_use]
pub const fn receipt(registered_delivery: u8) -> u8 {
    registered_delivery & RECEIPT
}

/// Whether intermediate notifications are wanted.
#[must_use]
pub const fn wants_intermediate(registered_delivery: u8) -> bool {
    registered_delivery & INTERMEDIATE != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_groups_are_independent() {
        assert_eq!(receipt(0x11), RECEIPT_ALWAYS);
        assert!(wants_intermediate(0x11));
        assert_eq!(receipt(0x1C), RECEIPT_NONE);
        assert!(!wants_intermediate(0x0E));
        assert_eq!(RECEIPT | ACKNOWLEDGEMENT | INTERMEDIATE | RESERVED, 0xFF);
        assert_eq!(DELIVERY_ACKNOWLEDGEMENT | USER_ACKNOWLEDGEMENT, ACKNOWLEDGEMENT);
    }
}
