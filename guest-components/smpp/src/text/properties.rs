//! What holds for text whatever comes: nothing panics, what is written is read, and others read it alike: `gsm7` for packed septets,
//! `encoding_rs` for the rest.

use std::io;
use std::string::String;
use std::vec::Vec;

use encoding_rs::{Encoding, ISO_8859_5, ISO_8859_8, UTF_8, UTF_16BE};
use gsm7::{Gsm7Reader, Gsm7Writer};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const CHARSETS: [Charset; 7] = [
    Charset::Gsm,
    Charset::Latin1,
    Charset::Ascii,
    Charset::Utf8,
    Charset::Ucs2,
    Charset::Cyrillic,
    Charset::Hebrew,
];

const ALPHABETS: [Alphabet; 4] = [Alphabet::Gsm, Alphabet::Latin1, Alphabet::Ascii, Alphabet::Utf8];

/// Text of characters that the character sets have and some that they lack.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~€£\n]{0,400}",
        "[a-zа-я\u{1F600}-\u{1F64F}€é{}]{0,300}",
        "[Ё-џ№§ -~]{0,100}",
        "[א-ת×÷‗ -~]{0,100}",
        any::<String>()
    ]
}

/// Text that GSM 03.38 has every character of, so much of it behind escapes that cuts fall on them.
fn gsm_text() -> impl Strategy<Value = String> {
    "([ -_a-~£€äöüßΔΩ\n\r]|[{}\\[\\]~^|€\\\\]){0,400}"
}

/// The text that `gsm7` finds in packed septets behind as many fill bits.
fn theirs(packed: &[u8], fill: u32, septets: usize) -> String {
    let Ok(reader) = Gsm7Reader::new_with_bit_offset(io::Cursor::new(packed), fill) else {
        return String::new();
    };
    let characters: Vec<char> = reader.map_while(Result::ok).collect();
    // It reads on into what is left of the last octet.
    let mut seen = 0;
    let text = characters.into_iter().take_while(|&character| {
        seen += encode(Charset::Gsm, &String::from(character)).unwrap().len();
        seen <= septets
    });
    text.collect()
}

