//! Text between data_coding octets and `str`: which character set a data_coding means, and the way there and back.
//!
//! GSM 03.38 text is one septet per octet, high bit clear, as nearly every SMPP peer sends it. Where an account's peer packs its
//! septets, [`septets`] stands between the wire and everything else here.

mod alphabet;
mod charset;
mod coding;
mod gsm;
mod iso8859;
mod national;
pub mod septets;
mod split;
mod waiting;

pub use alphabet::{Alphabet, UnknownAlphabet};
pub use charset::{Charset, Malformed, choose, decode, encode, fits};
pub use coding::{Coding, coding, message_class};
pub use split::{Parts, capacity, split};
pub use waiting::{Mail, Waiting, waiting};

use alloc::string::String;
use core::fmt;

use crate::DataCoding;
use crate::udh::Udh;
use national::Shifts;

/// What a message carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// Text.
    Text(String),
    /// Octets that are none.
    Octets(&'a [u8]),
}

/// What a message carries, to a reader who knows nothing of data_coding: `payload` is the whole user data behind the header, of all
/// parts where there are parts, one septet an octet. The header is of the first part; of it only the national languages count.
///
/// # Errors
/// See [`Unreadable`].
pub fn read<'a>(
    data_coding: DataCoding,
    alphabet: Alphabet,
    udh: Option<Udh<'_>>,
    payload: &'a [u8],
) -> Result<Body<'a>, Unreadable> {
    match coding(data_coding, alphabet) {
        Coding::Text(Charset::Gsm) => Ok(Body::Text(gsm::decode(payload, Shifts::of(udh)))),
        Coding::Text(charset) => decode(charset, payload).map(Body::Text).map_err(Unreadable::Malformed),
        Coding::Binary => Ok(Body::Octets(payload)),
        Coding::Unsupported => Err(Unreadable::Unsupported { data_coding }),
    }
}

/// Why nobody can say what a message carries. The peer is to blame, or we.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// No text of its character set; what follows is ESME_RINVMSGLEN.
    Malformed(Malformed),
    /// A data_coding that is reserved, or not served: [`Coding::Unsupported`]. SMPP 3.4 has no command_status for it.
    Unsupported {
        /// It.
        data_coding: DataCoding,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(malformed) => malformed.fmt(f),
            Self::Unsupported { data_coding } => write!(f, "data_coding {:#04x} is not served", data_coding.0),
        }
    }
}

impl core::error::Error for Unreadable {}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
