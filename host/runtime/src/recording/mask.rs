//! How text is masked: so that it keeps its form and its length and says nothing. The same text is masked to the same, wherever it
//! stands.

use serde::de::IgnoredAny;

/// Digits in a row that may be somebody's number.
const NUMBER_DIGITS_MIN: usize = 5;
/// Digits of a number that stay: its country, roughly.
const NUMBER_DIGITS_KEPT: usize = 2;
/// Octets of a value that stays as it is.
const KEPT_MAX: usize = 64;
/// Hexadecimal digits in a row that are a signature, and stay hexadecimal.
const HEX_MIN: usize = 16;

/// Headers whose values stay; names of fields are in `NAMES_KEPT`.
const HEADERS_KEPT: &[&str] = &[
    "accept",
    "content-length",
    "content-type",
    "date",
    "retry-after",
    "user-agent",
    "x-timestamp",
];

/// Fields, in JSON and in queries, whose values stay: those that name a thing of the upstream's, a kind, a state or a time. Without
/// `-` and `_`, in lower case.
const NAMES_KEPT: &[&str] = &[
    "id",
    "messageid",
    "messageuuid",
    "uuid",
    "webhookid",
    "deviceid",
    "event",
    "eventtype",
    "type",
    "kind",
    "state",
    "status",
    "isencrypted",
    "ishashed",
    "lastseen",
    "createdat",
    "updatedat",
    "receivedat",
    "sentat",
    "deliveredat",
    "failedat",
    "cancelledat",
    "timestamp",
    "seenms",
];

/// Text that somebody wrote: letters become `x`, digits become `0`. A long hexadecimal word becomes zeros.
pub(super) fn text(text: &str) -> String {
    if text.len() >= HEX_MIN && text.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        return "0".repeat(text.len());
    }
    text.chars().map(hidden).collect()
}

fn hidden(c: char) -> char {
    match c {
        c if c.is_ascii_digit() => '0',
        c if c.is_ascii_alphabetic() || !c.is_ascii() => 'x',
        c => c,
    }
}

/// An address: of digits the first two stay, letters become `x`.
pub(super) fn address(digits: &str) -> String {
    let mut seen = 0;
    digits
        .chars()
        .map(|c| {
            seen += usize::from(c.is_ascii_digit());
            if c.is_ascii_digit() && seen <= NUMBER_DIGITS_KEPT {
                c
            } else {
                hidden(c)
            }
        })
        .collect()
}

/// Text of ours or of an operator's, in which the numbers are masked as addresses are: so that they still name the same ones.
pub(super) fn numbers(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let end = rest[start..]
            .find(|c: char| !c.is_ascii_digit())
            .map_or(rest.len(), |length| start + length);
        masked.push_str(&rest[..start]);
        match &rest[start..end] {
            number if number.len() >= NUMBER_DIGITS_MIN => masked.push_str(&address(number)),
            number => masked.push_str(number),
        }
        rest = &rest[end..];
    }
    masked + rest
}

/// A body: of JSON the text in it, as [`json`] says; of anything else every octet.
pub(super) fn body(octets: &mut Vec<u8>) {
    match json(octets) {
        Some(masked) => *octets = masked,
        None => octets.fill(b'x'),
    }
}

/// JSON, masked where it stands: text as [`text`], long numbers as addresses, but for fields of names that are kept. None if it is
/// no JSON.
fn json(octets: &[u8]) -> Option<Vec<u8>> {
    serde_json::from_slice::<IgnoredAny>(octets).ok()?;
    let mut rest = str::from_utf8(octets).ok()?;
    let mut masked = String::with_capacity(rest.len());
    let mut name: Option<String> = None;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '"' => literal(rest),
            '-' | '0'..='9' => rest.find([',', ']', '}', ' ', '\n', '\r', '\t']).unwrap_or(rest.len()),
            _ => c.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        match c {
            '"' => {
                let word: String = serde_json::from_str(token).ok()?;
                if after.trim_start().starts_with(':') {
                    masked.push_str(&quoted(&numbers(&word)));
                    name = Some(word);
                } else {
                    masked.push_str(&quoted(&value(name.as_deref(), &word)));
                }
            }
            '-' | '0'..='9' => match name.as_deref() {
                Some(name) if is_kept(name) => masked.push_str(token),
                _ => masked.push_str(&numbers(token)),
            },
            _ => {
                if matches!(c, '{' | '[' | '}' | ']' | ',') {
                    name = None;
                }
                masked.push_str(token);
            }
        }
    }
    Some(masked.into_bytes())
}

