//! What a message says of other messages: that they wait in a mailbox, or no longer do.

use crate::DataCoding;

/// A waiting indication, from a data_coding (3GPP TS 23.038 §4) or from a user data header (3GPP TS 23.040 §9.2.3.24.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// What waits.
    pub mail: Mail,
    /// How many; 0 takes the indication back. A data_coding only says that there are some: `None`.
    pub count: Option<u8>,
    /// Whether the message is to be kept besides; its text is only for phones that know no indications if not.
    pub keep: bool,
}

/// What waits in a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mail {
    /// Voice mail.
    Voice,
    /// Fax.
    Fax,
    /// E-mail.
    Email,
    /// Something else, such as video mail.
    Other,
}

impl Mail {
    /// By the lower two bits.
    const fn of(bits: u8) -> Self {
        match bits & 0x03 {
            0 => Self::Voice,
            1 => Self::Fax,
            2 => Self::Email,
            _ => Self::Other,
        }
    }
}

impl Waiting {
    /// What an element 0x01 of a user data header says.
    pub(crate) const fn of_element([indication, count]: [u8; 2]) -> Self {
        Self {
            mail: Mail::of(indication),
            count: Some(count),
            keep: indication & 0x80 != 0,
        }
    }
}

/// The waiting indication that `data_coding` carries, if it carries one (3GPP TS 23.038 §4).
#[must_use]
pub const fn waiting(data_coding: DataCoding) -> Option<Waiting> {
    let keep = match data_coding.0 {
        0xC0..=0xCF => false,
        0xD0..=0xEF => true,
        _ => return None,
    };
    Some(Waiting {
        mail: Mail::of(data_coding.0),
        count: if data_coding.0 & 0x08 == 0 { Some(0) } else { None },
        keep,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_data_coding() {
        let some = |mail, count, keep| Some(Waiting { mail, count, keep });
        assert_eq!(waiting(DataCoding(0xC8)), some(Mail::Voice, None, false));
        assert_eq!(waiting(DataCoding(0xC0)), some(Mail::Voice, Some(0), false));
        assert_eq!(waiting(DataCoding(0xD9)), some(Mail::Fax, None, true));
        assert_eq!(waiting(DataCoding(0xEA)), some(Mail::Email, None, true));
        assert_eq!(waiting(DataCoding(0xE3)), some(Mail::Other, Some(0), true));
        for data_coding in [0x00, 0x08, 0x10, 0xBF, 0xF0] {
            assert_eq!(waiting(DataCoding(data_coding)), None, "{data_coding:#04x}");
        }
    }

    #[test]
    fn by_element() {
        let waiting = Waiting::of_element([0x80, 3]);
        assert_eq!((waiting.mail, waiting.count, waiting.keep), (Mail::Voice, Some(3), true));
        let video = Waiting::of_element([0x07, 0]);
        assert_eq!((video.mail, video.count, video.keep), (Mail::Other, Some(0), false));
    }
}
