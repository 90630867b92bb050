//! Optional parameters: tag, length, value, behind the mandatory fields of a PDU in any order.

use core::fmt;

use crate::CommandId;

mod list;
mod rule;
mod table;

pub use list::{TlvList, ValueTooLong, push};
pub use rule::{Rule, TlvFault, Values};
pub use table::{TABLE, Tag};

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

    /// Whether the specification reserves this value.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        Rule::of(self.tag).is_some_and(|rule| rule.reserves(self.value))
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

    /// What a list holds.
    const fn written(octets: &'a [u8]) -> Self {
        Self { octets }
    }

    /// The first parameter that the table of parameters does not allow, when `command` carries these (SMPP 3.4 §3.3). What the
    /// table does not know, or not in this command, is nobody's fault.
    pub(crate) fn first_fault(&self, command: CommandId) -> Option<(&'static Rule, TlvFault)> {
        self.iter().find_map(|tlv| {
            let rule = Rule::of(tlv.tag).filter(|rule| rule.is_carried_by(command))?;
            rule.fault(tlv.value).map(|fault| (rule, fault))
        })
    }

    /// In order, as they came.
    #[must_use]
    pub const fn iter(&self) -> Iter<'a> {
        Iter { rest: self.octets }
    }

    /// The first parameter with this tag whose value means something: a reserved one is as if it were absent (SMPP 3.4 §3.3).
    #[must_use]
    pub fn get(&self, tag: Tag) -> Option<Tlv<'a>> {
        self.iter().find(|tlv| tlv.tag == tag && !tlv.is_reserved())
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
    fn a_reserved_value_is_as_if_absent() {
        let mut list = TlvList::new();
        list.push_u8(Tag::PRIVACY_INDICATOR, 4);
        assert_eq!(list.tlvs().get(Tag::PRIVACY_INDICATOR), None);
        assert_eq!(list.tlvs().iter().count(), 1, "it is still there for whoever passes it on");
        list.push_u8(Tag::PRIVACY_INDICATOR, 3);
        assert_eq!(list.tlvs().get(Tag::PRIVACY_INDICATOR).unwrap().u8(), Some(3));
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
