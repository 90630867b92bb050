//! What holds for text, headers, times and receipts whatever octets come: nothing panics, and what is written is read.

use proptest::collection::vec;
use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;

use crate::receipt::{self, Receipt};
use crate::text::{self, Alphabet, Charset, Coding};
use crate::udh::{self, Udh};
use crate::{MessageState, Time, Tlvs};

const CHARSETS: [Charset; 5] = [Charset::Gsm, Charset::Latin1, Charset::Ascii, Charset::Utf8, Charset::Ucs2];

/// Text of characters that GSM 03.38 has and some that it lacks.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~€£\n]{0,400}", "[a-zа-я\u{1F600}-\u{1F64F}€é{}]{0,300}", any::<String>()]
}

proptest! {
    #[test]
    fn text_that_encodes_decodes_to_itself(text in any_text()) {
        for charset in CHARSETS {
            let encoded = text::encode(charset, &text);
            prop_assert_eq!(encoded.is_some(), text::fits(charset, &text), "{:?}", charset);
            if let Some(encoded) = encoded {
                let decoded = text::decode(charset, &encoded).unwrap();
                let expected = if charset == Charset::Ucs2 { text.strip_prefix('\u{FEFF}').unwrap_or(&text) } else { &text };
                prop_assert_eq!(&decoded, expected, "{:?}", charset);
            }
        }
    }

    #[test]
    fn the_charset_chosen_has_every_character(text in any_text()) {
        for alphabet in [Alphabet::Gsm, Alphabet::Latin1, Alphabet::Ascii, Alphabet::Utf8] {
            let (data_coding, charset) = text::choose(alphabet, &text);
            prop_assert!(text::encode(charset, &text).is_some());
            prop_assert_eq!(text::coding(data_coding, alphabet), Coding::Text(charset));
        }
    }

    #[test]
    fn parts_fit_and_each_is_whole_text(text in any_text(), udh_octets in 0..20_usize) {
        for charset in CHARSETS {
            let Some(encoded) = text::encode(charset, &text) else { continue };
            let octets_max = text::capacity(Coding::Text(charset), udh_octets);
            let parts: Vec<&[u8]> = text::split(charset, &encoded, octets_max).collect();
            prop_assert_eq!(&parts.concat(), &encoded);
            prop_assert!(parts.iter().all(|part| !part.is_empty() && part.len() <= octets_max));
            // A byte order mark at the start of a part is dropped when that part is read by itself.
            if !text.contains('\u{FEFF}') {
                let joined: String = parts.iter().map(|part| text::decode(charset, part).unwrap()).collect();
                prop_assert_eq!(&joined, &text);
            }
        }
    }

    #[test]
    fn no_octets_make_text_panic(octets in vec(any::<u8>(), 0..200), octets_max in 0..160_usize) {
        for charset in CHARSETS {
            let malformed = charset == Charset::Ucs2 && octets.len() % 2 == 1;
            prop_assert_eq!(text::decode(charset, &octets).is_err(), malformed);
            let parts: Vec<&[u8]> = text::split(charset, &octets, octets_max).collect();
            prop_assert_eq!(&parts.concat(), &octets);
        }
    }

    #[test]
    fn no_octets_make_a_header_panic(octets in vec(prop_oneof![0..10_u8, any::<u8>()], 0..40)) {
        if let Ok((udh, payload)) = Udh::parse(&octets) {
            prop_assert_eq!(udh.octets().len() + payload.len(), octets.len());
            let (concatenation, ports) = (udh.concatenation(), udh.ports());
            let mut out = Vec::new();
            udh::write(&mut out, concatenation, ports);
            if let Ok((again, _)) = Udh::parse(&out) {
                prop_assert_eq!((again.concatenation(), again.ports()), (concatenation, ports));
            } else {
                prop_assert_eq!((concatenation, ports), (None, None));
            }
        }
    }

    #[test]
    fn no_octets_make_parameters_panic(octets in vec(prop_oneof![0..3_u8, any::<u8>()], 0..60)) {
        if let Some(tlvs) = Tlvs::read(&octets) {
            let length: usize = tlvs.iter().map(|tlv| 4 + tlv.value.len()).sum();
            prop_assert_eq!(length, tlvs.octets().len());
            prop_assert!(octets.len() - length < 5);
        }
    }

    #[test]
    fn no_octets_make_a_time_panic(octets in prop_oneof![vec(any::<u8>(), 0..20), "[0-9]{15}[-+R]".prop_map(String::into_bytes)], now_ms: u64) {
        if let Ok(time) = Time::parse(&octets) {
            prop_assert_eq!(time.unix_ms(now_ms).is_none(), octets.is_empty());
            prop_assert_eq!(time.characters().map_or(Vec::new(), Vec::from), octets);
        }
    }

    #[test]
    fn times_there_and_back(tenths in 0..21_459_168_000_u64) {
        let time = Time::at(tenths * 100).unwrap();
        prop_assert_eq!(time.unix_ms(0), Some(tenths * 100));
        prop_assert_eq!(Time::parse(&time.characters().unwrap()), Ok(time));
    }

    #[test]
    fn receipts_there_and_back(
        id in "[1-9][0-9]{0,17}",
        minutes in (0..35_765_280_u64, 0..35_765_280_u64),
        state in 1..=8_u8,
        error in 0..=999_u16,
        text in "[ -~]{0,30}",
    ) {
        let (submitted_ms, done_ms) = (minutes.0 * 60_000, minutes.1 * 60_000);
        let receipt = Receipt { id: &id, submitted_ms, done_ms, state: MessageState(state), error, text: &text };
        let mut out = Vec::new();
        receipt.write(&mut out);
        prop_assert!(out.iter().all(|octet| (b' '..=b'~').contains(octet)));
        let reading = receipt::parse(&out).unwrap();
        prop_assert_eq!(reading.id, id.as_bytes());
        prop_assert_eq!((reading.submitted_ms, reading.done_ms), (Some(submitted_ms), Some(done_ms)));
        prop_assert_eq!(reading.state, Some(MessageState(state)));
        prop_assert_eq!(String::from_utf8_lossy(reading.error), std::format!("{error:03}"));
        prop_assert_eq!(reading.text, &text.as_bytes()[..text.len().min(receipt::TEXT_MAX)]);
    }

    #[test]
    fn no_octets_make_a_receipt_panic(octets in "(id:|stat:|err:|submit date:|text:|[ 0-9A-Z]){0,20}") {
        if let Some(reading) = receipt::parse(octets.as_bytes()) {
            prop_assert!(!reading.id.is_empty() && !reading.stat.is_empty());
        }
    }
}
