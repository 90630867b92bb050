//! Receipts as the receivers of the field read them. Each reader here is one receiver's own rule, and takes nothing that it refuses.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use proptest::prelude::*;
use regex_lite::Regex;

use super::Receipt;
use crate::MessageState;

/// What a receiver made of a receipt.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    id: String,
    stat: String,
    error: String,
    /// Submitted and done, unless the receiver does not look.
    dates: Option<[String; 2]>,
    /// What follows `text:`, unless the receiver does not look.
    text: Option<String>,
}

/// `sscanf` as far as Kannel needs it.
struct Scanner<'a>(&'a str);

impl<'a> Scanner<'a> {
    /// Characters of a format: a blank stands for any number of blanks.
    fn literal(&mut self, format: &str) -> Option<()> {
        for character in format.chars() {
            self.0 = match character {
                ' ' => self.0.trim_start(),
                _ => self.0.strip_prefix(character)?,
            };
        }
        Some(())
    }

    /// `%max[...]`: at least one character, at most `max`.
    fn set(&mut self, max: usize, is_in: fn(char) -> bool) -> Option<String> {
        let set: String = self.0.chars().take(max).take_while(|&character| is_in(character)).collect();
        self.0 = &self.0[set.len()..];
        (!set.is_empty()).then_some(set)
    }

    /// `%d`.
    fn number(&mut self) -> Option<i32> {
        self.0 = self.0.trim_start();
        self.set(11, |character| character.is_ascii_digit() || character == '-')?
            .parse()
            .ok()
    }
}

/// Kannel: all seven fields, in order, by `sscanf`. The id is cut at 64 characters, err at 3.
fn kannel(receipt: &str) -> Option<Seen> {
    let not_blank: fn(char) -> bool = |character| character != ' ';
    let digit: fn(char) -> bool = |character| character.is_ascii_digit();
    let mut rest = Scanner(receipt);
    rest.literal("id:")?;
    let id = rest.set(64, not_blank)?;
    rest.literal(" sub:")?;
    rest.number()?;
    rest.literal(" dlvrd:")?;
    rest.number()?;
    rest.literal(" submit date:")?;
    let submitted = rest.set(14, digit)?;
    rest.literal(" done date:")?;
    let done = rest.set(14, digit)?;
    rest.literal(" stat:")?;
    let stat = rest.set(15, not_blank)?;
    rest.literal(" err:")?;
    let error = rest.set(3, not_blank)?;
    Some(Seen {
        id,
        stat,
        error,
        dates: Some([submitted, done]),
        text: None,
    })
}

/// php-smpp: one regular expression over the whole, in any case.
fn php_smpp(receipt: &str) -> Option<Seen> {
    let whole = Regex::new(
        r"(?is)^id:([^ ]+)\ssub:\d{1,3}\sdlvrd:\d{3}\ssubmit\sdate:(\d{10,12})\sdone\sdate:(\d{10,12})\sstat:([A-Z]{7})\serr:(\d{2,3})\stext:(.*)$",
    );
    let fields = whole.unwrap().captures(receipt)?;
    let field = |index: usize| fields[index].to_string();
    Some(Seen {
        id: field(1),
        stat: field(4),
        error: field(5),
        dates: Some([field(2), field(3)]),
        text: Some(field(6)),
    })
}

/// What stands between the first `name:` and the next blank.
fn field(receipt: &str, name: &str) -> Option<String> {
    let at = receipt.find(&format!("{name}:"))? + name.len() + 1;
    receipt[at..].split(' ').next().map(String::from)
}

/// The eight words that a state may be.
const STATS: [&str; 8] = [
    "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD", "ENROUTE",
];

/// Whether the first ten digits are a minute of the calendar.
fn is_date(date: &str) -> bool {
    let numbers: Option<Vec<u8>> = (0..5).map(|pair| date.get(pair * 2..pair * 2 + 2)?.parse().ok()).collect();
    matches!(numbers.as_deref(), Some([_, 1..=12, 1..=31, 0..=23, 0..=59]))
}

/// Cloudhopper: any order and case, but every field there, dates of 10, 12 or 14 digits, err of at most three.
fn cloudhopper(receipt: &str) -> Option<Seen> {
    let lower = receipt.to_ascii_lowercase();
    let text_at = lower.find("text:")? + "text:".len();
    field(&lower, "sub")?.parse::<u32>().ok()?;
    field(&lower, "dlvrd")?.parse::<u32>().ok()?;
    let dates = [field(&lower, "submit date")?, field(&lower, "done date")?];
    if !dates.iter().all(|date| [10, 12, 14].contains(&date.len()) && is_date(date)) {
        return None;
    }
    let stat = field(&lower, "stat")?.to_ascii_uppercase();
    let error = field(&lower, "err")?;
    (STATS.contains(&stat.as_str()) && error.len() <= 3).then_some(Seen {
        id: field(&lower, "id")?,
        stat,
        error,
        dates: Some(dates),
        text: Some(receipt[text_at..].into()),
    })
}

/// jSMPP: every field by its name as it is written, dates of ten digits or more, one of eight states to the letter.
fn jsmpp(receipt: &str) -> Option<Seen> {
    field(receipt, "sub")?.parse::<i32>().ok()?;
    field(receipt, "dlvrd")?.parse::<i32>().ok()?;
    let dates = [field(receipt, "submit date")?, field(receipt, "done date")?];
    let stat = field(receipt, "stat")?;
    if !dates.iter().all(|date| is_date(date)) || !STATS.contains(&stat.as_str()) {
        return None;
    }
    let text_at = receipt.find("text:").or_else(|| receipt.find("Text:"))? + "text:".len();
    Some(Seen {
        id: field(receipt, "id")?,
        stat,
        error: field(receipt, "err")?,
        dates: Some(dates),
        text: Some(receipt[text_at..].into()),
    })
}

