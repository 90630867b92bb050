//! The body of `POST /messages`: reading it, and the mistakes that a 400 names (smsgate: POST /messages).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::clock;

const ID_MAX: usize = 36;
const DEVICE_ID_MAX: usize = 21;
const CONTENT_MAX: usize = 65_535;
const RECIPIENTS_MAX: usize = 100;
const NUMBER_MAX: usize = 128;
const TTL_SECONDS_MIN: u64 = 5;

/// What was posted, as it was posted: nothing is normalised, and it may be wrong.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Submission {
    /// The caller's own; what a repetition is recognised by.
    #[serde(default)]
    pub id: Option<String>,
    /// The phone that shall send it.
    #[serde(default)]
    pub device_id: Option<String>,
    /// Where to.
    #[serde(default)]
    pub phone_numbers: Vec<String>,
    #[serde(default)]
    text_message: Option<TextMessage>,
    #[serde(default)]
    data_message: Option<DataMessage>,
    /// The deprecated plain text.
    #[serde(default)]
    message: Option<String>,
    /// 1 to 3.
    #[serde(default)]
    pub sim_number: Option<i64>,
    /// Seconds.
    #[serde(default)]
    pub ttl: Option<u64>,
    /// RFC 3339.
    #[serde(default)]
    pub valid_until: Option<String>,
    /// RFC 3339.
    #[serde(default)]
    pub schedule_at: Option<String>,
    /// -128 to 127; 100 and more is expedited.
    #[serde(default)]
    pub priority: i64,
    /// True where nothing was said.
    #[serde(default)]
    pub with_delivery_report: Option<bool>,
    /// Text and numbers are ciphertext.
    #[serde(default)]
    pub is_encrypted: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct TextMessage {
    #[serde(default)]
    text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct DataMessage {
    #[serde(default)]
    data: String,
    #[serde(default)]
    port: i64,
}

impl Submission {
    pub(crate) fn read(body: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(body).map_err(|error| format!("failed to parse body: {error}"))
    }

    /// The text, in either of its two places.
    pub fn text(&self) -> Option<&str> {
        self.text_message
            .as_ref()
            .map(|text| text.text.as_str())
            .or(self.message.as_deref().filter(|text| !text.is_empty()))
    }

    /// The octets of a data message.
    pub fn data(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&self.data_message.as_ref()?.data).ok()
    }

    /// The data message's octets as posted, in base64.
    pub(crate) fn data_text(&self) -> Option<&str> {
        self.data_message.as_ref().map(|data| data.data.as_str())
    }

    /// The port of a data message.
    pub fn port(&self) -> Option<u16> {
        u16::try_from(self.data_message.as_ref()?.port).ok()
    }

    /// When the message is worthless, in milliseconds since 1970.
    pub fn expires_ms(&self, posted_ms: u64) -> Option<u64> {
        match (self.ttl, &self.valid_until) {
            (Some(seconds), _) => Some(posted_ms.saturating_add(seconds.saturating_mul(1000))),
            (None, Some(text)) => clock::parse(text),
            (None, None) => None,
        }
    }

    /// Not to be sent before, in milliseconds since 1970.
    pub fn scheduled_ms(&self) -> Option<u64> {
        clock::parse(self.schedule_at.as_ref()?)
    }

    /// What the server answers 400 for before it looks at phones and numbers.
    pub(crate) fn mistake(&self, now_ms: u64) -> Option<String> {
        self.bad_field()
            .or_else(|| self.bad_content())
            .or_else(|| self.bad_times(now_ms))
    }

    fn bad_field(&self) -> Option<String> {
        let rules = [
            ("ID", "max", self.id.as_ref().is_some_and(|id| id.len() > ID_MAX)),
            (
                "DeviceID",
                "max",
                self.device_id.as_ref().is_some_and(|id| id.len() > DEVICE_ID_MAX),
            ),
            (
                "Message",
                "max",
                self.message.as_ref().is_some_and(|text| text.len() > CONTENT_MAX),
            ),
            (
                "Text",
                "required",
                self.text_message.as_ref().is_some_and(|text| text.text.is_empty()),
            ),
            (
                "Text",
                "max",
                self.text_message.as_ref().is_some_and(|text| text.text.len() > CONTENT_MAX),
            ),
            ("Data", "base64", self.data_message.is_some() && self.data().is_none()),
            ("Data", "min", self.data_text().is_some_and(|data| data.len() < 4)),
            ("Data", "max", self.data_text().is_some_and(|data| data.len() > CONTENT_MAX)),
            (
                "Port",
                "required",
                self.data_message
                    .as_ref()
                    .is_some_and(|data| !(1..=65_535).contains(&data.port)),
            ),
            ("PhoneNumbers", "required", self.phone_numbers.is_empty()),
            ("PhoneNumbers", "max", self.phone_numbers.len() > RECIPIENTS_MAX),
            ("PhoneNumbers[0]", "required", self.phone_numbers.iter().any(String::is_empty)),
            (
                "PhoneNumbers[0]",
                "max",
                self.phone_numbers.iter().any(|number| number.len() > NUMBER_MAX),
            ),
            ("SimNumber", "max", self.sim_number.is_some_and(|sim| !(1..=3).contains(&sim))),
            ("Priority", "max", !(-128..=127).contains(&self.priority)),
            ("TTL", "min", self.ttl.is_some_and(|seconds| seconds < TTL_SECONDS_MIN)),
        ];
        let (field, tag, _) = rules.iter().find(|(_, _, broken)| *broken)?;
        Some(format!(
            "failed to validate: Key: 'Message.{field}' Error:Field validation for '{field}' failed on the '{tag}' tag"
        ))
    }

    fn bad_content(&self) -> Option<String> {
        const ONE_OF: &str = "must specify exactly one of: textMessage or dataMessage";
        let plain = self.message.as_ref().is_some_and(|text| !text.is_empty());
        match [plain, self.text_message.is_some(), self.data_message.is_some()]
            .iter()
            .filter(|given| **given)
            .count()
        {
            0 => Some(format!("validation failed: {ONE_OF}")),
            1 => None,
            _ => Some(format!("conflict fields: {ONE_OF}")),
        }
    }

    fn bad_times(&self, now_ms: u64) -> Option<String> {
        for text in [&self.valid_until, &self.schedule_at].into_iter().flatten() {
            if clock::parse(text).is_none() {
                return Some(format!("failed to parse body: parsing time {text:?}"));
            }
        }
        if self.ttl.is_some() && self.valid_until.is_some() {
            return Some("conflict fields: ttl and validUntil".into());
        }
        let scheduled_ms = self.scheduled_ms()?;
        if scheduled_ms <= now_ms {
            return Some("validation failed: scheduleAt must be in the future".into());
        }
        if self.valid_until.is_some() && self.expires_ms(now_ms).is_some_and(|expires_ms| expires_ms < scheduled_ms) {
            return Some("validation failed: scheduleAt must be before validUntil".into());
        }
        None
    }
}

