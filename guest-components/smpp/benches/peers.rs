//! Nanoseconds for one frame, here and in two other crates, from the same octets in one run:
//! `cargo bench -p edgebind-smpp --features peers --bench peers`.
//!
//! Each way is measured in rounds that take turns, so that whatever else the machine does hits all alike; the median counts.

use std::cell::RefCell;
use std::hint::black_box;
use std::time::Instant;

use bytes::BytesMut;
use edgebind_smpp::{
    CommandStatus, EsmClass, Npi, Pdu, RegisteredDelivery, ShortMessage, Tag, TlvList, Tlvs, Ton, decode, encode,
};
use rusmpp_core::command::{borrowed, owned};
use rusmpp_core::decode::{borrowed::DecodeWithLength as _, owned::DecodeWithLength as _};
use rusmpp_core::encode::{Encode as _, Length as _};
use smpp34::CommandHeader;

/// Few enough that what a round needs stays in the cache.
const FRAMES: u32 = 500;
const ROUNDS: usize = 1001;

/// Optional parameters that their borrowing PDU has room for.
const TLVS_MAX: usize = 4;

/// A crate's way to do one thing.
struct Way<'a> {
    name: &'static str,
    /// What a round needs before its time begins.
    prepare: Box<dyn FnMut() + 'a>,
    work: Box<dyn FnMut() + 'a>,
    nanos: Vec<f64>,
}

impl<'a> Way<'a> {
    fn new(name: &'static str, work: impl FnMut() + 'a) -> Self {
        Self::prepared(name, || (), work)
    }

    fn prepared(name: &'static str, prepare: impl FnMut() + 'a, work: impl FnMut() + 'a) -> Self {
        Self {
            name,
            prepare: Box::new(prepare),
            work: Box::new(work),
            nanos: Vec::with_capacity(ROUNDS),
        }
    }

    fn round(&mut self) {
        (self.prepare)();
        let start = Instant::now();
        for _ in 0..FRAMES {
            (self.work)();
        }
        self.nanos.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(FRAMES));
    }

    fn median(&mut self) -> f64 {
        self.nanos.sort_by(f64::total_cmp);
        self.nanos[self.nanos.len() / 2]
    }
}

/// Measures all ways in turn, the first being ours.
fn compare(what: &str, mut ways: Vec<Way<'_>>) {
    for _ in 0..ROUNDS {
        ways.iter_mut().for_each(Way::round);
    }
    let ours = ways[0].median();
    for way in &mut ways {
        let nanos = way.median();
        println!("{what:20} {:24} {nanos:8.1} ns  x {:5.2}", way.name, nanos / ours);
    }
}

fn main() {
    let text = [b'a'; 160];
    let submit = ShortMessage {
        source_addr_ton: Ton::ALPHANUMERIC,
        source_addr: b"ACME",
        dest_addr_ton: Ton::INTERNATIONAL,
        dest_addr_npi: Npi::ISDN,
        destination_addr: b"447700900000",
        registered_delivery: RegisteredDelivery::ALWAYS,
        short_message: &text,
        ..ShortMessage::default()
    };
    let mut tlvs = TlvList::new();
    tlvs.push_c_string(Tag::RECEIPTED_MESSAGE_ID, b"123456789012345678")
        .expect("fits");
    tlvs.push_u8(Tag::MESSAGE_STATE, 2);
    tlvs.push(Tag::NETWORK_ERROR_CODE, &[3, 0, 0]).expect("fits");
    let deliver = ShortMessage {
        esm_class: EsmClass::RECEIPT,
        short_message:
            b"id:123456789012345678 sub:001 dlvrd:001 submit date:2601021504 done date:2601021505 stat:DELIVRD err:000 text:Hi",
        tlvs: tlvs.tlvs(),
        ..submit
    };
    assert_eq!(submit.tlvs, Tlvs::EMPTY);
    submit_sm(&Pdu::SubmitSm(submit));
    deliver_sm(&Pdu::DeliverSm(deliver));
}

