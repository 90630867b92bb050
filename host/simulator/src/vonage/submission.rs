//! The form of `POST /sms/json`: reading it, the mistakes that a status names, and how many parts it makes.

use edgebind_smpp::text::{self, Alphabet, Charset, Coding};

use super::refusal::Refusal;
use super::signature::Parameters;

const TEXT_CHARACTERS_MAX: usize = 3_200;
const BINARY_OCTETS_MAX: usize = 140;
const CALLBACK_CHARACTERS_MAX: usize = 100;
const CLIENT_REF_CHARACTERS_MAX: usize = 100;
const TTL_MS: std::ops::RangeInclusive<u64> = 20_000..=604_800_000;

/// Octets of the header that numbers the parts.
const UDH_OCTETS: usize = 6;

/// What was posted, as it was posted: nothing is normalised, and it may be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// All of them; of two with one name the later.
    pub parameters: Parameters,
}

impl Submission {
    pub(crate) fn read(body: &[u8]) -> Self {
        let parameters = url::form_urlencoded::parse(body).into_owned().collect();
        Self { parameters }
    }

    /// A parameter, if it was given.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// The sender; empty if there is none.
    pub fn from(&self) -> &str {
        self.get("from").unwrap_or_default()
    }

    /// The recipient; empty if there is none.
    pub fn to(&self) -> &str {
        self.get("to").unwrap_or_default()
    }

    /// The text; empty if there is none.
    pub fn text(&self) -> &str {
        self.get("text").unwrap_or_default()
    }

    /// The type; `text` if there is none.
    pub fn kind(&self) -> &str {
        self.get("type").unwrap_or("text")
    }

    /// The caller's own reference.
    pub fn client_ref(&self) -> Option<&str> {
        self.get("client-ref")
    }

    /// The octets of a binary message; none if they are not hexadecimal.
    pub fn body(&self) -> Option<Vec<u8>> {
        from_hex(self.get("body")?)
    }

    /// The user data header of a binary message, with its length octet; none if it is not hexadecimal.
    pub fn udh(&self) -> Option<Vec<u8>> {
        from_hex(self.get("udh")?)
    }

    /// Whether receipts are wanted, as they are when nothing is said.
    pub fn wants_receipts(&self) -> bool {
        !matches!(self.get("status-report-req"), Some("false" | "0"))
    }

    /// What is wrong with it, whoever sent it.
    pub(crate) fn mistake(&self) -> Option<Refusal> {
        self.missing().or_else(|| self.invalid()).or_else(|| self.too_long())
    }

    fn missing(&self) -> Option<Refusal> {
        let content: &[&str] = match self.kind() {
            "text" | "unicode" => &["text"],
            "binary" => &["body"],
            _ => &[],
        };
        let missing = ["from", "to"]
            .iter()
            .chain(content)
            .find(|name| self.get(name).is_none_or(str::is_empty))?;
        Some(Refusal::new(2, format!("Missing {missing} param")))
    }

    fn invalid(&self) -> Option<Refusal> {
        let number = |name: &str| self.get(name).map(|value| value.parse::<u64>().ok());
        let is_number_in = |name: &str, range: &std::ops::RangeInclusive<u64>| {
            number(name).is_none_or(|number| number.is_some_and(|number| range.contains(&number)))
        };
        let is_flag = |name: &str| matches!(self.get(name), None | Some("true" | "false" | "0" | "1"));
        let to = self.to();
        let rules = [
            (
                "to",
                (7..=15).contains(&to.len()) && to.bytes().all(|octet| octet.is_ascii_digit()),
            ),
            ("type", matches!(self.kind(), "text" | "unicode" | "binary")),
            ("ttl", is_number_in("ttl", &TTL_MS)),
            ("message-class", is_number_in("message-class", &(0..=3))),
            ("protocol-id", is_number_in("protocol-id", &(0..=255))),
            ("status-report-req", is_flag("status-report-req")),
            ("trusted-number", is_flag("trusted-number")),
            ("body", self.get("body").is_none() || self.body().is_some()),
            (
                "udh",
                self.get("udh").is_none() || self.udh().is_some_and(|udh| is_header(&udh)),
            ),
            (
                "client-ref",
                self.client_ref()
                    .is_none_or(|own| own.chars().count() <= CLIENT_REF_CHARACTERS_MAX),
            ),
        ];
        if let Some((name, _)) = rules.iter().find(|(_, is_good)| !is_good) {
            return Some(Refusal::new(3, format!("Invalid value for parameter: {name}")));
        }
        let callback = self.get("callback")?;
        let is_good = callback.chars().count() <= CALLBACK_CHARACTERS_MAX
            && (callback.starts_with("http://") || callback.starts_with("https://"));
        (!is_good).then(|| Refusal::of(23))
    }

    fn too_long(&self) -> Option<Refusal> {
        let is_too_long = match self.kind() {
            "binary" => self.octets() > BINARY_OCTETS_MAX,
            _ => self.text().chars().count() > TEXT_CHARACTERS_MAX,
        };
        is_too_long.then(|| Refusal::of(12))
    }

