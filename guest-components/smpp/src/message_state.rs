//! message_state: what became of a message, as a number (query_sm_resp, the optional parameter) and as a word (receipts).

wire_value! {
    /// A message_state (SMPP 3.4 §5.2.28; SCHEDULED and SKIPPED are SMPP 5.0's).
    MessageState(u8), "{:#04x}" {
        SCHEDULED = 0, "SCHEDULED";
        ENROUTE = 1, "ENROUTE";
        DELIVERED = 2, "DELIVERED";
        EXPIRED = 3, "EXPIRED";
        DELETED = 4, "DELETED";
        UNDELIVERABLE = 5, "UNDELIVERABLE";
        ACCEPTED = 6, "ACCEPTED";
        UNKNOWN = 7, "UNKNOWN";
        REJECTED = 8, "REJECTED";
        SKIPPED = 9, "SKIPPED";
    }
}

impl MessageState {
    /// The seven letters of a receipt's `stat:` (SMPP 3.4 appendix B); states that have none there are UNKNOWN.
    #[must_use]
    pub const fn stat(self) -> &'static str {
        match self {
            Self::ENROUTE => "ENROUTE",
            Self::DELIVERED => "DELIVRD",
            Self::EXPIRED => "EXPIRED",
            Self::DELETED => "DELETED",
            Self::UNDELIVERABLE => "UNDELIV",
            Self::ACCEPTED => "ACCEPTD",
            Self::REJECTED => "REJECTD",
            _ => "UNKNOWN",
        }
    }

    /// The state that the letters of `stat:` mean, in upper or lower case.
    #[must_use]
    pub fn from_stat(stat: &[u8]) -> Option<Self> {
        [
            Self::ENROUTE,
            Self::DELIVERED,
            Self::EXPIRED,
            Self::DELETED,
            Self::UNDELIVERABLE,
            Self::ACCEPTED,
            Self::UNKNOWN,
            Self::REJECTED,
        ]
        .into_iter()
        .find(|state| state.stat().as_bytes().eq_ignore_ascii_case(stat))
    }

    /// Whether nothing follows this state. ACCEPTED is final in 3.4; clients take it for an intermediate one all the same.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::SCHEDULED | Self::ENROUTE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stat_has_seven_letters_and_means_its_state() {
        for number in 1..=8 {
            let state = MessageState(number);
            assert_eq!(state.stat().len(), 7);
            assert_eq!(MessageState::from_stat(state.stat().as_bytes()), Some(state));
        }
        assert_eq!(MessageState::from_stat(b"delivrd"), Some(MessageState::DELIVERED));
        assert_eq!(MessageState::from_stat(b"DELIVERED"), None);
        assert_eq!(MessageState::SKIPPED.stat(), "UNKNOWN");
    }

    #[test]
    fn final_states() {
        assert!(!MessageState::ENROUTE.is_final());
        assert!(MessageState::DELIVERED.is_final());
        assert!(MessageState::ACCEPTED.is_final());
    }
}
