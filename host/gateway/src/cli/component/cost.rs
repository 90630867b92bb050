//! What calls of a component cost: each is made many times, and the middle one counts.

use super::sandbox::{Code, Guest};
use edgebind_runtime::session::Config;
use std::time::{Duration, Instant};

/// How often each is made.
const TIMES: usize = 31;

/// The middle one of what this takes.
pub fn median(mut what: impl FnMut() -> Result<(), String>) -> Result<Duration, String> {
    let mut taken = Vec::new();
    for _ in 0..TIMES {
        let began = Instant::now();
        what()?;
        taken.push(began.elapsed());
    }
    taken.sort();
    Ok(taken[TIMES / 2])
}

/// What an instance takes to be made, entered once without harm, and dropped.
pub fn instance(guest: &Guest) -> Result<Duration, String> {
    median(|| match &guest.code {
        Code::Session(session) => {
            let config = Config {
                tenant: "tenant".into(),
                account: "account".into(),
                settings: Vec::new(),
            };
            session
                .open(&config)
                .map(drop)
                .map_err(|fault| format!("its instance {fault}"))
        }
        Code::Translator(translator) => translator
            .check(&[])
            .map(drop)
            .map_err(|fault| format!("its check of no settings {fault}")),
    })
}

/// Microseconds, or milliseconds, in a few digits.
pub fn shown(taken: Duration) -> String {
    let us = taken.as_secs_f64() * 1e6;
    match us {
        us if us < 10.0 => format!("{us:.1} us"),
        us if us < 1000.0 => format!("{us:.0} us"),
        us if us < 10_000.0 => format!("{:.1} ms", us / 1000.0),
        us => format!("{:.0} ms", us / 1000.0),
    }
}

/// Octets in a few digits.
pub fn octets(octets: usize) -> String {
    match octets {
        small if small < 10 << 10 => format!("{small} octets"),
        some if some < 10 << 20 => format!("{} KiB", some >> 10),
        many => format!("{:.1} MiB", many as f64 / f64::from(1 << 20)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_digits_are_shown() {
        for (us, text) in [(4, "4.0 us"), (62, "62 us"), (1_500, "1.5 ms"), (285_000, "285 ms")] {
            assert_eq!(shown(Duration::from_micros(us)), text);
        }
        for (number, text) in [(17, "17 octets"), (150 << 10, "150 KiB"), (12 << 20, "12.0 MiB")] {
            assert_eq!(octets(number), text);
        }
    }
}
