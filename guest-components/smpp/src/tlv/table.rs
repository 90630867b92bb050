//! The table of optional parameters. Their tags, and what is asked of their values, follow from it.

use super::{Rule, Values};
use crate::CommandId;

macro_rules! parameters {
    (
        $(#[$tag_doc:meta])*
        tags { $(
            $(#[doc = $doc:literal])*
            $constant:ident = $tag:literal, $name:literal
                (section $section:literal, $length:expr, $rule:ident $(($values:expr))?, in [$($carrier:ident)*]);
        )* }
    ) => {
        wire_value! {
            $(#[$tag_doc])*
            Tag(u16), "{:#06x}" {
                $( $(#[doc = $doc])* $constant = $tag, $name; )*
            }
        }

        /// Every optional parameter that has a name, in the order of their tags.
        pub static TABLE: &[Rule] = &[ $(
            Rule {
                tag: Tag::$constant,
                section: $section,
                length: $length,
                values: Values::$rule $(($values))?,
                carriers: &[ $( carrier!($carrier), )* ],
                doc: concat!($($doc),*),
            },
        )* ];
    };
}

/// One letter a PDU, so that a parameter has one line.
macro_rules! carrier {
    (S) => {
        CommandId::SUBMIT_SM
    };
    (M) => {
        CommandId::SUBMIT_MULTI
    };
    (D) => {
        CommandId::DELIVER_SM
    };
    (T) => {
        CommandId::DATA_SM
    };
    (R) => {
        CommandId::DATA_SM_RESP
    };
    (A) => {
        CommandId::ALERT_NOTIFICATION
    };
    (BT) => {
        CommandId::BIND_TRANSMITTER_RESP
    };
    (BR) => {
        CommandId::BIND_RECEIVER_RESP
    };
    (BX) => {
        CommandId::BIND_TRANSCEIVER_RESP
    };
}

parameters! {
    /// The tag of an optional parameter (SMPP 3.4 §5.3.2). Unknown tags are carried, never refused.
    tags {
        DEST_ADDR_SUBUNIT = 0x0005, "dest_addr_subunit" (section "5.3.2.1", 1..=1, Listed(&[0..=4]), in [S M T]);
        DEST_NETWORK_TYPE = 0x0006, "dest_network_type" (section "5.3.2.3", 1..=1, Listed(&[0..=8]), in [T]);
        DEST_BEARER_TYPE = 0x0007, "dest_bearer_type" (section "5.3.2.5", 1..=1, Listed(&[0..=8]), in [T]);
        DEST_TELEMATICS_ID = 0x0008, "dest_telematics_id" (section "5.3.2.7", 2..=2, Any, in [T]);
        SOURCE_ADDR_SUBUNIT = 0x000D, "source_addr_subunit" (section "5.3.2.2", 1..=1, Listed(&[0..=4]), in [S M T]);
        SOURCE_NETWORK_TYPE = 0x000E, "source_network_type" (section "5.3.2.4", 1..=1, Listed(&[0..=8]), in [T]);
        SOURCE_BEARER_TYPE = 0x000F, "source_bearer_type" (section "5.3.2.6", 1..=1, Listed(&[0..=8]), in [T]);
        /// One octet; clients send two, as for the destination.
        SOURCE_TELEMATICS_ID = 0x0010, "source_telematics_id" (section "5.3.2.8", 1..=2, Any, in [T]);
        /// Seconds.
        QOS_TIME_TO_LIVE = 0x0017, "qos_time_to_live" (section "5.3.2.9", 4..=4, Any, in [T]);
        PAYLOAD_TYPE = 0x0019, "payload_type" (section "5.3.2.10", 1..=1, Listed(&[0..=1]), in [S M D T]);
        /// A C-string: ends in a NUL that its length counts.
        ADDITIONAL_STATUS_INFO_TEXT = 0x001D, "additional_status_info_text" (section "5.3.2.11", 1..=256, Text, in [R]);
        /// A C-string: ends in a NUL that its length counts.
        RECEIPTED_MESSAGE_ID = 0x001E, "receipted_message_id" (section "5.3.2.12", 1..=65, Text, in [D T]);
        MS_MSG_WAIT_FACILITIES = 0x0030, "ms_msg_wait_facilities" (section "5.3.2.13", 1..=1, Any, in [S M T]);
        PRIVACY_INDICATOR = 0x0201, "privacy_indicator" (section "5.3.2.14", 1..=1, Listed(&[0..=3]), in [S M D T]);
        SOURCE_SUBADDRESS = 0x0202, "source_subaddress" (section "5.3.2.15", 2..=23, Listed(&[0x80..=0x80, 0x88..=0x88, 0xA0..=0xA0]), in [S M D T]);
        DEST_SUBADDRESS = 0x0203, "dest_subaddress" (section "5.3.2.16", 2..=23, Listed(&[0x80..=0x80, 0x88..=0x88, 0xA0..=0xA0]), in [S M D T]);
        /// The ESME's own; receipts carry it back.
        USER_MESSAGE_REFERENCE = 0x0204, "user_message_reference" (section "5.3.2.17", 2..=2, Any, in [S M D T]);
        USER_RESPONSE_CODE = 0x0205, "user_response_code" (section "5.3.2.18", 1..=1, Any, in [S D T]);
        SOURCE_PORT = 0x020A, "source_port" (section "5.3.2.20", 2..=2, Any, in [S M D T]);
        DESTINATION_PORT = 0x020B, "destination_port" (section "5.3.2.21", 2..=2, Any, in [S M D T]);
        /// Ignored unless all three sar_* are there.
        SAR_MSG_REF_NUM = 0x020C, "sar_msg_ref_num" (section "5.3.2.22", 2..=2, Any, in [S M D T]);
        LANGUAGE_INDICATOR = 0x020D, "language_indicator" (section "5.3.2.19", 1..=1, Listed(&[0..=5]), in [S M D T]);
        /// Ignored unless all three sar_* are there.
        SAR_TOTAL_SEGMENTS = 0x020E, "sar_total_segments" (section "5.3.2.23", 1..=1, Within(1..=255), in [S M D T]);
        /// Ignored unless all three sar_* are there.
        SAR_SEGMENT_SEQNUM = 0x020F, "sar_segment_seqnum" (section "5.3.2.24", 1..=1, Within(1..=255), in [S M D T]);
        SC_INTERFACE_VERSION = 0x0210, "sc_interface_version" (section "5.3.2.25", 1..=1, Any, in [BT BR BX]);
        CALLBACK_NUM_PRES_IND = 0x0302, "callback_num_pres_ind" (section "5.3.2.37", 1..=1, Listed(&[0..=11]), in [S M T]);
        /// A data_coding, then text.
        CALLBACK_NUM_ATAG = 0x0303, "callback_num_atag" (section "5.3.2.38", 1..=65, Any, in [S M T]);
        NUMBER_OF_MESSAGES = 0x0304, "number_of_messages" (section "5.3.2.39", 1..=1, Listed(&[0..=99]), in [S T]);
        /// May stand several times.
        CALLBACK_NUM = 0x0381, "callback_num" (section "5.3.2.36", 4..=19, Within(0..=1), in [S M D T]);
        DPF_RESULT = 0x0420, "dpf_result" (section "5.3.2.28", 1..=1, Listed(&[0..=1]), in [R]);
        SET_DPF = 0x0421, "set_dpf" (section "5.3.2.29", 1..=1, Listed(&[0..=1]), in [T]);
        MS_AVAILABILITY_STATUS = 0x0422, "ms_availability_status" (section "5.3.2.30", 1..=1, Listed(&[0..=2]), in [A]);
        /// The network's kind, then its code; kinds above 3 are 5.0's.
        NETWORK_ERROR_CODE = 0x0423, "network_error_code" (section "5.3.2.31", 3..=3, Listed(&[1..=8]), in [D T R]);
        /// The user data, where short_message is empty.
        MESSAGE_PAYLOAD = 0x0424, "message_payload" (section "5.3.2.32", 0..=65535, Any, in [S M D T]);
        DELIVERY_FAILURE_REASON = 0x0425, "delivery_failure_reason" (section "5.3.2.33", 1..=1, Listed(&[0..=3]), in [R]);
        MORE_MESSAGES_TO_SEND = 0x0426, "more_messages_to_send" (section "5.3.2.34", 1..=1, Listed(&[0..=1]), in [S T]);
        /// 0 and 9 are 5.0's.
        MESSAGE_STATE = 0x0427, "message_state" (section "5.3.2.35", 1..=1, Listed(&[0..=9]), in [D T]);
        /// SMPP 5.0; 3.4 peers may fail on it.
        CONGESTION_STATE = 0x0428, "congestion_state" (section "5.0", 1..=1, Listed(&[0..=100]), in []);
        USSD_SERVICE_OP = 0x0501, "ussd_service_op" (section "5.3.2.44", 1..=1, Listed(&[0..=3, 16..=19, 32..=255]), in [S]);
        BROADCAST_CHANNEL_INDICATOR = 0x0600, "broadcast_channel_indicator" (section "5.0", 1..=1, Any, in []);
        BROADCAST_CONTENT_TYPE = 0x0601, "broadcast_content_type" (section "5.0", 3..=3, Any, in []);
        BROADCAST_CONTENT_TYPE_INFO = 0x0602, "broadcast_content_type_info" (section "5.0", 1..=255, Any, in []);
        BROADCAST_MESSAGE_CLASS = 0x0603, "broadcast_message_class" (section "5.0", 1..=1, Any, in []);
        BROADCAST_REP_NUM = 0x0604, "broadcast_rep_num" (section "5.0", 2..=2, Any, in []);
        BROADCAST_FREQUENCY_INTERVAL = 0x0605, "broadcast_frequency_interval" (section "5.0", 3..=3, Any, in []);
        BROADCAST_AREA_IDENTIFIER = 0x0606, "broadcast_area_identifier" (section "5.0", 1..=101, Any, in []);
        BROADCAST_ERROR_STATUS = 0x0607, "broadcast_error_status" (section "5.0", 4..=4, Any, in []);
        BROADCAST_AREA_SUCCESS = 0x0608, "broadcast_area_success" (section "5.0", 1..=1, Any, in []);
        BROADCAST_END_TIME = 0x0609, "broadcast_end_time" (section "5.0", 17..=17, Any, in []);
        BROADCAST_SERVICE_GROUP = 0x060A, "broadcast_service_group" (section "5.0", 1..=255, Any, in []);
        BILLING_IDENTIFICATION = 0x060B, "billing_identification" (section "5.0", 1..=1024, Any, in []);
        SOURCE_NETWORK_ID = 0x060D, "source_network_id" (section "5.0", 7..=65, Any, in []);
        DEST_NETWORK_ID = 0x060E, "dest_network_id" (section "5.0", 7..=65, Any, in []);
        SOURCE_NODE_ID = 0x060F, "source_node_id" (section "5.0", 6..=6, Any, in []);
        DEST_NODE_ID = 0x0610, "dest_node_id" (section "5.0", 6..=6, Any, in []);
        DEST_ADDR_NP_RESOLUTION = 0x0611, "dest_addr_np_resolution" (section "5.0", 1..=1, Any, in []);
        DEST_ADDR_NP_INFORMATION = 0x0612, "dest_addr_np_information" (section "5.0", 10..=10, Any, in []);
        DEST_ADDR_NP_COUNTRY = 0x0613, "dest_addr_np_country" (section "5.0", 1..=5, Any, in []);
        DISPLAY_TIME = 0x1201, "display_time" (section "5.3.2.26", 1..=1, Listed(&[0..=2]), in [S M T]);
        SMS_SIGNAL = 0x1203, "sms_signal" (section "5.3.2.40", 2..=2, Any, in [S M T]);
        /// One octet; four in 5.0.
        MS_VALIDITY = 0x1204, "ms_validity" (section "5.3.2.27", 1..=4, Listed(&[0..=3]), in [S M T]);
        /// No octet; one in 5.0.
        ALERT_ON_MESSAGE_DELIVERY = 0x130C, "alert_on_message_delivery" (section "5.3.2.41", 0..=1, Any, in [S M T]);
        ITS_REPLY_TYPE = 0x1380, "its_reply_type" (section "5.3.2.42", 1..=1, Listed(&[0..=8]), in [S T]);
        ITS_SESSION_INFO = 0x1383, "its_session_info" (section "5.3.2.43", 2..=2, Any, in [S D T]);
    }
}
