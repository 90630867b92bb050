//! Events from the lines of a transcript.

use super::{
    START, frames, requests,
    words::{Words, hex},
};
use edgebind_session::{
    message::{Address, Alert, Availability, Body, Delivery, Incoming, MessageState, Part, PartScheme, Receipt, Tlv},
    session::{self, Answer, Event, Fate, Refusal},
};
use edgebind_smpp::{CommandId, CommandStatus};

/// The event of a line. `token` knows the token of the append or question of a number.
pub(crate) fn event(line: &str, token: impl Fn(u64) -> u64) -> Event {
    let words = Words::of(line);
    if let Some(frame) = requests::frame(&words) {
        return Event::Frame(frame);
    }
    match words.verb() {
        "bound" => Event::Bound(session::Bind { frame: bind(&words) }),
        "hex" => Event::Frame(hex(&line["hex".len()..])),
        "out-of-step" => Event::OutOfStep(hex(&line["out-of-step".len()..])),
        "ended" => Event::Ended,
        "appended" => Event::Appended((token(words.number(1)), fate(&words))),
        "answered" => Event::Answered((token(words.number(1)), answer(&words))),
        "deliver" => Event::Deliver((words.number(1), delivery(&words))),
        "tick" => Event::Tick,
        "drain" => Event::Drain,
        verb if verb.starts_with("bind_") => Event::Frame(bind(&Words::of(&format!("bind {line}")))),
        verb => Event::Frame(header_only(verb, &words)),
    }
}

fn command(name: &str) -> CommandId {
    let mut all = (0..0x200).flat_map(|id| [CommandId(id), CommandId(id).response()]);
    all.find(|id| id.name() == Some(name))
        .unwrap_or_else(|| panic!("what is {name}?"))
}

fn header_only(name: &str, words: &Words) -> Vec<u8> {
    let status = words
        .get("status")
        .map_or(0, |status| u32::from_str_radix(status, 16).unwrap());
    frames::header_only(command(name), CommandStatus(status), words.number(1))
}

fn bind(words: &Words) -> Vec<u8> {
    frames::bind(
        command(words.word(1)),
        words.number(2),
        words.octet("version", 0x34),
        words.get("system_type").unwrap_or(""),
        words.get("range").unwrap_or(""),
    )
}

fn fate(words: &Words) -> Result<String, Refusal> {
    match words.word(2) {
        "throttled" => Err(Refusal::Throttled),
        "queue-full" => Err(Refusal::QueueFull),
        "unavailable" => Err(Refusal::Unavailable),
        "rejected" => Err(Refusal::Rejected(u32::from_str_radix(words.word(3), 16).unwrap())),
        id => Ok(id.to_owned()),
    }
}

fn answer(words: &Words) -> Answer {
    match words.word(2) {
        "done" => Answer::Done,
        "unknown" => Answer::Unknown,
        "too-late" => Answer::TooLate,
        "unavailable" => Answer::Unavailable,
        name => Answer::Fate(Fate {
            state: state(name),
            done: words.get("done").map(|done| START + done.parse::<u64>().unwrap()),
            error: words.get("error").map_or(0, |error| error.parse().unwrap()),
        }),
    }
}

fn delivery(words: &Words) -> Delivery {
    let address = |name: &str, ton, npi, default: &str| Address {
        ton,
        npi,
        digits: words.get(name).unwrap_or(default).to_owned(),
    };
    let phone = address("from", words.octet("ton", 1), 1, "447700900000");
    let esme = address("to", 5, 0, "ACME");
    match words.word(2) {
        "receipt" => Delivery::Receipt(Receipt {
            id: words.get("id").unwrap_or("20250").to_owned(),
            source: phone,
            destination: esme,
            submitted: START - 60_000,
            done: START,
            state: state(words.get("state").unwrap_or("delivered")),
            final_: words.get("final") != Some("no"),
            error: words.get("error").map_or(0, |error| error.parse().unwrap()),
            excerpt: words.get("excerpt").unwrap_or("").to_owned(),
            user_message_reference: words.get("reference").map(|reference| reference.parse().unwrap()),
        }),
        "alert" => Delivery::Alert(Alert {
            source: phone,
            destination: esme,
            availability: words.get("availability").map(availability),
        }),
        kind => {
            let repeated = words.get("times").map_or(1, |times| times.parse().unwrap());
            let value = words.get("value").unwrap_or("");
            let octets = || value.strip_prefix("x:").map_or_else(|| value.as_bytes().to_vec(), hex);
            Delivery::Incoming(Incoming {
                source: phone,
                destination: esme,
                body: match kind {
                    "text" => Body::Text(value.repeat(repeated)),
                    "binary" => Body::Binary(octets().repeat(repeated)),
                    kind => panic!("what is {kind}?"),
                },
                port: words.get("port").map(|port| port.parse().unwrap()),
                part: words.get("part").map(part),
                udh: words.get("udh").map_or_else(Vec::new, hex),
                received: START,
                tlvs: words
                    .get("tlv")
                    .map(|tlv| {
                        let (tag, value) = tlv.split_once(':').unwrap_or(("1401", tlv));
                        Tlv {
                            tag: u16::from_str_radix(tag, 16).unwrap(),
                            value: hex(value),
                        }
                    })
                    .into_iter()
                    .collect(),
                metadata: Vec::new(),
            })
        }
    }
}

/// `udh8:300:2/3`: reference 300 in a scheme of that width, the second of three.
fn part(text: &str) -> Part {
    let (scheme, numbers) = text.split_once(':').unwrap();
    let numbers: Vec<u16> = numbers.split([':', '/']).map(|number| number.parse().unwrap()).collect();
    Part {
        scheme: match scheme {
            "udh8" => PartScheme::Udh8,
            "udh16" => PartScheme::Udh16,
            scheme => panic!("what is {scheme}?"),
        },
        reference: numbers[0],
        index: u8::try_from(numbers[1]).unwrap(),
        total: u8::try_from(numbers[2]).unwrap(),
    }
}

fn availability(name: &str) -> Availability {
    match name {
        "available" => Availability::Available,
        "denied" => Availability::Denied,
        "unavailable" => Availability::Unavailable,
        name => panic!("what is {name}?"),
    }
}

fn state(name: &str) -> MessageState {
    match name {
        "enroute" => MessageState::Enroute,
        "delivered" => MessageState::Delivered,
        "expired" => MessageState::Expired,
        "deleted" => MessageState::Deleted,
        "undeliverable" => MessageState::Undeliverable,
        "accepted" => MessageState::Accepted,
        "unknown-state" => MessageState::Unknown,
        "rejected" => MessageState::Rejected,
        name => panic!("what is {name}?"),
    }
}
