//! Nanoseconds for one frame of the hot path, one line each: `cargo bench -p edgebind-smpp`.

use std::hint::black_box;
use std::time::Instant;

use edgebind_smpp::text::{Charset, decode as decode_text, encode as encode_text, septets};
use edgebind_smpp::{CommandStatus, MessageIdResp, Npi, Pdu, RegisteredDelivery, ShortMessage, Ton, decode, encode};

const FRAMES: u32 = 200_000;
const ROUNDS: usize = 9;

/// The median of some rounds.
fn measure(name: &str, mut work: impl FnMut()) {
    let mut nanos: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..FRAMES {
                work();
            }
            start.elapsed().as_secs_f64() * 1e9 / f64::from(FRAMES)
        })
        .collect();
    nanos.sort_by(f64::total_cmp);
    println!("{name:32} {:8.1} ns", nanos[ROUNDS / 2]);
}

fn main() {
    let message = ShortMessage {
        source_addr_ton: Ton::ALPHANUMERIC,
        source_addr: b"ACME",
        dest_addr_ton: Ton::INTERNATIONAL,
        dest_addr_npi: Npi::ISDN,
        destination_addr: b"447700900000",
        registered_delivery: RegisteredDelivery::ALWAYS,
        short_message: &[b'a'; 160],
        ..ShortMessage::default()
    };
    let submit = Pdu::SubmitSm(message);
    let resp = Pdu::SubmitSmResp(MessageIdResp {
        message_id: b"123456789012345678",
    });
    let mut frame = Vec::new();
    encode(&mut frame, CommandStatus::ROK, 1, &submit).expect("fits");
    let text = decode_text(Charset::Gsm, message.short_message).expect("GSM text is never malformed");

    let mut out = Vec::new();
    measure("decode submit_sm", || {
        black_box(decode(black_box(&frame)).is_ok());
    });
    measure("encode submit_sm", || {
        out.clear();
        black_box(encode(&mut out, CommandStatus::ROK, 1, black_box(&submit)).is_ok());
    });
    measure("encode submit_sm_resp", || {
        out.clear();
        black_box(encode(&mut out, CommandStatus::ROK, 1, black_box(&resp)).is_ok());
    });
    measure("decode 160 characters of GSM", || {
        black_box(decode_text(Charset::Gsm, black_box(message.short_message)).is_ok());
    });
    measure("encode 160 characters of GSM", || {
        black_box(encode_text(Charset::Gsm, black_box(&text)));
    });
    let accented = "Füße & {Größe}: 20 €, più à là? ".repeat(5);
    let octets = encode_text(Charset::Gsm, &accented).expect("GSM has every character");
    measure("decode GSM with accents", || {
        black_box(decode_text(Charset::Gsm, black_box(&octets)).is_ok());
    });
    let seventy: String = accented.chars().take(70).collect();
    let units = encode_text(Charset::Ucs2, &seventy).expect("UCS-2 has every character");
    measure("decode 70 units of UCS-2", || {
        black_box(decode_text(Charset::Ucs2, black_box(&units)).is_ok());
    });
    let packed = septets::pack(message.short_message, 0);
    measure("unpack 160 septets", || {
        black_box(septets::unpack(black_box(&packed), 0));
    });
    measure("pack 160 septets", || {
        black_box(septets::pack(black_box(message.short_message), 0));
    });
}
