//! A message in words, read and written: `5/0:ACME -> 1/1:447700900000 dcs=08 +success "Hi"`. What is as in the least message is left out.

use super::{
    scene::BEGIN,
    words::{Words, hex, number, octet, unescaped},
};
use edgebind_runtime::message::{Address, Alphabet, Message, Part, PartScheme, Receipts, Tlv};
use std::fmt::Write as _;

/// The least message: `ACME` says nothing to +447700900000.
pub fn least() -> Message {
    Message {
        service_type: String::new(),
        source: Address {
            ton: 5,
            npi: 0,
            digits: "ACME".into(),
        },
        destination: Address {
            ton: 1,
            npi: 1,
            digits: "447700900000".into(),
        },
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
        payload: Vec::new(),
        part: None,
        excerpt: String::new(),
        tlvs: Vec::new(),
        metadata: Vec::new(),
    }
}

/// The message that the words behind the first say. `"..."` are its octets, `text=` is coded as its data_coding says, `hex=` are octets too.
pub fn read(words: &Words) -> Result<Message, String> {
    let mut message = least();
    let (mut arrow, mut text) = (false, None);
    for word in words.rest() {
        if word.quoted {
            message.payload = unescaped(&word.text)?;
            continue;
        }
        if let Some((name, value)) = word.text.split_once('=') {
            match name {
                "service" => message.service_type = value.to_owned(),
                "esm" => message.esm_class = octet(value)?,
                "pid" => message.protocol_id = octet(value)?,
                "priority" => message.priority = octet(value)?,
                "dcs" => message.data_coding = octet(value)?,
                "schedule" => message.schedule = Some(instant(value)?),
                "validity" => message.validity = Some(instant(value)?),
                "udh" => message.udh = hex(value)?,
                "part" => message.part = Some(part(value)?),
                "excerpt" => message.excerpt = value.to_owned(),
                "text" => text = Some(value.to_owned()),
                "hex" => message.payload = hex(value)?,
                tag => match u16::from_str_radix(tag, 16) {
                    Ok(tag) if name.len() == 4 => message.tlvs.push(Tlv { tag, value: hex(value)? }),
                    _ => message.metadata.push((name.to_owned(), value.to_owned())),
                },
            }
            continue;
        }
        match word.text.as_str() {
            "->" => arrow = true,
            "+success" => message.receipts.success = true,
            "+failure" => message.receipts.failure = true,
            "+intermediate" => message.receipts.intermediate = true,
            "+replace" => message.replace_if_present = true,
            "latin1" => message.alphabet = Alphabet::Latin1,
            "ascii" => message.alphabet = Alphabet::Ascii,
            "utf8" => message.alphabet = Alphabet::Utf8,
            end if arrow => message.destination = address(end)?,
            end => message.source = address(end)?,
        }
    }
    if let Some(text) = text {
        message.payload = coded(&message, &text)?;
    }
    Ok(message)
}

/// The words of a message.
pub fn show(message: &Message) -> String {
    let Message { source, destination, .. } = message;
    let mut line = format!("{} -> {}", show_address(source), show_address(destination));
    for destination in &message.also_to {
        let _ = write!(line, " + {}", show_address(destination));
    }
    if !message.service_type.is_empty() {
        let _ = write!(line, " service={}", message.service_type);
    }
    show_octet(&mut line, "esm", message.esm_class);
    show_octet(&mut line, "pid", message.protocol_id);
    show_octet(&mut line, "priority", message.priority);
    show_octet(&mut line, "dcs", message.data_coding);
    show_times(&mut line, message.schedule, message.validity);
    show_receipts(&mut line, message.receipts);
    if message.replace_if_present {
        line.push_str(" +replace");
    }
    line.push_str(match message.alphabet {
        Alphabet::Gsm => "",
        Alphabet::Latin1 => " latin1",
        Alphabet::Ascii => " ascii",
        Alphabet::Utf8 => " utf8",
    });
    if !message.udh.is_empty() {
        let _ = write!(line, " udh={}", show_hex(&message.udh));
    }
    if let Some(part) = &message.part {
        let _ = write!(line, " part={}", show_part(part));
    }
    show_octets(&mut line, &message.payload);
    if !message.excerpt.is_empty() {
        let _ = write!(line, " excerpt={:?}", message.excerpt);
    }
    for tlv in &message.tlvs {
        let _ = write!(line, " {:04x}={}", tlv.tag, show_hex(&tlv.value));
    }
    for (name, value) in &message.metadata {
        let _ = write!(line, " {name}={value}");
    }
    line
}

