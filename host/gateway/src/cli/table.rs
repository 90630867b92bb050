//! What the admin API says, as text for people: rows under headings, or one thing a line.

use super::moment;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// One column of a table: a field of each row.
pub struct Column {
    /// What stands above it.
    pub heading: &'static str,
    /// The field, with dots between fields of fields.
    pub field: &'static str,
    /// How it is read.
    pub shows: Shows,
}

impl Column {
    /// A column under this heading.
    pub const fn new(heading: &'static str, field: &'static str, shows: Shows) -> Self {
        Self { heading, field, shows }
    }
}

/// How a field is shown.
#[derive(Clone, Copy)]
pub enum Shows {
    /// As it stands, at the left.
    Text,
    /// The beginning of what may be long, at the left.
    Summary,
    /// A number, at the right.
    Number,
    /// A number with one digit behind the point, at the right.
    Rate,
    /// A time, as local ISO seconds.
    Time,
    /// A time, as how long ago it is.
    Age,
    /// The first digits of a digest.
    Digest,
    /// This word where the field is true, else nothing.
    Word(&'static str),
}

/// Digits of a digest that tell releases apart.
pub const DIGITS: usize = 12;
/// Digits of a whole one, of SHA-256.
const DIGEST: usize = 64;
/// Characters of a summary.
const SUMMARY: usize = 80;

/// Rows under headings; a column that is empty in every row is left out. `now` is in milliseconds of Unix time.
pub fn table(rows: &[Value], columns: &[Column], now: u64) -> String {
    let filled = columns.iter().map(|column| Filled::new(column, rows, now));
    let filled: Vec<Filled> = filled.filter(|column| !column.is_empty()).collect();
    let mut text = String::new();
    for line in 0..=rows.len() {
        let mut gap = 0;
        for column in &filled {
            let cell = column.lines[line].as_str();
            let pad = column.width - cell.chars().count();
            let (before, behind) = if column.is_right { (pad, 0) } else { (0, pad) };
            // Nothing is padded behind the last cell of a line.
            if !cell.is_empty() {
                let _ = write!(text, "{:1$}{cell}", "", gap + before);
                gap = 0;
            } else {
                gap += before;
            }
            gap += behind + 2;
        }
        text.push('\n');
    }
    text
}

/// The fields of one thing, one a line; those that a column speaks of are shown as it says.
pub fn fields(thing: &Value, columns: &[Column], now: u64) -> String {
    let mut lines = Vec::new();
    flatten("", thing, &mut lines);
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, value) in lines {
        let column = columns.iter().find(|column| column.field == name);
        let shows = match column.map(|column| column.shows) {
            // There is room for the whole of it.
            None | Some(Shows::Digest | Shows::Summary | Shows::Word(_)) => Shows::Text,
            Some(shows) => shows,
        };
        let _ = writeln!(text, "{name:width$}  {}", cell(value, shows, now));
    }
    text
}

struct Filled {
    lines: Vec<String>,
    width: usize,
    is_right: bool,
}

impl Filled {
    fn new(column: &Column, rows: &[Value], now: u64) -> Self {
        let cells = rows.iter().map(|row| cell(field(row, column.field), column.shows, now));
        let lines: Vec<String> = std::iter::once(column.heading.to_owned()).chain(cells).collect();
        Self {
            width: lines.iter().map(|line| line.chars().count()).max().unwrap_or(0),
            is_right: matches!(column.shows, Shows::Number | Shows::Rate),
            lines,
        }
    }

    fn is_empty(&self) -> bool {
        self.lines[1..].iter().all(String::is_empty)
    }
}

fn field<'a>(row: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(row, |value, name| &value[name])
}

fn flatten<'a>(path: &str, value: &'a Value, lines: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                flatten(&path, value, lines);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (index, item) in items.iter().enumerate() {
                flatten(&format!("{path}[{index}]"), item, lines);
            }
        }
        Value::Null => {}
        value => lines.push((path.to_owned(), value)),
    }
}

fn cell(value: &Value, shows: Shows, now: u64) -> String {
    match (shows, value) {
        (_, Value::Null) => String::new(),
        (Shows::Word(word), value) => if *value == Value::Bool(true) { word } else { "" }.to_owned(),
        (Shows::Time, value) => moment::of(value).map_or_else(|| plain(value), moment::local),
        (Shows::Age, value) => moment::of(value).map_or_else(|| plain(value), |at| moment::ago(at, now)),
        (Shows::Rate, value) => value.as_f64().map_or_else(|| plain(value), |rate| format!("{rate:.1}")),
        (Shows::Digest, value) => plain(value).chars().take(DIGITS).collect(),
        (Shows::Summary, value) => beginning(plain(value)),
        (Shows::Text | Shows::Number, value) => plain(value),
    }
}

