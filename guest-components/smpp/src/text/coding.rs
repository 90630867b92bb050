//! data_coding: which character set it means, and what it says besides.

use super::{Alphabet, Charset};
use crate::DataCoding;

/// What a data_coding says of the user data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Text in this character set.
    Text(Charset),
    /// Octets.
    Binary,
    /// Text that we cannot read, or a reserved value. The Japanese and Korean sets are among what we cannot: their tables would make
    /// every component that reads text a third larger (162 kB, by `encoding_rs`), and compressed text is extinct.
    Unsupported,
}

/// What `data_coding` means to a peer whose default alphabet is `default` (SMPP 3.4 §5.2.19, 3GPP TS 23.038 §4).
///
/// 1 is ASCII, but GSM 03.38 to a peer whose default is that: node-smpp sends it so. Values with a message class or a
/// waiting indication name the 7-bit alphabet of their time; peers write it as they write data_coding 0.
#[must_use]
pub const fn coding(data_coding: DataCoding, default: Alphabet) -> Coding {
    let seven_bit = Coding::Text(default.charset());
    match data_coding.0 {
        0x00 => seven_bit,
        0x01 => match default {
            Alphabet::Gsm => seven_bit,
            _ => Coding::Text(Charset::Ascii),
        },
        0x03 => Coding::Text(Charset::Latin1),
        0x02 | 0x04 => Coding::Binary,
        0x06 => Coding::Text(Charset::Cyrillic),
        0x07 => Coding::Text(Charset::Hebrew),
        0x08 => Coding::Text(Charset::Ucs2),
        // A GSM data coding scheme as it is: with a message class, or to be deleted once read. Bits 3-2 name the alphabet;
        // bit 5 says compressed.
        0x10..=0x1F | 0x40..=0x5F => match data_coding.0 & 0x0C {
            0x00 => seven_bit,
            0x04 => Coding::Binary,
            0x08 => Coding::Text(Charset::Ucs2),
            _ => Coding::Unsupported,
        },
        // Messages are waiting: discard, store, store in UCS-2.
        0xC0..=0xDF => seven_bit,
        0xE0..=0xEF => Coding::Text(Charset::Ucs2),
        // A message class; bit 2 says octets, bit 3 is reserved and ignored.
        0xF0..=0xFF => match data_coding.0 & 0x04 {
            0 => seven_bit,
            _ => Coding::Binary,
        },
        _ => Coding::Unsupported,
    }
}

/// The message class that `data_coding` carries, 0 (flash) to 3, if it carries one (3GPP TS 23.038 §4).
#[must_use]
pub const fn message_class(data_coding: DataCoding) -> Option<u8> {
    match data_coding.0 {
        0x10..=0x1F | 0x50..=0x5F | 0xF0..=0xFF => Some(data_coding.0 & 0x03),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::vec::Vec;

    /// Every data_coding, as a map of 16 rows: d default alphabet, a ASCII, l Latin-1, c Cyrillic, h Hebrew, u UCS-2,
    /// b octets, . unsupported.
    #[test]
    fn every_data_coding() {
        let rows: Vec<String> = (0..=0xF)
            .map(|high: u8| {
                (0..=0xF)
                    .map(|low| match coding(DataCoding(high << 4 | low), Alphabet::Utf8) {
                        Coding::Text(Charset::Utf8) => 'd',
                        Coding::Text(Charset::Ascii) => 'a',
                        Coding::Text(Charset::Latin1) => 'l',
                        Coding::Text(Charset::Ucs2) => 'u',
                        Coding::Text(Charset::Gsm) => 'g',
                        Coding::Text(Charset::Cyrillic) => 'c',
                        Coding::Text(Charset::Hebrew) => 'h',
                        Coding::Binary => 'b',
                        Coding::Unsupported => '.',
                    })
                    .collect()
            })
            .collect();
        let expected = [
            "dablb.chu.......", // 0x0_
            "ddddbbbbuuuu....", // 0x1_ with a class
            "................",
            "................",
            "ddddbbbbuuuu....", // 0x4_ deleted once read
            "ddddbbbbuuuu....", // 0x5_ and with a class
            "................",
            "................",
            "................",
            "................",
            "................",
            "................",
            "dddddddddddddddd", // 0xC_ waiting, discard
            "dddddddddddddddd", // 0xD_ waiting, store
            "uuuuuuuuuuuuuuuu", // 0xE_ waiting, store, UCS-2
            "ddddbbbbddddbbbb", // 0xF_ class
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn section_13_4_data_coding_1_of_node_smpp_is_gsm_to_a_gsm_peer() {
        assert_eq!(coding(DataCoding::ASCII, Alphabet::Gsm), Coding::Text(Charset::Gsm));
        assert_eq!(coding(DataCoding::ASCII, Alphabet::Latin1), Coding::Text(Charset::Ascii));
    }

    #[test]
    fn message_classes() {
        assert_eq!(message_class(DataCoding(0x00)), None);
        assert_eq!(message_class(DataCoding(0xF0)), Some(0));
        assert_eq!(message_class(DataCoding(0xF5)), Some(1));
        assert_eq!(message_class(DataCoding(0x18)), Some(0));
        assert_eq!(message_class(DataCoding(0xC8)), None);
    }
}
