//! The user data header: elements in front of the user data that number parts, name ports and languages (3GPP TS 23.040 §9.2.3.24).

use alloc::vec::Vec;
use core::fmt;

use crate::text::Waiting;

/// Part of a long message, 8-bit reference.
const CONCATENATION_8: u8 = 0x00;
/// Messages are waiting.
const MESSAGE_WAITING: u8 = 0x01;
/// Application ports of 8 bits.
const PORTS_8: u8 = 0x04;
/// Application ports of 16 bits.
const PORTS_16: u8 = 0x05;
/// Part of a long message, 16-bit reference.
const CONCATENATION_16: u8 = 0x08;
/// The national language of codes behind an escape.
const SINGLE_SHIFT: u8 = 0x24;
/// The national language of codes by themselves.
const LOCKING_SHIFT: u8 = 0x25;

/// A user data header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Udh<'a> {
    octets: &'a [u8],
}

impl<'a> Udh<'a> {
    /// The header at the start of `user_data`, and the payload behind it.
    ///
    /// # Errors
    /// There is no length octet, or it says more than there is. The peer is to blame; what follows is ESME_RINVESMCLASS.
    pub fn parse(user_data: &'a [u8]) -> Result<(Self, &'a [u8]), BadUdh> {
        let bad = BadUdh {
            length: user_data.first().copied(),
            user_data_len: user_data.len(),
        };
        let length = usize::from(bad.length.ok_or(bad)?) + 1;
        let (octets, payload) = user_data.split_at_checked(length).ok_or(bad)?;
        Ok((Self { octets }, payload))
    }

    /// The header with its length octet.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// Its elements, in order. One that runs past the header's end is not one, and the last.
    #[must_use]
    pub fn elements(&self) -> Elements<'a> {
        Elements {
            rest: self.octets.get(1..).unwrap_or_default(),
        }
    }

    /// Which part of which message this is. Numbers that cannot be are ignored; where two are left, the last counts.
    #[must_use]
    pub fn concatenation(&self) -> Option<Concatenation> {
        self.elements().filter_map(|element| element.concatenation()).last()
    }

    /// The application ports; where there are two pairs, the last counts.
    #[must_use]
    pub fn ports(&self) -> Option<Ports> {
        self.elements().filter_map(|element| element.ports()).last()
    }

    /// The national language whose single shift table the text is in, by its identifier (3GPP TS 23.038 §6.2.1.2.4); where there are
    /// two, the last counts.
    #[must_use]
    pub fn single_shift(&self) -> Option<u8> {
        self.language(SINGLE_SHIFT)
    }

    /// The national language whose locking shift table the text is in.
    #[must_use]
    pub fn locking_shift(&self) -> Option<u8> {
        self.language(LOCKING_SHIFT)
    }

    fn language(&self, shift: u8) -> Option<u8> {
        let languages = self.elements().filter_map(|element| match *element.value {
            [language] if element.id == shift => Some(language),
            _ => None,
        });
        languages.last()
    }

    /// What waits in mailboxes; one for each kind of mail.
    pub fn waiting(&self) -> impl Iterator<Item = Waiting> + use<'a> {
        self.elements().filter_map(|element| match *element.value {
            [indication, count] if element.id == MESSAGE_WAITING => Some(Waiting::of_element([indication, count])),
            _ => None,
        })
    }
}

/// One element of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// What it is.
    pub id: u8,
    /// What it says.
    pub value: &'a [u8],
}

impl Element<'_> {
    /// Whether it numbers parts, with numbers that can or cannot be.
    #[must_use]
    pub const fn numbers_parts(&self) -> bool {
        matches!(self.id, CONCATENATION_8 | CONCATENATION_16)
    }

    fn concatenation(&self) -> Option<Concatenation> {
        let concatenation = match (self.id, self.value) {
            (CONCATENATION_8, &[reference, total, index]) => Concatenation {
                wide: false,
                reference: reference.into(),
                total,
                index,
            },
            (CONCATENATION_16, &[high, low, total, index]) => Concatenation {
                wide: true,
                reference: u16::from_be_bytes([high, low]),
                total,
                index,
            },
            _ => return None,
        };
        (1..=concatenation.total)
            .contains(&concatenation.index)
            .then_some(concatenation)
    }

    fn ports(&self) -> Option<Ports> {
        match (self.id, self.value) {
            (PORTS_8, &[destination, source]) => Some(Ports {
                destination: destination.into(),
                source: source.into(),
            }),
            (PORTS_16, &[d0, d1, s0, s1]) => Some(Ports {
                destination: u16::from_be_bytes([d0, d1]),
                source: u16::from_be_bytes([s0, s1]),
            }),
            _ => None,
        }
    }
}

