//! What a provider's error means, in a word of the settings: `retry`, `retry 5000`, `rejected 0x0B`, `undeliverable 0x45 12`.

use crate::bindings::edgebind::{
    message::types::MessageState,
    translator::types::{Dead, Outcome, Retry},
};
use edgebind_smpp::CommandStatus;

/// What becomes of a message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Again, after so many milliseconds, or when the host thinks.
    Retry(Option<u64>),
    /// Never: the state of its receipt, the command_status and the `err:`.
    Dead(MessageState, CommandStatus, u16),
}

/// The states that end a message which was never sent.
const STATES: [(&str, MessageState); 4] = [
    ("rejected", MessageState::Rejected),
    ("undeliverable", MessageState::Undeliverable),
    ("expired", MessageState::Expired),
    ("unknown", MessageState::Unknown),
];

impl Verdict {
    /// Reads one; the mistake is a sentence without its subject.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut words = text.split_ascii_whitespace();
        let read = match words.next() {
            Some("retry") => match words.next().map(str::parse) {
                None => Some(Self::Retry(None)),
                Some(Ok(ms)) => Some(Self::Retry(Some(ms))),
                Some(Err(_)) => None,
            },
            Some(word) => dead(word, words.next(), words.next()),
            None => None,
        };
        read.filter(|_| words.next().is_none()).ok_or_else(|| {
            format!(
                "`{text}` is neither `retry`, `retry MILLISECONDS` nor a state ({}) with a command_status (0x0B) and a number for err: behind it",
                STATES.map(|(name, _)| name).join(", ")
            )
        })
    }

    /// What the host is told.
    pub(crate) fn outcome(&self, why: String) -> Outcome {
        match self {
            Self::Retry(after_ms) => Outcome::Retry(Retry {
                after_ms: *after_ms,
                why,
            }),
            Self::Dead(state, command_status, error) => Outcome::Dead(Dead {
                state: *state,
                command_status: command_status.0,
                error: *error,
                why,
            }),
        }
    }
}

fn dead(state: &str, command_status: Option<&str>, error: Option<&str>) -> Option<Verdict> {
    let (_, state) = STATES.into_iter().find(|(name, _)| *name == state)?;
    let command_status = match command_status {
        None => CommandStatus::RSUBMITFAIL,
        Some(text) => CommandStatus(match text.strip_prefix("0x") {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => text.parse().ok()?,
        }),
    };
    let error = error.map_or(Some(0), |text| text.parse().ok().filter(|error| *error <= 999))?;
    (!command_status.is_ok()).then_some(Verdict::Dead(state, command_status, error))
}

/// The message itself is to blame.
pub(crate) fn rejected(command_status: CommandStatus, why: &str) -> Dead {
    Dead {
        state: MessageState::Rejected,
        command_status: command_status.0,
        error: 0,
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_what_becomes_of_a_message() {
        let rows = [
            ("retry", Some(Verdict::Retry(None))),
            ("retry 500", Some(Verdict::Retry(Some(500)))),
            (
                "rejected",
                Some(Verdict::Dead(MessageState::Rejected, CommandStatus::RSUBMITFAIL, 0)),
            ),
            (
                "undeliverable 0x0B 12",
                Some(Verdict::Dead(MessageState::Undeliverable, CommandStatus::RINVDSTADR, 12)),
            ),
            (
                "expired 69",
                Some(Verdict::Dead(MessageState::Expired, CommandStatus::RSUBMITFAIL, 0)),
            ),
            ("", None),
            ("retry soon", None),
            ("delivered", None),
            ("rejected 0", None),
            ("rejected 0x0B 1000", None),
            ("rejected 0x0B 1 2", None),
        ];
        for (text, verdict) in rows {
            assert_eq!(Verdict::read(text).ok(), verdict, "{text}");
        }
    }
}
