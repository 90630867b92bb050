//! How much a tenant's guests may say: so many lines a second. What is over that is counted, and said once to be so.

use crate::{
    allowance::Voice,
    limits::{LINE_BYTES_MAX, LINES_PER_SECOND},
};
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// What the guests of one tenant have said.
#[derive(Default)]
pub(crate) struct Speech(Mutex<Second>);

#[derive(Default)]
struct Second {
    began: Option<Instant>,
    said: u32,
    /// Not yet told of.
    unsaid: u64,
    left_out: u64,
}

impl Speech {
    /// Says a line, unless there were too many in this second.
    pub(crate) fn say(&self, voice: &Voice, now: Instant, line: impl FnOnce() -> String) {
        let (before, may) = {
            let mut second = self.second();
            let before = second.turn_to(now);
            (before, second.take())
        };
        if before > 0 {
            voice(&format!("({before} lines were left out)"));
        }
        match may {
            Turn::Speak => voice(&line()),
            Turn::First => voice(&format!(
                "(more than {LINES_PER_SECOND} lines in a second: those that follow are counted and left out)"
            )),
            Turn::Silent => {}
        }
    }

    /// Lines that were left out so far.
    pub(crate) fn left_out(&self) -> u64 {
        self.second().left_out
    }

    fn second(&self) -> std::sync::MutexGuard<'_, Second> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Turn {
    Speak,
    /// Of those that are left out.
    First,
    Silent,
}

impl Second {
    /// Begins another second, if this one is over; returns what was left out of it.
    fn turn_to(&mut self, now: Instant) -> u64 {
        let over = |began: Instant| now.saturating_duration_since(began) >= Duration::from_secs(1);
        if !self.began.is_none_or(over) {
            return 0;
        }
        self.began = Some(now);
        self.said = 0;
        std::mem::take(&mut self.unsaid)
    }

    fn take(&mut self) -> Turn {
        if self.said < LINES_PER_SECOND {
            self.said += 1;
            return Turn::Speak;
        }
        self.unsaid += 1;
        self.left_out += 1;
        if self.unsaid == 1 { Turn::First } else { Turn::Silent }
    }
}

/// What the octets of a line say, with nothing in it that a log or a terminal takes for a command, and not too much.
pub(crate) fn plain(octets: &[u8]) -> String {
    let kept = &octets[..octets.len().min(LINE_BYTES_MAX)];
    let mut text = String::with_capacity(kept.len());
    for character in String::from_utf8_lossy(kept).chars() {
        match character {
            '\t' => text.push(' '),
            control if control.is_control() => text.extend(control.escape_default()),
            other => text.push(other),
        }
    }
    if kept.len() < octets.len() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn one_line_too_many_in_a_second_is_counted_and_told_of_once() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = heard.clone();
        let voice: Voice = Arc::new(move |line: &str| ear.lock().unwrap().push(line.to_owned()));
        let (speech, began) = (Speech::default(), Instant::now());
        let say = |ms, lines: u32| {
            for line in 0..lines {
                speech.say(&voice, began + Duration::from_millis(ms), || line.to_string());
            }
            std::mem::take(&mut *heard.lock().unwrap())
        };
        assert_eq!(say(0, LINES_PER_SECOND).len(), LINES_PER_SECOND as usize);
        let [told] = say(999, 3).try_into().unwrap();
        assert!(told.starts_with("(more than"), "{told}");
        assert_eq!(say(1000, 2), ["(3 lines were left out)", "0", "1"]);
        assert_eq!(speech.left_out(), 3);
    }
}
