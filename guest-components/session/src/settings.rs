//! What a release and its accounts may say about a session: the table of settings, read once.

use crate::{limits::WINDOW_OUT_MAX, message::Setting, peer::Kind};
use edgebind_smpp::text::Alphabet;

/// What is wrong with these settings, a sentence for each mistake; empty if nothing is.
pub fn check(settings: &[Setting]) -> Vec<String> {
    Settings::read(settings).1
}

/// How an incoming message goes that is longer than one short message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LongIncoming {
    /// In parts with a user data header: every client and every phone knows it.
    #[default]
    Udh,
    /// In parts with sar_* parameters.
    Sar,
    /// In one PDU, as message_payload.
    Payload,
}

impl LongIncoming {
    const ALL: [Self; 3] = [Self::Udh, Self::Sar, Self::Payload];

    const fn name(self) -> &'static str {
        match self {
            Self::Udh => "udh",
            Self::Sar => "sar",
            Self::Payload => "payload",
        }
    }
}

/// The settings of one session.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    /// Who answers a bind.
    pub(crate) system_id: String,
    /// The binds that are taken.
    pub(crate) bind_types: Vec<Kind>,
    /// The only system_type that is taken, unless it is empty.
    pub(crate) system_type: String,
    /// What the peer writes and reads as data_coding 0.
    pub(crate) alphabet: Alphabet,
    /// Whether receipts repeat the beginning of the text.
    pub(crate) receipt_text: bool,
    pub(crate) long_incoming: LongIncoming,
    /// Unanswered submit_sm that are taken; 0 for as many as the host takes.
    pub(crate) window_in: u32,
    /// Unanswered deliver_sm.
    pub(crate) window_out: u32,
    /// Quiet time before our enquire_link; 0 for never.
    pub(crate) enquire_link_ms: u64,
    /// Quiet time after it before the bind is given up.
    pub(crate) enquire_timeout_ms: u64,
    /// Time without a message before our unbind; 0 for never.
    pub(crate) inactivity_ms: u64,
    /// Time for a deliver_sm_resp.
    pub(crate) response_timeout_ms: u64,
    /// Times in a row that deliver_sm may go unanswered before the bind is given up; 0 for any number.
    pub(crate) unanswered_max: u32,
    /// How soon a delivery is tried again that the peer could not take.
    pub(crate) retry_deliver_ms: u64,
    /// Time for an unbind_resp.
    pub(crate) unbind_timeout_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            system_id: "EDGEBIND".to_owned(),
            bind_types: Kind::ALL.to_vec(),
            system_type: String::new(),
            alphabet: Alphabet::Gsm,
            receipt_text: true,
            long_incoming: LongIncoming::Udh,
            window_in: 0,
            window_out: 10,
            enquire_link_ms: 30_000,
            enquire_timeout_ms: 30_000,
            inactivity_ms: 0,
            response_timeout_ms: 30_000,
            unanswered_max: 3,
            retry_deliver_ms: 5_000,
            unbind_timeout_ms: 5_000,
        }
    }
}

/// Every setting: its name and where its value goes. The error is the rest of a sentence that begins with the name.
const TABLE: [(&str, Read); 15] = [
    ("system_id", |to, value| octets(value, 15).map(|read| to.system_id = read)),
    ("bind_types", |to, value| bind_types(value).map(|read| to.bind_types = read)),
    ("system_type", |to, value| octets(value, 12).map(|read| to.system_type = read)),
    ("alphabet", |to, value| {
        one_of(value, &ALPHABETS, Alphabet::name).map(|read| to.alphabet = read)
    }),
    ("receipt_text", |to, value| {
        one_of(value, &[true, false], yes_or_no).map(|read| to.receipt_text = read)
    }),
    ("long_incoming", |to, value| {
        one_of(value, &LongIncoming::ALL, LongIncoming::name).map(|read| to.long_incoming = read)
    }),
    ("window_in", |to, value| {
        number(value, 0, u32::MAX).map(|read| to.window_in = read)
    }),
    ("window_out", |to, value| {
        number(value, 1, WINDOW_OUT_MAX).map(|read| to.window_out = read)
    }),
    ("enquire_link", |to, value| {
        duration_or_off(value).map(|read| to.enquire_link_ms = read)
    }),
    ("enquire_timeout", |to, value| {
        duration(value).map(|read| to.enquire_timeout_ms = read)
    }),
    ("inactivity", |to, value| {
        duration_or_off(value).map(|read| to.inactivity_ms = read)
    }),
    ("response_timeout", |to, value| {
        duration(value).map(|read| to.response_timeout_ms = read)
    }),
    ("unanswered_max", |to, value| {
        number(value, 0, u32::MAX).map(|read| to.unanswered_max = read)
    }),
    ("retry_deliver_ms", |to, value| {
        number(value, 0, u32::MAX).map(|read| to.retry_deliver_ms = read.into())
    }),
    ("unbind_timeout", |to, value| {
        duration(value).map(|read| to.unbind_timeout_ms = read)
    }),
];

type Read = fn(&mut Settings, &str) -> Result<(), String>;

const ALPHABETS: [Alphabet; 4] = [Alphabet::Gsm, Alphabet::Latin1, Alphabet::Ascii, Alphabet::Utf8];

