//! Optional parameters: tag, length, value, behind the mandatory fields of a PDU in any order.

use alloc::vec::Vec;
use core::fmt;

wire_value! {
    /// The tag of an optional parameter (SMPP 3.4 §5.3.2). Unknown tags are carried, never refused.
    Tag(u16), "{:#06x}" {
        DEST_ADDR_SUBUNIT = 0x0005, "dest_addr_subunit";
        DEST_NETWORK_TYPE = 0x0006, "dest_network_type";
        DEST_BEARER_TYPE = 0x0007, "dest_bearer_type";
        DEST_TELEMATICS_ID = 0x0008, "dest_telematics_id";
        SOURCE_ADDR_SUBUNIT = 0x000D, "source_addr_subunit";
        SOURCE_NETWORK_TYPE = 0x000E, "source_network_type";
        SOURCE_BEARER_TYPE = 0x000F, "source_bearer_type";
        SOURCE_TELEMATICS_ID = 0x0010, "source_telematics_id";
        QOS_TIME_TO_LIVE = 0x0017, "qos_time_to_live";
        PAYLOAD_TYPE = 0x0019, "payload_type";
        /// A C-string: ends in a NUL that its length counts.
        ADDITIONAL_STATUS_INFO_TEXT = 0x001D, "additional_status_info_text";
        /// A C-string: ends in a NUL that its length counts.
        RECEIPTED_MESSAGE_ID = 0x001E, "receipted_message_id";
        MS_MSG_WAIT_FACILITIES = 0x0030, "ms_msg_wait_facilities";
        PRIVACY_INDICATOR = 0x0201, "privacy_indicator";
        SOURCE_SUBADDRESS = 0x0202, "source_subaddress";
        DEST_SUBADDRESS = 0x0203, "dest_subaddress";
        USER_MESSAGE_REFERENCE = 0x0204, "user_message_reference";
        USER_RESPONSE_CODE = 0x0205, "user_response_code";
        SOURCE_PORT = 0x020A, "source_port";
        DESTINATION_PORT = 0x020B, "destination_port";
        SAR_MSG_REF_NUM = 0x020C, "sar_msg_ref_num";
        LANGUAGE_INDICATOR = 0x020D, "language_indicator";
        SAR_TOTAL_SEGMENTS = 0x020E, "sar_total_segments";
        SAR_SEGMENT_SEQNUM = 0x020F, "sar_segment_seqnum";
        SC_INTERFACE_VERSION = 0x0210, "sc_interface_version";
        CALLBACK_NUM_PRES_IND = 0x0302, "callback_num_pres_ind";
        CALLBACK_NUM_ATAG = 0x0303, "callback_num_atag";
        NUMBER_OF_MESSAGES = 0x0304, "number_of_messages";
        /// May stand several times.
        CALLBACK_NUM = 0x0381, "callback_num";
        DPF_RESULT = 0x0420, "dpf_result";
        SET_DPF = 0x0421, "set_dpf";
        MS_AVAILABILITY_STATUS = 0x0422, "ms_availability_status";
        NETWORK_ERROR_CODE = 0x0423, "network_error_code";
        /// The user data, where short_message is empty.
        MESSAGE_PAYLOAD = 0x0424, "message_payload";
        DELIVERY_FAILURE_REASON = 0x0425, "delivery_failure_reason";
        MORE_MESSAGES_TO_SEND = 0x0426, "more_messages_to_send";
        MESSAGE_STATE = 0x0427, "message_state";
        /// SMPP 5.0; 3.4 peers may fail on it.
        CONGESTION_STATE = 0x0428, "congestion_state";
        USSD_SERVICE_OP = 0x0501, "ussd_service_op";
        DISPLAY_TIME = 0x1201, "display_time";
        SMS_SIGNAL = 0x1203, "sms_signal";
        MS_VALIDITY = 0x1204, "ms_validity";
        ALERT_ON_MESSAGE_DELIVERY = 0x130C, "alert_on_message_delivery";
        ITS_REPLY_TYPE = 0x1380, "its_reply_type";
        ITS_SESSION_INFO = 0x1383, "its_session_info";
    }
}

/// Octets of a tag and a length.
const HEAD_LEN: usize = 4;

/// One optional parameter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// Which parameter this is.
    pub tag: Tag,
    /// Its value, as long as its length says.
    pub value: &'a [u8],
}

impl<'a> Tlv<'a> {
    /// The value as one octet, if it has that length.
    #[must_use]
    pub const fn u8(&self) -> Option<u8> {
        match self.value {
            [octet] => Some(*octet),
            _ => None,
        }
    }

    /// The value as a number of two octets, if it has that length.
    #[must_use]
    pub const fn u16(&self) -> Option<u16> {
        match self.value {
            [high, low] => Some(u16::from_be_bytes([*high, *low])),
            _ => None,
        }
    }

    /// The value as a C-string, without its NUL. Clients leave the NUL out: then it is the whole value.
    #[must_use]
    pub fn c_string(&self) -> &'a [u8] {
        let end = self.value.iter().position(|&octet| octet == 0).unwrap_or(self.value.len());
        &self.value[..end]
    }
}