proptest! {
    #[test]
    fn text_that_encodes_decodes_to_itself(text in any_text()) {
        for charset in CHARSETS {
            let encoded = encode(charset, &text);
            prop_assert_eq!(encoded.is_some(), fits(charset, &text), "{:?}", charset);
            if let Some(encoded) = encoded {
                let decoded = decode(charset, &encoded).unwrap();
                let expected = if charset == Charset::Ucs2 { text.strip_prefix('\u{FEFF}').unwrap_or(&text) } else { &text };
                prop_assert_eq!(&decoded, expected, "{:?}", charset);
            }
        }
    }

    #[test]
    fn the_charset_chosen_has_every_character(text in any_text()) {
        for alphabet in ALPHABETS {
            let (data_coding, charset) = choose(alphabet, &text);
            let encoded = encode(charset, &text).unwrap();
            prop_assert_eq!(coding(data_coding, alphabet), Coding::Text(charset));
            if !text.starts_with('\u{FEFF}') {
                prop_assert_eq!(read(data_coding, alphabet, None, &encoded), Ok(Body::Text(text.clone())));
            }
        }
    }

    #[test]
    fn parts_fit_and_each_is_whole_text(text in prop_oneof![any_text(), gsm_text()], udh_octets in 0..20_usize) {
        for charset in CHARSETS {
            let Some(encoded) = encode(charset, &text) else { continue };
            let octets_max = capacity(Coding::Text(charset), udh_octets);
            let parts: Vec<&[u8]> = split(charset, &encoded, octets_max).collect();
            prop_assert_eq!(&parts.concat(), &encoded);
            prop_assert!(parts.iter().all(|part| !part.is_empty() && part.len() <= octets_max));
            // A byte order mark at the start of a part is dropped when that part is read by itself.
            if !text.contains('\u{FEFF}') {
                let joined: String = parts.iter().map(|part| decode(charset, part).unwrap()).collect();
                prop_assert_eq!(&joined, &text);
            }
        }
    }

    #[test]
    fn parts_cannot_be_fewer(text in gsm_text(), udh_octets in 0..20_usize) {
        let encoded = encode(Charset::Gsm, &text).unwrap();
        let octets_max = capacity(Coding::Text(Charset::Gsm), udh_octets);
        let parts: Vec<&[u8]> = split(Charset::Gsm, &encoded, octets_max).collect();
        for pair in parts.windows(2) {
            let first = if pair[1][0] == gsm::ESC { 2 } else { 1 };
            prop_assert!(pair[0].len() + first > octets_max);
        }
    }

    #[test]
    fn packed_parts_fit_the_air_and_unpack_to_themselves(text in gsm_text(), udh_octets in 0..20_usize) {
        let encoded = encode(Charset::Gsm, &text).unwrap();
        for part in split(Charset::Gsm, &encoded, capacity(Coding::Text(Charset::Gsm), udh_octets)) {
            let packed = septets::pack(part, udh_octets);
            prop_assert!(udh_octets + packed.len() <= 140);
            let unpacked = septets::unpack(&packed, udh_octets);
            if unpacked != part {
                // All that can be lost is what padding looks like, where padding may be.
                let (last, rest) = part.split_last().unwrap();
                prop_assert_eq!(&unpacked, rest);
                prop_assert!([0x00, 0x0D].contains(last));
            }
        }
    }

    #[test]
    fn gsm7_reads_our_packed_septets(text in gsm_text(), udh_octets in 0..20_usize) {
        let encoded = encode(Charset::Gsm, &text).unwrap();
        let packed = septets::pack(&encoded, udh_octets);
        let fill = (7 - udh_octets * 8 % 7) % 7;
        prop_assert_eq!(packed.len(), if text.is_empty() { 0 } else { (fill + encoded.len() * 7).div_ceil(8) });
        prop_assert_eq!(theirs(&packed, fill as u32, encoded.len()), text);
    }

    #[test]
    fn we_read_the_packed_septets_of_gsm7(text in gsm_text()) {
        let mut writer = Gsm7Writer::new(Vec::new());
        writer.write_str(&text).unwrap();
        // It pads in another place than it should, so the text is filled up to whole octets.
        let septets = encode(Charset::Gsm, &text).unwrap().len();
        let filled = text + &"a".repeat(8 - septets % 8);
        writer.write_str(&"a".repeat(8 - septets % 8)).unwrap();
        let packed = writer.into_writer().unwrap();
        prop_assert_eq!(decode(Charset::Gsm, &septets::unpack(&packed, 0)).unwrap(), filled);
    }

    #[test]
    fn no_octets_make_septets_panic(octets in vec(any::<u8>(), 0..200), udh_octets in 0..200_usize) {
        let unpacked = septets::unpack(&octets, udh_octets);
        prop_assert!(unpacked.len() <= octets.len() * 8 / 7);
        prop_assert!(unpacked.iter().all(|&septet| septet < 0x80));
        prop_assert!(septets::pack(&octets, udh_octets).len() <= octets.len() + 1);
    }

    #[test]
    fn no_octets_make_text_panic(octets in vec(any::<u8>(), 0..200), octets_max in 0..160_usize) {
        for charset in CHARSETS {
            let malformed = charset == Charset::Ucs2 && octets.len() % 2 == 1;
            prop_assert_eq!(decode(charset, &octets).is_err(), malformed);
            let parts: Vec<&[u8]> = split(charset, &octets, octets_max).collect();
            prop_assert_eq!(&parts.concat(), &octets);
        }
    }

    #[test]
    fn no_message_makes_reading_panic(
        data_coding: u8,
        languages in vec((0x24..=0x25_u8, 0..16_u8), 0..4),
        payload in vec(any::<u8>(), 0..200),
    ) {
        let mut header: Vec<u8> = languages.iter().flat_map(|&(shift, language)| [shift, 1, language]).collect();
        header.insert(0, header.len() as u8);
        let (udh, _) = Udh::parse(&header).unwrap();
        let data_coding = DataCoding(data_coding);
        for alphabet in ALPHABETS {
            let body = read(data_coding, alphabet, Some(udh), &payload);
            match coding(data_coding, alphabet) {
                Coding::Text(charset) => {
                    prop_assert_eq!(body.is_err(), decode(charset, &payload).is_err());
                    if languages.is_empty() {
                        prop_assert_eq!(body.ok(), decode(charset, &payload).ok().map(Body::Text));
                    }
                }
                Coding::Binary => prop_assert_eq!(body, Ok(Body::Octets(&payload))),
                Coding::Unsupported => prop_assert_eq!(body, Err(Unreadable::Unsupported { data_coding })),
            }
        }
    }

    #[test]
    fn octets_are_the_text_that_encoding_rs_reads(octets in vec(any::<u8>(), 0..200)) {
        let lossy = |encoding: &'static Encoding, octets| encoding.decode_without_bom_handling(octets).0.into_owned();
        prop_assert_eq!(decode(Charset::Utf8, &octets).unwrap(), lossy(UTF_8, &octets));
        prop_assert_eq!(decode(Charset::Cyrillic, &octets).unwrap(), lossy(ISO_8859_5, &octets));
        prop_assert_eq!(decode(Charset::Hebrew, &octets).unwrap(), lossy(ISO_8859_8, &octets));
        prop_assert_eq!(decode(Charset::Latin1, &octets).unwrap(), encoding_rs::mem::decode_latin1(&octets));
        let even = &octets[..octets.len() & !1];
        prop_assert_eq!(decode(Charset::Ucs2, even).unwrap(), UTF_16BE.decode_with_bom_removal(even).0);
    }

    #[test]
    fn surrogates_are_the_text_that_encoding_rs_reads(units in vec(prop_oneof![0xD7FE..0xE002_u16, 0xFEFE..=0xFFFF_u16], 0..40)) {
        let octets: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        prop_assert_eq!(decode(Charset::Ucs2, &octets).unwrap(), UTF_16BE.decode_with_bom_removal(&octets).0);
    }

    #[test]
    fn text_has_the_octets_that_encoding_rs_writes(text in any_text()) {
        for (charset, encoding) in [(Charset::Cyrillic, ISO_8859_5), (Charset::Hebrew, ISO_8859_8)] {
            let (octets, _, lossy) = encoding.encode(&text);
            prop_assert_eq!(encode(charset, &text), (!lossy).then(|| octets.into_owned()));
        }
    }
}
