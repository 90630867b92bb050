//! Text: octets read by data_coding, encoded again, cut into parts, packed.

use edgebind_smpp::{
    DataCoding,
    text::{self, Alphabet, Body, Charset, Coding, septets},
    udh::Udh,
};

use super::tape::Tape;
use crate::{memory, target::Target};

/// Three octets choose data_coding, alphabet and the length of parts; the rest is user data.
pub(crate) const TARGET: Target = Target {
    name: "texts",
    run,
    seeds,
    octets_max: 400,
};

const ALPHABETS: [Alphabet; 4] = [Alphabet::Gsm, Alphabet::Latin1, Alphabet::Ascii, Alphabet::Utf8];

const CHARSETS: [Charset; 7] = [
    Charset::Gsm,
    Charset::Latin1,
    Charset::Ascii,
    Charset::Utf8,
    Charset::Ucs2,
    Charset::Cyrillic,
    Charset::Hebrew,
];

/// What a byte order mark is in UTF-16, big-endian.
const BYTE_ORDER_MARK: [u8; 2] = [0xFE, 0xFF];

fn run(input: &[u8]) {
    let mut tape = Tape::new(input);
    let data_coding = DataCoding(tape.octet());
    let alphabet = tape.one_of(ALPHABETS);
    let octets_max = usize::from(tape.octet());
    let user_data = tape.all();
    let (header, payload) = Udh::parse(user_data).map_or((None, user_data), |(header, payload)| (Some(header), payload));
    read(data_coding, alphabet, None, user_data);
    read(data_coding, alphabet, header, payload);
    for charset in CHARSETS {
        decode(charset, user_data, octets_max);
    }
    write(alphabet, &String::from_utf8_lossy(user_data));
    pack(user_data, octets_max);
}

fn read(data_coding: DataCoding, alphabet: Alphabet, header: Option<Udh<'_>>, payload: &[u8]) {
    let (body, asked) = memory::of(|| text::read(data_coding, alphabet, header, payload));
    let bound = 64 + 16 * payload.len();
    assert!(
        asked.octets <= bound,
        "{} octets of memory for {}",
        asked.octets,
        payload.len()
    );
    match (body, text::coding(data_coding, alphabet)) {
        (Ok(Body::Text(_)), Coding::Text(_)) => {}
        (Ok(Body::Octets(octets)), Coding::Binary) => assert_eq!(octets, payload),
        (Err(error), Coding::Text(Charset::Ucs2)) => assert!(payload.len() % 2 == 1, "{error}"),
        (Err(error), Coding::Unsupported) => assert!(!error.to_string().is_empty()),
        (body, coding) => panic!("{body:?} in {coding:?}"),
    }
}

fn decode(charset: Charset, octets: &[u8], octets_max: usize) {
    let parts: Vec<&[u8]> = text::split(charset, octets, octets_max).collect();
    assert_eq!(parts.concat(), octets, "no octet is lost");
    assert!(parts.iter().all(|part| !part.is_empty()));
    // A character is not cut, however small a part is to be.
    assert!(parts.iter().all(|part| part.len() <= octets_max.max(4)), "{octets_max}");
    let decoded = match text::decode(charset, octets) {
        Ok(decoded) => decoded,
        Err(error) => return assert!(charset == Charset::Ucs2 && octets.len() % 2 == 1, "{error}"),
    };
    let Some(encoded) = text::encode(charset, &decoded) else {
        return assert!(!text::fits(charset, &decoded));
    };
    assert!(text::fits(charset, &decoded));
    // In well-formed text parts are text by themselves, but that a part may begin like a byte order mark.
    if encoded == octets && !parts.iter().any(|part| part.starts_with(&BYTE_ORDER_MARK)) {
        let joined: String = parts
            .iter()
            .map(|part| text::decode(charset, part).expect("a part of well-formed text is text"))
            .collect();
        assert_eq!(joined, decoded);
    }
    if !encoded.starts_with(&BYTE_ORDER_MARK) || charset != Charset::Ucs2 {
        assert_eq!(
            text::decode(charset, &encoded).as_deref(),
            Ok(&decoded[..]),
            "what is written is read"
        );
    }
}

fn write(alphabet: Alphabet, characters: &str) {
    let (data_coding, charset) = text::choose(alphabet, characters);
    assert_eq!(text::coding(data_coding, alphabet), Coding::Text(charset));
    let encoded = text::encode(charset, characters).expect("the charset chosen has every character");
    for udh_octets in [0, 6, 7, 12] {
        let octets_max = text::capacity(Coding::Text(charset), udh_octets);
        let parts = text::split(charset, &encoded, octets_max);
        assert!(parts.clone().all(|part| part.len() <= octets_max));
        if charset == Charset::Gsm {
            assert!(
                parts
                    .into_iter()
                    .all(|part| udh_octets + septets::pack(part, udh_octets).len() <= 140)
            );
        }
    }
}

fn pack(octets: &[u8], udh_octets: usize) {
    let septets: Vec<u8> = octets.iter().map(|octet| octet & 0x7F).collect();
    let packed = septets::pack(&septets, udh_octets);
    let unpacked = septets::unpack(&packed, udh_octets);
    // What looks like padding at the very end is taken for it.
    let lost = septets.strip_prefix(&unpacked[..]);
    assert!(matches!(lost, Some([] | [b'\r' | 0])), "{lost:?} of {septets:?}");
    let unpacked = septets::unpack(octets, udh_octets);
    assert!(unpacked.len() <= octets.len() * 8 / 7 && unpacked.iter().all(u8::is_ascii));
}

fn seeds() -> Vec<Vec<u8>> {
    let texts: [&[u8]; 10] = [
        b"Hello",
        b"\x1b\x65 \x1b\x3c\x1b\x3e \x00\x10\x1b",
        &[0x00, 0x48, 0x20, 0xAC, 0xD8, 0x3D, 0xDE, 0x00, 0xDE, 0x00],
        &[0xFE, 0xFF, 0x04, 0x1F, 0x04],
        "Zoë \u{1F600} и ж".as_bytes(),
        &[0xE8, 0x32, 0x9B, 0xFD, 0x06],
        &[0x05, 0x00, 0x03, 0x2A, 0x02, 0x01, 0xD0, 0x65, 0x36, 0xFB, 0x0D],
        &[0x03, 0x24, 0x01, 0x01, 0x1B, 0x47, 0x1B, 0x73],
        &[0x03, 0x25, 0x01, 0x03, 0x00, 0x12, 0x5B, 0x60],
        &[0xB0, 0xE4, 0xF0, 0xFA],
    ];
    let codings = [0x00, 0x01, 0x03, 0x04, 0x06, 0x07, 0x08, 0x18, 0xC8, 0xE0, 0xF0];
    let seeds = texts.iter().enumerate().flat_map(|(place, text)| {
        codings.map(|coding| {
            let choices = [coding, place as u8, [153, 2, 0, 67][place % 4]];
            [&choices[..], text].concat()
        })
    });
    seeds.collect()
}