/// Shows the length of the value: values carry message text and numbers, which stay out of logs.
impl fmt::Debug for Tlv<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.tag, self.value.len())
    }
}

/// The optional parameters of one PDU, in the order received. Checked when made: a walk over them cannot fail.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Tlvs<'a> {
    octets: &'a [u8],
}

impl<'a> Tlvs<'a> {
    /// No optional parameters.
    pub const EMPTY: Self = Self { octets: &[] };

    /// The optional parameters that `area` holds, or `None` when one of them runs past its end.
    ///
    /// Forgives what clients in the field do: up to three octets behind the last parameter, and one NUL in front of the
    /// first (php-smpp ends short_message with a NUL that sm_length does not count). Neither is kept.
    #[must_use]
    pub fn read(area: &'a [u8]) -> Option<Self> {
        let whole = whole_parameters(area).or_else(|| match area {
            [0, shifted @ ..] => whole_parameters(shifted),
            _ => None,
        })?;
        Some(Self { octets: whole })
    }

    /// In order.
    #[must_use]
    pub const fn iter(&self) -> Iter<'a> {
        Iter { rest: self.octets }
    }

    /// The first parameter with this tag.
    #[must_use]
    pub fn get(&self, tag: Tag) -> Option<Tlv<'a>> {
        self.iter().find(|tlv| tlv.tag == tag)
    }

    /// The parameters as they stand on the wire.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }
}

impl fmt::Debug for Tlvs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> IntoIterator for Tlvs<'a> {
    type Item = Tlv<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Walks over optional parameters.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Iter<'a> {
    type Item = Tlv<'a>;

    fn next(&mut self) -> Option<Tlv<'a>> {
        let (tlv, rest) = first(self.rest)?;
        self.rest = rest;
        Some(tlv)
    }
}

/// The first parameter of `octets`, and what follows it; `None` when there is no whole one.
fn first(octets: &[u8]) -> Option<(Tlv<'_>, &[u8])> {
    let (&[t0, t1, l0, l1], rest) = octets.split_first_chunk::<HEAD_LEN>()?;
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    let (value, rest) = rest.split_at_checked(length)?;
    let tag = Tag(u16::from_be_bytes([t0, t1]));
    Some((Tlv { tag, value }, rest))
}

/// `area` without the up to three octets behind its last parameter; `None` when more than that is left over.
fn whole_parameters(area: &[u8]) -> Option<&[u8]> {
    let mut rest = area;
    while let Some((_, behind)) = first(rest) {
        rest = behind;
    }
    (rest.len() < HEAD_LEN).then(|| &area[..area.len() - rest.len()])
}

/// The value of an optional parameter is longer than its length can say. The caller is to blame; nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueTooLong {
    /// Which parameter.
    pub tag: Tag,
    /// Octets of the value.
    pub length: usize,
}

impl fmt::Display for ValueTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} octets exceeds {}", self.tag, self.length, u16::MAX)
    }
}

impl core::error::Error for ValueTooLong {}

/// Appends one parameter to a buffer that [`Tlvs::read`] or [`TlvList`] takes.
///
/// # Errors
/// The value is longer than 65535 octets; `out` is as it was.
pub fn push(out: &mut Vec<u8>, tag: Tag, value: &[u8]) -> Result<(), ValueTooLong> {
    let length = u16::try_from(value.len()).map_err(|_| ValueTooLong {
        tag,
        length: value.len(),
    })?;
    out.extend_from_slice(&tag.0.to_be_bytes());
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(value);
    Ok(())
}

/// Optional parameters being put together for a PDU.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TlvList {
    octets: Vec<u8>,
}

impl TlvList {
    /// An empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self { octets: Vec::new() }
    }

    /// Appends a parameter.
    ///
    /// # Errors
    /// The value is longer than 65535 octets; the list is as it was.
    pub fn push(&mut self, tag: Tag, value: &[u8]) -> Result<(), ValueTooLong> {
        push(&mut self.octets, tag, value)
    }

    /// Appends a parameter of one octet.
    pub fn push_u8(&mut self, tag: Tag, value: u8) {
        self.push_fixed(tag, [value]);
    }

    /// Appends a parameter of two octets.
    pub fn push_u16(&mut self, tag: Tag, value: u16) {
        self.push_fixed(tag, value.to_be_bytes());
    }

    /// Appends a C-string, with the NUL that its length counts.
    ///
    /// # Errors
    /// The string is longer than 65534 octets; the list is as it was.
    pub fn push_c_string(&mut self, tag: Tag, value: &[u8]) -> Result<(), ValueTooLong> {
        let too_long = ValueTooLong {
            tag,
            length: value.len().saturating_add(1),
        };
        let length = u16::try_from(too_long.length).map_err(|_| too_long)?;
        self.octets.extend_from_slice(&tag.0.to_be_bytes());
        self.octets.extend_from_slice(&length.to_be_bytes());
        self.octets.extend_from_slice(value);
        self.octets.push(0);
        Ok(())
    }

    /// The list as a PDU carries it.
    #[must_use]
    pub fn tlvs(&self) -> Tlvs<'_> {
        Tlvs { octets: &self.octets }
    }

    fn push_fixed<const N: usize>(&mut self, tag: Tag, value: [u8; N]) {
        const { assert!(N <= u16::MAX as usize) };
        self.octets.extend_from_slice(&tag.0.to_be_bytes());
        self.octets.extend_from_slice(&(N as u16).to_be_bytes());
        self.octets.extend_from_slice(&value);
    }
}