/// Walks over the elements of a header.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    rest: &'a [u8],
}

impl<'a> Elements<'a> {
    /// Those in octets that have no length octet in front.
    #[must_use]
    pub const fn of(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let (&[id, length], rest) = self.rest.split_first_chunk()?;
        let (value, rest) = rest.split_at_checked(length.into())?;
        self.rest = rest;
        Some(Element { id, value })
    }
}

/// The place of a part in its long message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concatenation {
    /// Whether the reference has 16 bits on the wire; references of different width are different.
    pub wide: bool,
    /// What the parts of one message share; below 256 unless `wide`.
    pub reference: u16,
    /// How many parts there are.
    pub total: u8,
    /// From 1 to `total`.
    pub index: u8,
}

/// Application ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// The recipient's.
    pub destination: u16,
    /// The sender's.
    pub source: u16,
}

/// Octets of a header with these elements, its length octet counted: what [`capacity`](crate::text::capacity) wants to know.
#[must_use]
pub const fn header_len(concatenation: Option<Concatenation>, ports: Option<Ports>) -> usize {
    let concatenation = match concatenation {
        None => 0,
        Some(Concatenation { wide: false, .. }) => 5,
        Some(Concatenation { wide: true, .. }) => 6,
    };
    let ports = if ports.is_some() { 6 } else { 0 };
    match concatenation + ports {
        0 => 0,
        elements => elements + 1,
    }
}

/// Appends a header with these elements; nothing when there are none. A reference that is not `wide` loses its upper half.
pub fn write(out: &mut Vec<u8>, concatenation: Option<Concatenation>, ports: Option<Ports>) {
    let Some(length) = header_len(concatenation, ports).checked_sub(1) else {
        return;
    };
    out.push(length as u8);
    if let Some(Concatenation {
        wide,
        reference,
        total,
        index,
    }) = concatenation
    {
        let [high, low] = reference.to_be_bytes();
        if wide {
            out.extend([CONCATENATION_16, 4, high, low, total, index]);
        } else {
            out.extend([CONCATENATION_8, 3, low, total, index]);
        }
    }
    if let Some(Ports { destination, source }) = ports {
        out.extend([PORTS_16, 4]);
        out.extend(destination.to_be_bytes());
        out.extend(source.to_be_bytes());
    }
}

/// The user data is shorter than its header. The peer is to blame; what follows is ESME_RINVESMCLASS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadUdh {
    /// The length octet, if there is any octet.
    pub length: Option<u8>,
    /// Octets of user data, the length octet counted.
    pub user_data_len: usize,
}

impl fmt::Display for BadUdh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length {
            None => f.write_str("no user data for a header"),
            Some(length) => write!(
                f,
                "user data header of {length} octets in {} of user data",
                self.user_data_len
            ),
        }
    }
}

