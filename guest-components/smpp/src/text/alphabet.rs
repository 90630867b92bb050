//! The default alphabet: what an account's peer writes where SMPP leaves it to the message centre.

use core::fmt;
use core::str::FromStr;

use super::Charset;

/// What an account's peer writes under data_coding 0, where SMPP 3.4 only says "SMSC default alphabet".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alphabet {
    /// GSM 03.38, the usual one.
    #[default]
    Gsm,
    /// ISO 8859-1.
    Latin1,
    /// ASCII.
    Ascii,
    /// UTF-8.
    Utf8,
}

impl Alphabet {
    /// The character set of the same name.
    #[must_use]
    pub const fn charset(self) -> Charset {
        match self {
            Self::Gsm => Charset::Gsm,
            Self::Latin1 => Charset::Latin1,
            Self::Ascii => Charset::Ascii,
            Self::Utf8 => Charset::Utf8,
        }
    }

    /// What settings call it; `from_str` reads it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gsm => "gsm",
            Self::Latin1 => "latin1",
            Self::Ascii => "ascii",
            Self::Utf8 => "utf8",
        }
    }
}

impl FromStr for Alphabet {
    type Err = UnknownAlphabet;

    fn from_str(name: &str) -> Result<Self, UnknownAlphabet> {
        [Self::Gsm, Self::Latin1, Self::Ascii, Self::Utf8]
            .into_iter()
            .find(|alphabet| alphabet.name() == name)
            .ok_or(UnknownAlphabet)
    }
}

impl fmt::Display for Alphabet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// No alphabet has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownAlphabet;

impl fmt::Display for UnknownAlphabet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("alphabet is none of gsm, latin1, ascii, utf8")
    }
}

impl core::error::Error for UnknownAlphabet {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn alphabets_by_name() {
        for alphabet in [Alphabet::Gsm, Alphabet::Latin1, Alphabet::Ascii, Alphabet::Utf8] {
            assert_eq!(alphabet.to_string().parse(), Ok(alphabet));
        }
        let error = "GSM".parse::<Alphabet>().unwrap_err();
        assert_eq!(error.to_string(), "alphabet is none of gsm, latin1, ascii, utf8");
    }
}
