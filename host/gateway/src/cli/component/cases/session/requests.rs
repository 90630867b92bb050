//! Requests of an ESME from the words of a case: octet by octet, since a case may want what no type of ours can hold.

use super::{
    super::words::{Words, hex, number},
    frames,
};
use edgebind_smpp::{CommandId, CommandStatus, Tag, TlvList};

/// The frame of these words, if their verb is one of these requests.
pub(super) fn frame(words: &Words) -> Result<Option<Vec<u8>>, String> {
    let frame = match words.verb() {
        "submit_sm" => {
            let mut frame = Frame::of(CommandId::SUBMIT_SM, words)?;
            frame.string("service", "");
            frame.source()?;
            frame.destination()?;
            frame.octets(["esm", "pid", "priority"])?;
            frame.times();
            frame.octets(["registered", "replace", "dcs", "default"])?;
            frame.short_message()?;
            frame.tlvs(None)?
        }
        "submit_multi" => {
            let mut frame = Frame::of(CommandId::SUBMIT_MULTI, words)?;
            frame.string("service", "");
            frame.source()?;
            frame.destinations()?;
            frame.octets(["esm", "pid", "priority"])?;
            frame.times();
            frame.octets(["registered", "replace", "dcs", "default"])?;
            frame.short_message()?;
            frame.tlvs(None)?
        }
        "data_sm" => {
            let mut frame = Frame::of(CommandId::DATA_SM, words)?;
            frame.string("service", "");
            frame.source()?;
            frame.destination()?;
            frame.octets(["esm", "registered", "dcs"])?;
            let data = (words.get("text").is_some() || words.get("hex").is_some())
                .then(|| frame.data())
                .transpose()?;
            frame.tlvs(data)?
        }
        "query_sm" => {
            let mut frame = Frame::of(CommandId::QUERY_SM, words)?;
            frame.string("id", "");
            frame.source()?;
            frame
        }
        "cancel_sm" => {
            let mut frame = Frame::of(CommandId::CANCEL_SM, words)?;
            frame.string("service", "");
            frame.string("id", "");
            frame.source()?;
            frame.destination()?;
            frame
        }
        "replace_sm" => {
            let mut frame = Frame::of(CommandId::REPLACE_SM, words)?;
            frame.string("id", "");
            frame.source()?;
            frame.times();
            frame.octets(["registered", "default"])?;
            frame.short_message()?;
            frame
        }
        _ => return Ok(None),
    };
    frame.finished().map(Some)
}

struct Frame<'a> {
    words: &'a Words,
    octets: Vec<u8>,
}

impl<'a> Frame<'a> {
    fn of(command_id: CommandId, words: &'a Words) -> Result<Self, String> {
        let octets = frames::header_only(command_id, CommandStatus::ROK, words.number(1)?);
        Ok(Self { words, octets })
    }

    fn string(&mut self, name: &str, default: &str) {
        self.octets.extend(self.words.get(name).unwrap_or(default).as_bytes());
        self.octets.push(0);
    }

    fn octets<const N: usize>(&mut self, names: [&str; N]) -> Result<(), String> {
        for name in names {
            self.octets.push(self.words.octet(name, 0)?);
        }
        Ok(())
    }

    fn source(&mut self) -> Result<(), String> {
        let words = self.words;
        self.octets
            .extend([words.octet("source_ton", 5)?, words.octet("source_npi", 0)?]);
        self.string("from", "ACME");
        Ok(())
    }

    fn destination(&mut self) -> Result<(), String> {
        let words = self.words;
        self.octets.extend([words.octet("ton", 1)?, words.octet("npi", 1)?]);
        self.string("to", "447700900000");
        Ok(())
    }

    /// `to=447700900001,nobody*2,@staff`: numbers, perhaps several times, and the name of a list.
    fn destinations(&mut self) -> Result<(), String> {
        let written = self.words.get("to").unwrap_or("447700900000").split(',');
        let mut destinations = Vec::new();
        for one in written {
            let (one, times) = one.split_once('*').unwrap_or((one, "1"));
            destinations.extend(vec![one; number(times)?]);
        }
        let count = u8::try_from(destinations.len()).map_err(|_| format!("{} destinations are too many", destinations.len()))?;
        self.octets.push(self.words.octet("count", count)?);
        for destination in destinations {
            if let Some(list) = destination.strip_prefix('@') {
                self.octets.push(2);
                self.octets.extend(list.as_bytes());
            } else {
                self.octets
                    .extend([1, self.words.octet("ton", 1)?, self.words.octet("npi", 1)?]);
                self.octets.extend(destination.as_bytes());
            }
            self.octets.push(0);
        }
        Ok(())
    }

    fn times(&mut self) {
        self.string("schedule", "");
        self.string("validity", "");
    }

    fn data(&self) -> Result<Vec<u8>, String> {
        let text = || Ok(self.words.get("text").unwrap_or("").as_bytes().to_vec());
        self.words.get("hex").map_or_else(text, hex)
    }

    fn short_message(&mut self) -> Result<(), String> {
        let data = self.data()?;
        let length = u8::try_from(data.len()).map_err(|_| format!("{} octets are no short_message", data.len()))?;
        self.octets.push(length);
        self.octets.extend(data);
        Ok(())
    }

    /// `0424=4869`: a tag and its value.
    fn tlvs(mut self, payload: Option<Vec<u8>>) -> Result<Self, String> {
        let wrong = |error| format!("a parameter cannot be written: {error}");
        let mut tlvs = TlvList::new();
        if let Some(payload) = payload {
            tlvs.push(Tag::MESSAGE_PAYLOAD, &payload).map_err(wrong)?;
        }
        for (tag, value) in self.words.pairs() {
            if let (4, Ok(tag)) = (tag.len(), u16::from_str_radix(tag, 16)) {
                tlvs.push(Tag(tag), &hex(value)?).map_err(wrong)?;
            }
        }
        self.octets.extend(tlvs.tlvs().octets());
        Ok(self)
    }

    fn finished(mut self) -> Result<Vec<u8>, String> {
        let command_length = u32::try_from(self.octets.len()).map_err(|_| "the PDU is too long".to_owned())?;
        self.octets[..4].copy_from_slice(&command_length.to_be_bytes());
        Ok(self.octets)
    }
}