fn frame(pdu: &Pdu<'_>) -> Vec<u8> {
    let mut frame = Vec::new();
    encode(&mut frame, CommandStatus::ROK, 1, pdu).expect("fits");
    frame
}

/// Decoding by us and by rusmpp, which keeps what it reads in the frame or in a copy.
fn decoding<'a>(frame: &'a [u8]) -> Vec<Way<'a>> {
    let rest = &frame[4..];
    vec![
        Way::new("edgebind-smpp", || {
            black_box(decode(black_box(frame))).expect("a good frame");
        }),
        Way::new("rusmpp-core, borrowing", move || {
            let command = borrowed::Command::<'_, TLVS_MAX>::decode(black_box(rest), rest.len());
            black_box(command).expect("a good frame");
        }),
        Way::new("rusmpp-core, owning", move || {
            let mut buffer = BytesMut::from(black_box(rest));
            black_box(owned::Command::decode(&mut buffer, rest.len())).expect("a good frame");
        }),
    ]
}

/// Encoding by us and by rusmpp, each into a buffer that is there.
fn encoding<'a>(pdu: &'a Pdu<'a>, frame: &'a [u8]) -> Vec<Way<'a>> {
    let rest = &frame[4..];
    let (command, _) = borrowed::Command::<'_, TLVS_MAX>::decode(rest, rest.len()).expect("a good frame");
    let mut out = Vec::with_capacity(512);
    let mut buffer = vec![0; 512];
    vec![
        Way::new("edgebind-smpp", move || {
            out.clear();
            encode(&mut out, CommandStatus::ROK, 1, black_box(pdu)).expect("fits");
            black_box(&out);
        }),
        Way::new("rusmpp-core", move || {
            let command = black_box(&command);
            let command_length = u32::try_from(command.length() + 4).unwrap_or(u32::MAX);
            buffer[..4].copy_from_slice(&command_length.to_be_bytes());
            command.encode(&mut buffer[4..]);
            black_box(&buffer);
        }),
    ]
}

fn submit_sm(pdu: &Pdu<'_>) {
    let frame = frame(pdu);
    let read = |frame: &[u8]| {
        let header = CommandHeader::decode(frame).expect("a good frame");
        smpp34::submit_sm::decode(header, frame).expect("a good frame")
    };
    let mut ways = decoding(&frame);
    ways.push(Way::new("smpp34", || {
        black_box(read(black_box(&frame)));
    }));
    compare("decode submit_sm", ways);

    let (theirs, stock) = (read(&frame), RefCell::new(Vec::new()));
    let mut ways = encoding(pdu, &frame);
    ways.push(Way::prepared(
        "smpp34",
        // It takes the PDU that it encodes.
        || stock.borrow_mut().resize(FRAMES as usize, theirs.clone()),
        || {
            let theirs = stock.borrow_mut().pop().expect("one for each frame");
            black_box(black_box(theirs).encode());
        },
    ));
    compare("encode submit_sm", ways);
}

fn deliver_sm(pdu: &Pdu<'_>) {
    let frame = frame(pdu);
    let read = |frame: &[u8]| {
        let header = CommandHeader::decode(frame).expect("a good frame");
        smpp34::deliver_sm::decode(header, frame).expect("a good frame")
    };
    let mut ways = decoding(&frame);
    ways.push(Way::new("smpp34", || {
        black_box(read(black_box(&frame)));
    }));
    compare("decode deliver_sm", ways);

    let (theirs, stock) = (read(&frame), RefCell::new(Vec::new()));
    let mut ways = encoding(pdu, &frame);
    ways.push(Way::prepared(
        "smpp34",
        // It takes the PDU that it encodes.
        || stock.borrow_mut().resize(FRAMES as usize, theirs.clone()),
        || {
            let theirs = stock.borrow_mut().pop().expect("one for each frame");
            black_box(black_box(theirs).encode());
        },
    ));
    compare("encode deliver_sm", ways);
}