/// The number in E.164 as the server makes it, Russian where it has no country; or why it will not have it.
///
/// Stands in for libphonenumber: it knows lengths, and which Russian numbers are mobile, and no more.
pub(crate) fn clean_number(number: &str) -> Result<String, String> {
    let bare: String = number.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.')).collect();
    let (international, digits) = match bare.strip_prefix('+') {
        Some(digits) => (true, digits),
        None => (false, bare.as_str()),
    };
    if digits.len() < 2 || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err("can't parse phone number: the phone number supplied is not a number".into());
    }
    let full = match (international, digits.len()) {
        (true, 8..=15) if !digits.starts_with('0') => digits.to_owned(),
        (false, 11) if digits.starts_with('7') || digits.starts_with('8') => format!("7{}", &digits[1..]),
        (false, 10) => format!("7{digits}"),
        _ => return Err("invalid phone number".into()),
    };
    match full.strip_prefix('7') {
        Some(national) if national.len() != 10 => Err("invalid phone number".into()),
        Some(national) if !national.starts_with('9') => Err("not mobile phone number".into()),
        _ => Ok(format!("+{full}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Submission, clean_number};

    #[test]
    fn numbers_are_international_or_russian() {
        let rows = [
            ("+447700900123", Ok("+447700900123")),
            ("+44 7700 900-123", Ok("+447700900123")),
            ("79990001234", Ok("+79990001234")),
            ("89990001234", Ok("+79990001234")),
            ("9990001234", Ok("+79990001234")),
            ("447700900123", Err("invalid phone number")),
            ("12345", Err("invalid phone number")),
            ("+0123456789", Err("invalid phone number")),
            ("+74951234567", Err("not mobile phone number")),
            (
                "ACME",
                Err("can't parse phone number: the phone number supplied is not a number"),
            ),
        ];
        for (number, expected) in rows {
            assert_eq!(clean_number(number).as_deref().map_err(String::as_str), expected, "{number}");
        }
    }

    #[test]
    fn every_mistake_of_a_body_is_named() {
        let long = "x".repeat(37);
        let rows = [
            (r#"{"textMessage":{"text":"Hi"},"phoneNumbers":["+447700900123"]}"#.to_owned(), None),
            (r#"{"message":"Hi","phoneNumbers":["+447700900123"]}"#.to_owned(), None),
            (r#"{"phoneNumbers":["+447700900123"]}"#.to_owned(), Some("exactly one")),
            (r#"{"message":"Hi","textMessage":{"text":"Hi"},"phoneNumbers":["+447700900123"]}"#.to_owned(), Some("conflict fields")),
            (r#"{"textMessage":{"text":""},"phoneNumbers":["+447700900123"]}"#.to_owned(), Some("'Text'")),
            (r#"{"textMessage":{"text":"Hi"}}"#.to_owned(), Some("'PhoneNumbers'")),
            (format!(r#"{{"id":"{long}","textMessage":{{"text":"Hi"}},"phoneNumbers":["1"]}}"#), Some("'ID'")),
            (format!(r#"{{"deviceId":"{long}","textMessage":{{"text":"Hi"}},"phoneNumbers":["1"]}}"#), Some("'DeviceID'")),
            (r#"{"dataMessage":{"data":"?","port":1},"phoneNumbers":["1"]}"#.to_owned(), Some("'base64'")),
            (r#"{"dataMessage":{"data":"SGVsbG8="},"phoneNumbers":["1"]}"#.to_owned(), Some("'Port'")),
            (r#"{"textMessage":{"text":"Hi"},"phoneNumbers":["1"],"simNumber":4}"#.to_owned(), Some("'SimNumber'")),
            (r#"{"textMessage":{"text":"Hi"},"phoneNumbers":["1"],"priority":128}"#.to_owned(), Some("'Priority'")),
            (r#"{"textMessage":{"text":"Hi"},"phoneNumbers":["1"],"ttl":4}"#.to_owned(), Some("'TTL'")),
            (
                r#"{"textMessage":{"text":"Hi"},"phoneNumbers":["1"],"ttl":5,"validUntil":"2026-08-20T07:55:32Z"}"#.to_owned(),
                Some("ttl and validUntil"),
            ),
            (r#"{"textMessage":{"text":"Hi"},"phoneNumbers":["1"],"scheduleAt":"2020-01-01T00:00:00Z"}"#.to_owned(), Some("in the future")),
            (
                r#"{"textMessage":{"text":"Hi"},"phoneNumbers":["1"],"scheduleAt":"2050-01-02T00:00:00Z","validUntil":"2050-01-01T00:00:00Z"}"#
                    .to_owned(),
                Some("before validUntil"),
            ),
            (r#"{"textMessage":{"text":"Hi"},"phoneNumbers":["1"],"validUntil":"soon"}"#.to_owned(), Some("parsing time")),
        ];
        for (body, expected) in rows {
            let mistake = Submission::read(body.as_bytes()).unwrap().mistake(1_787_212_532_123);
            match expected {
                None => assert_eq!(mistake, None, "{body}"),
                Some(words) => assert!(mistake.clone().unwrap_or_default().contains(words), "{body}: {mistake:?}"),
            }
        }
        assert!(Submission::read(b"{").unwrap_err().starts_with("failed to parse body"));
        assert!(Submission::read(br#"{"phoneNumbers":"one"}"#).is_err());
    }
}