impl Settings {
    /// What can be read, and a sentence for each mistake. Of two settings of one name the later wins.
    pub(crate) fn read(settings: &[Setting]) -> (Self, Vec<String>) {
        let mut read = Self::default();
        let mut mistakes = Vec::new();
        for (name, value) in settings {
            match TABLE.iter().find(|(known, _)| known == name) {
                Some((_, set)) => mistakes.extend(set(&mut read, value).err().map(|mistake| format!("{name} {mistake}"))),
                None => {
                    let known = TABLE.map(|(known, _)| known).join(", ");
                    mistakes.push(format!("{name:?} is no setting of this session; it knows {known}"));
                }
            }
        }
        (read, mistakes)
    }
}

fn octets(value: &str, max: usize) -> Result<String, String> {
    if value.len() <= max && value.chars().all(|character| character.is_ascii_graphic()) {
        Ok(value.to_owned())
    } else {
        Err(format!(
            "{value:?} is not up to {max} printable ASCII characters without a blank"
        ))
    }
}

fn bind_types(value: &str) -> Result<Vec<Kind>, String> {
    value
        .split(',')
        .map(|name| one_of(name.trim(), &Kind::ALL, Kind::name))
        .collect()
}

fn one_of<T: Copy>(value: &str, known: &[T], name: impl Fn(T) -> &'static str) -> Result<T, String> {
    known.iter().copied().find(|&known| name(known) == value).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|&known| name(known)).collect();
        format!("{value:?} is none of {}", names.join(", "))
    })
}

fn yes_or_no(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

fn number(value: &str, min: u32, max: u32) -> Result<u32, String> {
    value
        .parse()
        .ok()
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| format!("{value:?} is no number from {min} to {max}"))
}

fn duration(value: &str) -> Result<u64, String> {
    duration_or_off(value).and_then(|ms| {
        if ms > 0 {
            Ok(ms)
        } else {
            Err(format!("{value:?} is not more than 0"))
        }
    })
}

/// Milliseconds of `500ms`, `30s`, `5m`, `1h`, or of a bare number of seconds.
fn duration_or_off(value: &str) -> Result<u64, String> {
    let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("", 1_000)];
    units
        .into_iter()
        .find_map(|(unit, ms)| {
            value
                .strip_suffix(unit)?
                .parse::<u32>()
                .ok()
                .map(|count| u64::from(count) * ms)
        })
        .ok_or_else(|| format!("{value:?} is no time such as 30, 30s, 500ms, 5m or 1h"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(settings: &[(&str, &str)]) -> Vec<Setting> {
        settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn every_setting_is_read() {
        let (read, mistakes) = Settings::read(&settings(&[
            ("system_id", "SMSC"),
            ("bind_types", "tx, trx"),
            ("system_type", "VMA"),
            ("alphabet", "latin1"),
            ("receipt_text", "false"),
            ("long_incoming", "sar"),
            ("window_in", "50"),
            ("window_out", "1000"),
            ("enquire_link", "0"),
            ("enquire_timeout", "90"),
            ("inactivity", "5m"),
            ("response_timeout", "1500ms"),
            ("unanswered_max", "0"),
            ("retry_deliver_ms", "100"),
            ("unbind_timeout", "1h"),
        ]));
        assert_eq!(mistakes, Vec::<String>::new());
        let expected = Settings {
            system_id: "SMSC".to_owned(),
            bind_types: vec![Kind::Transmitter, Kind::Transceiver],
            system_type: "VMA".to_owned(),
            alphabet: Alphabet::Latin1,
            receipt_text: false,
            long_incoming: LongIncoming::Sar,
            window_in: 50,
            window_out: 1000,
            enquire_link_ms: 0,
            enquire_timeout_ms: 90_000,
            inactivity_ms: 300_000,
            response_timeout_ms: 1_500,
            unanswered_max: 0,
            retry_deliver_ms: 100,
            unbind_timeout_ms: 3_600_000,
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn the_later_one_wins() {
        let (read, _) = Settings::read(&settings(&[("window_out", "1"), ("window_out", "2")]));
        assert_eq!(read.window_out, 2);
    }

    #[test]
    fn a_sentence_for_each_mistake() {
        let mistakes = check(&settings(&[
            ("system_id", "SIXTEEN-OCTETS-X"),
            ("bind_types", "tx,rtx"),
            ("alphabet", "GSM"),
            ("window_out", "1001"),
            ("window_out", "0"),
            ("enquire_link", "soon"),
            ("response_timeout", "0"),
            ("retry_deliver_ms", "-1"),
            ("window", "10"),
        ]));
        let expected = [
            r#"system_id "SIXTEEN-OCTETS-X" is not up to 15 printable ASCII characters without a blank"#,
            r#"bind_types "rtx" is none of tx, rx, trx"#,
            r#"alphabet "GSM" is none of gsm, latin1, ascii, utf8"#,
            r#"window_out "1001" is no number from 1 to 1000"#,
            r#"window_out "0" is no number from 1 to 1000"#,
            r#"enquire_link "soon" is no time such as 30, 30s, 500ms, 5m or 1h"#,
            r#"response_timeout "0" is not more than 0"#,
            r#"retry_deliver_ms "-1" is no number from 0 to 4294967295"#,
        ];
        assert_eq!(mistakes[..8], expected);
        assert!(mistakes[8].starts_with(r#""window" is no setting of this session; it knows system_id, bind_types"#));
    }
}
