//! What differs between two runs of one recording, in words that a person reads.

use super::{Came, Frames, Recorded, Turn, Work, replay::Replayed};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt::{self, Write as _};

/// Differences that are told of one recording.
const DIFFERENCES_MAX: usize = 100;
/// Characters of one side of a difference.
const SHOWN_MAX: usize = 400;
/// Characters that both sides have in common which are shown before the first that they have not.
const COMMON_SHOWN: usize = 40;
/// What stands for the name of a field where a value is one of a list.
const ELEMENT: &str = "element";

/// One thing that came out otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Where: `begin.exchange.request.headers[2]`, `batch 7 action 2.send`.
    pub at: String,
    /// What came of it when it was recorded.
    pub before: String,
    /// What comes of it on the other component.
    pub after: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} -> {}", self.at, self.before, self.after)
    }
}

/// Compares what came of both.
pub(super) fn compare(before: &Recorded, after: &Recorded, frames: &dyn Frames) -> Replayed {
    let mut comparison = Comparison {
        frames,
        replayed: Replayed::default(),
    };
    for ((place, before), (_, after)) in outputs(before).into_iter().zip(outputs(after)) {
        match (&before, &after) {
            (Ok(before), Ok(after)) => comparison.walk(&place, "", before, after),
            (Ok(_), Err(fault)) => comparison.replayed.fault = Some(format!("{place}: {fault}")),
            (Err(before), Err(after)) if before == after => {}
            (Err(before), after) => {
                let after = match after {
                    Ok(value) => comparison.text("", value),
                    Err(fault) => fault.clone(),
                };
                comparison.differ(place, before, &after);
            }
        }
    }
    comparison.replayed
}

/// All that came of it, by where it did.
fn outputs(recorded: &Recorded) -> Vec<(String, Came<Value>)> {
    fn output<T: Serialize>(came: &Came<T>) -> Came<Value> {
        let value = |value| serde_json::to_value(value).unwrap_or_else(|error| Value::String(error.to_string()));
        came.as_ref().map(value).map_err(Clone::clone)
    }
    match &recorded.work {
        Work::Operation(operated) => {
            let place = |index| match index {
                0 => "begin".to_owned(),
                _ => format!("resume {index}"),
            };
            let calls = operated.calls.iter().enumerate();
            calls.map(|(index, call)| (place(index), output(&call.step))).collect()
        }
        Work::Webhook(heard) => vec![("hearing".to_owned(), output(&heard.hearing))],
        Work::Bind(bound) => {
            let turn = |(index, turn): (usize, &Turn)| match turn {
                Turn::Told { actions, .. } => (format!("batch {}", index + 1), output(actions)),
                Turn::Moved { moved, .. } => (format!("move {}", index + 1), output(moved)),
            };
            let opened = ("open".to_owned(), output(&bound.opened));
            [opened].into_iter().chain(bound.turns.iter().enumerate().map(turn)).collect()
        }
    }
}

struct Comparison<'a> {
    frames: &'a dyn Frames,
    replayed: Replayed,
}

