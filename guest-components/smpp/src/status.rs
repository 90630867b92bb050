//! command_status: how a request fared. Zero in every request.

wire_value! {
    /// A command_status (SMPP 3.4 §5.1.3; the values from 0x100 on are SMPP 5.0's). The constants lack the prefix `ESME_`.
    CommandStatus(u32), "{:#010x}" {
        /// Success.
        ROK = 0x00, "ESME_ROK";
        /// sm_length or the payload's length is wrong.
        RINVMSGLEN = 0x01, "ESME_RINVMSGLEN";
        /// command_length does not fit the command.
        RINVCMDLEN = 0x02, "ESME_RINVCMDLEN";
        /// Unknown or unsupported command_id.
        RINVCMDID = 0x03, "ESME_RINVCMDID";
        /// Not allowed in this bind state.
        RINVBNDSTS = 0x04, "ESME_RINVBNDSTS";
        /// Already bound.
        RALYBND = 0x05, "ESME_RALYBND";
        /// priority_flag is wrong.
        RINVPRTFLG = 0x06, "ESME_RINVPRTFLG";
        /// registered_delivery is wrong.
        RINVREGDLVFLG = 0x07, "ESME_RINVREGDLVFLG";
        /// System error; clients retry.
        RSYSERR = 0x08, "ESME_RSYSERR";
        /// source_addr is wrong.
        RINVSRCADR = 0x0A, "ESME_RINVSRCADR";
        /// destination_addr is wrong.
        RINVDSTADR = 0x0B, "ESME_RINVDSTADR";
        /// message_id is wrong.
        RINVMSGID = 0x0C, "ESME_RINVMSGID";
        /// The bind failed.
        RBINDFAIL = 0x0D, "ESME_RBINDFAIL";
        /// password is wrong.
        RINVPASWD = 0x0E, "ESME_RINVPASWD";
        /// system_id is wrong.
        RINVSYSID = 0x0F, "ESME_RINVSYSID";
        /// cancel_sm failed.
        RCANCELFAIL = 0x11, "ESME_RCANCELFAIL";
        /// replace_sm failed.
        RREPLACEFAIL = 0x13, "ESME_RREPLACEFAIL";
        /// The message queue is full; clients retry.
        RMSGQFUL = 0x14, "ESME_RMSGQFUL";
        /// service_type is wrong.
        RINVSERTYP = 0x15, "ESME_RINVSERTYP";
        /// number_of_dests is wrong.
        RINVNUMDESTS = 0x33, "ESME_RINVNUMDESTS";
        /// The distribution list's name is wrong.
        RINVDLNAME = 0x34, "ESME_RINVDLNAME";
        /// dest_flag is wrong.
        RINVDESTFLAG = 0x40, "ESME_RINVDESTFLAG";
        /// "Submit with replace" is not possible.
        RINVSUBREP = 0x42, "ESME_RINVSUBREP";
        /// esm_class is wrong.
        RINVESMCLASS = 0x43, "ESME_RINVESMCLASS";
        /// Cannot submit to a distribution list.
        RCNTSUBDL = 0x44, "ESME_RCNTSUBDL";
        /// submit_sm or submit_multi failed.
        RSUBMITFAIL = 0x45, "ESME_RSUBMITFAIL";
        /// source_addr_ton is wrong.
        RINVSRCTON = 0x48, "ESME_RINVSRCTON";
        /// source_addr_npi is wrong.
        RINVSRCNPI = 0x49, "ESME_RINVSRCNPI";
        /// dest_addr_ton is wrong.
        RINVDSTTON = 0x50, "ESME_RINVDSTTON";
        /// dest_addr_npi is wrong.
        RINVDSTNPI = 0x51, "ESME_RINVDSTNPI";
        /// system_type is wrong.
        RINVSYSTYP = 0x53, "ESME_RINVSYSTYP";
        /// replace_if_present_flag is wrong.
        RINVREPFLAG = 0x54, "ESME_RINVREPFLAG";
        /// number_of_messages is wrong.
        RINVNUMMSGS = 0x55, "ESME_RINVNUMMSGS";
        /// Over the allowed rate; clients retry.
        RTHROTTLED = 0x58, "ESME_RTHROTTLED";
        /// schedule_delivery_time is wrong.
        RINVSCHED = 0x61, "ESME_RINVSCHED";
        /// validity_period is wrong.
        RINVEXPIRY = 0x62, "ESME_RINVEXPIRY";
        /// sm_default_msg_id is wrong or names no message.
        RINVDFTMSGID = 0x63, "ESME_RINVDFTMSGID";
        /// The receiving ESME cannot take it now.
        RX_T_APPN = 0x64, "ESME_RX_T_APPN";
        /// The receiving ESME will never take it.
        RX_P_APPN = 0x65, "ESME_RX_P_APPN";
        /// The receiving ESME rejects it.
        RX_R_APPN = 0x66, "ESME_RX_R_APPN";
        /// query_sm failed.
        RQUERYFAIL = 0x67, "ESME_RQUERYFAIL";
        /// The optional parameters are malformed.
        RINVOPTPARSTREAM = 0xC0, "ESME_RINVOPTPARSTREAM";
        /// An optional parameter is not allowed here.
        ROPTPARNOTALLWD = 0xC1, "ESME_ROPTPARNOTALLWD";
        /// A parameter's length is wrong.
        RINVPARLEN = 0xC2, "ESME_RINVPARLEN";
        /// An expected optional parameter is missing.
        RMISSINGOPTPARAM = 0xC3, "ESME_RMISSINGOPTPARAM";
        /// An optional parameter's value is wrong.
        RINVOPTPARAMVAL = 0xC4, "ESME_RINVOPTPARAMVAL";
        /// Delivery failure (data_sm_resp).
        RDELIVERYFAILURE = 0xFE, "ESME_RDELIVERYFAILURE";
        /// Unknown error.
        RUNKNOWNERR = 0xFF, "ESME_RUNKNOWNERR";
        /// Not authorised for this service_type.
        RSERTYPUNAUTH = 0x100, "ESME_RSERTYPUNAUTH";
        /// Prohibited.
        RPROHIBITED = 0x101, "ESME_RPROHIBITED";
        /// This service_type is not available.
        RSERTYPUNAVAIL = 0x102, "ESME_RSERTYPUNAVAIL";
        /// This service_type is denied.
        RSERTYPDENIED = 0x103, "ESME_RSERTYPDENIED";
        /// data_coding is wrong.
        RINVDCS = 0x104, "ESME_RINVDCS";
        /// source_addr_subunit is wrong.
        RINVSRCADDRSUBUNIT = 0x105, "ESME_RINVSRCADDRSUBUNIT";
        /// dest_addr_subunit is wrong.
        RINVDSTADDRSUBUNIT = 0x106, "ESME_RINVDSTADDRSUBUNIT";
        /// The broadcast frequency interval is wrong.
        RINVBCASTFREQINT = 0x107, "ESME_RINVBCASTFREQINT";
        /// The broadcast alias name is wrong.
        RINVBCASTALIAS_NAME = 0x108, "ESME_RINVBCASTALIAS_NAME";
        /// The broadcast area's format is wrong.
        RINVBCASTAREAFMT = 0x109, "ESME_RINVBCASTAREAFMT";
        /// The number of broadcast areas is wrong.
        RINVNUMBCAST_AREAS = 0x10A, "ESME_RINVNUMBCAST_AREAS";
        /// The broadcast content type is wrong.
        RINVBCASTCNTTYPE = 0x10B, "ESME_RINVBCASTCNTTYPE";
        /// The broadcast message class is wrong.
        RINVBCASTMSGCLASS = 0x10C, "ESME_RINVBCASTMSGCLASS";
        /// broadcast_sm failed.
        RBCASTFAIL = 0x10D, "ESME_RBCASTFAIL";
        /// query_broadcast_sm failed.
        RBCASTQUERYFAIL = 0x10E, "ESME_RBCASTQUERYFAIL";
        /// cancel_broadcast_sm failed.
        RBCASTCANCELFAIL = 0x10F, "ESME_RBCASTCANCELFAIL";
        /// The number of broadcast repetitions is wrong.
        RINVBCAST_REP = 0x110, "ESME_RINVBCAST_REP";
        /// The broadcast service group is wrong.
        RINVBCASTSRVGRP = 0x111, "ESME_RINVBCASTSRVGRP";
        /// The broadcast channel indicator is wrong.
        RINVBCASTCHANIND = 0x112, "ESME_RINVBCASTCHANIND";
    }
}

impl CommandStatus {
    /// Whether this is `ESME_ROK`.
    #[must_use]
    pub const fn is_ok(self) -> bool {
        self.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn names_and_hex() {
        assert_eq!(CommandStatus::RINVCMDLEN.to_string(), "ESME_RINVCMDLEN");
        assert_eq!(CommandStatus(0x410).to_string(), "0x00000410");
    }

    /// Published tables go on from 0x49 to 0x4A; the specification jumps.
    #[test]
    fn the_codes_jump_after_0x49() {
        assert_eq!(CommandStatus::RINVDSTTON.0, 0x50);
        assert_eq!(CommandStatus(0x4A).name(), None);
        assert_eq!(CommandStatus::RINVSYSTYP.0, 0x53);
        assert_eq!(CommandStatus::RINVSERTYP.0, 0x15);
    }
}
