//! One of the two streams on which a WASI guest speaks: octets become lines, and lines go where the tenant's allowance lets them.

use crate::{allowance::Allowance, limits::LINE_BYTES_MAX, speech::plain};
use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
};

/// A stream of octets on its way to the tenant's log. Clones are the same stream.
#[derive(Clone)]
pub(super) struct Line {
    unended: Arc<Mutex<Unended>>,
    allowance: Arc<Allowance>,
}

/// What was written since the last end of a line.
#[derive(Default)]
struct Unended {
    octets: Vec<u8>,
    /// The line is longer than what is kept of it.
    cut: bool,
}

impl Line {
    pub(super) fn new(allowance: &Arc<Allowance>) -> Self {
        Self {
            unended: Arc::default(),
            allowance: allowance.clone(),
        }
    }

    /// Says every line that ends in these octets, and keeps what follows.
    pub(super) fn hear(&self, octets: &[u8]) {
        let mut unended = self.unended.lock().unwrap_or_else(PoisonError::into_inner);
        let mut pieces = octets.split(|octet| *octet == b'\n');
        let last = pieces.next_back().unwrap_or_default();
        for piece in pieces {
            unended.add(piece);
            self.say(&unended.take());
        }
        unended.add(last);
    }

    /// Says what no end of a line came for.
    pub(super) fn end(&self) {
        let mut unended = self.unended.lock().unwrap_or_else(PoisonError::into_inner);
        if !unended.octets.is_empty() {
            self.say(&unended.take());
        }
    }

    fn say(&self, line: &Unended) {
        self.allowance.say(|| line.text());
    }
}

impl Unended {
    fn add(&mut self, piece: &[u8]) {
        let room = LINE_BYTES_MAX - self.octets.len();
        self.cut |= piece.len() > room;
        self.octets.extend(piece.iter().take(room));
    }

    fn take(&mut self) -> Self {
        mem::take(self)
    }

    fn text(&self) -> String {
        let octets = self.octets.strip_suffix(b"\r").unwrap_or(&self.octets);
        let mut text = plain(octets);
        if self.cut {
            text.push('…');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::GuestLimits;

    fn heard(writes: &[&[u8]]) -> Vec<String> {
        let said = Arc::new(Mutex::new(Vec::new()));
        let voice = said.clone();
        let allowance = Allowance::new(
            GuestLimits::default(),
            Arc::new(move |line: &str| voice.lock().unwrap().push(line.to_owned())),
        );
        let line = Line::new(&allowance);
        for write in writes {
            line.hear(write);
        }
        line.end();
        said.lock().unwrap().clone()
    }

    #[test]
    fn lines_are_what_ends_are_written_between() {
        assert_eq!(heard(&[b"one\ntw", b"o\n", b"", b"three"]), ["one", "two", "three"]);
        assert_eq!(heard(&[b"\n\nx\r\n"]), ["", "", "x"]);
        assert_eq!(heard(&[b""]), [""; 0]);
    }

    #[test]
    fn a_line_one_octet_too_long_is_cut_and_says_so() {
        let most = vec![b'x'; LINE_BYTES_MAX];
        let [line] = heard(&[&most, b"\n"]).try_into().unwrap();
        assert_eq!(line.len(), LINE_BYTES_MAX);
        let [line, next] = heard(&[&most, b"x\nnext"]).try_into().unwrap();
        assert!(line.ends_with("x…"), "{line}");
        assert_eq!(next, "next");
    }

    #[test]
    fn no_line_commands_a_terminal() {
        assert_eq!(heard(&[b"\x1b[2Jgone\tby\0\xff"]), ["\\u{1b}[2Jgone by\\u{0}\u{fffd}"]);
    }
}
