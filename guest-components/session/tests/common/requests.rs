//! Requests of an ESME from the words of a transcript: octet by octet, since a transcript may want what no type of ours can hold.

use super::{
    frames,
    words::{Words, hex},
};
use edgebind_smpp::{CommandId, CommandStatus, Tag, TlvList};

/// The frame of these words, if their verb is one of these requests.
pub(crate) fn frame(words: &Words) -> Option<Vec<u8>> {
    let frame = match words.verb() {
        "submit_sm" => {
            let mut frame = Frame::of(CommandId::SUBMIT_SM, words);
            frame.string("service", "");
            frame.source();
            frame.destination();
            frame.octets(["esm", "pid", "priority"]);
            frame.times();
            frame.octets(["registered", "replace", "dcs", "default"]);
            frame.short_message();
            frame.tlvs(None)
        }
        "submit_multi" => {
            let mut frame = Frame::of(CommandId::SUBMIT_MULTI, words);
            frame.string("service", "");
            frame.source();
            frame.destinations();
            frame.octets(["esm", "pid", "priority"]);
            frame.times();
            frame.octets(["registered", "replace", "dcs", "default"]);
            frame.short_message();
            frame.tlvs(None)
        }
        "data_sm" => {
            let mut frame = Frame::of(CommandId::DATA_SM, words);
            frame.string("service", "");
            frame.source();
            frame.destination();
            frame.octets(["esm", "registered", "dcs"]);
            let data = (words.get("text").is_some() || words.get("hex").is_some()).then(|| frame.data());
            frame.tlvs(data)
        }
        "query_sm" => {
            let mut frame = Frame::of(CommandId::QUERY_SM, words);
            frame.string("id", "");
            frame.source();
            frame
        }
        "cancel_sm" => {
            let mut frame = Frame::of(CommandId::CANCEL_SM, words);
            frame.string("service", "");
            frame.string("id", "");
            frame.source();
            frame.destination();
            frame
        }
        "replace_sm" => {
            let mut frame = Frame::of(CommandId::REPLACE_SM, words);
            frame.string("id", "");
            frame.source();
            frame.times();
            frame.octets(["registered", "default"]);
            frame.short_message();
            frame
        }
        _ => return None,
    };
    Some(frame.finished())
}

struct Frame<'a> {
    words: &'a Words,
    octets: Vec<u8>,
}

impl<'a> Frame<'a> {
    fn of(command_id: CommandId, words: &'a Words) -> Self {
        let octets = frames::header_only(command_id, CommandStatus::ROK, words.number(1));
        Self { words, octets }
    }

    fn string(&mut self, name: &str, default: &str) {
        self.octets.extend(self.words.get(name).unwrap_or(default).as_bytes());
        self.octets.push(0);
    }

    fn octets<const N: usize>(&mut self, names: [&str; N]) {
        self.octets.extend(names.map(|name| self.words.octet(name, 0)));
    }

    fn source(&mut self) {
        let words = self.words;
        self.octets
            .extend([words.octet("source_ton", 5), words.octet("source_npi", 0)]);
        self.string("from", "ACME");
    }

    fn destination(&mut self) {
        let words = self.words;
        self.octets.extend([words.octet("ton", 1), words.octet("npi", 1)]);
        self.string("to", "447700900000");
    }

    /// `to=447700900001,nobody*2,@staff`: numbers, perhaps several times, and the name of a list.
    fn destinations(&mut self) {
        let written = self.words.get("to").unwrap_or("447700900000").split(',');
        let destinations: Vec<&str> = written
            .flat_map(|one| match one.split_once('*') {
                Some((one, times)) => vec![one; times.parse().unwrap()],
                None => vec![one],
            })
            .collect();
        let count = u8::try_from(destinations.len()).unwrap();
        self.octets.push(self.words.octet("count", count));
        for destination in destinations {
            if let Some(list) = destination.strip_prefix('@') {
                self.octets.push(2);
                self.octets.extend(list.as_bytes());
            } else {
                self.octets
                    .extend([1, self.words.octet("ton", 1), self.words.octet("npi", 1)]);
                self.octets.extend(destination.as_bytes());
            }
            self.octets.push(0);
        }
    }

    fn times(&mut self) {
        self.string("schedule", "");
        self.string("validity", "");
    }

    fn data(&self) -> Vec<u8> {
        let text = || self.words.get("text").unwrap_or("").as_bytes().to_vec();
        self.words.get("hex").map_or_else(text, hex)
    }

    fn short_message(&mut self) {
        let data = self.data();
        self.octets.push(u8::try_from(data.len()).unwrap());
        self.octets.extend(data);
    }

    /// `0424=4869`: a tag and its value.
    fn tlvs(mut self, payload: Option<Vec<u8>>) -> Self {
        let mut tlvs = TlvList::new();
        if let Some(payload) = payload {
            tlvs.push(Tag::MESSAGE_PAYLOAD, &payload).unwrap();
        }
        for (tag, value) in self.words.pairs() {
            if let (4, Ok(tag)) = (tag.len(), u16::from_str_radix(tag, 16)) {
                tlvs.push(Tag(tag), &hex(value)).unwrap();
            }
        }
        self.octets.extend(tlvs.tlvs().octets());
        self
    }

    fn finished(mut self) -> Vec<u8> {
        let command_length = u32::try_from(self.octets.len()).unwrap();
        self.octets[..4].copy_from_slice(&command_length.to_be_bytes());
        self.octets
    }
}
