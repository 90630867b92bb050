//! What templates can say of a message.

use crate::bindings::edgebind::{
    message::types::{self, Address, Message},
    translator::types::{Context, Dead},
};
use crate::verdict::rejected;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use edgebind_smpp::{
    CommandStatus, DataCoding,
    text::{self, Alphabet, Body, Unreadable},
    udh::Udh,
};
use std::fmt::Write as _;

/// Every name that a template of a request may use.
pub(crate) const NAMES: &[&str] = &[
    "destination",
    "source",
    "text",
    "data_hex",
    "data_base64",
    "udh_hex",
    "key",
    "ttl_s",
    "ttl_ms",
    "receipt",
    "service_type",
    "webhook_url",
    "tenant",
    "account",
];

/// Those of them that are numbers, or true and false: in JSON they are written without quotes where they stand alone.
pub(crate) const BARE: &[&str] = &["ttl_s", "ttl_ms", "receipt"];

/// Those that carry what the message says. A template that uses none of what a message has would send something else.
const CONTENT: [&str; 3] = ["text", "data_hex", "data_base64"];

/// How phone numbers are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Numbers {
    /// `447700900123`
    Digits,
    /// `+447700900123`
    Plus,
    /// As the ESME wrote them.
    AsIs,
}

/// Fewer digits are a short code, which is written as it is.
const PHONE_NUMBER_DIGITS_MIN: usize = 7;
const ALPHANUMERIC: u8 = 5;

/// One message, in the words of templates.
pub(crate) struct Words<'a> {
    ctx: &'a Context,
    message: &'a Message,
    body: Body<'a>,
    numbers: Numbers,
}

impl<'a> Words<'a> {
    /// Dead where nobody can read what the message carries.
    pub(crate) fn new(ctx: &'a Context, message: &'a Message, numbers: Numbers) -> Result<Self, Dead> {
        let udh = match message.udh.is_empty() {
            true => None,
            false => match Udh::parse(&message.udh) {
                Ok((udh, _)) => Some(udh),
                Err(_) => {
                    return Err(rejected(
                        CommandStatus::RINVESMCLASS,
                        "the user data header is longer than the user data",
                    ));
                }
            },
        };
        let body = text::read(DataCoding(message.data_coding), alphabet(message), udh, &message.payload);
        let body = body.map_err(|error| match error {
            Unreadable::Malformed(error) => rejected(CommandStatus::RINVMSGLEN, &format!("the text is malformed: {error}")),
            Unreadable::Unsupported { .. } => rejected(CommandStatus::RSUBMITFAIL, &error.to_string()),
        })?;
        if message.destination.digits.is_empty() {
            return Err(rejected(CommandStatus::RINVDSTADR, "no destination address"));
        }
        Ok(Self {
            ctx,
            message,
            body,
            numbers,
        })
    }

    /// Whether a request that mentions these names says what the message does.
    pub(crate) fn are_said_by(&self, mut names: impl Iterator<Item = &'static str>) -> bool {
        names.any(|name| CONTENT.contains(&name) && self.word(name).is_some())
    }

    /// What the name stands for; none where the message has nothing of the kind.
    pub(crate) fn word(&self, name: &str) -> Option<String> {
        let (ctx, message) = (self.ctx, self.message);
        let octets = match &self.body {
            Body::Octets(octets) => Some(*octets),
            Body::Text(_) => None,
        };
        let ttl = message.validity.map(|until| until.saturating_sub(ctx.now).max(1));
        let receipts = &message.receipts;
        match name {
            "destination" => Some(self.number(&message.destination)),
            "source" => Some(self.number(&message.source)).filter(|source| !source.is_empty()),
            "text" => match &self.body {
                Body::Text(text) => Some(text.clone()),
                Body::Octets(_) => None,
            },
            "data_hex" => octets.map(hex),
            "data_base64" => octets.map(|octets| STANDARD.encode(octets)),
            "udh_hex" => (!message.udh.is_empty()).then(|| hex(&message.udh)),
            "key" => Some(ctx.key.clone()),
            "ttl_s" => ttl.map(|ms| ms.div_ceil(1000).to_string()),
            "ttl_ms" => ttl.map(|ms| ms.to_string()),
            "receipt" => Some((receipts.success || receipts.failure || receipts.intermediate).to_string()),
            "service_type" => Some(message.service_type.clone()).filter(|text| !text.is_empty()),
            "webhook_url" => ctx.webhook_url.clone(),
            "tenant" => Some(ctx.tenant.clone()),
            "account" => Some(ctx.account.clone()),
            _ => None,
        }
    }

    /// A number that another message hardly has: FNV-1a of what is sent, and of its key.
    pub(crate) fn digest(&self) -> u64 {
        let octets = self.ctx.key.bytes().chain(self.message.payload.iter().copied());
        octets.fold(0xcbf2_9ce4_8422_2325, |digest, octet| {
            (digest ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)
        })
    }

    fn number(&self, address: &Address) -> String {
        let written = address.digits.trim();
        let digits: String = written.chars().filter(char::is_ascii_digit).collect();
        let is_number = written.chars().all(|c| c.is_ascii_digit() || "+-. ()".contains(c));
        if self.numbers == Numbers::AsIs || address.ton == ALPHANUMERIC || !is_number || digits.len() < PHONE_NUMBER_DIGITS_MIN {
            return written.to_owned();
        }
        let digits = digits.strip_prefix("00").unwrap_or(&digits);
        match self.numbers {
            Numbers::Plus => format!("+{digits}"),
            _ => digits.to_owned(),
        }
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

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        // A String takes whatever is written to it.
        let _ = write!(text, "{octet:02x}");
        text
    })
}
