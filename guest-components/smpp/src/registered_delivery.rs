//! registered_delivery: which receipts, acknowledgements and notifications are wanted (SMPP 3.4 §5.2.17).

checked_octet! {
    /// A registered_delivery without the bits that mean nothing (SMPP 3.4 §5.2.17).
    RegisteredDelivery where |octet| octet & 0xE0 == 0 => {
        /// Nothing is wanted.
        NONE = 0x00;
        /// A receipt, on success and on failure.
        ALWAYS = 0x01;
        /// A receipt on failure only.
        ON_FAILURE = 0x02;
        /// A receipt on success only: 5.0's, reserved in 3.4.
        ON_SUCCESS = 0x03;
    }
}

impl RegisteredDelivery {
    /// Bits 1-0: when the message centre is to write a receipt.
    #[must_use]
    pub const fn receipt(self) -> ReceiptOn {
        match self.0 & 0x03 {
            0 => ReceiptOn::Nothing,
            1 => ReceiptOn::Everything,
            2 => ReceiptOn::Failure,
            _ => ReceiptOn::Success,
        }
    }

    /// Bit 2: the recipient is to say that it has read the message.
    #[must_use]
    pub const fn wants_delivery_acknowledgement(self) -> bool {
        self.0 & 0x04 != 0
    }

    /// Bit 3: the recipient is to answer.
    #[must_use]
    pub const fn wants_user_acknowledgement(self) -> bool {
        self.0 & 0x08 != 0
    }

    /// Intermediate notifications. The specification's text says bit 5, its table and every implementation bit 4.
    #[must_use]
    pub const fn wants_intermediate(self) -> bool {
        self.0 & 0x10 != 0
    }
}

/// The end of a message that is worth a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptOn {
    /// None.
    Nothing,
    /// Success or failure.
    Everything,
    /// Failure.
    Failure,
    /// Success. Reserved in 3.4: whether a peer may ask for it depends on the version that it bound with.
    Success,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_groups_are_independent() {
        let wanted = |octet| RegisteredDelivery::new(octet).unwrap();
        assert_eq!(wanted(0x11).receipt(), ReceiptOn::Everything);
        assert!(wanted(0x11).wants_intermediate());
        assert_eq!(wanted(0x1C).receipt(), ReceiptOn::Nothing);
        assert!(!wanted(0x0E).wants_intermediate());
        assert!(wanted(0x04).wants_delivery_acknowledgement() && !wanted(0x04).wants_user_acknowledgement());
        assert!(wanted(0x08).wants_user_acknowledgement() && !wanted(0x08).wants_delivery_acknowledgement());
        assert_eq!(wanted(0x03).receipt(), ReceiptOn::Success);
        assert_eq!(wanted(0x02), RegisteredDelivery::ON_FAILURE);
    }
}
