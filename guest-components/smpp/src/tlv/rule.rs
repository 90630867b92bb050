//! What the specification says about one optional parameter: how long it is, which values it has, which PDUs carry it.

use core::ops::RangeInclusive;

use super::{TABLE, Tag};
use crate::CommandId;

/// A row of the table of optional parameters.
#[derive(Debug)]
pub struct Rule {
    /// Which parameter.
    pub tag: Tag,
    /// Where it is specified, in SMPP 3.4 unless it says otherwise.
    pub section: &'static str,
    /// Octets of the value.
    pub length: RangeInclusive<u16>,
    /// What the value may be.
    pub values: Values,
    /// The PDUs that it has a meaning in.
    pub carriers: &'static [CommandId],
    /// What is to be known beyond that.
    pub doc: &'static str,
}

/// What values a parameter has. A value of several octets is judged by its first.
#[derive(Debug)]
pub enum Values {
    /// Any octets.
    Any,
    /// These; the specification reserves others: they are as if the parameter were absent.
    Listed(&'static [RangeInclusive<u8>]),
    /// These; others are wrong.
    Within(RangeInclusive<u8>),
    /// A C-octet string of printable ASCII, whose NUL clients leave out; other characters are wrong.
    Text,
}

/// Why a value is none of its parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlvFault {
    /// It has so many octets: RINVPARLEN.
    Length(usize),
    /// It says what the parameter cannot mean: RINVOPTPARAMVAL.
    Value,
}

impl Rule {
    /// The row of a tag, if there is one.
    #[must_use]
    pub fn of(tag: Tag) -> Option<&'static Self> {
        let place = TABLE.binary_search_by_key(&tag, |rule| rule.tag).ok()?;
        TABLE.get(place)
    }

    /// Whether the parameter has a meaning in this PDU.
    #[must_use]
    pub fn is_carried_by(&self, command: CommandId) -> bool {
        self.carriers.contains(&command)
    }

    /// What is wrong with a value.
    #[must_use]
    pub fn fault(&self, value: &[u8]) -> Option<TlvFault> {
        if !self.takes_length(value.len()) {
            return Some(TlvFault::Length(value.len()));
        }
        let is_wrong = match &self.values {
            Values::Any | Values::Listed(_) => false,
            Values::Within(range) => value.first().is_some_and(|octet| !range.contains(octet)),
            Values::Text => {
                let text = value.strip_suffix(&[0]).unwrap_or(value);
                text.iter().any(|octet| !(b' '..=b'~').contains(octet))
            }
        };
        is_wrong.then_some(TlvFault::Value)
    }

    /// Whether the specification reserves a value.
    #[must_use]
    pub fn reserves(&self, value: &[u8]) -> bool {
        match (&self.values, value) {
            (Values::Listed(ranges), [octet, ..]) => !ranges.iter().any(|range| range.contains(octet)),
            _ => false,
        }
    }

    fn takes_length(&self, length: usize) -> bool {
        u16::try_from(length).is_ok_and(|length| self.length.contains(&length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_their_tags() {
        assert!(TABLE.is_sorted_by_key(|rule| rule.tag), "they are searched by halves");
        for rule in TABLE {
            assert_eq!(Rule::of(rule.tag).unwrap().tag, rule.tag);
            assert!(rule.tag.name().is_some());
        }
        assert!(Rule::of(Tag(0x1401)).is_none());
    }
}
