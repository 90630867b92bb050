//! A line of a case as words; a word in quotes may hold blanks.

use std::str::FromStr;

/// The words of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(Vec<Word>);

/// One of them, without its quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    /// It began with a quote: it is text, whatever it looks like.
    pub quoted: bool,
}

impl Words {
    pub fn of(line: &str) -> Self {
        let mut words = vec![Word::default()];
        let (mut quoted, mut escaped) = (false, false);
        for character in line.trim_end().chars() {
            let Some(word) = words.last_mut() else { break };
            match character {
                '"' if !escaped => {
                    word.quoted |= word.text.is_empty() && !quoted;
                    quoted = !quoted;
                }
                ' ' if !quoted => words.push(Word::default()),
                _ => word.text.push(character),
            }
            escaped = character == '\\' && !escaped;
        }
        words.retain(|word| word.quoted || !word.text.is_empty());
        Self(words)
    }

    pub fn verb(&self) -> &str {
        self.word(0)
    }

    /// Nothing where there are fewer.
    pub fn word(&self, place: usize) -> &str {
        self.0.get(place).map_or("", |word| &word.text)
    }

    /// All but the first.
    pub fn rest(&self) -> &[Word] {
        self.0.get(1..).unwrap_or_default()
    }

    /// `name=value`, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter(|word| !word.quoted)
            .filter_map(|word| word.text.split_once('='))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// A number in decimal.
    pub fn number<T: FromStr>(&self, place: usize) -> Result<T, String> {
        number(self.word(place))
    }

    /// The value of a name, a number in decimal.
    pub fn value<T: FromStr>(&self, name: &str) -> Result<Option<T>, String> {
        self.get(name).map(number).transpose()
    }

    /// An octet in hex.
    pub fn octet(&self, name: &str, default: u8) -> Result<u8, String> {
        self.get(name).map_or(Ok(default), octet)
    }
}

pub fn number<T: FromStr>(word: &str) -> Result<T, String> {
    word.parse()
        .map_err(|_| format!("{word:?} is not the number that belongs here"))
}

pub fn octet(word: &str) -> Result<u8, String> {
    u8::from_str_radix(word, 16).map_err(|_| format!("{word:?} is no octet in hex"))
}

/// Octets in hex, with whatever stands between the digits.
pub fn hex(digits: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<u8> = digits.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| octet(str::from_utf8(pair).unwrap_or_default()))
        .collect()
}

/// The octets in which `\x1b`, `\n`, `\"` and `\\` are written so, and other characters stand for their UTF-8.
pub fn unescaped(text: &str) -> Result<Vec<u8>, String> {
    let mut octets = Vec::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            octets.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        octets.push(match characters.next() {
            Some('n') => b'\n',
            Some('r') => b'\r',
            Some('t') => b'\t',
            Some('x') => octet(&characters.by_ref().take(2).collect::<String>())?,
            Some(other) if other.is_ascii() => other as u8,
            _ => return Err(format!("{text:?} ends in the middle of an escape")),
        });
    }
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_words_together_and_say_that_they_did() {
        let words = Words::of(r#"submit 1/1:44 "a b=c" text="d e" esm=40"#);
        assert_eq!(words.verb(), "submit");
        assert_eq!((words.word(2), words.rest()[1].quoted), ("a b=c", true));
        assert_eq!(words.pairs().collect::<Vec<_>>(), [("text", "d e"), ("esm", "40")]);
        assert_eq!(words.octet("esm", 0), Ok(0x40));
        assert_eq!(
            words.number::<u8>(0),
            Err("\"submit\" is not the number that belongs here".into())
        );
    }

    #[test]
    fn what_is_escaped_is_read_again() {
        let octets = b"a\x1b\xff\"\\\n";
        let written = octets.escape_ascii().to_string();
        assert_eq!(unescaped(&written), Ok(octets.to_vec()));
        let words = Words::of(&format!("submit \"{written} b\" 2"));
        assert_eq!(words.rest().len(), 2);
        assert!(unescaped("\\").is_err());
    }
}
