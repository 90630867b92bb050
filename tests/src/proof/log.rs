//! What was seen from outside, and when: what ESMEs, the upstream and its phones wrote down while a gateway was tried. Values only; what
//! follows from them is said by [`check`](super::check).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
pub type At = u64;

/// Now.
pub fn now() -> At {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

/// A submit_sm. No other has its text, which is short enough to stand in a receipt whole.
#[derive(Debug, Clone)]
pub struct Submitted {
    /// The ESME that sent it.
    pub esme: String,
    /// When it was sent.
    pub at: At,
    /// Its short_message.
    pub text: String,
    /// Its destination.
    pub to: String,
    /// It asked for a final receipt, whatever that says.
    pub asks: bool,
    /// What its final receipt may say (`stat:`), the fate of its destination being known.
    pub ends: &'static [&'static str],
    /// When the response came, its command_status and message_id; none if it never came.
    pub answer: Option<(At, u32, String)>,
}

impl Submitted {
    /// The id that was answered with ESME_ROK.
    pub fn accepted(&self) -> Option<&str> {
        self.answer
            .as_ref()
            .filter(|(_, status, _)| *status == 0)
            .map(|(_, _, id)| id.as_str())
    }
}

/// A `POST /messages` that the upstream was asked. In a [`Log`] they stand in the order in which they came.
#[derive(Debug, Clone)]
pub struct Posted {
    /// When it came.
    pub at: At,
    /// The message id in it.
    pub id: String,
    /// The text in it.
    pub text: String,
    /// The number in it.
    pub to: String,
    /// What it was answered with; none where the connection was cut.
    pub status: Option<u16>,
    /// The upstream has the message since then, or had it before.
    pub taken: bool,
    /// It said so whole and in time.
    pub said: bool,
}

/// A webhook that a phone sent.
#[derive(Debug, Clone)]
pub struct Told {
    /// When it was sent.
    pub at: At,
    /// `sms:received`, `sms:delivered`, ...
    pub event: String,
    /// The message that it is about: for `sms:received` the phone's own id of it.
    pub message: String,
    /// The text, of `sms:received`.
    pub text: Option<String>,
    /// What it was answered with; none where there was no answer.
    pub status: Option<u16>,
}

impl Told {
    /// It was answered 2xx.
    pub fn taken(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// What a deliver_sm said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A final receipt.
    Receipt {
        /// `id:` of its text.
        id: String,
        /// receipted_message_id.
        receipted_message_id: String,
        /// `stat:` of its text.
        stat: String,
        /// `text:` of its text.
        text: String,
    },
    /// A message from somebody.
    Message {
        /// Its short_message.
        text: String,
    },
}

/// A deliver_sm that an ESME received.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// The ESME.
    pub esme: String,
    /// When it came.
    pub at: At,
    /// What it said.
    pub said: Said,
    /// When it was answered and with which command_status; none if it was not.
    pub answer: Option<(At, u32)>,
}

/// Who was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// The whole process: it was killed.
    Process,
    /// The disk: it failed, and what went on then is not on it.
    Disk,
    /// The upstream: it was not itself.
    Upstream,
    /// This ESME: its connection ended.
    Esme(String),
}

/// A time in which somebody was cut off: what went on then may happen again.
#[derive(Debug, Clone)]
pub struct Cut {
    /// When it began.
    pub from: At,
    /// When it was over.
    pub to: At,
    /// Who.
    pub whom: Whom,
}

/// Everything that was seen.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// By the ESMEs.
    pub submitted: Vec<Submitted>,
    /// By the upstream.
    pub posted: Vec<Posted>,
    /// By the phones.
    pub told: Vec<Told>,
    /// By the ESMEs.
    pub delivered: Vec<Delivered>,
    /// By whoever killed, and by the ESMEs.
    pub cuts: Vec<Cut>,
}

/// A log that several write.
#[derive(Debug, Clone, Default)]
pub struct Shared(Arc<Mutex<Log>>);

impl Shared {
    /// The log, while nobody else writes.
    pub fn lock(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
