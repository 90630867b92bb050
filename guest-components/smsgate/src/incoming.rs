//! A message that came in at a phone, as an ESME is to have it.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use crate::{
    address,
    bindings::edgebind::message::types::{Body, Incoming},
    digest,
    event::{Kind, Payload},
    settings::Settings,
};

/// The only port on which the app receives data messages; the event does not name it.
const DATA_PORT: u16 = 53_739;

/// Android writes base64 with padding or without, by a flag.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The message and its key, or what is wrong with it.
///
/// The key is made of what the phone says of the message, not of the event's id: a phone may send the same message twice under
/// two ids, and in a batch again when an inbox is read anew.
pub(crate) fn incoming(
    now_ms: u64,
    settings: &Settings,
    kind: Kind,
    device: &str,
    payload: Payload<'_>,
) -> Result<(String, Incoming), &'static str> {
    let (name, content) = match kind {
        Kind::Data => ("data", payload.content("data").ok_or("no data")?),
        Kind::Multimedia => (
            "mms",
            payload
                .text("body")
                .or(payload.text("subject"))
                .ok_or("a multimedia message without text")?,
        ),
        _ => ("sms", payload.content("message").ok_or("no message")?),
    };
    let body = match kind {
        Kind::Data => Body::Binary(octets(content)?),
        _ => Body::Text(content.to_owned()),
    };
    let sender = payload.text("sender").or(payload.text("phoneNumber")).unwrap_or_default();
    let recipient = payload
        .text("recipient")
        .or_else(|| settings.address(device, payload.sim()))
        .or(settings.own_number.as_deref())
        .unwrap_or_default();
    let message_id = payload.text("messageId").unwrap_or_default();
    let received_at = payload.text("receivedAt").unwrap_or_default();
    let key = digest::hex([device, name, message_id, received_at, sender, content]);
    let mut metadata = vec![
        ("smsgate.device".to_owned(), device.to_owned()),
        ("smsgate.message".to_owned(), message_id.to_owned()),
    ];
    if let Some(sim) = payload.sim() {
        metadata.push(("smsgate.sim".to_owned(), sim.to_string()));
    }
    if kind == Kind::Multimedia {
        metadata.push(("smsgate.attachments".to_owned(), payload.count("attachments").to_string()));
    }
    let incoming = Incoming {
        source: address::address(sender, settings.source_numbering),
        destination: address::address(recipient, settings.dest_numbering),
        body,
        port: (kind == Kind::Data).then_some(DATA_PORT),
        part: None,
        udh: Vec::new(),
        received: payload.time("receivedAt").unwrap_or(now_ms),
        tlvs: Vec::new(),
        metadata,
    };
    Ok((key, incoming))
}

/// Android writes base64 in lines or in one, by a flag as well.
fn octets(base64: &str) -> Result<Vec<u8>, &'static str> {
    let line: String = base64.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    BASE64.decode(line).map_err(|_| "data is not base64")
}