/// Octets of the string literal that this begins with.
fn literal(text: &str) -> usize {
    let mut escaped = false;
    for (index, octet) in text.bytes().enumerate().skip(1) {
        match octet {
            b'"' if !escaped => return index + 1,
            b'\\' if !escaped => escaped = true,
            _ => escaped = false,
        }
    }
    text.len()
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What follows `?`, or the body of a form: the values, as those of JSON are.
pub(super) fn query(query: &str) -> String {
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) if is_kept(name) => format!("{name}={}", self::value(Some(name), value)),
        Some((name, value)) => format!("{}={}", numbers(name), escaped(value)),
        None => escaped(pair),
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// Text with percent-escapes, of which each is one character.
fn escaped(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '%' => {
                characters.nth(1);
                masked.push('x');
            }
            c => masked.push(hidden(c)),
        }
    }
    masked
}

/// The values of headers that are not kept.
pub(super) fn headers(headers: &mut [(String, String)]) {
    for (name, value) in headers {
        if !HEADERS_KEPT.iter().any(|kept| name.eq_ignore_ascii_case(kept)) {
            *value = text(value);
        }
    }
}

/// Text of a field of this name.
fn value(name: Option<&str>, value: &str) -> String {
    match name {
        Some(name) if is_kept(name) && value.len() <= KEPT_MAX && !value.starts_with('+') => value.to_owned(),
        _ => text(value),
    }
}

fn is_kept(name: &str) -> bool {
    let name: String = name
        .chars()
        .filter(|c| !matches!(c, '-' | '_'))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    NAMES_KEPT.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_keeps_its_form_and_says_nothing() {
        assert_eq!(text("Your code is 4711, Zoë."), "xxxx xxxx xx 0000, xxx.");
        assert_eq!(text("deadbeef00112233"), "0000000000000000");
        assert_eq!(address("+447700900123"), "+440000000000");
        assert_eq!(address("ACME"), "xxxx");
        assert_eq!(numbers("source.447700900123 waits 30 s"), "source.440000000000 waits 30 s");
    }

    #[test]
    fn json_stays_json_with_its_ids_states_and_times() {
        let mut octets =
            br#"{"id":"a80532bb", "event" : "sms:received","payload":{"message":"He said \"hi\" \u00e9","sender":"+447700900123",
 "receivedAt":"2026-08-20T10:15:30Z","simNumber":1,"number":447700900123,"phoneNumbers":["+447700900123"],"447700900123":null}}"#
                .to_vec();
        body(&mut octets);
        assert_eq!(
            str::from_utf8(&octets).unwrap(),
            r#"{"id":"a80532bb", "event" : "sms:received","payload":{"message":"xx xxxx \"xx\" x","sender":"+000000000000",
 "receivedAt":"2026-08-20T10:15:30Z","simNumber":1,"number":440000000000,"phoneNumbers":["+000000000000"],"440000000000":null}}"#
        );
        serde_json::from_slice::<IgnoredAny>(&octets).unwrap();
    }

    #[test]
    fn a_kept_name_keeps_no_telephone_number_and_no_novel() {
        for hidden in [
            r#"{"id":"+447700900123"}"#.to_owned(),
            format!(r#"{{"id":"{}"}}"#, "y".repeat(65)),
            r#"{"ids":["a1"]}"#.into(),
        ] {
            let mut octets = hidden.clone().into_bytes();
            body(&mut octets);
            assert_ne!(octets, hidden.as_bytes());
        }
    }

    #[test]
    fn what_is_no_json_is_hidden_whole() {
        let mut octets = b"to=447700900123".to_vec();
        body(&mut octets);
        assert_eq!(octets, b"xxxxxxxxxxxxxxx");
    }

    #[test]
    fn a_query_keeps_its_names_and_the_ids() {
        assert_eq!(
            query("msisdn=447700900123&messageId=0A00&text=Hi%20Zo%C3%AB&flag"),
            "msisdn=000000000000&messageId=0A00&text=xxxxxxx&xxxx"
        );
    }
}
