//! What no PDU can carry.

use edgebind_smpp::{CommandStatus, EncodeError, tlv::ValueTooLong};

/// No PDU can carry it. Whoever gave it to us is to blame; what follows is `dead` with this status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Undeliverable(pub(crate) CommandStatus);

impl From<EncodeError> for Undeliverable {
    fn from(error: EncodeError) -> Self {
        Self(match error.what {
            "source_addr" => CommandStatus::RINVSRCADR,
            "destination_addr" | "esme_addr" => CommandStatus::RINVDSTADR,
            _ => CommandStatus::RINVMSGLEN,
        })
    }
}

impl From<ValueTooLong> for Undeliverable {
    fn from(_: ValueTooLong) -> Self {
        Self(CommandStatus::RINVMSGLEN)
    }
}
