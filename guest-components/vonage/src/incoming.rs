//! From an inbound SMS to a message for an ESME: one for each part of a long one, as they come.

use std::collections::BTreeMap;

use edgebind_smpp::udh::{Concatenation, Udh};

use crate::{
    address::address,
    bindings::edgebind::message::types::{Body, Incoming, Part, PartScheme},
    hex, time,
};

/// The message and its key, which is the same when Vonage repeats itself; or why there is none.
pub(crate) fn incoming(now_ms: u64, parameters: &BTreeMap<String, String>) -> Result<(String, Incoming), &'static str> {
    let get = |name: &str| parameters.get(name).map(String::as_str);
    let id = get("messageId")
        .filter(|id| !id.is_empty())
        .ok_or("an inbound message without messageId")?;
    let source = get("msisdn").ok_or("an inbound message without msisdn")?;
    let destination = get("to").ok_or("an inbound message without to")?;
    let kind = get("type").unwrap_or("text");
    let header = get("udh")
        .map(|udh| hex::read(udh).ok_or("udh is not hexadecimal"))
        .transpose()?;
    let elements = header.as_deref().map(elements).transpose()?.unwrap_or_default();
    let body = match kind {
        "binary" => Body::Binary(hex::read(get("data").unwrap_or_default()).ok_or("data is not hexadecimal")?),
        _ => Body::Text(get("text").ok_or("an inbound message without text")?.to_owned()),
    };
    // A part whose place nobody can read is a message all the same.
    let part = match get("concat").is_some_and(|concat| concat.eq_ignore_ascii_case("true")) {
        true => numbered(get("concat-ref"), get("concat-part"), get("concat-total")),
        false => header.as_deref().and_then(in_header),
    };
    let place = part.map(|part| part.index.to_string());
    let place = place.as_deref().or_else(|| get("concat-part"));
    let key = place.map_or_else(|| id.to_owned(), |place| format!("{id}/{place}"));
    let metadata = ["keyword", "type"]
        .into_iter()
        .filter_map(|name| Some((format!("vonage.{name}"), get(name)?.to_owned())));
    Ok((
        key,
        Incoming {
            source: address(source),
            destination: address(destination),
            body,
            // In the header, with the sender's beside it.
            port: None,
            part,
            udh: elements,
            received: get("message-timestamp").and_then(time::from_timestamp).unwrap_or(now_ms),
            tlvs: Vec::new(),
            metadata: metadata.collect(),
        },
    ))
}

/// Its elements, without the length octet; those that number parts are left to the place that they name.
fn elements(header: &[u8]) -> Result<Vec<u8>, &'static str> {
    let (header, _) = Udh::parse(header).map_err(|_| "udh is shorter than it says")?;
    let kept = header.elements().filter(|element| !element.numbers_parts());
    Ok(kept
        .flat_map(|element| {
            let length = u8::try_from(element.value.len()).unwrap_or(u8::MAX);
            [&[element.id, length], element.value].concat()
        })
        .collect())
}

fn in_header(header: &[u8]) -> Option<Part> {
    let Concatenation {
        wide,
        reference,
        total,
        index,
    } = Udh::parse(header).ok()?.0.concatenation()?;
    Some(Part {
        scheme: if wide { PartScheme::Udh16 } else { PartScheme::Udh8 },
        reference,
        index,
        total,
    })
}

fn numbered(reference: Option<&str>, index: Option<&str>, total: Option<&str>) -> Option<Part> {
    let number = |text: Option<&str>| text?.trim().parse::<u8>().ok();
    let reference = reference?.trim();
    let reference = reference.parse().unwrap_or_else(|_| told_apart(reference));
    let [index, total] = [number(index)?, number(total)?];
    Some(Part {
        scheme: if reference > u16::from(u8::MAX) {
            PartScheme::Udh16
        } else {
            PartScheme::Udh8
        },
        reference,
        index,
        total,
    })
    .filter(|_| (1..=total).contains(&index))
}

/// A number for a reference that is none, or is too large: all that it has to do is to tell the messages of one sender apart.
fn told_apart(reference: &str) -> u16 {
    reference
        .bytes()
        .fold(0, |number, octet| number.wrapping_mul(31).wrapping_add(octet.into()))
}