/// A value in one line that does nothing to a terminal.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) if text.chars().any(char::is_control) => text.escape_debug().to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".into(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(members) => match (members.get("path"), members.get("before"), members.get("after")) {
            (Some(path), Some(before), Some(after)) => difference(path, before, after),
            // A secret, of which there is nothing else to say.
            _ if *value == json!({ "set": true }) => "set".into(),
            _ => {
                let members = members.iter().map(|(name, value)| format!("{name} = {}", plain(value)));
                format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
            }
        },
        value => value.to_string(),
    }
}

fn beginning(text: String) -> String {
    match text.char_indices().nth(SUMMARY) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// What a change did to one value: null is where there was or is none.
fn difference(path: &Value, before: &Value, after: &Value) -> String {
    let (path, shown) = (plain(path), |value| short(plain(value)));
    match (before, after) {
        (Value::Null, after) => format!("{path} {}", shown(after)),
        (before, Value::Null) => format!("{path} no longer {}", shown(before)),
        (before, after) => format!("{path} {} -> {}", shown(before), shown(after)),
    }
}

/// Of a digest, what tells it apart; anything else as it is.
fn short(mut text: String) -> String {
    let is_digest = text.len() == DIGEST && text.chars().all(|digit| digit.is_ascii_hexdigit());
    text.truncate(if is_digest { DIGITS } else { text.len() });
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_763_850_000_000;
    const COLUMNS: &[Column] = &[
        Column::new("name", "name", Shows::Text),
        Column::new("", "suspended", Shows::Word("suspended")),
        Column::new("binds", "binds", Shows::Number),
        Column::new("per s", "rate", Shows::Rate),
        Column::new("session", "releases.session", Shows::Digest),
        Column::new("since", "since", Shows::Age),
        Column::new("why", "why", Shows::Text),
    ];

    #[test]
    fn columns_are_aligned_and_empty_ones_left_out() {
        let digest = "0123456789abcdef0123456789abcdef";
        let rows = [
            json!({ "name": "acme", "binds": 12, "rate": 0.25, "releases": { "session": digest }, "since": NOW - 90_000 }),
            json!({ "name": "müller-gmbh", "binds": 3, "rate": 117, "suspended": true, "since": null }),
        ];
        assert_eq!(
            table(&rows, COLUMNS, NOW),
            "name                    binds  per s  session       since\n\
             acme                       12    0.2  0123456789ab  1m ago\n\
             müller-gmbh  suspended      3  117.0\n"
        );
    }

    #[test]
    fn nothing_in_a_cell_moves_a_terminal() {
        let rows = [json!({ "name": "a\u{1b}[2Jb\n" })];
        assert_eq!(table(&rows, COLUMNS, NOW), "name\na\\u{1b}[2Jb\\n\n");
    }

    #[test]
    fn values_that_hold_others_are_one_line() {
        let what = json!([
            { "path": "rate", "before": null, "after": { "burst": 2, "per_second": 1 } },
            { "path": "binds_max", "before": 1, "after": 2 },
            { "path": "queue_max", "before": 5, "after": null },
            { "path": "digest", "before": "a1".repeat(32), "after": [] },
            { "path": "password", "before": null, "after": { "set": true } },
        ]);
        assert_eq!(
            plain(&what),
            "rate {burst = 2, per_second = 1}, binds_max 1 -> 2, queue_max no longer 5, digest a1a1a1a1a1a1 -> none, password set"
        );
    }

    #[test]
    fn a_summary_has_an_end() {
        let (fits, long) = ("ü".repeat(SUMMARY), "ü".repeat(SUMMARY + 1));
        assert_eq!(cell(&json!(fits), Shows::Summary, NOW), fits);
        assert_eq!(cell(&json!(long), Shows::Summary, NOW), fits + "…");
    }

    #[test]
    fn one_thing_is_shown_field_by_field() {
        let thing = json!({
            "name": "acme", "since": NOW - 5_000, "why": null, "releases": { "session": "0123456789abcdef" },
            "binds": [{ "id": 1 }, { "id": 2 }], "to": ["a", "b"],
        });
        assert_eq!(
            fields(&thing, COLUMNS, NOW),
            "binds[0].id       1\n\
             binds[1].id       2\n\
             name              acme\n\
             releases.session  0123456789abcdef\n\
             since             5s ago\n\
             to                a, b\n"
        );
    }
}