/// `1/1:447700900000`, or a number or name alone.
pub fn address(word: &str) -> Result<Address, String> {
    let Some((kind, digits)) = word.split_once(':') else {
        let is_number = word.trim_start_matches('+').bytes().all(|octet| octet.is_ascii_digit());
        let (ton, npi) = if is_number { (1, 1) } else { (5, 0) };
        return Ok(Address {
            ton,
            npi,
            digits: word.trim_start_matches('+').to_owned(),
        });
    };
    let (ton, npi) = kind
        .split_once('/')
        .ok_or_else(|| format!("{word:?} is no address: write TON/NPI:DIGITS"))?;
    Ok(Address {
        ton: number(ton)?,
        npi: number(npi)?,
        digits: digits.to_owned(),
    })
}

pub fn show_address(address: &Address) -> String {
    format!("{}/{}:{}", address.ton, address.npi, address.digits)
}

/// Milliseconds from the beginning of the case.
fn instant(word: &str) -> Result<u64, String> {
    let since: i64 = number(word)?;
    Ok(BEGIN.saturating_add_signed(since))
}

pub fn show_times(line: &mut String, schedule: Option<u64>, validity: Option<u64>) {
    for (name, instant) in [("schedule", schedule), ("validity", validity)] {
        if let Some(instant) = instant {
            let _ = write!(line, " {name}={}", i128::from(instant) - i128::from(BEGIN));
        }
    }
}

pub fn show_receipts(line: &mut String, receipts: Receipts) {
    for (name, wanted) in [
        ("success", receipts.success),
        ("failure", receipts.failure),
        ("intermediate", receipts.intermediate),
    ] {
        if wanted {
            let _ = write!(line, " +{name}");
        }
    }
}

pub fn show_octet(line: &mut String, name: &str, value: u8) {
    if value != 0 {
        let _ = write!(line, " {name}={value:02x}");
    }
}

/// Octets as text; of many, the first.
pub fn show_octets(line: &mut String, octets: &[u8]) {
    match octets.get(..12) {
        Some(first) if octets.len() > 120 => {
            let _ = write!(line, " \"{}...\"({})", first.escape_ascii(), octets.len());
        }
        _ => {
            let _ = write!(line, " \"{}\"", octets.escape_ascii());
        }
    }
}

pub fn show_hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// `udh8:167:1/2`: how parts are numbered, their reference, which one this is and of how many.
pub fn show_part(part: &Part) -> String {
    let scheme = match part.scheme {
        PartScheme::Udh8 => "udh8",
        PartScheme::Udh16 => "udh16",
        PartScheme::Sar => "sar",
    };
    format!("{scheme}:{}:{}/{}", part.reference, part.index, part.total)
}

/// The same, read.
pub fn part(word: &str) -> Result<Part, String> {
    let wrong = || format!("{word:?} is no part: write udh8:REFERENCE:INDEX/TOTAL");
    let (scheme, rest) = word.split_once(':').ok_or_else(wrong)?;
    let (reference, rest) = rest.split_once(':').ok_or_else(wrong)?;
    let (index, total) = rest.split_once('/').ok_or_else(wrong)?;
    Ok(Part {
        scheme: match scheme {
            "udh8" => PartScheme::Udh8,
            "udh16" => PartScheme::Udh16,
            "sar" => PartScheme::Sar,
            _ => return Err(wrong()),
        },
        reference: number(reference)?,
        index: number(index)?,
        total: number(total)?,
    })
}

/// Text in the message's own coding, where that needs no table.
fn coded(message: &Message, text: &str) -> Result<Vec<u8>, String> {
    match (message.data_coding, message.alphabet) {
        (8, _) => Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        (0, Alphabet::Utf8) => Ok(text.as_bytes().to_vec()),
        (3, _) | (0, Alphabet::Latin1) => text
            .chars()
            .map(u8::try_from)
            .collect::<Result<_, _>>()
            .map_err(|_| format!("{text:?} is not Latin-1: write dcs=08")),
        _ if text.is_ascii() => Ok(text.as_bytes().to_vec()),
        _ => Err(format!(
            "{text:?} is not ASCII: write dcs=08 before it, or its octets with hex="
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read_again() {
        for line in [
            r#"5/0:ACME -> 1/1:447700900000 """#,
            r#"1/1:12345 -> 0/0: service=CMT esm=40 pid=01 priority=02 dcs=f5 schedule=1000 validity=-5 +success +replace latin1 udh=050003a70201 part=udh8:167:1/2 "H\xe9 \"\\" excerpt="H" 0204=0102 colour=red"#,
        ] {
            let words = Words::of(&format!("submit {line}"));
            assert_eq!(show(&read(&words).unwrap()), line);
        }
    }

    #[test]
    fn text_is_coded_and_numbers_are_addresses() {
        let message = read(&Words::of("submit +447700900123 -> ACME dcs=08 text=\"\u{42f}\"")).unwrap();
        assert_eq!(show(&message), r#"1/1:447700900123 -> 5/0:ACME dcs=08 "\x04/""#);
        let refused = read(&Words::of("submit text=\u{42f}")).unwrap_err();
        assert!(refused.contains("write dcs=08"), "{refused}");
    }
}
