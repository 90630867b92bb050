//! What a message carries, as the API takes it: text, or data for a port.
//!
//! The upstream takes text, not octets and not a header, so all that a user data header or a data_coding may ask for besides
//! (flash, message waiting, a port for text) ends here: the text still arrives. Only what would arrive as
//! something else than was sent is refused.

use base64::{Engine, engine::general_purpose::STANDARD};
use edgebind_smpp::{
    CommandStatus, Tag,
    text::{self, Charset, Coding},
    udh::Udh,
};
use serde::Serialize;

use crate::{
    answer,
    bindings::edgebind::{message::types::Message, translator::types::Dead},
    settings::Settings,
};

/// smsgate: `textMessage.text` and `dataMessage.data` have at most so many characters.
const CHARACTERS_MAX: usize = 65_535;
/// Information elements that change the GSM alphabet (3GPP 23.040 §9.2.3.24.15): national single and locking shift.
const NATIONAL_SHIFTS: [u8; 2] = [0x24, 0x25];

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
    match text::coding(message.data_coding, settings.alphabet) {
        Coding::Text(charset) => text(message, charset, header.as_ref()),
        Coding::Binary => data(message, port(message, header.as_ref()).or(settings.data_port)),
        Coding::Unsupported => Err(answer::rejected(
            CommandStatus::RSUBMITFAIL,
            &format!("data_coding {:#04x} is not served", message.data_coding),
        )),
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

fn text(message: &Message, charset: Charset, header: Option<&Udh<'_>>) -> Result<Content, Dead> {
    let shifted = header.is_some_and(|header| header.elements().any(|element| NATIONAL_SHIFTS.contains(&element.id)));
    if charset == Charset::Gsm && shifted {
        return Err(answer::rejected(
            CommandStatus::RSUBMITFAIL,
            "national language shift tables are not served",
        ));
    }
    let text = text::decode(charset, &message.payload)
        .map_err(|error| answer::rejected(CommandStatus::RINVMSGLEN, &format!("the text is malformed: {error}")))?;
    match text.chars().count() {
        0 => Err(answer::rejected(
            CommandStatus::RINVMSGLEN,
            "the text is empty, which the upstream does not take",
        )),
        1..=CHARACTERS_MAX => Ok(Content::Text(Text { text })),
        characters => Err(too_long("text", characters)),
    }
}

fn data(message: &Message, port: Option<u16>) -> Result<Content, Dead> {
    let Some(port) = port else {
        return Err(answer::rejected(
            CommandStatus::RSUBMITFAIL,
            "binary data for no port, and no data_port is set",
        ));
    };
    let data = STANDARD.encode(&message.payload);
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
fn port(message: &Message, header: Option<&Udh<'_>>) -> Option<u16> {
    let in_header = header.and_then(Udh::ports).map(|ports| ports.destination);
    let in_tlv = || {
        let tlv = message.tlvs.iter().find(|tlv| Tag(tlv.tag) == Tag::DESTINATION_PORT)?;
        Some(u16::from_be_bytes(tlv.value.as_slice().try_into().ok()?))
    };
    in_header.or_else(in_tlv).filter(|port| *port != 0)
}
