//! Events from the lines of a transcript.

use super::{
    super::{
        message::part,
        scene::BEGIN,
        words::{Words, hex},
    },
    frames, requests,
};
use edgebind_runtime::{
    message::{Address, Alert, Availability, Body, Delivery, Incoming, MessageState, Receipt, Tlv},
    session::{self, Answer, Event, Fate, Refusal},
};
use edgebind_smpp::{CommandId, CommandStatus};

/// The event of a line. `token` knows the token of the append or question of a number.
pub(super) fn event(line: &str, token: impl Fn(u64) -> Option<u64>) -> Result<Event, String> {
    let words = Words::of(line);
    if let Some(frame) = requests::frame(&words)? {
        return Ok(Event::Frame(frame));
    }
    let opened = || {
        let number = words.number(1)?;
        token(number).ok_or_else(|| format!("nothing with the number {number} is under way"))
    };
    Ok(match words.verb() {
        "bound" => Event::Bound(session::Bind { frame: bind(&words)? }),
        "hex" => Event::Frame(hex(&line["hex".len()..])?),
        "out-of-step" => Event::OutOfStep(hex(&line["out-of-step".len()..])?),
        "ended" => Event::Ended,
        "appended" => Event::Appended((opened()?, fate(&words)?)),
        "answered" => Event::Answered((opened()?, answer(&words)?)),
        "deliver" => Event::Deliver((words.number(1)?, delivery(&words)?)),
        "tick" => Event::Tick,
        "drain" => Event::Drain,
        verb if verb.starts_with("bind_") => Event::Frame(bind(&Words::of(&format!("bind {line}")))?),
        verb => Event::Frame(header_only(verb, &words)?),
    })
}

fn command(name: &str) -> Result<CommandId, String> {
    let mut all = (0..0x200).flat_map(|id| [CommandId(id), CommandId(id).response()]);
    all.find(|id| id.name() == Some(name))
        .ok_or_else(|| format!("{name:?} is nothing that a session is told: no event and no PDU"))
}

fn header_only(name: &str, words: &Words) -> Result<Vec<u8>, String> {
    let status = status(words.get("status").unwrap_or("0"))?;
    Ok(frames::header_only(command(name)?, CommandStatus(status), words.number(1)?))
}

/// A command_status in hex.
fn status(word: &str) -> Result<u32, String> {
    u32::from_str_radix(word.trim_start_matches("0x"), 16).map_err(|_| format!("{word:?} is no command_status in hex"))
}

fn bind(words: &Words) -> Result<Vec<u8>, String> {
    frames::bind(
        command(words.word(1))?,
        words.number(2)?,
        words.octet("version", 0x34)?,
        words.get("system_type").unwrap_or(""),
        words.get("range").unwrap_or(""),
    )
}

fn fate(words: &Words) -> Result<Result<String, Refusal>, String> {
    Ok(match words.word(2) {
        "throttled" => Err(Refusal::Throttled),
        "queue-full" => Err(Refusal::QueueFull),
        "unavailable" => Err(Refusal::Unavailable),
        "rejected" => Err(Refusal::Rejected(status(words.word(3))?)),
        id => Ok(id.to_owned()),
    })
}

fn answer(words: &Words) -> Result<Answer, String> {
    Ok(match words.word(2) {
        "done" => Answer::Done,
        "unknown" => Answer::Unknown,
        "too-late" => Answer::TooLate,
        "unavailable" => Answer::Unavailable,
        name => Answer::Fate(Fate {
            state: state(name)?,
            done: words.value::<u64>("done")?.map(|done| BEGIN.saturating_add(done)),
            error: words.value("error")?.unwrap_or(0),
        }),
    })
}

fn delivery(words: &Words) -> Result<Delivery, String> {
    let address = |name: &str, ton, npi, default: &str| Address {
        ton,
        npi,
        digits: words.get(name).unwrap_or(default).to_owned(),
    };
    let phone = address("from", words.octet("ton", 1)?, 1, "447700900000");
    let esme = address("to", 5, 0, "ACME");
    Ok(match words.word(2) {
        "receipt" => Delivery::Receipt(Receipt {
            id: words.get("id").unwrap_or("20250").to_owned(),
            source: phone,
            destination: esme,
            submitted: BEGIN - 60_000,
            done: BEGIN,
            state: state(words.get("state").unwrap_or("delivered"))?,
            final_: words.get("final") != Some("no"),
            error: words.value("error")?.unwrap_or(0),
            excerpt: words.get("excerpt").unwrap_or("").to_owned(),
            user_message_reference: words.value("reference")?,
        }),
        "alert" => Delivery::Alert(Alert {
            source: phone,
            destination: esme,
            availability: words.get("availability").map(availability).transpose()?,
        }),
        kind => {
            let repeated = words.value("times")?.unwrap_or(1);
            let value = words.get("value").unwrap_or("");
            let octets = || value.strip_prefix("x:").map_or_else(|| Ok(value.as_bytes().to_vec()), hex);
            Delivery::Incoming(Incoming {
                source: phone,
                destination: esme,
                body: match kind {
                    "text" => Body::Text(value.repeat(repeated)),
                    "binary" => Body::Binary(octets()?.repeat(repeated)),
                    kind => return Err(format!("{kind:?} cannot be delivered: text, binary, receipt and alert can")),
                },
                port: words.value("port")?,
                received: BEGIN,
                part: words.get("part").map(part).transpose()?,
                udh: words.get("udh").map(hex).transpose()?.unwrap_or_default(),
                tlvs: words.get("tlv").map(tlv).transpose()?.into_iter().collect(),
                metadata: Vec::new(),
            })
        }
    })
}

/// `0204:0102`: a tag and its value; without a tag it is one that nobody knows.
fn tlv(word: &str) -> Result<Tlv, String> {
    let (tag, value) = word.split_once(':').unwrap_or(("1401", word));
    Ok(Tlv {
        tag: u16::from_str_radix(tag, 16).map_err(|_| format!("{tag:?} is no tag in hex"))?,
        value: hex(value)?,
    })
}

fn availability(name: &str) -> Result<Availability, String> {
    Ok(match name {
        "available" => Availability::Available,
        "denied" => Availability::Denied,
        "unavailable" => Availability::Unavailable,
        name => return Err(format!("{name:?} is no availability")),
    })
}

fn state(name: &str) -> Result<MessageState, String> {
    Ok(match name {
        "enroute" => MessageState::Enroute,
        "delivered" => MessageState::Delivered,
        "expired" => MessageState::Expired,
        "deleted" => MessageState::Deleted,
        "undeliverable" => MessageState::Undeliverable,
        "accepted" => MessageState::Accepted,
        "unknown-state" => MessageState::Unknown,
        "rejected" => MessageState::Rejected,
        name => return Err(format!("{name:?} is no message state")),
    })
}
