//! HTTP as it looks: a first line, headers, a blank, a body. A body of JSON that is long is laid out, a value a line; its octets are
//! otherwise as they are.

use std::fmt::Write as _;

/// Columns that a body of JSON may take on one line.
const LINE_COLUMNS: usize = 100;

/// What stands below the first line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rest {
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Reads headers, a blank and a body.
pub fn read(lines: &[&str]) -> Result<Rest, String> {
    let blank = lines.iter().position(|line| line.is_empty()).unwrap_or(lines.len());
    let headers = lines[..blank].iter().map(|line| {
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| format!("{line:?} is no header: a body comes behind an empty line"))?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    });
    Ok(Rest {
        headers: headers.collect::<Result<_, String>>()?,
        body: lines.get(blank + 1..).unwrap_or_default().join("\n").into_bytes(),
    })
}

/// An empty line and the body, or nothing where there is none.
pub fn show_body(body: &[u8]) -> Vec<String> {
    if body.is_empty() {
        return Vec::new();
    }
    let text = match str::from_utf8(body) {
        Ok(text) => laid_out(text).unwrap_or_else(|| text.to_owned()),
        Err(_) => format!("octets \"{}\"", body.escape_ascii()),
    };
    std::iter::once(String::new())
        .chain(text.lines().map(str::to_owned))
        .collect()
}

/// JSON with a value a line, in its own order and in its own digits; none for what is short or no JSON.
fn laid_out(text: &str) -> Option<String> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
    if text.chars().count() <= LINE_COLUMNS && !text.contains('\n') {
        return None;
    }
    let mut out = String::new();
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let new_line = |out: &mut String, depth: usize| {
        let _ = write!(out, "\n{:width$}", "", width = 2 * depth);
    };
    let mut characters = text.chars().filter(|character| *character != '\r').peekable();
    while let Some(character) = characters.next() {
        if quoted {
            out.push(character);
            quoted = character != '"' || escaped;
            escaped = character == '\\' && !escaped;
            continue;
        }
        match character {
            '"' => {
                quoted = true;
                out.push(character);
            }
            '{' | '[' => {
                out.push(character);
                while characters.next_if(|next| next.is_whitespace()).is_some() {}
                if !matches!(characters.peek(), Some('}' | ']')) {
                    depth += 1;
                    new_line(&mut out, depth);
                } else {
                    out.extend(characters.next());
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(character);
            }
            ',' => {
                out.push(character);
                new_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            blank if blank.is_whitespace() => {}
            other => out.push(other),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_a_body_are_read_as_they_look() {
        let rest = read(&["Content-Type: text/plain", "X: a:b", "", "one", "", "two"]).unwrap();
        assert_eq!(
            rest.headers,
            [("Content-Type".into(), "text/plain".into()), ("X".into(), "a:b".into())]
        );
        assert_eq!(rest.body, b"one\n\ntwo");
        assert_eq!(read(&[]), Ok(Rest::default()));
        assert!(read(&["{}"]).unwrap_err().contains("behind an empty line"));
    }

    #[test]
    fn long_json_has_a_value_a_line_and_keeps_its_order_and_digits() {
        assert_eq!(show_body(br#"{"b":1,"a":[]}"#), ["", r#"{"b":1,"a":[]}"#]);
        let long = format!(r#"{{"b":1.50,"a":[],"c":{{"d":"{}\",{{"}}, "e": [1,2]}}"#, "x".repeat(90));
        let shown = show_body(long.as_bytes()).join("\n");
        let expected = format!(
            "\n{{\n  \"b\": 1.50,\n  \"a\": [],\n  \"c\": {{\n    \"d\": \"{}\\\",{{\"\n  }},\n  \"e\": [\n    1,\n    2\n  ]\n}}",
            "x".repeat(90)
        );
        assert_eq!(shown, expected);
        assert_eq!(show_body(b"\xff\0"), ["", "octets \"\\xff\\x00\""]);
    }
}
