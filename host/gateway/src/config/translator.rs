//! The translators that come with the gateway, by the names that a configuration has for them.

use std::fmt;

/// Which of them a tenant starts with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Translator {
    /// SMSGate's API.
    #[default]
    Smsgate,
    /// Vonage's SMS API.
    Vonage,
    /// An HTTP API that the settings describe.
    HttpTemplate,
}

impl Translator {
    /// Each by its name.
    pub const WORDS: [(&'static str, Self); 3] = [
        ("smsgate", Self::Smsgate),
        ("vonage", Self::Vonage),
        ("http-template", Self::HttpTemplate),
    ];

    /// In configurations, in journals of releases and for the admin API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Smsgate => "smsgate",
            Self::Vonage => "vonage",
            Self::HttpTemplate => "http-template",
        }
    }
}

impl fmt::Display for Translator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
