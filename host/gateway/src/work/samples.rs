//! Values for tests.

use edgebind_runtime::message::{Address, Alphabet, Message, Receipts};

/// A short text from ACME to one phone, without a wish for receipts.
pub fn message() -> Message {
    Message {
        service_type: String::new(),
        source: address(5, "ACME"),
        destination: address(1, "447700900123"),
        also_to: Vec::new(),
        esm_class: 0,
        protocol_id: 0,
        priority: 0,
        schedule: None,
        validity: None,
        receipts: Receipts {
            success: false,
            failure: false,
            intermediate: false,
        },
        replace_if_present: false,
        data_coding: 0,
        alphabet: Alphabet::Gsm,
        udh: Vec::new(),
        payload: b"Hi".to_vec(),
        part: None,
        excerpt: "Hi".into(),
        tlvs: Vec::new(),
        metadata: Vec::new(),
    }
}

fn address(ton: u8, digits: &str) -> Address {
    Address {
        ton,
        npi: u8::from(ton == 1),
        digits: digits.into(),
    }
}