/// jasmin: four regular expressions, wherever they match first.
fn jasmin(receipt: &str) -> Option<Seen> {
    let first = |expression| {
        let captures = Regex::new(expression).unwrap().captures(receipt)?;
        Some(captures[1].to_string())
    };
    Some(Seen {
        id: first(r"id:([\dA-Za-z\-_]+)")?,
        stat: first(r"stat:(\w{7})")?,
        error: first(r"err:(\w{1,3})")?,
        dates: None,
        text: Some(first(r"(?s)[tT]ext:(.*)")?),
    })
}

/// 2000-01-01 and 2069-12-31, in minutes since 1970: dates have two digits for the year.
const MINUTES: std::ops::Range<u64> = 15_778_080..52_594_560;

/// A message's text; now and then one that pretends to be a receipt.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,30}",
        any::<String>(),
        "(id:|stat:|err:|text:|sub:|EXPIRED|done date:|[ 0-9]){0,6}"
    ]
}

/// An id as accounts have it: decimal or hexadecimal.
fn any_id() -> impl Strategy<Value = String> {
    prop_oneof!["[1-9][0-9]{0,17}", "[1-9a-f][0-9a-f]{0,14}"]
}

proptest! {
    #[test]
    fn every_receiver_takes_every_receipt(
        id in any_id(),
        submitted in MINUTES,
        done in MINUTES,
        state in 0..=9_u8,
        error: u16,
        text in any_text(),
    ) {
        let state = MessageState(state);
        let receipt = Receipt { id: &id, submitted_ms: submitted * 60_000, done_ms: done * 60_000, state, error, text: &text };
        let mut octets = Vec::new();
        receipt.write(&mut octets);
        let written = String::from_utf8(octets).unwrap();
        let date = |name: &str| field(&written, name).unwrap();
        prop_assert!([date("submit date"), date("done date")].iter().all(|date| date.len() == 10 && is_date(date)));
        let expected = Seen {
            id: id.clone(),
            stat: state.stat().into(),
            error: format!("{:03}", error.min(999)),
            dates: Some([date("submit date"), date("done date")]),
            text: Some(written[written.find(" text:").unwrap() + " text:".len()..].into()),
        };
        prop_assert_eq!(php_smpp(&written), Some(expected.clone()), "php-smpp: {}", written);
        prop_assert_eq!(cloudhopper(&written), Some(expected.clone()), "cloudhopper: {}", written);
        prop_assert_eq!(jsmpp(&written), Some(expected.clone()), "jSMPP: {}", written);
        prop_assert_eq!(jasmin(&written), Some(Seen { dates: None, ..expected.clone() }), "jasmin: {}", written);
        prop_assert_eq!(kannel(&written), Some(Seen { text: None, ..expected }), "Kannel: {}", written);
    }
}

/// Each rule refuses what its receiver refuses: without this, a reader that takes anything would pass.
#[test]
fn the_receivers_refuse_what_they_are_known_to_refuse() {
    const GOOD: &str = "id:1 sub:001 dlvrd:001 submit date:2601021504 done date:2601021505 stat:DELIVRD err:000 text:Hi";
    type Receiver = fn(&str) -> Option<Seen>;
    let receivers: [(&str, Receiver); 5] = [
        ("kannel", kannel),
        ("php", php_smpp),
        ("cloudhopper", cloudhopper),
        ("jsmpp", jsmpp),
        ("jasmin", jasmin),
    ];
    let refused_by = |receipt: &str| -> Vec<&str> {
        let refuses = |(name, read): &(&'static str, Receiver)| read(receipt).is_none().then_some(*name);
        receivers.iter().filter_map(refuses).collect()
    };
    assert_eq!(refused_by(GOOD), [""; 0]);
    assert_eq!(
        refused_by(&GOOD.replace(" text:Hi", "")),
        ["php", "cloudhopper", "jsmpp", "jasmin"]
    );
    assert_eq!(refused_by(&GOOD.replace("text:", "Text:")), [""; 0]);
    assert_eq!(refused_by(&GOOD.replace("dlvrd:001", "dlvrd:1")), ["php"]);
    assert_eq!(
        refused_by(&GOOD.replace("sub:001 ", "")),
        ["kannel", "php", "cloudhopper", "jsmpp"]
    );
    assert_eq!(
        refused_by(&GOOD.replace("stat:DELIVRD", "stat:DELIVERED")),
        ["php", "cloudhopper", "jsmpp"]
    );
    assert_eq!(
        refused_by(&GOOD.replace("stat:DELIVRD", "stat:SENDING")),
        ["cloudhopper", "jsmpp"]
    );
    assert_eq!(refused_by(&GOOD.replace("err:000", "err:0")), ["php"]);
    assert_eq!(refused_by(&GOOD.replace("err:000", "err:0000")), ["php", "cloudhopper"]);
    assert_eq!(
        refused_by(&GOOD.replace("2601021505", "0000000000")),
        ["cloudhopper", "jsmpp"]
    );
    assert_eq!(refused_by(&GOOD.replace("2601021505", "260102150500")), [""; 0]);
    assert_eq!(refused_by(&GOOD.replace("2601021505", "26010215050")), ["cloudhopper"]);
    assert_eq!(
        refused_by(&GOOD.replace("2601021505", "26010215")),
        ["php", "cloudhopper", "jsmpp"]
    );
    assert_eq!(refused_by(&GOOD.replace("id:1 ", "id:1 svc:x ")), ["kannel", "php"]);
    assert_eq!(refused_by(&GOOD.replace("id:1 ", "id: ")), ["kannel", "php", "jasmin"]);
}
