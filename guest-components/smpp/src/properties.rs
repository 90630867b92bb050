//! What holds for headers, optional parameters, times and receipts whatever octets come: nothing panics, and what is written is read.

use proptest::collection::vec;
use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;

use crate::receipt::{self, Receipt};
use crate::udh::{self, Udh};
use crate::{MessageState, Time, Tlvs};

proptest! {
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
