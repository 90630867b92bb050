//! Text with places to fill: `Hello {text}`, `key={secret:NAME}`. A doubled brace is a brace.

/// What stands between braces, and what to do where nothing is known by that name.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    Place(&'static str),
    Secret(String),
}

/// What stands before the name of a secret.
const SECRET: &str = "secret:";

/// What a place is to be filled with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted<'a> {
    /// What is known by this name.
    Word(&'static str),
    /// The secret of this name, which is the host's to fill in.
    Secret(&'a str),
}

/// A text with places in it, each of which has a name that is known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template(Vec<Piece>);

impl Template {
    /// Reads one; the mistake is a sentence without its subject.
    pub(crate) fn read(text: &str, names: &'static [&'static str]) -> Result<Self, String> {
        let (mut pieces, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                plain.push_str(brace);
                rest = after;
                continue;
            }
            let Some((name, after)) = rest.split_once('}').filter(|_| brace == "{") else {
                return Err(format!("has a `{brace}` that stands alone; a brace that is meant is doubled"));
            };
            let place = match name.strip_prefix(SECRET) {
                Some(secret) if !secret.is_empty() => Piece::Secret(secret.to_owned()),
                _ => match names.iter().find(|known| **known == name) {
                    Some(name) => Piece::Place(name),
                    None => return Err(format!("knows no {{{name}}}, only secret:NAME, {}", names.join(", "))),
                },
            };
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(place);
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self(pieces))
    }

    /// The names of its places.
    pub(crate) fn places(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Place(name) => Some(*name),
            Piece::Text(_) | Piece::Secret(_) => None,
        })
    }

    /// How many secrets it mentions.
    pub(crate) fn secrets(&self) -> usize {
        self.0.iter().filter(|piece| matches!(piece, Piece::Secret(_))).count()
    }

    /// The one place that it is, with no text around it.
    pub(crate) fn single(&self) -> Option<&'static str> {
        match self.0.as_slice() {
            [Piece::Place(name)] => Some(name),
            _ => None,
        }
    }

    /// Filled; none where a place has nothing to be filled with.
    pub(crate) fn fill(&self, mut value: impl FnMut(Wanted<'_>) -> Option<String>) -> Option<String> {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Some(text.clone()),
                Piece::Place(name) => value(Wanted::Word(name)),
                Piece::Secret(name) => value(Wanted::Secret(name)),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &["text", "to"];

    #[test]
    fn places_are_filled_and_doubled_braces_are_braces() {
        let rows = [
            ("", Some("")),
            ("plain", Some("plain")),
            ("{text}", Some("<text>")),
            ("a {to} b {text}", Some("a <to> b <text>")),
            ("{{text}} {to}", Some("{text} <to>")),
            ("}}{{", Some("}{")),
            ("a {secret:api.key} b", Some("a [api.key] b")),
        ];
        for (text, filled) in rows {
            let template = Template::read(text, NAMES).unwrap();
            let fill = |wanted: Wanted<'_>| {
                Some(match wanted {
                    Wanted::Word(name) => format!("<{name}>"),
                    Wanted::Secret(name) => format!("[{name}]"),
                })
            };
            assert_eq!(template.fill(fill).as_deref(), filled, "{text}");
        }
        let template = Template::read("a {text}", NAMES).unwrap();
        assert_eq!(template.fill(|_| None), None);
        assert_eq!(template.single(), None);
        assert_eq!(Template::read("{to}", NAMES).unwrap().single(), Some("to"));
    }

    #[test]
    fn what_is_no_template_is_refused() {
        for text in ["{", "a } b", "{text", "{}", "{from}", "{{{", "{secret:}", "{secret}"] {
            assert!(Template::read(text, NAMES).is_err(), "{text}");
        }
    }
}
