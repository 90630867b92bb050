//! command_id: which PDU this is. Every command of the specification has its constant here, whether or not the table of PDUs
//! has a row for it.

wire_value! {
    /// A command_id (SMPP 3.4 §5.1.2.1, and the broadcast commands of SMPP 5.0).
    CommandId(u32), "{:#010x}" {
        GENERIC_NACK = 0x8000_0000, "generic_nack";
        BIND_RECEIVER = 0x0000_0001, "bind_receiver";
        BIND_RECEIVER_RESP = 0x8000_0001, "bind_receiver_resp";
        BIND_TRANSMITTER = 0x0000_0002, "bind_transmitter";
        BIND_TRANSMITTER_RESP = 0x8000_0002, "bind_transmitter_resp";
        QUERY_SM = 0x0000_0003, "query_sm";
        QUERY_SM_RESP = 0x8000_0003, "query_sm_resp";
        SUBMIT_SM = 0x0000_0004, "submit_sm";
        SUBMIT_SM_RESP = 0x8000_0004, "submit_sm_resp";
        DELIVER_SM = 0x0000_0005, "deliver_sm";
        DELIVER_SM_RESP = 0x8000_0005, "deliver_sm_resp";
        UNBIND = 0x0000_0006, "unbind";
        UNBIND_RESP = 0x8000_0006, "unbind_resp";
        REPLACE_SM = 0x0000_0007, "replace_sm";
        REPLACE_SM_RESP = 0x8000_0007, "replace_sm_resp";
        CANCEL_SM = 0x0000_0008, "cancel_sm";
        CANCEL_SM_RESP = 0x8000_0008, "cancel_sm_resp";
        BIND_TRANSCEIVER = 0x0000_0009, "bind_transceiver";
        BIND_TRANSCEIVER_RESP = 0x8000_0009, "bind_transceiver_resp";
        /// Has no response.
        OUTBIND = 0x0000_000B, "outbind";
        ENQUIRE_LINK = 0x0000_0015, "enquire_link";
        ENQUIRE_LINK_RESP = 0x8000_0015, "enquire_link_resp";
        SUBMIT_MULTI = 0x0000_0021, "submit_multi";
        SUBMIT_MULTI_RESP = 0x8000_0021, "submit_multi_resp";
        /// Has no response.
        ALERT_NOTIFICATION = 0x0000_0102, "alert_notification";
        DATA_SM = 0x0000_0103, "data_sm";
        DATA_SM_RESP = 0x8000_0103, "data_sm_resp";
        BROADCAST_SM = 0x0000_0111, "broadcast_sm";
        BROADCAST_SM_RESP = 0x8000_0111, "broadcast_sm_resp";
        QUERY_BROADCAST_SM = 0x0000_0112, "query_broadcast_sm";
        QUERY_BROADCAST_SM_RESP = 0x8000_0112, "query_broadcast_sm_resp";
        CANCEL_BROADCAST_SM = 0x0000_0113, "cancel_broadcast_sm";
        CANCEL_BROADCAST_SM_RESP = 0x8000_0113, "cancel_broadcast_sm_resp";
    }
}

/// The bit that tells a response from its request.
const RESPONSE: u32 = 0x8000_0000;

impl CommandId {
    /// Whether this is a response; generic_nack is one.
    #[must_use]
    pub const fn is_response(self) -> bool {
        self.0 & RESPONSE != 0
    }

    /// The command_id of the response to this request. outbind and alert_notification have none in the specification, and
    /// for an unknown request this is only a guess: [`refusal`](crate::refusal) knows what to answer to those.
    #[must_use]
    pub const fn response(self) -> Self {
        Self(self.0 | RESPONSE)
    }

    /// The command_id of the request that this response answers.
    #[must_use]
    pub const fn request(self) -> Self {
        Self(self.0 & !RESPONSE)
    }

    /// Whether this is one of the three bind requests.
    #[must_use]
    pub const fn is_bind(self) -> bool {
        matches!(self, Self::BIND_RECEIVER | Self::BIND_TRANSMITTER | Self::BIND_TRANSCEIVER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn names_and_hex() {
        assert_eq!(CommandId::SUBMIT_SM.to_string(), "submit_sm");
        assert_eq!(CommandId(0x0001_0203).to_string(), "0x00010203");
    }

    #[test]
    fn a_response_is_its_request_with_bit_31() {
        assert_eq!(CommandId::DATA_SM.response(), CommandId::DATA_SM_RESP);
        assert_eq!(CommandId::BIND_TRANSCEIVER_RESP.request(), CommandId::BIND_TRANSCEIVER);
        assert!(CommandId::GENERIC_NACK.is_response());
        assert!(!CommandId::ENQUIRE_LINK.is_response());
    }
}
