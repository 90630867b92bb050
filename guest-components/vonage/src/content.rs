//! What a message carries, as the API takes it: `text`, `unicode`, or `binary` with a header.
//!
//! Text goes as text, in whatever coding it came; of its header nothing remains, because Vonage makes the parts and their headers
//! itself. What is no text, and what is for a port, goes as octets with all of its header but the numbers of parts.

use edgebind_smpp::{
    CommandStatus, DataCoding, Tag,
    text::{self, Body, Charset, Unreadable},
    udh::{self, Ports, Udh},
};

use crate::{
    answer,
    bindings::edgebind::{
        message::types::{Alphabet, Message},
        translator::types::Dead,
    },
    form::Form,
    hex,
};

/// vonage: `text` has at most so many characters.
const CHARACTERS_MAX: usize = 3_200;
/// vonage: `udh` and `body` together.
const BINARY_OCTETS_MAX: usize = 140;

/// err-code "illegal message".
const ILLEGAL_MESSAGE: u16 = 10;

/// Writes the content into the form, or says why it cannot be sent.
pub(crate) fn write(form: &mut Form, message: &Message) -> Result<(), Dead> {
    let header = header(message)?;
    let ports = ports(message, header);
    let body = text::read(DataCoding(message.data_coding), alphabet(message), header, &message.payload);
    match body {
        Ok(Body::Text(text)) if ports.is_none() => words(form, &text),
        Ok(_) => octets(form, header, ports, &message.payload),
        Err(Unreadable::Malformed(error)) => Err(illegal(CommandStatus::RINVMSGLEN, &format!("the text is malformed: {error}"))),
        Err(error @ Unreadable::Unsupported { .. }) => Err(illegal(CommandStatus::RSUBMITFAIL, &error.to_string())),
    }?;
    if let Some(class) = text::message_class(DataCoding(message.data_coding)) {
        form.set("message-class", class.to_string());
    }
    if message.protocol_id != 0 {
        form.set("protocol-id", message.protocol_id.to_string());
    }
    Ok(())
}

fn words(form: &mut Form, text: &str) -> Result<(), Dead> {
    match text.chars().count() {
        0 => {
            return Err(illegal(
                CommandStatus::RINVMSGLEN,
                "the text is empty, which the upstream does not take",
            ));
        }
        characters if characters > CHARACTERS_MAX => {
            let why = format!("{characters} characters of text exceed {CHARACTERS_MAX}");
            return Err(illegal(CommandStatus::RINVMSGLEN, &why));
        }
        _ => {}
    }
    let kind = if text::fits(Charset::Gsm, text) { "text" } else { "unicode" };
    form.set("type", kind);
    form.set("text", text);
    Ok(())
}

fn octets(form: &mut Form, header: Option<Udh<'_>>, ports: Option<Ports>, payload: &[u8]) -> Result<(), Dead> {
    let elements = header.into_iter().flat_map(|header| header.elements());
    let mut kept: Vec<u8> = elements
        .filter(|element| !element.numbers_parts())
        .flat_map(|element| {
            let length = u8::try_from(element.value.len()).unwrap_or(u8::MAX);
            [&[element.id, length], element.value].concat()
        })
        .collect();
    if header.is_none_or(|header| header.ports().is_none()) && ports.is_some() {
        let mut written = Vec::new();
        udh::write(&mut written, None, ports);
        kept.extend_from_slice(written.get(1..).unwrap_or_default());
    }
    if payload.is_empty() {
        return Err(illegal(CommandStatus::RINVMSGLEN, "there is no octet to send"));
    }
    let header_octets = if kept.is_empty() { 0 } else { kept.len() + 1 };
    let octets = header_octets + payload.len();
    if octets > BINARY_OCTETS_MAX {
        let why = format!("{octets} octets of header and data exceed {BINARY_OCTETS_MAX}");
        return Err(illegal(CommandStatus::RINVMSGLEN, &why));
    }
    form.set("type", "binary");
    form.set("body", hex::write(payload));
    if let Ok(length) = u8::try_from(kept.len())
        && length > 0
    {
        form.set("udh", hex::write(&[&[length], &kept[..]].concat()));
    }
    Ok(())
}

fn illegal(command_status: CommandStatus, why: &str) -> Dead {
    answer::rejected(command_status, ILLEGAL_MESSAGE, why)
}

fn alphabet(message: &Message) -> text::Alphabet {
    match message.alphabet {
        Alphabet::Gsm => text::Alphabet::Gsm,
        Alphabet::Latin1 => text::Alphabet::Latin1,
        Alphabet::Ascii => text::Alphabet::Ascii,
        Alphabet::Utf8 => text::Alphabet::Utf8,
    }
}

fn header(message: &Message) -> Result<Option<Udh<'_>>, Dead> {
    if message.udh.is_empty() {
        return Ok(None);
    }
    match Udh::parse(&message.udh) {
        Ok((header, _)) => Ok(Some(header)),
        Err(_) => Err(illegal(
            CommandStatus::RINVESMCLASS,
            "the user data header is longer than the user data",
        )),
    }
}

/// The application ports: the header's, else destination_port and source_port (SMPP 3.4 §5.3.2.20, §5.3.2.21).
fn ports(message: &Message, header: Option<Udh<'_>>) -> Option<Ports> {
    let port = |tag| {
        let tlv = message.tlvs.iter().find(|tlv| Tag(tlv.tag) == tag)?;
        Some(u16::from_be_bytes(tlv.value.as_slice().try_into().ok()?))
    };
    let in_tlvs = || {
        Some(Ports {
            destination: port(Tag::DESTINATION_PORT)?,
            source: port(Tag::SOURCE_PORT).unwrap_or(0),
        })
    };
    header.and_then(|header| header.ports()).or_else(in_tlvs)
}
