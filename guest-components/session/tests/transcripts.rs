//! Transcripts: what a machine says to what it is told, a line an event (`>`; `+` for a further one of the same call), a line an
//! action (`<`).
//!
//! `== title` begins a machine, `settings` may follow. `given` binds without showing it. `@ ms` sets the clock, counted from the start. `swap` saves the machine and goes on with the one restored,
//! by other settings if some are named. With `UPDATE_TRANSCRIPTS=1` the actions are written anew: read what changed.

#![allow(clippy::unwrap_used, clippy::allow_attributes, reason = "a test that panics has failed")]

mod common;

use common::{START, config, frames, setting, show};
use edgebind_session::{
    Machine,
    message::{Address, Body, Delivery, Incoming, MessageState, Receipt, Setting, Tlv},
    session::{self, Event, Refusal},
};
use edgebind_smpp::{CommandId, CommandStatus, Tag, TlvList};
use std::{env, fs, path::Path};

macro_rules! transcripts {
    ($($name:ident)*) => {
        mod transcript {
            $(#[test] fn $name() { super::check(stringify!($name)); })*
        }

        mod swapped_after_every_call {
            $(#[test] fn $name() { super::check_swapped(stringify!($name)); })*
        }

        #[test]
        fn every_transcript_is_checked() {
            let mut files: Vec<String> = fs::read_dir(folder())
                .unwrap()
                .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
                .collect();
            files.sort();
            assert_eq!(files, [$(stringify!($name)),*], "tests/transcripts.rs lists them in order");
        }
    };
}

transcripts! {
    bind
    deliver
    drain
    end_of_stream
    enquire_link
    incoming
    odd_frames
    receipt
    submit_fields
    submit_parts
    submit_sm
    swap
    unbind
    windows
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/transcripts"))
}

fn check(name: &str) {
    let path = folder().join(name).with_extension("txt");
    let written = fs::read_to_string(&path).unwrap();
    let played = play(&written, false);
    if env::var_os("UPDATE_TRANSCRIPTS").is_some() {
        fs::write(&path, played).unwrap();
    } else {
        let first = written
            .lines()
            .zip(played.lines())
            .position(|(written, played)| written != played);
        let line = first.map_or(0, |place| place + 1);
        assert_eq!(written, played, "{}: line {line} is the first that differs", path.display());
    }
}

/// A machine that is saved and restored after every call says the same, but asks anew to be woken.
fn check_swapped(name: &str) {
    let written = fs::read_to_string(folder().join(name).with_extension("txt")).unwrap();
    let but_wake_at = |played: &str| -> Vec<String> {
        played
            .lines()
            .filter(|line| !line.starts_with("< wake-at"))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(but_wake_at(&play(&written, true)), but_wake_at(&written));
}

/// The transcript as the machine plays it: the same events, its own actions.
fn play(written: &str, swapped: bool) -> String {
    let mut stage = Stage::new();
    let mut played = String::new();
    let mut lines = written.lines().filter(|line| !line.starts_with('<')).peekable();
    while let Some(line) = lines.next() {
        played.push_str(line);
        played.push('\n');
        if let Some(event) = line.strip_prefix("> ").or(line.strip_prefix("+ ")) {
            stage.events.push(event_of(event));
            if lines.peek().is_none_or(|next| !next.starts_with('+')) {
                for action in stage.call() {
                    played.push_str(&format!("< {action}\n"));
                }
                if swapped {
                    stage.direct("swap");
                }
            }
        } else {
            stage.direct(line);
        }
    }
    played
}

struct Stage {
    settings: Vec<Setting>,
    machine: Option<Machine>,
    now: u64,
    events: Vec<Event>,
}

impl Stage {
    fn new() -> Self {
        Self {
            settings: Vec::new(),
            machine: None,
            now: START,
            events: Vec::new(),
        }
    }

    fn config(&self) -> session::Config {
        session::Config {
            settings: self.settings.clone(),
            ..config(&[])
        }
    }

    fn machine(&mut self) -> &mut Machine {
        let config = self.config();
        self.machine.get_or_insert_with(|| Machine::new(&config))
    }

    fn call(&mut self) -> Vec<String> {
        let (now, events) = (self.now, std::mem::take(&mut self.events));
        show::actions(&self.machine().on_events(now, events))
    }

    fn direct(&mut self, line: &str) {
        let words = Words::of(line);
        match words.verb() {
            "" | "#" => {}
            "==" => *self = Self::new(),
            "settings" => self.settings = words.pairs().map(|(name, value)| setting(name, value)).collect(),
            "@" => self.now = START + words.word(1).parse::<u64>().unwrap(),
            "given" => {
                let event = event_of(&line.replacen("given", "bound", 1));
                let now = self.now;
                self.machine().on_events(now, vec![event]);
            }
            "swap" => {
                let saved = self.machine().save();
                self.settings.extend(words.pairs().map(|(name, value)| setting(name, value)));
                self.machine = Some(Machine::restore(&self.config(), &saved).unwrap());
            }
            verb => panic!("what is {verb:?}?"),
        }
    }
}

/// A line as words; a word in quotes may hold blanks.
struct Words(Vec<String>);

impl Words {
    fn of(line: &str) -> Self {
        let mut words = vec![String::new()];
        let mut quoted = false;
        for character in line.chars() {
            match character {
                '"' => quoted = !quoted,
                ' ' if !quoted => words.push(String::new()),
                _ => words.last_mut().unwrap().push(character),
            }
        }
        Self(words)
    }

    fn verb(&self) -> &str {
        &self.0[0]
    }

    fn word(&self, place: usize) -> &str {
        self.0.get(place).map_or("", String::as_str)
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|word| word.split_once('='))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.pairs().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// A number in decimal.
    fn number<T: std::str::FromStr>(&self, place: usize) -> T {
        self.word(place)
            .parse()
            .ok()
            .unwrap_or_else(|| panic!("word {place} of {:?} is no number", self.0))
    }

    /// An octet in hex.
    fn octet(&self, name: &str, default: u8) -> u8 {
        self.get(name).map_or(default, |value| u8::from_str_radix(value, 16).unwrap())
    }
}

fn event_of(line: &str) -> Event {
    let words = Words::of(line);
    match words.verb() {
        "bound" => Event::Bound(session::Bind { frame: bind(&words) }),
        "submit_sm" => Event::Frame(submit_sm(&words)),
        "hex" => Event::Frame(hex(&line["hex".len()..])),
        "out-of-step" => Event::OutOfStep(hex(&line["out-of-step".len()..])),
        "ended" => Event::Ended,
        "appended" => Event::Appended(appended(&words)),
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
    )
}

/// Octet by octet, since a transcript may want what no type of ours can hold.
fn submit_sm(words: &Words) -> Vec<u8> {
    let mut frame = frames::header_only(CommandId::SUBMIT_SM, CommandStatus::ROK, words.number(1));
    let string = |frame: &mut Vec<u8>, name, default: &str| {
        frame.extend(words.get(name).unwrap_or(default).as_bytes());
        frame.push(0);
    };
    string(&mut frame, "service", "");
    frame.extend([words.octet("source_ton", 5), words.octet("source_npi", 0)]);
    string(&mut frame, "from", "ACME");
    frame.extend([words.octet("ton", 1), words.octet("npi", 1)]);
    string(&mut frame, "to", "447700900000");
    frame.extend(["esm", "pid", "priority"].map(|name| words.octet(name, 0)));
    string(&mut frame, "schedule", "");
    string(&mut frame, "validity", "");
    frame.extend(["registered", "replace", "dcs", "default"].map(|name| words.octet(name, 0)));
    let data = words
        .get("hex")
        .map_or_else(|| words.get("text").unwrap_or("").as_bytes().to_vec(), hex);
    frame.push(u8::try_from(data.len()).unwrap());
    frame.extend(data);
    let mut tlvs = TlvList::new();
    for (tag, value) in words.pairs() {
        if let (4, Ok(tag)) = (tag.len(), u16::from_str_radix(tag, 16)) {
            tlvs.push(Tag(tag), &hex(value)).unwrap();
        }
    }
    frame.extend(tlvs.tlvs().octets());
    let command_length = u32::try_from(frame.len()).unwrap();
    frame[..4].copy_from_slice(&command_length.to_be_bytes());
    frame
}

/// The host answers the append of this number; submit_sm of the transcripts have the sequence_number 100 more than that.
fn appended(words: &Words) -> (u64, Result<String, Refusal>) {
    let number: u64 = words.number(1);
    let token = number << 32 | (100 + number);
    let fate = match words.word(2) {
        "throttled" => Err(Refusal::Throttled),
        "queue-full" => Err(Refusal::QueueFull),
        "unavailable" => Err(Refusal::Unavailable),
        "rejected" => Err(Refusal::Rejected(u32::from_str_radix(words.word(3), 16).unwrap())),
        id => Ok(id.to_owned()),
    };
    (token, fate)
}

fn delivery(words: &Words) -> Delivery {
    let phone = Address {
        ton: 1,
        npi: 1,
        digits: words.get("from").unwrap_or("447700900000").to_owned(),
    };
    let esme = Address {
        ton: 5,
        npi: 0,
        digits: words.get("to").unwrap_or("ACME").to_owned(),
    };
    let octets = |value: &str| {
        if let Some(value) = value.strip_prefix("x:") {
            hex(value)
        } else {
            value.as_bytes().to_vec()
        }
    };
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
        kind => {
            let repeated = words.get("times").map_or(1, |times| times.parse().unwrap());
            let value = words.get("value").unwrap_or("");
            Delivery::Incoming(Incoming {
                source: phone,
                destination: esme,
                body: match kind {
                    "text" => Body::Text(value.repeat(repeated)),
                    "binary" => Body::Binary(octets(value).repeat(repeated)),
                    kind => panic!("what is {kind}?"),
                },
                port: words.get("port").map(|port| port.parse().unwrap()),
                received: START,
                tlvs: words
                    .get("tlv")
                    .map(|value| Tlv {
                        tag: 0x1401,
                        value: hex(value),
                    })
                    .into_iter()
                    .collect(),
                metadata: Vec::new(),
            })
        }
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
        "unknown" => MessageState::Unknown,
        "rejected" => MessageState::Rejected,
        name => panic!("what is {name}?"),
    }
}

fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
