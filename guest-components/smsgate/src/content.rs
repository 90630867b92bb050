//! What a message carries, as the API takes it: text, or data for a port.
//!
//! The upstream takes text, not octets and not a header, so all that a user data header or a data_coding may ask for besides
//! (flash, message waiting, a port for text) ends here: the text still arrives. Only what would arrive as
//! something else than was sent is refused.

use base64::{Engine, engine::general_purpose::STANDARD};
use edgebind_smpp::{
    CommandStatus, DataCoding, Tag,
    text::{self, Alphabet, Body, Unreadable},
    udh::Udh,
};
use serde::Serialize;

use crate::{
    answer,
    bindings::edgebind::{
        message::types::{self, Message},
        translator::types::Dead,
    },
    settings::Settings,
};

/// smsgate: `textMessage.text` and `dataMessage.data` have at most so many characters.
const CHARACTERS_MAX: usize = 65_535;

#[derive(Debug, PartialEq)]
pub(crate) enum Content {
    Text(Text),
    Data(Data),
}

/// smsgate: `textMessage`.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Text {
    text: String,
}

/// smsgate: `dataMessage`; the data are in base64.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Data {
    data: String,
    port: u16,
}

/// What the message carries, or why it cannot be sent.
///
/// SMPP 3.4 has no command_status for a data_coding that is not served (5.0 has 0x104, which 3.4 reserves); it is
/// refused with ESME_RSUBMITFAIL, which clients take for final, and not with ESME_RSYSERR, which makes them try again.
pub(crate) fn content(message: &Message, settings: &Settings) -> Result<Content, Dead> {
    let header = header(message)?;
    match text::read(DataCoding(message.data_coding), alphabet(message), header, &message.payload) {
        Ok(Body::Text(words)) => text(words),
        Ok(Body::Octets(octets)) => data(octets, port(message, header).or(settings.data_port)),
        Err(Unreadable::Malformed(error)) => Err(answer::rejected(
            CommandStatus::RINVMSGLEN,
            &format!("the text is malformed: {error}"),
        )),
        Err(error @ Unreadable::Unsupported { .. }) => Err(answer::rejected(CommandStatus::RSUBMITFAIL, &error.to_string())),
    }
}

fn alphabet(message: &Message) -> Alphabet {
    match message.alphabet {
        types::Alphabet::Gsm => Alphabet::Gsm,
        types::Alphabet::Latin1 => Alphabet::Latin1,
        types::Alphabet::Ascii => Alphabet::Ascii,
        types::Alphabet::Utf8 => Alphabet::Utf8,
    }
}

fn header(message: &Message) -> Result<Option<Udh<'_>>, Dead> {
    if message.udh.is_empty() {
        return Ok(None);
    }
    match Udh::parse(&message.udh) {
        Ok((header, _)) => Ok(Some(header)),
        Err(_) => Err(answer::rejected(
            CommandStatus::RINVESMCLASS,
            "the user data header is longer than the user data",
        )),
    }
}

fn text(text: String) -> Result<Content, Dead> {
    match text.chars().count() {
        0 => Err(answer::rejected(
            CommandStatus::RINVMSGLEN,
            "the text is empty, which the upstream does not take",
        )),
        1..=CHARACTERS_MAX => Ok(Content::Text(Text { text })),
        characters => Err(too_long("text", characters)),
    }
}

fn data(octets: &[u8], port: Option<u16>) -> Result<Content, Dead> {
    let Some(port) = port else {
        return Err(answer::rejected(
            CommandStatus::RSUBMITFAIL,
            "binary data for no port, and no data_port is set",
        ));
    };
    let data = STANDARD.encode(octets);
    match data.len() {
        0 => Err(answer::rejected(
            CommandStatus::RINVMSGLEN,
            "the data is empty, which the upstream does not take",
        )),
        1..=CHARACTERS_MAX => Ok(Content::Data(Data { data, port })),
        characters => Err(too_long("base64", characters)),
    }
}

fn too_long(what: &str, characters: usize) -> Dead {
    answer::rejected(
        CommandStatus::RINVMSGLEN,
        &format!("{characters} characters of {what} exceed {CHARACTERS_MAX}"),
    )
}

/// The application port of the destination: the header's, else destination_port (SMPP 3.4 §5.3.2.21). Port 0 is none.
fn port(message: &Message, header: Option<Udh<'_>>) -> Option<u16> {
    let in_header = header.as_ref().and_then(Udh::ports).map(|ports| ports.destination);
    let in_tlv = || {
        let tlv = message.tlvs.iter().find(|tlv| Tag(tlv.tag) == Tag::DESTINATION_PORT)?;
        Some(u16::from_be_bytes(tlv.value.as_slice().try_into().ok()?))
    };
    in_header.or_else(in_tlv).filter(|port| *port != 0)
}