    fn octets(&self) -> usize {
        let length = |octets: Option<Vec<u8>>| octets.map_or(0, |octets| octets.len());
        length(self.body()) + length(self.udh())
    }

    /// How many short messages it makes. Vonage switches to no other alphabet by itself: what GSM lacks becomes a question mark.
    pub(crate) fn parts(&self) -> usize {
        match self.kind() {
            "binary" => 1,
            "unicode" => split(Charset::Ucs2, self.text()).len(),
            _ => {
                let gsm: String = self
                    .text()
                    .chars()
                    .map(|c| match text::fits(Charset::Gsm, c.encode_utf8(&mut [0; 4])) {
                        true => c,
                        false => '?',
                    })
                    .collect();
                split(Charset::Gsm, &gsm).len()
            }
        }
    }
}

/// The text of each short message that this one makes; one, if it fits.
pub(crate) fn split(charset: Charset, text: &str) -> Vec<String> {
    let encoded = text::encode(charset, text).unwrap_or_default();
    if encoded.len() <= text::capacity(Coding::Text(charset), 0) {
        return vec![text.to_owned()];
    }
    text::split(charset, &encoded, text::capacity(Coding::Text(charset), UDH_OCTETS))
        .map(|part| text::decode(charset, part).unwrap_or_default())
        .collect()
}

/// The alphabet that a phone would write this text in.
pub(crate) fn charset_of(text: &str) -> Charset {
    text::choose(Alphabet::Gsm, text).1
}

fn is_header(udh: &[u8]) -> bool {
    udh.split_first()
        .is_some_and(|(length, elements)| usize::from(*length) == elements.len())
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let octet = |pair: &[u8]| {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(*pair.get(1)?).to_digit(16)?;
        u8::try_from(high * 16 + low).ok()
    };
    digits.as_bytes().chunks(2).map(octet).collect()
}

#[cfg(test)]
mod tests {
    use super::Submission;

    const TO: &str = "from=ACME&to=447700900000";

    #[test]
    fn every_mistake_has_its_status() {
        let long = |length| "x".repeat(length);
        let rows = [
            (format!("{TO}&text=Hi"), 0),
            (
                format!("{TO}&text=Hi&type=unicode&ttl=20000&message-class=0&callback=https%3A%2F%2Fexample.com"),
                0,
            ),
            (format!("{TO}&type=binary&body=0011&udh=06050415811581"), 0),
            (String::new(), 2),
            ("to=447700900000&text=Hi".into(), 2),
            ("from=ACME&text=Hi".into(), 2),
            (TO.to_owned(), 2),
            (format!("{TO}&text="), 2),
            (format!("{TO}&type=binary&text=Hi"), 2),
            ("from=ACME&to=%2B447700900000&text=Hi".into(), 3),
            ("from=ACME&to=123456&text=Hi".into(), 3),
            (format!("{TO}&text=Hi&type=wappush"), 3),
            (format!("{TO}&text=Hi&ttl=19999"), 3),
            (format!("{TO}&text=Hi&ttl=604800001"), 3),
            (format!("{TO}&text=Hi&ttl=soon"), 3),
            (format!("{TO}&text=Hi&message-class=4"), 3),
            (format!("{TO}&text=Hi&protocol-id=256"), 3),
            (format!("{TO}&text=Hi&status-report-req=yes"), 3),
            (format!("{TO}&text=Hi&client-ref={}", long(101)), 3),
            (format!("{TO}&type=binary&body=001"), 3),
            (format!("{TO}&type=binary&body=00&udh=0605"), 3),
            (format!("{TO}&text=Hi&callback=ftp%3A%2F%2Fexample.com"), 23),
            (format!("{TO}&text=Hi&callback=https%3A%2F%2F{}", long(93)), 23),
            (format!("{TO}&text={}", long(3_200)), 0),
            (format!("{TO}&text={}", long(3_201)), 12),
            (format!("{TO}&type=binary&body={}", "00".repeat(140)), 0),
            (format!("{TO}&type=binary&body={}&udh=06050415811581", "00".repeat(134)), 12),
        ];
        for (form, expected) in rows {
            let mistake = Submission::read(form.as_bytes()).mistake();
            assert_eq!(
                mistake.as_ref().map_or(0, |mistake| mistake.status),
                expected,
                "{form}: {mistake:?}"
            );
        }
    }

    #[test]
    fn parts_are_counted_by_alphabet() {
        let rows = [
            ("text", "a".repeat(160), 1),
            ("text", "a".repeat(161), 2),
            ("text", "a".repeat(459), 3),
            ("text", "a".repeat(460), 4),
            ("text", "€".repeat(81), 2),
            ("text", "д".repeat(160), 1),
            ("unicode", "д".repeat(70), 1),
            ("unicode", "a".repeat(71), 2),
            ("unicode", "д".repeat(135), 3),
        ];
        for (kind, text, expected) in rows {
            let text: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
            let submission = Submission::read(format!("{TO}&type={kind}&text={text}").as_bytes());
            assert_eq!(submission.parts(), expected, "{kind} {text}");
        }
    }
}
