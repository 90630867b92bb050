//! How fast messages may come, and what becomes of more.

use super::{limits, reader::Reader};
use toml::Value;

/// Messages per second, and how many may come at once after a silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// In the long run; at least 1.
    pub per_second: u32,
    /// At once; at least 1.
    pub burst: u32,
}

/// What becomes of a message over the rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OverRate {
    /// It is answered ESME_RTHROTTLED.
    #[default]
    Throttle,
    /// Nothing is read until the rate allows it: TCP tells the peer.
    Wait,
}

impl OverRate {
    const WORDS: [(&'static str, Self); 2] = [("throttle", Self::Throttle), ("wait", Self::Wait)];
}

/// Messages per second, or a table that says what may come at once too.
pub(super) fn rate(reader: &Reader<'_>, key: &'static str) -> Option<Rate> {
    if !matches!(reader.value(key), Some(Value::Table(_))) {
        let per_second = reader.number(key, &limits::RATES)?;
        return Some(Rate {
            per_second,
            burst: per_second,
        });
    }
    let table = reader.table(key)?;
    table.require("per_second");
    let (per_second, burst) = (
        table.number("per_second", &limits::RATES),
        table.number("burst", &limits::RATES),
    );
    table.finish();
    let per_second = per_second?;
    Some(Rate {
        per_second,
        burst: burst.unwrap_or(per_second),
    })
}

/// `over_rate`, where it is written.
pub(super) fn over_rate(reader: &Reader<'_>) -> Option<OverRate> {
    reader.choice("over_rate", &OverRate::WORDS)
}