impl core::error::Error for BadUdh {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    fn parse(user_data: &[u8]) -> Udh<'_> {
        Udh::parse(user_data).unwrap().0
    }

    #[test]
    fn a_part_with_an_8_bit_reference() {
        let (udh, payload) = Udh::parse(b"\x05\x00\x03\x2A\x03\x02text").unwrap();
        assert_eq!(
            udh.concatenation(),
            Some(Concatenation {
                wide: false,
                reference: 0x2A,
                total: 3,
                index: 2
            })
        );
        assert_eq!(udh.ports(), None);
        assert_eq!(udh.octets(), b"\x05\x00\x03\x2A\x03\x02");
        assert_eq!(payload, b"text");
    }

    #[test]
    fn a_part_with_a_16_bit_reference() {
        let udh = parse(b"\x06\x08\x04\x12\x34\x02\x01");
        assert_eq!(
            udh.concatenation(),
            Some(Concatenation {
                wide: true,
                reference: 0x1234,
                total: 2,
                index: 1
            })
        );
    }

    #[test]
    fn several_elements_in_any_order() {
        let udh = parse(b"\x0E\x05\x04\x0B\x84\x23\xF0\x24\x01\x01\x00\x03\x07\x02\x02");
        assert_eq!(
            udh.ports(),
            Some(Ports {
                destination: 2948,
                source: 9200
            })
        );
        assert_eq!(
            udh.concatenation(),
            Some(Concatenation {
                wide: false,
                reference: 7,
                total: 2,
                index: 2
            })
        );
        assert_eq!(
            udh.elements().map(|element| element.id).collect::<Vec<_>>(),
            [0x05, 0x24, 0x00]
        );
        assert_eq!(udh.elements().filter(Element::numbers_parts).count(), 1);
    }

    #[test]
    fn ports_of_8_bits() {
        assert_eq!(
            parse(b"\x04\x04\x02\xF0\x01").ports(),
            Some(Ports {
                destination: 0xF0,
                source: 1
            })
        );
    }

    #[test]
    fn national_languages() {
        let udh = parse(b"\x09\x24\x01\x01\x25\x01\x03\x24\x01\x02");
        assert_eq!((udh.single_shift(), udh.locking_shift()), (Some(2), Some(3)));
        let udh = parse(b"\x04\x24\x02\x01\x01");
        assert_eq!((udh.single_shift(), udh.locking_shift()), (None, None), "wrong length");
    }

    #[test]
    fn waiting_mail_of_every_kind() {
        use crate::text::Mail;
        let udh = parse(b"\x0B\x01\x02\x80\x03\x01\x02\x01\x00\x01\x01\x02");
        let waiting: Vec<_> = udh
            .waiting()
            .map(|waiting| (waiting.mail, waiting.count, waiting.keep))
            .collect();
        assert_eq!(waiting, [(Mail::Voice, Some(3), true), (Mail::Fax, Some(0), false)]);
    }

    #[test]
    fn part_numbers_that_cannot_be_are_ignored() {
        for numbers in [[1, 0, 0], [1, 0, 1], [1, 2, 0], [1, 2, 3]] {
            let mut header = std::vec![5, 0, 3];
            header.extend(numbers);
            assert_eq!(parse(&header).concatenation(), None, "{numbers:?}");
        }
        assert_eq!(
            parse(b"\x0A\x00\x03\x01\x02\x02\x00\x03\x01\x02\x03")
                .concatenation()
                .unwrap()
                .index,
            2
        );
        assert_eq!(parse(b"\x04\x00\x02\x01\x01").concatenation(), None, "wrong length");
    }

    #[test]
    fn of_two_the_last_counts() {
        let udh = parse(b"\x0B\x00\x03\x01\x02\x01\x08\x04\x00\x09\x03\x03");
        assert_eq!(
            udh.concatenation(),
            Some(Concatenation {
                wide: true,
                reference: 9,
                total: 3,
                index: 3
            })
        );
        let udh = parse(b"\x0A\x05\x04\x00\x01\x00\x02\x04\x02\x03\x04");
        assert_eq!(
            udh.ports(),
            Some(Ports {
                destination: 3,
                source: 4
            })
        );
    }

    #[test]
    fn an_element_that_runs_past_the_header_is_not_one() {
        let (udh, payload) = Udh::parse(b"\x03\x00\x03\x01\x02\x01").unwrap();
        assert_eq!((udh.elements().count(), udh.concatenation()), (0, None));
        assert_eq!(payload, b"\x02\x01");
        assert_eq!(parse(b"\x00").elements().count(), 0);
    }

    #[test]
    fn a_header_longer_than_the_user_data() {
        assert_eq!(
            Udh::parse(b"\x05\x00\x03").unwrap_err().to_string(),
            "user data header of 5 octets in 3 of user data"
        );
        assert_eq!(Udh::parse(b"").unwrap_err().to_string(), "no user data for a header");
    }

    #[test]
    fn written_and_parsed_alike() {
        let narrow = Concatenation {
            wide: false,
            reference: 0xFE,
            total: 9,
            index: 4,
        };
        let wide = Concatenation {
            wide: true,
            reference: 0xFEDC,
            total: 9,
            index: 4,
        };
        let ports = Ports {
            destination: 2948,
            source: 9200,
        };
        for concatenation in [None, Some(narrow), Some(wide)] {
            for ports in [None, Some(ports)] {
                let mut out = Vec::new();
                write(&mut out, concatenation, ports);
                assert_eq!(out.len(), header_len(concatenation, ports));
                if out.is_empty() {
                    assert_eq!((concatenation, ports), (None, None));
                    continue;
                }
                let (udh, payload) = Udh::parse(&out).unwrap();
                assert_eq!((udh.concatenation(), udh.ports(), payload), (concatenation, ports, &[][..]));
            }
        }
        assert_eq!(header_len(Some(narrow), None), 6);
        assert_eq!(header_len(Some(wide), None), 7);
    }
}
