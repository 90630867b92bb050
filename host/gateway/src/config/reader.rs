//! Reads a TOML table key by key. What it is asked for is what it knows: every other key is a mistake. A value that is wrong
//! counts as absent, so that reading goes on and finds the next mistake.

use super::{mistakes::Found, parse};
use std::{cell::RefCell, fmt::Display, ops::RangeInclusive, time::Duration};
use toml::{Table, Value};

/// One table, the path that leads to it, and where its mistakes go.
pub(super) struct Reader<'a> {
    table: &'a Table,
    path: String,
    asked: RefCell<Vec<&'static str>>,
    found: &'a Found,
}

impl<'a> Reader<'a> {
    pub(super) fn new(table: &'a Table, path: String, found: &'a Found) -> Self {
        Self {
            table,
            path,
            asked: RefCell::default(),
            found,
        }
    }

    /// The path of this table, empty for the whole file.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The path of a key of this table.
    pub(super) fn at(&self, key: &str) -> String {
        join(&self.path, key)
    }

    /// All of this table, where every key is allowed.
    pub(super) fn entries(&self) -> &'a Table {
        self.table
    }

    /// Notes a mistake at a key of this table.
    pub(super) fn mistake(&self, key: &str, what: impl Into<String>) {
        self.found.mistake(self.at(key), what);
    }

    /// Notes a mistake at a path of its own.
    pub(super) fn mistake_at(&self, path: impl Into<String>, what: impl Into<String>) {
        self.found.mistake(path, what);
    }

    /// The value of a key, whatever it is.
    pub(super) fn value(&self, key: &'static str) -> Option<&'a Value> {
        self.asked.borrow_mut().push(key);
        self.table.get(key)
    }

    /// The value of a key as `read` reads it.
    pub(super) fn read<T>(&self, key: &'static str, read: impl FnOnce(&'a Value) -> Result<T, String>) -> Option<T> {
        read(self.value(key)?).map_err(|what| self.mistake(key, what)).ok()
    }

    /// Says so when a key is not there.
    pub(super) fn require(&self, key: &str) {
        if !self.table.contains_key(key) {
            self.mistake(key, "is missing");
        }
    }

    /// A string as `parse` reads it.
    pub(super) fn text<T>(&self, key: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        self.read(key, |value| parse(value.as_str().ok_or_else(|| not_a("a string", value))?))
    }

    /// A whole number within bounds.
    pub(super) fn number<T>(&self, key: &'static str, bounds: &RangeInclusive<T>) -> Option<T>
    where
        T: TryFrom<i64> + PartialOrd + Display,
    {
        self.read(key, |value| number(value, bounds))
    }

    /// True or false.
    pub(super) fn flag(&self, key: &'static str) -> Option<bool> {
        self.read(key, |value| value.as_bool().ok_or_else(|| not_a("true or false", value)))
    }

    /// A duration within bounds: a string such as `1m30s`, or seconds.
    pub(super) fn duration(&self, key: &'static str, bounds: &RangeInclusive<Duration>) -> Option<Duration> {
        self.read(key, |value| {
            let duration = match value {
                Value::String(text) => parse::duration(text)?,
                Value::Integer(seconds) => u64::try_from(*seconds)
                    .map(Duration::from_secs)
                    .map_err(|_| format!("{seconds} is negative"))?,
                other => return Err(not_a("a duration", other)),
            };
            within(duration, bounds)
        })
    }

    /// One of several words.
    pub(super) fn choice<T: Copy>(&self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        self.text(key, |text| parse::choice(text, choices))
    }

    /// A table below this one.
    pub(super) fn table(&self, key: &'static str) -> Option<Reader<'a>> {
        let table = self.read(key, |value| value.as_table().ok_or_else(|| not_a("a table", value)))?;
        Some(Reader::new(table, self.at(key), self.found))
    }

    /// This table, found at this path.
    pub(super) fn below(&self, table: &'a Table, path: String) -> Reader<'a> {
        Reader::new(table, path, self.found)
    }

    /// The values of an array with their paths; empty where there is none.
    pub(super) fn list(&self, key: &'static str) -> Vec<(String, &'a Value)> {
        let values = self.read(key, |value| value.as_array().ok_or_else(|| not_a("an array", value)));
        let paths = (0..).map(|index| format!("{}[{index}]", self.at(key)));
        paths.zip(values.into_iter().flatten()).collect()
    }

    /// An array of tables below this one; empty where there is none.
    pub(super) fn tables(&self, key: &'static str) -> Vec<Reader<'a>> {
        let table = |(path, value): (String, &'a Value)| match value {
            Value::Table(table) => Some(self.below(table, path)),
            other => {
                self.found.mistake(path, not_a("a table", other));
                None
            }
        };
        self.list(key).into_iter().filter_map(table).collect()
    }

    /// Everything that may be asked was asked: the keys left over are mistakes.
    pub(super) fn finish(self) {
        let asked = self.asked.borrow();
        for key in self.table.keys().filter(|key| !asked.contains(&key.as_str())) {
            self.mistake(
                key,
                match nearest(key, &asked) {
                    Some(near) => format!("unknown; `{near}` is near"),
                    None => "unknown".into(),
                },
            );
        }
    }
}

/// A key behind a path.
pub(super) fn join(path: &str, key: &str) -> String {
    let is_bare = !key.is_empty()
        && key
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'));
    let key = if is_bare { key.to_owned() } else { format!("{key:?}") };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

/// What stands where something else should; never the value itself, which may be a secret.
pub(super) fn not_a(wanted: &str, value: &Value) -> String {
    let article = if matches!(value, Value::Integer(_) | Value::Array(_)) {
        "an"
    } else {
        "a"
    };
    format!("is {article} {}, not {wanted}", value.type_str())
}

/// A whole number within bounds.
fn number<T>(value: &Value, bounds: &RangeInclusive<T>) -> Result<T, String>
where
    T: TryFrom<i64> + PartialOrd + Display,
{
    let number = value.as_integer().ok_or_else(|| not_a("a whole number", value))?;
    let within = T::try_from(number).ok().filter(|number| bounds.contains(number));
    within.ok_or_else(|| format!("{number} is not within {} and {}", bounds.start(), bounds.end()))
}

/// A duration, if it is within bounds.
pub(super) fn within(duration: Duration, bounds: &RangeInclusive<Duration>) -> Result<Duration, String> {
    if bounds.contains(&duration) {
        return Ok(duration);
    }
    Err(format!(
        "{duration:?} is not within {:?} and {:?}",
        bounds.start(),
        bounds.end()
    ))
}

/// The known word that a slip of the hand turns into this one.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(1);
    known
        .iter()
        .map(|known| (distance(word, known), *known))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, known)| known)
}

/// Levenshtein's: how many characters to put in, leave out or replace.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.chars().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.chars().count()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_counts_slips() {
        for (a, b, expected) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("abc", "", 3),
            ("", "abc", 3),
            ("sytem_id", "system_id", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        let known = ["system_id", "password", "binds_max"];
        assert_eq!(nearest("sytem_id", &known), Some("system_id"));
        assert_eq!(nearest("pasword", &known), Some("password"));
        assert_eq!(nearest("colour", &known), None);
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named_but_not_shown() {
        let table: Table = "a = 'hunter2'\nb = 7\nc = [{ x = 1 }, 3]\nd = true".parse().unwrap();
        let found = Found::default();
        let reader = Reader::new(&table, String::new(), &found);
        assert_eq!(reader.number("a", &(0u8..=9)), None);
        assert_eq!(reader.number("b", &(0u8..=5)), None);
        assert_eq!(reader.text("b", |text| Ok(text.to_owned())), None);
        assert_eq!(reader.tables("c").len(), 1);
        assert!(reader.table("d").is_none());
        assert_eq!(reader.duration("d", &(Duration::ZERO..=Duration::MAX)), None);
        reader.finish();
        let Err(mistakes) = found.none_in(()) else {
            panic!("no mistakes found")
        };
        assert_eq!(
            mistakes.to_string(),
            "a: is a string, not a whole number\n\
             b: 7 is not within 0 and 5\n\
             b: is an integer, not a string\n\
             c[1]: is an integer, not a table\n\
             d: is a boolean, not a table\n\
             d: is a boolean, not a duration"
        );
    }
}