impl fmt::Debug for TlvList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tlvs().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;
    use std::{format, vec};

    const REFERENCE: [u8; 6] = [0x02, 0x04, 0x00, 0x02, 0x12, 0x34];

    #[test]
    fn in_order_and_repeated() {
        let mut list = TlvList::new();
        list.push(Tag::CALLBACK_NUM, b"\x01\x01\x0112").unwrap();
        list.push_u16(Tag::USER_MESSAGE_REFERENCE, 0x1234);
        list.push(Tag::CALLBACK_NUM, b"\x01\x01\x0134").unwrap();
        list.push_u8(Tag(0x1401), 7);
        list.push_c_string(Tag::RECEIPTED_MESSAGE_ID, b"4f1a").unwrap();
        let tlvs = Tlvs::read(list.tlvs().octets()).unwrap();
        assert_eq!(
            format!("{tlvs:?}"),
            "[callback_num[5], user_message_reference[2], callback_num[5], 0x1401[1], receipted_message_id[5]]"
        );
        assert_eq!(tlvs.get(Tag::CALLBACK_NUM).unwrap().value, b"\x01\x01\x0112");
        assert_eq!(tlvs.get(Tag::USER_MESSAGE_REFERENCE).unwrap().u16(), Some(0x1234));
        assert_eq!(tlvs.get(Tag(0x1401)).unwrap().u8(), Some(7));
        assert_eq!(tlvs.get(Tag::RECEIPTED_MESSAGE_ID).unwrap().value, b"4f1a\0");
        assert_eq!(tlvs.get(Tag::MESSAGE_STATE), None);
    }

    #[test]
    fn a_value_that_runs_past_the_end() {
        assert_eq!(Tlvs::read(&[0x02, 0x04, 0x00, 0x03, 0x12, 0x34]), None);
        assert_eq!(Tlvs::read(&[0x02, 0x04, 0x00, 0x02]), None);
    }

    #[test]
    fn q5_up_to_three_octets_behind_the_last_parameter_are_forgiven() {
        for behind in 0..4 {
            let mut area = REFERENCE.to_vec();
            area.extend(vec![0xAA; behind]);
            assert_eq!(Tlvs::read(&area).unwrap().octets(), REFERENCE, "{behind} octets");
        }
        let mut area = REFERENCE.to_vec();
        area.extend([0xAA; 4]);
        assert_eq!(Tlvs::read(&area), None);
    }

    #[test]
    fn q5_a_stray_nul_before_the_first_parameter_is_forgiven() {
        assert_eq!(Tlvs::read(&[0]), Some(Tlvs::EMPTY));
        let mut area = vec![0];
        area.extend(REFERENCE);
        assert_eq!(Tlvs::read(&area).unwrap().octets(), REFERENCE);
        area.insert(0, 0);
        assert_eq!(Tlvs::read(&area), None, "one, not two");
    }

    #[test]
    fn q6_a_c_string_with_or_without_its_nul() {
        let tag = Tag::RECEIPTED_MESSAGE_ID;
        assert_eq!(Tlv { tag, value: b"4f1a\0" }.c_string(), b"4f1a");
        assert_eq!(Tlv { tag, value: b"4f1a" }.c_string(), b"4f1a");
        assert_eq!(Tlv { tag, value: b"" }.c_string(), b"");
    }

    #[test]
    fn numbers_of_another_length_are_none() {
        let tlv = Tlv {
            tag: Tag::MESSAGE_STATE,
            value: &[1, 2, 3],
        };
        assert_eq!((tlv.u8(), tlv.u16()), (None, None));
    }

    #[test]
    fn the_longest_value_and_one_past_it() {
        let mut list = TlvList::new();
        list.push(Tag::MESSAGE_PAYLOAD, &vec![0x41; 65535]).unwrap();
        assert_eq!(list.tlvs().get(Tag::MESSAGE_PAYLOAD).unwrap().value.len(), 65535);
        let before = list.clone();
        let refused = list.push(Tag::MESSAGE_PAYLOAD, &vec![0x41; 65536]).unwrap_err();
        assert_eq!(refused.to_string(), "message_payload of 65536 octets exceeds 65535");
        assert!(list.push_c_string(Tag::RECEIPTED_MESSAGE_ID, &vec![0x41; 65535]).is_err());
        assert_eq!(list, before);
    }
}
