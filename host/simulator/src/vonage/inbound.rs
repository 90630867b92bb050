//! Incoming messages (vonage: inbound SMS): one webhook for each short message that the sender's text makes.

use super::signature::Parameters;
use super::submission;
use crate::clock;
use edgebind_smpp::text::Charset;

/// Somebody's message to a number of an account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inbound<'a> {
    pub(crate) api_key: &'a str,
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) at_ms: u64,
}

impl Inbound<'_> {
    /// A text, in as many parts as it takes, each with an id of its own; the parts share a reference.
    pub(crate) fn text(&self, text: &str, reference: u8, mut id: impl FnMut() -> String) -> Vec<Parameters> {
        let charset = submission::charset_of(text);
        let kind = if charset == Charset::Gsm { "text" } else { "unicode" };
        let parts = submission::split(charset, text);
        let total = parts.len();
        parts
            .iter()
            .enumerate()
            .map(|(index, text)| {
                let mut parameters = self.parameters(kind, id());
                let keyword = text.split_whitespace().next().unwrap_or_default().to_uppercase();
                parameters.insert("text".into(), text.clone());
                parameters.insert("keyword".into(), keyword);
                if total > 1 {
                    let numbers = [("ref", usize::from(reference)), ("total", total), ("part", index + 1)];
                    parameters.insert("concat".into(), "true".into());
                    parameters.extend(numbers.map(|(name, number)| (format!("concat-{name}"), number.to_string())));
                }
                parameters
            })
            .collect()
    }

    /// Octets, with a header or without.
    pub(crate) fn binary(&self, data: &[u8], udh: &[u8], id: String) -> Parameters {
        let mut parameters = self.parameters("binary", id);
        parameters.insert("data".into(), hex(data));
        if !udh.is_empty() {
            parameters.insert("udh".into(), hex(udh));
        }
        parameters
    }

    fn parameters(&self, kind: &str, id: String) -> Parameters {
        [
            ("msisdn", self.from.to_owned()),
            ("to", self.to.to_owned()),
            ("messageId", id),
            ("type", kind.to_owned()),
            ("message-timestamp", clock::seconds(self.at_ms)),
            ("api-key", self.api_key.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::Inbound;

    const INBOUND: Inbound<'_> = Inbound {
        api_key: "a1b2c3d4",
        from: "447700900123",
        to: "447700900999",
        at_ms: 1_787_212_532_123,
    };

    #[test]
    fn only_the_parts_of_a_long_text_are_numbered() {
        let mut ids = (1..).map(|id: u32| id.to_string());
        let single = INBOUND.text("Hello World", 7, || ids.next().unwrap());
        assert_eq!(single.len(), 1);
        assert!(!single[0].contains_key("concat"));
        assert_eq!(single[0]["keyword"], "HELLO");
        assert_eq!(single[0]["message-timestamp"], "2026-08-20 07:55:32");
        let long = INBOUND.text(&"д".repeat(68 + 67), 7, || ids.next().unwrap());
        let numbers: Vec<_> = long
            .iter()
            .map(|part| {
                (
                    part["concat-part"].as_str(),
                    part["concat-total"].as_str(),
                    part["messageId"].as_str(),
                )
            })
            .collect();
        assert_eq!(numbers, [("1", "3", "2"), ("2", "3", "3"), ("3", "3", "4")]);
        assert!(long.iter().all(|part| part["concat-ref"] == "7" && part["type"] == "unicode"));
        assert_eq!(
            long.iter().map(|part| part["text"].as_str()).collect::<String>(),
            "д".repeat(135)
        );
    }

    #[test]
    fn octets_are_written_in_hexadecimal() {
        let binary = INBOUND.binary(&[0, 0xFF], &[5, 0, 3, 1, 2, 1], "17".into());
        assert_eq!((binary["data"].as_str(), binary["udh"].as_str()), ("00ff", "050003010201"));
        assert!(!INBOUND.binary(&[0], &[], "17".into()).contains_key("udh"));
    }
}