impl Comparison<'_> {
    /// Down to where the two differ. `name` is the field that they are.
    fn walk(&mut self, at: &str, name: &str, before: &Value, after: &Value) {
        if before == after {
            return;
        }
        if is_own(at, name) {
            self.replayed.own += 1;
            return;
        }
        match (before, after) {
            (Value::Object(old), Value::Object(new)) if old.keys().eq(new.keys()) => {
                for (name, value) in old {
                    self.walk(&format!("{at}.{}", kebab(name)), name, value, &new[name]);
                }
            }
            (Value::Array(old), Value::Array(new)) if !is_leaf(name, before) && !is_leaf(name, after) => {
                for index in 0..old.len().max(new.len()) {
                    // What comes of events is a list; so it has a name of its own, and not that of a field.
                    let at = match name {
                        "" => format!("{at} action {}", index + 1),
                        _ => format!("{at}[{index}]"),
                    };
                    match (old.get(index), new.get(index)) {
                        (Some(before), Some(after)) => self.walk(&at, ELEMENT, before, after),
                        (before, after) => {
                            let [before, after] = [before, after].map(|side| match side {
                                Some(value) => self.text(ELEMENT, value),
                                None => "nothing".to_owned(),
                            });
                            self.differ(at, &before, &after);
                        }
                    }
                }
            }
            _ => self.differ(at.to_owned(), &self.text(name, before), &self.text(name, after)),
        }
    }

    fn differ(&mut self, at: String, before: &str, after: &str) {
        if self.replayed.differences.len() == DIFFERENCES_MAX {
            self.replayed.more = true;
            return;
        }
        let (before, after) = around_the_first_difference(before, after);
        self.replayed.differences.push(Difference { at, before, after });
    }

    /// A value of a field of this name as a person reads it.
    fn text(&self, name: &str, value: &Value) -> String {
        if let Some(octets) = octets(value) {
            return match name {
                "Send" => self.frames.show(&octets),
                _ => show(&octets),
            };
        }
        match value {
            Value::Null => "none".to_owned(),
            Value::String(text) => text.clone(),
            Value::Array(list) => match pair(name, value) {
                Some((name, value)) => format!("{name}: {value}"),
                None => format!("[{}]", joined(list.iter().map(|value| self.text(ELEMENT, value)))),
            },
            Value::Object(fields) => match fields.iter().next() {
                Some((name, value)) if fields.len() == 1 && name.starts_with(char::is_uppercase) => {
                    format!("{} {}", kebab(name), self.text(name, value))
                }
                _ => {
                    let field = |(name, value): (&String, &Value)| format!("{}: {}", kebab(name), self.text(name, value));
                    format!("{{{}}}", joined(fields.iter().map(field)))
                }
            },
            other => other.to_string(),
        }
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

/// Octets that nobody reads but the guest that wrote them.
fn is_own(at: &str, name: &str) -> bool {
    name == "saved" || name == "bytes" && at.ends_with(".memo.bytes")
}

/// What is shown as one thing though it is a list.
fn is_leaf(name: &str, value: &Value) -> bool {
    octets(value).is_some_and(|octets| !octets.is_empty()) || pair(name, value).is_some()
}

/// A list of numbers that are octets; in the contract all of these are.
fn octets(value: &Value) -> Option<Vec<u8>> {
    let octet = |value: &Value| value.as_u64().and_then(|number| u8::try_from(number).ok());
    value.as_array()?.iter().map(octet).collect()
}

/// A header, a setting: a pair of texts in a list.
fn pair<'a>(name: &str, value: &'a Value) -> Option<(&'a str, &'a str)> {
    match value.as_array()?.as_slice() {
        [Value::String(left), Value::String(right)] if name == ELEMENT => Some((left, right)),
        _ => None,
    }
}

/// Text where they are text, else hex.
fn show(octets: &[u8]) -> String {
    match str::from_utf8(octets) {
        Ok(text) if !text.contains(|c: char| c.is_control() && !c.is_whitespace()) => text.to_owned(),
        _ => octets.iter().fold("0x".to_owned(), |mut hex, octet| {
            let _ = write!(hex, "{octet:02x}");
            hex
        }),
    }
}

/// A name of Rust as the contract has it.
fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for c in name.trim_end_matches('_').chars() {
        if c.is_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(if c == '_' { '-' } else { c.to_ascii_lowercase() });
    }
    kebab
}

/// Both, without so much of what they have in common that the difference would be lost.
fn around_the_first_difference(before: &str, after: &str) -> (String, String) {
    let common = before.chars().zip(after.chars()).take_while(|(a, b)| a == b).count();
    let long = before.chars().count().max(after.chars().count()) > SHOWN_MAX;
    let skipped = if long { common.saturating_sub(COMMON_SHOWN) } else { 0 };
    let shown = |text: &str| {
        let mut rest = text.chars().skip(skipped);
        let mut shown = if skipped > 0 { "…".to_owned() } else { String::new() };
        shown.extend(rest.by_ref().take(SHOWN_MAX));
        if rest.next().is_some() {
            shown.push('…');
        }
        shown
    };
    (shown(before), shown(after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Shows how many octets there are.
    struct Counted;

    impl Frames for Counted {
        fn show(&self, octets: &[u8]) -> String {
            format!("{} octets", octets.len())
        }

        fn mask(&self, _octets: &mut Vec<u8>) {}
    }

    fn differences(name: &str, before: &Value, after: &Value) -> Vec<String> {
        let mut comparison = Comparison {
            frames: &Counted,
            replayed: Replayed::default(),
        };
        comparison.walk("here", name, before, after);
        comparison.replayed.differences.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_difference_names_the_place_and_nothing_around_it() {
        let rows = [
            (
                json!({"Exchange": {"request": {"headers": [["A", "1"], ["B", "2"]], "body": [104, 105]}}}),
                json!({"Exchange": {"request": {"headers": [["A", "1"], ["B", "3"]], "body": [104, 111]}}}),
                vec![
                    "here.exchange.request.body: hi -> ho",
                    "here.exchange.request.headers[1]: B: 2 -> B: 3",
                ],
            ),
            (
                json!({"Done": {"outcome": {"Taken": ["1"]}}}),
                json!({"Exchange": {"request": {"body": [255], "final_": true}}}),
                vec!["here: done {outcome: taken [1]} -> exchange {request: {body: 0xff, final: true}}"],
            ),
            (json!({"body": []}), json!({"body": [104, 105]}), vec!["here.body:  -> hi"]),
            (
                json!({"after_ms": null}),
                json!({"after_ms": 300}),
                vec!["here.after-ms: none -> 300"],
            ),
        ];
        for (before, after, expected) in rows {
            assert_eq!(differences("step", &before, &after), expected);
        }
    }

    #[test]
    fn actions_are_counted_and_their_pdus_are_shown_by_who_can_read_them() {
        let before = json!([{"Send": [1, 2]}, {"WakeAt": 7}]);
        let after = json!([{"Send": [1]}, {"WakeAt": 7}, {"Send": [1, 2, 3]}]);
        assert_eq!(
            differences("", &before, &after),
            [
                "here action 1.send: 2 octets -> 1 octets",
                "here action 3: nothing -> send 3 octets"
            ]
        );
    }

    #[test]
    fn what_only_the_guest_reads_is_counted_and_no_difference() {
        let step = |saved: u8| json!({"Exchange": {"saved": [saved], "memo": {"bytes": [saved]}}});
        let mut comparison = Comparison {
            frames: &Counted,
            replayed: Replayed::default(),
        };
        comparison.walk("begin", "step", &step(1), &step(2));
        assert!(comparison.replayed.is_same());
        assert_eq!(comparison.replayed.own, 2);
    }

    #[test]
    fn long_sides_are_shown_from_where_they_part() {
        let (before, after) = ("a".repeat(1_000) + "b", "a".repeat(1_000) + "c");
        let (before, after) = around_the_first_difference(&before, &after);
        assert_eq!(before, format!("…{}b", "a".repeat(COMMON_SHOWN)));
        assert_eq!(after, format!("…{}c", "a".repeat(COMMON_SHOWN)));
        let (whole, empty) = around_the_first_difference(&"x".repeat(SHOWN_MAX + 1), "");
        assert_eq!((whole.chars().count(), empty.as_str()), (SHOWN_MAX + 1, ""));
    }

    #[test]
    fn no_more_differences_are_told_than_anybody_reads() {
        let list = |value: u32| json!((0..=DIFFERENCES_MAX).map(|_| json!({"wake_at": value})).collect::<Vec<_>>());
        let mut comparison = Comparison {
            frames: &Counted,
            replayed: Replayed::default(),
        };
        comparison.walk("batch 1", "", &list(1), &list(2));
        assert_eq!(comparison.replayed.differences.len(), DIFFERENCES_MAX);
        assert!(comparison.replayed.more);
    }
}
